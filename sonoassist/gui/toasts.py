"""Notices as toasts on the line at the bottom of the window: they cover nothing, no sheet either.

A notice takes the place of what the status line says there, never that of the disclaimer. Where
its words need more than one line the line becomes higher, and the page above it lower.
"""

from __future__ import annotations

import re

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from sonoassist.core.wording import counted
from sonoassist.gui.theme import Look
from sonoassist.gui.toast import Toast, flat_button
from sonoassist.live.status import Level, Notice

MAX_SHOWN = 4
_GAP_PX = 8
_NUMBER = re.compile(r"(?<![\w-])\d+(?:[.,]\d+)*(?![\w-])")


def same_matter(one: Notice, other: Notice) -> bool:
    """Whether two notices speak of the same, so that the later one can stand for both.

    Notes that differ in their numbers alone do, but for numbers that are a part of a name; of
    warnings and errors each word counts.
    """
    if one.matter and one.matter == other.matter:
        return True
    if one.level is Level.INFO and other.level is Level.INFO:
        return _NUMBER.sub("0", one.title) == _NUMBER.sub("0", other.title)
    return (one.level, one.title) == (other.level, other.title)


class Toasts(QObject):
    """The notices that there are, the newest at the left end of the line.

    As many are shown as the line has room for; the others are counted, and come when those go.

    Args:
        look: Theme and size.
        parent: Of the line.

    Attributes:
        line: Shows them; it is there while there are any.
    """

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QWidget(parent)
        self.line.setObjectName("bar")
        self.line.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._look = look
        self._room_px = 0
        self._shown: list[Toast] = []
        self._more = flat_button("", self.show_next)
        self._row = QHBoxLayout(self.line)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self._more)
        self.line.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size; toasts on screen are made anew."""
        self._look = look
        self._row.setSpacing(look.px(_GAP_PX))
        old, self._shown = self._shown, []
        for toast in old:
            self._make(toast.notice, toast.count)
            self._let_go(toast)
        self.arrange()

    def set_room(self, room_px: int) -> None:
        """Keep to so much of the line's width."""
        if room_px != self._room_px:
            self._room_px = room_px
            self.arrange()

    @property
    def shown(self) -> tuple[Toast, ...]:
        """The toasts that there are, oldest first."""
        return tuple(self._shown)

    @property
    def waiting_text(self) -> str:
        """How many have no room now; "" where all are shown."""
        return "" if self._more.isHidden() else self._more.text()

    def show(self, notice: Notice) -> None:
        """Show a notice; it stands for those on the same matter, and equal ones are counted."""
        count = 1
        for toast in [one for one in self._shown if same_matter(one.notice, notice)]:
            count = toast.count + 1 if toast.notice == notice else 1
            self._shown.remove(toast)
            self._let_go(toast)
        self._make(notice, count)
        while len(self._shown) > MAX_SHOWN:
            self._drop(self._least())
        self.arrange()

    def _least(self) -> Toast:
        mild = [toast for toast in self._shown if toast.notice.level is not Level.ERROR]
        return (mild or self._shown)[0]

    def _make(self, notice: Notice, count: int) -> None:
        toast = Toast(notice, self._look, self.line, count)
        toast.dismissed.connect(self._drop)
        self._shown.append(toast)
        self._row.insertWidget(0, toast)

    def _let_go(self, toast: Toast) -> None:
        self._row.removeWidget(toast)
        toast.let_go()

    def _drop(self, toast: Toast) -> None:
        if toast in self._shown:
            self._shown.remove(toast)
            self._let_go(toast)
            self.arrange()

    def show_next(self) -> None:
        """Have the one in front go behind the others."""
        first = self._shown.pop()
        self._shown.insert(0, first)
        self._row.removeWidget(first)
        self._row.insertWidget(len(self._shown) - 1, first)
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
        """Show the newest, and as many of the others as there is room for."""
        for toast in self._shown:
            toast.name_key(toast is self._shown[-1])
        count = self._fitting()
        waiting = self._shown[: len(self._shown) - count]
        for toast in [one for one in waiting if one.was_read]:
            self._shown.remove(toast)  # a newer one has come in its place
            self._let_go(toast)
            waiting.remove(toast)
        self._count_waiting(waiting)
        for toast in self._shown:
            on_line = toast not in waiting
            if on_line:
                toast.fit(self._room_px - self._more_px(len(waiting)))
            toast.put_on_line(on_line)
        self.line.setVisible(bool(self._shown))

    def _fitting(self) -> int:
        """How many of the newest fit side by side; one at least is shown."""
        gap, left, count = self._look.px(_GAP_PX), self._room_px, 0
        for toast in reversed(self._shown):
            left -= toast.line_px() + gap
            others = len(self._shown) - count - 1
            if left + gap < self._more_px(others) and count > 0:
                break
            count += 1
        return count

    def _count_waiting(self, waiting: list[Toast]) -> None:
        self._more.setText(_counted(waiting))
        self._more.setVisible(bool(waiting))

    def _more_px(self, others: int) -> int:
        """Width of what counts the others."""
        if not others:
            return 0
        self._more.ensurePolished()
        words = self._more.fontMetrics().horizontalAdvance("+8 errors")
        return words + self._look.px(2 * 6) + 2 * self._look.px(_GAP_PX)


def _counted(waiting: list[Toast]) -> str:
    """How many are not shown; where errors are among them they are named."""
    errors = sum(toast.notice.level is Level.ERROR for toast in waiting)
    return f"+{counted(errors, 'error')}" if errors else f"+{len(waiting)} more"
