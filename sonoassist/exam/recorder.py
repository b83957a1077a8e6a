"""Recording an exam: every captured frame as it came, nothing drawn on it, each at its own time.

A recording is a file that plays at any moment, also when the program is killed while it writes:
the encoder puts whole pieces of half a second on the disk. A frame of another size than the one
before, or of an earlier time (a film was rewound), begins a further file, so that no picture is
ever scaled or moved in time; so does a real source behind a synthetic one: a file says what it is
of. Grey frames are kept in colour, where their channels are equal.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sonoassist.core.errors import OutputError, SonoAssistError, window_text
from sonoassist.core.packets import Frame
from sonoassist.exam.exam import Exam
from sonoassist.exam.frame_queue import FrameQueue
from sonoassist.render.encoder import VideoEncoder
from sonoassist.sources.base import SYNTHETIC_MARK

QUEUE_BYTES = 64 * 2**20
SPARE_BYTES = 256 * 2**20
"""A recording leaves so much of the disk free: captures and results are worth more."""
NOTE_S = 1.0
"""Between two notes in the record of how far the recording has come."""

OnTrouble = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RecorderFigures:
    """A recording at one moment.

    Attributes:
        written: Frames in the video, over all its files.
        dropped: Frames left out because the encoder was behind.
        running: Whether frames are still taken.
        trouble: Why it stopped by itself, or "".
    """

    written: int
    dropped: int
    running: bool
    trouble: str


class Recorder:
    """Writes videos into an exam, on a thread of its own.

    Args:
        exam: Open for writing, until after `stop`.
        on_trouble: Called once, on that thread, when the recording stops by itself; the exam
            goes on.
        fps: Nominal rate; each frame has its own time all the same.
        queue_bytes: Memory for frames that wait for the encoder.
        spare_bytes: The recording stops when less than this is free on the disk.
    """

    def __init__(
        self,
        exam: Exam,
        on_trouble: OnTrouble,
        *,
        fps: float = 25.0,
        queue_bytes: int = QUEUE_BYTES,
        spare_bytes: int = SPARE_BYTES,
    ) -> None:
        self._exam = exam
        self._on_trouble = on_trouble
        self._fps = fps
        self._spare_bytes = spare_bytes
        self._queue = FrameQueue(queue_bytes)
        self._written = 0
        self._trouble = ""
        self._part: _Part | None = None
        self._noted_at_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def add(self, frame: Frame, time_s: float, *, synthetic: bool) -> bool:
        """Record a frame; returns at once.

        Args:
            frame: As it was captured; its pixels are kept, not copied.
            time_s: When it is shown, on one clock for the whole exam: seconds since the exam
                began, or the source's own time where a recording is reviewed.
            synthetic: Its source is a synthetic exam.

        Returns:
            Whether it will be in the video: not when the encoder is behind (the frame is
            counted as dropped), nor when the recording has stopped.
        """
        return self._queue.put(frame, time_s, synthetic)

    def figures(self) -> RecorderFigures:
        """How it stands."""
        running = self._thread.is_alive() and not self._trouble
        return RecorderFigures(self._written, self._queue.dropped, running, self._trouble)

    def stop(self) -> None:
        """Write what waits and finish the file; the thread has ended when this returns."""
        self._queue.close()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    # --- on the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while (taken := self._queue.take()) is not None:
                self._write(*taken)
            self._finish_part()
        except SonoAssistError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001  (the top of the thread: report, end)
            self._fail(OutputError(f"{type(error).__name__}: {error}"))

    def _write(self, frame: Frame, time_s: float, synthetic: bool) -> None:
        if self._part is not None and not self._part.fits(frame, time_s, synthetic):
            self._finish_part()
        if self._part is None:
            self._check_space()
            self._part = _Part(self._exam, frame, time_s, synthetic, self._fps)
        self._part.add(frame, time_s)
        self._written += 1
        self._note_if_due()

    def _note_if_due(self) -> None:
        now_s = time.monotonic()
        if now_s - self._noted_at_s < NOTE_S or self._part is None:
            return
        self._noted_at_s = now_s
        self._check_space()
        # A record that cannot be written now may be the next time; the video goes on.
        with suppress(OutputError):
            self._part.note()

    def _check_space(self) -> None:
        try:
            free = shutil.disk_usage(self._exam.media).free
        except OSError:
            return  # writing will say it better
        if free < self._spare_bytes:
            raise OutputError("the disk is almost full", "Free some space")

    def _finish_part(self) -> None:
        if self._part is not None:
            self._part.finish()
            self._part = None

    def _fail(self, error: SonoAssistError) -> None:
        self._trouble = error.message
        self._queue.close(forget=True)
        if self._part is not None:
            self._written -= self._part.abandon(error.message)
            self._part = None
        self._on_trouble(
            f"the recording has stopped: {window_text(error)}. What was recorded is kept"
        )


class _Part:
    """One file of a recording, with its line in the record.

    Args:
        exam: It belongs to.
        first: The frame that decides its size.
        began_s: Time of that frame; the file begins with it.
        synthetic: The source of all its frames is a synthetic exam; the file says so.
        fps: Nominal rate.

    """

    def __init__(
        self, exam: Exam, first: Frame, began_s: float, synthetic: bool, fps: float
    ) -> None:
        self._exam = exam
        self._size = (first.width_px, first.height_px)
        self._synthetic = synthetic
        self._began_s = self._last_s = began_s
        self._frames = 0
        path = _free_path(exam)
        comment = SYNTHETIC_MARK if synthetic else ""
        self._encoder = VideoEncoder(
            path, *self._size, fps, comment=comment, cheap=True, crash_safe=True
        )
        try:
            # Behind the file: a file that the record does not speak of is set aside one day.
            self._id = exam.begin_recording(path.name, began_s)
        except SonoAssistError:
            self._encoder.abandon()
            path.unlink(missing_ok=True)
            raise

    def fits(self, frame: Frame, time_s: float, synthetic: bool) -> bool:
        """Whether a frame can go into this file."""
        same_size = (frame.width_px, frame.height_px) == self._size
        return same_size and time_s >= self._last_s and synthetic == self._synthetic

    def add(self, frame: Frame, time_s: float) -> None:
        self._encoder.add(frame.pixels, time_s - self._began_s)
        self._last_s = time_s
        self._frames += 1

    def note(self) -> None:
        """Say in the record how many frames are safe."""
        self._exam.note_recording(self._id, self._encoder.safe)

    def finish(self) -> None:
        """Make it a usual video.

        Raises:
            OutputError: The disk refuses.
        """
        self._encoder.close()
        self._exam.note_recording(self._id, self._frames, ended=True)

    def abandon(self, trouble: str) -> int:
        """Keep what can be kept after an error; returns the number of frames that cannot."""
        self._encoder.abandon()
        lost = self._frames - self._encoder.safe
        with suppress(SonoAssistError):  # the trouble is told in any case
            self._exam.note_recording(self._id, self._encoder.safe, ended=not lost, trouble=trouble)
        return lost


def _free_path(exam: Exam) -> Path:
    number = len(exam.recordings()) + 1
    while (path := exam.media / f"recording-{number}.mp4").exists():
        number += 1
    return path
