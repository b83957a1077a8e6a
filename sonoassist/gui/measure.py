"""The real window on a real source, measured: what reaches the screen, when, at what cost."""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from PyQt6 import sip
from PyQt6.QtCore import QEventLoop, QObject, QRect, QTimer
from PyQt6.QtWidgets import QApplication

from sonoassist.benchmark.program import ProgramFigures
from sonoassist.core.errors import ModelError, SonoAssistError, SourceError, UsageError
from sonoassist.core.memory import resident_mb
from sonoassist.core.packets import FrameKey, State
from sonoassist.core.settings import Settings
from sonoassist.gui.compose import begin, build, make_services, override
from sonoassist.gui.fonts import family
from sonoassist.gui.frame_times import (
    PAINTING,
    TO_SCREEN,
    FrameTime,
    frame_time,
    spread,
)
from sonoassist.gui.garbage import GuiGarbage
from sonoassist.gui.loading import load_analyser
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.platform import check_display
from sonoassist.gui.shell import Shell
from sonoassist.gui.start import make_application
from sonoassist.gui.theme import PALETTES, Look
from sonoassist.live.session import LiveSession
from sonoassist.live.status import ModelState, PlayState, SessionStatus, View
from sonoassist.model.store import ModelStore

SETTLE_S = 1.0
"""How long model and picture must have been there before it counts."""
READY_LIMIT_S = 180.0
_TURN_MS = 50
_MAXIMISED_MS = 200
_SAMPLES = 200
_LEAST_SAMPLE_S = 0.5
COURSE_PARTS, LEAST_PART_S = 10, 5.0
"""The measurement is told in so many parts at most, each of which takes so long at least."""


def measure_program(source: str, seconds: float, overrides: Mapping[str, Any]) -> ProgramFigures:
    """Open the window on a source, as large as the screen, and measure while it plays.

    A recording plays in a loop at its own pace. Measuring begins once the model is ready and
    pictures have been analysed for a moment. The settings of the user are neither read nor
    changed. Everything has ended when this returns.

    Args:
        source: As on the command line.
        seconds: How long to measure.
        overrides: Settings that differ from the defaults (name -> value).

    Raises:
        UsageError: No display, an override is not allowed, or the window was closed meanwhile.
        SourceError: The source cannot be played.
        ModelError: There is no model, or it cannot be run.
        KeyboardInterrupt: Ctrl-C.
    """
    check_display()
    settings = override(Settings(), {"loop": True, **overrides})
    application = QApplication.instance() or make_application()
    garbage = GuiGarbage(application)
    look = Look(PALETTES[settings.theme], 1.0, family())
    store = ModelStore.default()
    session = LiveSession(history_s=settings.history_s, history_mb=settings.history_mb)
    services = make_services(store, lambda _settings: None, session.notices)
    services = replace(
        services,
        list_devices=lambda: (),
        exams=None,
        # In the precision that is taken in the end: the check would be measured, too.
        make_analyser=lambda wanted, synthetic, tell: load_analyser(
            wanted, store, synthetic, tell, at_once=False
        ),
    )
    shell = Shell(look)
    try:
        window = build(session, services, settings, [])
        _fill_screen(shell)
        begin(shell, window, source)
        return Measurement(shell, window, session, source, seconds).run()
    finally:
        shell.close()
        session.stop()
        sip.delete(shell)
        garbage.end()


def _fill_screen(shell: Shell) -> None:
    """Maximise; where no window manager does that, take the screen's size."""
    shell.showMaximized()

    def check() -> None:
        screen = shell.screen()
        room = QRect() if screen is None else screen.availableGeometry()
        if shell.width() < 0.9 * room.width() or shell.height() < 0.85 * room.height():
            shell.setGeometry(room)

    timer = QTimer(shell)
    timer.setSingleShot(True)
    timer.timeout.connect(check)
    timer.start(_MAXIMISED_MS)


