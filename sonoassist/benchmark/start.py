"""How long the program takes to start, and which heavy packages each start loads."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sonoassist
from sonoassist.benchmark.racing import Race, Timing, all_runs
from sonoassist.core.errors import UsageError

BARE = "bare Python"
HEAVY = ("torch", "openvino", "cv2", "PyQt6")
STARTS: Mapping[str, tuple[str, ...]] = {
    BARE: ("-c", "pass"),
    "import sonoassist": ("-c", "import sonoassist"),
    "sonoassist --version": ("-m", "sonoassist", "--version"),
    "sonoassist --help": ("-m", "sonoassist", "--help"),
    "sonoassist models list": ("-m", "sonoassist", "models", "list"),
}
MAX_RUNS = 15
_IMPORTED = re.compile(r"^import time:\s+\d+ \|\s+\d+ \|\s*(\S+)$", re.MULTILINE)

RunPython = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class StartUp:
    """One way to start.

    Attributes:
        what: E.g. "sonoassist --help".
        runs: Timed starts.
        median_ms: Process made to process ended.
        p95_ms: 95th percentile.
        times_bare: How many times as long as Python takes to do nothing.
        modules: How many modules it loads.
        heavy: Which heavy packages are among them.
    """

    what: str
    runs: int
    median_ms: float
    p95_ms: float
    times_bare: float
    modules: int
    heavy: tuple[str, ...]


class StartBenchmark:
    """Starts the program again and again; what was measured until a stop is kept.

    Args:
        runs: Timed starts of each kind, at most `MAX_RUNS`.
        python: Runs Python with some words and returns what it wrote to stderr.
        step: Called after each start.
    """

    def __init__(
        self,
        runs: int,
        *,
        python: RunPython | None = None,
        step: Callable[[], None] = lambda: None,
    ) -> None:
        self._python = python or run_python
        self._step = step
        self._imports: dict[str, tuple[str, ...]] = {}
        self._race = Race(
            {name: partial(self._python, words) for name, words in STARTS.items()},
            dict.fromkeys(STARTS, min(runs, MAX_RUNS)),
            settle=False,
            on_run=lambda _name: step(),
        )

    def run(self) -> None:
        """Start everything.

        Raises:
            UsageError: A frozen program has no Python of its own to start, or a start failed.
        """
        if getattr(sys, "frozen", False):
            raise UsageError("a bundled program has no Python to compare its start with")
        for name, words in STARTS.items():
            self._imports[name] = imported(self._python(("-X", "importtime", *words)))
            self._step()
        self._race.run()
        for error in self._race.failed.values():
            raise error

    def found(self) -> tuple[StartUp, ...]:
        """What was measured so far."""
        timings = self._race.timings()
        return tuple(
            self._start_up(name, timing, timings.get(BARE)) for name, timing in timings.items()
        )

    def _start_up(self, name: str, timing: Timing, bare: Timing | None) -> StartUp:
        names = self._imports[name]
        packages = {module.split(".")[0] for module in names}
        return StartUp(
            what=name,
            runs=timing.runs,
            median_ms=timing.median_ms,
            p95_ms=timing.p95_ms,
            times_bare=timing.median_ms / bare.median_ms if bare else float("nan"),
            modules=len(names),
            heavy=tuple(package for package in HEAVY if package in packages),
        )


def total_starts(runs: int) -> int:
    """Starts in all, where `runs` timed ones of each kind are asked for."""
    return (1 + all_runs(min(runs, MAX_RUNS), settle=False)) * len(STARTS)


def imported(told: str) -> tuple[str, ...]:
    """Names of the modules in what `-X importtime` told, in the order they were ready."""
    return tuple(dict.fromkeys(_IMPORTED.findall(told)))


def run_python(words: Sequence[str]) -> str:
    """Run this Python with this program on its path; returns its stderr.

    Raises:
        UsageError: It failed.
    """
    root = str(Path(sonoassist.__file__).resolve().parents[1])
    known = os.environ.get("PYTHONPATH", "")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, known)))}
    done = subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env=environment,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UsageError(f"python {' '.join(words)} failed: {last}")
    return done.stderr
