"""The last seconds, kept for a freeze, within a bound of memory."""

from __future__ import annotations

import threading
from collections import deque

from sonoassist.live.status import View


class History:
    """A ring of views, bounded by time and by memory; any thread may ask.

    Args:
        seconds: How far back.
        megabytes: How much memory, in MiB; the oldest go first.
    """

    def __init__(self, seconds: float, megabytes: int) -> None:
        self._lock = threading.Lock()
        self._views: deque[View] = deque()
        self._bytes = 0
        self.seconds = seconds
        self.megabytes = megabytes

    def add(self, view: View) -> None:
        """Add the newest view; a new result of the last frame takes the place of the old one."""
        with self._lock:
            if self._views and self._views[-1].frame is view.frame:
                self._bytes -= view_bytes(self._views.pop())
            self._views.append(view)
            self._bytes += view_bytes(view)
            self._forget(view.frame.captured_at_s - self.seconds)

    def _forget(self, oldest_s: float) -> None:
        limit = self.megabytes * 2**20
        while len(self._views) > 1 and (
            self._bytes > limit or self._views[0].frame.captured_at_s < oldest_s
        ):
            self._bytes -= view_bytes(self._views.popleft())

    def views(self) -> tuple[View, ...]:
        """What is kept, oldest first."""
        with self._lock:
            return tuple(self._views)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._views.clear()
            self._bytes = 0


def view_bytes(view: View) -> int:
    """Memory that a view holds on to."""
    size = view.frame.pixels.nbytes
    if view.analysis is not None:
        prediction, evidence = view.analysis.prediction, view.analysis.localisation.evidence
        arrays = (prediction.score_maps, prediction.saliency, prediction.guided, evidence)
        size += sum(array.nbytes for array in arrays if array is not None)
    return size
