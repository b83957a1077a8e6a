"""The results of frames that wait to be kept in a running exam's record."""

from __future__ import annotations

from collections import deque

from sonoassist.core.errors import OutputError
from sonoassist.core.packets import FrameKey
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import FrameRow
from sonoassist.exam.rows import LATELY


class FrameRows:
    """Rows in the order they came; any thread adds, the exam's thread saves."""

    def __init__(self) -> None:
        self._rows: deque[tuple[FrameKey, FrameRow]] = deque()
        self._saved: dict[FrameKey, None] = {}  # the newest last

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, key: FrameKey, row: FrameRow) -> None:
        """Take a row; a frame that comes again is kept with its last one."""
        self._rows.append((key, row))

    def save(self, exam: Exam) -> bool:
        """Write what waits; returns whether there was anything.

        Raises:
            OutputError: It cannot be written; it waits on.
        """
        # A frame that was looked at twice, e.g. with another crop, is kept with its last result.
        latest = dict([self._rows.popleft() for _ in range(len(self._rows))])
        if not latest:
            return False
        fresh = [row for key, row in latest.items() if key not in self._saved]
        again = [row for key, row in latest.items() if key in self._saved]
        try:
            exam.add_frames(fresh, again)
        except OutputError:
            self._rows.extendleft(reversed(latest.items()))
            raise
        self._saved.update(dict.fromkeys(latest))
        for key in list(self._saved)[:-LATELY]:
            del self._saved[key]
        return True
