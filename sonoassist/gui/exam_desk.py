"""The exam as the window sees it: begun and ended with sources, with one item selected."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from sonoassist.core.errors import SonoAssistError, window_text
from sonoassist.core.settings import Settings
from sonoassist.exam.checklist import Completeness, Line, completeness
from sonoassist.exam.exam_view import ExamView
from sonoassist.exam.presets import DEFAULT_PRESET, load_preset
from sonoassist.exam.shots import NOTHING_SAID, Said
from sonoassist.exam.store import ExamStore
from sonoassist.gui.exam_starts import Watched, exam_start, name_of
from sonoassist.gui.jobs import Jobs
from sonoassist.gui.ports import Session
from sonoassist.gui.selection import Selection
from sonoassist.gui.verdict import decide
from sonoassist.live.status import Level, ModelState, Notice, PlayState, SessionStatus, View

if TYPE_CHECKING:
    from sonoassist.exam.running import RunningExam
    from sonoassist.model.card import Card

_OPEN = {PlayState.PLAYING, PlayState.PAUSED, PlayState.ENDED, PlayState.LOST}
_GONE = {PlayState.EMPTY, PlayState.FAILED}
_STANDS = {PlayState.PAUSED, PlayState.ENDED, PlayState.LOST}


class ExamDesk(QObject):
    """Owns the running exam; every method returns at once, except `stop`.

    Args:
        session: Its pictures go into the exam.
        store: Where exams are kept; None keeps none.
        settings: Read each time they are needed.
        jobs: For what takes long.

    Signals:
        changed: The exam began, ended, or is different now.
        began: An exam has begun.
    """

    changed = pyqtSignal()
    began = pyqtSignal()

    def __init__(
        self, session: Session, store: ExamStore | None, settings: Settings, jobs: Jobs
    ) -> None:
        super().__init__()
        self._session = session
        self.store = store
        self._settings = settings
        self._jobs = jobs
        self._lock = threading.Lock()
        self._made: RunningExam | None = None  # by a job, maybe not collected yet
        self._stopped = False
        self._running: RunningExam | None = None
        self._watched: Watched | None = None
        self._declined = ""
        self._busy = False
        self._model = ""
        self._stands = False
        self._wish: SessionStatus | None = None
        self._selection = Selection()
        self.last_exam_id = ""
        self.changed.connect(lambda: self._selection.note_shown(self._lines))

    # -- what the screen asks ----------------------------------------------------------------

    @property
    def view(self) -> ExamView | None:
        """The running exam, or None."""
        return self._running.view if self._running is not None else None

    @property
    def _lines(self) -> tuple[Line, ...]:
        view = self.view
        return view.lines if view is not None else ()

    @property
    def selected(self) -> str:
        """Key of the item that the keys are for, or ""."""
        return self._selection.item

    @property
    def picked(self) -> bool:
        """Whether the user picked the selected item, so that it does not follow the picture."""
        return self._selection.picked

    @property
    def exam_id(self) -> str:
        """Of the running exam, or ""."""
        return self._running.exam.exam_id if self._running is not None else ""

    @property
    def length_s(self) -> float:
        """Of the running exam."""
        view = self.view
        return 0.0 if view is None else time.monotonic() - view.began_s

    @property
    def recording(self) -> bool:
        """Whether a video is being recorded."""
        view = self.view
        return view is not None and view.recording_s is not None

    @property
    def completeness(self) -> Completeness | None:
        """Of the running exam."""
        view = self.view
        return None if view is None else completeness(view.lines)

    def line(self, item: str) -> Line | None:
        """A line of the running exam's checklist."""
        return next((line for line in self._lines if line.item.key == item), None)

    def shown_still(self) -> tuple[Line, Path] | None:
        """The selected item's capture and its file."""
        line, running = self.line(self.selected), self._running
        if line is None or line.shown is None or running is None:
            return None
        return line, running.exam.media / line.shown.still

    def start(self) -> None:
        """Tidy up, in the background, what a killed program has left."""
        if self.store is not None:
            store = self.store
            self._jobs.start("sweep", store.sweep, lambda _done: None, self._not_swept)

    def _not_swept(self, error: Exception) -> None:
        self._session.notices.put(
            Notice(Level.WARNING, "Old exams were not tidied up", window_text(error))
        )

    # -- beginning and ending ----------------------------------------------------------------

    def follow(self, status: SessionStatus) -> None:
        """Begin and end with the source, as the settings want it; called again and again."""
        source = status.source if status.play_state in _OPEN else None
        if self._running is not None:
            self._note_model(status.card)
            self._follow_source(status)
        elif source is not None and self._wanted(status):
            self.begin(status)
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

    def _follow_source(self, status: SessionStatus) -> None:
        watched, source = self._watched, status.source
        assert watched is not None
        assert self._running is not None
        stands, self._stands = self._stands, status.play_state in _STANDS
        if self._stands and not stands:
            self._running.source_stands()
        if status.play_state in _GONE:
            self.end()
        elif source is not None and source.source_id != watched.source_id:
            if source.live and source.spec == watched.spec:
                self._watched = Watched(source.spec, source.source_id)
                self._running.join_source(source.source_id)
                self._running.add_event("source", f"{source.label} is back")
            else:
                self.end()

    def begin(self, status: SessionStatus) -> None:
        """Begin an exam of the source that is open."""
        source, store = status.source, self.store
        if source is None or store is None or self._running is not None:
            return
        if self._busy:
            self._wish = status  # the last exam is still being written
            return
        try:
            preset = load_preset(self._settings.checklist or DEFAULT_PRESET)
        except SonoAssistError as error:
            self._session.notices.put(Notice.of(error))
            self._declined = name_of(status)
            return
        self._busy = True
        self._watched = Watched(source.spec, source.source_id)
        start = exam_start(status, preset, self._settings)
        began_s = time.monotonic()

        def make() -> RunningExam:
            from sonoassist.exam.running import RunningExam  # loads the video library

            running = RunningExam(
                store.create(start), preset.items, self._session.notices, began_s=began_s,
                clip_s=self._settings.clip_s, source_id=source.source_id, changed=self.changed.emit,
            )  # fmt: skip
            with self._lock:
                self._made, late = running, self._stopped
            if late:  # the window was closed meanwhile
                running.end()
            return running

        self._model = status.card.title if status.card is not None else ""
        self._jobs.start("exam", make, self._begun, self._not_begun)

    def _begun(self, running: RunningExam) -> None:
        self._busy = False
        self._running = running
        self._selection.begin(self._lines)
        self.last_exam_id = running.exam.exam_id
        self._session.watch(running.see)
        self.began.emit()
        self.changed.emit()

    def _not_begun(self, error: Exception) -> None:
        self._busy = False
        self._declined = name_of(self._session.status())
        title = "No exam is kept"
        hint = window_text(error)
        self._session.notices.put(Notice(Level.ERROR, title, hint))

    def end(self, *, by_hand: bool = False) -> None:
        """End the running exam, in the background."""
        running, self._running = self._running, None
        if running is None:
            return
        if by_hand:
            self._declined = name_of(self._session.status())
        self._session.unwatch(running.see)
        self._selection.begin(())
        self._busy = True
        self._jobs.start("exam", running.end, self._ended, self._not_begun)
        self.changed.emit()

    def _ended(self, _nothing: object) -> None:
        self._busy = False
        self.changed.emit()
        wish, self._wish = self._wish, None
        now = self._session.status()
        if wish is not None and name_of(now) == name_of(wish):
            self.begin(now)

    def toggle(self, status: SessionStatus) -> None:
        """Begin an exam of the source that is open, or end it."""
        if self._running is not None:
            self.end(by_hand=True)
        elif status.source is not None:
            self.begin(status)
        else:
            self._say("Nothing is open", "An exam begins when a source is open")

    def _say(self, title: str, hint: str = "") -> None:
        self._session.notices.put(Notice(Level.INFO, title, hint))

    def stop(self) -> None:
        """End the exam; all of it is on the disk when this returns."""
        with self._lock:
            self._stopped = True
            running, self._made, self._running = self._made, None, None
        if running is not None:
            self._session.unwatch(running.see)
            running.end()

    def _note_model(self, card: Card | None) -> None:
        if card is not None and card.title != self._model and self._running is not None:
            self._model = card.title
            self._running.add_event("model", f"Model: {card.title} ({card.domain})")

    # -- selecting ---------------------------------------------------------------------------

    def select(self, item: str) -> None:
        """The item that the keys are for from now on."""
        self._selected(self._selection.pick(item, self._lines))

    def step(self, lines: int) -> None:
        """Select the item so many lines further down (or up)."""
        self._selected(self._selection.step(lines, self._lines))

    def follow_plane(self, view: View | None) -> None:
        """While nobody has picked an item, the keys are for the plane in view."""
        if self._running is not None and view is not None:
            self._selected(self._selection.follow(self._said(view).plane, self._lines))

    def _selected(self, another: bool) -> None:
        if another:
            self._hold_back()
            self.changed.emit()

    def release(self) -> bool:
        """The selection follows the plane in view again; returns whether it had not."""
        released = self._selection.release()
        if released:
            self.changed.emit()
        return released

    def hold(self, on: bool) -> None:
        """The selected capture is being looked at: it stays, and so does the selection."""
        self._selection.held = on
        self._hold_back()

    def _hold_back(self) -> None:
        if self._running is not None:
            self._running.hold(self.selected if self._selection.held else "")

    def _said(self, view: View) -> Said:
        """What the screen says of a picture."""
        verdict = decide(view, self._settings.label, self._settings.threshold)
        if verdict.plane is None:
            return NOTHING_SAID
        return Said(verdict.plane.key, verdict.confidence or 0.0, verdict.box)

    # -- the keys ----------------------------------------------------------------------------

    def capture(self, view: View | None, past: Sequence[View] = ()) -> None:
        """Keep the picture on screen, for the plane it shows, else for the item picked.

        Args:
            view: The picture.
            past: The pictures of the freeze, where the view is frozen.
        """
        running = self._ready(view)
        if running is not None and view is not None:
            said = self._said(view)
            plane = said.plane
            fits = any(line.item.plane == plane for line in running.view.lines if plane)
            # A picture that was not analysed says nothing itself: the item named on screen counts.
            named = self.picked or view.analysis is None
            item = self.selected if named and not fits else ""
            running.capture(view, said, item, past)

    def replace(self, view: View | None, past: Sequence[View] = ()) -> None:
        """The picture on screen takes the place of the selected item's."""
        running = self._ready(view)
        if running is not None and view is not None and self.selected:
            running.replace(view, self._said(view), self.selected, past)

    def keep(self) -> None:
        """Accept what stands for the selected item."""
        if self._running is not None and self.selected:
            self._running.keep(self.selected, self._selection.seen(self.selected))

    def reject(self) -> None:
        """Refuse what stands for the selected item."""
        if self._running is not None and self.selected:
            self._running.reject(self.selected, self._selection.seen(self.selected))

    def toggle_item(self, item: str) -> None:
        """Tick an item by hand, or take the tick away."""
        line = self.line(item)
        if self._running is not None and line is not None:
            judge = self._running.reject if line.state.done else self._running.keep
            judge(item, self._selection.seen(item))

    def words(self) -> tuple[str, str]:
        """Note and study number of the running exam, as they are on disk."""
        if self._running is None:
            return "", ""
        info = self._running.exam.info()
        return info.note, info.start.study_id

    def toggle_recording(self) -> None:
        """Begin or end the recording."""
        if self._running is not None:
            self._running.record(not self.recording)

    def note(self, text: str) -> None:
        """Keep the user's words on the exam."""
        if self._running is not None:
            self._running.note(text)

    def set_study_id(self, text: str) -> None:
        """Keep the user's own number of the study."""
        if self._running is not None:
            self._running.set_study_id(text)

    def _ready(self, view: View | None) -> RunningExam | None:
        if view is None:
            return None
        if self._running is None:
            self._session.notices.put(
                Notice(Level.INFO, "No exam is running", "Ctrl+B begins one of this source")
            )
        return self._running
