"""The ellipse of a bright wall: the skull, or the skin and ribs of the belly.

The saliency tells where about the anatomy lies and how large it is, but its edge is that of what
the network looks at. The wall is in the picture: along it a bright rim stands before something
darker outside. An ellipse is sought that has as much of such a rim as can be, and does not lie
too far from what the saliency says.

What lies inside of head or belly has rims too, and of a large one, or one that runs out of the
picture, the saliency shows a part. So where no clear rim is found, it is looked for once more from
a larger start. A rim outside of the picture is neither there nor missing; of both ellipses the one
counts that has the more of it where the picture shows it.

The search is the cross-entropy method: draw ellipses, keep the best, draw anew about those. Its
draws are always the same, so one picture gives one box.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats

REFERENCE_HEIGHT_PX = 224.0
"""Lengths in pixels are of an input of this height."""

_ROUNDS, _DRAWS, _BEST = 6, 300, 30
_POINTS = 32
_NOISE_PX = 2.0
_NEAR_PX = 51.0
"""Side of the neighbourhood whose contrast a rim is compared with."""
_FLAT = 0.16
"""Contrast, in deviations of the picture, below which a neighbourhood is taken to be empty."""
_RIM_PX = 5.0
"""So far outside of the wall it is darker."""
_STRONGEST = 2.0
"""A rim counts as this at most, in deviations of its neighbourhood."""
_HIDDEN = 0.35
"""What a rim outside of the picture counts."""
_CLEAR = 0.9
"""Where the rim is no less than this, there is no need for another start ..."""
_LARGER = 1.25
"""... which is so much larger."""
_LEAST_SHOWN = 0.25
"""A rim of which less is shown does not count the more for it."""
_OUTSIDE = -1e3
"""Stands for the contrast outside of the picture ..."""
_IS_OUTSIDE = -1e2
"""... and what is below this was not seen, or by a part of a pixel alone."""
_SMALLEST_PX = 8.0
_LENGTHENED, _LENGTHENED_STD = 0.2, 0.2
"""Logarithm of the long axis over the short one, as heads and bellies have it."""
_SHIFT_STD, _SIZE_STD = 0.4, 0.35
"""How wrong the start may be: its middle, in half axes, and the logarithm of its size."""
_TRUST = 0.03
"""Weight of the start against the rim."""
_SPREAD = np.array([0.25, 0.25, 0.2, 0.2, 0.7], np.float32)
_SPREAD_LEFT = np.array([0.5, 0.5, 0.5, 0.5, 0.02], np.float32)
_X, _Y, _LONG, _SHORT, _TURN = range(5)


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse in pixels of the input.

    Attributes:
        x: Of its middle.
        y: Of its middle.
        long: Half of one axis.
        short: Half of the other.
        turn_rad: Of the first axis against the horizontal, clockwise as seen.
    """

    x: float
    y: float
    long: float
    short: float
    turn_rad: float

    @property
    def box(self) -> Box:
        """Its upright bounding rectangle."""
        cosine, sine = np.cos(self.turn_rad), np.sin(self.turn_rad)
        wide = float(np.hypot(self.long * cosine, self.short * sine))
        high = float(np.hypot(self.long * sine, self.short * cosine))
        return Box(self.x - wide, self.y - high, self.x + wide, self.y + high)


def wall_ellipse(picture: Floats, start: Box) -> Ellipse:
    """The ellipse along the wall around the anatomy.

    Args:
        picture: The network input, float32 (h, w), mean 0.
        start: About where it lies, in pixels of the input; not empty.
    """
    unit = picture.shape[0] / REFERENCE_HEIGHT_PX
    walls, about = _contrast(picture, unit), _as_ellipse(start)
    found = _sought(walls, about, unit)
    clear = _shown_rim(walls, found, unit)
    if clear < _CLEAR:
        about[_LONG:_TURN] *= _LARGER
        other = _sought(walls, about, unit)
        if _shown_rim(walls, other, unit) > clear:
            found = other
    return _ellipse(found)


def _ellipse(values: Floats) -> Ellipse:
    return Ellipse(*(float(value) for value in values))


def _sought(walls: Floats, about: Floats, unit: float) -> Floats:
    """The best ellipse near a start."""
    middle, spread = _first(about), _SPREAD * _sizes(about)
    best, reached = about, -np.inf
    for draws in _draws():
        tried = middle + draws * spread
        tried[:, _LONG:_TURN] = np.maximum(tried[:, _LONG:_TURN], _SMALLEST_PX * unit)
        steps, shown = _steps(walls, tried, _RIM_PX * unit)
        steps[~shown] = _HIDDEN
        worth = steps.mean(axis=1) - _TRUST * _strangeness(tried, about)
        order = np.argsort(-worth, kind="stable")[:_BEST]
        if worth[order[0]] > reached:
            best, reached = tried[order[0]], float(worth[order[0]])
        chosen = tried[order]
        middle, spread = chosen.mean(axis=0), chosen.std(axis=0) + _SPREAD_LEFT
    return best


