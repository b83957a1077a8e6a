"""One straight bright line: the femur's shaft.

A network lights up what is around the bone, its shadow above all, as much as the bone. In the
picture the shaft is the longest straight thing that is much brighter than what is beside it; the
saliency only has to say which of several it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats
from sonoassist.localise.ellipse import REFERENCE_HEIGHT_PX

_NOISE_PX = 2.5
_THICKEST_PX = 19.0
"""What is wider both ways is no line."""
_BRIGHTEST_PERCENT = (92.0, 94.0, 95.0)
"""Levels at which lines are cut out; of three boxes the middle of each edge is taken."""
_SMALLEST_PX = 40.0
_EDGE, _RIDGE_PERCENT = 0.45, 90.0
"""A line ends where it is this part as bright as along its ridge, whatever cut it out."""
_GREY_OF_MEAN, _GREY_OF_DEVIATION = 90.0, 64.0

_Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Line:
    """One bright thing, and how much it is like the shaft."""

    box: Box
    worth: float


def line_box(picture: Floats, evidence: Floats) -> Box | None:
    """Bounding rectangle of the bright line that the evidence speaks for.

    Args:
        picture: The network input, float32 (h, w), mean 0.
        evidence: float32 (h, w), in [0, 1].

    Returns:
        In pixels of the input; None where there is no such line.
    """
    unit = picture.shape[0] / REFERENCE_HEIGHT_PX
    grey = _grey(picture, unit)
    side = (max(round(_THICKEST_PX * unit), 3),) * 2
    shape = cv2.getStructuringElement(cv2.MORPH_RECT, side)
    standing_out = np.asarray(cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, shape), np.uint8)
    found = []
    for level in np.percentile(standing_out, _BRIGHTEST_PERCENT):
        lines = _lines(standing_out, level, grey, evidence, _SMALLEST_PX * unit**2)
        best = max(lines, key=lambda line: line.worth, default=None)
        if best is not None:
            found.append(best.box)
    return _middle(found)


def _grey(picture: Floats, unit: float) -> _Grey:
    """Smoothed, in eight bits: the filter for lines is some thirty times quicker on them."""
    spread = max(float(picture.std()), 1e-6)
    smooth = cv2.GaussianBlur(picture, (0, 0), _NOISE_PX * unit)
    scaled = smooth * (_GREY_OF_DEVIATION / spread) + _GREY_OF_MEAN
    grey: _Grey = np.clip(scaled, 0, 255).astype(np.uint8)
    return grey


def _lines(
    standing_out: _Grey, level: float, grey: _Grey, evidence: Floats, smallest_px: float
) -> Iterator[_Line]:
    mask = (standing_out > level).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for number in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[number])
        if area < smallest_px:
            continue
        window = (slice(top, top + height), slice(left, left + width))
        inside = labels[window] == number
        brightness = max(float(grey[window][inside].mean()) - _GREY_OF_MEAN, 0.0)
        worth = _straight_length(inside) * brightness * float(evidence[window][inside].mean())
        yield _Line(_edges(standing_out[window], inside, left, top), worth)


def _edges(standing_out: _Grey, inside: NDArray[np.bool_], left: int, top: int) -> Box:
    """Bounding rectangle of what of a line is bright enough."""
    ridge = float(np.percentile(standing_out[inside], _RIDGE_PERCENT))
    rows, columns = np.nonzero(inside & (standing_out > _EDGE * ridge))
    return Box(
        left + int(columns.min()),
        top + int(rows.min()),
        left + int(columns.max()) + 1,
        top + int(rows.max()) + 1,
    )


def _straight_length(inside: NDArray[np.bool_]) -> float:
    """Length of a thing less its thickness, both as of a bar with its moments, in pixels."""
    across = np.linalg.eigvalsh(np.cov(np.stack(np.nonzero(inside)).astype(np.float32)))
    thickness, length = np.sqrt(12 * np.maximum(across, 0))
    return float(length - thickness)


def _middle(boxes: list[Box]) -> Box | None:
    """The median of each edge."""
    if not boxes:
        return None
    edges = np.median([[box.left, box.top, box.right, box.bottom] for box in boxes], axis=0)
    return Box(*(float(edge) for edge in edges))
