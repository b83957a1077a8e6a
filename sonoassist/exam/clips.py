"""Clips: the seconds around a capture, as a video of their own, written off the live threads."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sonoassist.errors import OutputError, SonoAssistError, UsageError
from sonoassist.exam.exam import Exam
from sonoassist.files import replacing
from sonoassist.packets import Frame
from sonoassist.render.encoder import VideoEncoder
from sonoassist.sources.base import SYNTHETIC_MARK

SECONDS = 2.0
LIMIT_BYTES = 512 * 2**20
"""Of the pictures kept for clips to come, and again of those that wait to be written."""

OnTrouble = Callable[[str], None]
_Timed = tuple[float, Frame]


@dataclass(slots=True)
class _Clip:
    """A clip that is being collected."""

    capture_id: int
    at_s: float
    until_s: float
    frames: list[_Timed] = field(default_factory=list)


class Clipper:
    """Keeps the last seconds, and writes those around a capture into an exam.

    `add`, `begin` and `flush` return at once. Pictures are kept, not copied; clips that overlap
    in time share them.

    Args:
        exam: Open for writing, until after `stop`.
        on_trouble: Called, on the writing thread, with what went wrong with a clip; the exam and
            the other clips go on.
        seconds: Of a clip, before its capture and again behind it.
        fps: Nominal rate; each frame has its own time all the same.
        limit_bytes: Memory for the pictures before a capture that is still to come; where it is
            too small for `seconds`, clips begin later.
    """

    def __init__(
        self,
        exam: Exam,
        on_trouble: OnTrouble,
        *,
        seconds: float = SECONDS,
        fps: float = 25.0,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        self._exam = exam
        self._on_trouble = on_trouble
        self._seconds = seconds
        self._fps = fps
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._recent: deque[_Timed] = deque()
        self._recent_bytes = 0
        self._open: list[_Clip] = []
        self._waiting: dict[int, int] = {}
        self._clips: queue.SimpleQueue[_Clip | None] = queue.SimpleQueue()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="clips", daemon=True)
        self._thread.start()

    def add(self, frame: Frame, at_s: float) -> None:
        """Take a captured frame.

        Args:
            frame: As it was captured.
            at_s: When, on the clock of `begin`. Where it goes back, or the frame is of another
                source than the one before, the open clips end and the seconds before are
                forgotten.
        """
        with self._lock:
            if self._stopped:
                return
            if self._recent and not _follows(self._recent[-1], frame, at_s):
                self._hand_over(self._open)
                self._forget_all()
            self._recent.append((at_s, frame))
            self._recent_bytes += frame.pixels.nbytes
            self._forget(at_s - self._seconds)
            for clip in self._open:
                if at_s <= clip.until_s:
                    clip.frames.append((at_s, frame))
            self._hand_over([clip for clip in self._open if at_s >= clip.until_s])

    def begin(self, capture_id: int, at_s: float) -> bool:
        """Make a clip for a capture.

        Args:
            capture_id: Of the capture; where it is gone before its clip is written, there is none.
            at_s: Of the captured frame.

        Returns:
            Whether there will be one: not when the frames of that time are gone, nor when so
            many clips wait to be written that they fill the memory.
        """
        clip = _Clip(capture_id, at_s, at_s + self._seconds)
        with self._lock:
            if self._stopped or self._pending_bytes() > self._limit:
                return False
            clip.frames += [one for one in self._recent if abs(one[0] - at_s) <= self._seconds]
            if not clip.frames:
                return False
            self._open.append(clip)
            if self._recent[-1][0] >= clip.until_s:
                self._hand_over([clip])
            return True

    def flush(self) -> None:
        """Have the open clips written with the frames there are: the source or the exam ends."""
        with self._lock:
            self._hand_over(self._open)
            self._forget_all()

    def stop(self) -> None:
        """Write what is open or waits; the thread has ended when this returns."""
        self.flush()
        with self._lock:
            if not self._stopped:
                self._stopped = True
                self._clips.put(None)
        self._thread.join()
