"""Where on a scanner's screen the ultrasound picture is: its outline, without the screen round it.

A picture is large and speckled; bars, menus and grey scales are flat, and letters are thin: they
vanish when the grey levels are opened by more than the width of a stroke. What is left is joined
by a convex outline, since a sector and a rectangle are convex and dark anatomy has no edge of its
own. A part that is not surely ultrasound stays outside: too much is masked rather than too little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.opencv import cv2
from sonoassist.packets import Pixels
from sonoassist.preprocess.channels import weakest

Mask = NDArray[np.bool_]
Outline = NDArray[np.float64]
"""(n, 2), corners of a convex polygon in frame pixels, x before y."""

WORK_WIDTH_PX = 640
STROKE_PX, NARROW_PX, NARROW_STROKE_PX = 5, 500, 3
"""Letters are drawn thinner than this at the working width; on small pictures thinner still."""
DARKEST = 20
"""The screen's own black is darker than this."""
CLEAN_SHARE, CLEAN_STEP, NOISY_STEP = 0.05, 1, 4
"""Where so much of a screen is exactly black, one grey level above it is signal already."""
BAR_SHARE, BAR_LIT, BAR_ALIKE, BAR_END, BAR_ROWS = 0.5, 0.8, 4, 0.2, 3
"""A bar: so many columns of a row within some levels of its median, so much of it lit, in this
share of the height at the top, or reaching the lower end with at least so many rows."""
PARTS_ACROSS = 90
"""The picture is opened by twice its width over this: what is narrower is no part of it."""
LEAST_SHARE, SURE_SHARE = 0.002, 0.03
"""Share of the screen from which something is a part, and from which it is one wherever it is."""
NEAR_SHARE = 0.08
"""Smaller parts must be as near to the others, as a share of the width."""
THICK_SHARE = 0.45
"""Share of its brightness that a part keeps when strokes are opened away; text keeps hardly any."""
STRIP_SHARE, STRIP_ASPECT, STRIP_FILL, STRIP_ACROSS = 0.06, 3.5, 0.85, 0.8
"""A grey scale or a row of buttons: narrow, long and filled, or all across the screen."""
TEXTURE_SHARE = 0.1
"""Share of a part's pixels that differ from the next one, along the rows and down the columns."""


@dataclass(frozen=True, slots=True)
class _Screen:
    """A screen at the working width.

    Attributes:
        grey: Weakest channel: coloured things fade.
        thick: The same without thin strokes.
        black: Grey level of the empty screen.
        factor: Frame pixels to one of these.
    """

    grey: Pixels
    thick: Pixels
    black: int
    factor: float


