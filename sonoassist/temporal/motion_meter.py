"""How quickly the picture of a sequence moves, however often a scanner's picture is grabbed."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats, Frame
from sonoassist.temporal.repeats import STANDS_S, is_same

BEFORE_S = 0.08
"""A picture is measured against one that is at least so much older: the time between two pictures
that follow each other is known no better than to the time between two grabs."""
APART_S = 0.25
"""Pictures further apart do not tell how quickly anything moves between them."""
ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True)
class _Picture:
    """Where and when a picture was first seen, and its small picture."""

    source_id: str
    time_s: float
    crop: Box
    small: Floats


class MotionMeter:
    """Measures the pictures of one sequence after another, in the order of their times.

    Args:
        size_px: Width and height of the small pictures.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self._width_px = size_px[0]
        self._window = np.asarray(cv2.createHanningWindow(size_px, cv2.CV_32F), np.float32)
        self._seen: deque[_Picture] = deque()
        """The newest that is old enough to be measured against, and those that came later."""
        self._grabbed_s = math.nan
        """When the newest of them was grabbed last."""
        self._speed_hz = math.nan

    def measure(self, frame: Frame, crop: Box, small: Floats) -> float:
        """Widths of the picture that it moves in a second; not a number where that is not known.

        Args:
            frame: The next one; others may lie between.
            crop: That the small picture is of, in frame pixels.
            small: float32 (h, w), grey.
        """
        now = _Picture(frame.source_id, frame.time_s, crop, small)
        if frame.still or (self._seen and not _follows(now, self._seen[-1])):
            self._seen.clear()
            self._speed_hz = math.nan
        if self._seen and is_same(small, self._seen[-1].small):
            return self._again(now)
        self._grabbed_s = now.time_s
        self._seen.append(now)
        while len(self._seen) > 1 and _apart_s(now, self._seen[1]) >= BEFORE_S:
            self._seen.popleft()
        self._speed_hz = self._between(self._seen[0], now)
        return self._speed_hz

    def _again(self, now: _Picture) -> float:
        """The newest picture is grabbed again: as quick as it was, unless it stands."""
        gap_s, self._grabbed_s = now.time_s - self._grabbed_s, now.time_s
        if _apart_s(now, self._seen[-1]) > STANDS_S:
            self._seen.clear()
            self._seen.append(now)  # what comes next is measured against now
            self._speed_hz = 0.0 if gap_s <= APART_S else math.nan
        return self._speed_hz

    def _between(self, before: _Picture, now: _Picture) -> float:
        apart_s = _apart_s(now, before)
        if not BEFORE_S <= apart_s <= APART_S:
            return math.nan
        shift, _sureness = cv2.phaseCorrelate(before.small, now.small, self._window)
        return math.hypot(shift[0], shift[1]) / self._width_px / apart_s


def _apart_s(now: _Picture, before: _Picture) -> float:
    return now.time_s - before.time_s + ROUNDING_S


def _follows(now: _Picture, before: _Picture) -> bool:
    same = (now.source_id, now.crop) == (before.source_id, before.crop)
    return same and now.time_s >= before.time_s
