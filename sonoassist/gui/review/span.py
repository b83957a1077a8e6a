"""Which part of a recording the timeline shows. Pure functions, no Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_FRAMES = 24.0
"""The closest look."""
MARGIN = 0.1
"""Where the playhead is kept from the edges, as a share of what is shown."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of frames on screen.

    Attributes:
        first: Where it begins, in frames (2.5: in the middle of frame 2).
        last: Where it ends.
        total: Frames of the recording.
    """

    first: float
    last: float
    total: int

    @classmethod
    def whole(cls, total: int) -> Span:
        """All of a recording."""
        return cls(0.0, float(max(total, 1)), max(total, 1))

    @property
    def length(self) -> float:
        """Frames shown."""
        return self.last - self.first

    def zoomed(self, factor: float, about: float) -> Span:
        """With `factor` times as many frames; frame `about` stays where it is on screen."""
        least = min(LEAST_FRAMES, float(self.total))
        length = min(max(self.length * factor, least), float(self.total))
        share = (about - self.first) / self.length
        return self._at(about - share * length, length)

    def moved(self, frames: float) -> Span:
        """So many frames later."""
        return self._at(self.first + frames, self.length)

    def with_frame(self, index: int) -> Span:
        """The same, moved only as far as needed to show a frame clear of the edges."""
        margin = self.length * MARGIN
        if index + 1 > self.last - margin:
            return self._at(index + 1 + margin - self.length, self.length)
        if index < self.first + margin:
            return self._at(index - margin, self.length)
        return self

    def centred(self, index: int) -> Span:
        """The same length around a frame."""
        return self._at(index + 0.5 - self.length / 2, self.length)

    def x_of(self, frame: float, width: float) -> float:
        """Where a frame begins on a screen `width` wide."""
        return (frame - self.first) / self.length * width

    def frame_at(self, x: float, width: float) -> int:
        """The frame at a place on a screen `width` wide, kept inside of the recording."""
        frame = self.first + x / max(width, 1.0) * self.length
        return min(max(int(frame), 0), self.total - 1)

    def _at(self, first: float, length: float) -> Span:
        first = min(max(first, 0.0), self.total - length)
        return Span(first, first + length, self.total)


def tick_step_s(length_s: float, ticks: int) -> float:
    """A round time between two ticks, so that about so many fit."""
    wanted = length_s / max(ticks, 1)
    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
    return next((step for step in steps if step >= wanted), 3600.0)


def times_between(times_s: NDArray[np.float64], span: Span, ticks: int) -> list[tuple[int, float]]:
    """Round times with the frames at which they are reached.

    Args:
        times_s: float64 (n,), of the frames, rising.
        span: What is shown.
        ticks: About so many.

    Returns:
        (frame, time in seconds) of each that is shown.
    """
    last = len(times_s) - 1
    first_s, last_s = (float(times_s[min(int(at), last)]) for at in (span.first, span.last))
    step_s = tick_step_s(max(last_s - first_s, 0.04), ticks)
    numbers = range(max(int(first_s / step_s), 0), int(last_s / step_s) + 1)
    wanted = [number * step_s for number in numbers if number * step_s >= first_s]
    return [(int(times_s.searchsorted(at_s)), at_s) for at_s in wanted if at_s <= last_s]
