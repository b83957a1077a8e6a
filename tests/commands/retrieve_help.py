"""Running `retrieve`, and reading what it wrote."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import sonoassist
from sonoassist.cli import run
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Pixels
from sonoassist.retrieval.crew import Event, event_of, search
from sonoassist.retrieval.order import SearchOrder, Task
from sonoassist.retrieval.worker import Searcher
from sources.video_maker import make_video

QUICK = ("--precision", "f32", "--crop", "full")
"""Without a calibration, which would take longer than all that is tested."""


def retrieve(out: Path, *words: object) -> int:
    return run(["retrieve", "--out", str(out), *QUICK, *map(str, words)])


class CrewHere:
    """Searches in this process, where the question is not that of processes; see `crew.Crew`.

    It stands for `ProcessCrew`, whose start costs more than a search of a short film.
    """

    def __init__(self, order: SearchOrder, jobs: int) -> None:
        self._searchers = [Searcher(order) for _ in range(jobs)]
        self._events: list[Event] = []

    @property
    def workers(self) -> Sequence[int]:
        return range(len(self._searchers))

    def give(self, worker: int, task: Task) -> None:
        outcome = search(self._searchers[worker], task, lambda done, total: None)
        self._events.append(event_of(worker, outcome))

    def wait(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        for one in self._searchers:
            one.close()


HELD = """
import sys, threading
from sonoassist.__main__ import main
from sonoassist.retrieval.output import OutputFolder
write, left = OutputFolder.write, int(sys.argv.pop(1))
def held(*rest):
    global left
    if not left:
        threading.Event().wait()
    write(*rest)
    left -= 1
OutputFolder.write = held
main()
"""
"""The program, but once it has written so many exams it waits to be ended."""


def program(out: Path, *words: object, most: int | None = None) -> subprocess.Popen[str]:
    """The same in a process of its own.

    Args:
        out: Where the results go.
        words: Of the command.
        most: It waits before it writes one more exam than these.
    """
    folder = str(Path(sonoassist.__file__).parents[1])
    start = ["-m", "sonoassist"] if most is None else ["-c", HELD, str(most)]
    return subprocess.Popen(
        [sys.executable, *start, "retrieve", *map(str, words), "--out", str(out), *QUICK],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": folder},
        # A shell that runs the tests in the background has Ctrl-C ignored, and children inherit it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def film(path: Path, seed: int = 0, frames: int = 20) -> Path:
    """A video of noise that fades in and out, so that its frames differ in what they look like."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    fine = rng.integers(0, 256, (96, 128, 1))
    # Some of it in blocks: of mere noise no frame is kept.
    coarse = np.kron(rng.integers(0, 256, (12, 16, 1)), np.ones((8, 8, 1), np.int64))
    noise = ((fine + coarse) // 2).astype(np.uint8)
    pictures = [
        np.repeat(np.uint8(noise * (0.3 + 0.7 * abs(np.sin(seed + n / 9)))), 3, axis=2)
        for n in range(frames)
    ]
    return make_video(path, [40 * n for n in range(frames)], pictures=pictures)


def result(out: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / name / "retrieval.json").read_text(encoding="utf-8"))
    return found


def folders(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir() if path.is_dir())


def contents(out: Path) -> dict[str, bytes]:
    """All files of all exams, by their path."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and path.parent != out
    }


def picture(path: Path) -> Pixels:
    found = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert found is not None
    return np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8)
