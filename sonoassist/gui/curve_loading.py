"""pyqtgraph is imported when a curve is first shown: beside the picture, where one is watched."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtWidgets import QWidget

from sonoassist.gui.theme import Look

if TYPE_CHECKING:
    from sonoassist.gui.curves import Graph

_CURVES = "sonoassist.gui.curves"
_LOOK_MS = 20


def load_curves() -> None:
    """Import what draws curves; any thread.

    pyqtgraph puts a handler of its own over the one that reports errors; ours stays.
    """
    report = sys.excepthook
    importlib.import_module(_CURVES)
    sys.excepthook = report


def make_graph(look: Look, parent: QWidget) -> Graph:
    """A plot; with the first one pyqtgraph is imported, which takes a moment."""
    load_curves()
    from sonoassist.gui.curves import Graph

    return Graph(look, parent)


class CurveLoading(QObject):
    """Imports on a thread of its own, so that the picture moves on meanwhile.

    Args:
        parent: Its Qt parent; with it nothing is told any more.
        loaded: Called on the GUI thread when plots can be made without waiting.
    """

    def __init__(self, parent: QObject, loaded: Callable[[], None]) -> None:
        super().__init__(parent)
        self._loaded = loaded
        self._thread: threading.Thread | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)

    def begin(self) -> None:
        """Import, unless that was done; `loaded` is called at once then."""
        if _CURVES in sys.modules and self._thread is None:
            self._loaded()
        elif self._thread is None:
            self._thread = threading.Thread(target=load_curves, name="gui-curves", daemon=True)
            self._thread.start()
            self._timer.start()

    def _look(self) -> None:
        if self._thread is not None and not self._thread.is_alive():
            self._thread = None
            self._timer.stop()
            self._loaded()  # what went wrong on the thread is raised here again
