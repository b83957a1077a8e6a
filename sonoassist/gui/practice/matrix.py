"""The confusions of an exercise, painted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.core.planes import DISPLAY_ORDER, INDEX
from sonoassist.gui.theme import Look

CELL_PX = 36
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ORDER = [INDEX[plane.key] for plane in DISPLAY_ORDER]


class Matrix(QWidget):
    """Rows: what was shown. Columns: what was said. The last ones are "none".

    Right answers lie on the diagonal, framed; the number stands in each cell, so that colour is
    not the only sign.
    """

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._counts = np.zeros((len(_ORDER), len(_ORDER)), np.int64)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Confusion matrix")
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.updateGeometry()
        self.update()

    def show_counts(self, counts: NDArray[np.int64]) -> None:
        """Show a matrix.

        Args:
            counts: int64, (14, 14), in the order of `planes.PLANES`; see `scores.confusions`.
        """
        self._counts = counts[np.ix_(_ORDER, _ORDER)]
        self.update()

    def _margin(self) -> int:
        metrics = QFontMetricsF(self._look.font(15))
        names = (metrics.horizontalAdvance(_name(at)) for at in range(len(_ORDER)))
        return round(max(names)) + self._look.px(14)

    def sizeHint(self) -> QSize:
        """Names and cells."""
        side = self._margin() + len(_ORDER) * self._look.px(CELL_PX)
        caption = self._look.px(26)
        return QSize(side + caption + 2, side + caption + 2)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint names, cells and numbers."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        cell, caption = self._look.px(CELL_PX), self._look.px(26)
        origin = self._margin() + caption
        self._paint_captions(painter, origin, cell)
        for row in range(len(_ORDER)):
            self._paint_name(painter, row, origin, cell)
            for column in range(len(_ORDER)):
                at = QRectF(origin + column * cell, origin + row * cell, cell, cell)
                self._paint_cell(painter, at, row, column)
        painter.end()

    def _paint_captions(self, painter: QPainter, origin: int, cell: int) -> None:
        painter.setFont(self._look.font(15))
        painter.setPen(self._look.colour("muted"))
        long = cell * len(_ORDER)
        middle = Qt.AlignmentFlag.AlignCenter
        painter.drawText(QRectF(origin, 0, long, self._look.px(20)), middle, "was said →")
        painter.save()
        painter.translate(0, origin + long)
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, long, self._look.px(20)), middle, "← was shown")
        painter.restore()

    def _paint_name(self, painter: QPainter, at: int, origin: int, cell: int) -> None:
        painter.setFont(self._look.font(15))
        plane = DISPLAY_ORDER[at]
        painter.setPen(self._look.ink(plane.colour))
        gap = self._look.px(6)
        side = QRectF(0, origin + at * cell, origin - gap, cell)
        painter.drawText(
            side, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, _name(at)
        )
        painter.save()
        painter.translate(QPointF(origin + (at + 1) * cell, origin - gap))
        painter.rotate(-90)
        upward = QRectF(0, -cell, origin, cell)
        painter.drawText(
            upward, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, _name(at)
        )
        painter.restore()

    def _paint_cell(self, painter: QPainter, at: QRectF, row: int, column: int) -> None:
        count, right = int(self._counts[row, column]), row == column
        inner = at.adjusted(1, 1, -1, -1)
        painter.fillRect(inner, self._look.colour("panel"))
        if count:
            colour = QColor(self._look.colour("good" if right else "error"))
            colour.setAlpha(120)
            painter.fillRect(inner, colour)
        if right and row < len(_ORDER) - 1:
            painter.setPen(self._look.colour("muted"))
            painter.drawRect(inner.adjusted(0.5, 0.5, -0.5, -0.5))
        if count:
            painter.setFont(self._look.font(15, bold=True))
            painter.setPen(self._look.colour("text"))
            painter.drawText(at, Qt.AlignmentFlag.AlignCenter, str(count))


def _name(at: int) -> str:
    plane = DISPLAY_ORDER[at]
    return "None" if plane.is_background else plane.label