def find_outline(picture: Pixels) -> Outline | None:
    """Outline of the ultrasound picture on a screen, uint8 (H, W, 3) RGB or (H, W).

    None when nothing on the screen is surely an ultrasound picture.
    """
    screen = _look_at(picture)
    lit = _lit(screen)
    size = 2 * max(round(screen.grey.shape[1] / PARTS_ACROSS), 2) + 1
    parts = _parts(screen, _opened(lit, size))
    if parts is None:
        return None
    # Opening rounds the corners off: they grow back as far as the picture goes.
    for _ in range(size // 2):
        parts = np.asarray(cv2.dilate(parts, np.ones((3, 3), np.uint8)), np.uint8) & lit
    # What is lit was blurred: without the halo nothing beside the picture comes in.
    seen = parts & (screen.grey > screen.black + CLEAN_STEP)
    corners = _corners(np.asarray(seen, np.uint8))
    # Corners are pixels: their outer edges belong to the outline.
    middle = corners.mean(axis=0)
    return np.asarray((corners + np.where(corners > middle, 1.0, 0.0)) * screen.factor)


def rows_between_bars(picture: Pixels) -> tuple[int, int]:
    """First row of a screen below the bars at its top, and first row of one at its lower end."""
    screen = _look_at(picture)
    top, bottom = _between_bars(screen)
    if bottom == len(screen.grey):
        return math.ceil(top * screen.factor), len(picture)
    return math.ceil(top * screen.factor), int(bottom * screen.factor)


def outline_of(outlines: list[Outline]) -> Outline:
    """The convex outline round several, for a sequence whose frames each show a part."""
    points = np.concatenate(outlines).astype(np.float32)
    return np.asarray(cv2.convexHull(points), np.float64).reshape(-1, 2)


def filled(outline: Outline, height_px: int, width_px: int) -> Mask:
    """Which pixels lie inside of an outline, bool (height, width)."""
    canvas = np.zeros((height_px, width_px), np.uint8)
    # The last pixel inside of an edge at x is the one that begins at x - 1.
    cv2.fillConvexPoly(canvas, np.round(outline - 0.5).astype(np.int32), 1)
    return canvas > 0


def _look_at(picture: Pixels) -> _Screen:
    height, width = picture.shape[:2]
    factor = max(width / WORK_WIDTH_PX, 1.0)
    size = (max(round(width / factor), 1), max(round(height / factor), 1))
    grey = np.asarray(cv2.resize(weakest(picture), size, interpolation=cv2.INTER_AREA), np.uint8)
    side = STROKE_PX if size[0] > NARROW_PX else NARROW_STROKE_PX
    thick = cv2.morphologyEx(grey, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    black = int(np.argmax(np.bincount(grey.ravel(), minlength=256)[:DARKEST]))
    return _Screen(grey, np.asarray(thick, np.uint8), black, factor)


def _lit(screen: _Screen) -> Pixels:
    """1 where the screen is brighter than its black, between its bars."""
    around = np.ones((5, 5), np.uint8)
    empty = (cv2.dilate(screen.grey, around) == 0) & (screen.grey == 0)
    clean = screen.black == 0 and float(np.mean(empty)) > CLEAN_SHARE
    step = CLEAN_STEP if clean else NOISY_STEP
    lit = (np.asarray(cv2.blur(screen.thick, (5, 5))) > screen.black + step).astype(np.uint8)
    top, bottom = _between_bars(screen)
    # A bar's edge falls between two rows of this size.
    lit[: top + 1 if top else 0], lit[bottom - 1 if bottom < len(lit) else bottom :] = 0, 0
    return np.asarray(lit, np.uint8)


def _between_bars(screen: _Screen) -> tuple[int, int]:
    """First row below the bars at the top, and first row of a bar at the lower end."""
    grey, rows = screen.grey.astype(np.int16), len(screen.grey)
    lit = grey > screen.black + NOISY_STEP
    level = np.asarray(
        [np.median(row[on]) if on.any() else 0 for row, on in zip(grey, lit, strict=True)]
    )
    alike = (np.abs(grey - level[:, None]) <= BAR_ALIKE).mean(axis=1)
    bar = (alike > BAR_SHARE) & (lit.mean(axis=1) > BAR_LIT)
    upper = np.flatnonzero(bar[: int(BAR_END * rows)])
    others = np.flatnonzero(~bar)
    bottom = int(others[-1]) + 1 if len(others) else 0
    return (int(upper[-1]) + 1 if len(upper) else 0), (rows if rows - bottom < BAR_ROWS else bottom)


def _opened(lit: Pixels, size: int) -> Pixels:
    """Opened by a disc; beyond the rim of the screen there is nothing."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    wide = cv2.copyMakeBorder(lit, size, size, size, size, cv2.BORDER_CONSTANT, value=0)
    opened = np.asarray(cv2.morphologyEx(wide, cv2.MORPH_OPEN, disc), np.uint8)
    return opened[size:-size, size:-size]


def _parts(screen: _Screen, core: Pixels) -> Pixels | None:
    """1 in the parts of the ultrasound picture."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=8)
    labels = np.asarray(labels)
    found = [
        number
        for number in range(1, count)
        if stats[number, cv2.CC_STAT_AREA] >= LEAST_SHARE * core.size
        and not _is_strip(stats[number], core.shape[1])
        and _is_picture(screen, labels == number)
    ]
    found.sort(key=lambda number: -int(stats[number, cv2.CC_STAT_AREA]))
    sure = [n for n in found if stats[n, cv2.CC_STAT_AREA] >= SURE_SHARE * core.size]
    if not sure:
        return None
    chosen = np.isin(labels, sure).astype(np.uint8)
    return _with_near_ones(chosen, [labels == n for n in found if n not in sure])


def _is_strip(stats: NDArray[np.int32], width_px: int) -> bool:
    short, long = sorted((int(stats[cv2.CC_STAT_WIDTH]), int(stats[cv2.CC_STAT_HEIGHT])))
    fill = int(stats[cv2.CC_STAT_AREA]) / (short * long)
    narrow = short < STRIP_SHARE * width_px and long > STRIP_ASPECT * short
    return narrow and (fill > STRIP_FILL or stats[cv2.CC_STAT_WIDTH] > STRIP_ACROSS * width_px)


def _is_picture(screen: _Screen, part: Mask) -> bool:
    """Whether a part is speckled as ultrasound is: no text, no panel, no grey scale."""
    above = np.int16(screen.black)
    grey, thick = (
        np.clip(p.astype(np.int16) - above, 0, None) for p in (screen.grey, screen.thick)
    )
    if float(thick[part].sum()) < THICK_SHARE * float(grey[part].sum()):
        return False
    steps = (np.abs(np.diff(thick, axis=axis, prepend=0))[part] > 0 for axis in (0, 1))
    return all(float(step.mean()) > TEXTURE_SHARE for step in steps)


def _with_near_ones(chosen: Pixels, others: list[Mask]) -> Pixels:
    """Add smaller parts near the outline, again and again as it grows."""
    width = chosen.shape[1]
    side = 2 * round(NEAR_SHARE * width) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    while others:
        hull = np.zeros_like(chosen)
        cv2.fillConvexPoly(hull, _corners(chosen).astype(np.int32), 1)
        near = np.asarray(cv2.dilate(hull, disc)) > 0
        added = [part for part in others if near[part].any()]
        if not added:
            break
        chosen = chosen | np.logical_or.reduce(added).astype(np.uint8)
        others = [part for part in others if not near[part].any()]
    return chosen


def _corners(mask: Pixels) -> NDArray[np.float64]:
    return np.asarray(cv2.convexHull(cv2.findNonZero(mask)), np.float64).reshape(-1, 2)
