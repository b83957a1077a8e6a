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

from sonoassist.errors import OutputError, SonoAssistError
from sonoassist.exam.checklist import Line, checklist, refused, replaceable
from sonoassist.exam.clips import Clipper
from sonoassist.exam.exam import Exam
from sonoassist.exam.exam_view import ExamView, shown_plane
from sonoassist.exam.masking import ultrasound_field
from sonoassist.exam.recorder import Recorder
from sonoassist.exam.records import Capture, FrameRow, How, Item, Judgement, Shot, Tick
from sonoassist.exam.thumbnails import thumbnail, thumbnail_of_file
from sonoassist.live.status import Level, Notice, Notices, View
from sonoassist.packets import Analysis, Box, Frame, Pixels
from sonoassist.planes import BY_KEY
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
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._exam = exam
        self._items = tuple(items)
        self._notices = notices
        self._changed = changed
        self._began_s = time.monotonic() if began_s is None else began_s
        self._best = BestFrames()
        self._rows: deque[tuple[tuple[str, int], FrameRow]] = deque()
        self._views: deque[View] = deque(maxlen=MEASURED_AT_ONCE)
        self._wishes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._news = threading.Event()
        self._ending = False
        self._saved_s = time.monotonic()
        self._failed = ""
        self._clipper = Clipper(exam, self._clip_failed, seconds=clip_s)
        self._recorder: Recorder | None = None
        self._small: dict[int, Pixels] = {}
        self.view = ExamView(exam.exam_id, self._began_s, self._lines())
        self.view = replace(self.view, thumbnails=self._thumbnails(self.view.lines))
        self._thread = threading.Thread(target=self._run, name="exam", daemon=True)
        self._thread.start()

    @property
    def exam(self) -> Exam:
        """The record."""
        return self._exam

    # --- told by the live workers -----------------------------------------------------------

    def see(self, view: View) -> None:
        """A picture was captured (without a result), or analysed; see `LiveSession.watch`."""
        if view.analysis is None:
            recorder = self._recorder
            if recorder is not None:
                recorder.add(view.frame, self.at_s(view))
            self._clipper.add(view.frame, self.at_s(view))
            return
        key = (view.frame.source_id, view.frame.frame_id)
        self._rows.append((key, frame_row(view, self.at_s(view))))
        self._views.append(view)
        self._news.set()

    def at_s(self, view: View) -> float:
        """When a picture was captured, in seconds since the exam began."""
        return max(view.frame.captured_at_s - self._began_s, 0.0)

    # --- asked by the user ------------------------------------------------------------------

    def capture(self, view: View, item: str = "", past: Sequence[View] = ()) -> None:
        """Keep a picture, chosen by the user.

        Args:
            view: The picture, live or frozen.
            item: Key of the checklist's item; "" for the one of the plane that is shown.
            past: The pictures of the freeze, where it is one of them; the clip is made of them.
        """
        self._ask(lambda: self._capture_by_hand(view, item, None, past))

    def replace(self, view: View, item: str, past: Sequence[View] = ()) -> None:
        """Put a picture in the place of the one that stands for an item."""
        self._ask(lambda: self._capture_by_hand(view, item, self._shown(item), past))

    def keep(self, item: str) -> None:
        """Accept what stands for an item; an item that only a person ticks is ticked."""
        self._ask(lambda: self._judge(item, keep=True))

    def reject(self, item: str) -> None:
        """Refuse what stands for an item: the next best one may come; or take its tick away."""
        self._ask(lambda: self._judge(item, keep=False))

    def note(self, text: str) -> None:
        """Keep the user's words on the exam."""
        self._ask(lambda: self._exam.set_note(text))

    def set_study_id(self, text: str) -> None:
        """Keep the user's own number of the study."""
        self._ask(lambda: self._exam.set_study_id(text))

    def add_event(self, kind: str, text: str) -> None:
        """Note that something happened now."""
        at_s = time.monotonic() - self._began_s
        self._ask(lambda: self._exam.add_event(at_s, kind, text))

    def source_stands(self) -> None:
        """No picture comes for now: what was under way is worth what it is."""
        self._ask(self._take_what_there_is)

    def record(self, on: bool) -> None:
        """Begin or end the recording."""
        self._ask(self._begin_recording if on else self._end_recording)

    def end(self) -> None:
        """End the exam; all of it is on the disk when this returns."""
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
        for step in (self._turn, self._finish, self._close):
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
            title = f"the exam record failed: {error}"
            self._notices.put(Notice(Level.ERROR, title, "", traceback.format_exc()))

    def _turn(self) -> None:
        while self._views:
            view = self._views.popleft()
            if view.analysis is not None and view.steady is not None:
                self._take(self._best.update(view.analysis, view.steady))
        while not self._wishes.empty():
            self._guard(self._wishes.get())
        if time.monotonic() - self._saved_s >= SAVE_EVERY_S:
            self._save_rows()

    def _take_what_there_is(self) -> None:
        self._take(self._best.flush())
        self._clipper.flush()

    def _save_rows(self) -> None:
        self._saved_s = time.monotonic()
        # A frame that was looked at twice, e.g. with another crop, is kept with its last result.
        waiting = [self._rows.popleft() for _ in range(len(self._rows))]
        latest = dict(waiting)
        if not latest:
            return
        try:
            self._exam.add_frames(list(latest.values()))
        except OutputError:
            self._rows.extendleft(reversed(latest.items()))
            raise
        self._works_again()

    def _finish(self) -> None:
        self._take(self._best.flush())
        self._end_recording()
        self._clipper.stop()

    def _close(self) -> None:
        try:
            self._save_rows()
            self._exam.end(time.monotonic() - self._began_s)
        finally:
            self._exam.close()

    # --- captures ---------------------------------------------------------------------------

    def _take(self, candidates: Iterable[Candidate]) -> None:
        for candidate in candidates:
            item = self._item_of(candidate.plane.key)
            if item is not None:
                self._capture_best(item, candidate)

    def _capture_best(self, item: Item, candidate: Candidate) -> None:
        analysis = candidate.analysis
        at_s = max(analysis.frame.captured_at_s - self._began_s, 0.0)
        captures = self._exam.captures()
        old = replaceable(item, captures)
        shown = self._shown(item.key)
        chosen = shown is not None and (old is None or shown.capture_id != old.capture_id)
        if chosen or refused(item, captures, at_s):
            return  # nothing takes the place of what a person chose, or comes back by itself
        shot = Shot(
            item=item.key, how=How.AUTO, at_s=at_s, index=analysis.frame.index,
            time_s=analysis.frame.time_s, plane=candidate.plane.key,
            confidence=candidate.confidence, quality=candidate.quality.together,
            why=candidate.why, box=analysis.shown_box, field=analysis.geometry.crop,
        )  # fmt: skip
        self._keep_shot(shot, analysis.frame.pixels, Judgement.OPEN, old)

    def _capture_by_hand(
        self, view: View, item: str, old: Capture | None, past: Sequence[View]
    ) -> None:
        shown = shown_plane(view)
        if not item:
            fitting = self._item_of(shown)
            item = fitting.key if fitting is not None else ""
        shot = hand_shot(view, item, self.at_s(view))
        timed = [(self.at_s(one), one.frame) for one in past]
        try:
            self._keep_shot(shot, view.frame.pixels, Judgement.KEPT, old, timed)
        except OutputError:
            self._notices.put(Notice(Level.WARNING, "The picture on screen was not captured"))
            raise

    def _keep_shot(
        self,
        shot: Shot,
        picture: Pixels,
        judgement: Judgement,
        old: Capture | None,
        past: Sequence[tuple[float, Frame]] = (),
    ) -> None:
        # The whole fan, not the network's crop of it: all beside it is blacked out in exports.
        whole = Box(0, 0, picture.shape[1], picture.shape[0])
        seen, shot = shot.field, replace(shot, field=ultrasound_field([picture]) or whole)
        instead_of = old.capture_id if old is not None else None
        capture = self._exam.add_capture(shot, picture, judgement=judgement, instead_of=instead_of)
        self._small[capture.capture_id] = thumbnail(picture, seen)
        if past:
            self._clipper.of_past(capture.capture_id, shot.at_s, past)
        else:
            self._clipper.begin(capture.capture_id, shot.at_s)
        if shot.how is How.HAND:
            what = BY_KEY[shot.plane].label if shot.plane else "no plane named"
            self._exam.add_event(shot.at_s, "capture", f"Captured by hand: {what}")
        self._works_again()
        self._tell()

    def _judge(self, item: str, *, keep: bool) -> None:
        line = next((one for one in self.view.lines if one.item.key == item), None)
        if line is None:
            return
        shown = line.shown
        if shown is None:
            if line.item.manual or not keep:
                self._exam.tick(Tick(item, keep, line.note))
            else:
                self._notices.put(
                    Notice(
                        Level.INFO, f"There is no picture of {line.item.label} yet",
                        "Enter captures the one on screen",
                    )
                )  # fmt: skip
        elif keep:
            self._exam.judge(shown.capture_id, Judgement.KEPT)
        else:
            self._exam.judge(shown.capture_id, Judgement.REJECTED)
            self._best.refuse(shown.shot.plane, self._began_s + shown.shot.at_s)
        self._tell()

    def _shown(self, item: str) -> Capture | None:
        line = next((one for one in self.view.lines if one.item.key == item), None)
        return line.shown if line is not None else None

    def _item_of(self, plane: str) -> Item | None:
        return next((item for item in self._items if plane and item.plane == plane), None)

    # --- recording --------------------------------------------------------------------------

    def _begin_recording(self) -> None:
        if self._recorder is None:
            self._recorder = Recorder(self._exam, self._recording_failed)
            self._exam.add_event(time.monotonic() - self._began_s, "record", "Recording begun")
            self._tell(recording_s=time.monotonic())

    def _end_recording(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        recorder.stop()
        figures = recorder.figures()
        said = f"Recording ended, {figures.written} frames"
        if figures.dropped:
            said += f", {figures.dropped} left out because the computer was too busy"
            self._notices.put(Notice(Level.WARNING, said))
        self._exam.add_event(time.monotonic() - self._began_s, "record", said)
        self._tell(recording_s=None)

    def _recording_failed(self, message: str) -> None:
        """On the recorder's thread: it has stopped by itself."""
        self._notices.put(Notice(Level.ERROR, message[:1].upper() + message[1:]))
        self._ask(self._end_recording)

    def _clip_failed(self, message: str) -> None:
        """On the clipper's thread."""
        self._notices.put(Notice(Level.WARNING, message[:1].upper() + message[1:]))

    # --- what the screen shows --------------------------------------------------------------

    def _lines(self) -> tuple[Line, ...]:
        return checklist(self._items, self._exam.captures(), self._exam.ticks())

    def _tell(self, **changes: float | str | None) -> None:
        lines = self._lines()
        pictures = self._thumbnails(lines)
        self.view = replace(self.view, lines=lines, thumbnails=pictures, **changes)  # type: ignore[arg-type]
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


def frame_row(view: View, at_s: float) -> FrameRow:
    """What is kept of an analysed picture."""
    analysis = view.analysis
    assert analysis is not None
    prediction, steady = analysis.prediction, view.steady
    return FrameRow(
        at_s=at_s,
        index=view.frame.index,
        time_s=view.frame.time_s,
        state=analysis.state,
        plane=prediction.plane.key,
        confidence=prediction.confidence,
        steady_plane=steady.plane.key if steady is not None and steady.plane is not None else "",
        box=analysis.shown_box,
        probabilities=prediction.probabilities,
    )


def hand_shot(view: View, item: str, at_s: float) -> Shot:
    """A picture that the user chose."""
    frame, analysis = view.frame, view.analysis
    plane = shown_plane(view)
    whole = Box(0, 0, frame.width_px, frame.height_px)
    return Shot(
        item=item, how=How.HAND, at_s=at_s, index=frame.index, time_s=frame.time_s, plane=plane,
        confidence=_confidence(analysis, plane), quality=0.0, why="chosen by the user",
        box=analysis.shown_box if analysis is not None else None,
        field=analysis.geometry.crop if analysis is not None else whole,
    )  # fmt: skip


def _confidence(analysis: Analysis | None, plane: str) -> float:
    if analysis is None or not plane:
        return 0.0
    prediction = analysis.prediction
    return prediction.confidence if prediction.plane.key == plane else 0.0
