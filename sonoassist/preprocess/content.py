"""What kind of picture the scanner shows. Colour Doppler is no B-mode plane (Table II)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Content, Pixels
from sonoassist.preprocess.channels import extremes

MIN_CHROMA = 60
"""Difference between the strongest and the weakest channel from which a pixel is coloured."""
MIN_SHARE = 0.012
"""Coloured share of the field of view from which it is taken for a Doppler picture; calipers
and labels take less."""
MAX_TINT = 25
"""Median chroma of the lit pixels that are not coloured: below it the tissue is grey and the
colour is laid over it; above it the whole picture is tinted (a chroma map), which is B-mode."""
LIT = 30
"""Grey level from which a pixel is lit."""
ROWS_PER_STROKE_PX = 40
"""What is written is nowhere thicker than a pixel for so many rows; flow fills a vessel."""
SOLID_OF_COLOURED, SOLID_SHARE = 0.25, 0.008
"""Flow is so much of the coloured pixels that is thicker, or, beside much writing, so much of the
field of view. Measured: real Doppler 0.37 and more of the coloured, the scores of another program
written over a picture 0.2 and less, 0.007 of the field of view."""
OF_FLOW, EITHER_WAY, MUCH_FLOW = 0.75, 0.2, 0.03
"""Thin vessels are flow all the same where so much of the coloured pixels is red to yellow or cyan
to blue, and either both of them are there (so much of each: towards the probe and away from it) or
so much of the field of view is coloured. Writing seldom is both; the scores of that program are
green by half."""
LIKELY, UNLIKELY = 0.9, 0.02
"""Probability of colour Doppler by the network from which what is coloured is flow also in a tinted
picture or beside dark tissue, and up to which little colour is none. Measured: real Doppler 0.88
and more, real B-mode 0.12 and less."""
RED_TO_YELLOW, CYAN_TO_BLUE = (35, 160), (85, 135)
"""Hues of OpenCV, 0 to 179: up to the first or from the second on; from the first to the second."""


def content_of(crop: Pixels, likely: float = 0.5) -> Content:
    """Judge a crop of the field of view.

    Args:
        crop: uint8 (h, w, 3) RGB or (h, w).
        likely: Probability that it is colour Doppler by the network that saw the whole screen.
    """
    if crop.ndim == 2:
        return Content.B_MODE
    bright, dark = extremes(crop)
    chroma = bright - dark
    coloured = chroma > MIN_CHROMA
    share = np.count_nonzero(coloured) / coloured.size
    least = MIN_SHARE if likely > UNLIKELY else MUCH_FLOW
    if share < least or not (
        _is_solid(coloured, share) or _has_hues_of_flow(crop[coloured], share)
    ):
        return Content.B_MODE
    if likely >= LIKELY:
        return Content.DOPPLER  # so sure the network tells flow from a tint
    tissue = chroma[~coloured & (bright > LIT)]
    tinted = bool(tissue.size) and float(np.median(tissue)) > MAX_TINT
    return Content.B_MODE if tinted else Content.DOPPLER


def _is_solid(coloured: NDArray[np.bool_], share: float) -> bool:
    """Whether enough of the coloured pixels fills something thicker than writing."""
    return _solid_share(coloured) >= min(SOLID_OF_COLOURED * share, SOLID_SHARE)


def _has_hues_of_flow(pixels: Pixels, share: float) -> bool:
    """Whether coloured pixels, uint8 (n, 3), such a share of the crop, are red and blue."""
    hue = cv2.cvtColor(pixels[:, None], cv2.COLOR_RGB2HSV)[..., 0]
    red = float(np.mean((hue <= RED_TO_YELLOW[0]) | (hue >= RED_TO_YELLOW[1])))
    blue = float(np.mean((hue >= CYAN_TO_BLUE[0]) & (hue <= CYAN_TO_BLUE[1])))
    return red + blue >= OF_FLOW and (min(red, blue) >= EITHER_WAY or share >= MUCH_FLOW)


def _solid_share(coloured: NDArray[np.bool_]) -> float:
    """Share of a crop, bool (h, w), that is coloured and thicker than anything written on it."""
    side = max(round(len(coloured) / ROWS_PER_STROKE_PX), 2)
    kernel = np.ones((side, side), np.uint8)
    return float(np.mean(cv2.morphologyEx(coloured.astype(np.uint8), cv2.MORPH_OPEN, kernel)))
