"""The one top-level window: it shows the splash, then the program in the same place."""

from __future__ import annotations

import base64
import time

from PyQt6.QtCore import QByteArray, QEvent, QSize, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QPalette, QScreen
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from sonoassist.gui.splash import Splash
from sonoassist.gui.theme import Look

MIN_WIDTH_PX, MIN_HEIGHT_PX = 960, 500
"""A screen of 1920 x 1080 at 200 %, less its bars."""
_SIZE_PX = (1440, 900)


class Shell(QWidget):
    """A window of the system whose content is changed in one go, so that nothing flickers.

    Args:
        look: Theme and family of the splash.
        geometry: Where the window was last time, as `geometry_text` gave it; may be empty.

    Signals:
        closed: The user closes the window.
        updated: Everything that had changed was painted; args: when that began
            (`time.monotonic()`, seconds) and how long it took in ms.
    """

    closed = pyqtSignal()
    updated = pyqtSignal(float, float)

    def __init__(self, look: Look, geometry: str = "") -> None:
        super().__init__()
        self.setWindowTitle("SonoAssist")
        self.setMinimumSize(MIN_WIDTH_PX, MIN_HEIGHT_PX)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, look.colour("back"))
        self.setPalette(palette)
        self.splash: Splash | None = Splash(look)
        self._content: QWidget | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.splash)
        if not restore_geometry(self, geometry):
            self.resize(first_size(self.screen()))

    def take(self, content: QWidget) -> None:
        """Show the program instead of the splash."""
        splash, self.splash = self.splash, None
        layout = self.layout()
        if splash is not None and layout is not None:
            self.setUpdatesEnabled(False)
            layout.removeWidget(splash)
            layout.addWidget(content)
            splash.hide()
            content.show()
            splash.deleteLater()
            self.setUpdatesEnabled(True)
        self._content = content

    def event(self, event: QEvent | None) -> bool:
        """Measure how long painting takes, the way to the screen included."""
        if event is None or event.type() is not QEvent.Type.UpdateRequest:
            return super().event(event)
        began_s = time.monotonic()
        done = super().event(event)
        self.updated.emit(began_s, 1e3 * (time.monotonic() - began_s))
        return done

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Close the program inside, too, unless it wants to ask something first."""
        if self._content is not None and not self._content.close():
            if event is not None:
                event.ignore()
            return
        self.closed.emit()
        if event is not None:
            event.accept()


def first_size(screen: QScreen | None) -> QSize:
    """Size of the window the very first time: no larger than the screen has room."""
    wanted = QSize(*_SIZE_PX)
    if screen is not None:
        wanted = wanted.boundedTo(screen.availableSize())
    return wanted.expandedTo(QSize(MIN_WIDTH_PX, MIN_HEIGHT_PX))


def geometry_text(window: QWidget) -> str:
    """Place and size of a window, as text for the settings."""
    return base64.b64encode(bytes(window.saveGeometry().data())).decode()


def restore_geometry(window: QWidget, text: str) -> bool:
    """Put a window where it was; returns whether that was possible."""
    try:
        kept = base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return bool(kept) and window.restoreGeometry(QByteArray(kept))
