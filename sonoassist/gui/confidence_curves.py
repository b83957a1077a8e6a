"""Confidences of planes as curves: the threshold, what was captured; live and of a recording."""

from __future__ import annotations

from collections.abc import Sequence
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
class Mark:
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
class Picture:
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
    marks: tuple[Mark, ...] = ()
    strong: int = -1


class ConfidenceCurves:
    """Fills a plot; the width of the plot is set by who owns it.

    Args:
        graph: The plot.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._lines: dict[int, Any] = {}
        self._threshold = graph.add_curve(smooth=False, z=-1.0)
        self._stems = graph.add_curve(smooth=False, z=-2.0)
        self._points = graph.add_points(z=2.0)

    def draw(self, picture: Picture, look: Look) -> None:
        """Draw it from now on."""
        self._draw_scale(picture.threshold, look)
        self._draw_lines(picture, look)
        self._draw_marks(picture.marks, look)

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
        self._threshold.setData(np.array([-1e9, 1e9]), np.full(2, threshold), pen=pen)

    def _draw_lines(self, picture: Picture, look: Look) -> None:
        for plane in self._lines.keys() - set(picture.planes):
            self._graph.removeItem(self._lines.pop(plane))
        for plane in picture.planes:
            if plane not in self._lines:
                self._lines[plane] = self._graph.add_curve()
            strong = plane == picture.strong
            pen = self._graph.pen(self.colour(plane, look), _STRONG_PX if strong else _LINE_PX)
            self._lines[plane].setZValue(1.0 if strong else 0.0)
            self._lines[plane].setData(*picture.trend.line(plane), pen=pen)

    def _draw_marks(self, marks: Sequence[Mark], look: Look) -> None:
        graph = self._graph
        plot = graph.plot_rect().adjusted(-1, 0, 1, 0)
        seen = [one for one in marks if plot.left() <= graph.x_of(one.place) <= plot.right()]
        seen.sort(key=lambda one: one.place)
        colours = [self.colour(one.plane, look) for one in seen]
        back = look.colour("back")
        self._points.setData(
            x=[one.place for one in seen], y=[one.share for one in seen], symbol="d",
            size=look.px(_MARK_PX), pen=[graph.pen(colour, 2) for colour in colours],
            brush=[colour if one.kept else back
                   for one, colour in zip(seen, colours, strict=True)],
        )  # fmt: skip
        tags = self._names(seen, look)
        self._draw_stems([one for one, _tag in tags], look)
        graph.show_tags([tag for _one, tag in tags])

    def _draw_stems(self, named: Sequence[Mark], look: Look) -> None:
        """A thin line from each name down to its frame."""
        x = np.repeat(np.array([one.place for one in named], np.float64), 3)
        y = np.full(len(x), np.nan)
        y[::3], y[1::3] = [one.share for one in named], 1.0
        self._stems.setData(x, y, pen=self._graph.pen(look.colour("muted"), 1))

    def _names(self, marks: Sequence[Mark], look: Look) -> list[tuple[Mark, Tag]]:
        """Those that fit beside each other, the surest first; their colours are seen anyway."""
        placed: list[tuple[Mark, Tag]] = []
        for one in sorted(marks, key=lambda mark: (not mark.kept, -mark.share)):
            where = self._name_rect(one)
            apart = where.adjusted(-_BESIDE_PX, 0, _BESIDE_PX, 0)
            if not any(apart.intersects(tag.where) for _mark, tag in placed):
                words, colour = PLANES[one.plane].label, look.ink(PLANES[one.plane].colour)
                placed.append((one, Tag(where, words, colour, bold=True, ground=False)))
        return placed

    def _name_rect(self, mark: Mark) -> QRectF:
        """Above its frame, and never over the edge of the plot."""
        graph = self._graph
        plot, rect = graph.plot_rect(), graph.tag_size(PLANES[mark.plane].label, bold=True)
        rect.moveCenter(QPointF(graph.x_of(mark.place), 0))
        rect.moveTop(plot.top() + 1)
        rect.moveLeft(min(max(rect.left(), plot.left()), plot.right() - rect.width()))
        return rect
