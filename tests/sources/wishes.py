"""What users wish for while something else goes on."""

from __future__ import annotations

import threading


class AskedTwice(threading.Event):
    """A wish to stop that comes while somebody waits: when it is asked for the third time."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0

    def is_set(self) -> bool:
        self._asked += 1
        if self._asked == 3:
            self.set()
        return super().is_set()
