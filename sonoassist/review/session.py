"""A review under way: the recording, its results, the analysis, and pictures for the screen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.errors import OutputError, SourceError
from sonoassist.core.flaws import Hints
from sonoassist.core.packets import Analysis, Box, Frame, Localisation, Pixels, State
from sonoassist.core.wording import counted
from sonoassist.exam.resolving import ExamResolver
from sonoassist.exam.store import ExamStore
from sonoassist.live.status import View
from sonoassist.preprocess.screen_tracker import SettledField
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.correction_log import CorrectionLog
from sonoassist.recordings.correction_schema import CorrectionError
from sonoassist.recordings.correction_store import LABEL, SPEC, CorrectionStore
from sonoassist.recordings.crops import settle
from sonoassist.recordings.fetcher import Fetcher
from sonoassist.recordings.judge import Judge
from sonoassist.recordings.kept import KeptResults, open_results
from sonoassist.recordings.reader import frame_at
from sonoassist.recordings.recording import Recording, look_into
from sonoassist.recordings.records import STRIDE, FrameResult, Progress, RunState, analysis_of
from sonoassist.recordings.renumbering import bring_up
from sonoassist.recordings.runner import AnalysisOrder, Runner
from sonoassist.recordings.small import pixels_of, small_jpeg
from sonoassist.recordings.table import FrameTable
from sonoassist.render.thumbnails import thumbnail
from sonoassist.review.shown import Shown
from sonoassist.sources.base import Source
from sonoassist.temporal.hint_meter import HintMeter

KEPT_VIEWS = 12
KEPT_SMALL = 1500
MOST_TOLD = 3
"""So many places of a recording that cannot be read are told of one by one."""
PLACE, SHOWN = "place", "shown"


@dataclass(frozen=True, slots=True)
class FrameLook:
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
        review: What a person says of it, on disk; closed by this.
        cache: Where results are kept.
        ready: Called on any thread when a picture has come.
    """

    def __init__(
        self,
        recording: Recording,
        review: CorrectionLog,
        cache: AnalysisCache,
        ready: Callable[[], None],
    ) -> None:
        self.recording = recording
        self.review = review
        self.table = FrameTable(recording.times_s)
        self.views: Fetcher[FrameLook, View] = Fetcher("review view", self._view, KEPT_VIEWS, ready)
        self.smalls: Fetcher[int, Pixels] = Fetcher("review small", self._small, KEPT_SMALL, ready)
        self._cache = cache
        self._judge: Judge | None = None
        self._runner: Runner | None = None
        self._results: KeptResults | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._notices: list[str] = []
        self._told: set[str] = set()
        self.warnings: list[str] = recording.info.named_warnings()
        self._sources: dict[str, Source] = {}
        self._outlined: tuple[SettledField, tuple[tuple[float, float], ...]] | None = None
        self.views.start()
        self.smalls.start()

    @classmethod
    def open(
        cls,
        spec: str,
        reviews: CorrectionStore,
        ready: Callable[[], None],
        exams: ExamStore | None = None,
    ) -> ReviewSession:
        """Open a recording and what is kept of its review; takes a while.

        Raises:
            SonoAssistError: The recording or its review cannot be used.
        """
        recording = look_into(spec, ExamResolver(exams))
        review = reviews.open(recording.identity.content)
        try:
            said = bring_up(recording, review)
            review.remember(SPEC, recording.spec)
            review.remember(LABEL, recording.label)
        except BaseException:
            review.close()
            raise
        session = cls(recording, review, reviews.cache, ready)
        session.warnings = [*recording.info.named_warnings(), *([said] if said else [])]
        return session

    @property
    def judge(self) -> Judge | None:
        """The model, once there is one."""
        return self._judge

    @property
    def damage(self) -> dict[int, str]:
        """Frame -> why it, or what comes from there on, cannot be read, as far as is known."""
        return {} if self._results is None else self._results.damage

    def take_notices(self) -> list[str]:
        """What has to be said by now and was not yet: by the engine, or of what cannot be read."""
        with self._lock:
            found, self._notices = self._notices, []
        if self.progress().state in (RunState.DONE, RunState.FAILED):
            found += [one for one in self._damage_in_words() if one not in self._told]
        self._told.update(found)
        return found

    def _damage_in_words(self) -> list[str]:
        lines = list(dict.fromkeys(self.damage.values()))
        more = len(lines) - MOST_TOLD
        return [
            *lines[:MOST_TOLD],
            *([f"{counted(more, 'more place')} cannot be read"] if more > 0 else []),
        ]

    def _notice(self, sentence: str) -> None:
        with self._lock:
            self._notices.append(sentence)

    def begin(
        self, analyser: Analyser, *, paused: bool = False, any_precision: bool = True
    ) -> None:
        """Load what is kept and analyse the rest; takes a while.

        Args:
            analyser: Belongs to this from now on.
            paused: Do not analyse yet.
            any_precision: Kept results in another precision serve as well.

        Raises:
            CorrectionError: It was closed.
            SonoAssistError: The recording cannot be read or the results cannot be kept.
        """
        analyser.configure(replace(analyser.options, guided=False, carry_boxes=False))
        try:
            self._check_open()
            results, judge = self._opened(analyser, any_precision=any_precision)
        except BaseException:
            analyser.close()
            raise
        try:
            with self._lock:
                self._check_open()
                self._judge, self._results = judge, results
                self._runner = self._begun(judge, results, paused=paused)
        except CorrectionError:
            judge.close()
            results.close()
            raise
        self.smalls.forget()  # what was made without this crop

    def _check_open(self) -> None:
        if self._closed:
            raise CorrectionError("this review was closed", "Open the recording again")

    def _opened(self, analyser: Analyser, *, any_precision: bool) -> tuple[KeptResults, Judge]:
        recording = self.recording
        judge = Judge(analyser)
        with recording.open() as source:
            judge.settle(
                settle(recording, source, analyser.options.crop, judge.aspect, analyser.reader)
            )
        results = open_results(
            recording,
            self._cache,
            analyser.provenance,
            analyser.threshold,
            any_precision=any_precision,
            table=self.table,
        )
        try:
            results.forget_other_pictures()
        except BaseException:
            results.close()
            raise
        return results, judge

    def _begun(self, judge: Judge, results: KeptResults, *, paused: bool) -> Runner:
        runner = Runner(
            results, judge, order=AnalysisOrder.COARSE_FIRST, pictures=True, on_notice=self._notice
        )
        runner.pause(paused)
        runner.start()
        return runner

    @property
    def crop(self) -> Box | None:
        """The crop of the recording's frames, in their pixels; None before it was found."""
        if self._judge is None or self._judge.settled is None:
            return None
        return self._judge.settled.crop

    # --- the analysis -----------------------------------------------------------------------

    def progress(self) -> Progress:
        """How far the analysis is."""
        runner = self._runner
        if runner is None:
            return Progress(RunState.WAITING, self.table.done, len(self.table))
        return runner.progress()

    def pause(self, on: bool) -> None:
        """Hold the analysis, or let it go on."""
        if self._runner is not None:
            self._runner.pause(on)

    def try_again(self) -> None:
        """Go on where the analysis failed, as when a disk in the network was away."""
        with self._lock:
            runner, judge, results = self._runner, self._judge, self._results
            if self._closed or runner is None or judge is None or results is None:
                return
            if runner.progress().state is RunState.FAILED:
                runner.stop()
                self._runner = self._begun(judge, results, paused=False)

    def look_at(self, index: int) -> None:
        """The person looks at this frame."""
        if self._runner is not None:
            self._runner.look_at(index)

    # --- pictures ---------------------------------------------------------------------------

    def look(self, index: int, *, evidence: bool, guided: bool = False) -> FrameLook:
        """The wish for a frame as `views` takes it."""
        return FrameLook(index, evidence, evidence and guided, self._judge is not None)

    def _view(self, look: FrameLook) -> View:
        """On the thread of `views`: a frame with its own result."""
        frame = self._frame("views", look.index)
        known = self.table.result(look.index)
        judge = self._judge
        if known is not None and not look.evidence:
            kept = analysis_of(frame, known, self._field_of(frame))
            if kept is not None and judge is not None and _lacks_box(known):
                kept = _with_box(kept, judge.on_screen(frame, self._seen_of(frame, known)))
            return View(frame, kept, steady_hints=self._hints(kept))
        if judge is None:
            return View(frame, None)
        crop = self._seen_of(frame, known) if known is not None else None
        made = judge.on_screen(frame, crop, guided=look.guided)
        return View(frame, made, steady_hints=self._hints(made))

    def _hints(self, analysis: Analysis | None) -> Hints:
        """What could be better in a picture by itself."""
        if analysis is None or analysis.state is not State.PLANE:
            return ()
        geometry = analysis.geometry
        outlined = replace(geometry, field=geometry.field or self._outline(analysis))
        return HintMeter().measure(replace(analysis, geometry=outlined)) or ()

    def _outline(self, analysis: Analysis) -> tuple[tuple[float, float], ...]:
        """Of the field of view of the recording; empty where the frame may show another one."""
        settled = self._judge.settled if self._judge is not None else None
        held = settled.field if settled is not None else None
        if settled is None or held is None or held.field is None or not held.sure:
            return ()
        if not settled.was_seen_of(analysis.frame, analysis.geometry.crop):
            return ()
        if self._outlined is None or self._outlined[0] is not held:
            points = held.field.outline().tolist()
            self._outlined = held, tuple((x, y) for x, y in points)
        return self._outlined[1]

    def _seen_of(self, frame: Frame, known: FrameResult) -> Box | None:
        """What the network saw of a frame, where that is known."""
        return self._field_of(frame) if known.crop is not None else None

    def _small(self, index: int) -> Pixels:
        """On the thread of `smalls`: a small picture, from the disk where it is kept."""
        results = self._results
        jpeg = results.picture(index) if results is not None else None
        kept = pixels_of(jpeg) if jpeg is not None else None
        if kept is not None:
            return kept
        frame = self._frame("smalls", index)
        if results is None:
            return thumbnail(frame.pixels, self._field_of(frame))
        jpeg = small_jpeg(frame.pixels, self._field_of(frame))
        judge = self._judge
        if index % STRIDE == 0 and judge is not None:  # kept, as the analysis does
            with suppress(OutputError):
                results.add((), judge.provenance, {index: jpeg})
        made = pixels_of(jpeg)
        return made if made is not None else thumbnail(frame.pixels, self._field_of(frame))

    def _field_of(self, frame: Frame) -> Box:
        judge = self._judge
        if judge is None:
            return Box(0, 0, frame.width_px, frame.height_px)
        known = self.table.result(frame.index)
        return judge.crop_of(frame, known.crop if known is not None else None)

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

    def close(self, place: int = 0, shown: Shown | None = None) -> None:
        """End everything; nothing runs when this returns. May be called twice.

        Args:
            place: The frame that is looked at; the next review begins there.
            shown: What else is on screen; None leaves what is kept of it.
        """
        with self._lock:
            closed, self._closed = self._closed, True
        if closed:
            return
        if self._runner is not None:
            self._runner.stop()
        self.views.stop()
        self.smalls.stop()
        for source in self._sources.values():
            source.close()
        if self._judge is not None:
            self._judge.close()
        if self._results is not None:
            self._results.close()
        self.keep_place(place, shown)
        self.review.close()

    def keep_place(self, place: int, shown: Shown | None = None) -> None:
        """Keep where the person is; a disk that refuses forgets that, and nothing else.

        Args:
            place: The frame that is looked at.
            shown: What else is on screen; None leaves what is kept of it.
        """
        with suppress(OutputError, CorrectionError):
            self.review.remember(PLACE, str(place))
            if shown is not None:
                self.review.remember(SHOWN, shown.text)

    @property
    def place(self) -> int:
        """The frame that was looked at when the review was closed last."""
        kept = self.review.fact(PLACE)
        return min(int(kept), len(self.table) - 1) if kept.isdigit() else 0

    @property
    def shown(self) -> Shown:
        """What else was on screen then."""
        return Shown.of(self.review.fact(SHOWN), len(self.table))


def _lacks_box(known: FrameResult) -> bool:
    """Whether a plane is named where it was not sure enough for a box when it was analysed."""
    return known.state is State.PLANE and not known.boxed


def _with_box(kept: Analysis, made: Analysis) -> Analysis:
    """The kept result with the box that was found just now."""
    if made.prediction.plane is not kept.prediction.plane:
        return kept
    box = made.localisation.box
    sure = made.localisation.sure
    return replace(kept, localisation=Localisation(kept.frame.frame_id, box, None, sure=sure))
