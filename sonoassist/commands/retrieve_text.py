"""What `sonoassist retrieve` says: how far it has come, and what was found."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from typing_extensions import Self

from sonoassist.commands.common import PLAIN_EVERY_S, say
from sonoassist.core.planes import BY_KEY
from sonoassist.core.wording import counted
from sonoassist.retrieval.counts import Counts
from sonoassist.retrieval.exams import FailedExam
from sonoassist.retrieval.result import one_line
from sonoassist.retrieval.running import RunSummary

_NAME_WIDTH = 40
_NOTICE = "Research and training only. Not for diagnosis."


@dataclass
class _Exam:
    """An exam that is being searched."""

    size_bytes: int
    done: int = 0
    share: float = 0.0


class RetrievalBar:
    """A bar over all exams on a terminal, a plain line now and then elsewhere; see `Watcher`.

    How much is left is told by the sizes of the files: to know the number of frames, each would
    have to be read once.

    Args:
        size_bytes: Of all exams to be searched.
        count: How many they are.
    """

    def __init__(self, size_bytes: int, count: int) -> None:
        from tqdm import tqdm

        self._size_bytes, self._count = max(size_bytes, 1), count
        self._at_work: dict[str, _Exam] = {}
        self._warned: set[str] = set()
        self._finished = 0
        self._finished_bytes = 0
        self._frames = 0
        self._started_s = self._said_s = time.monotonic()
        terminal = sys.stderr.isatty() and count > 0
        form = "{percentage:3.0f} % |{bar}| {desc}"
        self._bar = (
            tqdm(total=1.0, bar_format=form, dynamic_ncols=True, leave=False) if terminal else None
        )

    # --- told by the run --------------------------------------------------------------------

    def begun(self, name: str, size_bytes: int) -> None:
        """See `Watcher`."""
        self._at_work[name] = _Exam(size_bytes)

    def progress(self, name: str, done: int, total: int) -> None:
        """See `Watcher`."""
        exam = self._at_work[name]
        self._frames += max(done - exam.done, 0)
        exam.done, exam.share = done, done / max(total, 1)
        self._show()

    def finished(self, name: str, about: dict[str, Any]) -> None:
        """See `Watcher`."""
        self._end(name)
        self._say(f"{one_line(name)}: {found_text(about)}")
        self._warn(name, about)
        self._show()

    def failed(self, failure: FailedExam, name: str = "") -> None:
        """See `Watcher`."""
        if name:
            self._end(name)
        self._say(f"sonoassist: failed: {one_line(failure.exam)}: {failure.reason}")

    def again(self, name: str, how: str) -> None:
        """See `Watcher`."""
        self._at_work.pop(name, None)
        self._say(f"sonoassist: warning: {one_line(name)}: {how}; it is done again")

    # --- inside -----------------------------------------------------------------------------

    def _warn(self, name: str, about: dict[str, Any]) -> None:
        """What must be known of an exam; what is true of many is said once."""
        lines = [line for line in about["warnings"] if line not in self._warned]
        self._warned.update(lines)
        if about["damaged"]:
            more = len(about["damaged"]) - 1
            lines.append(
                about["damaged"][0] + (f" (and {counted(more, 'more place')})" if more else "")
            )
        for line in lines:
            self._say(f"sonoassist: warning: {one_line(name)}: {line}")

    def _end(self, name: str) -> None:
        exam = self._at_work.pop(name, None)
        self._finished += 1
        self._finished_bytes += exam.size_bytes if exam is not None else 0

    def _share(self) -> float:
        under_way = sum(exam.share * exam.size_bytes for exam in self._at_work.values())
        return min((self._finished_bytes + under_way) / self._size_bytes, 1.0)

    def line(self, now_s: float) -> str:
        """How far it has come, in one line."""
        spent_s = max(now_s - self._started_s, 1e-9)
        share = self._share()
        text = (
            f"{self._finished:,} of {counted(self._count, 'exam')}"
            f", {self._frames / spent_s:.1f} frames a second"
        )
        if share > 0:
            text += f", {_duration(spent_s * (1 - share) / share)} left"
        return text

    def _show(self) -> None:
        now_s = time.monotonic()
        if self._bar is not None:
            self._bar.n = self._share()
            self._bar.set_description_str(self.line(now_s))
        elif now_s - self._said_s > PLAIN_EVERY_S:
            self._said_s = now_s
            say(self.line(now_s))

    def _say(self, text: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        say(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def found_text(about: dict[str, Any]) -> str:
    """How many planes were found, and which were not."""
    text = f"{counted(Counts.told(about).found, 'plane')} found"
    for word, keys in (("doubtful", about["doubtful"]), ("missing", about["missing"])):
        if keys:
            text += f"; {word}: {', '.join(BY_KEY[key].label for key in keys)}"
    return text


def table_text(summary: RunSummary, out: Path) -> str:
    """The summary for people."""
    lines = []
    if summary.results:
        rows = [_cells(one.name, one.about, fresh=one.fresh) for one in summary.results]
        lines += _table(("exam", "frames", "found", "doubtful", "missing", ""), rows)
    if summary.failures:
        lines.append(f"{len(summary.failures)} could not be searched:")
        lines += (f"  {one_line(one.exam)}: {one.reason}" for one in summary.failures)
    if summary.stopped:
        lines.append("stopped; the same command goes on from here")
    lines += [f"written: {out}", _NOTICE]
    return "\n".join(lines)


def _cells(name: str, about: dict[str, Any], *, fresh: bool) -> tuple[str, ...]:
    counts = Counts.told(about)
    notes = [] if fresh else ["done before"]
    if about["damaged"]:
        notes.append("damaged in places")
    short = name if len(name) <= _NAME_WIDTH else f"{name[: _NAME_WIDTH - 3]}..."
    return (
        one_line(short),
        str(about["frames"]),
        str(counts.found),
        str(counts.doubtful or "-"),
        str(counts.missing or "-"),
        ", ".join(notes),
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    columns = list(zip(head, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for row in (head, *rows):
        first = row[0].ljust(widths[0])
        numbers = (cell.rjust(wide) for cell, wide in zip(row[1:-1], widths[1:-1], strict=True))
        lines.append("  ".join([first, *numbers, row[-1]]).rstrip())
    return lines


def json_summary(summary: RunSummary, out: Path) -> dict[str, Any]:
    """The summary for programs."""
    left_out = ("files", "recordings", "formats")
    return {
        "out": one_line(str(out)),
        "exams": [
            {
                "name": one_line(one.name),
                "folder": one_line(str(out / one.name)),
                "sources": [one_line(str(path)) for path in one.sources],
                "done_before": not one.fresh,
                **{key: value for key, value in one.about.items() if key not in left_out},
                "found": Counts.told(one.about).found,
            }
            for one in summary.results
        ],
        "failed": [
            {"exam": one_line(one.exam), "reason": one_line(one.reason)} for one in summary.failures
        ],
        "stopped": summary.stopped,
    }
