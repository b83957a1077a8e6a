"""Layouts of scanner screens: recognised by size and by what stands round the picture.

A scanner shows the same furniture every day: bars, scales, keys. Words, names and saved pictures
change. So a layout is a coarse picture of the screen without its field of view, and two screens are
of one layout when most of what is lit on one is as bright on the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels
from sonoassist.preprocess.channels import strongest
from sonoassist.preprocess.screen_reader import ScreenLook

COLUMNS, ROWS = 64, 48
"""Cells of the coarse picture."""
LIT, ALIKE = 14, 28
"""Grey levels from which a cell is lit, and by which cells that are alike differ at most."""
LEAST_LIT = 0.02
"""Share of the cells that must be lit: a screen with less cannot be told from another."""
SAME_SHARE = 0.6
"""Share of the cells lit on either screen that must be alike."""
SAME_FIELD = 0.6
"""Overlap (IoU) of the fields of view from which a crop that was kept still fits."""


@dataclass(frozen=True, slots=True)
class Furniture:
    """What a screen shows round the picture.

    Attributes:
        cells: Brightness, uint8 (ROWS, COLUMNS).
        beside: Where the field of view is not, bool (ROWS, COLUMNS).
    """

    cells: NDArray[np.uint8]
    beside: NDArray[np.bool_]

    @property
    def known(self) -> bool:
        """Whether there is enough of it to recognise the screen by."""
        lit = self.beside & (self.cells > LIT)
        return bool(lit.mean() >= LEAST_LIT)

    def alike(self, other: Furniture) -> float:
        """Share of what is lit on one of two screens, beside both fields, that is on both."""
        both = self.beside & other.beside
        lit = both & ((self.cells > LIT) | (other.cells > LIT))
        if not lit.any():
            return 0.0
        apart = np.abs(self.cells.astype(np.int16) - other.cells.astype(np.int16))
        return float((apart[lit] <= ALIKE).mean())


@dataclass(frozen=True, slots=True)
class KeptLayout:
    """A screen whose crop a person has checked.

    Attributes:
        name: Of the scanner, for people.
        width_px: Of the screen.
        height_px: Of the screen.
        crop: What the network is to see, frame pixels.
        field: The field of view when it was kept, frame pixels.
        furniture: What stood round it.
    """

    name: str
    width_px: int
    height_px: int
    crop: Box
    field: Box
    furniture: Furniture

    def is_screen(self, width_px: int, height_px: int, furniture: Furniture) -> bool:
        """Whether this is the screen of that scanner."""
        if (self.width_px, self.height_px) != (width_px, height_px):
            return False
        return self.furniture.alike(furniture) >= SAME_SHARE

    def fits(self, field: Box) -> bool:
        """Whether the picture is still where it was when the crop was kept."""
        return self.field.iou(field) >= SAME_FIELD


def furniture_of(pixels: Pixels, look: ScreenLook) -> Furniture | None:
    """What stands round the picture; None where no picture is surely found.

    Args:
        pixels: The screen, uint8 (H, W, 3) RGB or (H, W).
        look: At these pixels.
    """
    if look.field is None or not look.sure:
        return None
    small = cv2.resize(strongest(pixels), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    size = (COLUMNS, ROWS)
    inside = np.asarray(cv2.resize(look.field.mask, size, interpolation=cv2.INTER_AREA)) > 0.02
    # A cell beside the field is left out too: with the depth the picture's rim moves.
    near = np.asarray(cv2.dilate(inside.astype(np.uint8), np.ones((3, 3), np.uint8))) > 0
    return Furniture(np.asarray(small, np.uint8), ~near)
