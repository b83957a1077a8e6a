"""Where something may lie over the window without covering what is pressed or has to be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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

KEPT_CLEAR = "kept_clear"
"""Property of a painted widget that is pressed or has to be read all the time."""
OVERLAY = "overlay"
"""Property of what lies over the window itself: its own buttons are in nobody's way."""
_CONTROLS = (
    QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit,
)  # fmt: skip


def keep_clear(*widgets: QWidget) -> None:
    """Mark widgets that nothing may cover."""
    for widget in widgets:
        widget.setProperty(KEPT_CLEAR, True)


def obstacles(over: QWidget) -> list[QRect]:
    """What must not be covered of a window, in its coordinates; only what can be seen of it."""
    found = []
    for widget in over.findChildren(QWidget):
        if not _matters(widget, over):
            continue
        seen = widget.visibleRegion().boundingRect()
        if not seen.isEmpty():
            found.append(seen.translated(widget.mapTo(over, QPoint(0, 0))))
    return found


def _matters(widget: QWidget, over: QWidget) -> bool:
    if not widget.isVisibleTo(over) or _on_overlay(widget, over):
        return False
    pressed = isinstance(widget, _CONTROLS) and not isinstance(widget, QScrollBar)
    return pressed or bool(widget.property(KEPT_CLEAR))


def _on_overlay(widget: QWidget, over: QWidget) -> bool:
    part: QWidget | None = widget
    while part is not None and part is not over:
        if part.property(OVERLAY):
            return True
        part = part.parentWidget()
    return False


def free_place(room: QRect, size: QSize, taken: Sequence[QRect], step_px: int) -> QRect:
    """The place nearest to the bottom right corner that covers nothing.

    Args:
        room: In which it has to lie, as far as it fits.
        size: Of what is to be placed.
        taken: What must not be covered.
        step_px: Places so far from each other are tried.

    Returns:
        The place; where all of them cover something, the one that covers least.
    """
    best, least = QRect(_corner(room, size), size), -1
    for corner in _corners(room, size, step_px):
        place = QRect(corner, size)
        covered = _covered(place, taken)
        if covered == 0:
            return place
        if least < 0 or covered < least:
            best, least = place, covered
    return best


def _corner(room: QRect, size: QSize) -> QPoint:
    return QPoint(
        max(room.right() + 1 - size.width(), room.left()),
        max(room.bottom() + 1 - size.height(), room.top()),
    )


def _corners(room: QRect, size: QSize, step_px: int) -> Iterable[QPoint]:
    """From right to left, and in each column from the bottom up."""
    last = _corner(room, size)
    for left in range(last.x(), room.left() - 1, -4 * step_px):
        for top in range(last.y(), room.top() - 1, -step_px):
            yield QPoint(left, top)


def _covered(place: QRect, taken: Sequence[QRect]) -> int:
    """Square pixels of what must not be covered that lie under a place."""
    under = (place.intersected(one) for one in taken if place.intersects(one))
    return sum(one.width() * one.height() for one in under)
