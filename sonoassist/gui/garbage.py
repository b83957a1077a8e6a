"""Python's cycle collector, kept on the GUI thread.

Python collects on whichever thread happens to allocate. Were it a worker, widgets that are part of
a cycle would be destroyed off the GUI thread, which Qt does not survive; and a frame would wait for
the collection.
"""

from __future__ import annotations

import gc

from PyQt6.QtCore import QObject, QTimer

INTERVAL_MS = 500


class GuiGarbage(QObject):
    """Collects on the thread it is made on, from time to time; on other threads nobody does.

    Until `end` the collector is off for the whole process.

    Args:
        parent: Its Qt parent.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(INTERVAL_MS)

    def collect(self) -> None:
        """Collect the oldest generation that has filled up, and those younger."""
        filled = [
            generation
            for generation, (count, limit) in enumerate(
                zip(gc.get_count(), gc.get_threshold(), strict=True)
            )
            if limit and count > limit
        ]
        if filled:
            gc.collect(filled[-1])

    def end(self) -> None:
        """Collect all that is left and give the collector back; may be called twice."""
        self._timer.stop()
        gc.collect()
        if self._was_enabled:
            gc.enable()
