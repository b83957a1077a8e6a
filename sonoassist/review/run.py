"""The analysis of all frames, on a thread of its own: coarse first, then from where one looks.

First every 16th frame is analysed, so that within a few minutes the whole exam can be seen; then
all others, beginning where the person looks. Frames are done in stretches that are kept on disk as
a whole. The model's memory of frames before does not reach over the beginning of a stretch, so the
results are the same in whatever order the stretches come, stopped and gone on or not.

How still a picture was held is seen against the frame before, which is not at hand when every 16th
frame is read. The second pass therefore reads all frames of a stretch, and the one before it: those
that have a result already are measured only, which costs little beside an analysis.
"""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from sonoassist.core.errors import DamagedFrameError, SonoAssistError, window_text
from sonoassist.core.packets import Analysis, Floats, Frame, frozen
from sonoassist.core.planes import PLANES
from sonoassist.review.fields import Fields
from sonoassist.review.judge import Judge
from sonoassist.review.records import STRIDE, FrameResult, Progress, RunState
from sonoassist.review.review import Review
from sonoassist.review.small import small_jpeg
from sonoassist.review.table import Table
from sonoassist.sources.base import Source
from sonoassist.temporal.quality import Quality
from sonoassist.temporal.quality_meter import QualityMeter

STRETCH = 64
"""So many frames are kept at a time: what a crash can cost."""
_AHEAD = 4
_POLL_S = 0.1
_RATE_OVER_S = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Frames that are kept together.

    Attributes:
        indexes: Of the frames that are read, rising.
        first: Those before it are only compared with.
        coarse: They do not follow each other.
    """

    indexes: Sequence[int]
    first: int
    coarse: bool


class Run:
    """Analyses all frames that have no result yet, and measures the pictures.

    Args:
        open_source: Opens the recording anew; the source is closed by this.
        check_same: Raises where the recording is not the file any more that was opened.
        review: Where the results are kept.
        analysis: Number of the analysis there.
        table: Gets the results too; holds those that are there already.
        judge: The model.
        fields: The crop of each frame.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        check_same: Callable[[], None],
        review: Review,
        analysis: int,
        table: Table,
        judge: Judge,
        fields: Fields,
    ) -> None:
        self._open, self._check_same = open_source, check_same
        self._review, self._analysis = review, analysis
        self._table, self._judge, self._fields = table, judge, fields
        self._changed = threading.Condition()
        self._paused = self._stopping = False
        self._state, self._message = RunState.RUNNING, ""
        self._focus = 0
        self._finished: deque[float] = deque(maxlen=1000)
        self._in_hand = 0
        self._left = ~table.finished
        self._thread = threading.Thread(target=self._run, name="review analysis", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

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
        return Progress(state, done, total, rate_hz, self._message)

    def stop(self) -> None:
        """End; the thread has ended when this returns. The stretch at hand is given up."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    # --- on the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        try:
            with self._open() as source:
                while not self._stopping and (stretch := self._next()):
                    self._do(source, stretch)
            self._say(RunState.PAUSED if self._stopping else RunState.DONE)
        except SonoAssistError as error:
            self._say(RunState.FAILED, window_text(error))
        except Exception as error:  # noqa: BLE001  (a thread's top: shown on screen)
            _log.exception("the analysis of a review failed")
            self._say(RunState.FAILED, f"the analysis failed: {window_text(error)}")

    def _say(self, state: RunState, message: str = "") -> None:
        with self._changed:
            self._state, self._message = state, message

    def _next(self) -> _Stretch | None:
        """The next stretch; None when all are done."""
        coarse = np.flatnonzero(~self._table.known[::STRIDE]) * STRIDE
        if len(coarse):
            first = int(coarse[0]) // (STRIDE * STRETCH) * STRIDE * STRETCH
            indexes = [int(one) for one in coarse if one < first + STRIDE * STRETCH]
            return _Stretch(indexes, first, coarse=True)
        fine = np.flatnonzero(self._left)
        if not len(fine):
            return None
        begin = self._focus // STRETCH * STRETCH
        at = int(np.searchsorted(fine, begin)) % len(fine)
        first = int(fine[at]) // STRETCH * STRETCH
        last = min(first + STRETCH, len(self._table))
        return _Stretch(range(max(first - 1, 0), last), first, coarse=False)

    def _do(self, source: Source, stretch: _Stretch) -> None:
        results: list[FrameResult] = []
        measured: dict[int, Quality] = {}
        pictures: dict[int, bytes] = {}
        known, meter = self._table.known, QualityMeter()
        with _reading(source, stretch.indexes) as frames:
            for index, frame in frames:
                if not self._may_go_on():
                    return
                meter = QualityMeter() if stretch.coarse else meter
                quality = self._measured(meter, frame) if frame is not None else None
                if index < stretch.first:
                    continue
                if known[index]:
                    measured |= {index: quality} if quality is not None else {}
                    continue
                first = all(one.state is None for one in results)
                results.append(self._judged(index, frame, quality, first=first))
                if frame is not None and index % STRIDE == 0:
                    pictures[index] = small_jpeg(frame.pixels, self._fields.of(frame))
                self._finished.append(time.monotonic())
                self._in_hand = len(results)
        self._check_same()  # results of another file would be kept for good under this one's name
        self._review.add_results(self._analysis, results, pictures, measured)
        self._table.add(results)
        self._table.measure(measured)
        if not stretch.coarse:
            # Also where a frame cannot be read or measured now: it is not tried for ever.
            self._left[stretch.first : stretch.indexes[-1] + 1] = False
        self._in_hand = 0

    def _measured(self, meter: QualityMeter, frame: Frame) -> Quality:
        """The quality of a picture; no stillness where what came before it is not known."""
        alone = meter.fresh and frame.index > 0
        quality = meter.measure_frame(frame, self._fields.of(frame))
        return replace(quality, stillness=math.nan) if alone else quality

    def _judged(
        self, index: int, frame: Frame | None, quality: Quality | None, *, first: bool
    ) -> FrameResult:
        if frame is None or quality is None:
            return FrameResult(index, None, _NOTHING, None, math.nan)
        return result_of(self._judge.in_background(frame, first=first), quality)

    def _may_go_on(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or not self._paused)
            return not self._stopping

    def _rate_hz(self) -> float:
        since_s = time.monotonic() - _RATE_OVER_S
        times = [at_s for at_s in tuple(self._finished) if at_s >= since_s]
        if len(times) < 3:
            return 0.0
        return (len(times) - 1) / max(times[-1] - times[0], 1e-6)


_NOTHING: Floats = frozen(np.zeros(len(PLANES), np.float32))


def result_of(analysis: Analysis, quality: Quality) -> FrameResult:
    """What is kept of an analysis."""
    return FrameResult(
        index=analysis.frame.index,
        state=analysis.state,
        probabilities=analysis.prediction.probabilities,
        box=analysis.shown_box,
        quality=quality.sharpness,
        stillness=quality.stillness,
    )


_Item = tuple[int, Frame | None] | BaseException


@contextmanager
def _reading(
    source: Source, indexes: Sequence[int]
) -> Iterator[Iterator[tuple[int, Frame | None]]]:
    """The frames of a stretch, decoded ahead on a thread; None where one is damaged."""
    waiting: queue.Queue[_Item] = queue.Queue(_AHEAD)
    ended = threading.Event()

    def put(item: _Item) -> bool:
        while not ended.is_set():
            try:
                waiting.put(item, timeout=_POLL_S)
            except queue.Full:
                continue
            return True
        return False

    def read() -> None:
        try:
            for index in indexes:
                if not put((index, frame_at(source, index))):
                    return
        except Exception as error:  # noqa: BLE001  (raised again on the reader's thread)
            put(error)

    def frames() -> Iterator[tuple[int, Frame | None]]:
        for _ in indexes:
            item = waiting.get()
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = threading.Thread(target=read, name="review reading", daemon=True)
    thread.start()
    try:
        yield frames()
    finally:
        ended.set()
        thread.join()


def frame_at(source: Source, index: int) -> Frame | None:
    """A frame of a recording, or None where it is damaged.

    Raises:
        SourceError: The recording cannot be read any more.
    """
    source.seek(index)
    try:
        frame = source.read()
    except DamagedFrameError:
        return None
    return frame if frame is not None and frame.index == index else None
