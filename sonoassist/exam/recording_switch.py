"""Turns an exam's recording on and off; the screen always says which of both it is."""

from __future__ import annotations

import time
from collections.abc import Callable

from sonoassist.core.packets import Frame
from sonoassist.core.wording import counted
from sonoassist.exam.exam import Exam
from sonoassist.exam.recorder import Recorder
from sonoassist.live.status import Level, Notice, Notices


class RecordingSwitch:
    """Used on the exam's thread, except `add`.

    Args:
        exam: Open for writing.
        notices: For the user.
        began_s: `time.monotonic()` at the exam's beginning.
        tell: Called with `time.monotonic()` at the recording's beginning, or None at its end.
        ask: Has something done on the exam's thread.
    """

    def __init__(
        self,
        exam: Exam,
        notices: Notices,
        began_s: float,
        tell: Callable[[float | None], None],
        ask: Callable[[Callable[[], None]], None],
    ) -> None:
        self._exam = exam
        self._notices = notices
        self._began_s = began_s
        self._tell = tell
        self._ask = ask
        self._recorder: Recorder | None = None

    def add(self, frame: Frame, at_s: float, *, synthetic: bool) -> None:
        """Record a frame, if anything is recorded; any thread, returns at once."""
        recorder = self._recorder
        if recorder is not None:
            recorder.add(frame, at_s, synthetic=synthetic)

    def begin(self) -> None:
        """Begin a recording, unless one runs."""
        if self._recorder is not None:
            return
        recorder = Recorder(self._exam, lambda message: self._failed(recorder, message))
        self._recorder = recorder
        self._tell(time.monotonic())
        self._note("Recording begun")

    def end(self) -> None:
        """End the recording."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            self._tell(None)
            return
        try:
            recorder.stop()
        finally:
            self._tell(None)
        figures = recorder.figures()
        said = f"Recording ended, {counted(figures.written, 'frame')}"
        if figures.dropped:
            said += f", {figures.dropped} left out because the computer was too busy"
            self._notices.put(Notice(Level.WARNING, said))
        self._note(said)

    def _note(self, text: str) -> None:
        self._exam.add_event(time.monotonic() - self._began_s, "record", text)

    def _failed(self, recorder: Recorder, message: str) -> None:
        """On the recorder's thread: it has stopped by itself."""
        self._notices.put(Notice(Level.ERROR, message[:1].upper() + message[1:]))

        def end() -> None:
            if self._recorder is recorder:  # the user may have begun another one meanwhile
                self.end()

        self._ask(end)
