"""The buttons of the review page, each with its key, in as many lines as needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from sonoassist.gui.action_set import tip
from sonoassist.gui.actions import BY_ACT
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import Look

_BUTTONS = (
    Act.CAPTURE,
    Act.CANDIDATE_ON,
    Act.CANDIDATE_BACK,
    Act.NEXT_OPEN,
    Act.COMPARE,
    Act.NAME_FRAMES,
    Act.MARK,
    Act.NOTE_FRAME,
    Act.UNDO,
    Act.DRAW_BOX,
    Act.BOX,
    Act.HEAT,
    Act.GUIDED,
    Act.FREEZE,
    Act.EXPORT,
    Act.TO_PRACTICE,
)


class DoButton(QAbstractButton):
    """Key in a small frame, then the words; takes no focus, so that the keys stay with the page.

    Args:
        act: What it does.
        look: Theme and size.
    """

    def __init__(self, act: Act, look: Look) -> None:
        super().__init__()
        row = BY_ACT[act]
        self._act = act
        self._look = look
        self.main = False
        self.setText(row.short_on(Place.REVIEW))
        self.setToolTip(tip(act, look.keys, Place.REVIEW))
        self.setAccessibleName(row.text_on(Place.REVIEW))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.setToolTip(tip(self._act, look.keys, Place.REVIEW))
        self.resize(self.sizeHint())
        self.update()

    def change(self, text: str, *, on: bool | None = None) -> None:
        """Say something else, or show that it is on."""
        if text != self.text():
            self.setText(text)
            if self.main:
                self.setAccessibleName(text)
            else:
                self.resize(self.sizeHint())
        if on is not None:
            self.setCheckable(True)
            self.setChecked(on)
        self.update()

    @property
    def _key(self) -> str:
        return self._look.keys.text(self._act)

    def _parts(self) -> tuple[float, float]:
        key = QFontMetricsF(self._look.font(11)).horizontalAdvance(self._key)
        words = QFontMetricsF(self._look.font(13)).horizontalAdvance(self.text())
        return key + self._look.px(10), words

    def sizeHint(self) -> QSize:
        """As wide as key and words need."""
        key, words = self._parts()
        return QSize(round(key + words) + self._look.px(26), self._look.px(30))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint it."""
        look, px = self._look, self._look.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(look.colour("accent" if self.isChecked() else "line"))
        painter.setBrush(self._ground())
        painter.drawPath(rounded(rect, px(6)))
        tone = "on_accent" if self.main and self.isEnabled() else "text"
        colour = look.colour(tone if self.isEnabled() else "muted")
        key, _words = self._parts()
        frame = QRectF(px(8), rect.center().y() - px(9), key, px(18))
        edge = QColor(colour)
        edge.setAlpha(110)
        painter.setPen(edge)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(rounded(frame, px(4)))
        painter.setPen(colour)
        painter.setFont(look.font(11))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, self._key)
        painter.setFont(look.font(13))
        rest = rect.adjusted(frame.right() + px(7), 0, 0, 0)
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.end()

    def _ground(self) -> QColor:
        if self.main and self.isEnabled():
            return self._look.colour("accent")
        if self.isChecked():
            colour = self._look.colour("accent")
            colour.setAlpha(46)
            return colour
        over = self.isEnabled() and (self.underMouse() or self.isDown())
        return self._look.colour("hover" if over else "raised")


class ButtonFlow(QWidget):
    """The buttons of the table in lines.

    Args:
        look: Theme and size.
        handlers: What each does.
    """

    def __init__(self, look: Look, handlers: Mapping[Act, Callable[[], None]]) -> None:
        super().__init__()
        self._look = look
        self.buttons: dict[Act, DoButton] = {}
        for act in _BUTTONS:
            button = DoButton(act, look)
            button.setParent(self)
            button.clicked.connect(lambda _on=False, act=act: handlers[act]())
            self.buttons[act] = button
        self.buttons[Act.CAPTURE].main = True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        for button in self.buttons.values():
            button.set_look(look)
        self.place()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Place the buttons anew."""
        self.place()

    def place(self) -> None:
        """Place the buttons in lines and take the height that they need."""
        gap = self._look.px(6)
        x = y = 0
        high = self._look.px(30)
        for button in self.buttons.values():
            size = button.sizeHint()
            if button.main:  # a line of its own: what it says changes with every frame
                button.setGeometry(0, 0, self.width(), high)
                y = high + gap
                continue
            if x and x + size.width() > self.width():
                x, y = 0, y + high + gap
            button.setGeometry(x, y, size.width(), size.height())
            x += size.width() + gap
        if self.height() != y + high:
            self.setFixedHeight(y + high)
