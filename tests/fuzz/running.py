"""Running cases in a process of their own, and noticing when it crashes or hangs."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import limits

ROOT = Path(__file__).parents[2]
START = 1
"""What the cases of the standing net are drawn from."""
MOST_DEATHS = 3
"""So many crashes and hangs of a batch are told apart; behind that it is given up."""
_Drawn = tuple[str, int, Path | None]
"""Format, start and folder of the real test data: with a number they make a case."""
_DYING_S = 10.0
_SHOWN = 6000
"""So many characters of what a dead process wrote are shown, its end."""


def hang_s() -> float:
    """A case that takes so long hangs: a small part of the limit of a test."""
    return limits.limit_s() / 10


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that broke the program.

    Attributes:
        form: Name of the format.
        start: What the cases were drawn from.
        data: Folder of the real test data, where its files are seeds, too.
        number: Of the case.
        said: What was done to which file.
        trouble: A traceback, or what else was wrong.
    """

    form: str
    start: int
    data: Path | None
    number: int
    said: str
    trouble: str

    @property
    def kind(self) -> str:
        """The same for failures of one cause, mostly: where it was raised, and what."""
        lines = [line.strip() for line in self.trouble.strip().splitlines()]
        places = [line for line in lines if line.startswith("File ")]
        ours = [line for line in places if "/sonoassist/" in line]
        last = next((line for line in reversed(lines) if re.match(r"[\w.]+(:|$)", line)), "")
        return " | ".join((last.partition(":")[0], *ours[-1:], *places[-1:]))

    def __str__(self) -> str:
        """With the command that does it again."""
        again = f"python -m tests.fuzz --format {self.form} --seed {self.start}"
        again += f" --data {self.data}" if self.data is not None else ""
        return (
            f"{self.form} {self.number}: {self.said}\n{self.trouble.strip()}\n"
            f"Again: {again} --first {self.number} --count 1 --keep FOLDER"
        )


@dataclass(slots=True)
class Batch:
    """What came of some cases.

    Attributes:
        done: Number of cases that ran.
        outcomes: How often what came of it.
        failures: Those that broke the program.
        slowest: Seconds and number of the case that took longest.
    """

    done: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, -1)


def run(
    form: str,
    count: int,
    *,
    start: int = START,
    first: int = 0,
    hang: float | None = None,
    keep: Path | None = None,
    data: Path | None = None,
    deaths: int = MOST_DEATHS,
    module: str = "fuzz.worker",
    told: Callable[[Failure], None] = lambda _: None,
) -> Batch:
    """Run cases of a format.

    Args:
        form: Name of the format.
        count: Number of cases.
        start: What they are drawn from.
        first: Number of the first one.
        hang: Seconds after which a case hangs; None for the usual limit.
        keep: Where their files are put; None to forget them.
        data: Folder of the real test data, for more seeds; None for the made ones alone.
        deaths: Crashes and hangs behind which it is given up.
        module: What is run, for the tests of the net itself.
        told: Called with each failure at once.

    Raises:
        RuntimeError: The process dies before the first case: its seeds are bad.
    """
    batch, number, end, died = Batch(), first, first + count, 0
    while number < end and died < deaths:
        arguments = (
            form,
            str(start),
            str(number),
            str(end - number),
            str(keep or ""),
            str(data or ""),
        )
        with _Child(module, arguments, hang or hang_s()) as child:
            number = _follow(child, batch, (form, start, data), told)
        if number < 0:
            break
        died += 1
    return batch


def _follow(child: _Child, batch: Batch, drawn: _Drawn, told: Callable[[Failure], None]) -> int:
    """Take what a child says; gives the number of the case to go on with, -1 when it is done."""
    open_case: dict[str, Any] | None = None
    ready = False
    while (line := child.next(patient=not ready)) is not None:
        ready |= "ready" in line
        if "begin" in line:
            open_case = line
        elif "end" in line and open_case is not None:
            batch.done += 1
            batch.outcomes[line["outcome"].partition(":")[0]] += 1
            batch.slowest = max(batch.slowest, (line["took_s"], line["end"]))
            if line["trouble"]:
                _fail(batch, drawn, open_case, line["trouble"], told)
            open_case = None
    if open_case is None and child.fine:
        return -1
    if not ready or open_case is None:
        raise RuntimeError(f"the process for {drawn[0]} died between cases: {child.last_words()}")
    batch.done += 1
    batch.outcomes["hang" if child.hung else "crash"] += 1
    _fail(batch, drawn, open_case, child.last_words(), told)
    return int(open_case["begin"]) + 1


def _fail(
    batch: Batch,
    drawn: _Drawn,
    case: dict[str, Any],
    trouble: str,
    told: Callable[[Failure], None],
) -> None:
    failure = Failure(*drawn, case["begin"], case["said"], trouble)
    batch.failures.append(failure)
    told(failure)


class _Child:
    """A process that runs cases."""

    def __init__(self, module: str, arguments: Iterable[str], hang: float) -> None:
        self._hang = hang
        self.hung = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed when this is left)
        # A process that is killed removes nothing: all it writes lies in here.
        self._written = tempfile.TemporaryDirectory(prefix="sonoassist-fuzz-")
        places = (str(ROOT), str(ROOT / "tests"))
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(places),
            # Each thread would set aside address space, which is what is limited.
            "MALLOC_ARENA_MAX": "2",
            "OMP_NUM_THREADS": "1",
            "SONOASSIST_THREADS": "1",
            "QT_QPA_PLATFORM": "offscreen",
            "TMPDIR": self._written.name,
            "TEMP": self._written.name,
            "TMP": self._written.name,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def next(self, *, patient: bool) -> dict[str, Any] | None:
        """What it says next; None when it has ended or hangs.

        Args:
            patient: It is starting: libraries are loaded and seeds made, whatever a case may take.
        """
        try:
            line = self._lines.get(timeout=limits.limit_s() / 2 if patient else self._hang)
        except queue.Empty:
            self.hung = True
            self._stop()
            return None
        made: dict[str, Any] | None = None if line is None else json.loads(line)
        return made

    def _stop(self) -> None:
        """End it; where the system can, it says first what it was doing."""
        if hasattr(signal, "SIGABRT") and os.name != "nt":
            self._process.send_signal(signal.SIGABRT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_DYING_S)
        self._process.kill()
        self._process.wait()

    @property
    def fine(self) -> bool:
        """Whether it ended by itself, with all done."""
        return not self.hung and self._process.wait() == 0

    def last_words(self) -> str:
        """How it ended, and what it wrote before that."""
        self._errors.seek(0)
        text = self._errors.read().decode("utf-8", "replace")[-_SHOWN:]
        how = f"it hung for {self._hang:.0f} s" if self.hung else f"exit {self._process.returncode}"
        return f"The process died: {how}\n{text}"

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *error: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._thread.join()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()
        self._written.cleanup()
