"""Long work off the GUI thread: results wait until that thread collects them."""

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

    Args:
        finished: Called on a worker whenever there is something to collect, until `stop`.
    """

    def __init__(self, finished: Callable[[], None] = lambda: None) -> None:
        self._finished = finished
        self._lock = threading.Lock()
        self._stopped = False
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
            with self._lock:
                if not self._stopped:
                    self._finished()

        self.run(name, run)

    def run(self, name: str, work: Callable[[], None]) -> None:
        """Run `work` on a new thread; it reports by itself, nothing is collected. Any thread."""
        thread = threading.Thread(target=work, name=f"gui-{name}", daemon=True)
        with self._lock:
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
        with self._lock:
            self._threads = [thread for thread in self._threads if _goes_on(thread)]

    @property
    def busy(self) -> bool:
        """Whether something is running or waits to be collected."""
        with self._lock:
            threads = tuple(self._threads)
        return any(_goes_on(thread) for thread in threads) or not self._outcomes.empty()

    def stop(self, timeout_s: float = 0.3) -> None:
        """Wait a moment for running work; what still runs then is left to the system."""
        with self._lock:
            self._stopped = True
            threads, self._threads = self._threads, []
        for thread in threads:
            if thread.ident is not None:
                thread.join(timeout_s)


def _goes_on(thread: threading.Thread) -> bool:
    """Whether it runs, or is just about to be started."""
    return thread.ident is None or thread.is_alive()
