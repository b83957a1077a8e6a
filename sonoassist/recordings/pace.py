"""How quickly a recording is analysed, against the time that it shows."""

from __future__ import annotations

from sonoassist.recordings.table import Reals


def frame_interval_s(times_s: Reals) -> float:
    """Mean time from one frame to the next; 0 where there are less than two."""
    return float(times_s[-1] - times_s[0]) / (len(times_s) - 1) if len(times_s) > 1 else 0.0


class Pace:
    """Counts from the first result on: what comes before is waiting for the model.

    Args:
        interval_s: Mean time from one frame of the recording to the next.
    """

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._frames = 0
        self._first_s = self._last_s = 0.0

    def step(self, now_s: float) -> None:
        """One more frame has its result."""
        if not self._frames:
            self._first_s = now_s
        self._last_s = now_s
        self._frames += 1

    @property
    def times_real(self) -> float | None:
        """Seconds of the recording a second; None before that can be told."""
        taken_s = self._last_s - self._first_s
        if self._frames < 2 or taken_s <= 0:
            return None
        return (self._frames - 1) * self._interval_s / taken_s
