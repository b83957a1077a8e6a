"""The items of the checklist that no plane fills: ticked by hand, under the planes."""

from __future__ import annotations

import math

from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetricsF, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from sonoassist.exam.checklist import Line
from sonoassist.exam.exam_view import ExamView
from sonoassist.gui.exam_marks import paint_mark, tip_text
from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import Look

_ROW_PX = 28
_COLUMNS = 2


class ManualItems(QWidget):
    """A small painted table of marks and names.

    Signals:
        toggled: The user clicked an item; arg: its key.
    """

    toggled = pyqtSignal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._lines: tuple[Line, ...] = ()
        self._selected = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Other items of the checklist")
        self.hide()

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self._fit()

    def show_exam(self, exam: ExamView | None, selected: str) -> None:
        """Show the items of the running exam, or none."""
        lines = exam.lines if exam is not None else ()
        manual = tuple(line for line in lines if line.item.manual)
        if (manual, selected) == (self._lines, self._selected):
            return
        self._lines, self._selected = manual, selected
        self._fit()

    @property
    def lines(self) -> tuple[Line, ...]:
        """The items shown."""
        return self._lines

    def _fit(self) -> None:
        rows = math.ceil(len(self._lines) / _COLUMNS)
        self.setFixedHeight(max(rows * self._look.px(_ROW_PX), 1))
        self.setVisible(bool(self._lines))
        self.update()

    def item_rect(self, number: int) -> QRectF:
        """Where an item lies on the widget; the table is read row by row."""
        margin, high = self._look.px(4), self._look.px(_ROW_PX)
        wide = (self.width() - 2 * margin) / _COLUMNS
        row, column = divmod(number, _COLUMNS)
        return QRectF(margin + column * wide, row * high, wide, high)

    def _at(self, x: float, y: float) -> Line | None:
        for number, line in enumerate(self._lines):
            if self.item_rect(number).contains(QPointF(x, y)):
                return line
        return None

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Tick the item under the mouse, or take its tick away."""
        if event is None:
            return
        line = self._at(event.position().x(), event.position().y())
        if line is not None:
            self.toggled.emit(line.item.key)

    def event(self, event: QEvent | None) -> bool:
        """Say on hover what a key does."""
        if isinstance(event, QHelpEvent):
            line = self._at(event.pos().x(), event.pos().y())
            if line is not None:
                QToolTip.showText(event.globalPos(), tip_text(line, self._look.keys), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the table."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = self._look
        font = look.font(14 if self.width() >= look.px(300) else 12)
        metrics = QFontMetricsF(font)
        for number, line in enumerate(self._lines):
            rect = self.item_rect(number)
            if line.item.key == self._selected:
                ground = rect.adjusted(1, 1, -1, -1)
                painter.fillPath(rounded(ground, look.px(6)), look.colour("raised"))
                edge = QRectF(rect.left(), rect.top() + 1, look.px(3), rect.height() - 2)
                painter.fillRect(edge, look.colour("accent"))
            mark = QRectF(0, 0, look.px(14), look.px(14))
            mark.moveCenter(QPointF(rect.left() + look.px(13), rect.center().y()))
            paint_mark(painter, mark, line, look)
            words = rect.adjusted(look.px(25), 0, -look.px(1), 0)
            text = metrics.elidedText(line.item.label, Qt.TextElideMode.ElideRight, words.width())
            painter.setFont(font)
            painter.setPen(look.colour("text" if line.state.done else "muted"))
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()
