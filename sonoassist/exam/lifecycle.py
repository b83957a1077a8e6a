"""When an exam begins, goes on and ends: with its source, as the settings want it, or by hand.

It is told each status of the live session and decides by that alone; no window is needed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from sonoassist.core.errors import SonoAssistError, window_text
from sonoassist.core.settings import Settings
from sonoassist.exam.presets import DEFAULT_PRESET, load_preset
from sonoassist.exam.records import ExamStart, Item
from sonoassist.exam.source_words import goes_on_text, is_back_text
from sonoassist.exam.starts import Watched, exam_start, in_force, name_of
from sonoassist.exam.store import ExamStore
from sonoassist.live.status import (
    Level,
    ModelState,
    Notice,
    Notices,
    PlayState,
    SessionStatus,
    View,
)

if TYPE_CHECKING:
    from sonoassist.exam.in_force import InForce
    from sonoassist.exam.running import RunningExam

BOXES_WITHIN_S = 3.0
"""An exam that ends waits so long at most for the boxes of its last pictures."""
_OPEN = {PlayState.PLAYING, PlayState.PAUSED, PlayState.ENDED, PlayState.LOST}
_GONE = {PlayState.EMPTY, PlayState.FAILED}
_STANDS = {PlayState.PAUSED, PlayState.ENDED, PlayState.LOST}

StartWork = Callable[[str, Callable[[], None]], None]
"""Runs a function on a thread of the name given; returns at once."""


class Pictures(Protocol):
    """What gives the exam its pictures: a live session."""

    @property
    def notices(self) -> Notices:
        """For the user."""
        ...

    def watch(self, watcher: Callable[[View], None]) -> None: ...  # noqa: D102
    def unwatch(self, watcher: Callable[[View], None]) -> None: ...  # noqa: D102
    def want_box(self, view: View) -> None: ...  # noqa: D102
    def watch_completed(self, watcher: Callable[[View], None]) -> None: ...  # noqa: D102
    def unwatch_completed(self, watcher: Callable[[View], None]) -> None: ...  # noqa: D102


class ExamLifecycle:
    """Owns the running exam. Any thread may call; every method returns at once, except `stop`.

    Args:
        pictures: Go into the exam.
        store: Where exams are kept; None keeps none.
        settings: Read each time they are needed; see `SourceModel`.
        start_work: For what takes long.
    """

    def __init__(
        self,
        pictures: Pictures,
        store: ExamStore | None,
        settings: Settings,
        start_work: StartWork,
    ) -> None:
        self._pictures = pictures
        self.store = store
        self._settings = settings
        self._start_work = start_work
        self._lock = threading.Lock()
        self._making = threading.Lock()  # held while an exam is made; taken before `_lock`
        self._next: list[Callable[[], None]] = []
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._status: SessionStatus | None = None
        self._made: RunningExam | None = None  # running, or still being written
        self._running: RunningExam | None = None
        self._watched: Watched | None = None
        self._busy = False
        self._stopped = False
        self._stands = False
        self._joins_next = False
        self._declined = ""
        self._wish = ""
        self._last_exam_id = ""

    # --- what others ask --------------------------------------------------------------------

    @property
    def running(self) -> RunningExam | None:
        """The running exam, or None."""
        return self._running

    @property
    def busy(self) -> bool:
        """Whether an exam is being made, or its end written."""
        with self._lock:
            return self._busy

    @property
    def last_exam_id(self) -> str:
        """Of the exam that was begun last, or ""."""
        return self._last_exam_id

    @property
    def joins_next(self) -> bool:
        """Whether the running exam goes on with the next source that is opened."""
        with self._lock:
            return self._joins_next

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called when the exam began, ended, or is different now; any thread."""
        self._listeners = (*self._listeners, listener)

    # --- what moves it on -------------------------------------------------------------------

    def start(self) -> None:
        """Tidy up, in the background, what a killed program has left."""
        if self.store is not None:
            self._start_work("sweep", self._sweep)

    def follow(self, status: SessionStatus) -> None:
        """Begin and end with the source; told each status in the order in which they were."""
        with self._deciding():
            self._status = status
            self._consider()

    def reconsider(self) -> None:
        """The settings have changed."""
        with self._deciding():
            self._consider()

    def join_next(self, on: bool) -> None:
        """Whether the running exam goes on with the next source that is opened, or ends then."""
        with self._lock:
            self._joins_next = on

    def toggle(self) -> None:
        """Begin an exam of the source that is open, or end it; the user wants it."""
        with self._deciding():
            status = self._status
            if self._running is not None:
                self._end(self._running)
                self._declined = "" if status is None else name_of(status)
            elif status is not None and status.source is not None:
                self._begin(status)
            else:
                title, hint = "Nothing is open", "An exam begins when a source is open"
                self._pictures.notices.put(Notice(Level.INFO, title, hint))

    def stop(self) -> None:
        """End the exam; all of it is on the disk when this returns.

        One that is being made is waited for and ended; one that was only asked for is not made.
        """
        with self._lock:
            self._stopped = True
        with self._making, self._lock:
            running, self._made, self._running = self._made, None, None
        if running is not None:
            self._pictures.unwatch(running.see)
            self._pictures.unwatch_completed(running.complete)
            running.end()

    # --- deciding ---------------------------------------------------------------------------

    @contextmanager
    def _deciding(self) -> Iterator[None]:
        """Decide under the lock; what follows from it is done when the lock is free again."""
        with self._lock:
            yield
            following, self._next = self._next, []
            if self._stopped:
                return
        for act in following:
            act()

    def _consider(self) -> None:
        status = self._status
        if status is None or self._stopped:
            return
        source = status.source if status.play_state in _OPEN else None
        if self._running is not None:
            self._follow_source(self._running, status)
        elif source is not None and self._wanted(status):
            self._begin(status)
        if source is None and status.play_state is PlayState.EMPTY:
            self._declined = ""

    def _wanted(self, status: SessionStatus) -> bool:
        source = status.source
        if source is None or self.store is None or self._busy:
            return False
        if name_of(status) == self._declined or source.stills:
            return False
        if status.model_state is ModelState.LOADING:
            return False  # its card belongs to the record
        wish = self._settings.exam_with_source
        return wish == "always" or (wish == "live" and source.live)

    def _follow_source(self, running: RunningExam, status: SessionStatus) -> None:
        watched, source = self._watched, status.source
        assert watched is not None
        stands, self._stands = self._stands, status.play_state in _STANDS
        if self._stands and not stands:
            running.source_stands()
        if status.play_state in _GONE:
            self._end(running)
        elif source is None or source.source_id == watched.source_id:
            self._note_in_force(running, status)
        elif source.live and source.spec == watched.spec:
            self._join(running, status, is_back_text(source.label))
        elif self._joins_next:
            self._joins_next = False
            self._join(running, status, goes_on_text(source.label))
        else:
            self._end(running)

    def _join(self, running: RunningExam, status: SessionStatus, said: str) -> None:
        """The exam goes on with the source that is open now."""
        assert status.source is not None
        self._watched = Watched(status.source.spec, status.source.source_id)
        self._note_in_force(running, status)  # `join_source` goes by it
        running.join_source(status.source.source_id)
        running.add_event("source", said)

    def _note_in_force(self, running: RunningExam, status: SessionStatus) -> None:
        running.judge_by(in_force(status, self._settings, running.in_force))

    # --- beginning --------------------------------------------------------------------------

    def _begin(self, status: SessionStatus) -> None:
        source, store = status.source, self.store
        if source is None or store is None:
            return
        if self._busy:
            self._wish = name_of(status)  # the last exam is still being written
            return
        try:
            preset = load_preset(self._settings.checklist or DEFAULT_PRESET)
        except SonoAssistError as error:
            self._pictures.notices.put(Notice.of(error))
            self._declined = name_of(status)
            return
        self._busy = True
        self._watched = Watched(source.spec, source.source_id)
        self._stands = False
        start, items = exam_start(status, preset, self._settings), tuple(preset.items)
        began_s, source_id = time.monotonic(), source.source_id
        holds = in_force(status, self._settings)

        def make() -> None:
            try:
                with self._making:
                    if not self._stopped:
                        self._begun(self._make(store, start, items, began_s, source_id, holds))
            except Exception as error:  # noqa: BLE001 (a thread's top: reported)
                self._not_begun(error)

        self._next.append(lambda: self._start_work("exam", make))

    def _make(
        self,
        store: ExamStore,
        start: ExamStart,
        items: tuple[Item, ...],
        began_s: float,
        source_id: str,
        holds: InForce,
    ) -> RunningExam:
        from sonoassist.exam.running import RunningExam  # loads the video library

        return RunningExam(
            store.create(start),
            items,
            self._pictures.notices,
            began_s=began_s,
            clip_s=self._settings.clip_s,
            source_id=source_id,
            in_force=holds,
            want_box=self._pictures.want_box,
            changed=self._tell,
        )

    def _begun(self, running: RunningExam) -> None:
        with self._deciding():
            self._busy, self._wish = False, ""
            late = self._stopped
            if not late:
                self._made = self._running = running
                self._last_exam_id = running.exam.exam_id
                self._pictures.watch(running.see)
                self._pictures.watch_completed(running.complete)
                self._next.append(self._tell)
                self._consider()  # the source may have changed meanwhile
        if late:
            running.end()

    def _not_begun(self, error: Exception) -> None:
        self._pictures.notices.put(Notice(Level.ERROR, "No exam is kept", window_text(error)))
        with self._deciding():
            self._busy, self._wish = False, ""
            self._declined = "" if self._status is None else name_of(self._status)
            self._consider()

    # --- ending -----------------------------------------------------------------------------

    def _end(self, running: RunningExam) -> None:
        self._running = None
        self._joins_next = False
        self._pictures.unwatch(running.see)
        self._busy = True
        self._next += [lambda: self._start_work("exam", lambda: self._write(running)), self._tell]

    def _write(self, running: RunningExam) -> None:
        """Have all of an exam that has ended on the disk; then the next one may begin."""
        try:
            running.end(boxes_within_s=BOXES_WITHIN_S)
        finally:
            self._pictures.unwatch_completed(running.complete)
            with self._deciding():
                self._busy, self._made = False, None
                self._next.append(self._tell)
                wish, self._wish = self._wish, ""
                status = self._status
                if wish and status is not None and name_of(status) == wish:
                    self._begin(status)
                else:
                    self._consider()

    # --- on other threads -------------------------------------------------------------------

    def _tell(self) -> None:
        if not self._stopped:
            for listener in self._listeners:
                listener()

    def _sweep(self) -> None:
        assert self.store is not None
        try:
            self.store.sweep()
        except Exception as error:  # noqa: BLE001 (a thread's top: reported)
            title = "Old exams were not tidied up"
            self._pictures.notices.put(Notice(Level.WARNING, title, window_text(error)))
