"""Long work off the GUI thread: results wait until the display timer collects them."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Outcome:
    value: Any
    error: Exception | None
    on_done: Callable[[Any], None]
    on_error: Callable[[Exception], None]


class Jobs:
    """Runs functions on threads of their own.

    The callbacks run on the thread that calls `collect`, never on the workers, so they may touch
    widgets. Threads are daemons: a driver that hangs in a call must not keep the program alive.
    """

    def __init__(self) -> None:
        self._outcomes: queue.SimpleQueue[_Outcome] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def start(
        self,
        name: str,
        work: Callable[[], Any],
        on_done: Callable[[Any], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        """Run `work` on a new thread.

        Args:
            name: Of the thread, for crash reports.
            work: Runs on the thread.
            on_done: Called with its result by `collect`.
            on_error: Called with its exception by `collect`.
        """

        def run() -> None:
            value, failure = None, None
            try:
                value = work()
            except Exception as error:  # noqa: BLE001 (a thread's top: reported by on_error)
                _log.debug("job %s failed", name, exc_info=True)
                failure = error
            self._outcomes.put(_Outcome(value, failure, on_done, on_error))

        thread = threading.Thread(target=run, name=f"gui-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def collect(self) -> None:
        """Call the callbacks of what has finished."""
        while not self._outcomes.empty():
            outcome = self._outcomes.get()
            if outcome.error is not None:
                outcome.on_error(outcome.error)
            else:
                outcome.on_done(outcome.value)
        self._threads = [thread for thread in self._threads if thread.is_alive()]

    @property
    def busy(self) -> bool:
        """Whether something is running or waits to be collected."""
        return any(thread.is_alive() for thread in self._threads) or not self._outcomes.empty()

    def stop(self, timeout_s: float = 0.3) -> None:
        """Wait a moment for running work; what still runs then is left to the system."""
        for thread in self._threads:
            thread.join(timeout_s)
        self._threads = []