def _shown_rim(walls: Floats, ellipse: Floats, unit: float) -> float:
    """How much brighter it is along an ellipse than just outside, where the picture shows it."""
    steps, shown = _steps(walls, ellipse[None], _RIM_PX * unit)
    return float(steps[shown].sum() / max(shown.sum(), _LEAST_SHOWN * _POINTS))


def _contrast(picture: Floats, unit: float) -> Floats:
    """How bright each place is among those around it, in their deviations."""
    smooth = cv2.GaussianBlur(picture, (0, 0), _NOISE_PX * unit)
    side = (round(_NEAR_PX * unit),) * 2
    mean = cv2.blur(smooth, side)
    variance = np.maximum(cv2.sqrBoxFilter(smooth, cv2.CV_32F, side) - mean**2, 0)
    least = (_FLAT * float(picture.std())) ** 2
    contrast: Floats = (smooth - mean) / np.sqrt(variance + max(least, 1e-12))
    return contrast


def _as_ellipse(start: Box) -> Floats:
    return np.array(
        [
            (start.left + start.right) / 2,
            (start.top + start.bottom) / 2,
            start.width / 2,
            start.height / 2,
            0,
        ],
        np.float32,
    )


def _first(about: Floats) -> Floats:
    """Where the search begins: as large as the start, and lengthened as such anatomy is."""
    size = float(np.sqrt(about[_LONG] * about[_SHORT]))
    lengthened = float(np.exp(_LENGTHENED / 2))
    upright = about[_SHORT] > 1.1 * about[_LONG]
    return np.array(
        [
            about[_X],
            about[_Y],
            size * lengthened,
            size / lengthened,
            np.pi / 2 if upright else 0,
        ],
        np.float32,
    )


def _sizes(about: Floats) -> Floats:
    """What the spread of the first draws is measured in."""
    size = np.sqrt(about[_LONG] * about[_SHORT])
    return np.array([about[_LONG], about[_SHORT], size, size, 1], np.float32)


def _steps(walls: Floats, tried: Floats, rim_px: float) -> tuple[Floats, NDArray[np.bool_]]:
    """How much brighter it is at points of each ellipse than just outside, and which are shown.

    Returns:
        float32 and bool, (n, points).
    """
    larger = tried.copy()
    larger[:, _LONG:_TURN] += rim_px
    wall, beyond = np.split(_along(walls, np.concatenate([tried, larger])), 2)
    steps: Floats = np.clip(wall - beyond, 0, _STRONGEST)
    return steps, np.minimum(wall, beyond) > _IS_OUTSIDE


def _along(walls: Floats, tried: Floats) -> Floats:
    """The values along each ellipse, (n, points)."""
    x, y, long, short, turn = tried.T
    cosine, sine = np.cos(turn), np.sin(turn)
    values = cv2.remap(
        walls,
        np.stack([x, long * cosine, -short * sine], axis=1) @ _circle(),
        np.stack([y, long * sine, short * cosine], axis=1) @ _circle(),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_OUTSIDE,
    )
    return np.asarray(values, np.float32)


def _strangeness(tried: Floats, about: Floats) -> Floats:
    """Squared deviations from the start, and from the shape of such anatomy."""
    x, y, long, short, _ = tried.T
    shift = ((x - about[_X]) / about[_LONG]) ** 2 + ((y - about[_Y]) / about[_SHORT]) ** 2
    growth = np.log(long * short / (about[_LONG] * about[_SHORT])) / 2
    lengthened = np.log(long / short) - _LENGTHENED
    sum_: Floats = (
        shift / _SHIFT_STD**2 + (growth / _SIZE_STD) ** 2 + (lengthened / _LENGTHENED_STD) ** 2
    )
    return sum_


@lru_cache(maxsize=1)
def _draws() -> NDArray[np.float32]:
    draws = np.random.default_rng(0).standard_normal((_ROUNDS, _DRAWS, 5)).astype(np.float32)
    draws.flags.writeable = False
    return draws


@lru_cache(maxsize=1)
def _circle() -> Floats:
    """1, cosine and sine of the angles all round, (3, points)."""
    angles = np.arange(_POINTS, dtype=np.float32) * np.float32(2 * np.pi / _POINTS)
    return np.stack([np.ones_like(angles), np.cos(angles), np.sin(angles)])
