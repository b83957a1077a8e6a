"""Reading a recording ahead on a thread, so that decoding and analysis overlap."""

from __future__ import annotations

import queue
import threading
from types import TracebackType

from typing_extensions import Self

from sonoassist.core.errors import DamagedFrameError
from sonoassist.core.packets import Frame
from sonoassist.sources.base import Source

FRAMES = 6
"""So many decoded frames wait at most (37 MB of a 1080p video)."""
_POLL_S = 0.1

_Item = Frame | BaseException | None


class ReadAhead:
    """Gives the frames of a source in order, as `Source.read` does, from a thread of its own.

    The source must not be used by others meanwhile; `close` ends the thread and leaves the source
    open.

    Args:
        source: A recording or a folder of pictures; a live source paces itself.
        frames: How many may wait.
    """

    def __init__(self, source: Source, frames: int = FRAMES) -> None:
        self._source = source
        self._waiting: queue.Queue[_Item] = queue.Queue(frames)
        self._ended = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="read ahead", daemon=True)
        self._thread.start()

    def read(self) -> Frame | None:
        """The next frame, or None at the end; what the source raised is raised here, in its place.

        Raises:
            DamagedFrameError: This frame is damaged; the next `read` goes on.
            SourceError: The source cannot go on; from then on there are no more frames.
        """
        if self._ended:
            return None
        item = self._waiting.get()
        if isinstance(item, Frame):
            return item
        if isinstance(item, DamagedFrameError):
            raise item
        self._ended = True
        if item is not None:
            raise item
        return None

    def _run(self) -> None:
        while not self._stopping.is_set():
            item = self._next()
            self._put(item)
            if not isinstance(item, (Frame, DamagedFrameError)):
                return

    def _next(self) -> _Item:
        try:
            return self._source.read()
        except Exception as error:  # noqa: BLE001  (raised again on the reader's thread)
            return error

    def _put(self, item: _Item) -> None:
        while not self._stopping.is_set():
            try:
                self._waiting.put(item, timeout=_POLL_S)
            except queue.Full:
                continue
            return

    def close(self) -> None:
        """End the thread; it has ended when this returns. May be called twice."""
        self._stopping.set()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
