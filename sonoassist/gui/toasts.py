"""Notices as toasts: where they cover nothing, never modal, equal ones counted.

They keep to the column beside the picture, where that has room: no notice covers anatomy.
"""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QGuiApplication, QMouseEvent
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from sonoassist.core.wording import counted, sentence
from sonoassist.gui.clear_room import OTHER_TOAST, OVERLAY, Taken, free_place, obstacles
from sonoassist.gui.elided import wrappable
from sonoassist.gui.theme import Look
from sonoassist.live.status import Level, Notice

INFO_STAYS_MS = 6000
WARNING_STAYS_MS = 12000
FOLLOW_MS = 400
MAX_SHOWN = 4
WIDE_PX = 324
_WORDS = {Level.INFO: "Note", Level.WARNING: "Warning", Level.ERROR: "Error"}
_ICONS = {Level.INFO: "info", Level.WARNING: "warning", Level.ERROR: "error"}
_STAYS_MS = {Level.INFO: INFO_STAYS_MS, Level.WARNING: WARNING_STAYS_MS, Level.ERROR: 0}


class Toast(QFrame):
    """One notice.

    Signals:
        dismissed: It wants to go; arg: itself.
        resized: Its details were opened or closed.
    """

    dismissed = pyqtSignal(object)
    resized = pyqtSignal()

    def __init__(
        self, notice: Notice, look: Look, parent: QWidget, wide_px: int | None = None
    ) -> None:
        super().__init__(parent)
        self.notice = notice
        self.count = 1
        self.setObjectName("toast")
        self.setProperty(OVERLAY, True)
        self.setFixedWidth(look.px(WIDE_PX) if wide_px is None else wide_px)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._expire)
        self._head = QLabel()
        self._details = QPlainTextEdit(notice.details)
        self._build(look)
        self._write_head()
        self._start()

    def _build(self, look: Look) -> None:
        tone = str(getattr(look.palette, self.notice.level.value))
        edge = max(look.px(4), 3)
        self.setStyleSheet(f"QFrame#toast {{ border-left: {edge}px solid {tone}; }}")
        icon = QLabel()
        icon.setPixmap(
            look.pixmap(_ICONS[self.notice.level], tone, look.px(22), self.devicePixelRatioF())
        )
        icon.setAlignment(Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(look.px(3))
        self._head.setStyleSheet(f"color: {tone}; font-weight: 600; font-size: {look.px(12)}px")
        words.addWidget(self._head)
        words.addWidget(_wrapped(sentence(self.notice.title), ""))
        if self.notice.hint:
            words.addWidget(_wrapped(self.notice.hint, "muted"))
        if self.notice.details:
            self._add_details(words, look)
        row = QHBoxLayout(self)
        row.setContentsMargins(look.px(14), look.px(12), look.px(14), look.px(12))
        row.setSpacing(look.px(12))
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)

    def _add_details(self, words: QVBoxLayout, look: Look) -> None:
        self._details.setReadOnly(True)
        self._details.setStyleSheet(f"font-size: {look.px(12)}px")
        rows = min(self.notice.details.count("\n") + 2, 9)
        self._details.setFixedHeight(rows * look.px(16) + look.px(8))
        self._details.hide()
        more, copy = QPushButton("Details"), QPushButton("Copy")
        for button in (more, copy):
            button.setObjectName("flat")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        more.clicked.connect(self.toggle_details)
        copy.clicked.connect(self.copy)
        row = QHBoxLayout()
        row.addWidget(more)
        row.addWidget(copy)
        row.addStretch(1)
        words.addLayout(row)
        words.addWidget(self._details)

    def _write_head(self) -> None:
        times = f"  ·  {counted(self.count, 'time')}" if self.count > 1 else ""
        self._head.setText(f"{_WORDS[self.notice.level]}{times}")

    def _start(self) -> None:
        stays_ms = _STAYS_MS[self.notice.level]
        if stays_ms:
            self._timer.start(stays_ms)

    @property
    def head(self) -> str:
        """The level as a word, and how often."""
        return self._head.text()

    @property
    def stays(self) -> bool:
        """Whether it stays until it is dismissed."""
        return not self._timer.isActive()

    @property
    def details_shown(self) -> bool:
        """Whether the details are open."""
        return self._details.isVisibleTo(self)

    def _expire(self) -> None:
        self.dismissed.emit(self)

    def repeat(self) -> None:
        """The same notice came again."""
        self.count += 1
        self._write_head()
        self._start()

    def toggle_details(self) -> None:
        """Open or close the details; opened ones do not vanish by themselves."""
        self._details.setVisible(not self.details_shown)
        self._timer.stop()
        self.resized.emit()

    def fit(self) -> None:
        """Take the height that the wrapped words need; a size hint is for another width."""
        layout = self.layout()
        if layout is not None:
            layout.invalidate()
            self.setFixedHeight(layout.totalHeightForWidth(self.width()))

    def copy(self) -> None:
        """Copy the notice with its details."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            parts = (self.notice.title, self.notice.hint, self.notice.details)
            clipboard.setText("\n".join(part for part in parts if part))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """A click dismisses."""
        self.dismissed.emit(self)


def _wrapped(text: str, name: str) -> QLabel:
    label = QLabel(wrappable(text))
    label.setToolTip(text)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


class Toasts(QObject):
    """Stacks toasts over a widget.

    Args:
        over: The widget they lie on.
        look: Theme and size.
    """

    def __init__(self, over: QWidget, look: Look) -> None:
        super().__init__(over)
        self._over = over
        self._look = look
        self._bottom_px = 0
        self._room_px: int | None = None
        self._shown: list[Toast] = []
        # Buttons come and go: an exam begins, a page is shown, a row is added.
        self._follow = QTimer(self)
        self._follow.setInterval(FOLLOW_MS)
        self._follow.timeout.connect(self.arrange)
        over.installEventFilter(self)

    def set_look(self, look: Look) -> None:
        """Change theme or size; toasts on screen are made anew."""
        self._look = look
        old, self._shown = self._shown, []
        for toast in old:
            fresh = self._make(toast.notice)
            fresh.count = toast.count - 1
            fresh.repeat()
            toast.hide()
            toast.deleteLater()
        self.arrange()

    def set_bottom(self, bottom_px: int) -> None:
        """Keep clear of the status line."""
        self._bottom_px = bottom_px
        self.arrange()

    def set_room(self, room_px: int) -> None:
        """Keep within so many pixels from the right edge."""
        self._room_px = room_px
        for toast in self._shown:
            toast.setFixedWidth(self._wide_px())
        self.arrange()

    def _wide_px(self) -> int:
        wide = self._look.px(WIDE_PX)
        return wide if self._room_px is None else min(wide, self._room_px - 2 * self._margin_px())

    def _margin_px(self) -> int:
        narrow = self._room_px is not None and self._room_px < self._look.px(WIDE_PX + 32)
        return self._look.px(6 if narrow else 16)

    @property
    def shown(self) -> tuple[Toast, ...]:
        """The toasts on screen, oldest first."""
        return tuple(self._shown)

    def show(self, notice: Notice) -> None:
        """Show a notice; an equal one on screen counts up instead."""
        for toast in self._shown:
            if toast.notice == notice:
                toast.repeat()
                return
        self._make(notice)
        while len(self._shown) > MAX_SHOWN:
            self._drop(self._least())
        self.arrange()

    def _least(self) -> Toast:
        mild = [toast for toast in self._shown if toast.notice.level is not Level.ERROR]
        return (mild or self._shown)[0]

    def _make(self, notice: Notice) -> Toast:
        toast = Toast(notice, self._look, self._over, self._wide_px())
        toast.dismissed.connect(self._drop)
        toast.resized.connect(self.arrange)
        self._shown.append(toast)
        toast.show()
        return toast

    def _drop(self, toast: Toast) -> None:
        if toast in self._shown:
            self._shown.remove(toast)
            toast.hide()
            toast.deleteLater()
            self.arrange()

    def dismiss_newest(self) -> bool:
        """Take the newest toast away; returns whether there was one."""
        if not self._shown:
            return False
        self._drop(self._shown[-1])
        return True

    def keep_about(self, spec: str) -> None:
        """Take away what speaks of another source than this one."""
        for toast in self.shown:
            if toast.notice.about not in ("", spec):
                self._drop(toast)

    def arrange(self) -> None:
        """Put the toasts where nothing that can be pressed or has to be read is covered."""
        margin, gap = self._margin_px(), self._look.px(10)
        taken = obstacles(self._over)
        room = self._over.rect().adjusted(margin, margin, -margin, -margin - self._bottom_px)
        for toast in reversed(self._shown):
            toast.fit()
            place = free_place(room, toast.size(), taken)
            toast.move(place.topLeft())
            toast.raise_()
            taken.append(Taken(place.adjusted(-gap, -gap, gap, gap), OTHER_TOAST))
        self._follow.start() if self._shown else self._follow.stop()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the size of the widget below."""
        if watched is self._over and event is not None and event.type() is QEvent.Type.Resize:
            self.arrange()
        return False
