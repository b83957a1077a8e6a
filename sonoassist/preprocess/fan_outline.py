"""Edges and arcs of a fan, fitted to where the live picture was seen.

A fan is what beams from one point cover: two straight edges that meet in the apex, the arc of the
probe's face and that of the greatest depth, cut by the frame of the picture. A linear probe has its
apex far away. Each part is chosen so that the most cells agree with what was seen.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats

Outline = NDArray[np.float64]
"""(n, 2), corners of a polygon in frame pixels, x before y."""

GOOD_IOU, SURE_IOU = 0.95, 0.985
"""Overlap with what was seen from which a fit is believed, and from which no other is tried."""
PARALLEL_APEX = 40.0
"""Heights of the picture that the apex of parallel edges is set above it."""
NEAR_LINE, NEAR_RIM = 0.008, 0.02
"""Share of the frame's width within which a point lies on a line, and on the picture's frame."""
LEAST_ROWS = 0.2
"""Share of the picture's rows that an edge must explain."""
PAIRS = 12
"""Points along a side that lines are tried through."""
LEAST_ARC, LEAST_CELLS = 8, 12
"""Points that make an arc, and cells that make a picture."""
ROUNDS = 2
"""Arcs and edges are settled in turn so often."""
ARC_POINTS = 48


@dataclass(frozen=True, slots=True)
class FanOutline:
    """The geometry of a fan.

    Attributes:
        apex_x: Where the edges meet, frame pixels; it may lie far outside.
        apex_y: The same down the frame.
        left_rad: Angle of the left edge from straight down, negative to the left.
        right_rad: Angle of the right edge.
        near_px: Distance of the probe's face from the apex.
        far_px: Distance of the greatest depth from the apex.
        clip: The picture's frame, which may cut all of these.
    """

    apex_x: float
    apex_y: float
    left_rad: float
    right_rad: float
    near_px: float
    far_px: float
    clip: Box

    def polygon(self) -> Outline:
        """The outline as a polygon in frame pixels; empty where the frame leaves nothing."""
        angles = np.linspace(self.left_rad, self.right_rad, ARC_POINTS)
        face = self._arc(self.near_px, angles)
        back = self._arc(self.far_px, angles[::-1])
        return cut_by(np.concatenate([face, back]), self.clip)

    def _arc(self, radius_px: float, angles: NDArray[np.float64]) -> Outline:
        x = self.apex_x + radius_px * np.sin(angles)
        return np.stack([x, self.apex_y + radius_px * np.cos(angles)], axis=1)


def fit_fan(mask: Floats, box: Box, width_px: int, height_px: int) -> FanOutline | None:
    """The fan that explains where the picture was seen; None where none does well.

    Args:
        mask: Probability that a cell belongs to the picture, float32 (rows, columns).
        box: Bounds of the picture, frame pixels.
        width_px: Of the frame that the mask covers.
        height_px: Of the frame.
    """
    cells = _Cells.of(mask, box, width_px, height_px)
    if np.count_nonzero(cells.gain > 0) < LEAST_CELLS:
        return None
    best, most = None, GOOD_IOU
    for apex in _apexes(cells):
        fan = _settled(cells, *apex)
        share = cells.iou(fan)
        if share >= most:
            best, most = fan, share
        if share >= SURE_IOU:
            break  # the others could not be much better
    return best