class Counter:
    """Counts on the workers' threads: what was captured, analysed, dropped, and how long it took.

    Counting is off until `begin`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counting = False
        self._waiting: deque[FrameKey] = deque()
        self.captured = 0
        self.analysed = 0
        self.dropped = 0
        self.planes = 0
        self.boxes = 0
        self.label_ms: list[float] = []
        self.labelled_at_s: list[float] = []  # on the clock of `time.monotonic`
        self.stages_ms: dict[str, list[float]] = {}

    def begin(self) -> None:
        """Count from now on."""
        with self._lock:
            self._counting = True
            self._waiting.clear()

    def end(self) -> None:
        """Count no more."""
        with self._lock:
            self._counting = False

    def see(self, view: View) -> None:
        """A picture was captured (without a result) or analysed."""
        with self._lock:
            if not self._counting:
                return
            key = view.frame.key
            if view.analysis is None:
                self.captured += 1
                self._waiting.append(key)
            else:
                self.analysed += 1
                self.planes += view.analysis.state is State.PLANE
                self.boxes += _found_box(view)
                late_s = view.analysis.finished_at_s - view.frame.captured_at_s
                self.label_ms.append(1e3 * late_s)
                self.labelled_at_s.append(time.monotonic())
                self._settle(key)
                took = frame_time(view, view.analysis.finished_at_s, 0.0)
                for stage, took_ms in took.stages_ms:
                    if stage not in (TO_SCREEN, PAINTING):
                        self.stages_ms.setdefault(stage, []).append(took_ms)

    def see_completed(self, view: View) -> None:
        """A picture's box came behind its label."""
        with self._lock:
            self.boxes += self._counting and _found_box(view)

    def _settle(self, key: FrameKey) -> None:
        """What was captured before this frame and has no result will not get one any more."""
        while self._waiting and self._waiting[0] != key and key in self._waiting:
            self._waiting.popleft()
            self.dropped += 1
        if self._waiting and self._waiting[0] == key:
            self._waiting.popleft()


def _found_box(view: View) -> bool:
    """Whether a box was found on this very picture, and not carried to it."""
    return view.analysis is not None and view.analysis.own_box is not None


@dataclass(frozen=True, slots=True)
class Began:
    """The clocks at the moment when measuring began, in seconds."""

    wall_s: float
    cpu_s: float


