"""The analysis of a recording: the one loop that all features share.

Frames are done in stretches, which are kept on disk as a whole. Each stretch begins with the crop
that was settled for the whole recording, and the analyser's memory of earlier frames does not reach
over its beginning; so the results are the same in whatever order the stretches come, stopped and
gone on or not. Frames that have a result, from an earlier run or from the exam itself, are not
analysed again; they are measured where nobody has done so.

In order, all stretches are read in one go. Coarse first, every 16th frame is analysed before all
others, so that the whole exam can soon be seen; then comes what lies behind the frame that the
person looks at. While the network works, the frames behind are decoded and made ready, each on a
thread of its own. How still a picture was held, and for how long the scanner has shown it, is seen
against the frames before: where a stretch follows none, those are read with it.
"""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

from sonoassist.core.background import BackgroundWork
from sonoassist.core.errors import SonoAssistError, SourceError, UsageError, window_text
from sonoassist.core.packets import Analysis, Frame, Provenance
from sonoassist.preprocess.freeze import FROZEN_AFTER_S
from sonoassist.recordings.ahead import READY, FramesAhead, ReadyFrame, SeenAhead, Stretch
from sonoassist.recordings.judge import Judge
from sonoassist.recordings.kept import KeptResults
from sonoassist.recordings.pace import Pace, frame_interval_s
from sonoassist.recordings.reader import read_ahead, read_frames, read_on
from sonoassist.recordings.records import (
    STRIDE,
    FrameResult,
    Progress,
    RunState,
    damaged,
    result_of,
)
from sonoassist.recordings.small import small_jpeg
from sonoassist.recordings.table import FrameTable
from sonoassist.sources.base import Source
from sonoassist.temporal.quality import Quality
from sonoassist.temporal.quality_meter import QualityMeter

STRETCH = 64
"""So many frames are kept at a time: what a crash can cost."""
MOST_BEFORE = 50
"""So many frames before a stretch are read with it at most, where it follows none."""
_RATE_OVER_S = 10.0

_log = logging.getLogger(__name__)

Visit = Callable[[Frame, FrameResult], None]
"""Told of each frame that is read, in order, with its result."""
OnAnalysis = Callable[[Analysis], None]
"""Told of each frame that is analysed now, before it is visited: how long it took, its saliency."""


class AnalysisOrder(Enum):
    """In which frames are analysed."""

    IN_ORDER = "in order"
    COARSE_FIRST = "coarse first"


@dataclass(slots=True)
class _Found:
    """What has come of a stretch so far."""

    results: list[tuple[Provenance, FrameResult]] = field(default_factory=list)
    measured: dict[int, Quality] = field(default_factory=dict)
    repeats: dict[int, bool] = field(default_factory=dict)
    pictures: dict[int, bytes] = field(default_factory=dict)
    damage: dict[int, str] = field(default_factory=dict)


