"""Opens a source while another one goes on: what fails leaves that as it is."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable

from sonoassist.core.errors import (
    DamagedFrameError,
    SonoAssistError,
    SourceError,
    StalledError,
    window_text,
)
from sonoassist.core.packets import Frame
from sonoassist.live.status import Level, Notice, Notices
from sonoassist.sources.base import Opening, Source

Opener = Callable[[str, threading.Event], Source]


class OpeningBeside:
    """One opening, on a thread of its own.

    A recording has to give its first picture before it takes over; a live source is waited for
    where everybody sees that it is.

    Args:
        opener: Makes a source of what the user named; gives up when the event is set.
        spec: What the user named.
        opening: Set when something else is wanted.
        arrived: Called on the thread at its end, with this; then `take` tells what came of it.
        notices: For the user.

    Attributes:
        first: The first picture, read already; None where that is still to come.
    """

    def __init__(
        self,
        opener: Opener,
        spec: str,
        opening: Opening,
        arrived: Callable[[OpeningBeside], None],
        notices: Notices,
    ) -> None:
        self.spec = spec
        self.first: Frame | None = None
        self._opener = opener
        self._opening = opening
        self._arrived = arrived
        self._notices = notices
        self._source: Source | None = None
        self._thread = threading.Thread(target=self._run, name="opening", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    @property
    def given_up(self) -> bool:
        """Whether something else is wanted by now."""
        return self._opening.is_set()

    def take(self) -> Source | None:
        """What was opened; None where it failed or something else is wanted. Ends the thread."""
        self._thread.join()
        source, self._source = self._source, None
        if source is not None and self._opening.is_set():
            source.close()
            return None
        return source

    def _run(self) -> None:
        try:
            source = self._source = self._opener(self.spec, self._opening)
            if not source.info.live and not source.info.stills:
                self.first = self._first_of(source)
        except Exception as error:  # noqa: BLE001  (the top of the thread: report)
            self._fail(error)
        finally:
            self._arrived(self)

    def _first_of(self, source: Source) -> Frame | None:
        while not self._opening.is_set():
            try:
                frame = source.read()
            except (DamagedFrameError, StalledError):
                continue  # what is wrong with it is said when it is played
            if frame is None:
                raise SourceError(f"{source.info.label} holds no picture", "Open another one")
            return frame
        return None

    def _fail(self, error: Exception) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()
        if self._opening.is_set():
            return  # nobody waits for it any more
        goes_on = "What is open goes on"
        if isinstance(error, SonoAssistError):
            hint = f"{error.window_hint}. {goes_on}" if error.window_hint else goes_on
            self._notices.put(Notice(Level.ERROR, error.message, hint))
        else:
            title = f"opening failed: {window_text(error)}"
            self._notices.put(Notice(Level.ERROR, title, goes_on, traceback.format_exc()))
