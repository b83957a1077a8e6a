"""Values over time, smoothed on both sides: by time and not by frames.

A frame stands for its picture half the way to its neighbours, so a value is a function of time
with a step at each frame. Smoothed is its mean over a window round the frame: a lone frame of a
recording of 25 frames a second fills little of it, at one frame a second it fills it all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Ints = NDArray[np.int32]

WINDOW_S = 1.0
HOLD_S = 1.0
"""A frame stands for at most so long, half of it on either side; behind it there is a gap."""


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """The time that each frame stands for.

    Attributes:
        begin_s: float64, (n,), rising.
        end_s: float64, (n,); at most the beginning of the next.
    """

    begin_s: Reals
    end_s: Reals

    @property
    def length_s(self) -> Reals:
        """Of each, float64 (n,)."""
        return self.end_s - self.begin_s

    @property
    def knots(self) -> Reals:
        """Beginning and end of each in turn, float64 (2 n,)."""
        return np.column_stack([self.begin_s, self.end_s]).ravel()

    def shifted(self, by_s: Reals) -> Spans:
        """Each moved by a time of its own, float64 (n,), not falling."""
        return Spans(self.begin_s + by_s, self.end_s + by_s)


def spans_of(time_s: Reals) -> Spans:
    """The time each frame of a sequence stands for.

    Args:
        time_s: float64, (n,), not falling; n > 0.
    """
    half = np.minimum(np.diff(time_s) / 2, HOLD_S / 2)
    if not len(half):
        half = np.array([HOLD_S / 2])
        return Spans(time_s - half, time_s + half)
    # The first and the last frame reach as far outwards as inwards.
    return Spans(time_s - np.append(half[:1], half), time_s + np.append(half, half[-1:]))


def smoothed(values: Reals, time_s: Reals, window_s: float = WINDOW_S) -> Reals:
    """Mean of each column over a window round each frame, as far as frames cover it.

    Args:
        values: float64, (n, k).
        time_s: float64, (n,), not falling.
        window_s: Width of the window.

    Returns:
        float64, (n, k).
    """
    return means_over(values, spans_of(time_s), time_s, window_s) if len(time_s) else values


def means_over(values: Reals, spans: Spans, time_s: Reals, window_s: float) -> Reals:
    """Mean of each column over a window round each time, as far as frames cover it.

    Args:
        values: float64, (n, k), of the frames.
        spans: Of the frames.
        time_s: float64, (n,), middles of the windows.
        window_s: Their width.

    Returns:
        float64, (n, k).
    """
    low, high = time_s - window_s / 2, time_s + window_s / 2
    covered = covered_s(spans, time_s, window_s)
    means = [
        _between(spans.knots, column * spans.length_s, low, high)
        / np.where(covered > 0, covered, 1)
        for column in values.T
    ]
    # Frames of one and the same time cover nothing: each stands for itself.
    return np.where((covered > 0)[:, None], np.column_stack(means), values)


def covered_s(spans: Spans, time_s: Reals, window_s: float) -> Reals:
    """How much of a window round each time frames stand for.

    Args:
        spans: Of the frames.
        time_s: float64, (n,).
        window_s: Width of the window.
    """
    return _between(spans.knots, spans.length_s, time_s - window_s / 2, time_s + window_s / 2)


def _between(knots: Reals, areas: Reals, low: Reals, high: Reals) -> Reals:
    """Integral from `low` to `high` of a function with an area over each span, none between."""
    steps = np.column_stack([np.zeros_like(areas), areas]).ravel()
    total = np.cumsum(steps)
    return np.asarray(np.interp(high, knots, total) - np.interp(low, knots, total))