class Runner(BackgroundWork):
    """Analyses the frames of a recording that have no result yet, and measures the pictures.

    Args:
        results: What is known; gets what is found.
        judge: The model.
        order: In which frames are analysed.
        most: Only so many frames from the first on; None for all.
        wanted: Only these frames, rising; None for all. They are analysed; how still a picture was
            held, and whether the scanner had frozen it, is left to those who go through all.
        boxes: A named plane without a box is analysed again, as after a change of the localiser.
        unsure_boxes: With `boxes`: also where the plane is too unsure to be named.
        pictures: Keep small pictures of every 16th frame.
        visit: Told of all frames, in order, also of those that have a result.
        on_frame: Called after each frame.
        on_notice: Told what the engine has to say.
        on_analysis: Told of the frames that are analysed now.

    Attributes:
        total: Number of frames that were to be read when this was made.
        done: Number of frames that were read, as far as `run` has come.
        judged: Number of those that were analysed.
        pace: How quickly that went.
    """

    def __init__(
        self,
        results: KeptResults,
        judge: Judge,
        *,
        order: AnalysisOrder = AnalysisOrder.IN_ORDER,
        most: int | None = None,
        wanted: Sequence[int] | None = None,
        boxes: bool = False,
        unsure_boxes: bool = False,
        pictures: bool = False,
        visit: Visit | None = None,
        on_frame: Callable[[], None] = lambda: None,
        on_notice: Callable[[str], None] = lambda _: None,
        on_analysis: OnAnalysis = lambda _: None,
    ) -> None:
        super().__init__("recording analysis")
        self._results, self._judge = results, judge
        self._recording, self._table = results.recording, results.table
        self._order, self._wanted = order, wanted
        self._pictures, self._visit = pictures, visit
        self._on_frame, self._on_notice = on_frame, on_notice
        self._on_analysis = on_analysis
        self._state, self._message = RunState.RUNNING, ""
        self._focus = 0
        self._finished: deque[float] = deque(maxlen=1000)
        self._in_hand = 0
        count = len(self._table)
        self._count = count if most is None else min(most, count)
        self._asked = np.zeros(count, bool)
        self._asked[slice(0, self._count) if wanted is None else list(wanted)] = True
        self._again = np.zeros(count, bool)
        if boxes:
            self._again = self._table.lacks_box(unsure=unsure_boxes) & self._asked
        self._left = self._lefts()
        self.total = self._planned()
        self.done = self.judged = 0
        self._interval_s = frame_interval_s(self._table.times_s)
        self.pace = Pace(self._interval_s)
        self._ahead = FramesAhead(judge, self._table, only_wanted=wanted is not None)

    def _lefts(self) -> np.ndarray:
        done = self._known if self._wanted is not None else self._table.finished & self._known
        if self._visit is not None:
            done = np.zeros(len(self._table), bool)
        return np.asarray(self._asked & (~done | self._again))

    @property
    def _known(self) -> np.ndarray:
        """Which frames have a result that counts, (n,)."""
        known = self._table.known
        known[list(self._results.passing)] = False
        return np.asarray(known)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to be done."""
        return not self._left.any()

    def _planned(self) -> int:
        """Number of frames that will be read."""
        if self._wanted is not None:
            return int(np.count_nonzero(self._left))
        stretches = np.unique(np.flatnonzero(self._left) // STRETCH)
        return sum(len(self._fine(int(one)).indexes) for one in stretches)

    def pause(self, on: bool) -> None:
        """Hold on after the frame at hand, or go on."""
        with self._changed:
            self._paused = on
            self._finished.clear()
            self._changed.notify_all()

    def look_at(self, index: int) -> None:
        """The person looks at this frame: what lies behind it is done first."""
        self._focus = index

    def progress(self) -> Progress:
        """How far it is."""
        with self._changed:
            state = self._state
            if state is RunState.RUNNING and self._paused:
                state = RunState.PAUSED
            rate_hz = self._rate_hz()
        total = len(self._table)
        done = min(self._table.done + self._in_hand, total)
        return Progress(state, done, total, rate_hz, self._message, rate_hz * self._interval_s)

    def run(self) -> bool:
        """Do all of it on this thread; returns whether it came to its end.

        Where it is interrupted, what was found of the stretch at hand is in the table, and is found
        again the next time.

        Raises:
            SourceError: The recording cannot be read by now, or is another file by now.
            OutputError: The results cannot be kept.
            SonoAssistError: The analysis failed.
        """
        if self.idle:
            return True
        with self._recording.open() as source:
            while not self._stopping and (stretches := self._next()):
                self._do(source, stretches)
        return not self._stopping

    # --- on the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        try:
            ended = self.run()
            self._say(RunState.DONE if ended else RunState.PAUSED)
        except SonoAssistError as error:
            self._say(RunState.FAILED, window_text(error))
        except Exception as error:  # noqa: BLE001  (a thread's top: shown on screen)
            _log.exception("the analysis of a recording failed")
            self._say(RunState.FAILED, f"the analysis failed: {window_text(error)}")

    def _say(self, state: RunState, message: str = "") -> None:
        with self._changed:
            self._state, self._message = state, message
            self._in_hand = 0

    # --- what comes next --------------------------------------------------------------------

    def _next(self) -> list[Stretch]:
        """The next stretches; none when all are done."""
        if self._wanted is not None:
            left = [int(one) for one in np.flatnonzero(self._left)]
            return [Stretch(left[at : at + STRETCH]) for at in range(0, len(left), STRETCH)]
        if self._order is AnalysisOrder.COARSE_FIRST:
            coarse = self._coarse()
            if coarse is not None:
                return [coarse]
        fine = np.flatnonzero(self._left)
        if not len(fine):
            return []
        if self._order is AnalysisOrder.IN_ORDER:
            return [self._fine(int(one)) for one in np.unique(fine // STRETCH)]
        at = int(np.searchsorted(fine, self._focus // STRETCH * STRETCH)) % len(fine)
        return [self._fine(int(fine[at]) // STRETCH)]

    def _coarse(self) -> Stretch | None:
        left = np.flatnonzero(~self._known[::STRIDE] & self._left[::STRIDE]) * STRIDE
        if not len(left):
            return None
        first = int(left[0]) // (STRIDE * STRETCH) * STRIDE * STRETCH
        return Stretch([int(one) for one in left if one < first + STRIDE * STRETCH], coarse=True)

    def _fine(self, number: int) -> Stretch:
        first = number * STRETCH
        return Stretch(range(first, min(first + STRETCH, self._count)))

    def _before(self, stretch: Stretch, place: int) -> Sequence[int]:
        """The frames that are read with a stretch, only to be compared with.

        Args:
            stretch: To be read.
            place: The frame behind the one that is read last before it.
        """
        first = int(stretch.indexes[0])
        if stretch.coarse or self._wanted is not None or place == first or first == 0:
            return ()
        times_s = self._table.times_s
        since_s = float(times_s[first]) - FROZEN_AFTER_S - 0.1
        begin = int(np.searchsorted(times_s[:first], since_s))
        begin = max(min(begin, first - 1), first - MOST_BEFORE)
        whole = [int(one) for one in np.flatnonzero(~self._table.damaged[:first])]
        # Where all of those are damaged, the last one that is not.
        return [one for one in whole if one >= begin] or whole[-1:]

    # --- doing it ---------------------------------------------------------------------------

    def _do(self, source: Source, stretches: Sequence[Stretch]) -> None:
        plan = []
        place = self._ahead.place
        for stretch in stretches:
            plan.append((stretch, self._before(stretch, place)))
            place = int(stretch.indexes[-1]) + 1
        indexes = (index for stretch, before in plan for index in (*before, *stretch.indexes))
        known = self._known & ~self._again
        with (
            read_ahead(read_frames(source, indexes)) as frames,
            read_ahead(self._ahead.made_ready(frames, plan, known), READY) as ready,
        ):
            for stretch, _ in plan:
                found = _Found()
                try:
                    if not self._take(stretch, ready, found):
                        return
                    # Else results of another file are kept under this one's name.
                    self._recording.check_same()
                    self._keep(stretch, found)
                except (SonoAssistError, KeyboardInterrupt):
                    if not self._recording.replaced:
                        self._results.show([one for _, one in found.results])
                    raise

    def _take(self, stretch: Stretch, ready: Iterator[ReadyFrame], found: _Found) -> bool:
        """Go through a stretch; returns whether it came to its end."""
        for _ in stretch.indexes:
            if not self._may_go_on():
                return False
            self._one(next(ready), stretch, found)
            self._in_hand = len(found.results)
        return True

    def _one(self, one: ReadyFrame, stretch: Stretch, found: _Found) -> None:
        """Take one frame of a stretch."""
        if one.first:
            self._judge.begin_judging()
        if one.message:
            found.damage[one.index] = one.message
        if one.frame is None:
            self._miss(one, found)
        else:
            result = self._result(one, stretch, found)
            if self._visit is not None:
                self._visit(one.frame, result)
        self.done += 1
        with self._changed:  # others count them meanwhile
            self._finished.append(time.monotonic())
        self._on_frame()

    def _result(self, one: ReadyFrame, stretch: Stretch, found: _Found) -> FrameResult:
        if one.kept is None:
            return self._judged(one, stretch, found)
        if one.seen is not None:
            self._measure(one.kept, one.seen, found)
        return one.kept

    def _miss(self, one: ReadyFrame, found: _Found) -> None:
        if not (one.known or self._known[one.index]):  # what was found while it could be read stays
            found.results.append((self._judge.provenance, damaged(one.index)))

    def _judged(self, one: ReadyFrame, stretch: Stretch, found: _Found) -> FrameResult:
        seen = one.seen
        assert seen is not None  # it was made ready, since it is to be judged
        frame = seen.ready.frame
        analysis = self._judge.in_background(seen.ready)
        self.judged += 1
        self.pace.step(time.monotonic())
        for sentence in self._judge.analyser.engine.take_notices():
            self._on_notice(sentence)
        self._on_analysis(analysis)
        alone = self._is_alone(frame.index, seen, found)
        result = result_of(analysis, _quality(seen, alone=alone))
        if stretch.coarse or alone or self._wanted is not None:
            result = replace(result, frozen=None)
        made = analysis.provenance or self._judge.provenance
        found.results.append((made, result))
        if self._pictures and frame.index % STRIDE == 0:
            found.pictures[frame.index] = small_jpeg(frame.pixels, analysis.geometry.crop)
        return result

    def _is_alone(self, index: int, seen: SeenAhead, found: _Found) -> bool:
        """Whether a frame is compared with none, though one before it can be read."""
        if not seen.fresh or index == 0:
            return False
        lost = self._table.damaged[:index]
        lost[[one.index for _, one in found.results if one.state is None and one.index < index]] = 1
        return not lost.all()

    def _measure(self, kept: FrameResult, seen: SeenAhead, found: _Found) -> None:
        if kept.measured and kept.frozen is not None:
            return
        alone = self._is_alone(kept.index, seen, found)
        found.measured[kept.index] = _quality(seen, alone=alone)
        found.repeats[kept.index] = seen.ready.frozen

    def _keep(self, stretch: Stretch, found: _Found) -> None:
        groups: dict[Provenance, list[FrameResult]] = {}
        for made, result in found.results:
            groups.setdefault(made, []).append(result)
        pictures = found.pictures
        for made, results in groups.items():
            self._results.add(results, made, pictures)
            pictures = {}
        self._results.measure(found.measured, found.repeats)
        self._results.note_damage(found.damage)
        if not stretch.coarse:
            # Also where a frame cannot be read or measured now: it is not tried for ever.
            self._left[list(stretch.indexes)] = False
            self._again[list(stretch.indexes)] = False
        self._in_hand = 0

    def _may_go_on(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or not self._paused)
            return not self._stopping

    def _rate_hz(self) -> float:
        since_s = time.monotonic() - _RATE_OVER_S
        times = [at_s for at_s in self._finished if at_s >= since_s]
        if len(times) < 3:
            return 0.0
        return (len(times) - 1) / max(times[-1] - times[0], 1e-6)


def _quality(seen: SeenAhead, *, alone: bool) -> Quality:
    return replace(seen.quality, stillness=math.nan) if alone else seen.quality


def run_on(
    source: Source,
    judge: Judge,
    table: FrameTable,
    *,
    visit: Visit,
    most: int | None = None,
    on_trouble: Callable[[SonoAssistError], None],
    on_notice: Callable[[str], None] = lambda _: None,
    on_analysis: OnAnalysis = lambda _: None,
) -> None:
    """Analyse what is no recording, as it comes: pictures, or a live source. Nothing is kept.

    Args:
        source: Read from where it is.
        judge: The model.
        table: Gets the results, under the number of the frame among those that came.
        visit: Told of each frame with its result.
        most: End after so many frames; None at the end of the source.
        on_trouble: Told what is left out, and why.
        on_notice: Told what the engine has to say.
        on_analysis: Told of each frame before it is visited.

    Raises:
        SourceError: The system failed to read it.
        UsageError: The crop does not fit the first picture.
        EngineError: The engine failed.
    """
    # A live source sets the pace itself.
    ahead = nullcontext(read_on(source)) if source.info.live else read_ahead(read_on(source))
    meter = QualityMeter()
    judge.begin()
    with ahead as frames:
        for one in frames:
            if one.frame is None:
                on_trouble(one.error or SourceError(one.message))
                continue
            frame = one.frame
            try:
                analysis = judge.in_background(judge.prepare(frame))
            except UsageError as error:
                if not len(table):
                    raise
                on_trouble(UsageError(f"{frame.name or frame.index}: {error.message}", error.hint))
                continue
            for sentence in judge.analyser.engine.take_notices():
                on_notice(sentence)
            on_analysis(analysis)
            result = replace(result_of(analysis, meter.measure(analysis)), index=len(table))
            table.extend([frame.time_s])
            table.add([result])
            visit(frame, result)
            if most is not None and len(table) >= most:
                return
