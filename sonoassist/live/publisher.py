"""Tells those who asked for it that a session's status is another one."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable

from sonoassist.core.errors import window_text
from sonoassist.live.status import Level, Notice, Notices, SessionStatus

StatusListener = Callable[[SessionStatus], None]


class StatusPublisher:
    """Calls listeners on a thread of its own, one after another, never two at a time.

    The worker whose state has changed is not held up. Changes that follow each other closely
    may be told as one; the last one is always told.

    Args:
        read: Gives the status of the moment.
        notices: For the user.
    """

    def __init__(self, read: Callable[[], SessionStatus], notices: Notices) -> None:
        self._read = read
        self._notices = notices
        self._lock = threading.Lock()
        self._listeners: tuple[StatusListener, ...] = ()
        self._news = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="status", daemon=True)
        self._thread.start()

    def subscribe(self, listener: StatusListener) -> None:
        """Tell `listener` the status as it is now, and again whenever it changes.

        One that was subscribed already is called once all the same. It must not wait for long.
        """
        with self._lock:
            if listener not in self._listeners:
                self._listeners = (*self._listeners, listener)
        self._news.set()

    def unsubscribe(self, listener: StatusListener) -> None:
        """Call `listener` no more; one call may still be under way."""
        with self._lock:
            self._listeners = tuple(one for one in self._listeners if one != listener)

    def changed(self) -> None:
        """The status may be another one; any thread, returns at once."""
        self._news.set()

    def stop(self) -> None:
        """End the thread; it has ended when this returns, and nobody is called any more."""
        self._stopping = True
        self._news.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            if self._stopping:
                return
            status = self._read()
            for listener in self._listeners:
                self._tell(listener, status)

    def _tell(self, listener: StatusListener, status: SessionStatus) -> None:
        try:
            listener(status)
        except Exception as error:  # noqa: BLE001  (the top of the thread: report, go on)
            title = f"following the source failed: {window_text(error)}"
            self._notices.put(Notice(Level.ERROR, title, "", traceback.format_exc()))
