"""Which frame is due while a recording plays. No Qt."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray


class PlaybackClock:
    """A clock over the times of the frames."""

    def __init__(self) -> None:
        self._times_s: NDArray[np.float64] | None = None
        self._began_s = 0.0
        self._first = 0

    @property
    def playing(self) -> bool:
        """Whether it runs."""
        return self._times_s is not None

    def start(self, times_s: NDArray[np.float64], first: int) -> None:
        """Play from a frame on.

        Args:
            times_s: Of the frames of the recording, rising.
            first: The frame.
        """
        self._times_s, self._first, self._began_s = times_s, first, time.monotonic()

    def stop(self) -> bool:
        """Pause; returns whether it was playing."""
        playing, self._times_s = self.playing, None
        return playing

    def due(self) -> int:
        """The frame that belongs on the screen now; the last one at the end."""
        times = self._times_s
        assert times is not None
        at_s = times[self._first] + time.monotonic() - self._began_s
        return int(times.searchsorted(at_s, side="right")) - 1
