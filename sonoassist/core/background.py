"""Work on a thread of its own that can be paused and asked to end."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod


class BackgroundWork(ABC):
    """Base of what runs on a thread of its own until it is stopped.

    What other threads want is written, and `_changed` notified, with `_changed` held.

    Args:
        name: Of the thread.
    """

    def __init__(self, name: str) -> None:
        self._changed = threading.Condition()
        self._stopping = self._paused = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def _run(self) -> None:
        """The work; ends soon after `_stopping` is set."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether its thread has not ended yet."""
        return self._thread.is_alive()

    def halt(self) -> None:
        """Ask the thread to end, without waiting for it."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def stop(self) -> None:
        """End; the thread has ended when this returns."""
        self.halt()
        if self._thread.ident is not None:
            self._thread.join()
