"""How fast an analysis comes on, and how long it will still take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_LOOKS = 40
"""The pace is taken over so many of the last looks."""
_LEAST_LOOKS = 4


class PracticePace:
    """Follows the number of frames done.

    Args:
        total: Frames in all.
        clock_s: Gives the time.
    """

    def __init__(self, total: int, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._clock_s = clock_s
        self._looks: deque[tuple[float, int]] = deque(maxlen=_LOOKS)
        self._done = 0

    def at(self, done: int) -> None:
        """So many frames are done now."""
        self._done = done
        self._looks.append((self._clock_s(), done))

    def forget(self) -> None:
        """It stood still: what was before says nothing of the pace."""
        self._looks.clear()

    @property
    def share(self) -> float:
        """What is done, 0 to below 1: 1 means that the result is there."""
        return min(self._done / max(self._total, 1), 0.99)

    @property
    def left_s(self) -> float | None:
        """Time left in seconds, or None while it is not known."""
        if len(self._looks) < _LEAST_LOOKS:
            return None
        (first_s, first), (last_s, last) = self._looks[0], self._looks[-1]
        if last <= first or last_s <= first_s:
            return None
        return (self._total - last) * (last_s - first_s) / (last - first)
