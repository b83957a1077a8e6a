"""The exam as the window sees it: what it shows, with one item selected, and what the keys do."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from sonoassist.core.settings import Settings
from sonoassist.exam.checklist import Completeness, Line, completeness
from sonoassist.exam.ending import counts_words
from sonoassist.exam.exam_view import ExamView
from sonoassist.exam.lifecycle import ExamLifecycle
from sonoassist.exam.records import Seen
from sonoassist.exam.schema import RecordError
from sonoassist.exam.shots import Said, nothing_named
from sonoassist.exam.store import ExamStore
from sonoassist.exam.undo import Steps
from sonoassist.gui.acts import Act
from sonoassist.gui.keymap import Keymap
from sonoassist.gui.selection import Selection
from sonoassist.gui.verdict import NOTHING, Verdict, decide
from sonoassist.live.status import Level, Notice, Notices, View

if TYPE_CHECKING:
    from sonoassist.exam.running import RunningExam


class ExamDesk(QObject):
    """The running exam on the GUI thread; every method returns at once.

    Args:
        life: Begins and ends exams, on threads of its own.
        notices: For the user.
        settings: Read each time they are needed.
        threshold: Gives the probability below which no plane is named.

    Signals:
        changed: The exam began, ended, or is different now.
        began: An exam has begun.
        ended: The user has ended an exam, and all of it is on the disk; arg: its id.
    """

    changed = pyqtSignal()
    began = pyqtSignal()
    ended = pyqtSignal(str)
    _told = pyqtSignal()

    def __init__(
        self,
        life: ExamLifecycle,
        notices: Notices,
        settings: Settings,
        threshold: Callable[[], float],
    ) -> None:
        super().__init__()
        self._life = life
        self._notices = notices
        self._settings, self._threshold = settings, threshold
        self._running: RunningExam | None = None  # as the window knows it
        self._selection = Selection()
        self._steps: dict[str, Steps] = {}  # what was done to each exam of this program
        self._ending = ""  # the exam that the user has ended, while it is being written
        self._ended_by_source: RunningExam | None = None  # until it is told
        self._in_view: Verdict = NOTHING
        # Emitted on other threads; Qt hands it over to this one.
        self._told.connect(self._follow_life)
        life.listen(self._told.emit)
        self.changed.connect(lambda: self._selection.note_shown(self._lines))

    def _follow_life(self) -> None:
        running = self._life.running
        if running is not self._running:
            if self._running is not None and not self._ending:
                self._ended_by_source = self._running
            self._running = running
            self._selection.begin(self._lines)
            if running is not None:
                self._steps[running.exam.exam_id] = running.steps
                self._ending = ""
                self.began.emit()
            self._selection.follow(_plane_of(self._in_view), self._lines)
        if running is not None or not self._life.busy:
            self._tell_ended()
        if self._ending and running is None and not self._life.busy:
            ended, self._ending = self._ending, ""
            self.ended.emit(ended)
        self.changed.emit()

    def _tell_ended(self) -> None:
        """An exam that its source has ended says what it has; else the page at its end does.

        Its last pictures come while its end is written.
        """
        ended, self._ended_by_source = self._ended_by_source, None
        if ended is not None:
            words = counts_words(completeness(ended.view.lines))
            hint = "Its end is in the menu Exam: look over what nobody has reviewed"
            title = f"Exam ended: {words}"
            self._notices.put(Notice(Level.INFO, title, hint, matter="end of an exam"))

    # -- what the screen asks ----------------------------------------------------------------

    @property
    def store(self) -> ExamStore | None:
        """Where exams are kept."""
        return self._life.store

    @property
    def last_exam_id(self) -> str:
        """Of the exam that was begun last, or ""."""
        return self._life.last_exam_id

    def steps_of(self, exam_id: str) -> Steps:
        """What was done to an exam since the program began; undo and redo go through them."""
        return self._steps.setdefault(exam_id, Steps())

    @property
    def view(self) -> ExamView | None:
        """The running exam, or None."""
        return self._running.view if self._running is not None else None

    @property
    def _current(self) -> RunningExam | None:
        """The running exam, unless it has ended a moment ago on another thread."""
        return self._running if self._running is self._life.running else None

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

    def toggle(self) -> None:
        """Begin an exam of the source that is open, or end it."""
        self._ending = self.exam_id
        self._life.toggle()

    # -- selecting ---------------------------------------------------------------------------

    def select(self, item: str) -> None:
        """The item that the keys are for from now on."""
        self._selected(self._selection.pick(item, self._lines))

    def pick_plane(self, plane: str) -> None:
        """Select the first item that asks for a plane."""
        item = next((line.item.key for line in self._lines if line.item.plane == plane), "")
        self.select(item)

    def step(self, lines: int) -> None:
        """Select the item so many lines further down (or up)."""
        self._selected(self._selection.step(lines, self._lines))

    def follow_plane(self, said: Verdict) -> None:
        """While nobody has picked an item, the keys are for the plane in view.

        Args:
            said: Of the picture that the keys are for.
        """
        self._in_view = said
        self._follow_again()

    def _follow_again(self) -> None:
        self._selected(self._selection.follow(_plane_of(self._in_view), self._lines))

    def _selected(self, another: bool) -> None:
        if another:
            self._hold_back()
            self.changed.emit()

    def release(self) -> bool:
        """The selection follows the plane in view again; returns whether it had not."""
        released = self._selection.release()
        if released:
            self.changed.emit()
            self._follow_again()
        return released

    def hold(self, on: bool) -> None:
        """The selected capture is being looked at: it stays, and so does the selection."""
        self._selection.held = on
        self._hold_back()
        self._follow_again()

    def _hold_back(self) -> None:
        if self._running is not None:
            self._running.hold(self.selected if self._selection.held else "")

    def _said(self, view: View) -> Said:
        """What the screen says of a picture."""
        verdict = decide(view, self._settings.label, self._threshold())
        if verdict.plane is None:
            return nothing_named(view)
        box = view.analysis.own_box if view.analysis is not None else None
        return Said(verdict.plane.key, verdict.confidence or 0.0, box, Seen.PLANE)

    def _held_item(self) -> str:
        """The item of the name on screen that stands though the picture alone does not say so."""
        shown = self._in_view
        if not shown.held or shown.plane is None:
            return ""
        plane = shown.plane.key
        return next((line.item.key for line in self._lines if line.item.plane == plane), "")

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
            item = self.selected if named else self._held_item()
            running.capture(view, said, "" if fits else item, past)

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
        running = self._current
        if running is None:
            return "", ""
        try:
            info = running.exam.info()
        except RecordError:  # it has ended this very moment
            return "", ""
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

    def _key(self, act: Act) -> str:
        return Keymap.made(self._settings.keys).text(act)

    def undo(self) -> None:
        """Take back what a person did last to the exam."""
        if self._running is not None:
            self._running.undo()

    def redo(self) -> None:
        """Do again what was undone last."""
        if self._running is not None:
            self._running.redo()

    def _ready(self, view: View | None) -> RunningExam | None:
        if view is None:
            return None
        if self._current is None:
            self._notices.put(
                Notice(
                    Level.INFO,
                    "No exam is running",
                    f"{self._key(Act.EXAM)} begins one of this source",
                )
            )
        return self._current


def _plane_of(said: Verdict) -> str:
    return "" if said.plane is None else said.plane.key
