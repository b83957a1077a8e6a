"""A review under way: the recording, its results, the analysis, and pictures for the screen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.errors import OutputError, SourceError
from sonoassist.core.packets import (
    Analysis,
    Box,
    Frame,
    Geometry,
    Localisation,
    Pixels,
    Prediction,
    State,
    frozen,
)
from sonoassist.core.planes import PLANES
from sonoassist.exam.store import ExamStore
from sonoassist.exam.thumbnails import thumbnail
from sonoassist.live.status import View
from sonoassist.review.fetcher import Fetcher
from sonoassist.review.fields import Fields
from sonoassist.review.judge import Judge
from sonoassist.review.recording import Recording, exam_results, look_into, settled_crop
from sonoassist.review.records import STRIDE, AnalysisKey, FrameResult, Progress, RunState
from sonoassist.review.renumbering import bring_up
from sonoassist.review.review import Review
from sonoassist.review.run import Run, frame_at
from sonoassist.review.small import pixels_of, small_jpeg
from sonoassist.review.store import LABEL, SPEC, ReviewStore
from sonoassist.review.table import Table
from sonoassist.sources.base import Source

KEPT_VIEWS = 12
KEPT_SMALL = 1500
PLACE = "place"


@dataclass(frozen=True, slots=True)
class Look:
    """A wish for a frame with its own result.

    Attributes:
        index: Of the frame.
        evidence: With the heat map, for which the network has to look at it again.
        guided: With the guided heat map too; never without `evidence`.
        judged: The model is there.
    """

    index: int
    evidence: bool
    guided: bool
    judged: bool


class ReviewSession:
    """One recording under review.

    Args:
        recording: What is reviewed.
        review: Its review on disk; closed by this.
        ready: Called on any thread when a picture has come.
    """

    def __init__(self, recording: Recording, review: Review, ready: Callable[[], None]) -> None:
        self.recording = recording
        self.review = review
        self.table = Table(recording.times_s)
        self.views: Fetcher[Look, View] = Fetcher("review view", self._view, KEPT_VIEWS, ready)
        self.smalls: Fetcher[int, Pixels] = Fetcher("review small", self._small, KEPT_SMALL, ready)
        self._judge: Judge | None = None
        self._run: Run | None = None
        self._fields: Fields | None = None
        self._number = 0
        self._lock = threading.Lock()
        self._closed = False
        self.warnings: list[str] = recording.info.named_warnings()
        self._sources: dict[str, Source] = {}
        self.views.start()
        self.smalls.start()

    @classmethod
    def open(
        cls,
        spec: str,
        reviews: ReviewStore,
        ready: Callable[[], None],
        exams: ExamStore | None = None,
    ) -> ReviewSession:
        """Open a recording and what is kept of its review; takes a while.

        Raises:
            SonoAssistError: The recording or its review cannot be used.
        """
        recording = look_into(spec, exams)
        review = reviews.open(recording.fingerprint)
        try:
            said = bring_up(recording, review)
            review.remember(SPEC, recording.spec)
            review.remember(LABEL, recording.label)
        except BaseException:
            review.close()
            raise
        session = cls(recording, review, ready)
        session.warnings = [*recording.info.named_warnings(), *([said] if said else [])]
        return session

    @property
    def judge(self) -> Judge | None:
        """The model, once there is one."""
        return self._judge

    def begin(self, analyser: Analyser, crop_name: str, *, paused: bool = False) -> None:
        """Load what is kept and analyse the rest; takes a while.

        Args:
            analyser: Belongs to this from now on.
            crop_name: The crop as the settings name it.
            paused: Do not analyse yet.

        Raises:
            SonoAssistError: The recording cannot be read or the review cannot be kept.
        """
        card, options = analyser.card, analyser.options
        key = AnalysisKey(
            self.recording.version_ns, card.weights_sha256, card.name, crop_name,
            options.threshold,
        )  # fmt: skip
        try:
            number, field = self._analysis(key, analyser)
            self.review.keep_pictures_of(field)
        except BaseException:
            analyser.close()
            raise
        analyser.configure(replace(options, guided=False, carry_boxes=False))
        info = self.recording.info
        aspect = card.input_width_px / card.input_height_px
        fields = Fields(field, (info.width_px, info.height_px), options.crop, aspect)
        judge = Judge(analyser, fields)
        with self._lock:
            if self._closed:
                judge.close()
                return
            self._judge, self._number, self._fields = judge, number, fields
            self._run = self._begun(judge, fields, paused=paused)
        self.smalls.forget()  # what was made without this crop

    def _begun(self, judge: Judge, fields: Fields, *, paused: bool) -> Run:
        recording = self.recording
        run = Run(
            recording.open, recording.check_same, self.review, self._number, self.table, judge,
            fields,
        )  # fmt: skip
        run.pause(paused)
        run.start()
        return run

    def _analysis(self, key: AnalysisKey, analyser: Analyser) -> tuple[int, Box]:
        found = self.review.find_analysis(key) or self._by_another_threshold(key)
        if found is None:
            card = analyser.card
            aspect = card.input_width_px / card.input_height_px
            field = settled_crop(self.recording, analyser.options.crop, aspect)
            number = self.review.begin_analysis(key, field)
            self.review.add_results(number, exam_results(self.recording, key))
            found = number, field
        for part in self.review.results(found[0]):
            self.table.add([_shown(one) for one in part if one.index < len(self.table)])
        return found

    def _by_another_threshold(self, key: AnalysisKey) -> tuple[int, Box] | None:
        """An analysis whose probabilities are those asked for, with its states derived anew."""
        found = self.review.find_analysis(key, any_threshold=True)
        if found is not None:
            self.review.set_threshold(found[0], key.threshold)
        return found

    @property
    def crop(self) -> Box | None:
        """The crop of the recording's frames, in their pixels; None before it was found."""
        return None if self._fields is None else self._fields.settled

    # --- the analysis -----------------------------------------------------------------------

    def progress(self) -> Progress:
        """How far the analysis is."""
        run = self._run
        if run is None:
            return Progress(RunState.WAITING, self.table.done, len(self.table))
        return run.progress()

    def pause(self, on: bool) -> None:
        """Hold the analysis, or let it go on."""
        if self._run is not None:
            self._run.pause(on)

    def try_again(self) -> None:
        """Go on where the analysis failed, as when a disk in the network was away."""
        with self._lock:
            run, judge, fields = self._run, self._judge, self._fields
            if self._closed or run is None or judge is None or fields is None:
                return
            if run.progress().state is RunState.FAILED:
                run.stop()
                self._run = self._begun(judge, fields, paused=False)

    def look_at(self, index: int) -> None:
        """The person looks at this frame."""
        if self._run is not None:
            self._run.look_at(index)

    # --- pictures ---------------------------------------------------------------------------

    def look(self, index: int, *, evidence: bool, guided: bool = False) -> Look:
        """The wish for a frame as `views` takes it."""
        return Look(index, evidence, evidence and guided, self._judge is not None)

    def _view(self, look: Look) -> View:
        """On the thread of `views`: a frame with its own result."""
        frame = self._frame("views", look.index)
        known = self.table.result(look.index)
        judge = self._judge
        if known is not None and not look.evidence:
            kept = self._kept(frame, known)
            if kept is not None and judge is not None and _lacks_box(known):
                kept = _with_box(kept, judge.on_screen(frame))
            return View(frame, kept)
        if judge is None:
            return View(frame, None)
        return View(frame, judge.on_screen(frame, guided=look.guided))

    def _kept(self, frame: Frame, known: FrameResult) -> Analysis | None:
        """The result on disk as the analysis of its frame; None where nothing is kept of it."""
        if known.state is None:
            return None
        field = self._field_of(frame)
        nothing = frozen(np.zeros((len(PLANES), 1, 1), np.float32))
        return Analysis(
            frame=frame,
            geometry=Geometry(field, 1, 1),
            prediction=Prediction(frame.frame_id, known.probabilities, nothing, None),
            localisation=Localisation(frame.frame_id, known.box, None),
            state=known.state,
            timings_ms=(),
            finished_at_s=frame.captured_at_s,
        )

    def _small(self, index: int) -> Pixels:
        """On the thread of `smalls`: a small picture, from the disk where it is kept."""
        jpeg = self.review.picture(index)
        kept = pixels_of(jpeg) if jpeg is not None else None
        if kept is not None:
            return kept
        frame = self._frame("smalls", index)
        if self._fields is None:
            return thumbnail(frame.pixels, self._field_of(frame))
        jpeg = small_jpeg(frame.pixels, self._field_of(frame))
        if index % STRIDE == 0:  # kept, as the analysis does
            with suppress(OutputError):
                self.review.add_results(self._number, (), {index: jpeg})
        made = pixels_of(jpeg)
        return made if made is not None else thumbnail(frame.pixels, self._field_of(frame))

    def _field_of(self, frame: Frame) -> Box:
        if self._fields is None:
            return Box(0, 0, frame.width_px, frame.height_px)
        return self._fields.of(frame)

    def _frame(self, user: str, index: int) -> Frame:
        if user not in self._sources:
            self._sources[user] = self.recording.open()
        try:
            frame = frame_at(self._sources[user], index)
        except (SourceError, OSError):  # what reads it may be of no use any more: opened anew
            self._sources.pop(user).close()
            raise
        if frame is None:
            raise SourceError(f"frame {index} is damaged")
        return frame

    def close(self, place: int = 0) -> None:
        """End everything; nothing runs when this returns. May be called twice.

        Args:
            place: The frame that is looked at; the next review begins there.
        """
        with self._lock:
            closed, self._closed = self._closed, True
        if closed:
            return
        if self._run is not None:
            self._run.stop()
        self.views.stop()
        self.smalls.stop()
        for source in self._sources.values():
            source.close()
        if self._judge is not None:
            self._judge.close()
        with suppress(OutputError):  # a full disk forgets the place, nothing else
            self.review.set_fact(PLACE, str(place))
        self.review.close()

    @property
    def place(self) -> int:
        """The frame that was looked at when the review was closed last."""
        kept = self.review.fact(PLACE)
        return min(int(kept), len(self.table) - 1) if kept.isdigit() else 0


def _shown(result: FrameResult) -> FrameResult:
    """A kept result as it is shown: a box of a frame that is unsure by now is not."""
    return result if result.state is State.PLANE else replace(result, box=None)


def _lacks_box(known: FrameResult) -> bool:
    """Whether a plane is named where it was not sure enough for a box when it was analysed."""
    return known.state is State.PLANE and known.box is None


def _with_box(kept: Analysis, made: Analysis) -> Analysis:
    """The kept result with the box that was found just now."""
    if made.prediction.plane is not kept.prediction.plane:
        return kept
    box = made.localisation.box
    return replace(kept, localisation=Localisation(kept.frame.frame_id, box, None))
