"""Lines of text that a scanner, or somebody at it, wrote on a picture.

Letters are thin strokes with steep flanks, alike in height and brightness, that stand beside each
other on a line and fill a good part of it. Speckle and calipers miss at least one of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels
from sonoassist.preprocess.channels import strongest

SCREEN_ROWS, LEAST_UNIT = 720, 0.6
"""Sizes below belong to a screen of so many rows; on small ones letters shrink less."""
STROKE = 5
"""A stroke is thinner."""
JUMP = 35
"""Grey levels by which a stroke is above what is beside it."""
LETTER_HEIGHT = (5.0, 40.0)
WIDEST, LEAST_AREA = 14, 6
"""Letters may touch: width over height of one piece; and its least area in pixels."""
FLAT, FLAT_SHARE = 30, 0.3
"""So many of a stroke's pixels are within so many levels of its brightest one."""
SAME_HEIGHT, SAME_LINE, SAME_BRIGHT, APART = 1.7, 0.6, 39, 1.5
"""Neighbours on a line: ratio of their heights, share of the lower one's height beside the other,
grey levels between them, and the gap in heights."""
LETTERS, LEAST_WIDTH, PAIR_WIDTH, PAIR_HEIGHT = 3, 1.8, 3.0, 8
"""A line: so many letters and its width in heights; of two pieces, wider and larger."""
LINE_HEIGHT, UNEVEN, SPREAD = 1.7, 0.2, 26
"""Height of a line over that of its letters, how uneven its foot is in heights, and its grey."""
INK_SHARE = 0.3
"""So much of the rectangle round a line is ink."""
NEAR_HEIGHT, NEAR_BRIGHT = (0.65, 1.35), 40
"""Beside a line stand single letters too ("C6", "FL", a unit): their height over that of the line,
and grey levels between them."""
NEAR_ROW, NEAR_SIDE, NEAR_GAP, NEAR_STEPS = 1.2, 0.5, 3.0, 6
"""How far from it in heights of the line: to the row above or below, sideways of that row, and on
the same line; and from letter to letter how often."""
PAIRS = 500_000
"""Of pieces that are looked at in one go."""


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Pieces of ink in the order of their left edges; one array each, pixels."""

    left: NDArray[np.int64]
    top: NDArray[np.int64]
    right: NDArray[np.int64]
    bottom: NDArray[np.int64]
    bright: NDArray[np.int64]
    flat: NDArray[np.bool_]
    """Enough of it is about as bright as its brightest pixel."""

    def only_flat(self) -> _Pieces:
        """Those that may be letters by themselves."""
        kept = self.flat
        edges = self.left[kept], self.top[kept], self.right[kept], self.bottom[kept]
        return _Pieces(*edges, self.bright[kept], kept[kept])

    @property
    def height(self) -> NDArray[np.int64]:
        return self.bottom - self.top


def text_lines(picture: Pixels) -> list[Box]:
    """Rectangles round the lines of text, uint8 (H, W, 3) RGB or (H, W), in its pixels."""
    grey = np.ascontiguousarray(strongest(picture))
    unit = max(len(grey) / SCREEN_ROWS, LEAST_UNIT)
    ink = _ink(grey, unit)
    pieces = _pieces(grey, ink, unit)
    letters = pieces.only_flat()
    boxes = (_line(letters, group, unit) for group in _groups(letters))
    lines = [box for box in boxes if box is not None and _inked(ink, box) >= INK_SHARE]
    return [*lines, *_letters_near(pieces, lines)]


def _ink(grey: Pixels, unit: float) -> Pixels:
    side = max(round(STROKE * unit), 3) | 1
    opened = cv2.morphologyEx(grey, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    around = cv2.erode(grey, np.ones((5, 5), np.uint8))
    thin = np.asarray(cv2.subtract(grey, opened)) > JUMP
    return np.asarray(thin & (np.asarray(cv2.subtract(grey, around)) > JUMP), np.uint8)


def _pieces(grey: Pixels, ink: Pixels, unit: float) -> _Pieces:
    # Not "WithStats": that measures every pixel of the screen, and of a whole screen little is ink.
    count, found = cv2.connectedComponents(ink, connectivity=8)
    inked = np.flatnonzero(ink.view(np.bool_))
    labels = np.asarray(found.ravel()[inked], np.int64)
    levels = np.asarray(grey.ravel()[inked], np.int64)
    brightest = np.zeros(count, np.int64)
    np.maximum.at(brightest, labels, levels)
    alike = levels + FLAT >= brightest[labels]
    area = np.bincount(labels, minlength=count)
    flat = np.bincount(labels, weights=alike, minlength=count) / np.maximum(area, 1)
    left, top, right, bottom = _edges(labels, inked, ink.shape, count)
    width, height = right - left, bottom - top
    least, greatest = (value * unit for value in LETTER_HEIGHT)
    letter = (height >= least) & (height <= greatest) & (width <= WIDEST * height)
    letter &= area >= LEAST_AREA * unit
    letter[0] = False  # what is no ink
    kept = np.flatnonzero(letter)
    kept = kept[np.argsort(left[kept], kind="stable")]
    edges = left[kept], top[kept], right[kept], bottom[kept]
    return _Pieces(*edges, brightest[kept], flat[kept] >= FLAT_SHARE)


def _edges(
    labels: NDArray[np.int64], inked: NDArray[np.intp], shape: tuple[int, ...], count: int
) -> tuple[NDArray[np.int64], ...]:
    """Left, top, right and bottom of the pieces, (count,) each, by the label of each inked pixel.

    Pixels are numbered row by row. A piece without one has no height and no width.
    """
    high, wide = shape
    row, column = np.divmod(inked, wide)
    left, right = np.full(count, wide, np.int64), np.full(count, wide, np.int64)
    top, bottom = np.full(count, high, np.int64), np.full(count, high, np.int64)
    np.minimum.at(left, labels, column)
    np.minimum.at(top, labels, row)
    right[labels], bottom[labels] = 0, 0
    np.maximum.at(right, labels, column + 1)
    np.maximum.at(bottom, labels, row + 1)
    return left, top, right, bottom


def _groups(pieces: _Pieces) -> list[NDArray[np.intp]]:
    """Pieces that stand beside each other, as numbers of them."""
    group = np.arange(len(pieces.left))
    for ones, others in _near_pairs(pieces):
        beside = _beside(pieces, ones, others)
        for one, other in zip(ones[beside].tolist(), others[beside].tolist(), strict=True):
            if group[other] != group[one]:
                group[group == group[other]] = group[one]
    order = np.argsort(group, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if len(order) else []


def _near_pairs(pieces: _Pieces) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """All pairs of pieces near enough to stand beside each other, some at a time.

    A screen full of strokes has so many that they would not all fit into memory.
    """
    numbers = np.arange(len(pieces.left))
    reach = int(pieces.height.max(initial=0) * APART) + 1
    ends = np.searchsorted(pieces.left, pieces.right + reach)
    behind = np.maximum(ends - numbers - 1, 0)  # so many may stand beside each one
    blocks = np.cumsum(behind) // PAIRS
    for some in np.split(numbers, np.flatnonzero(np.diff(blocks)) + 1):
        counts = behind[some]
        ones = np.repeat(some, counts)
        others = ones + 1 + np.arange(len(ones)) - np.repeat(np.cumsum(counts) - counts, counts)
        yield ones, others


def _beside(pieces: _Pieces, ones: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether of each pair of pieces one stands beside the other."""
    height, heights = pieces.height[ones], pieces.height[others]
    lower, higher = np.minimum(height, heights), np.maximum(height, heights)
    gap = pieces.left[others] - pieces.right[ones]
    wide = pieces.right - pieces.left
    widest = np.maximum(wide[ones], wide[others])
    shared = np.minimum(pieces.bottom[ones], pieces.bottom[others]) - np.maximum(
        pieces.top[ones], pieces.top[others]
    )
    near = (gap <= APART * higher) & (gap >= -0.5 * widest)
    level = (shared >= SAME_LINE * lower) & (higher <= SAME_HEIGHT * lower)
    bright = np.abs(pieces.bright[others] - pieces.bright[ones])
    return np.asarray(near & level & (bright <= SAME_BRIGHT))


