"""Drawing on a picture with OpenCV: text, lines, marks and logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Pixels

Colour = tuple[int, int, int]
"""BGR, as OpenCV wants it."""
Point = tuple[float, float]


def colour(text: str) -> Colour:
    """From "#rrggbb"."""
    red, green, blue = (int(text[at : at + 2], 16) for at in (1, 3, 5))
    return blue, green, red


INK, SOFT, GRID, PAPER = (colour(text) for text in ("#22282e", "#5d6670", "#e3e6ea", "#ffffff"))


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of the picture, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    def inside(self, left: float, top: float, right: float, bottom: float) -> Area:
        """The area without a rim."""
        return Area(self.left + left, self.top + top, self.right - right, self.bottom - bottom)


@dataclass(frozen=True, slots=True)
class LogAxis:
    """A logarithmic scale from `low` to `high` along `start` to `end` in pixels."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value is; values off the scale are put at its end."""
        clipped = min(max(value, self.low), self.high)
        share = math.log(clipped / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> Iterator[float]:
        """The values 1, 2 and 5 times a power of ten on the scale."""
        for power in range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1):
            for step in (1, 2, 5):
                value = step * 10.0**power
                if self.low * 0.999 <= value <= self.high * 1.001:
                    yield value


def short(value: float) -> str:
    """A number in two or three figures: "0.5", "8.4", "125", "2.8k", "620k"."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if value >= 0.9995 * size:
            return short(value / size) + unit
    if value >= 9.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 0.995 else f"{value:.2g}"


def tick(value: float) -> str:
    """A round number as short as it can be."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


EVEN = {0: 0.9, 3: 1.3, -4: 1.15}
"""Factors that make marks of different shapes look equally large."""


class ChartCanvas:
    """A white picture to draw on.

    Args:
        width_px: Its width.
        height_px: Its height.

    Attributes:
        pixels: uint8, (height, width, 3), BGR.
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        self.pixels: Pixels = np.full((height_px, width_px, 3), 255, np.uint8)

    def text(
        self,
        at: Point,
        words: str,
        *,
        size: float = 0.5,
        ink: Colour = INK,
        anchor: float = 0.0,
        bold: bool = False,
        plate: bool = False,
    ) -> None:
        """Write on the base line `at`; anchor 0 begins there, 0.5 is centred, 1 ends there.

        A plate hides what is behind the text.
        """
        font = cv2.FONT_HERSHEY_DUPLEX if bold else cv2.FONT_HERSHEY_SIMPLEX
        wide = text_width(words, size, bold=bold)
        x = at[0] - anchor * wide
        if plate:
            self.fill(Area(x - 1, at[1] - 26 * size, x + wide + 1, at[1] + 4), PAPER)
        cv2.putText(self.pixels, words, (round(x), round(at[1])), font, size, ink, 1, cv2.LINE_AA)

    def line(self, start: Point, end: Point, ink: Colour = GRID, thick: int = 1) -> None:
        """A straight line."""
        cv2.line(self.pixels, _whole(start), _whole(end), ink, thick, cv2.LINE_AA)

    def fill(self, area: Area, ink: Colour) -> None:
        """A filled rectangle; at least one row high."""
        corner = area.right - 1, max(area.bottom - 1, area.top)
        cv2.rectangle(self.pixels, _whole((area.left, area.top)), _whole(corner), ink, -1)

    def mark(self, at: Point, sides: int, ink: Colour, *, filled: bool, size: float = 8) -> None:
        """A mark: 0 sides is a circle, 3 a triangle, 4 a square, -4 a square on its corner."""
        count = abs(sides) or 36
        begin = math.pi / 4 if sides == 4 else math.pi / 2
        size *= EVEN.get(sides, 1.0)
        turns = begin + np.arange(count) * 2 * math.pi / count
        corners = np.column_stack([at[0] + size * np.cos(turns), at[1] - size * np.sin(turns)])
        places = np.rint(corners * 16).astype(np.int32)[:, None]
        cv2.fillPoly(self.pixels, [places], ink if filled else PAPER, cv2.LINE_AA, 4)
        edge = PAPER if filled else ink
        cv2.polylines(self.pixels, [places], True, edge, 1 if filled else 2, cv2.LINE_AA, 4)


def text_width(words: str, size: float, *, bold: bool = False) -> float:
    """Width of a text in pixels."""
    font = cv2.FONT_HERSHEY_DUPLEX if bold else cv2.FONT_HERSHEY_SIMPLEX
    return float(cv2.getTextSize(words, font, size, 1)[0][0])


def _whole(point: Point) -> tuple[int, int]:
    return round(point[0]), round(point[1])
