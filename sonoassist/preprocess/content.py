"""What kind of picture the scanner shows. Colour Doppler is no B-mode plane (Table II)."""

from __future__ import annotations

import numpy as np

from sonoassist.core.packets import Content, Pixels
from sonoassist.preprocess.channels import strongest, weakest

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


def content_of(crop: Pixels) -> Content:
    """Judge a crop of the field of view, uint8 (h, w, 3) RGB or (h, w)."""
    if crop.ndim == 2:
        return Content.B_MODE
    bright = strongest(crop)
    chroma = bright - weakest(crop)
    coloured = chroma > MIN_CHROMA
    if coloured.mean() < MIN_SHARE:
        return Content.B_MODE
    tissue = chroma[~coloured & (bright > LIT)]
    tinted = bool(tissue.size) and float(np.median(tissue)) > MAX_TINT
    return Content.B_MODE if tinted else Content.DOPPLER
