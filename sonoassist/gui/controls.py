"""Small controls used in several places: a button that shows its key, and a scrubber."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

from sonoassist.gui.action_set import tip
from sonoassist.gui.actions import BY_ACT
from sonoassist.gui.acts import Act
from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import Look


class KeyButton(QToolButton):
    """A button of an action: icon, short text, and its key in a small frame.

    It never takes the focus, so that Space and the arrows stay with the picture.

    Args:
        action: The Qt action it stands for.
        act: Its row in the table.
        look: Theme and size.
        text: Other text than the table's short one.
        icon_only: Show no text.
    """

    def __init__(
        self,
        action: QAction,
        act: Act,
        look: Look,
        *,
        text: str | None = None,
        icon_only: bool = False,
    ) -> None:
        super().__init__()
        self._act = act
        self._text = "" if icon_only else (text if text is not None else BY_ACT[act].short)
        self._icon = BY_ACT[act].icon
        self._show_key = True
        self._show_icon = True
        self._emphasis = False
        self._look = look
        self._action = action
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCheckable(action.isCheckable())
        self.setToolTip(tip(act, look.keys))
        self.setAccessibleName(BY_ACT[act].text.rstrip("…"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda _checked=False: action.trigger())
        action.changed.connect(self._follow)
        self._follow()

    @property
    def act(self) -> Act:
        """The action it stands for."""
        return self._act

    def _follow(self) -> None:
        self.setEnabled(self._action.isEnabled())
        self.setChecked(self._action.isChecked())
        self.update()

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.setToolTip(tip(self._act, look.keys))
        self.updateGeometry()
        self.update()

    def show_key(self, on: bool) -> None:
        """Show the key on the button itself, or in the tooltip only."""
        if on != self._show_key:
            self._show_key = on
            self.updateGeometry()
            self.update()

    def show_icon(self, on: bool) -> None:
        """Show the icon beside the text; a button without text keeps it."""
        if on != self._show_icon:
            self._show_icon = on
            self.updateGeometry()
            self.update()

    def change(self, text: str | None = None, icon: str | None = None) -> None:
        """Change text or icon, e.g. from play to pause."""
        new = (self._text if text is None else text, self._icon if icon is None else icon)
        if new != (self._text, self._icon):
            self._text, self._icon = new
            self.updateGeometry()
            self.update()

    def emphasise(self, on: bool) -> None:
        """Fill the button with the accent colour while its state is on."""
        self._emphasis = on
        self.update()

    def _widths(self) -> tuple[float, float, float]:
        shows = bool(self._icon) and (self._show_icon or not self._text)
        icon = float(self._look.px(18)) if shows else 0.0
        words = QFontMetricsF(self._look.font(14)).horizontalAdvance(self._text)
        text = self._look.keys.text(self._act)
        key = QFontMetricsF(self._look.font(11)).horizontalAdvance(text)
        shown = key + self._look.px(10) if self._show_key and text else 0.0
        return icon, words if self._text else 0.0, shown

    def sizeHint(self) -> QSize:
        """As wide as icon, text and key need."""
        parts = [part for part in self._widths() if part]
        gaps = self._look.px(7) * (len(parts) - 1)
        return QSize(round(sum(parts) + gaps) + self._look.px(18), self._look.px(32))

    def minimumSizeHint(self) -> QSize:
        """Same as wanted: nothing in it may be cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the button."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        filled = self._emphasis or self.isChecked()
        ground = self._ground(filled)
        if ground is not None:
            painter.fillPath(rounded(rect, self._look.px(6)), ground)
        tone = "muted" if not self.isEnabled() else "accent" if filled else "text"
        self._paint_parts(painter, rect, tone)
        painter.end()

    def _ground(self, filled: bool) -> QColor | None:
        if filled:
            colour = self._look.colour("accent")
            colour.setAlpha(46)
            return colour
        if self.isEnabled() and (self.underMouse() or self.isDown()):
            return self._look.colour("hover")
        return None

    def _paint_parts(self, painter: QPainter, rect: QRectF, tone: str) -> None:
        icon, words, key = self._widths()
        left, gap = float(self._look.px(9)), self._look.px(7)
        if not self.isEnabled():
            painter.setOpacity(0.55)
        if icon:
            colour = self._look.colour(tone).name()
            pixmap = self._look.pixmap(
                self._icon, colour, self._look.px(18), self.devicePixelRatioF()
            )
            painter.drawPixmap(QPointF(left, rect.center().y() - icon / 2), pixmap)
            left += icon + gap
        if words:
            painter.setFont(self._look.font(14))
            painter.setPen(self._look.colour(tone))
            row = QRectF(left, 0, words + 2, rect.height())
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, self._text)
            left += words + gap
        if key:
            self._paint_key(painter, QRectF(left, rect.center().y(), key, 0))

    def _paint_key(self, painter: QPainter, at: QRectF) -> None:
        high = self._look.px(18)
        frame = QRectF(at.left() + 0.5, at.top() - high / 2, at.width() - 1, high)
        edge = self._look.colour("muted")
        edge.setAlpha(110)
        painter.setPen(edge)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(rounded(frame, self._look.px(4)))
        painter.setFont(self._look.font(11))
        painter.setPen(self._look.colour("muted"))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, self._look.keys.text(self._act))

    def drop(self, menu: QMenu) -> None:
        """Open a menu under the button."""
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))


