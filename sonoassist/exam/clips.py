"""Clips: the seconds around a capture, as a video of their own, written off the live threads."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sonoassist.core.errors import OutputError, SonoAssistError, UsageError, window_text
from sonoassist.core.files import replacing
from sonoassist.core.packets import Frame
from sonoassist.exam.exam import Exam
from sonoassist.render.encoder import VideoEncoder
from sonoassist.sources.base import SYNTHETIC_MARK

SECONDS = 2.0
LATE_S = 4.0
"""A capture may become known so long after its frame and still get all the seconds before.

On the clock of the exam or on the source's own, whichever takes longer: a film that waits for
its analysis is slower than it plays, and what is best in it is known by the film's time.
"""
_GRACE_S = 1e-6
"""Times are sums of floats: a frame two seconds away may seem to be a little further."""
LIMIT_BYTES = 2**30

OnTrouble = Callable[[str], None]
_Timed = tuple[float, Frame]


@dataclass(slots=True, eq=False)
class _Clip:
    """A clip from its beginning until it is written."""

    capture_id: int
    at_s: float
    until_s: float
    synthetic: bool
    frames: list[_Timed] = field(default_factory=list)

    def captured(self) -> Frame:
        """The frame of the capture, or the one nearest to it."""
        return min(self.frames, key=lambda one: abs(one[0] - self.at_s))[1]


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
        limit_bytes: Memory for the pictures of the last seconds (where it is too small, clips
            begin later), and again for those of begun clips (where it is full, the open ones end
            and none begins until some are written). Both hold the same pictures mostly.
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
        self._synthetic = False  # all that is in `_recent`
        self._open: list[_Clip] = []
        self._begun: list[_Clip] = []  # the open ones and those not yet written
        self._clips: queue.SimpleQueue[_Clip | None] = queue.SimpleQueue()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="clips", daemon=True)
        self._thread.start()

    def add(self, frame: Frame, at_s: float, *, synthetic: bool) -> None:
        """Take a captured frame.

        Args:
            frame: As it was captured.
            at_s: When, on the clock of `begin`. Where it goes back, or the frame is of another
                source than the one before, the open clips end and the seconds before are
                forgotten.
            synthetic: Its source is a synthetic exam.
        """
        with self._lock:
            if self._stopped:
                return
            if self._recent and (
                synthetic != self._synthetic or not _follows(self._recent[-1], frame, at_s)
            ):
                self._break()
            self._synthetic = synthetic
            self._recent.append((at_s, frame))
            self._recent_bytes += frame.pixels.nbytes
            self._forget(at_s, frame.time_s)
            for clip in self._open:
                if at_s <= clip.until_s:
                    clip.frames.append((at_s, frame))
            full = bool(self._open) and self._begun_bytes() > self._limit
            self._hand_over([clip for clip in self._open if full or at_s >= clip.until_s])

    def begin(self, capture_id: int, at_s: float, source_id: str) -> bool:
        """Make a clip for a capture.

        Args:
            capture_id: Of the capture; where it is gone before its clip is written, there is none.
            at_s: Of the captured frame.
            source_id: Of the captured frame; another source is another exam, maybe another patient.

        Returns:
            Whether there will be one: not when the frames of that time are gone, nor when so
            many clips wait to be written that they fill the memory.
        """
        reach_s = self._seconds + _GRACE_S
        with self._lock:
            clip = _Clip(capture_id, at_s, at_s + reach_s, self._synthetic)
            if self._stopped or self._begun_bytes() >= self._limit:
                return False
            clip.frames += [
                one
                for one in self._recent
                if abs(one[0] - at_s) <= reach_s and one[1].source_id == source_id
            ]
            if not clip.frames:
                return False
            self._open.append(clip)
            self._begun.append(clip)
            if self._recent[-1][0] >= clip.until_s:
                self._hand_over([clip])
            return True

    def of_past(
        self,
        capture_id: int,
        at_s: float,
        past: Sequence[tuple[float, Frame]],
        *,
        synthetic: bool,
    ) -> bool:
        """Make a clip of pictures that are still in memory elsewhere, e.g. in a freeze.

        Args:
            capture_id: Of the capture.
            at_s: Of the captured frame.
            past: (time, frame) in the order of their times; those too far away are left out.
            synthetic: Their source is a synthetic exam.

        Returns:
            Whether there will be one, as in `begin`.
        """
        clip = _Clip(capture_id, at_s, at_s, synthetic)
        clip.frames += [one for one in past if abs(one[0] - at_s) <= self._seconds]
        with self._lock:
            if self._stopped or not clip.frames or self._begun_bytes() >= self._limit:
                return False
            self._begun.append(clip)
            self._clips.put(clip)
            return True

    def flush(self) -> None:
        """Have the open clips written with the frames there are: the source or the exam ends."""
        with self._lock:
            self._break()

    def stop(self) -> None:
        """Write what is open or waits; the thread has ended when this returns."""
        self.flush()
        with self._lock:
            if not self._stopped:
                self._stopped = True
                self._clips.put(None)
        self._thread.join()

    # --- under the lock ---------------------------------------------------------------------

    def _forget(self, at_s: float, time_s: float) -> None:
        while len(self._recent) > 1 and (
            self._recent_bytes > self._limit or self._is_past(self._recent[0], at_s, time_s)
        ):
            self._recent_bytes -= self._recent.popleft()[1].pixels.nbytes

    def _is_past(self, one: _Timed, at_s: float, time_s: float) -> bool:
        reach_s = self._seconds + LATE_S
        return at_s - one[0] > reach_s and abs(time_s - one[1].time_s) > reach_s

    def _break(self) -> None:
        self._hand_over(list(self._open))
        self._recent.clear()
        self._recent_bytes = 0

    def _hand_over(self, clips: list[_Clip]) -> None:
        for clip in clips:
            self._open.remove(clip)
            self._clips.put(clip)

    def _begun_bytes(self) -> int:
        # Clips share their pictures: each counts once.
        sizes = {id(one): one.pixels.nbytes for clip in self._begun for _, one in clip.frames}
        return sum(sizes.values())

    # --- on the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        while (clip := self._clips.get()) is not None:
            try:
                self._write(clip)
            except SonoAssistError as error:
                self._tell(error)
            except Exception as error:  # noqa: BLE001  (the top of the thread: report, go on)
                self._tell(OutputError(f"{type(error).__name__}: {error}"))
            with self._lock:
                self._begun.remove(clip)
            del clip  # its pictures are not to be kept until the next one comes

    def _tell(self, error: SonoAssistError) -> None:
        self._on_trouble(f"a capture has no clip: {window_text(error)}")

    def _write(self, clip: _Clip) -> None:
        try:
            still = self._exam.capture(clip.capture_id).still
        except UsageError:
            return  # a better one has taken its place meanwhile
        path = self._exam.media / f"{Path(still).stem}.mp4"
        with replacing(path, private=True) as temporary:
            self._encode(clip, temporary)
        try:
            self._exam.add_clip(clip.capture_id, path.name)
        except SonoAssistError:
            path.unlink(missing_ok=True)
            raise

    def _encode(self, clip: _Clip, path: Path) -> None:
        shown = clip.captured()
        began_s = clip.frames[0][0]
        comment = SYNTHETIC_MARK if clip.synthetic else ""
        with VideoEncoder(
            path, shown.width_px, shown.height_px, self._fps, comment=comment, cheap=True
        ) as encoder:
            for at_s, frame in clip.frames:
                encoder.add(frame.pixels, at_s - began_s)


def _follows(last: _Timed, frame: Frame, at_s: float) -> bool:
    return at_s >= last[0] and frame.source_id == last[1].source_id
