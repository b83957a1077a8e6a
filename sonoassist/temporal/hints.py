"""Hints by the picture and the box: cut off, too small, off centre, too dark or bright, moving.

A pure function of what was measured; what was not measured gives no hint. The limits were chosen on
synthetic exams with their truth (`phantom.flaws`), of other seeds than those measured, and on real
stills.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.flaws import Flaw, Hint, Hints
from sonoassist.core.packets import Analysis, Box, Floats
from sonoassist.core.planes import INDEX, KEYS

LONG = ("spine_cor", "spine_sag")
"""They may reach out of the picture at both sides: none shows all of a spine."""
USUAL_SIZE = 0.36
OWN_SIZE = {
    "femur": 0.22,
    "lips": 0.15,
    "spine_cor": 0.4,
    "spine_sag": 0.4,
    "3vv": 0.25,
    "4ch": 0.25,
    "lvot": 0.25,
    "rvot": 0.25,
}
"""Share of the picture's width, or height, below which a plane is too small; of most `USUAL_SIZE`.
A thigh and a heart are small, however near one looks."""
ASIDE, THIGH_ASIDE = 0.22, 0.3
"""Shares of the picture's width and height between the middles of anatomy and picture. The end of
a femur is found more surely than all of it."""
RIM = 0.02
"""Share of the picture's width beside a box where there has to be picture."""
OUTSIDE = 0.7
"""So much of one side of a box has to lie at the rim of the field of view."""
DARK, BRIGHT = 80.0, 0.035
"""The 95th percentile of grey levels up to which, and the share of white from which, light is
wrong."""
FAST = 0.13
"""Widths of the picture that it moves in a second, see `MotionMeter`."""

Edges = NDArray[np.floating]
Shares = NDArray[np.float64]
Outline = Sequence[tuple[float, float]]
_LEAST = np.array([OWN_SIZE.get(key, USUAL_SIZE) for key in KEYS])
_ASIDE = np.array([THIGH_ASIDE if key == "femur" else ASIDE for key in KEYS])
_LONG = np.array([key in LONG for key in KEYS])
_POINTS = (np.arange(9) + 0.5) / 9


