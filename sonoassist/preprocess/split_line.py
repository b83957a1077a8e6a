"""The line between the pictures of a split screen, where they touch.

Two pictures that touch look like one to a network that sees few cells: it takes both, or one and a
part of the other. The line between them is straight and runs through all of both, unlike tissue.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels
from sonoassist.preprocess.channels import weakest
from sonoassist.preprocess.fan_outline import cut_by
from sonoassist.preprocess.field_of_view import FieldOfView
from sonoassist.preprocess.screen_network import MASK_HEIGHT, MASK_WIDTH

STEP = 8
"""Grey levels between the pixels at both sides of the line."""
LINE_SHARE = 0.75
"""Share of the picture's height (or width) that has this step."""
HIGHEST = 40
"""Steps count for no more grey levels: a few bright spots are no line."""
RATIO = 4.0
"""The mean step along the line is so many times the one of other lines of the picture."""
RIM = 0.04
"""Share of the picture at its own edge in which a line means nothing."""
LEAST_SHARE = 0.3
"""Of the picture that is left on one side of the line: a shorter part is none."""
LEAST_PX = 32
SAMPLES = 256
"""So many pixels along the line are enough to find it."""


def pane_of(field: FieldOfView, pixels: Pixels) -> Box | None:
    """The part of the screen on that side of the line where the picture likelier is.

    Args:
        field: Of a split screen.
        pixels: That screen, uint8 (H, W, 3) RGB or (H, W).

    Returns:
        In frame pixels; None where no such line runs through the field's box.
    """
    box = field.box
    rows = slice(max(int(box.top), 0), round(box.bottom))
    columns = slice(max(int(box.left), 0), round(box.right))
    grey = weakest(np.ascontiguousarray(pixels[rows, columns]))
    if min(grey.shape) < LEAST_PX:
        return None
    upright, upright_ratio = _line(grey)
    level, level_ratio = _line(np.ascontiguousarray(grey.T))
    whole = Box(0, 0, field.width_px, field.height_px)
    if upright_ratio >= max(level_ratio, RATIO):
        at = float(columns.start + upright)
        sides = replace(whole, right=at), replace(whole, left=at)
    elif level_ratio >= RATIO:
        at = float(rows.start + level)
        sides = replace(whole, bottom=at), replace(whole, top=at)
    else:
        return None
    kept = max(sides, key=lambda side: _likely(field, side))
    left = _shared(box, kept)
    enough = left.width * left.height >= LEAST_SHARE * box.width * box.height
    return kept if enough else None


def within(field: FieldOfView, pane: Box) -> FieldOfView:
    """What of a field of view lies in a part of the screen that holds some of it."""
    box = _shared(field.box, pane)
    if box == field.box:
        return field
    rows, columns = _cells(field, pane)
    mask = np.zeros_like(field.mask)
    mask[rows, columns] = field.mask[rows, columns]
    outline = None if field.fitted_outline is None else cut_by(field.fitted_outline, pane)
    return replace(field, box=box, mask=mask, fitted_outline=outline)


def _line(grey: Pixels) -> tuple[int, float]:
    """The column before which one picture ends, and its step beside that of the other columns.

    The step is 0 where no column has one over most of its height.
    """
    rows = grey[:: max(len(grey) // SAMPLES, 1)]
    # Over two columns: video coding softens an edge.
    steps = cv2.absdiff(rows[:, 2:], rows[:, :-2])
    mean = _column_means(np.minimum(steps, HIGHEST))
    share = _column_means((steps > STEP).astype(np.uint8))
    rim = max(round(RIM * len(mean)), 2)
    inner = np.where(share >= LINE_SHARE, mean, 0.0)[rim:-rim]
    best = rim + int(np.argmax(inner))
    return best + 1, float(inner[best - rim] / (np.median(mean) + 0.5))


def _column_means(values: Pixels) -> NDArray[np.float64]:
    sums = cv2.reduce(values, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return np.asarray(np.ravel(sums) / len(values), np.float64)


def _cells(field: FieldOfView, part: Box) -> tuple[slice, slice]:
    """The cells of the mask, rows before columns, whose larger part lies in a part of the frame."""
    down, across = MASK_HEIGHT / field.height_px, MASK_WIDTH / field.width_px
    rows = slice(round(part.top * down), round(part.bottom * down))
    return rows, slice(round(part.left * across), round(part.right * across))


def _likely(field: FieldOfView, side: Box) -> float:
    """Mean probability of the cells of the field's box on one side."""
    cells = field.mask[_cells(field, _shared(field.box, side))]
    return float(cells.mean()) if cells.size else 0.0


def _shared(one: Box, other: Box) -> Box:
    """What two boxes that overlap share."""
    return Box(
        max(one.left, other.left),
        max(one.top, other.top),
        min(one.right, other.right),
        min(one.bottom, other.bottom),
    )
