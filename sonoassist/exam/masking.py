"""Blacking out what is not ultrasound: a scanner's screen names the patient.

Everything that leaves the program goes through here unless the user switches it off. What is shown
is the inside of the ultrasound picture's outline, within the field of view, without lines of text.
Where no ultrasound picture is surely found (a menu, a list of patients) nothing at all is shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sonoassist.exam.screen_text import text_lines
from sonoassist.exam.ultrasound_area import (
    Mask,
    filled,
    find_outline,
    outline_of,
    rows_between_bars,
)
from sonoassist.opencv import cv2
from sonoassist.packets import Box, Pixels
from sonoassist.preprocess.screen_reader import ScreenReader

ROUND_SHARE = 0.02
"""Share of the screen's width by which the field of view may be larger than it was seen."""
MARGIN = 0.35
"""Letters' heights blacked out round a line of text: the soft rim of letters, and accents."""


def masked(picture: Pixels, field: Box) -> Pixels:
    """A copy of a picture, uint8 (H, W, 3) RGB or (H, W), with all black but the ultrasound.

    Args:
        picture: The whole screen.
        field: Nothing outside of it is shown, whatever it is; in frame pixels.
    """
    return with_mask(picture, mask_of([picture], field))


def with_mask(picture: Pixels, mask: Mask) -> Pixels:
    """A copy of a picture that is black where `mask`, bool (H, W), is False."""
    copy: Pixels = picture.copy()
    copy[~mask] = 0
    return copy


def mask_of(pictures: Sequence[Pixels], field: Box | None = None) -> Mask:
    """Where pictures of one size may be shown, bool (H, W): one mask for a whole sequence.

    A single mask does not tremble as the anatomy moves. It is all False when no picture shows
    ultrasound.

    Args:
        pictures: A still, or some frames of a recording spread over it; at least one.
        field: Nothing outside of it is shown; in frame pixels.
    """
    height, width = pictures[0].shape[:2]
    outlines = [one for one in map(find_outline, pictures) if one is not None]
    seen = _fields_of_view(pictures)
    if not outlines or not seen.any():
        return np.zeros((height, width), np.bool_)
    mask = filled(outline_of(outlines), height, width) & seen
    if field is not None:
        mask &= _inside(field, height, width)
    for picture in pictures:
        # One frame that shows the screen's bar is enough: in a blurred one it may pass for tissue.
        top, bottom = rows_between_bars(picture)
        mask[:top], mask[bottom:] = False, False
        _take_text_out(mask, picture)
    return mask


def _fields_of_view(pictures: Sequence[Pixels]) -> Mask:
    """Where the live picture of any of them is, by looks that are sure, and a little round it."""
    height, width = pictures[0].shape[:2]
    canvas = np.zeros((height, width), np.uint8)
    reader = ScreenReader()
    for picture in pictures:
        look = reader.look(picture)
        if look.sure and look.field is not None:
            hull = cv2.convexHull(np.round(look.field.outline()).astype(np.int32))
            cv2.fillConvexPoly(canvas, hull, 1)
    side = 2 * round(ROUND_SHARE * width) + 1
    return np.asarray(cv2.dilate(canvas, np.ones((side, side), np.uint8))) > 0


def ultrasound_field(pictures: Sequence[Pixels]) -> Box | None:
    """Bounds of the ultrasound picture in frame pixels, or None; for `Shot.field`."""
    mask = mask_of(pictures)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def _inside(field: Box, height_px: int, width_px: int) -> Mask:
    inside = np.zeros((height_px, width_px), np.bool_)
    left, top = (max(math.ceil(edge), 0) for edge in (field.left, field.top))
    right, bottom = (max(math.floor(edge), 0) for edge in (field.right, field.bottom))
    inside[top:bottom, left:right] = True
    return inside


def _take_text_out(mask: Mask, picture: Pixels) -> None:
    """Black out lines of text that reach into the mask, in place."""
    for line in text_lines(picture):
        more = MARGIN * line.height
        left, top = (max(math.floor(edge - more), 0) for edge in (line.left, line.top))
        right, bottom = (math.ceil(edge + more) for edge in (line.right, line.bottom))
        mask[top:bottom, left:right] = False
