"""Whether the analysis follows the picture, or the picture has to go on without it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

LATE_S = 0.13
"""A captured frame that has waited this long for its result (or that of a newer one) is late."""
TIMELY_S = 0.10
"""To be drawn with again, the analysis has to be quicker than this: about 20 results a second."""
HOLD_S = 1.0
"""So long after the last late result the analysis counts as behind; nothing flickers."""
MAX_INTERVAL_S = 1.0
_MAX_WAITING = 512


class KeepingUp:
    """Watches how long frames wait for a result. Any thread may call.

    The measure is the frame that was captured next after the one whose result came last: how
    long it has been waiting is how far the picture on screen, drawn with its result, lies behind.

    Args:
        clock_s: Gives the time; tests pass their own.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, float]] = deque(maxlen=_MAX_WAITING)
        self._captured_at_s: float | None = None
        self._interval_s: float | None = None
        self._behind_until_s = float("-inf")

    def captured(self, frame_id: int) -> None:
        """A frame was captured."""
        now_s = self._clock_s()
        with self._lock:
            if self._captured_at_s is not None:
                self._interval_s = self._steadied(now_s - self._captured_at_s)
            self._captured_at_s = now_s
            self._waiting.append((frame_id, now_s))

    def analysed(self, frame_id: int) -> None:
        """The result of a frame is there; older frames will not get one any more."""
        now_s = self._clock_s()
        with self._lock:
            self._look(now_s)
            while self._waiting and self._waiting[0][0] <= frame_id:
                self._waiting.popleft()

    def behind(self) -> bool:
        """Whether the picture has to go on without the results."""
        now_s = self._clock_s()
        with self._lock:
            self._look(now_s)
            return now_s < self._behind_until_s

    def waiting_s(self) -> float:
        """How long the next frame has been waiting for a result; 0 when none does."""
        now_s = self._clock_s()
        with self._lock:
            return now_s - self._waiting[0][1] if self._waiting else 0.0

    def forget(self) -> None:
        """The sequence of frames breaks: what waits now will not get a result."""
        with self._lock:
            self._waiting.clear()
            self._captured_at_s = None

    def _look(self, now_s: float) -> None:
        if not self._waiting:
            return
        limit_s = TIMELY_S if now_s < self._behind_until_s else LATE_S
        # One frame may always wait: a slow source is not behind because its frames are far apart.
        if now_s - self._waiting[0][1] > max(limit_s, self._interval_s or 0.0):
            self._behind_until_s = now_s + HOLD_S

    def _steadied(self, gap_s: float) -> float:
        gap_s = min(gap_s, MAX_INTERVAL_S)
        before_s = gap_s if self._interval_s is None else self._interval_s
        return before_s + 0.2 * (gap_s - before_s)
