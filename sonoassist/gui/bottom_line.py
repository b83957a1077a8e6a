"""The line at the bottom of the window: notices while there are any, and the status beside them."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from sonoassist.gui.status_line import StatusLine
from sonoassist.gui.theme import Look
from sonoassist.gui.toast import ROW_PX
from sonoassist.gui.toasts import Toasts


class BottomLine(QWidget):
    """Always there, in full screen too, so that no notice has to lie on anything.

    Args:
        look: Theme and size.

    Attributes:
        status: What is said while there is room; its disclaimer always has.
        toasts: The notices.
    """

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.status = StatusLine(look)
        self.toasts = Toasts(look, self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.toasts.line)
        row.addWidget(self.status, 1)
        row.addStretch()
        self.set_look(look)

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self.setMinimumHeight(look.px(ROW_PX))
        self.status.set_look(look)
        self.toasts.set_look(look)
        self._share()

    def show_status(self, on: bool) -> None:
        """Have the status beside the notices, or leave the line empty but for them."""
        self.status.setVisible(on)
        self._share()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Share the new width."""
        self._share()

    def _share(self) -> None:
        status_px = 0 if self.status.isHidden() else self.status.minimumWidth()
        self.toasts.set_room(max(self.width() - status_px, 0))
