"""Confidence over time in levels of maxima, so that any zoom of a long exam is drawn quickly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.planes import PLANES

Levels = NDArray[np.uint8]
FULL = 255
"""A confidence of 1."""


class Pyramid:
    """Maxima of 1, 2, 4, 8 ... frames of each plane; a query touches two cells of a level.

    A value is 0 where a frame has no result; `known` tells that from a confidence of 0.

    Args:
        frames: Number of frames.
    """

    def __init__(self, frames: int) -> None:
        self.frames = frames
        self._levels: list[Levels] = []
        size = max(frames, 1)
        while True:
            # The last column is 1 where a frame of the cell has a result.
            self._levels.append(np.zeros((size, len(PLANES) + 1), np.uint8))
            if size == 1:
                break
            size = (size + 1) // 2

    def update(self, indexes: NDArray[np.int64], probabilities: NDArray[np.floating]) -> None:
        """Take the results of some frames.

        Args:
            indexes: (n,), of the frames.
            probabilities: (n, 14).
        """
        if len(indexes) == 0:
            return
        base = self._levels[0]
        base[indexes, : len(PLANES)] = np.rint(np.clip(probabilities, 0, 1) * FULL)
        base[indexes, len(PLANES)] = 1
        cells = np.unique(indexes // 2)
        for below, level in zip(self._levels, self._levels[1:], strict=False):
            right = np.minimum(2 * cells + 1, len(below) - 1)
            level[cells] = np.maximum(below[2 * cells], below[right])
            cells = np.unique(cells // 2)

    def columns(self, first: float, last: float, width: int) -> tuple[Levels, NDArray[np.bool_]]:
        """The maxima in `width` equal stretches of the frames from `first` up to `last`.

        Args:
            first: Where the first stretch begins, in frames (2.5: in the middle of frame 2).
            last: Where the last one ends.
            width: Number of stretches.

        Returns:
            uint8 (width, 14), 255 for a confidence of 1, and (width,) whether any frame in the
            stretch has a result. A stretch that lies within one frame has that frame's values.
        """
        edges = np.linspace(first, last, width + 1)
        starts = np.clip(np.floor(edges[:-1] + 1e-9).astype(np.int64), 0, self.frames)
        stops = np.clip(np.ceil(edges[1:] - 1e-9).astype(np.int64), 0, self.frames)
        found = self._maxima(starts, np.maximum(stops, np.minimum(starts + 1, self.frames)))
        return found[:, : len(PLANES)], found[:, len(PLANES)] > 0

    def _maxima(self, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Levels:
        """The maxima over frames `starts[i]` to `stops[i] - 1`, from the fewest cells."""
        found = np.zeros((len(starts), len(PLANES) + 1), np.uint8)
        low, high = starts.copy(), stops.copy()
        for level in self._levels:
            open_ = low < high
            if not open_.any():
                break
            at = np.flatnonzero(open_ & (low % 2 == 1))
            found[at] = np.maximum(found[at], level[low[at]])
            low[at] += 1
            at = np.flatnonzero((low < high) & (high % 2 == 1))
            found[at] = np.maximum(found[at], level[high[at] - 1])
            high[at] -= 1
            low, high = low // 2, high // 2
        return found
