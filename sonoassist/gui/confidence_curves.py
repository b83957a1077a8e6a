"""Confidences of planes as curves: the threshold, what was captured; live and of a recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QColor

from sonoassist.core.planes import PLANES
from sonoassist.gui.curve_parts import Tag
from sonoassist.gui.curve_scale import share_ticks
from sonoassist.gui.theme import Look
from sonoassist.temporal.trend import Trend

if TYPE_CHECKING:
    from sonoassist.gui.curves import Graph

LANE_PX = 25
"""Height of the names above the curves."""
_LINE_PX, _STRONG_PX, _MARK_PX = 2, 3, 10
_BESIDE_PX = 3
"""Between two names."""
_TICK_PX = 15
"""Height of a word on the axis."""


@dataclass(frozen=True, slots=True)
class CurveMark:
    """A frame that was captured or chosen.

    Attributes:
        place: As in the trend.
        plane: Number of the plane that it stands for, in the order of `PLANES`.
        share: Confidence of that plane, 0 to 1.
        kept: A person said that it is good.
    """

    place: float
    plane: int
    share: float
    kept: bool


@dataclass(frozen=True, slots=True)
class CurvePicture:
    """All that is drawn.

    Attributes:
        trend: Of all classes.
        planes: Numbers of the planes that have a line.
        threshold: Below it no plane is named, 0 to 1.
        marks: In any order.
        strong: Number of the plane whose line is thicker and above the others; -1: none.
    """

    trend: Trend
    planes: tuple[int, ...]
    threshold: float
    marks: tuple[CurveMark, ...] = ()
    strong: int = -1


class ConfidenceCurves:
    """Fills a plot; the width of the plot is set by who owns it.

    Args:
        graph: The plot.
        cached: Something moves over the curves while they stay as they are.
    """

    def __init__(self, graph: Graph, *, cached: bool = False) -> None:
        self._graph = graph
        self._cached = cached
        self._lines: dict[int, Any] = {}
        self._threshold = graph.add_curve(smooth=False, z=-1.0)
        self._stems = graph.add_curve(smooth=False, z=-2.0)
        self._points = graph.add_points(z=2.0)

    def draw(self, picture: CurvePicture, look: Look) -> None:
        """Draw it from now on."""
        self._draw_scale(picture.threshold, look)
        self._draw_lines(picture, look)
        self._draw_marks(picture, look)

    def colour(self, plane: int, look: Look) -> QColor:
        """Of a plane's line."""
        return look.stroke(PLANES[plane].colour)

    def _draw_scale(self, threshold: float, look: Look) -> None:
        graph = self._graph
        high = graph.plot_rect().height()
        lane = min(look.px(LANE_PX), high / 3)
        # The names stand in the plot, above 100 %.
        ticks = share_ticks(threshold, look.px(_TICK_PX) / (high - lane))
        graph.set_up(0.0, high / (high - lane), ticks)
        pen = graph.pen(look.colour("muted"), 1, dashed=True)
        self._threshold.setData(np.array(graph.across), np.full(2, threshold), pen=pen)

    def _draw_lines(self, picture: CurvePicture, look: Look) -> None:
        for plane in self._lines.keys() - set(picture.planes):
            self._graph.removeItem(self._lines.pop(plane))
        for plane in picture.planes:
            if plane not in self._lines:
                self._lines[plane] = self._graph.add_curve(cached=self._cached)
            strong = plane == picture.strong
            pen = self._graph.pen(self.colour(plane, look), _STRONG_PX if strong else _LINE_PX)
            self._lines[plane].setZValue(1.0 if strong else 0.0)
            self._lines[plane].setData(*picture.trend.line(plane), pen=pen)

    def _draw_marks(self, picture: CurvePicture, look: Look) -> None:
        graph = self._graph
        seen = sorted(
            (one for one in picture.marks if self._shown(one.place)), key=lambda one: one.place
        )
        colours = [self.colour(one.plane, look) for one in seen]
        back = look.colour("back")
        self._points.setData(
            x=[one.place for one in seen],
            y=[one.share for one in seen],
            symbol="d",
            size=look.px(_MARK_PX),
            pen=[graph.pen(colour, 2) for colour in colours],
            brush=[colour if one.kept else back for one, colour in zip(seen, colours, strict=True)],
        )
        names = self._names([*self._by_rank(seen), *self._leads(picture, seen)], look)
        self._draw_stems([one for one in seen if (one.place, one.plane) in names], look)
        graph.show_tags(list(names.values()))

    def _shown(self, place: float) -> bool:
        plot = self._graph.plot_rect().adjusted(-1, 0, 1, 0)
        return plot.left() <= self._graph.x_of(place) <= plot.right()

    @staticmethod
    def _by_rank(marks: Sequence[CurveMark]) -> list[tuple[float, int]]:
        """(place, plane) of marks, the kept and the surest first."""
        ranked = sorted(marks, key=lambda one: (not one.kept, -one.share))
        return [(one.place, one.plane) for one in ranked]

    def _leads(
        self, picture: CurvePicture, marks: Sequence[CurveMark]
    ) -> Iterator[tuple[float, int]]:
        """(place, plane) of the lines without a mark, over the longest time for which they led."""
        marked = {one.plane for one in marks}
        for plane in picture.planes:
            place = None if plane in marked else picture.trend.longest_lead(plane)
            if place is not None and self._shown(place):
                yield place, plane

    def _draw_stems(self, named: Sequence[CurveMark], look: Look) -> None:
        """A thin line from the name of a mark down to its frame."""
        x = np.repeat(np.array([one.place for one in named], np.float64), 3)
        y = np.full(len(x), np.nan)
        y[::3], y[1::3] = [one.share for one in named], 1.0
        self._stems.setData(x, y, pen=self._graph.pen(look.colour("muted"), 1))

    def _names(
        self, wanted: Iterable[tuple[float, int]], look: Look
    ) -> dict[tuple[float, int], Tag]:
        """Those that fit beside each other, the first ones first; the legend tells the others."""
        placed: dict[tuple[float, int], Tag] = {}
        for place, plane in wanted:
            where = self._name_rect(place, plane)
            apart = where.adjusted(-_BESIDE_PX, 0, _BESIDE_PX, 0)
            if not any(apart.intersects(tag.where) for tag in placed.values()):
                words, colour = PLANES[plane].label, look.ink(PLANES[plane].colour)
                placed[place, plane] = Tag(where, words, colour, bold=True, ground=False)
        return placed

    def _name_rect(self, place: float, plane: int) -> QRectF:
        """Above its place, and never over the edge of the plot."""
        graph = self._graph
        plot, rect = graph.plot_rect(), graph.tag_size(PLANES[plane].label, bold=True)
        rect.moveCenter(QPointF(graph.x_of(place), 0))
        rect.moveTop(plot.top() + 1)
        rect.moveLeft(min(max(rect.left(), plot.left()), plot.right() - rect.width()))
        return rect