@dataclass(frozen=True, slots=True)
class Light:
    """Levels of grey within the field of view.

    Attributes:
        high: The 95th percentile, 0 to 255.
        white: Share of the picture that is nearly white.
    """

    high: float
    white: float


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the anatomy of a plane lies.

    Attributes:
        plane: Key of the plane.
        box: Of its anatomy, in frame pixels.
        crop: What the network saw, in frame pixels.
        outline: Of the field of view, a polygon in frame pixels; empty where that is not known:
            the crop takes its place.
    """

    plane: str
    box: Box
    crop: Box
    outline: Outline = ()


def placed_of(analysis: Analysis) -> Placed | None:
    """Where the anatomy of an analysed frame lies; None where no plane or no box is shown."""
    box = analysis.shown_box
    if box is None:
        return None
    geometry = analysis.geometry
    return Placed(analysis.prediction.plane.key, box, geometry.crop, geometry.field)


def hints_of(
    placed: Placed | None, light: Light | None = None, motion_hz: float = math.nan
) -> Hints:
    """What could be better in a picture of a plane.

    Args:
        placed: Where its anatomy lies; None where that is not known.
        light: Its levels of grey; None where they were not measured.
        motion_hz: Widths of the picture that it moves in a second; not a number where that was
            not measured.
    """
    found = {} if placed is None else _of_place(placed)
    if light is not None:
        found[Flaw.TOO_DARK] = (DARK - light.high) / DARK * 2 if light.high < DARK else 0.0
        found[Flaw.TOO_BRIGHT] = light.white / BRIGHT / 2 if light.white > BRIGHT else 0.0
    if motion_hz >= FAST:
        found[Flaw.MOVING] = motion_hz / FAST - 1
    return tuple(Hint(flaw, min(found[flaw], 1.0)) for flaw in Flaw if found.get(flaw, 0.0) > 0)


def placed_again(before: Hints, analysis: Analysis) -> Hints:
    """The hints of a frame whose own box has come behind them: light and motion are as before."""
    rest = [one for one in before if one.flaw not in _BY_PLACE]
    both = [*hints_of(placed_of(analysis)), *rest]
    return tuple(sorted(both, key=lambda one: _ORDER.index(one.flaw)))


def own_hints(hints: Hints | None, analysis: Analysis) -> Hints | None:
    """Those that are by the frame itself, as its record keeps them: by no box of an earlier one."""
    if hints is None or not analysis.lacks_box:
        return hints
    return tuple(one for one in hints if one.flaw not in _BY_PLACE)


_ORDER = list(Flaw)
_BY_PLACE = (Flaw.CUT_OFF, Flaw.TOO_SMALL, Flaw.OFF_CENTRE)


def _of_place(placed: Placed) -> dict[Flaw, float]:
    box, crop = placed.box, placed.crop
    boxes, crops = _edges(box), _edges(crop)
    plane = np.array([INDEX[placed.plane]])
    small, aside = _too_small(boxes, crops, plane), _off_centre(boxes, crops, plane)
    if placed.outline:
        outside = _outside(placed)
        cut = outside if outside >= OUTSIDE else 0.0
    else:
        cut = float(_at_edge(boxes, crops, plane)[0])
    return {
        Flaw.CUT_OFF: cut,
        Flaw.TOO_SMALL: float(small[0]),
        Flaw.OFF_CENTRE: float(aside[0]),
    }


def place_flaws(boxes: Edges, crops: Edges, planes: NDArray[np.intp]) -> Floats:
    """How many hints many frames get by their boxes and crops alone.

    Args:
        boxes: (n, 4), left, top, right, bottom in frame pixels; nan without a box.
        crops: (n, 4), alike, what the network saw; nan where that is not known.
        planes: (n,), index of the plane whose anatomy each box encloses.

    Returns:
        float32 (n,), 0 to 3; nan where box or crop is not known.
    """
    kinds = (_too_small, _off_centre, _at_edge)
    with np.errstate(invalid="ignore", divide="ignore"):
        counts = sum((kind(boxes, crops, planes) > 0).astype(np.float32) for kind in kinds)
    unknown = np.isnan(boxes).any(axis=1) | np.isnan(crops).any(axis=1)
    return np.where(unknown, np.float32(np.nan), counts).astype(np.float32)


def _edges(box: Box) -> Edges:
    return np.array([[box.left, box.top, box.right, box.bottom]])


def _sizes(edges: Edges) -> Shares:
    """Widths and heights, (n, 2)."""
    return np.asarray(edges[:, 2:] - edges[:, :2], np.float64)


def _too_small(boxes: Edges, crops: Edges, planes: NDArray[np.intp]) -> Shares:
    """How much too small each is, 0 for not; (n,)."""
    size = (_sizes(boxes) / _sizes(crops)).max(axis=1)
    least = _LEAST[planes]
    return np.where(size < least, (1 - size / least) * 2, 0.0)


def _off_centre(boxes: Edges, crops: Edges, planes: NDArray[np.intp]) -> Shares:
    """How much too far from the middle each is, 0 for not; (n,)."""
    middles = (boxes[:, :2] + boxes[:, 2:] - crops[:, :2] - crops[:, 2:]) / 2
    away, most = np.abs(middles / _sizes(crops)).max(axis=1), _ASIDE[planes]
    return np.where(away > most, (away - most) / most * 2, 0.0)


def _at_edge(boxes: Edges, crops: Edges, planes: NDArray[np.intp]) -> Shares:
    """1 where a box touches an edge of what the network saw, 0 for not; (n,)."""
    near = RIM / 2 * _sizes(crops)[:, :1]
    touches = np.concatenate([boxes[:, :2] - crops[:, :2], crops[:, 2:] - boxes[:, 2:]], axis=1)
    at_edge = touches <= near
    at_edge[:, ::2] &= ~_LONG[planes][:, None]
    return np.where(at_edge.any(axis=1), 1.0, 0.0)


def _outside(placed: Placed) -> float:
    """The largest share of a side of the box beside which the field of view ends, 0 to 1."""
    box, rim_px = placed.box, RIM * placed.crop.width
    x = box.left + _POINTS * box.width
    y = box.top + _POINTS * box.height
    left, right = box.left - rim_px, box.right + rim_px
    top, bottom = box.top - rim_px, box.bottom + rim_px
    sides = [(x, np.full_like(x, top)), (x, np.full_like(x, bottom))]
    if placed.plane not in LONG:
        sides += [(np.full_like(y, left), y), (np.full_like(y, right), y)]
    polygon = np.asarray(placed.outline, np.float64)
    inside = _inside(
        polygon, np.concatenate([a for a, _ in sides]), np.concatenate([b for _, b in sides])
    )
    return float((~inside).reshape(len(sides), -1).mean(axis=1).max())


def _inside(polygon: Shares, x: Shares, y: Shares) -> NDArray[np.bool_]:
    """Which points lie inside of a polygon (k, 2): a ray from them crosses it oddly often."""
    x0, y0 = polygon[:, 0, None], polygon[:, 1, None]
    x1, y1 = np.roll(x0, -1, axis=0), np.roll(y0, -1, axis=0)
    crosses = (y0 > y) != (y1 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    return np.asarray((crosses & (x < at)).sum(axis=0) % 2 == 1)
