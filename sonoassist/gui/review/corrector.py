"""What a person says of a recording, carried out step by step and told to the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PyQt6.QtCore import QObject, pyqtSignal

from sonoassist.core.errors import SonoAssistError, window_text
from sonoassist.core.jobs import Job, JobResult, JobState, Work
from sonoassist.core.packets import Box
from sonoassist.core.planes import BACKGROUND_INDEX, BY_KEY, KEYS
from sonoassist.core.progress import Meter
from sonoassist.core.wording import counted
from sonoassist.gui.acts import Act
from sonoassist.gui.controller import Controller
from sonoassist.live.status import Level, Notice
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.edits import Edit, SetBest, SetBox, SetLabel, SetMark, SetNote, frames_of
from sonoassist.review.contradictions import said_of
from sonoassist.review.following import view_around
from sonoassist.review.views import RecordingViews

if TYPE_CHECKING:
    from sonoassist.review.export import Exported
    from sonoassist.review.session import ReviewSession


class Corrector(QObject):
    """Chooses, labels, marks, and takes that back; exports it.

    Args:
        controller: Of the window: jobs and notices.

    Attributes:
        session: Of the review under way, or None.
        chosen_range: First and last of the frames selected, or None.

    Signals:
        changed: Something was said or taken back.
        range_changed: Other frames are selected.
    """

    changed = pyqtSignal()
    range_changed = pyqtSignal()

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self.session: ReviewSession | None = None
        self.chosen_range: tuple[int, int] | None = None

    def show_session(self, session: ReviewSession | None) -> None:
        """Another review is under way, or none."""
        self.session = session
        self.select(None)

    @property
    def corrections(self) -> Corrections:
        """All that the person said."""
        return self.session.review.corrections if self.session is not None else Corrections()

    def choose(self, plane: str, frame: int) -> None:
        """This frame is the best of the plane; the same once more takes that back."""
        if self.session is None:
            return
        if plane == KEYS[BACKGROUND_INDEX]:
            key = self._controller.key
            hint = f"{key(Act.ITEM_UP)} and {key(Act.ITEM_DOWN)} choose a plane"
            self._controller.note("The background has no best frame", hint)
            return
        again = self.corrections.best.get(plane) == frame
        self._apply(SetBest(plane, -1 if again else frame))

    def correct(self, plane: str, first: int, last: int) -> None:
        """Frames show another plane; "" takes the person's word back.

        Frames among them that were chosen stay chosen, which is said.
        """
        if self.session is None:
            return
        before = set(self.corrections.agreed)
        self._apply(SetLabel(first, last, plane, keeps_best=True))
        self.select(None)
        for key in sorted(before - set(self.corrections.agreed)):
            frame = self.corrections.best[key] + 1
            self._controller.note(
                f"Frame {frame:,} stays the best of {BY_KEY[key].label}, though its label says "
                f"{said_of(plane)}",
                "An export lists it before it begins",
            )

    def keep(self, plane: str, frame: int) -> None:
        """A chosen frame is meant, whatever its label says: this is the last word on it."""
        if self.session is not None and self.corrections.label_at(frame) not in ("", plane):
            self._apply(SetBest(plane, frame))

    def take_out(self, plane: str) -> None:
        """No frame is the best of a plane."""
        if self.session is not None and plane in self.corrections.best:
            self._apply(SetBest(plane, -1))

    def set_box(self, frame: int, plane: str, box: Box | None) -> None:
        """The box of a plane on a frame, in frame pixels; None takes it away."""
        if self.session is None:
            return
        edges = None if box is None else (box.left, box.top, box.right, box.bottom)
        if self.corrections.boxes.get((frame, plane)) != box:
            self._apply(SetBox(frame, plane, edges))

    def toggle_mark(self, frame: int) -> None:
        """Mark a frame, or take its mark away."""
        if self.session is not None:
            marked = any(mark.frame == frame for mark in self.corrections.marks)
            self._apply(SetMark(frame, not marked))

    def describe(self, frame: int, text: str) -> None:
        """Mark a frame with words; without words a mark that had some goes away."""
        before = self.mark_text(frame)
        if self.session is not None and text != before:
            self._apply(SetMark(frame, bool(text), text))

    def mark_beside(self, frame: int, way: int) -> int | None:
        """The next marked frame (way 1) or the one before (-1), round the ends; None without."""
        frames = sorted((mark.frame for mark in self.corrections.marks), reverse=way < 0)
        behind = (marked for marked in frames if (marked - frame) * way > 0)
        return next(behind, frames[0] if frames else None)

    def mark_text(self, frame: int) -> str:
        """The words on a marked frame, or ""."""
        return next((one.text for one in self.corrections.marks if one.frame == frame), "")

    def note(self, text: str) -> None:
        """The words on the whole recording; "" takes them away."""
        if self.session is not None and text != self.corrections.note:
            self._apply(SetNote(text))

    def undo(self) -> None:
        """Take the last step back."""
        self._again(lambda session: session.review.undo(), "Undone: {}", "There is nothing to undo")

    def redo(self) -> None:
        """Do again what was undone."""
        self._again(
            lambda session: session.review.redo(), "Done again: {}", "There is nothing to do again"
        )

    def _again(self, turn: Callable[[ReviewSession], Edit | None], said: str, nothing: str) -> None:
        if self.session is None:
            return
        try:
            edit = turn(self.session)
        except SonoAssistError as error:
            self._controller.session.notices.put(Notice.of(error))
            return
        self._controller.note(said.format(edit.words) if edit is not None else nothing)
        self.changed.emit()

    def _apply(self, edit: Edit) -> None:
        assert self.session is not None
        count = len(self.session.table)
        if not all(0 <= frame < count for frame in frames_of(edit)):
            self._controller.note("These frames are not in this recording", "Choose them again")
            return
        try:
            self.session.review.apply(edit)
        except SonoAssistError as error:
            self._controller.session.notices.put(Notice.of(error))
        self.changed.emit()

    def select(self, chosen: tuple[int, int] | None) -> None:
        """Select frames to be corrected together, or none."""
        if chosen != self.chosen_range:
            self.chosen_range = chosen
            self.range_changed.emit()

    def select_end(self, frame: int, *, first: bool) -> None:
        """A frame is the first or the last one of the selected frames."""
        if self.session is None:
            return
        low, high = self.chosen_range or (frame, frame)
        self.select((frame, max(high, frame)) if first else (min(low, frame), frame))

    def view_around(
        self, frame: int, plane: str, views: RecordingViews | None
    ) -> tuple[int, int] | None:
        """First and last frame of the view that a frame belongs to, or None.

        Args:
            frame: Which.
            plane: Key of the plane to follow where the frame itself shows none for sure.
            views: Of the recording; None before anything is known.
        """
        if self.session is None:
            return None
        found = None if views is None else views.around(frame, plane)
        return found or view_around(self.session.table.snapshot(), frame, plane)

    def export_to(self, folder: Path) -> None:
        """Write the corrections as training labels, in the background."""
        session = self.session
        if session is None:
            return
        words, table = session.review.corrections, session.table

        def run(meter: Meter) -> JobResult:
            from sonoassist.review.export import export

            made = export(session.recording, words, table, folder, crop=session.crop, meter=meter)
            text = f"{counted(made.labels, 'label')} written to {made.folder}"
            return JobResult(text, made.folder, value=made)

        name = session.recording.path.name
        work = Work(f"Corrections of {name}", run, "frames", "The export failed")
        self._controller.long_jobs.start(work, self._export_over)

    def _export_over(self, job: Job) -> bool:
        if job.result is not None:
            self._exported(cast("Exported", job.result.value))
        elif job.error is not None:
            self._not_exported(job.error)
        return job.state is not JobState.CANCELLED

    def _exported(self, made: Exported) -> None:
        count = counted(made.labels, "label")
        if made.boxes:
            count += f" and {counted(made.boxes, 'box', 'boxes')}"
        hint = "All but the ultrasound is black on its pictures"
        if made.left_out:
            hint = f"{made.left_out} left out: no ultrasound surely found on them"
        if made.boxes_left_out:
            hint += (
                f"  ·  {counted(made.boxes_left_out, 'box', 'boxes')} left out: another plane there"
            )
        train = f"sonoassist train {made.folder.parent}"
        if made.alone:  # of one exam none can be kept for a test
            train += " --test-share 0"
        self._controller.note(f"{count} written to {made.folder}", f"{hint}  ·  {train}")

    def _not_exported(self, error: Exception) -> None:
        notice = Notice(Level.ERROR, f"The export failed: {window_text(error)}")
        if isinstance(error, SonoAssistError):
            notice = Notice.of(error, Level.WARNING)
        self._controller.session.notices.put(notice)