class Measurement(QObject):
    """Waits until the program runs steadily, then measures it.

    Args:
        shell: Around the program.
        window: The program; it has begun.
        session: Behind it.
        source: What plays, as it was named.
        seconds: How long to measure.
    """

    def __init__(
        self, shell: Shell, window: MainWindow, session: LiveSession, source: str, seconds: float
    ) -> None:
        super().__init__()
        self._window = window
        self._session = session
        self._source = source
        self._seconds = seconds
        self._counter = Counter()
        self._painted: list[FrameTime] = []
        self._memory: list[tuple[float, float]] = []
        self._asked_s = time.monotonic()
        self._steady_since_s: float | None = None
        self._began: Began | None = None
        self._error: BaseException | None = None
        self._figures: ProgramFigures | None = None
        self._loop = QEventLoop()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._turn)
        shell.closed.connect(self._closed)
        window.display.frame_painted.connect(self._note_painted)

    def run(self) -> ProgramFigures:
        """Measure; returns when that is done.

        Raises:
            SonoAssistError: It cannot be measured; see `measure_program`.
            KeyboardInterrupt: Ctrl-C.
        """
        before = signal.getsignal(signal.SIGINT)
        signal.signal(signal.SIGINT, self._interrupt)
        self._session.watch(self._counter.see)
        self._session.watch_completed(self._counter.see_completed)
        self._timer.start(_TURN_MS)
        try:
            self._loop.exec()
        finally:
            self._timer.stop()
            self._session.unwatch(self._counter.see)
            self._session.unwatch_completed(self._counter.see_completed)
            signal.signal(signal.SIGINT, before)
        if self._figures is None:
            raise self._error or UsageError("the window was closed before it was measured")
        return self._figures

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._stop(KeyboardInterrupt())

    def _closed(self) -> None:
        self._stop(UsageError("the window was closed before it was measured"))

    def _stop(self, error: BaseException) -> None:
        if self._figures is None and self._error is None:
            self._error = error
        self._loop.quit()

    def _note_painted(self, _view: View, took: FrameTime) -> None:
        if self._began is not None:
            self._painted.append(took)

    def _turn(self) -> None:
        now_s = time.monotonic()
        status = self._session.status()
        failure = _failure(status)
        if failure is not None:
            self._stop(failure)
        elif self._began is None:
            self._wait(status, now_s)
        else:
            self._sample(now_s - self._began.wall_s)
            if now_s - self._began.wall_s >= self._seconds:
                self._finish(self._began, status)

    def _wait(self, status: SessionStatus, now_s: float) -> None:
        """Begin when model and picture have been steady for a moment."""
        if now_s - self._asked_s > READY_LIMIT_S:
            self._stop(ModelError(f"no picture was analysed within {READY_LIMIT_S:.0f} s"))
        ready = (
            status.play_state is PlayState.PLAYING
            and status.model_state is ModelState.READY
            and self._session.showing().result is not None
        )
        if not ready:
            self._steady_since_s = None
        elif self._steady_since_s is None:
            self._steady_since_s = now_s
        elif now_s - self._steady_since_s >= SETTLE_S:
            self._began = Began(time.monotonic(), time.process_time())
            self._counter.begin()
            self._sample(0.0)

    def _sample(self, at_s: float) -> None:
        every_s = max(self._seconds / _SAMPLES, _LEAST_SAMPLE_S)
        if not self._memory or at_s >= self._memory[-1][0] + every_s:
            self._memory.append((at_s, resident_mb()))

    def _finish(self, began: Began, status: SessionStatus) -> None:
        self._counter.end()
        took_s = time.monotonic() - began.wall_s
        cpu_s = time.process_time() - began.cpu_s
        self._memory.append((took_s, resident_mb()))
        self._figures = self._put_together(status, began, took_s, cpu_s)
        self._loop.quit()

    def _put_together(
        self, status: SessionStatus, began: Began, took_s: float, cpu_s: float
    ) -> ProgramFigures:
        counter, painted = self._counter, self._painted
        info, card = status.source, status.card
        latency = spread(frame.total_ms for frame in painted)
        label = spread(counter.label_ms)
        painting = spread(dict(frame.stages_ms)[PAINTING] for frame in painted)
        engine, _, precision = status.engine.rpartition(" ")
        return ProgramFigures(
            source=self._source,
            width_px=info.width_px if info is not None else 0,
            height_px=info.height_px if info is not None else 0,
            seconds=took_s,
            captured_hz=counter.captured / took_s,
            analysed_hz=counter.analysed / took_s,
            boxes_hz=counter.boxes / took_s,
            label_p50_ms=label.p50_ms,
            label_p95_ms=label.p95_ms,
            painted_hz=len(painted) / took_s,
            dropped=counter.dropped,
            latency_p50_ms=latency.p50_ms,
            latency_p95_ms=latency.p95_ms,
            paint_p50_ms=painting.p50_ms,
            paint_p95_ms=painting.p95_ms,
            cpu_cores=cpu_s / took_s,
            label_course_ms=course(
                [at_s - began.wall_s for at_s in counter.labelled_at_s], counter.label_ms, took_s
            ),
            memory_mb=tuple(self._memory),
            stages_ms=self._stages(),
            planes_share=counter.planes / max(counter.analysed, 1),
            engine=engine,
            precision=precision,
            model=card.name if card is not None else "",
        )

    def _stages(self) -> tuple[tuple[str, float, float], ...]:
        """Up to the result over all that was analysed, behind it over all that was painted."""
        found = dict(self._counter.stages_ms)
        for stage in (TO_SCREEN, PAINTING):
            found[stage] = [dict(frame.stages_ms)[stage] for frame in self._painted]
        spreads = {stage: spread(times_ms) for stage, times_ms in found.items()}
        return tuple((stage, one.p50_ms, one.p95_ms) for stage, one in spreads.items())


def course(
    at_s: Sequence[float], times_ms: Sequence[float], took_s: float
) -> tuple[tuple[float, float, float], ...]:
    """What times were over a measurement: (second, median, 95th percentile) of equal parts of it.

    A part without a time is left out.

    Args:
        at_s: When each was measured, seconds since the beginning.
        times_ms: As many.
        took_s: How long the measurement took; more than 0.
    """
    parts = max(min(int(took_s / LEAST_PART_S), COURSE_PARTS), 1)
    by_part: dict[int, list[float]] = {}
    for second, took_ms in zip(at_s, times_ms, strict=True):
        by_part.setdefault(min(int(second * parts / took_s), parts - 1), []).append(took_ms)
    spreads = ((part, spread(by_part[part])) for part in sorted(by_part))
    return tuple((part * took_s / parts, one.p50_ms, one.p95_ms) for part, one in spreads)


def _failure(status: SessionStatus) -> SonoAssistError | None:
    """Why it will never be ready, or None."""
    if status.play_state in (PlayState.FAILED, PlayState.LOST):
        return SourceError(status.play_message or "the source cannot be played")
    if status.model_state in (ModelState.FAILED, ModelState.MISSING):
        return ModelError(status.model_message or "no model is installed")
    return None
