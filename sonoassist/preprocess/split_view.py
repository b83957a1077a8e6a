"""Split views, two or more pictures side by side on one screen; they are left out (Table II)."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from sonoassist.opencv import cv2
from sonoassist.packets import Box, Pixels
from sonoassist.preprocess.channels import weakest

Mask = NDArray[np.bool_]

WORK_WIDTH_PX = 240
DARK = 4
"""Grey level up to which a blurred pixel lies outside of the pictures."""
MIN_SHARE, MIN_WIDTH = 0.05, 0.22
"""Share of the screen, and of its width, that each of the pictures takes at least."""
ALIKE = 0.55
"""Least ratio of the widths, heights and areas of two pictures side by side."""
BAR_SHARE, BAR_LIT = 0.2, 0.9
"""The bar of a screen: in this upper share, lit over so much of the width."""
CORNER = 0.4
"""Columns lower than this share of the highest one part two pictures."""
LINE_SHARE = 0.97
"""Share of the rows in which a line between two pictures is dark."""
ROWS_SHARED = 0.6
"""Least share of the rows that both stand in."""
OFF_CENTRE = 0.2
"""How far from its own middle a picture may begin at its top, as a share of its width: a fan
that a shadow parts in two leaves halves that both begin at the probe between them."""


def is_split_view(pixels: Pixels) -> bool:
    """Whether a screen, uint8 (H, W, 3) RGB or (H, W), shows pictures side by side."""
    found = _pictures(_small_mask(pixels))
    return any(_alike(one, other) for one, other in itertools.pairwise(found))


def _small_mask(pixels: Pixels) -> Mask:
    """Where the screen shows pictures, each column filled from its first to its last lit row.

    Text, scales and thin lines are opened away, and so is the bar at the top of the screen.
    """
    height, width = pixels.shape[:2]
    factor = max(width / WORK_WIDTH_PX, 1.0)
    size = (max(round(width / factor), 1), max(round(height / factor), 1))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    grey = weakest(np.asarray(small, np.uint8))
    lit = np.asarray(cv2.blur(grey, (3, 3))) > DARK
    top = lit[: round(BAR_SHARE * len(lit))]
    top[top.mean(axis=1) > BAR_LIT] = False
    opened = cv2.morphologyEx(lit.astype(np.uint8), cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    mask = np.asarray(opened) > 0
    down, up = np.logical_or.accumulate(mask), np.logical_or.accumulate(mask[::-1])[::-1]
    filled = down & up
    filled[:, _gaps(pixels, width, size[0])] = False
    heights = filled.sum(axis=0)
    # Fans side by side may touch at their lower corners.
    filled[:, heights < CORNER * heights.max()] = False
    return np.asarray(filled)


def _gaps(pixels: Pixels, width: int, small_width: int) -> NDArray[np.intp]:
    """Columns of the small picture that hold a dark line, be it one pixel wide."""
    rows = len(pixels)
    inner = pixels[int(0.2 * rows) : int(0.9 * rows)]
    grey = weakest(inner)
    dark = np.flatnonzero((grey <= DARK).mean(axis=0) > LINE_SHARE)
    return np.unique(np.minimum(dark * small_width // width, small_width - 1))


def _pictures(mask: Mask) -> list[Mask]:
    """The pictures from left to right, each a mask of the whole screen."""
    runs = np.diff(mask.any(axis=0).astype(np.int8), prepend=0, append=0)
    found = []
    for left, right in zip(np.flatnonzero(runs == 1), np.flatnonzero(runs == -1), strict=True):
        one = np.zeros_like(mask)
        one[:, left:right] = mask[:, left:right]
        if one.mean() > MIN_SHARE and right - left > MIN_WIDTH * mask.shape[1]:
            found.append(one)
    return found


def _alike(one: Mask, other: Mask) -> bool:
    a, b = _bounds(one), _bounds(other)
    rows = min(a.bottom, b.bottom) - max(a.top, b.top)
    if rows < ROWS_SHARED * max(a.height, b.height):
        return False
    pairs = ((a.width, b.width), (a.height, b.height), (float(one.sum()), float(other.sum())))
    if any(min(pair) < ALIKE * max(pair) for pair in pairs):
        return False
    return _begins_in_the_middle(one, a) and _begins_in_the_middle(other, b)


def _bounds(mask: Mask) -> Box:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def _begins_in_the_middle(mask: Mask, bounds: Box) -> bool:
    top = mask[int(bounds.top) : int(bounds.top) + max(int(bounds.height * 0.08), 1)]
    columns = np.flatnonzero(top.any(axis=0))
    begin = (float(columns[0]) + float(columns[-1]) + 1) / 2
    return abs(begin - (bounds.left + bounds.right) / 2) <= OFF_CENTRE * bounds.width
