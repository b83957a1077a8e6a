"""The exam as the window sees it: begun and ended with sources, with one item selected."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from sonoassist.errors import SonoAssistError
from sonoassist.exam.checklist import Completeness, Line, completeness
from sonoassist.exam.exam_view import ExamView, shown_plane
from sonoassist.exam.presets import DEFAULT_PRESET, Preset, load_preset
from sonoassist.exam.records import ExamStart
from sonoassist.exam.store import ExamStore
from sonoassist.gui.jobs import Jobs
from sonoassist.gui.ports import Session
from sonoassist.live.status import Level, ModelState, Notice, PlayState, SessionStatus, View
from sonoassist.settings import Settings

if TYPE_CHECKING:
    from sonoassist.exam.running import RunningExam
    from sonoassist.model.card import Card

_OPEN = {PlayState.PLAYING, PlayState.PAUSED, PlayState.ENDED, PlayState.LOST}
_STANDS = {PlayState.PAUSED, PlayState.ENDED, PlayState.LOST}


@dataclass(frozen=True, slots=True)
class Watched:
    """The source that an exam belongs to; one that comes back after it was lost is the same.

    Attributes:
        spec: What the user named.
        source_id: Of the newest opening.
    """

    spec: str
    source_id: str


class ExamDesk(QObject):
    """Owns the running exam; every method returns at once, except `stop`.

    Args:
        session: Its pictures go into the exam.
        store: Where exams are kept; None keeps none.
        settings: Read each time they are needed.
        jobs: For what takes long.

    Signals:
        changed: The exam began, ended, or is different now.
    """

    changed = pyqtSignal()

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
        self.selected = ""
        self._picked_by_hand = False
        self._held = False

    # -- what the screen asks ----------------------------------------------------------------

    @property
    def view(self) -> ExamView | None:
        """The running exam, or None."""
        return self._running.view if self._running is not None else None

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
        view = self.view
        lines = view.lines if view is not None else ()
        return next((line for line in lines if line.item.key == item), None)

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
        self._session.notices.put(Notice(Level.WARNING, "Old exams were not tidied up", str(error)))

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
        if source.source_id == self._declined or source.stills:
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
        if status.play_state is PlayState.EMPTY:
            self.end()
        elif source is not None and source.source_id != watched.source_id:
            if source.live and source.spec == watched.spec:
                self._watched = Watched(source.spec, source.source_id)
                self._running.add_event("source", f"{source.label} is back")
            else:
                self.end()

    def begin(self, status: SessionStatus) -> None:
        """Begin an exam of the source that is open."""
        source, store = status.source, self.store
        if source is None or store is None or self._running is not None or self._busy:
            return
        try:
            preset = load_preset(self._settings.checklist or DEFAULT_PRESET)
        except SonoAssistError as error:
            self._session.notices.put(Notice.of(error))
            self._declined = source.source_id
            return
        self._busy = True
        self._watched = Watched(source.spec, source.source_id)
        start = exam_start(status, preset, self._settings)
        began_s = time.monotonic()

        def make() -> RunningExam:
            from sonoassist.exam.running import RunningExam  # loads the video library

            running = RunningExam(
                store.create(start), preset.items, self._session.notices, began_s=began_s,
                clip_s=self._settings.clip_s, changed=self.changed.emit,
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
        self._select_first()
        self._session.watch(running.see)
        self.changed.emit()

    def _not_begun(self, error: Exception) -> None:
        self._busy = False
        self._declined = self._watched.source_id if self._watched is not None else ""
        title = "No exam is kept"
        hint = str(error)
        self._session.notices.put(Notice(Level.ERROR, title, hint))

    def end(self, *, by_hand: bool = False) -> None:
        """End the running exam, in the background."""
        running, self._running = self._running, None
        if running is None:
            return
        if by_hand and self._watched is not None:
            self._declined = self._watched.source_id
        self._session.unwatch(running.see)
        self.selected = ""
        self._busy = True
        self._jobs.start("exam", running.end, self._ended, self._not_begun)
        self.changed.emit()

    def _ended(self, _nothing: object) -> None:
        self._busy = False
        self.changed.emit()

    def toggle(self, status: SessionStatus) -> None:
        """Begin an exam of the source that is open, or end it."""
        if self._running is not None:
            self.end(by_hand=True)
        elif status.source is not None:
            self.begin(status)

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
        if self.line(item) is not None and item != self.selected:
            self.selected = item
            self._picked_by_hand = True
            self.changed.emit()

    def step(self, lines: int) -> None:
        """Select the item so many lines further down (or up)."""
        view = self.view
        if view is None or not view.lines:
            return
        keys = [line.item.key for line in view.lines]
        at = keys.index(self.selected) if self.selected in keys else -lines
        self.select(keys[min(max(at + lines, 0), len(keys) - 1)])

    def follow_plane(self, view: View | None) -> None:
        """While nobody has picked an item, the keys are for the plane in view."""
        exam = self.view
        if exam is None or view is None or self._picked_by_hand or self._held:
            return
        plane = shown_plane(view)
        line = next((one for one in exam.lines if plane and one.item.plane == plane), None)
        if line is not None and line.item.key != self.selected:
            self.selected = line.item.key
            self.changed.emit()

    def release(self) -> bool:
        """The selection follows the plane in view again; returns whether it had not."""
        picked, self._picked_by_hand = self._picked_by_hand, False
        return picked

    def hold(self) -> None:
        """The selection stays while its capture is looked at."""
        self._held = True

    def let_go(self) -> None:
        """The capture is no longer looked at."""
        self._held = False

    def _select_first(self) -> None:
        view = self.view
        self._picked_by_hand = False
        self.selected = view.lines[0].item.key if view is not None and view.lines else ""

    # -- the keys ----------------------------------------------------------------------------

    def capture(self, view: View | None, past: Sequence[View] = ()) -> None:
        """Keep the picture on screen, for the plane it shows, else for the item picked.

        Args:
            view: The picture.
            past: The pictures of the freeze, where the view is frozen.
        """
        running = self._ready(view)
        if running is not None and view is not None:
            plane = shown_plane(view)
            fits = any(line.item.plane == plane for line in running.view.lines if plane)
            # A picture that was not analysed says nothing itself: the item named on screen counts.
            named = self._picked_by_hand or view.analysis is None
            item = self.selected if named and not fits else ""
            running.capture(view, item, past)

    def replace(self, view: View | None, past: Sequence[View] = ()) -> None:
        """The picture on screen takes the place of the selected item's."""
        running = self._ready(view)
        if running is not None and view is not None and self.selected:
            running.replace(view, self.selected, past)

    def keep(self) -> None:
        """Accept what stands for the selected item."""
        if self._running is not None and self.selected:
            self._running.keep(self.selected)

    def reject(self) -> None:
        """Refuse what stands for the selected item."""
        if self._running is not None and self.selected:
            self._running.reject(self.selected)

    def toggle_item(self, item: str) -> None:
        """Tick an item by hand, or take the tick away."""
        line = self.line(item)
        if self._running is not None and line is not None:
            (self._running.reject if line.state.done else self._running.keep)(item)

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


def exam_start(status: SessionStatus, preset: Preset, settings: Settings) -> ExamStart:
    """What is known when an exam begins."""
    source, card = status.source, status.card
    assert source is not None
    model: dict[str, object] = {"engine": status.engine, "device": status.device}
    if card is not None:
        model |= {
            "name": card.name, "title": card.title, "architecture": card.architecture,
            "domain": card.domain, "weights_sha256": card.weights_sha256,
        }  # fmt: skip
    kept = ("threshold", "crop", "label", "engine", "precision", "device", "carry_boxes", "clip_s")
    return ExamStart(
        study_id="",
        source=source.spec,
        source_label=source.label,
        synthetic=source.synthetic,
        preset=preset.title,
        items=preset.items,
        model=model,
        settings={name: getattr(settings, name) for name in kept},
    )
