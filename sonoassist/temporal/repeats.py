"""Pictures that a grabber delivers again: it asks more often than the scanner draws."""

from __future__ import annotations

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Floats

STANDS_S = 0.15
"""What is the same for longer is no picture that was delivered again: it stands still. A scanner
draws seven pictures a second at least."""
SAME = 0.5
"""Mean difference of grey levels up to which a picture is the one before, delivered again."""


def is_same(small: Floats, before: Floats) -> bool:
    """Whether a picture is the one before. For `STANDS_S` it is that one, delivered again.

    Then it says nothing of how much the picture moves, and is to be left out where that is
    measured.

    Args:
        small: float32 (h, w), grey, 0 to 255: it, made small, so that noise is averaged out.
        before: The same of the other.
    """
    return float(cv2.norm(small, before, cv2.NORM_L1)) <= SAME * small.size
