"""What can be scrolled where the window is too low for it, so that nothing is cut."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QSize, Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QFrame, QScrollArea, QWidget


class ColumnArea(QScrollArea):
    """Shows a widget as wide as itself; its keys stay with the page.

    Args:
        inside: What is scrolled.
    """

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inside)


class ListArea(ColumnArea):
    """As high as the list in it, up to a limit; from there on it is scrolled.

    Args:
        inside: The list.
        most_px: It is at most so high.
    """

    def __init__(self, inside: QWidget, most_px: int) -> None:
        super().__init__(inside)
        self._most_px = most_px

    def minimumSizeHint(self) -> QSize:
        """Of the list, at the width there is."""
        inside = self.widget()
        layout = inside.layout() if inside is not None else None
        if inside is None or layout is None:
            return QSize(0, 0)
        wrapped = layout.hasHeightForWidth()
        high = layout.heightForWidth(self.width()) if wrapped else layout.sizeHint().height()
        return QSize(layout.minimumSize().width(), min(high, self._most_px))

    def sizeHint(self) -> QSize:
        """As high as that, and no higher."""
        return self.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Wrapped words are as high as the width lets them be."""
        super().resizeEvent(event)
        if event is not None and event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow what the list holds."""
        if event is not None and event.type() is QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class _Scrolls(QObject):
    """Leaves the wheel to what the field lies in."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take the wheel from the field."""
        if event is None or event.type() is not QEvent.Type.Wheel:
            return False
        event.ignore()  # so that Qt goes on to the scroll area
        return True


def leave_wheel_to_scrolling(field: QWidget) -> None:
    """Have the wheel scroll over a field, never change what it says on the way.

    Args:
        field: A number or a choice in a scroll area.
    """
    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    field.installEventFilter(_Scrolls(field))
