"""The confidences of the last minutes on the live page: the planes that led, what was captured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QPainter

from sonoassist.core.percent import percent, threshold_percent
from sonoassist.core.planes import PLANES
from sonoassist.gui.confidence_curves import ConfidenceCurves, CurveMark, CurvePicture
from sonoassist.gui.curve_panel import CurvePanel
from sonoassist.gui.curve_scale import back_ticks
from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import Look
from sonoassist.live.confidences import STEP_S
from sonoassist.temporal.trend import Trend, nothing

if TYPE_CHECKING:
    from sonoassist.gui.curves import Graph

_SPANS_S = (60.0, 120.0, 300.0)
_REFRESH_S = 0.25
_REFRESHES = 300
"""While the time that is shown goes by it is drawn so often at most: lines move by a few pixels."""
_LEGEND_PX, _ROW_PX, _APART_PX = 318, 21, 18
_LEAST_ROW_PX = 16
_SPAN_WORDS = {60.0: "last minute", 120.0: "last 2 minutes", 300.0: "last 5 minutes"}


def span_for(trend: Trend) -> float:
    """Seconds that the plot shows: the shortest that holds all that is known."""
    known_s = -float(trend.places[0]) if len(trend) else 0.0
    return next((span_s for span_s in _SPANS_S if known_s <= span_s), _SPANS_S[-1])


def when_words(ago_s: float) -> str:
    """A moment so many seconds ago, "−0:45"; "now" in the last second."""
    if ago_s < 1:
        return "now"
    minutes, seconds = divmod(int(ago_s), 60)
    return f"−{minutes}:{seconds:02d}"


class ConfidencePanel(CurvePanel):
    """Draws a trend, a few times a second while it is shown."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, "Confidence", "Confidences of the last minutes", _LEGEND_PX)
        self._curves: ConfidenceCurves | None = None
        self._picture = CurvePicture(nothing(STEP_S), (), 0.0)
        self._drawn_s = float("-inf")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def due(self, now_s: float) -> bool:
        """Whether it should be drawn anew: it is seen, and the last time is long enough ago."""
        rest_s = max(_REFRESH_S, self.span_s / _REFRESHES)
        return self.isVisible() and not 0 <= now_s - self._drawn_s < rest_s

    def show_trend(
        self, trend: Trend, threshold: float, marks: Sequence[CurveMark], now_s: float
    ) -> None:
        """Draw what is known now.

        Args:
            trend: In seconds before (negative) `now_s`.
            threshold: Below it no plane is named, 0 to 1.
            marks: What was captured, in the same seconds.
            now_s: The moment, for `due`.
        """
        self._drawn_s = now_s
        self._picture = CurvePicture(trend, trend.led, threshold, tuple(marks))
        self.setAccessibleDescription(" · ".join([*self.headlines(), *self.legend_words()]))
        if self._graph is not None:
            self._draw(self._graph)
        self.update()

    # -- what it says ----------------------------------------------------------------------

    @property
    def planes(self) -> tuple[int, ...]:
        """Numbers of the planes that have a line."""
        return self._picture.planes

    @property
    def marks(self) -> tuple[CurveMark, ...]:
        """What was captured, so far as it is shown."""
        return tuple(one for one in self._picture.marks if -self.span_s <= one.place <= 0)

    @property
    def span_s(self) -> float:
        """Seconds that the plot shows."""
        return span_for(self._picture.trend)

    def headlines(self) -> list[str]:
        """The figures above the plot."""
        if not len(self._picture.trend):
            return []
        said = [_SPAN_WORDS[self.span_s], f"threshold {threshold_percent(self._picture.threshold)}"]
        return [*said, "diamonds: captured, filled: kept"] if self.marks else said

    def legend(self) -> list[tuple[int, float, float]]:
        """(plane, highest confidence, seconds ago) of each line, in the order of all lists."""
        peaks = ((plane, self._picture.trend.peak(plane)) for plane in self.planes)
        return [(plane, peak[1], -peak[0]) for plane, peak in peaks if peak is not None]

    def legend_words(self) -> list[str]:
        """The same as texts."""
        return [f"{PLANES[plane].label} {percent(share)}" for plane, share, _ in self.legend()]

    # -- drawing ---------------------------------------------------------------------------

    def _draw(self, graph: Graph) -> None:
        if self._curves is None:
            self._curves = ConfidenceCurves(graph)
        graph.set_across(-self.span_s, 0.0, back_ticks(self.span_s))
        known = len(self._picture.trend) > 0
        nothing_led = "No plane has led in this time" if known and not self.planes else ""
        graph.show_words(nothing_led if known else "Nothing has been analysed in the last minutes")
        self._curves.draw(self._picture, self._look)

    def _paint_legend(self, painter: QPainter, room: QRectF) -> None:
        rows, px = self.legend(), self._look.px
        if not rows:
            return
        room = room.adjusted(0, px(12), 0, 0)
        fit = max(int(room.height() / px(_LEAST_ROW_PX)), 1)
        columns = 1 if len(rows) <= fit else 2
        down = min(math.ceil(len(rows) / columns), fit)
        step = min(room.height() / down, px(_ROW_PX))
        wide = (room.width() - px(_APART_PX) * (columns - 1)) / columns
        for column in range(columns):
            left = room.left() + column * (wide + px(_APART_PX))
            self._paint_heads(painter, QPointF(left + wide, room.top() - px(4)), columns)
            for number, row in enumerate(rows[column * down : (column + 1) * down]):
                line = QRectF(left, room.top() + step * (number + 0.8), wide, step)
                self._paint_row(painter, line, row, columns)

    def _paint_heads(self, painter: QPainter, right: QPointF, columns: int) -> None:
        """What the figures are, ending at a place."""
        small = self._look.font(11)
        if columns == 1:
            self._text(painter, right, "when", small, "muted", 1)
        self._text(painter, right - self._aside(columns), "highest", small, "muted", 1)

    def _aside(self, columns: int) -> QPointF:
        """How far the confidence stands from the right end of a row."""
        return QPointF(self._look.px(62) if columns == 1 else 0, 0)

    def _paint_row(
        self, painter: QPainter, line: QRectF, row: tuple[int, float, float], columns: int
    ) -> None:
        """One plane, its text standing on the top edge of `line`."""
        px, font = self._look.px, self._look.font(13 if columns == 1 else 12)
        plane, share, ago_s = row
        swatch = QRectF(line.left(), line.top() - px(7), px(14), px(4))
        painter.fillPath(rounded(swatch, px(2)), self._look.stroke(PLANES[plane].colour))
        name = line.topLeft() + QPointF(px(20), 0)
        self._text(painter, name, PLANES[plane].label, font, "text")
        right = line.topRight()
        self._text(painter, right - self._aside(columns), percent(share), font, "text", 1)
        if columns == 1:
            self._text(painter, right, when_words(ago_s), font, "muted", 1)
