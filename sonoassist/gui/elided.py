"""Texts that may be longer than their place: cut in the middle, or broken, whole in the tooltip."""

from __future__ import annotations

import re

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyleOption,
    QStyleOptionButton,
    QWidget,
)

_LEAST_LETTERS = 6
"""It stays as wide as this, so that something of it can be read."""


_NAME_LETTERS = 64
"""A name in a sentence has so many letters at most."""
_WORD_LETTERS = 16
"""Longer words may be broken anywhere."""
_BREAK = "\u200b"
_ENDINGS = ".,:;!?)"
"""They never begin a line."""
_PARTS = re.compile(r"[^\s/\\]+")


def one_line(text: str) -> str:
    """A text without breaks: names may hold any character."""
    return " ".join(text.split())


def shortened(name: str, letters: int = _NAME_LETTERS) -> str:
    """A name for a sentence, cut in its middle; the whole belongs into a tooltip.

    Args:
        name: Whole.
        letters: It has so many at most.
    """
    whole = one_line(name)
    if len(whole) <= letters:
        return whole
    end = (letters - 1) // 2
    return f"{whole[: letters - 1 - end]}…{whole[-end:]}"


def wrappable(text: str) -> str:
    """A sentence that can be wrapped in a narrow place, whatever names are in it.

    Parts of paths are shortened, and long words may be broken anywhere.
    """
    return _PARTS.sub(_broken, text).replace("/", f"/{_BREAK}")


def _broken(part: re.Match[str]) -> str:
    short = shortened(part[0])
    if len(short) <= _WORD_LETTERS:
        return short
    name = short.rstrip(_ENDINGS)
    return _BREAK.join(name) + short[len(name) :]


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
            painter,
            self.contentsRect(),
            int(where),
            option.palette,
            self.isEnabled(),
            self.shown_text(),
            self.foregroundRole(),
        )
        painter.end()


class ElidedButton(QPushButton):
    """A button with a name on it that takes no more than its space, and a word at its right end.

    Args:
        text: The name, whole; it is cut in its middle.
        right: What stands at the right end, e.g. a key or a folder; it has at most two fifths.
        gap_px: Room round the texts.
    """

    def __init__(self, text: str, right: str = "", gap_px: int = 12) -> None:
        super().__init__(one_line(text))
        self.setToolTip(one_line(text))
        self._gap_px = gap_px
        self.right = ElidedLabel(right, "small")
        self.right.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.right.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        # The text may be cut by what is round it, never widen it.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        inside = QHBoxLayout(self)
        inside.setContentsMargins(0, 0, gap_px, 0)
        inside.addStretch(1)
        inside.addWidget(self.right)
        self.right.setVisible(bool(right))

    def resizeEvent(self, event: object) -> None:
        """Share the room between the two texts."""
        self.right.setMaximumWidth(self.width() * 2 // 5)

    def shown_text(self) -> str:
        """What there is room for of the name."""
        right = self.right.width() + self._gap_px if self.right.isVisibleTo(self) else 0
        icon = 0 if self.icon().isNull() else self.iconSize().width() + self._gap_px
        room = self.width() - 3 * self._gap_px - icon - right
        metrics = QFontMetrics(self.font())
        return metrics.elidedText(self.text(), Qt.TextElideMode.ElideMiddle, max(room, 0))

    def initStyleOption(self, option: QStyleOptionButton | None) -> None:
        """Have Qt paint what there is room for."""
        super().initStyleOption(option)
        if option is not None:
            option.text = f"  {self.shown_text()}"
