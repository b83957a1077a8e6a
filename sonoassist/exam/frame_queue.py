"""A queue of frames that is bounded in bytes and never makes the producer wait."""

from __future__ import annotations

import threading
from collections import deque

from sonoassist.core.packets import Frame

QueuedFrame = tuple[Frame, float, bool]
"""A frame, its time in seconds, and whether its source is a synthetic exam."""


class FrameQueue:
    """Frames on their way to an encoder, each with its time and what it is of.

    Args:
        limit_bytes: Of the pictures in it; a picture larger than that is taken alone.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._changed = threading.Condition()
        self._frames: deque[QueuedFrame] = deque()
        self._bytes = 0
        self._closed = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Frames that found no room."""
        with self._changed:
            return self._dropped

    def put(self, frame: Frame, time_s: float, synthetic: bool) -> bool:
        """Put a frame; False when there is no room for it or the queue is closed."""
        size = frame.pixels.nbytes
        with self._changed:
            if self._closed:
                return False
            if self._frames and self._bytes + size > self._limit:
                self._dropped += 1
                return False
            self._frames.append((frame, time_s, synthetic))
            self._bytes += size
            self._changed.notify()
            return True

    def take(self) -> QueuedFrame | None:
        """Wait for the next frame; None when the queue is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._closed)
            if not self._frames:
                return None
            taken = self._frames.popleft()
            self._bytes -= taken[0].pixels.nbytes
            return taken

    def close(self, *, forget: bool = False) -> None:
        """Take no more frames; those in it can still be taken, unless they are forgotten."""
        with self._changed:
            self._closed = True
            if forget:
                self._frames.clear()
                self._bytes = 0
            self._changed.notify_all()
