"""Finding the picture area of an unknown screen, so that any scanner works without set-up."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonoassist.opencv import cv2
from sonoassist.packets import Box, Pixels
from sonoassist.preprocess.channels import weakest
from sonoassist.preprocess.crop import centred_crop

WORK_WIDTH_PX = 320
DARK = (9, 24)
"""Least and greatest grey level up to which a blurred pixel counts as outside of the picture."""
MIN_SHARE = 0.04
"""A blob smaller than this share of the screen is no ultrasound picture."""
LINE_STEP = 6
"""Grey levels between the rows at a straight edge."""
LINE_SHARE = 0.55
"""Share of the columns a straight edge must take to count as the rim of a screen's bar."""
TOP_BAR, BOTTOM_BAR = 0.2, 0.15
"""Share of the screen's height that bars may take."""
RIM = 0.015
"""Share of the screen's height at its own edges in which a line means nothing."""
TOP_TRIM = 0.065
"""Share of the fan's height that the published crop leaves out at the probe's face."""


def find_picture_area(pixels: Pixels) -> Box | None:
    """Bounding rectangle of the fan (or linear picture) on a screen, in frame pixels.

    The screen's own bars end in long straight horizontal lines, which tissue never has. Text,
    scales and logos are thin or small: they vanish when the blurred, thresholded screen is
    opened. None when nothing large is left (black screen, menu).
    """
    small, factor = _shrink(pixels)
    top, bottom = _between_bars(pixels)
    mask = _without_thin_things(small)
    mask[: math.ceil(top / factor)] = 0
    mask[int(bottom / factor) :] = 0
    blob = _main_blob(mask)
    if blob is None:
        return None
    rows = np.flatnonzero(blob.mean(axis=1) > 0.02)
    columns = np.flatnonzero(blob.mean(axis=0) > 0.02)
    if not len(rows) or not len(columns):
        return None
    height, width = pixels.shape[:2]
    return Box(
        float(columns[0] * factor),
        float(rows[0] * factor),
        float(min((columns[-1] + 1) * factor, width)),
        float(min((rows[-1] + 1) * factor, height)),
    )


def auto_crop(pixels: Pixels, aspect: float) -> Box:
    """The crop for an unknown screen, of the input's aspect, in frame pixels.

    On a whole scanner screen (one with a bar at its top) the framing of the published crop is
    copied: the first layers under the probe are left out, and the sides of the fan. A picture
    without a bar was cut by somebody already: there the crop lies half-way between the largest
    rectangle inside of the picture area and the smallest one round it. Where no picture area is
    found the whole frame takes its place.
    """
    height, width = pixels.shape[:2]
    whole = Box(0, 0, width, height)
    area = find_picture_area(pixels) or whole
    if _between_bars(pixels)[0] > 0:
        top = area.top + TOP_TRIM * area.height
        return centred_crop(Box(area.left, top, area.right, area.bottom), aspect)
    return _half_way(centred_crop(area, aspect), covering_crop(area, whole, aspect))


def covering_crop(area: Box, whole: Box, aspect: float) -> Box:
    """The smallest rectangle of `aspect` round `area`, moved and cut to stay inside `whole`."""
    width = max(area.width, area.height * aspect)
    height = width / aspect
    left = _slide((area.left + area.right - width) / 2, width, whole.width)
    top = _slide((area.top + area.bottom - height) / 2, height, whole.height)
    return Box(
        max(left, 0), max(top, 0), min(left + width, whole.width), min(top + height, whole.height)
    )


def _slide(start: float, size: float, limit: float) -> float:
    """Move an interval of `size` into [0, limit]; one that is too long is centred."""
    if size >= limit:
        return (limit - size) / 2
    return min(max(start, 0), limit - size)


def _half_way(one: Box, other: Box) -> Box:
    return Box(
        round((one.left + other.left) / 2),
        round((one.top + other.top) / 2),
        round((one.right + other.right) / 2),
        round((one.bottom + other.bottom) / 2),
    )


def _shrink(pixels: Pixels) -> tuple[NDArray[np.uint8], float]:
    height, width = pixels.shape[:2]
    factor = max(width / WORK_WIDTH_PX, 1.0)
    size = (max(round(width / factor), 1), max(round(height / factor), 1))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    # Coloured bars and logos of the screen's frame fade in the weakest channel, grey stays.
    return weakest(np.asarray(small, np.uint8)), factor


def _between_bars(pixels: Pixels) -> tuple[int, int]:
    """First row below a bar at the top, and first row of a bar at the bottom."""
    grey = weakest(pixels)
    rows = len(grey)
    wide = np.asarray(cv2.blur(grey.astype(np.float32), (31, 1)))
    step = wide[2:] - wide[:-2]  # over two rows: video coding softens an edge
    share = np.maximum((step > LINE_STEP).mean(axis=1), (step < -LINE_STEP).mean(axis=1))
    lines = np.flatnonzero(share > LINE_SHARE)
    top = lines[(lines > RIM * rows) & (lines < TOP_BAR * rows)]
    bottom = lines[(lines > (1 - BOTTOM_BAR) * rows) & (lines < (1 - RIM) * rows)]
    return (int(top[-1]) + 2 if len(top) else 0), (int(bottom[0]) + 1 if len(bottom) else rows)


def _without_thin_things(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    blurred = np.asarray(cv2.blur(small, (7, 7)))
    dark = float(np.clip(np.percentile(blurred, 10) + 6, *DARK))
    mask = (blurred > dark).astype(np.uint8)
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((15, 15), np.uint8))
    return np.array(opened, dtype=np.uint8)


def _main_blob(mask: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The largest blob and those at least a fifth as large (dark anatomy may part the fan)."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return None
    areas = stats[1:, cv2.CC_STAT_AREA]
    if areas.max() < MIN_SHARE * mask.size:
        return None
    chosen = 1 + np.flatnonzero(areas >= areas.max() / 5)
    return np.isin(labels, chosen).astype(np.uint8)
