"""Drawing a box and pulling at it, in frame pixels. Pure functions, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sonoassist.core.packets import Box

LEAST_PX = 4.0
"""No box is smaller than this on either side."""


class Grip(Enum):
    """Where a box is taken hold of: which of its edges go along (left, top, right, bottom)."""

    INSIDE = (True, True, True, True)
    LEFT = (True, False, False, False)
    TOP = (False, True, False, False)
    RIGHT = (False, False, True, False)
    BOTTOM = (False, False, False, True)
    TOP_LEFT = (True, True, False, False)
    TOP_RIGHT = (False, True, True, False)
    BOTTOM_LEFT = (True, False, False, True)
    BOTTOM_RIGHT = (False, False, True, True)


@dataclass(frozen=True, slots=True)
class Ground:
    """The picture that a box must stay in.

    Attributes:
        width: In frame pixels.
        height: In frame pixels.
    """

    width: float
    height: float

    def kept_in(self, x: float, y: float) -> tuple[float, float]:
        """The nearest point in the picture."""
        return min(max(x, 0.0), self.width), min(max(y, 0.0), self.height)

    def clamped(self, box: Box) -> Box | None:
        """The part of a box that lies in the picture; None where it is too small."""
        left, top = self.kept_in(box.left, box.top)
        right, bottom = self.kept_in(box.right, box.bottom)
        if right - left < LEAST_PX or bottom - top < LEAST_PX:
            return None
        return Box(left, top, right, bottom)


def drawn(begin: tuple[float, float], end: tuple[float, float], ground: Ground) -> Box | None:
    """The box between two points, on whole pixels; None where it is too small to be meant.

    Args:
        begin: Where the mouse was pressed, in frame pixels.
        end: Where it is now.
        ground: The picture.
    """
    (x0, y0), (x1, y1) = ground.kept_in(*begin), ground.kept_in(*end)
    left, right = sorted((float(round(x0)), float(round(x1))))
    top, bottom = sorted((float(round(y0)), float(round(y1))))
    return ground.clamped(Box(left, top, right, bottom))


def grip_at(box: Box, x: float, y: float, reach: float) -> Grip | None:
    """What of a box lies at a point: a corner, an edge, its inside, or nothing.

    Args:
        box: The box.
        x: Of the point, in frame pixels.
        y: Of the point.
        reach: So near to an edge counts as on it, in frame pixels.
    """
    inside = (
        box.left - reach <= x <= box.right + reach and box.top - reach <= y <= box.bottom + reach
    )
    if not inside:
        return None
    across, down = _near(x, box.left, box.right, reach), _near(y, box.top, box.bottom, reach)
    held = (across == "low", down == "low", across == "high", down == "high")
    return Grip(held) if any(held) else Grip.INSIDE


def _near(value: float, low: float, high: float, reach: float) -> str:
    """Which of two edges a value is at; of two that are both near, the nearer one."""
    if min(abs(value - low), abs(value - high)) > reach:
        return ""
    return "low" if abs(value - low) <= abs(value - high) else "high"


def pulled(box: Box, grip: Grip, dx: float, dy: float, ground: Ground) -> Box:
    """A box after it was pulled; never turned over, never out of the picture.

    Args:
        box: As it was when it was taken hold of; in the picture.
        grip: By what it is held.
        dx: How far the mouse has gone since then, in frame pixels.
        dy: The same, down.
        ground: The picture.
    """
    if grip is Grip.INSIDE:
        dx = min(max(dx, -box.left), ground.width - box.right)
        dy = min(max(dy, -box.top), ground.height - box.bottom)
        return Box(box.left + dx, box.top + dy, box.right + dx, box.bottom + dy)
    at_left, at_top, at_right, at_bottom = grip.value
    left, right = _edges(box.left, box.right, dx, (at_left, at_right), ground.width)
    top, bottom = _edges(box.top, box.bottom, dy, (at_top, at_bottom), ground.height)
    return Box(left, top, right, bottom)


def _edges(
    low: float, high: float, by: float, held: tuple[bool, bool], most: float
) -> tuple[float, float]:
    """Two opposite edges after one of them, or none, was pulled to a whole pixel."""
    if held[0]:
        low = min(max(float(round(low + by)), 0.0), max(high - LEAST_PX, 0.0))
    elif held[1]:
        high = max(min(float(round(high + by)), most), min(low + LEAST_PX, most))
    return low, high
