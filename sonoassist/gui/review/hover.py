"""The small picture over the timeline: what lies under the mouse."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPixmap
from PyQt6.QtWidgets import QWidget

from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import Look

NOTE_PX = 22
"""Height of the line for words on a frame, at scale 1."""


class HoverPicture(QWidget):
    """A picture with a line of words, just above a place; the mouse goes through it.

    Words on a marked frame are a second line, shortened where they do not fit.
    """

    def __init__(self, over: QWidget, look: Look) -> None:
        super().__init__(over)
        self._look = look
        self._picture: QPixmap | None = None
        self._words = self.note = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.set_look(look)
        self.hide()

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self._fit()

    def _fit(self) -> None:
        look = self._look
        high = look.px(144 + 24) + (look.px(NOTE_PX) if self.note else 0)
        self.resize(look.px(192) + 2 * look.px(5), high + 2 * look.px(5))
        self.update()

    def show_at(
        self, x: float, bottom: float, picture: QPixmap | None, words: str, note: str = ""
    ) -> None:
        """Show a picture with its middle at `x` and its lower edge at `bottom`, on the page."""
        self._picture, self._words, self.note = picture, words, note
        self._fit()
        parent = self.parentWidget()
        most = (parent.width() if parent is not None else 0) - self.width() - 4
        left = min(max(round(x - self.width() / 2), 4), max(most, 4))
        self.move(left, round(bottom) - self.height())
        self.show()
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint it."""
        look, px = self._look, self._look.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(look.colour("muted"))
        painter.setBrush(look.colour("panel"))
        painter.drawPath(rounded(rect, px(6)))
        area = QRectF(px(5), px(5), px(192), px(144))
        painter.fillRect(area, look.colour("well"))
        if self._picture is not None:
            painter.drawPixmap(area, self._picture, QRectF(self._picture.rect()))
        painter.setFont(look.font(12))
        painter.setPen(look.colour("text"))
        line = QRectF(area.left(), area.bottom(), area.width(), px(26))
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, self._words)
        if self.note:
            line = QRectF(line.left(), line.bottom() - px(4), line.width(), px(NOTE_PX))
            elide = Qt.TextElideMode.ElideRight
            note = QFontMetricsF(look.font(12)).elidedText(self.note, elide, line.width())
            painter.setPen(look.colour("warning"))
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, note)
        painter.end()
