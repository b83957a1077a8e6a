"""A damaged record is told of in words, and the other exams go on."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from exam_made import picture, row, shot, start

from sonoassist.exam.records import ExamInfo, Judgement, Tick
from sonoassist.exam.schema import RecordError
from sonoassist.exam.store import Damaged, ExamStore

Damage = Callable[[Path], None]


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


def filled(store: ExamStore) -> str:
    with store.create(start()) as exam:
        exam.add_frames([row(number) for number in range(300)])
        for number in range(5):
            capture = exam.add_capture(shot(at_s=number), picture(number, 16, 12))
            exam.add_event(number, "capture", f"capture {number}")
        exam.judge(capture.capture_id, Judgement.KEPT)
        exam.tick(Tick("bladder", True, "seen"))
        exam.note_recording(exam.begin_recording("a.mkv", 0.0), 100, ended=True)
        exam.set_note("note")
        exam.end(20.0)
        return exam.exam_id


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:50])


def noise(path: Path) -> None:
    path.write_bytes(random.Random(0).randbytes(20_000))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("nothing to see here")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def other_tables(path: Path) -> None:
    path.unlink()
    database = sqlite3.connect(path)
    database.executescript("CREATE TABLE x (y); PRAGMA user_version = 1;")
    database.close()


@pytest.mark.parametrize(
    "damage", [cut, cut_short, noise, empty, text, folder, other_tables, Path.unlink]
)
def test_damage_is_told_of_and_the_others_go_on(store: ExamStore, damage: Damage) -> None:
    bad, good = filled(store), filled(store)
    damage(store.folder / bad / "exam.sqlite")
    found = {one.exam_id: one for one in store.infos()}
    assert isinstance(found[good], ExamInfo)
    damaged = found[bad]
    assert isinstance(damaged, Damaged)
    assert damaged.reason
    assert len(damaged.reason.splitlines()) == 1
    with pytest.raises(RecordError):
        everything(store, bad, write=True)
    assert not store.running(bad)  # whoever could not open it does not hold it
    store.delete(bad)
    assert store.ids() == [good]


def everything(store: ExamStore, exam_id: str, *, write: bool = False) -> None:
    with store.open(exam_id, write=write) as exam:
        info = exam.info()
        assert isinstance(info, ExamInfo)
        exam.events(), exam.captures(), exam.recordings(), exam.ticks(), exam.frame_count()
        assert len(list(exam.frames())) <= 100_000


@pytest.mark.parametrize("seed", range(40))
def test_any_damage_is_told_of_in_words(store: ExamStore, seed: int) -> None:
    """Bytes anywhere in the file are changed: reading gives values or says that it cannot."""
    dice = random.Random(seed)
    path = store.folder / filled(store) / "exam.sqlite"
    data = bytearray(path.read_bytes())
    for _ in range(dice.choice([1, 3, 30, 300])):
        at = dice.randrange(0 if seed % 2 else 100, len(data))
        data[at] = dice.choice([0, 255, dice.randrange(256)])
    path.write_bytes(data)
    for write in (False, True):
        try:
            everything(store, path.parent.name, write=write)
        except RecordError as error:
            said = str(error)
            assert said.startswith("the ")
            assert len(said.splitlines()) == 1
    assert len(store.infos()) == 1


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("UPDATE frames SET state = ?", "asleep"),
        ("UPDATE frames SET plane = ?", "elbow"),
        ("UPDATE frames SET probabilities = ?", b"123"),
        ("UPDATE frames SET probabilities = ?", b"1234"),
        ("UPDATE frames SET confidence = ?", "much"),
        ("UPDATE frames SET confidence = ?", float("inf")),
        ("UPDATE events SET at_s = ?", float("inf")),
        ("UPDATE meta SET value = json_set(value, '$.model', ?) WHERE key = 'start'", 7),
        ("UPDATE meta SET value = json_set(value, '$.study_id', ?) WHERE key = 'start'", 7),
        ("UPDATE meta SET value = json_set(value, '$.synthetic', ?) WHERE key = 'start'", 7),
        ("UPDATE meta SET value = json_set(value, '$.items[0].label', ?) WHERE key = 'start'", 7),
        ("UPDATE frames SET at_s = ?", b"\xff\xfe"),
        ("UPDATE frames SET left_px = ?", None),
        ("UPDATE captures SET judgement = ?", "liked"),
        ("UPDATE captures SET still = ?", "../../secret.png"),
        ("UPDATE captures SET still = ?", b"\x00"),
        ("UPDATE captures SET plane = ?", "elbow"),
        ("UPDATE captures SET how = ?", ""),
        ("UPDATE recordings SET file = ?", "/etc/passwd"),
        ("UPDATE recordings SET frames = ?", "some"),
        ("UPDATE events SET text = ?", b"\xff"),
        ("UPDATE events SET at_s = ?", "then"),
        ("UPDATE ticks SET note = ?", b"\xff"),
        ("UPDATE meta SET value = ? WHERE key = 'start'", "[]"),
        ("UPDATE meta SET value = ? WHERE key = 'start'", "17"),
        ("UPDATE meta SET value = ? WHERE key = 'start'", '{"items": [{"key": 1}]}'),
        ("UPDATE meta SET value = ? WHERE key = 'start'", "{"),
        ("UPDATE meta SET value = ? WHERE key = 'start'", "[" * 100_000),
        ("UPDATE meta SET value = ? WHERE key = 'started_at'", "yesterday"),
        ("UPDATE meta SET key = ? WHERE key = 'start'", "stop"),
    ],
)
def test_values_that_mean_nothing(store: ExamStore, change: str, value: object) -> None:
    exam_id = filled(store)
    database = sqlite3.connect(store.folder / exam_id / "exam.sqlite", isolation_level=None)
    if value is None:
        change, value = "UPDATE frames SET left_px = 1, top_px = ?", None
    assert database.execute(change, (value,)).rowcount > 0
    database.close()
    with pytest.raises(RecordError, match="is damaged"):
        everything(store, exam_id)


def test_a_still_that_is_gone_costs_only_itself(store: ExamStore) -> None:
    exam_id = filled(store)
    shutil.rmtree(store.folder / exam_id / "media")
    everything(store, exam_id)
    everything(store, exam_id, write=True)
