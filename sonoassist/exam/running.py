"""An exam while it goes on: what is seen goes into the record, the checklist fills itself.

The live workers hand over what they have and never wait; one thread of the exam does the rest.
"""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sonoassist.core.errors import OutputError, SonoAssistError, window_text
from sonoassist.core.packets import Analysis, Box, Frame, Pixels
from sonoassist.exam.box_requests import BoxRequests
from sonoassist.exam.capture_words import capture_words, item_of
from sonoassist.exam.checklist import Line, checklist, refused, replaceable
from sonoassist.exam.clips import Clipper
from sonoassist.exam.exam import Exam
from sonoassist.exam.exam_view import ExamView
from sonoassist.exam.frame_rows import FrameRows
from sonoassist.exam.in_force import InForce, Moment
from sonoassist.exam.in_force_log import InForceLog
from sonoassist.exam.recording_switch import RecordingSwitch
from sonoassist.exam.records import Capture, How, Item, Judgement, Shot, Tick
from sonoassist.exam.shots import Said, best_shot, frame_row, hand_shot
from sonoassist.exam.undo import ExamHistory, Steps, turned_words
from sonoassist.live.status import Level, Notice, Notices, View
from sonoassist.preprocess.masking import ultrasound_field
from sonoassist.render.thumbnails import thumbnail, thumbnail_of_file
from sonoassist.temporal.best_frames import BestFrames, Candidate

SAVE_EVERY_S = 1.0
"""What a crash may lose of the frames' results at most."""
MEASURED_AT_ONCE = 6
"""Views that wait to be looked at for the best frame; their pixels are in memory anyway."""


