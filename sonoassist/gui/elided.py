"""Texts that may be longer than their place: cut in the middle, whole in the tooltip."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PyQt6.QtWidgets import QLabel, QSizePolicy, QStyleOption, QWidget

_LEAST_LETTERS = 6
"""It stays as wide as this, so that something of it can be read."""


def one_line(text: str) -> str:
    """A text without breaks: names may hold any character."""
    return " ".join(text.split())


class ElidedLabel(QLabel):
    """One line of plain text that takes no more than its space.

    For every text that a user, a file or a device gives: names of files and folders, exams,
    models. Both ends of a name can be read, since it is cut in its middle; the tooltip has all.

    Args:
        text: Whole.
        name: Name of the object for the style sheet, or "".
        mode: Where it is cut: names in the middle, sentences at their end.
    """

    def __init__(
        self,
        text: str = "",
        name: str = "",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._mode = mode
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def setText(self, text: str | None) -> None:
        """Show another text; the tooltip has it whole."""
        whole = one_line(text or "")
        super().setText(whole)
        self.setToolTip(whole)
        self.setAccessibleName(whole)

    def shown_text(self) -> str:
        """What there is room for."""
        return QFontMetrics(self.font()).elidedText(
            self.text(), self._mode, self.contentsRect().width()
        )

    def sizeHint(self) -> QSize:
        """Of the whole text."""
        metrics = QFontMetrics(self.font())
        wide = metrics.horizontalAdvance(self.text()) + 2
        margins = self.contentsMargins()
        return QSize(
            wide + margins.left() + margins.right(),
            metrics.height() + margins.top() + margins.bottom(),
        )

    def minimumSizeHint(self) -> QSize:
        """A few letters."""
        hint = self.sizeHint()
        few = QFontMetrics(self.font()).horizontalAdvance("m" * _LEAST_LETTERS)
        return QSize(min(few, hint.width()), hint.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint what there is room for."""
        painter = QPainter(self)
        option = QStyleOption()
        option.initFrom(self)
        style = self.style()
        assert style is not None
        where = self.alignment() | Qt.AlignmentFlag.AlignVCenter
        style.drawItemText(
            painter, self.contentsRect(), int(where), option.palette, self.isEnabled(),
            self.shown_text(), self.foregroundRole(),
        )  # fmt: skip
        painter.end()