def cut_by(polygon: Outline, clip: Box) -> Outline:
    """The part of a polygon inside of a box (Sutherland and Hodgman 1974)."""
    sides = ((0, clip.left, 1.0), (0, clip.right, -1.0), (1, clip.top, 1.0), (1, clip.bottom, -1.0))
    for axis, edge, sign in sides:
        if not len(polygon):
            break
        depth = sign * (polygon[:, axis] - edge)
        kept: list[NDArray[np.float64]] = []
        for at in range(len(polygon)):
            here, there = at - 1, at
            if (depth[here] >= 0) != (depth[there] >= 0):
                part = depth[here] / (depth[here] - depth[there])
                kept.append(polygon[here] + part * (polygon[there] - polygon[here]))
            if depth[there] >= 0:
                kept.append(polygon[there])
        polygon = np.asarray(kept, np.float64).reshape(-1, 2)
    return polygon


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of a mask with their places in the frame.

    Attributes:
        gain: What it is worth to take a cell in: 2 p - 1, (rows, columns).
        x: Middle of each cell, frame pixels.
        y: The same down the frame.
        box: Bounds of the picture.
        reach_px: Width of the frame.
    """

    gain: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    box: Box
    reach_px: float

    @staticmethod
    def of(mask: Floats, box: Box, width_px: int, height_px: int) -> _Cells:
        rows, columns = mask.shape
        x = (np.arange(columns) + 0.5) * width_px / columns
        y = (np.arange(rows) + 0.5) * height_px / rows
        across, down = np.meshgrid(x, y)
        return _Cells(2.0 * mask.astype(np.float64) - 1.0, across, down, box, float(width_px))

    def polar(self, fan: FanOutline) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Angle and distance of each cell from the apex."""
        across, down = self.x - fan.apex_x, self.y - fan.apex_y
        return np.arctan2(across, down), np.hypot(across, down)

    def clipped(self) -> NDArray[np.bool_]:
        """Cells inside of the picture's frame."""
        inside = (self.x >= self.box.left) & (self.x <= self.box.right)
        return np.asarray(inside & (self.y >= self.box.top) & (self.y <= self.box.bottom))

    def iou(self, fan: FanOutline) -> float:
        """Overlap of a fan with what was seen."""
        angle, distance = self.polar(fan)
        drawn = self.clipped() & (angle >= fan.left_rad) & (angle <= fan.right_rad)
        drawn &= (distance >= fan.near_px) & (distance <= fan.far_px)
        seen = self.gain > 0
        either = int((drawn | seen).sum())
        return int((drawn & seen).sum()) / either if either else 0.0


def _apexes(cells: _Cells) -> Iterator[tuple[float, float]]:
    """Where the beams may meet: by the edges, by each arc, and far above for parallel ones."""
    box = cells.box
    by_arcs = (_centre(arc(cells)) for arc in (_far_arc, _near_arc, _far_rim))
    for apex in itertools.chain([_meeting(cells)], by_arcs):
        if apex is not None and apex[1] < box.bottom:
            yield apex
    yield (box.left + box.right) / 2, box.top - PARALLEL_APEX * box.height


def _settled(cells: _Cells, apex_x: float, apex_y: float) -> FanOutline:
    """The fan with this apex whose edges and arcs explain the most cells."""
    fan = FanOutline(apex_x, apex_y, -math.pi / 2, math.pi / 2, 0.0, math.inf, cells.box)
    for _ in range(ROUNDS):
        fan = _with_angles(cells, _with_arcs(cells, fan))
    return _with_arcs(cells, fan)


def _meeting(cells: _Cells) -> tuple[float, float] | None:
    """Where the straight edges at both sides meet; None where the frame cuts one of them."""
    seen = cells.gain > 0
    rows = np.flatnonzero(seen.any(axis=1))
    box, step = cells.box, cells.x[0, 1] - cells.x[0, 0]
    y = cells.y[rows, 0]
    left = _first(cells.gain[rows]) * step
    right = (seen.shape[1] - _first(cells.gain[rows, ::-1])) * step
    near_px, rim_px = NEAR_LINE * cells.reach_px, NEAR_RIM * cells.reach_px
    least = max(int(LEAST_ROWS * len(rows)), 3)
    inner, outer = left > box.left + rim_px, right < box.right - rim_px
    one = _line_through(left[inner], y[inner], near_px, least, sign=-1)
    other = _line_through(right[outer], y[outer], near_px, least, sign=1)
    if one is None or other is None or other[0] - one[0] < 1e-6:
        return None
    y0 = (one[1] - other[1]) / (other[0] - one[0])
    return one[0] * y0 + one[1], y0


def _far_arc(cells: _Cells) -> Outline:
    """Points along the lower rim, but those where the frame may cut it; (n, 2)."""
    points = _far_rim(cells)
    return np.asarray(points[points[:, 1] < cells.box.bottom - NEAR_RIM * cells.reach_px])


def _far_rim(cells: _Cells) -> Outline:
    """All points along the lower rim: the arc itself where no frame cuts it; (n, 2)."""
    columns = np.flatnonzero((cells.gain > 0).any(axis=0))
    step = cells.y[1, 0] - cells.y[0, 0]
    y = (len(cells.gain) - _first(cells.gain[::-1, columns].T)) * step
    return np.stack([cells.x[0, columns], y], axis=1)


