"""How long the window takes to appear and to name what it shows, at the first start and the next.

At the first start nothing is kept: graphs are compiled and low precision is not checked yet. The
next start reads the compiled graphs from the disk.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import sonoassist
from sonoassist.core.errors import UsageError

FIRST, SECOND = "first start", "second start"
PROGRAM = "sonoassist.gui.first_frame"
WINDOW, LABEL = "window", "label"
"""Moments that the program tells: the window is painted; the result of a frame is on screen."""

LONGEST_S = 900.0
"""A window that has shown no result by then hangs."""

RunWindow = Callable[[Path], Mapping[str, float]]
"""Opens the window with a home of its own; gives the moments in seconds since its process began."""


@dataclass(frozen=True, slots=True)
class WindowStart:
    """Starts of the window of one kind.

    Attributes:
        what: `FIRST` or `SECOND`.
        runs: How many.
        window_s: Until the window is painted, median.
        label_s: Until the first frame with a result is on screen, median.
    """

    what: str
    runs: int
    window_s: float
    label_s: float


class WindowStartBenchmark:
    """Starts the window in pairs, each pair with a home that nothing is kept in yet.

    Args:
        source: Opened at once.
        pairs: How many.
        window: Opens it; by default in a process of its own.
        step: Called after each start.
    """

    def __init__(
        self,
        source: str,
        pairs: int,
        *,
        window: RunWindow | None = None,
        step: Callable[[], None] = lambda: None,
    ) -> None:
        self._pairs = pairs
        self._window = window or (lambda home: open_window(source, home))
        self._step = step
        self._seen: dict[str, list[Mapping[str, float]]] = {}

    def run(self) -> None:
        """Start the window again and again.

        Raises:
            UsageError: It did not open, or ended without a result.
        """
        for _ in range(self._pairs):
            with tempfile.TemporaryDirectory(prefix="sonoassist-start-") as home:
                for what in (FIRST, SECOND):
                    self._seen.setdefault(what, []).append(self._window(Path(home)))
                    self._step()

    def found(self) -> tuple[WindowStart, ...]:
        """What was measured so far."""
        return tuple(
            WindowStart(
                what,
                len(seen),
                float(np.median([one[WINDOW] for one in seen])),
                float(np.median([one[LABEL] for one in seen])),
            )
            for what, seen in self._seen.items()
        )


def open_window(source: str, home: Path) -> Mapping[str, float]:
    """Open the window in a process of its own until the first frame has its result.

    Raises:
        UsageError: It failed; the message says how.
    """
    root = str(Path(sonoassist.__file__).resolve().parents[1])
    known = os.environ.get("PYTHONPATH", "")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (root, known))),
        "SONOASSIST_HOME": str(home),
    }
    words: Sequence[str] = [sys.executable, "-m", PROGRAM, repr(time.time()), source]
    try:
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=environment,
            timeout=LONGEST_S,
        )
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"the window showed no result within {LONGEST_S:.0f} s") from error
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UsageError(f"the window did not show a result: {last}")
    told: dict[str, float] = json.loads(lines[-1])
    return told