class Scrubber(QWidget):
    """A slider over pictures: press or drag anywhere to go there.

    Signals:
        moved: The user chose a place; arg: its index.
    """

    moved = pyqtSignal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._count = 1
        self._at = 0
        self._held = False
        self._marks: frozenset[int] = frozenset()
        self.setMinimumWidth(80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.setFixedHeight(look.px(32))
        self.update()

    @property
    def held(self) -> bool:
        """Whether the user holds it now."""
        return self._held

    @property
    def value(self) -> int:
        """Index shown."""
        return self._at

    def set_place(self, at: int, count: int) -> None:
        """Show index `at` of `count`; ignored while the user holds the knob."""
        if self._held or (at, count) == (self._at, self._count):
            return
        before = self._shown_at()
        self._at, self._count = at, max(count, 1)
        if self._shown_at() != before:
            self.update()

    def _shown_at(self) -> tuple[int, int]:
        """Where the knob is, to half a pixel: of a long recording that is many pictures."""
        return round(2 * self.x_of(self._at)), self._count

    def set_marks(self, marks: frozenset[int]) -> None:
        """Show which pictures are marked."""
        if marks != self._marks:
            self._marks = marks
            self.update()

    def x_of(self, index: int) -> float:
        """Widget x of an index."""
        knob = self._look.px(8)
        room = self.width() - 2 * knob
        return knob + room * index / max(self._count - 1, 1)

    def _index_at(self, x: float) -> int:
        knob = self._look.px(8)
        share = (x - knob) / max(self.width() - 2 * knob, 1)
        return min(max(round(share * (self._count - 1)), 0), self._count - 1)

    def _go(self, x: float) -> None:
        index = self._index_at(x)
        if index != self._at:
            self._at = index
            self.update()
            self.moved.emit(index)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take hold."""
        if event is not None and event.button() is Qt.MouseButton.LeftButton:
            self._held = True
            self._go(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Drag."""
        if event is not None and self._held:
            self._go(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go."""
        self._held = False

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint track, way gone and knob."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        thick, middle = self._look.px(6), self.height() / 2
        track = QRectF(0, middle - thick / 2, self.width(), thick)
        painter.fillPath(rounded(track, thick / 2), self._look.colour("raised"))
        x = self.x_of(self._at)
        gone = QRectF(0, track.top(), x, thick)
        painter.fillPath(rounded(gone, thick / 2), self._look.colour("accent"))
        wide, high = self._look.px(3), self._look.px(22)
        for mark in self._marks:
            tick = QRectF(self.x_of(mark) - wide / 2, middle - high / 2, wide, high)
            painter.fillRect(tick, self._look.colour("warning"))
        painter.setBrush(self._look.colour("accent"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(QPointF(x, middle), self._look.px(8), self._look.px(8))
        painter.end()
