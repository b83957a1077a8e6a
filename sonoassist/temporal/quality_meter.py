"""Measures how good a picture is apart from what it shows: sharp, and held still."""

from __future__ import annotations

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Analysis, Box, Floats, Frame, Pixels
from sonoassist.preprocess.channels import grey_of
from sonoassist.temporal.quality import Quality

SIZE_PX = (144, 112)
"""Width and height at which quality is measured: speckle is averaged out, outlines are not."""
MOVED = 14.0
"""Grey levels of mean change between two frames at which a picture counts as fully moving."""
CRISP = 0.55
"""Edge strength over contrast at which a picture counts as fully sharp."""


class QualityMeter:
    """Measures sharpness by itself and stillness against the frame before."""

    def __init__(self) -> None:
        self._last: tuple[str, float, Floats] | None = None

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
        last, self._last = self._last, (frame.source_id, frame.time_s, small)
        stillness = 1.0
        if last is not None and last[0] == frame.source_id and not frame.still:
            changed = float(np.abs(small - last[2]).mean())
            stillness = 1.0 - min(changed / MOVED, 1.0)
        return Quality(_sharpness(small), stillness)


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
