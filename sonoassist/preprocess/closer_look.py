"""A second look, at the part of a screen where the picture was found.

The network sees a whole screen at the same few cells, so a small picture, beside a spectrum or in
one half of the screen, is a few cells wide and its edges are known badly. Shown by itself the same
picture has many cells; what both looks say together is better than either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats, Pixels
from sonoassist.preprocess.field_of_view import FieldOfView, field_of
from sonoassist.preprocess.screen_network import MASK_HEIGHT, MASK_WIDTH, Reading

MARGIN, LEAST_MARGIN_PX = 0.08, 4
"""So much more of the screen is shown on each side: a share of the picture's size, and pixels."""
SURROUNDINGS = 0.2
"""The same for the part in which the edges are sought."""
LEAST_PX = 16
"""A part with a shorter side is not looked at again."""
SAME_IOU = 0.5
"""Overlap of the boxes from which the second look is at what the first one found."""
SUREST = 1e-4
"""No cell counts for more than one of which the network is as sure as this."""


def seen_closer(
    field: FieldOfView, pixels: Pixels, read: Callable[[Pixels], Reading]
) -> FieldOfView:
    """The field of view with the bounds and the outline that two looks give.

    Args:
        field: By a look at the whole screen.
        pixels: That screen, uint8 (H, W, 3) RGB or (H, W).
        read: Has the network look at a picture.
    """
    shown = shown_closer(field.box, field.width_px, field.height_px)
    if min(shown.width, shown.height) < LEAST_PX:
        return field.fitted()
    rows = slice(int(shown.top), int(shown.bottom))
    columns = slice(int(shown.left), int(shown.right))
    reading = read(np.ascontiguousarray(pixels[rows, columns]))
    part = _part(field.box, field.width_px, field.height_px, SURROUNDINGS)
    whole = Box(0, 0, field.width_px, field.height_px)
    doubts = (_doubt(reading.mask, shown, part) + _doubt(field.mask, whole, part)) / 2
    both = replace(reading, mask=np.asarray(1 / (1 + np.exp(doubts)), np.float32))
    found = field_of(both, int(part.width), int(part.height))
    found = None if found is None else found.fitted()
    box = None if found is None else _moved(found.box, part)
    if found is None or box is None or box.iou(field.box) < SAME_IOU:
        return field.fitted()
    outline = found.outline() + np.array([part.left, part.top])
    return replace(field, box=box, fitted_outline=outline)


def shown_closer(box: Box, width_px: int, height_px: int) -> Box:
    """The part of a screen that the second look sees, in whole pixels.

    Args:
        box: Where the first look found the picture.
        width_px: Of the screen.
        height_px: Of the screen.
    """
    return _part(box, width_px, height_px, MARGIN)


def _part(box: Box, width_px: int, height_px: int, margin: float) -> Box:
    """A box and so much round it, in whole pixels of the screen."""
    across = margin * box.width + LEAST_MARGIN_PX
    down = margin * box.height + LEAST_MARGIN_PX
    return Box(
        int(max(box.left - across, 0)),
        int(max(box.top - down, 0)),
        int(min(box.right + across, width_px)),
        int(min(box.bottom + down, height_px)),
    )


def _moved(box: Box, part: Box) -> Box:
    """A box in a part of the screen, in pixels of the screen."""
    left, top = part.left, part.top
    return Box(box.left + left, box.top + top, box.right + left, box.bottom + top)


def _doubt(mask: Floats, seen: Box, part: Box) -> NDArray[np.float32]:
    """How unlikely picture is, as the logarithm of the odds, in cells of a part of the screen.

    Args:
        mask: Probability of cells, float32 (MASK_HEIGHT, MASK_WIDTH).
        seen: What they cover, pixels of the screen.
        part: What the result covers; beyond what was seen its rim goes on.
    """
    across = _places(part.left, part.width, seen.left, seen.width, MASK_WIDTH)
    down = _places(part.top, part.height, seen.top, seen.height, MASK_HEIGHT)
    columns, rows = np.meshgrid(across, down)
    there = cv2.remap(mask, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    likely = np.clip(np.asarray(there, np.float32), SUREST, 1 - SUREST)
    return np.asarray(np.log(1 / likely - 1), np.float32)


def _places(
    start: float, size: float, seen_start: float, seen_size: float, cells: int
) -> NDArray[np.float32]:
    """Where the middles of cells along one side lie among as many cells of what was seen."""
    pixels = start + (np.arange(cells) + 0.5) * size / cells
    return np.asarray((pixels - seen_start) * cells / seen_size - 0.5, np.float32)