def _line(pieces: _Pieces, group: NDArray[np.intp], unit: float) -> Box | None:
    """The rectangle round a group of pieces when it is a line of text."""
    left, right = int(pieces.left[group].min()), int(pieces.right[group].max())
    top, bottom = int(pieces.top[group].min()), int(pieces.bottom[group].max())
    height = float(np.median(pieces.height[group]))
    if len(group) < 2 or float(np.std(pieces.bright[group])) > SPREAD:
        return None
    if len(group) < LETTERS:
        fits = right - left > PAIR_WIDTH * height and height >= PAIR_HEIGHT * unit
    else:
        even = float(np.std(pieces.bottom[group])) < UNEVEN * height
        fits = even and right - left > LEAST_WIDTH * height and bottom - top < LINE_HEIGHT * height
    return Box(left, top, right, bottom) if fits else None


def _letters_near(pieces: _Pieces, lines: list[Box]) -> list[Box]:
    """Pieces that make no line by themselves, but stand beside one, or beside such a piece.

    Height and brightness are always compared with the line's: speckle would lead on and on.
    """
    left = np.ones(len(pieces.left), np.bool_)
    for box in lines:
        left &= ~_within(pieces, box)
    found: list[Box] = []
    for line in lines:
        like = left & _alike(pieces, line)
        waiting = [(line, 0)]
        while waiting:
            box, away = waiting.pop()
            near = np.flatnonzero(like & left & _near(pieces, box, line.height))
            left[near] = False
            boxes = [_box_of(pieces, one) for one in near]
            found += boxes
            waiting += [(one, away + 1) for one in boxes if away + 1 < NEAR_STEPS]
    return found


