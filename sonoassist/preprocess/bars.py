"""The bar at the top of a scanner's screen: it ends in a long straight line, unlike tissue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Pixels
from sonoassist.preprocess.channels import weakest

LINE_STEP = 6
"""Grey levels between the rows at the edge of a bar."""
LINE_SHARE = 0.55
"""Share of the columns that this edge takes."""
COLUMNS = 256
"""So many columns are enough to find it."""
BLUR_SHARE = 31 / 975
"""Share of the width over which the rows are evened out."""
TOP_BAR = 0.2
"""Share of the screen's height that a bar may take."""
RIM = 0.015
"""Share of the screen's height at its own edge in which a line means nothing."""
LEAST_ROWS = 8


def _share_of_steps(above: Pixels, below: Pixels) -> NDArray[np.float64]:
    """Share of each row's columns that are brighter in one than in the other."""
    darker = cv2.subtract(above, below)
    _, steps = cv2.threshold(darker, LINE_STEP, 1, cv2.THRESH_BINARY)
    counts = cv2.reduce(steps, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return np.asarray(np.ravel(counts) / above.shape[1], np.float64)


def bar_bottom(pixels: Pixels, from_row: int = 0) -> int:
    """First row below the bar at the top of a screen; 0 where it has none.

    Args:
        pixels: uint8 (H, W, 3) RGB or (H, W).
        from_row: A bar that ends above this row does not matter.
    """
    height, width = pixels.shape[:2]
    first, end = max(from_row - 2, 0), int(TOP_BAR * height) + 2
    if min(end, height) < LEAST_ROWS or first > end - 3:
        return 0
    upper = pixels[first:end]
    size = (min(width, COLUMNS), len(upper))
    grey = weakest(np.asarray(cv2.resize(upper, size, interpolation=cv2.INTER_NEAREST), np.uint8))
    side = max(round(BLUR_SHARE * grey.shape[1]), 1)
    wide = np.asarray(cv2.blur(grey, (side, 1)), np.uint8)
    # Over two rows: video coding softens an edge.
    share = np.maximum(_share_of_steps(wide[2:], wide[:-2]), _share_of_steps(wide[:-2], wide[2:]))
    lines = np.flatnonzero(share > LINE_SHARE) + first
    lines = lines[lines > RIM * height]
    return int(lines[-1]) + 2 if len(lines) else 0
