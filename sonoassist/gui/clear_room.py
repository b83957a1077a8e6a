"""Where something may lie over the window without covering what is pressed or has to be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPoint, QRect, QSize
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QWidget,
)

WEIGHT = "kept_clear"
"""Property of a painted widget that is pressed or has to be read: how bad it is to cover it."""
OVERLAY = "overlay"
"""Property of what lies over the window itself: its own buttons are in nobody's way."""
LIST, PICTURE, PRESSED, OTHER_TOAST = 1, 4, 100, 1000
"""How bad it is to cover a square pixel of something."""
_ACROSS_PX, _DOWN_PX = 24, 8
"""Places so far from each other are tried."""
_CONTROLS = (
    QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit,
)  # fmt: skip


class Taken(NamedTuple):
    """What must not be covered.

    Attributes:
        where: In the coordinates of the window.
        weight: How bad it is to cover it.
    """

    where: QRect
    weight: int


def keep_clear(*widgets: QWidget, weight: int = PRESSED) -> None:
    """Mark widgets that nothing may cover; lists before pictures before what is pressed."""
    for widget in widgets:
        widget.setProperty(WEIGHT, weight)


def obstacles(over: QWidget) -> list[Taken]:
    """What must not be covered of a window; only what can be seen of it."""
    found = []
    for widget in over.findChildren(QWidget):
        weight = _weight(widget, over)
        seen = widget.visibleRegion().boundingRect() if weight else QRect()
        if not seen.isEmpty():
            found.append(Taken(seen.translated(widget.mapTo(over, QPoint(0, 0))), weight))
    return found


def _weight(widget: QWidget, over: QWidget) -> int:
    if not widget.isVisibleTo(over) or _on_overlay(widget, over):
        return 0
    if isinstance(widget, _CONTROLS) and not isinstance(widget, QScrollBar):
        return PRESSED
    return int(widget.property(WEIGHT) or 0)


def _on_overlay(widget: QWidget, over: QWidget) -> bool:
    part: QWidget | None = widget
    while part is not None and part is not over:
        if part.property(OVERLAY):
            return True
        part = part.parentWidget()
    return False


def free_place(room: QRect, size: QSize, taken: Sequence[Taken]) -> QRect:
    """The place nearest to the bottom right corner that covers nothing.

    Args:
        room: In which it has to lie, as far as it fits.
        size: Of what is to be placed.
        taken: What must not be covered.

    Returns:
        The place; where all of them cover something, the one that covers least of least weight.
    """
    lefts = _down_from(room.right() + 1 - size.width(), room.left(), _ACROSS_PX)
    tops = _down_from(room.bottom() + 1 - size.height(), room.top(), _DOWN_PX)
    cost = np.zeros((len(lefts), len(tops)))
    for where, weight in taken:
        wide = _overlap(lefts, size.width(), where.left(), where.width())
        high = _overlap(tops, size.height(), where.top(), where.height())
        cost += weight * np.outer(wide, high)
    # The first of the least: from the right to the left, and in each column from the bottom up.
    column, row = np.unravel_index(int(np.argmin(cost)), cost.shape)
    return QRect(QPoint(int(lefts[column]), int(tops[row])), size)


def _down_from(high: int, low: int, step: int) -> NDArray[np.int64]:
    return np.arange(max(high, low), low - 1, -step, dtype=np.int64)


def _overlap(
    begins: NDArray[np.int64], length: int, other: int, other_length: int
) -> NDArray[np.int64]:
    """Pixels that lines of a length share with another line."""
    ends = np.minimum(begins + length, other + other_length)
    shared = ends - np.maximum(begins, other)
    return np.asarray(np.maximum(shared, 0), np.int64)
