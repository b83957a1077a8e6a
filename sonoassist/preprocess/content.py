"""What kind of picture the scanner shows. Colour Doppler is no B-mode plane (Table II)."""

from __future__ import annotations

import numpy as np

from sonoassist.packets import Content, Pixels

MIN_CHROMA = 60
"""Difference between the strongest and the weakest channel from which a pixel is coloured."""
MIN_SHARE = 0.012
"""Coloured share of the field of view from which it is taken for a Doppler picture."""
MIN_HUES = 0.1
"""Share of the coloured pixels the rarer of red-ish and blue-ish must reach: a picture tinted
as a whole (a chroma map) or a yellow caliper has one hue, a flow picture has both."""


def content_of(crop: Pixels) -> Content:
    """Judge a crop of the field of view, uint8 (h, w, 3) RGB or (h, w)."""
    if crop.ndim == 2:
        return Content.B_MODE
    wide = crop.astype(np.int16)
    red, green, blue = wide[..., 0], wide[..., 1], wide[..., 2]
    chroma = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    coloured = chroma > MIN_CHROMA
    count = int(coloured.sum())
    if count < MIN_SHARE * coloured.size:
        return Content.B_MODE
    reddish = int((coloured & (red > blue)).sum())
    rarer = min(reddish, count - reddish)
    return Content.DOPPLER if rarer >= MIN_HUES * count else Content.B_MODE
