"""One notice on the line at the bottom of the window, and its details."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QPoint, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QGuiApplication, QHideEvent, QMouseEvent
from PyQt6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from sonoassist.core.wording import counted, sentence
from sonoassist.gui.acts import Act
from sonoassist.gui.elided import wrappable
from sonoassist.gui.theme import Look
from sonoassist.live.status import Level, Notice

INFO_STAYS_MS = 6000
WARNING_STAYS_MS = 12000
ROW_PX = 30
"""Height of a notice in one line, at scale 1."""
_DETAILS_PX = (620, 320)
_MOST_LETTERS = 400
"""What is longer can be read to its end in the tooltip."""
_READ_SHARE = 1 / 3
"""A note that was shown for this share of its time was read."""
_WORDS = {Level.INFO: "Note", Level.WARNING: "Warning", Level.ERROR: "Error"}
_ICONS = {Level.INFO: "info", Level.WARNING: "warning", Level.ERROR: "error"}
_STAYS_MS = {Level.INFO: INFO_STAYS_MS, Level.WARNING: WARNING_STAYS_MS, Level.ERROR: 0}


class Toast(QFrame):
    """One notice.

    Args:
        notice: What it says.
        look: Theme and size.
        parent: The line.
        count: How often the same came.

    Signals:
        dismissed: It wants to go; arg: itself.
    """

    dismissed = pyqtSignal(object)

    def __init__(self, notice: Notice, look: Look, parent: QWidget, count: int = 1) -> None:
        super().__init__(parent)
        self.notice = notice
        self.count = count
        self._look = look
        self._details: DetailsPopup | None = None
        self.setObjectName("toast")
        self._left_ms = _STAYS_MS[notice.level]
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        # No function that holds on to the notice: the timer may fire while the window goes away.
        self._timer.timeout.connect(self._dismiss)
        self._head = QLabel()
        self._texts = [_label(sentence(notice.title), "")]
        if notice.hint:
            self._texts.append(_label(notice.hint, "muted"))
        self._words = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row = QHBoxLayout(self)
        self._build(look)
        self.hide()

    def _build(self, look: Look) -> None:
        tone = str(getattr(look.palette, self.notice.level.value))
        edge = max(look.px(4), 3)
        self.setStyleSheet(
            f"QFrame#toast {{ border-left: {edge}px solid {tone}; border-radius: 0; }}"
        )
        times = f"  ·  {counted(self.count, 'time')}" if self.count > 1 else ""
        self._head.setText(f"{_WORDS[self.notice.level]}{times}")
        self._head.setStyleSheet(f"color: {tone}; font-weight: 600")
        self._texts[0].setStyleSheet("font-weight: 600")
        for text in self._texts:
            self._words.addWidget(text)
        icon = QLabel()
        ratio = self.devicePixelRatioF()
        icon.setPixmap(look.pixmap(_ICONS[self.notice.level], tone, look.px(18), ratio))
        self._row.setContentsMargins(look.px(10), look.px(2), look.px(4), look.px(2))
        self._row.setSpacing(look.px(8))
        self._row.addWidget(icon)
        self._row.addWidget(self._head)
        self._row.addLayout(self._words, 1)
        if self.notice.details:
            self._row.addWidget(flat_button("Details", self.toggle_details))
        self._close = flat_button("Close", self._dismiss)
        self._row.addWidget(self._close)

    def _dismiss(self) -> None:
        self.dismissed.emit(self)

    @property
    def head(self) -> str:
        """The level as a word, and how often."""
        return self._head.text()

    @property
    def stays(self) -> bool:
        """Whether it stays until it is dismissed."""
        return not self._left_ms or self.details_shown

    @property
    def details(self) -> DetailsPopup | None:
        """The details, while they are open."""
        return self._details

    @property
    def details_shown(self) -> bool:
        """Whether the details are open."""
        return self._details is not None

    @property
    def was_read(self) -> bool:
        """Whether it is a note that was shown long enough."""
        left_ms = self._timer.remainingTime() if self._timer.isActive() else self._left_ms
        whole_ms = _STAYS_MS[self.notice.level]
        return self.notice.level is Level.INFO and left_ms < whole_ms * (1 - _READ_SHARE)

    def put_on_line(self, on: bool) -> None:
        """Show or hide it; its time runs while it is shown."""
        self.setVisible(on)
        self._let_run(on and not self.details_shown)

    def _let_run(self, on: bool) -> None:
        if on and self._left_ms and not self._timer.isActive():
            self._timer.start(self._left_ms)
        elif not on and self._timer.isActive():
            self._left_ms = max(self._timer.remainingTime(), 1)
            self._timer.stop()

    def name_key(self, on: bool) -> None:
        """Name the key that takes it away: it takes the newest."""
        key = self._look.keys.text(Act.LEAVE)
        self._close.setText(key if on and key else "Close")

    def line_px(self) -> int:
        """Width that it has with all of its words in one line."""
        self._wrap(False)
        return self._row.totalSizeHint().width()

    def fit(self, room_px: int) -> None:
        """Take the size that its words need in a width."""
        line_px, row_px = self.line_px(), self._look.px(ROW_PX)
        if line_px <= room_px:
            self.setFixedSize(line_px, row_px)
            return
        self._wrap(True)
        self.setFixedSize(room_px, max(self._row.totalHeightForWidth(room_px), row_px))

    def _wrap(self, on: bool) -> None:
        """One text below the other, each in as many lines as it needs; or all in one line."""
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._words.setDirection(down if on else across)
        self._words.setSpacing(0 if on else self._look.px(12))
        for text in self._texts:
            text.setWordWrap(on)
        for part in self.findChildren(QWidget):
            part.ensurePolished()  # only then their sizes are those of their style
        self._row.invalidate()

    def toggle_details(self) -> None:
        """Open or close the details; while they are open it does not vanish by itself."""
        if self._details is not None:
            self._details.close()
            return
        self._let_run(False)
        self._details = DetailsPopup(self.notice, self._look, self)
        self._details.closed.connect(self._forget_details)
        self._details.open_above(self)

    def _forget_details(self) -> None:
        if self._details is not None:
            self._details.deleteLater()
            self._details = None
            self._let_run(self.isVisible())

    def let_go(self) -> None:
        """It has been dismissed."""
        if self._details is not None:
            self._details.close()
        self.put_on_line(False)
        self.deleteLater()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """A click dismisses."""
        self.dismissed.emit(self)


class DetailsPopup(QFrame):
    """All that a notice says; over the window as a menu is, until Esc or a click beside it.

    Signals:
        closed: It is gone.
    """

    closed = pyqtSignal()

    def __init__(self, notice: Notice, look: Look, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("card")
        parts = (notice.title, notice.hint, notice.details)
        self.text = QPlainTextEdit("\n".join(part for part in parts if part))
        self.text.setReadOnly(True)
        column = QVBoxLayout(self)
        column.addWidget(self.text)
        column.addWidget(flat_button("Copy", self.copy), 0, Qt.AlignmentFlag.AlignRight)
        self.setFixedSize(look.px(_DETAILS_PX[0]), look.px(_DETAILS_PX[1]))

    def open_above(self, line: QWidget) -> None:
        """Show it above a widget."""
        self.move(line.mapToGlobal(QPoint(0, -self.height())))
        self.show()

    def copy(self) -> None:
        """Copy all of it."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.text.toPlainText())

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Tell that it is gone."""
        self.closed.emit()


def flat_button(text: str, do: Callable[[], object]) -> QPushButton:
    """A button on the line, which never takes the keys."""
    button = QPushButton(text)
    button.setObjectName("flat")
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.clicked.connect(lambda _checked=False: do())
    return button


def _label(text: str, name: str) -> QLabel:
    short = text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"
    label = QLabel(wrappable(short))
    label.setToolTip(text)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
