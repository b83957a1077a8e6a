"""Buttons of the page: one a plane, with its key, colour and name."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy

from sonoassist.core.planes import BY_KEY
from sonoassist.gui.acts import Act
from sonoassist.gui.overlay import rounded
from sonoassist.gui.practice.answer_names import answer_label
from sonoassist.gui.theme import Look

BAND_PX = 4
FLAT_KEY_PX = 44
"""Room for the key beside the name."""


class AnswerButton(QAbstractButton):
    """Names a plane: a band in its colour, its key, its name, and what became of it.

    Args:
        plane: Key of the plane.
        act: What its key stands for.
        look: Theme and size.
    """

    def __init__(self, plane: str, act: Act, look: Look) -> None:
        super().__init__()
        self.plane = plane
        self._act = act
        self._look = look
        self._chosen = False
        self._mark = ""
        self._flat = False
        self.setText(answer_label(plane))
        self._tell_key()
        self.setAccessibleName(self.text())
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self._tell_key()
        self.updateGeometry()
        self.update()

    @property
    def shown_key(self) -> str:
        """The key on the keyboard, in little room."""
        return self._look.keys.text(self._act).replace("Shift ", "⇧")

    def _tell_key(self) -> None:
        key = self._look.keys.text(self._act)
        self.setToolTip(f"{BY_KEY[self.plane].full_name}   [{key}]" if key else "")

    def set_flat(self, on: bool) -> None:
        """Key and name side by side, for low windows."""
        if on != self._flat:
            self._flat = on
            self.updateGeometry()
            self.update()

    def choose(self, on: bool) -> None:
        """Outline it as the name that was given."""
        if on != self._chosen:
            self._chosen = on
            self.update()

    def mark(self, text: str) -> None:
        """Write something behind its key, e.g. "✓ it is this" after the reveal; "" for nothing."""
        if text != self._mark:
            self._mark = text
            self.update()

    @property
    def marked(self) -> str:
        """What stands behind its key."""
        return self._mark

    def sizeHint(self) -> QSize:
        """As high as key and name need; the width is shared."""
        high = 50 if self._flat else 92
        return QSize(self._look.px(80), self._look.px(high))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the button."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled() and not self._mark:
            painter.setOpacity(0.45)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        radius = self._look.px(6)
        over = self.isEnabled() and (self.underMouse() or self.isDown())
        painter.fillPath(rounded(rect, radius), self._look.colour("hover" if over else "panel"))
        painter.save()
        painter.setClipPath(rounded(rect, radius))
        band = QRectF(rect.left(), rect.top(), rect.width(), self._look.px(BAND_PX))
        painter.fillRect(band, QColor(BY_KEY[self.plane].colour))
        painter.restore()
        self._paint_edge(painter, rect, radius)
        self._paint_words(painter, rect)
        painter.end()

    def _paint_edge(self, painter: QPainter, rect: QRectF, radius: int) -> None:
        strong = self._chosen or "✓" in self._mark or "✗" in self._mark
        wide = self._look.px(2 if strong else 1)
        painter.setPen(QPen(self._look.colour("accent" if strong else "line"), wide))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        half = wide / 2
        painter.drawPath(rounded(rect.adjusted(half, half, -half, -half), radius))

    def _paint_words(self, painter: QPainter, rect: QRectF) -> None:
        px = self._look.px
        inside = rect.adjusted(px(10), px(BAND_PX + 4), -px(6), -px(4))
        key_font, name_font = self._look.font(19 if self._flat else 24, bold=True), self._fitting()
        painter.setPen(self._look.colour("text"))
        painter.setFont(key_font)
        left_middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if self._flat:
            painter.drawText(inside, left_middle, self.shown_key)
            name = inside.adjusted(px(FLAT_KEY_PX), 0, 0, 0)
        else:
            upper = QRectF(inside.left(), inside.top(), inside.width(), inside.height() * 0.52)
            painter.drawText(upper, left_middle, self.shown_key)
            name = QRectF(inside.left(), upper.bottom(), inside.width(), inside.height() * 0.48)
        self._paint_mark(painter, inside)
        painter.setFont(name_font)
        painter.setPen(self._look.colour("text"))
        painter.drawText(name, left_middle, self.text())

    def _paint_mark(self, painter: QPainter, inside: QRectF) -> None:
        if self._mark:
            painter.setFont(self._look.font(14, bold=True))
            painter.setPen(self._look.colour("accent"))
            corner = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
            painter.drawText(inside, corner, self._mark)

    def _fitting(self) -> QFont:
        """The largest font for the name that fits the button."""
        room = self.width() - self._look.px(16 + (FLAT_KEY_PX if self._flat else 0))
        for size in (16, 15, 14, 13, 12, 11):
            font = self._look.font(size)
            if QFontMetricsF(font).horizontalAdvance(self.text()) <= room:
                break
        return font


def wide_button(text: str, key: str = "", *, main: bool = False) -> QPushButton:
    """A plain button that shows its key behind its text."""
    button = QPushButton(f"{text}   {key}" if key else text)
    button.setObjectName("main" if main else "")
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button