def _near_arc(cells: _Cells) -> Outline:
    """Points along the upper rim between its two highest ones, where the probe is; (n, 2)."""
    columns = np.flatnonzero((cells.gain > 0).any(axis=0))
    step = cells.y[1, 0] - cells.y[0, 0]
    y = _first(cells.gain[:, columns].T) * step
    middle = len(y) // 2
    first, last = int(np.argmin(y[: middle + 1])), middle + int(np.argmin(y[middle:]))
    points = np.stack([cells.x[0, columns], y], axis=1)[first : last + 1]
    return np.asarray(points[points[:, 1] > cells.box.top + NEAR_RIM * cells.reach_px])


def _centre(points: Outline) -> tuple[float, float] | None:
    """Centre of the circle through points, by least squares (Kasa 1976)."""
    for _ in range(2):
        if len(points) < LEAST_ARC:
            return None
        ones = np.concatenate([2 * points, np.ones((len(points), 1))], axis=1)
        (x, y, _rest), *_ = np.linalg.lstsq(ones, (points**2).sum(axis=1), rcond=None)
        off = np.abs(np.hypot(points[:, 0] - x, points[:, 1] - y))
        off = np.abs(off - np.median(off))
        points = points[off <= np.quantile(off, 0.8)]
    return float(x), float(y)


def _first(gain: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where each row of cells first rises above one half, in cells from its beginning."""
    first = (gain > 0).argmax(axis=1)
    rows = np.arange(len(gain))
    here, before = gain[rows, first], np.where(first > 0, gain[rows, first - 1], -1.0)
    return np.asarray(first + 0.5 - here / (here - before))


def _line_through(
    x: NDArray[np.float64], y: NDArray[np.float64], near_px: float, least: int, *, sign: int
) -> tuple[float, float] | None:
    """Slope and beginning of the line x(y) that the most points lie on; None for too few.

    Args:
        x: Across, frame pixels.
        y: Down.
        near_px: A point lies on a line that is so near.
        least: So many points have to.
        sign: Of the slope: an edge leads outwards.
    """
    if len(x) < least:
        return None
    tried = np.unique(np.linspace(0, len(x) - 1, PAIRS).round().astype(int))
    best = np.zeros(len(x), np.bool_)
    for one, other in itertools.combinations(tried, 2):
        slope = (x[other] - x[one]) / (y[other] - y[one])
        on = np.abs(x - x[one] - slope * (y - y[one])) <= near_px
        if slope * sign >= 0 and on.sum() > best.sum():
            best = on
    if best.sum() < least:
        return None
    slope, at = np.polyfit(y[best], x[best], 1)
    return float(slope), float(at)


def _with_arcs(cells: _Cells, fan: FanOutline) -> FanOutline:
    angle, distance = cells.polar(fan)
    inside = cells.clipped() & (angle >= fan.left_rad) & (angle <= fan.right_rad)
    near, far = _span(distance[inside], cells.gain[inside])
    return replace(fan, near_px=near, far_px=far)


def _with_angles(cells: _Cells, fan: FanOutline) -> FanOutline:
    angle, distance = cells.polar(fan)
    inside = cells.clipped() & (distance >= fan.near_px) & (distance <= fan.far_px)
    left, right = _span(angle[inside], cells.gain[inside])
    return replace(fan, left_rad=left, right_rad=right)


def _span(at: NDArray[np.float64], gain: NDArray[np.float64]) -> tuple[float, float]:
    """Begin and end of the stretch whose cells together gain the most."""
    if not len(at):
        return 0.0, 0.0
    order = np.argsort(at)
    places, total = at[order], np.concatenate([[0.0], np.cumsum(gain[order])])
    lowest = np.minimum.accumulate(total)
    last = int(np.argmax(total - lowest))
    first = int(np.argmin(total[: last + 1]))
    edges = np.concatenate([places[:1], (places[1:] + places[:-1]) / 2, places[-1:]])
    return float(edges[first]), float(edges[last])


def filled(outline: Outline, width_px: int, height_px: int) -> NDArray[np.bool_]:
    """Which pixels of a frame have their middle inside of an outline, bool (height, width)."""
    canvas = np.zeros((height_px, width_px), np.uint8)
    if len(outline) >= 3:
        fine = np.round((outline - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(canvas, [fine], 1, shift=4)
    return canvas > 0
