"""What is still missing, in letters that can be read from two metres."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from sonoassist.exam.checklist import Completeness
from sonoassist.exam.ending import NOT_REVIEWED
from sonoassist.gui.overlay import rounded
from sonoassist.gui.theme import Look

WIDE_PX = 250
_NAME_PX = (26.0, 15.0)
"""Largest and smallest size of the names, at scale 1."""


class StillToFind(QWidget):
    """A card with the names of the required items that nothing has been found of."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._last = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Still to find")
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.setFixedWidth(look.px(WIDE_PX))
        self.update()

    def show_exam(self, done: Completeness | None) -> None:
        """Show what is missing of the running exam.

        Args:
            done: Its completeness; None without an exam.
        """
        names: tuple[str, ...] = ()
        last = ""
        if done is not None:
            names = tuple(item.label for item in done.missing)
            left = done.found - done.done
            last = f"{left} {NOT_REVIEWED}" if left else ""
            if done.complete:
                last = last or "All kept"
        if (names, last) != (self._names, self._last):
            self._names, self._last = names, last
            self.setAccessibleDescription(", ".join(names) or last)
            self.update()

    @property
    def names(self) -> tuple[str, ...]:
        """What is missing."""
        return self._names

    def _size_px(self, room_px: float) -> float:
        """Of the names: as large as there is room for all of them."""
        largest, smallest = (size * self._look.scale for size in _NAME_PX)
        lines = max(len(self._names), 1)
        widest = 0.0
        for name in self._names:
            metrics = QFontMetricsF(self._look.font(largest, bold=True, scaled=False))
            widest = max(widest, metrics.horizontalAdvance(name))
        inside = self.width() - self._look.px(32)
        fitting = largest * min(1.0, inside / max(widest, 1.0))
        return max(min(fitting, room_px / lines / 1.45), smallest)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the card."""
        look, px = self._look, self._look.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(rounded(QRectF(self.rect()), px(8)), look.colour("panel"))
        left, wide = px(16), self.width() - px(32)
        painter.setFont(look.font(15, bold=True))
        painter.setPen(look.colour("muted"))
        title = "Still to find" if self._names else "Nothing missing" if self._last else ""
        painter.drawText(QRectF(left, px(12), wide, px(24)), Qt.AlignmentFlag.AlignVCenter, title)
        top, bottom = px(46), self.height() - px(48)
        size = self._size_px(bottom - top)
        painter.setFont(look.font(size, bold=True, scaled=False))
        painter.setPen(look.colour("warning"))
        for number, name in enumerate(self._names):
            row = QRectF(left, top + number * size * 1.45, wide, size * 1.45)
            if row.bottom() <= bottom + 1:
                painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, name)
        painter.setFont(look.font(16))
        painter.setPen(look.colour("good" if self._last == "All kept" else "text"))
        last = QRectF(left, self.height() - px(40), wide, px(28))
        painter.drawText(last, Qt.AlignmentFlag.AlignVCenter, self._last)
        painter.end()
