"""The program is killed at any moment: what was finished is there, and the record is sound."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
from exam_made import picture

import sonoassist
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Judgement
from sonoassist.exam.store import ExamStore

HERE = Path(__file__).parent
PATHS = (Path(sonoassist.__file__).parents[1], HERE.parent, HERE)
KILLS = 8


@dataclass
class Said:
    """What the killed program said was finished."""

    exam_id: str = ""
    frames: int = 0
    events: int = 0
    moments: int = 0
    captures: dict[int, int] = field(default_factory=dict)
    clips: dict[int, int] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)
    ticks: dict[str, int] = field(default_factory=dict)

    def take(self, line: str) -> None:
        """Take one finished line."""
        what, *words = line.split()
        if what == "exam":
            self.exam_id = words[0]
            return
        number = int(words[0])
        if what == "frames":
            self.frames = number
        elif what == "events":
            self.events = number
        elif what == "moments":
            self.moments = number
        elif what == "gone":
            del self.captures[number]
            self.clips.pop(number, None)
        elif what == "capture":
            self.captures[number] = int(words[1])
        elif what == "clip":
            self.clips[number] = int(words[1])
        elif what == "kept":
            self.kept.add(number)
        else:
            self.ticks[f"item{number}"] = int(words[1])


def killed(folder: Path, seed: int) -> Said:
    """Let the program write, and kill it at a moment that the seed decides."""
    dice = random.Random(seed)
    program = subprocess.Popen(
        [sys.executable, str(HERE / "writing_program.py"), str(folder), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PATHS))},
    )
    assert program.stdout is not None
    said = Said()
    # It goes on while these lines are read, so the moment lies somewhere in a step.
    for _ in range(dice.choice([0, 1, 2, dice.randrange(3, 60), dice.randrange(60, 300)])):
        said.take(program.stdout.readline())
    spin = sum(range(dice.randrange(100_000)))
    assert spin >= 0
    program.kill()
    for line in program.stdout.read().splitlines(keepends=True):
        if line.endswith("\n"):
            said.take(line)
    program.wait()
    program.stdout.close()
    return said


@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_at_any_moment(tmp_path: Path, seed: int) -> None:
    said = killed(tmp_path, seed)
    store = ExamStore(tmp_path)
    if not said.exam_id:
        assert len(store.infos()) == len(store.ids()) <= 1
    if not store.ids():
        return
    (exam_id,) = store.ids()
    assert said.exam_id in ("", exam_id)
    assert not store.running(exam_id)
    with store.open(exam_id) as reader:
        assert not reader.info().ended
        check(reader, said)
    with store.open(exam_id, write=True) as writer:
        check(writer, said)
        spoken_of = {name for one in writer.captures() for name in (one.still, one.clip) if name}
        assert {path.name for path in writer.media.iterdir()} == spoken_of
        writer.resume(1.0)
        writer.end(2.0)
    database = sqlite3.connect(tmp_path / exam_id / "exam.sqlite")
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()


def check(exam: Exam, said: Said) -> None:
    """All that was said is there; at most one step more."""
    indices = [one.index for one in exam.frames()]
    assert indices == list(range(len(indices)))
    assert said.frames <= len(indices) < said.frames + 200
    texts = [one.text for one in exam.events() if one.kind == "note"]
    assert texts == [str(number) for number in range(len(texts))]
    assert said.events <= len(texts) <= said.events + 1
    check_moments(exam, said)
    check_captures(exam, said)
    ticks = {one.item: int(one.note) for one in exam.ticks()}
    assert all(ticks[item] >= step for item, step in said.ticks.items())


def check_moments(exam: Exam, said: Said) -> None:
    """What held when, and the events that tell it: both or neither."""
    history = exam.info().history
    held = history.moments if history.followed else ()
    assert said.moments <= len(held) <= said.moments + 1
    assert [one.in_force.threshold for one in held] == [n % 19 / 20 for n in range(len(held))]
    told = [one.text for one in exam.events() if one.kind == "threshold"]
    assert told == [str(number) for number in range(len(held))]


def check_captures(exam: Exam, said: Said) -> None:
    found = {one.capture_id: one for one in exam.captures()}
    more = set(found) - set(said.captures)
    less = set(said.captures) - set(found)
    assert len(more) <= 1
    assert len(less) <= len(more)  # one may have been replaced in the very last step
    assert all(found[number].judgement is Judgement.KEPT for number in said.kept & set(found))
    for number, step in said.clips.items():
        if number in found:
            assert found[number].clip == f"{step}.mp4"
    for one in found.values():
        read = cv2.imread(str(exam.media / one.still), cv2.IMREAD_UNCHANGED)
        step = round(one.shot.at_s)
        pixels = picture(step, 64 + 32 * (step % 5), 48)
        assert np.array_equal(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), pixels)
        assert not one.clip or (exam.media / one.clip).stat().st_size == 1000