def _box_of(pieces: _Pieces, one: np.intp) -> Box:
    edges = pieces.left, pieces.top, pieces.right, pieces.bottom
    return Box(*(int(edge[one]) for edge in edges))


def _alike(pieces: _Pieces, line: Box) -> NDArray[np.bool_]:
    inside = pieces.bright[_within(pieces, line)]
    bright = float(np.median(inside)) if len(inside) else 255.0
    share = pieces.height / line.height
    high = (share >= NEAR_HEIGHT[0]) & (share <= NEAR_HEIGHT[1])
    return np.asarray(high & (abs(pieces.bright - bright) <= NEAR_BRIGHT))


def _within(pieces: _Pieces, box: Box) -> NDArray[np.bool_]:
    level = (pieces.top >= box.top) & (pieces.bottom <= box.bottom)
    return np.asarray(level & (pieces.left >= box.left) & (pieces.right <= box.right))


def _near(pieces: _Pieces, box: Box, high: float) -> NDArray[np.bool_]:
    aside = np.maximum(box.left - pieces.right, pieces.left - box.right)
    away = np.maximum(box.top - pieces.bottom, pieces.top - box.bottom)
    lower = np.minimum(pieces.height, box.height)
    same_row = (away <= -SAME_LINE * lower) & (aside <= NEAR_GAP * high)
    next_row = (away > 0) & (away <= NEAR_ROW * high) & (aside <= NEAR_SIDE * high)
    return np.asarray(same_row | next_row)


def _inked(ink: Pixels, box: Box) -> float:
    return float(ink[int(box.top) : int(box.bottom), int(box.left) : int(box.right)].mean())
