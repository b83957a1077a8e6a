"""The menu of labels: one key a plane, for this view, this frame or the selected frames."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QRegion
from PyQt6.QtWidgets import QWidget

from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER
from sonoassist.gui.action_set import PlaceKeys
from sonoassist.gui.actions import PLANE_ACTS
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import Look

Scope = tuple[str, int, int]
"""Words, first frame, last frame."""
_CENTRE = Qt.AlignmentFlag.AlignCenter
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_LINES = int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap)


class LabelMenu(QWidget):
    """Lies over the page, beside the picture, until a key of a plane, Esc or a click beside it.

    The picture that is asked about stays to be seen, neither covered nor dimmed.

    Signals:
        chosen: The user named a plane; args: its key ("" for the model's own word), first and
            last frame.
        closed: It wants to go away.
    """

    chosen = pyqtSignal(str, int, int)
    closed = pyqtSignal()

    def __init__(self, over: QWidget, look: Look) -> None:
        super().__init__(over)
        self._look = look
        self._scopes: tuple[Scope, ...] = ()
        self._scope = 0
        self._picture = QRectF()
        self._title = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Correct the label")
        handlers: dict[Act, Callable[[], None]] = {
            act: partial(self._choose, plane) for plane, act in PLANE_ACTS.items()
        }
        handlers[Act.TAKE_BACK] = partial(self._choose, "")
        handlers[Act.NAME_FRAMES] = self.closed.emit
        self.keys = PlaceKeys(self, Place.NAMES, handlers, look.keys)
        self.hide()

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.keys.set_keys(look.keys)
        self.update()

    def ask(self, scopes: tuple[Scope, ...], picture: QRectF, title: str) -> None:
        """Ask for the plane of one of these stretches.

        Args:
            scopes: The stretches.
            picture: What must stay to be seen, on the page.
            title: The question.
        """
        self._scopes, self._scope = scopes, 0
        self._picture, self._title = picture, title
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.show()
        self.raise_()
        self.setFocus()

    def forget(self) -> None:
        """Nothing is asked for any more: these frames may be of another recording."""
        self._scopes, self._scope = (), 0

    @property
    def scope(self) -> Scope:
        """The stretch that a key is for."""
        return self._scopes[self._scope]

    # -- keys and mouse --------------------------------------------------------------------

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab changes the stretch; hidden, the menu passes the keys on."""
        if not self.isVisible():
            return super().focusNextPrevChild(next)
        self._scope = (self._scope + (1 if next else -1)) % max(len(self._scopes), 1)
        self.update()
        return True

    def _choose(self, key: str) -> None:
        if not self._scopes:
            return
        _words, first, last = self.scope
        self.closed.emit()
        self.chosen.emit(key, first, last)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Choose with the mouse; beside the card it closes."""
        if event is None:
            return
        point = event.position()
        for number in range(len(self._scopes)):
            if self._scope_rect(number).contains(point):
                self._scope = number
                self.update()
                return
        for number, key in enumerate(self._keys()):
            if self._key_rect(number).contains(point):
                self._choose(key)
                return
        if not self.card().contains(point):
            self.closed.emit()

    # -- painting --------------------------------------------------------------------------

    @staticmethod
    def _keys() -> list[str]:
        return [*(plane.key for plane in DISPLAY_ORDER), ""]

    def card(self) -> QRectF:
        """Where the card lies."""
        px = self._look.px
        high = px(64) + px(32) * len(self._scopes) + px(14) + px(36) * 8 + px(16)
        left = self._picture.right()
        room = self.width() - left
        rect = QRectF(0, 0, min(px(560), room - px(16)), high)
        middle = min(self._picture.center().y(), self.height() - high / 2 - px(8))
        rect.moveCenter(QPointF(left + room / 2, max(middle, high / 2 + px(8))))
        return rect

    def _scope_rect(self, number: int) -> QRectF:
        px, card = self._look.px, self.card()
        top = card.top() + px(54) + px(32) * number
        return QRectF(card.left() + px(20), top, card.width() - px(40), px(28))

    def _key_rect(self, number: int) -> QRectF:
        px, card = self._look.px, self.card()
        row, column = number % 8, number // 8
        wide = (card.width() - px(48)) / 2
        top = card.top() + px(64) + px(32) * len(self._scopes) + px(10) + px(36) * row
        return QRectF(card.left() + px(20) + column * (wide + px(8)), top, wide, px(32))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Dim the page and paint the card."""
        look, px = self._look, self._look.px
        painter = QPainter(self)
        painter.setClipRegion(QRegion(self.rect()) - QRegion(self._picture.toAlignedRect()))
        painter.fillRect(self.rect(), QColor(0, 0, 0, 110))
        painter.setClipping(False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = self.card()
        painter.setPen(look.colour("line"))
        painter.setBrush(look.colour("panel"))
        painter.drawPath(rounded(card, px(10)))
        painter.setPen(look.colour("text"))
        painter.setFont(look.font(17, bold=True))
        head = QRectF(card.left() + px(20), card.top() + px(14), card.width() - px(40), px(32))
        painter.drawText(head, _MIDDLE, self._title)
        for number, scope in enumerate(self._scopes):
            self._paint_scope(painter, number, scope[0])
        for number, key in enumerate(self._keys()):
            self._paint_key(painter, self._key_rect(number), key)
        painter.end()

    def _paint_scope(self, painter: QPainter, number: int, words: str) -> None:
        look, px, rect = self._look, self._look.px, self._scope_rect(number)
        on = number == self._scope
        side = px(12)
        dot = QRectF(rect.left() + 2, rect.center().y() - side / 2, side, side)
        painter.setPen(look.colour("accent" if on else "muted"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(dot)
        if on:
            painter.setBrush(look.colour("accent"))
            painter.drawEllipse(dot.adjusted(3, 3, -3, -3))
        painter.setPen(look.colour("text" if on else "muted"))
        painter.setFont(look.font(14))
        following = number == (self._scope + 1) % len(self._scopes)
        hint = "   Tab" if following and not on else ""
        painter.drawText(rect.adjusted(px(24), 0, 0, 0), _MIDDLE, words + hint)

    def _paint_key(self, painter: QPainter, rect: QRectF, key: str) -> None:
        look, px = self._look, self._look.px
        plane = BY_KEY.get(key)
        painter.setPen(look.colour("line"))
        painter.setBrush(look.colour("raised"))
        painter.drawPath(rounded(rect, px(6)))
        wide = self._chip_px()
        chip = QRectF(rect.left() + px(6), rect.top() + px(5), wide, rect.height() - px(10))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(plane.colour) if plane else look.colour("muted"))
        painter.drawPath(rounded(chip, px(4)))
        painter.setPen(QColor("#0b0f14") if plane else look.colour("back"))
        painter.setFont(look.font(13, bold=True))
        painter.drawText(chip, _CENTRE, self._key_text(key))
        painter.setPen(look.colour("text"))
        words = plane.label if plane else "As the model says"
        room = rect.adjusted(chip.width() + px(16), 0, -px(4), 0)
        alone = QFontMetricsF(look.font(14)).horizontalAdvance(words) <= room.width()
        painter.setFont(look.font(14 if alone else 12))
        painter.drawText(room, _MIDDLE if alone else _LINES, words)

    def _key_text(self, key: str) -> str:
        return self._look.keys.text(PLANE_ACTS.get(key, Act.TAKE_BACK))

    def _chip_px(self) -> float:
        """Room for the longest key."""
        metrics = QFontMetricsF(self._look.font(13, bold=True))
        longest = max(metrics.horizontalAdvance(self._key_text(key)) for key in self._keys())
        return longest + self._look.px(12)
