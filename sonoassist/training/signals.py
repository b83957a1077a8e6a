"""Ctrl-C and the request to end: the iteration under way is finished and saved first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from typing_extensions import Self

_WATCHED = (signal.SIGINT, signal.SIGTERM)
INTERRUPTS = 3


class StopRequest:
    """Catches SIGINT and SIGTERM.

    Schedulers send SIGTERM more than once and people press Ctrl-C again, so repeats are ignored
    while the work is saved; the third Ctrl-C acts at once, as always.

    Args:
        heard: Called at the first signal.

    Attributes:
        received: Number of the signal, or 0.
    """

    def __init__(self, heard: Callable[[], None] = lambda: None) -> None:
        self.received = 0
        self._heard = heard
        self._interrupts = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        # Python allows handlers in the main thread only; elsewhere the caller stops us.
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._catch) for number in _WATCHED}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()

    def _catch(self, number: int, frame: FrameType | None) -> None:
        self._interrupts += number == signal.SIGINT
        if self._interrupts >= INTERRUPTS:
            self._restore()
            raise KeyboardInterrupt
        if not self.received:
            self.received = number
            self._heard()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
