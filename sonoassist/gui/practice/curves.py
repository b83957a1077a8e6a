"""Progress over exercises, painted."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import Look

TOP = 100.0


class Curve(QWidget):
    """Points from 0 to 100 over the exercises; an exercise without a value leaves a gap.

    Args:
        title: Above it.
        colour: Of the line, "#rrggbb", or "" for the accent.
        look: Theme and size.
        large: With a scale and numbers.
    """

    def __init__(self, title: str, colour: str, look: Look, *, large: bool = False) -> None:
        super().__init__()
        self.title = title
        self._colour = colour
        self._large = large
        self.values: tuple[float | None, ...] = ()
        self.hollow: tuple[bool, ...] = ()
        self.note = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.setMinimumHeight(look.px(200 if self._large else 92))
        self.update()

    def show_values(
        self, values: Sequence[float | None], note: str = "", hollow: Sequence[bool] = ()
    ) -> None:
        """Draw a curve.

        Args:
            values: 0 to 100 for each exercise, None where there is no value.
            note: Behind the title.
            hollow: Which points are drawn as rings; none where it is left out.
        """
        self.values, self.note = tuple(values), note
        self.hollow = tuple(hollow) or (False,) * len(self.values)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint title, scale and curve."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        px = self._look.px
        whole = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.fillPath(rounded(whole, px(8)), self._look.colour("panel"))
        painter.setPen(self._look.colour("line"))
        painter.drawPath(rounded(whole, px(8)))
        self._paint_title(painter, whole)
        head, left = px(44 if self._large else 36), px(46 if self._large else 14)
        plot = whole.adjusted(left, head, -px(18), -px(36 if self._large else 14))
        self._paint_scale(painter, plot)
        self._paint_curve(painter, plot)
        painter.end()

    def _ink(self) -> QColor:
        return self._look.ink(self._colour) if self._colour else self._look.colour("accent")

    def _paint_title(self, painter: QPainter, whole: QRectF) -> None:
        px = self._look.px
        row = QRectF(whole.left() + px(14), whole.top() + px(6), whole.width() - px(28), px(28))
        painter.setFont(self._look.font(18 if self._large else 16, bold=True))
        painter.setPen(self._ink() if self._colour else self._look.colour("text"))
        painter.drawText(
            row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.title
        )
        painter.setFont(self._look.font(15))
        painter.setPen(self._look.colour("muted"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(row, right, self.note)

    def _paint_scale(self, painter: QPainter, plot: QRectF) -> None:
        painter.setFont(self._look.font(13))
        for value in (0, 50, 100):
            y = self._y(plot, value)
            painter.setPen(self._look.colour("line"))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            if self._large:
                painter.setPen(self._look.colour("muted"))
                label = QRectF(0, y - 10, plot.left() - self._look.px(8), 20)
                side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(label, side, str(value))
        if self._large and self.values:
            painter.setPen(self._look.colour("muted"))
            below = QRectF(
                plot.left(), plot.bottom() + self._look.px(7), plot.width(), self._look.px(24)
            )
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "exercise 1")
            if len(self.values) > 1:
                painter.drawText(below, Qt.AlignmentFlag.AlignRight, str(len(self.values)))

    def _y(self, plot: QRectF, value: float) -> float:
        return plot.bottom() - plot.height() * value / TOP

    def _x(self, plot: QRectF, at: int) -> float:
        return plot.left() + plot.width() * at / max(len(self.values) - 1, 1)

    def _paint_curve(self, painter: QPainter, plot: QRectF) -> None:
        points = [
            (QPointF(self._x(plot, at), self._y(plot, value)), hollow)
            for at, (value, hollow) in enumerate(zip(self.values, self.hollow, strict=True))
            if value is not None
        ]
        pen = QPen(self._ink(), self._look.px(3 if self._large else 2))
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([point for point, _ in points]))
        radius = self._look.px(5 if self._large else 4)
        for point, hollow in points:
            painter.setBrush(self._look.colour("panel") if hollow else self._ink())
            painter.drawEllipse(point, radius, radius)
