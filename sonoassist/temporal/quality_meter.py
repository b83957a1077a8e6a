"""Measures how good a picture is apart from what it shows: sharp, and held still."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Analysis, Box, Floats, Frame, Pixels
from sonoassist.preprocess.channels import grey_of
from sonoassist.temporal.quality import Quality
from sonoassist.temporal.repeats import STANDS_S, is_same

SIZE_PX = (144, 112)
"""Width and height at which quality is measured: speckle is averaged out, outlines are not."""
MOVED = 14.0
"""Grey levels of mean change between two frames at which a picture counts as fully moving."""
CRISP = 0.55
"""Edge strength over contrast at which a picture counts as fully sharp."""


@dataclass(frozen=True, slots=True)
class _Picture:
    """Where and when a picture was first seen, its small picture, and how still it was."""

    source_id: str
    time_s: float
    small: Floats
    stillness: float

    def is_again(self, frame: Frame, small: Floats) -> bool:
        """Whether a frame is this very picture, delivered again."""
        if frame.still or frame.source_id != self.source_id or frame.time_s < self.time_s:
            return False
        return frame.time_s - self.time_s <= STANDS_S and is_same(small, self.small)


class QualityMeter:
    """Measures sharpness by itself and stillness against the picture before.

    A picture that is delivered again is as still as it was the first time.
    """

    def __init__(self) -> None:
        self._last: _Picture | None = None

    def measure(self, analysis: Analysis) -> Quality:
        """Take the next frame; frames come in the order of their times."""
        return self.measure_frame(analysis.frame, analysis.geometry.crop)

    @property
    def fresh(self) -> bool:
        """No frame was taken yet: the next one has none before it to be compared with."""
        return self._last is None

    def measure_frame(self, frame: Frame, field: Box) -> Quality:
        """Take the next frame, whether it was analysed or not.

        Args:
            frame: Frames come in the order of their times.
            field: What is measured of it, in frame pixels.
        """
        small = _small(frame.pixels, field)
        if self._last is None or not self._last.is_again(frame, small):
            stillness = _stillness(frame, small, self._last)
            self._last = _Picture(frame.source_id, frame.time_s, small, stillness)
        return Quality(_sharpness(small), self._last.stillness)


def _stillness(frame: Frame, small: Floats, last: _Picture | None) -> float:
    """1 where it follows none."""
    if last is None or last.source_id != frame.source_id or frame.still:
        return 1.0
    changed = float(np.abs(small - last.small).mean())
    return 1.0 - min(changed / MOVED, 1.0)


def _small(pixels: Pixels, field: Box) -> Floats:
    """The field of view, small and grey: float32, (112, 144), 0 to 255."""
    top, left = max(int(field.top), 0), max(int(field.left), 0)
    part = pixels[
        top : max(int(np.ceil(field.bottom)), top + 1),
        left : max(int(np.ceil(field.right)), left + 1),
    ]
    small = np.asarray(cv2.resize(part, SIZE_PX, interpolation=cv2.INTER_AREA), np.uint8)
    return grey_of(small)


def _sharpness(small: Floats) -> float:
    contrast = float(small.std())
    if contrast < 1.0:
        return 0.0
    edges = float(np.asarray(cv2.Laplacian(small, cv2.CV_32F)).std())
    return min(edges / contrast / (2 * CRISP), 1.0)