class RunningExam:
    """Writes an exam's record while the exam goes on; every method returns at once.

    Args:
        exam: Open for writing; closed by `end`.
        items: Its checklist.
        notices: For the user.
        began_s: `time.monotonic()` at its beginning.
        clip_s: Seconds before and after a capture that its clip holds.
        source_id: Of the opening that the exam is of; pictures of others are not taken.
        in_force: What pictures are judged by at its beginning; None where the start says it.
        want_box: Asked to have the box of a picture found; `complete` is told of it.
        changed: Called on the exam's thread when `view` is different.
    """

    def __init__(
        self,
        exam: Exam,
        items: Iterable[Item],
        notices: Notices,
        *,
        began_s: float | None = None,
        clip_s: float = 2.0,
        source_id: str,
        in_force: InForce | None = None,
        want_box: Callable[[View], None] = lambda view: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._exam = exam
        self._items = tuple(items)
        self._notices = notices
        self._changed = changed
        self._began_s = time.monotonic() if began_s is None else began_s
        self._in_force_log = InForceLog(in_force or exam.info().start.in_force, source_id)
        self._kept_back = ""
        self._best = BestFrames()
        self._rows = FrameRows()
        self._views: deque[View] = deque(maxlen=MEASURED_AT_ONCE)
        self._completed: deque[Analysis] = deque()
        self._boxes = BoxRequests(exam, want_box, self._tell)
        self._wishes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._news = threading.Event()
        self._ending = False
        self._boxes_within_s = 0.0
        self._saved_s = time.monotonic()
        self._failed = ""
        self._clipper = Clipper(exam, self._clip_failed, seconds=clip_s)
        self._history = ExamHistory(exam)
        self._recording = RecordingSwitch(
            exam, notices, self._began_s, lambda since_s: self._tell(recording_s=since_s), self._ask
        )
        self._small: dict[int, Pixels] = {}
        self.view = ExamView(exam.exam_id, self._began_s, self._lines())
        self.view = replace(self.view, thumbnails=self._thumbnails(self.view.lines))
        self._thread = threading.Thread(target=self._run, name="exam", daemon=True)
        self._thread.start()

    @property
    def exam(self) -> Exam:
        """The record."""
        return self._exam

    @property
    def steps(self) -> Steps:
        """What was done to it; who looks the exam over after its end goes on with them."""
        return self._history.steps

    # --- told by the live workers -----------------------------------------------------------

    def see(self, view: View) -> None:
        """A picture was captured (without a result), or analysed; see `LiveSession.watch`."""
        if not self._in_force_log.has_source(view.frame.source_id):
            return  # of the next source already: maybe another patient's
        if view.analysis is None:
            at_s, synthetic = self.at_s(view), self._watched(view.frame).in_force.synthetic
            self._recording.add(view.frame, at_s, synthetic=synthetic)
            self._clipper.add(view.frame, at_s, synthetic=synthetic)
            return
        self._rows.add(view.frame.key, frame_row(view, self.at_s(view)))
        self._views.append(view)
        self._news.set()

    def complete(self, view: View) -> None:
        """A picture's own box came behind its label; see `LiveSession.watch_completed`."""
        if view.analysis is None or not self._in_force_log.has_source(view.frame.source_id):
            return
        if view.analysis.lacks_box:  # nobody looks for it any more
            self._ask(lambda: self._boxes.give_up(view))
            return
        if view.steady is not None:  # else its row would lose it
            self._rows.add(view.frame.key, frame_row(view, self.at_s(view)))
        self._completed.append(view.analysis)
        self._news.set()

    @property
    def in_force(self) -> InForce:
        """What pictures are judged by now."""
        return self._in_force_log.now

    def judge_by(self, in_force: InForce) -> None:
        """What pictures are judged by from now on; only a change is kept."""
        if self._in_force_log.change(time.monotonic() - self._began_s, in_force):
            self._news.set()

    def join_source(self, source_id: str) -> None:
        """The exam's live source is back under another opening, or it goes on with another one.

        What it is was told by `judge_by`. Its pictures are known by their source, never by their
        time: one may have been taken before that was told.
        """
        self._in_force_log.join_source(source_id)

    def at_s(self, view: View) -> float:
        """When a picture was captured, in seconds since the exam began."""
        return max(view.frame.captured_at_s - self._began_s, 0.0)

    # --- asked by the user ------------------------------------------------------------------

    def capture(self, view: View, said: Said, item: str = "", past: Sequence[View] = ()) -> None:
        """Keep a picture, chosen by the user.

        Args:
            view: The picture, live or frozen.
            said: What the screen says of it.
            item: Key of the checklist's item; "" for the one of the plane that is named.
            past: The pictures of the freeze, where it is one of them; the clip is made of them.
        """
        now_s = time.monotonic() - self._began_s
        self._ask(lambda: self._capture_by_hand(view, said, item, None, past, now_s))

    def replace(self, view: View, said: Said, item: str, past: Sequence[View] = ()) -> None:
        """Put a picture in the place of the one that stands for an item, which is rejected."""
        now_s = time.monotonic() - self._began_s
        self._ask(lambda: self._capture_by_hand(view, said, item, self._shown(item), past, now_s))

    def keep(self, item: str, seen: int | None) -> None:
        """Accept what stands for an item; an item that only a person ticks is ticked.

        Args:
            item: Of the checklist.
            seen: Number of the capture that the person saw; None where there was none.
        """
        self._ask(lambda: self._judge(item, seen, keep=True))

    def reject(self, item: str, seen: int | None) -> None:
        """Refuse what stands for an item: the next best one may come; or take its tick away.

        Args:
            item: Of the checklist.
            seen: As in `keep`.
        """
        self._ask(lambda: self._judge(item, seen, keep=False))

    def hold(self, item: str) -> None:
        """A person looks at this item's capture: nothing takes its place meanwhile; "" ends it."""
        self._kept_back = item

    def delete(self, item: str, seen: int | None) -> None:
        """Take what stands for an item out of the record.

        Args:
            item: Of the checklist.
            seen: As in `keep`.
        """
        self._ask(lambda: self._delete(item, seen))

    def move(self, capture_id: int, item: str) -> None:
        """Put a capture under another item of the checklist; "" for none of them."""
        self._ask(lambda: self._move(capture_id, item))

    def note(self, text: str) -> None:
        """Keep the user's words on the exam."""
        self._ask(lambda: self._step("Note changed", lambda: self._exam.set_note(text)))

    def set_study_id(self, text: str) -> None:
        """Keep the user's own number of the study."""
        self._ask(lambda: self._step("Study changed", lambda: self._exam.set_study_id(text)))

    def undo(self) -> None:
        """Take back the last thing that a person did to the exam."""
        self._ask(lambda: self._turn_back(back=True))

    def redo(self) -> None:
        """Do again what was undone last."""
        self._ask(lambda: self._turn_back(back=False))

    def add_event(self, kind: str, text: str) -> None:
        """Note that something happened now."""
        at_s = time.monotonic() - self._began_s
        self._ask(lambda: self._exam.add_event(at_s, kind, text))

    def source_stands(self) -> None:
        """No picture comes for now: what was under way is worth what it is."""
        self._ask(self._take_what_there_is)

    def record(self, on: bool) -> None:
        """Begin or end the recording."""
        self._ask(self._recording.begin if on else self._recording.end)

    def end(self, *, boxes_within_s: float = 0.0) -> None:
        """End the exam; all of it is on the disk when this returns.

        Args:
            boxes_within_s: So long boxes that were asked for are waited for.
        """
        self._boxes_within_s = boxes_within_s
        self._ending = True
        self._news.set()
        self._thread.join()

    # --- on the exam's thread ---------------------------------------------------------------

    def _ask(self, wish: Callable[[], None]) -> None:
        self._wishes.put(wish)
        self._news.set()

    def _run(self) -> None:
        while not self._ending:
            self._news.wait(SAVE_EVERY_S)
            self._news.clear()
            self._guard(self._turn)
        last = (
            self._turn,
            self._take_what_there_is,
            self._wait_for_boxes,
            self._recording.end,
            self._clipper.stop,
            self._save_rows,
            self._close,
        )
        for step in last:
            self._guard(step)

    def _guard(self, step: Callable[[], None]) -> None:
        """One step may fail (a full disk); the exam goes on and tries the next."""
        try:
            step()
        except OutputError as error:
            reason = error.message.rpartition(": ")[2]  # without names of temporary files
            self._tell_trouble(f"The exam cannot be kept: {reason}")
        except SonoAssistError as error:
            self._notices.put(Notice.of(error))
        except Exception as error:  # noqa: BLE001 (a thread's top: report, go on)
            title = f"the exam record failed: {window_text(error)}"
            self._notices.put(Notice(Level.ERROR, title, "", traceback.format_exc()))

    def _turn(self) -> None:
        self._guard(lambda: self._in_force_log.keep(self._exam))
        while self._views:
            view = self._views.popleft()
            self._guard(lambda view=view: self._look_at(view))  # type: ignore[misc]
        while self._completed:
            analysis = self._completed.popleft()
            self._best.complete(analysis)
            self._guard(lambda found=analysis: self._boxes.put(found))  # type: ignore[misc]
        while not self._wishes.empty():
            self._guard(self._wishes.get())
        if time.monotonic() - self._saved_s >= SAVE_EVERY_S:
            self._save_rows()

    def _wait_for_boxes(self) -> None:
        until_s = time.monotonic() + self._boxes_within_s
        while self._boxes.pending and (left_s := until_s - time.monotonic()) > 0:
            self._news.wait(left_s)
            self._news.clear()
            self._turn()

    def _look_at(self, view: View) -> None:
        if view.analysis is not None and view.steady is not None:
            self._take(self._best.update(view.analysis, view.steady, view.hints))

    def _take_what_there_is(self) -> None:
        self._take(self._best.flush())
        self._clipper.flush()

    def _save_rows(self) -> None:
        self._saved_s = time.monotonic()
        if self._rows.save(self._exam):
            self._works_again()

    def _close(self) -> None:
        try:
            self._history.settle()
            self._exam.end(time.monotonic() - self._began_s)
        finally:
            self._exam.close()

    # --- what a person does -----------------------------------------------------------------

    def _step(self, title: str, act: Callable[[], None]) -> None:
        """Do something that can be undone."""
        try:
            with self._history.step(title):
                act()
        finally:
            self._tell()

    def _turn_back(self, *, back: bool) -> None:
        try:
            title = self._history.undo() if back else self._history.redo()
        finally:
            self._tell()
        said = turned_words(title, back=back)
        self._say_step(said)
        if title is not None:
            self._exam.add_event(time.monotonic() - self._began_s, "undo", said)

    def _delete(self, item: str, seen: int | None) -> None:
        shown = self._shown(item)
        if shown is None or shown.capture_id != seen:
            return
        out: dict[int, Capture | None] = {shown.capture_id: None}
        title = f"{self._label(item)} deleted"
        self._step(title, lambda: self._exam.put_said(out, {}, None, None))
        # What was deleted does not come back by itself.
        self._refuse(shown.shot)

    def _move(self, capture_id: int, item: str) -> None:
        title = f"Picture moved to {self._label(item) or 'no item'}"
        self._step(title, lambda: self._exam.move_capture(capture_id, item))

    def _label(self, item: str) -> str:
        return next((one.label for one in self._items if one.key == item), "")

    # --- captures ---------------------------------------------------------------------------

    def _take(self, candidates: Iterable[Candidate], refused_of: str = "") -> None:
        """Capture them.

        Args:
            candidates: The best frames.
            refused_of: Item whose capture was just refused: nothing is held back there any more.
        """
        left = deque(candidates)
        while left:
            candidate = left.popleft()
            item = self._item_of(candidate.plane.key)
            if item is None:
                continue
            try:
                held = item.key == self._kept_back and item.key != refused_of
                left.extend(self._take_for(item, candidate, held=held))
            except OutputError:
                self._best.forget(candidate.plane.key)
                raise

    def _take_for(self, item: Item, candidate: Candidate, *, held: bool) -> list[Candidate]:
        """Capture a frame, unless its item is held back; returns what comes in its place."""
        captures, shown = self._exam.captures(), self._shown(item.key)
        old = replaceable(item, captures)
        chosen = shown is not None and (old is None or shown.capture_id != old.capture_id)
        if held or chosen:
            self._best.forget(item.plane)  # nothing takes the place of what a person chose
            return []
        captured_at_s = candidate.analysis.frame.captured_at_s
        at_s = max(captured_at_s - self._began_s, 0.0)
        if refused(item, captures, at_s):  # e.g. when a person put another in its place
            return self._refuse_at(item.plane, captured_at_s)
        self._capture_best(item, candidate, at_s, old)
        return []

    def _capture_best(
        self, item: Item, candidate: Candidate, at_s: float, old: Capture | None
    ) -> None:
        frame = candidate.analysis.frame
        shot = best_shot(candidate, item, at_s)
        view = View(frame, candidate.analysis)
        judged = self._in_force_log.judged(view, at_s)
        capture = self._keep_shot(shot, frame, Judgement.OPEN, old, judged)
        self._boxes.ask(capture, view)

    def _capture_by_hand(
        self,
        view: View,
        said: Said,
        item: str,
        old: Capture | None,
        past: Sequence[View],
        now_s: float,
    ) -> None:
        if view.frame.captured_at_s < self._began_s:
            title = "The picture on screen is from before this exam"
            self._notices.put(Notice(Level.WARNING, title, "It was not captured"))
            return
        if not item:
            fitting = self._item_of(said.plane)
            item = fitting.key if fitting is not None else ""
        shot = hand_shot(view, item, self.at_s(view), said)
        timed = [
            (self.at_s(one), one.frame)
            for one in past
            if one.frame.captured_at_s >= self._began_s
            and one.frame.source_id == view.frame.source_id
        ]
        label = self._label(item)
        title = f"{label} replaced" if old is not None else f"Captured for {label or 'no item'}"

        def keep() -> None:
            try:
                capture = self._keep_shot(
                    shot,
                    view.frame,
                    Judgement.KEPT,
                    None,
                    self._in_force_log.judged(view, now_s),
                    timed,
                )
                self._boxes.ask(capture, view)
            except OutputError:
                self._notices.put(Notice(Level.WARNING, "The picture on screen was not captured"))
                raise
            if old is not None:
                self._exam.judge(old.capture_id, Judgement.REJECTED)

        self._step(title, keep)

    def _keep_shot(
        self,
        shot: Shot,
        frame: Frame,
        judgement: Judgement,
        old: Capture | None,
        judged: Moment,
        past: Sequence[tuple[float, Frame]] = (),
    ) -> Capture:
        picture, watched = frame.pixels, self._watched(frame)
        # The whole fan, not the network's crop of it: all beside it is blacked out in exports.
        whole = Box(0, 0, picture.shape[1], picture.shape[0])
        seen, shot = shot.field, replace(shot, field=ultrasound_field([picture]) or whole)
        instead_of = old.capture_id if old is not None else None
        capture = self._exam.add_capture(shot, picture, judgement=judgement, instead_of=instead_of)
        if not self._in_force_log.is_told_by_time(shot.at_s, judged, watched):
            self._guard(lambda: self._exam.add_judged(capture, judged, watched))
        self._small[capture.capture_id] = thumbnail(picture, seen)
        if past:
            synthetic = watched.in_force.synthetic
            self._clipper.of_past(capture.capture_id, shot.at_s, past, synthetic=synthetic)
        else:
            self._clipper.begin(capture.capture_id, shot.at_s, frame.source_id)
        if shot.how is How.HAND:
            self._say_captured(shot)
        self._works_again()
        self._tell()
        return capture

    def _watched(self, frame: Frame) -> Moment:
        """The moment that has what a picture is of."""
        return self._in_force_log.watched(frame, frame.captured_at_s - self._began_s)

    def _say_step(self, title: str, hint: str = "") -> None:
        """Tell what a person's last step has done; of the steps before it nothing need stand."""
        self._notices.put(Notice(Level.INFO, title, hint, matter="step in the exam"))

    def _say_captured(self, shot: Shot) -> None:
        item = item_of(shot, self._items)
        words = capture_words(shot, item)
        said = f"Captured: {words}" if item else f"Captured, for no item of the list: {words}"
        self._say_step(said)
        self._exam.add_event(shot.at_s, "capture", said)

    def _judge(self, item: str, seen: int | None, *, keep: bool) -> None:
        line = next((one for one in self.view.lines if one.item.key == item), None)
        if line is None:
            return
        shown, label = line.shown, line.item.label
        if shown is None:
            title = f"{label} {'ticked' if keep else 'not ticked'}"
            self._step(title, lambda: self._tick(line, done=keep))
        elif shown.capture_id != seen:
            title = f"Another picture of {label} has just come"
            self._say_step(title, "Look at it, then press the key again")
        else:
            judgement = Judgement.KEPT if keep else Judgement.REJECTED
            title = f"{label} {judgement.value}"
            self._step(title, lambda: self._exam.judge(shown.capture_id, judgement))
            if not keep:
                self._refuse(shown.shot)

    def _refuse(self, shot: Shot) -> None:
        """The person wants none like it; the next best of what it stood for takes its place."""
        item = item_of(shot, self._items)
        # What the network saw, and what a person took it for.
        for plane in dict.fromkeys(("" if item is None else item.plane, shot.plane)):
            if plane:
                self._take(self._refuse_at(plane, self._began_s + shot.at_s), shot.item)

    def _refuse_at(self, plane: str, captured_at_s: float) -> list[Candidate]:
        """What may come in the place of a frame that the person does not want."""
        item = self._item_of(plane)
        stands = item is not None and self._shown(item.key) is not None
        return self._best.refuse(plane, captured_at_s, another_stands=stands)

    def _tick(self, line: Line, *, done: bool) -> None:
        if line.item.manual or not done:
            self._exam.tick(Tick(line.item.key, done, line.note))
            return
        title = f"There is no picture of {line.item.label} yet"
        self._say_step(title, "Enter captures the one on screen")

    def _shown(self, item: str) -> Capture | None:
        line = next((one for one in self.view.lines if one.item.key == item), None)
        return line.shown if line is not None else None

    def _item_of(self, plane: str) -> Item | None:
        return next((item for item in self._items if plane and item.plane == plane), None)

    def _clip_failed(self, message: str) -> None:
        """On the clipper's thread."""
        self._notices.put(Notice(Level.WARNING, message[:1].upper() + message[1:]))

    # --- what the screen shows --------------------------------------------------------------

    def _lines(self) -> tuple[Line, ...]:
        return checklist(self._items, self._exam.captures(), self._exam.ticks())

    def _tell(self, **changes: float | str | None) -> None:
        lines = self._lines()
        pictures = self._thumbnails(lines)
        self.view = replace(
            self.view,
            lines=lines,
            thumbnails=pictures,
            next_undo=self._history.next_undo,
            next_redo=self._history.next_redo,
            **changes,  # type: ignore[arg-type]
        )
        self._changed()

    def _thumbnails(self, lines: Iterable[Line]) -> dict[int, Pixels]:
        """Those of the captures shown; others are made again from their files when needed."""
        shown = [line.shown for line in lines if line.shown is not None]
        for capture in shown:
            if capture.capture_id not in self._small:
                path = self._exam.media / capture.still
                self._small[capture.capture_id] = thumbnail_of_file(path, capture.shot.field)
        wanted = {capture.capture_id for capture in shown}
        self._small = {key: one for key, one in self._small.items() if key in wanted}
        return dict(self._small)

    def _tell_trouble(self, message: str) -> None:
        if message != self._failed:
            self._failed = message
            hint = "Free some space; what was kept so far is safe"
            self._notices.put(Notice(Level.ERROR, message, hint))
            self.view = replace(self.view, trouble=message)
            self._changed()

    def _works_again(self) -> None:
        if self._failed:
            self._failed = ""
            self._notices.put(Notice(Level.INFO, "The exam record is being kept again"))
            self.view = replace(self.view, trouble="")
            self._changed()
