"""When the next frame of a recording is due."""

from __future__ import annotations

import time
from collections.abc import Callable

LATE_S = 0.5
"""When playing has fallen behind by this much, time is taken from here on anew."""


class Pacer:
    """Maps the times of a recording to the clock.

    Args:
        clock_s: Gives the time; tests pass their own.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._speed = 1.0
        self._anchor: tuple[float, float] | None = None

    @property
    def speed(self) -> float:
        """Seconds of the recording a second."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Play faster or slower from now on."""
        self._speed = speed
        self._anchor = None

    def restart(self) -> None:
        """Let the next frame be due at once (play, seek)."""
        self._anchor = None

    def wait_s(self, time_s: float) -> float:
        """How long to wait until the frame at `time_s` of the recording is due; 0 when late."""
        now_s = self._clock_s()
        if self._anchor is None:
            self._anchor = (now_s, time_s)
            return 0.0
        clock_s, media_s = self._anchor
        wait_s = clock_s + (time_s - media_s) / self._speed - now_s
        if wait_s < -LATE_S or time_s < media_s:
            self._anchor = (now_s, time_s)
            return 0.0
        return max(wait_s, 0.0)
