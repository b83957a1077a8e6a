"""Frames of a recording, made ready for the network while it works on those before them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sonoassist.analysis.preparing import Ready
from sonoassist.core.packets import Frame
from sonoassist.recordings.judge import Judge
from sonoassist.recordings.reader import ReadFrame
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.table import Flags, FrameTable
from sonoassist.temporal.quality import Quality
from sonoassist.temporal.quality_meter import QualityMeter

READY = 2
"""So many frames wait ready at most: one while the network works, and one for a look that takes
long."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames that are kept together.

    Attributes:
        indexes: Of the frames, rising.
        coarse: They do not follow each other: none is compared with the one before.
    """

    indexes: Sequence[int]
    coarse: bool = False


@dataclass(frozen=True, slots=True)
class SeenAhead:
    """What was made of a frame.

    Attributes:
        ready: For the network.
        quality: Of the picture.
        fresh: It was measured as the first one: there was none to compare it with.
    """

    ready: Ready
    quality: Quality
    fresh: bool


@dataclass(frozen=True, slots=True)
class ReadyFrame:
    """One frame of a stretch.

    Attributes:
        index: Which.
        frame: It, or None where it cannot be read.
        message: See `ReadFrame`.
        known: It has a result that counts.
        kept: That result, where it is not judged again; it is where it could not be read then.
        seen: None where it was not looked at.
        first: What was found in the frames before has no part in it.
    """

    index: int
    frame: Frame | None
    message: str
    known: bool
    kept: FrameResult | None
    seen: SeenAhead | None
    first: bool


class FramesAhead:
    """Makes the frames of stretches ready; only one `made_ready` goes on at a time.

    Args:
        judge: The model.
        table: Of the recording.
        only_wanted: Frames that are known are not looked at, and what is between was not asked for.

    Attributes:
        place: The frame behind the one made ready last; -1 where the next one follows none.
    """

    def __init__(self, judge: Judge, table: FrameTable, *, only_wanted: bool) -> None:
        self._judge, self._table = judge, table
        self._only_wanted = only_wanted
        self._meter = QualityMeter()
        self.place = -1

    def made_ready(
        self,
        frames: Iterator[ReadFrame],
        plan: Sequence[tuple[Stretch, Sequence[int]]],
        known: Flags,
    ) -> Iterator[ReadyFrame]:
        """The frames of all stretches, in order.

        Args:
            frames: What is read: of each stretch first the frames before it, then its own.
            plan: Stretches, and the frames before them that are only compared with.
            known: Which frames of the recording have a result that counts, (n,).

        Raises:
            SonoAssistError: A frame cannot be prepared, or the system cannot read on.
        """
        for stretch, before in plan:
            if before or stretch.coarse or self.place != stretch.indexes[0]:
                self._begin()
            for _ in before:
                self._compare(next(frames))
            self._judge.begin_stretch()
            for number, index in enumerate(stretch.indexes):
                one = next(frames)
                jumps = self._only_wanted and self.place != index
                if jumps:
                    self._begin()
                self.place = -1
                yield self._made(one, stretch, bool(known[index]), first=jumps or number == 0)

    def _begin(self) -> None:
        """The next frame is compared with none of those before."""
        self._judge.begin_preparing()
        self._meter = QualityMeter()

    def _compare(self, one: ReadFrame) -> None:
        """Take a frame only as one that another is compared with."""
        if one.frame is not None:
            self._see(one.frame, self._table.result(one.index), judged=False)

    def _made(self, one: ReadFrame, stretch: Stretch, known: bool, *, first: bool) -> ReadyFrame:
        if stretch.coarse:
            self._meter = QualityMeter()
        kept, seen = None, None
        if one.frame is not None:
            kept = self._kept(one.index) if known else None
            if kept is None or not self._only_wanted:
                seen = self._see(one.frame, kept, judged=kept is None)
        self.place = -1 if self._only_wanted and known else one.index + 1
        return ReadyFrame(one.index, one.frame, one.message, known, kept, seen, first)

    def _kept(self, index: int) -> FrameResult | None:
        """The result of a frame; None where it could not be read when that was made."""
        result = self._table.result(index)
        return None if result is None or result.state is None else result

    def _see(self, frame: Frame, kept: FrameResult | None, *, judged: bool) -> SeenAhead:
        ready = self._judge.prepare(frame)
        field = ready.prepared.geometry.crop
        if not judged:
            field = self._judge.crop_of(frame, kept.crop if kept is not None else None)
        fresh = self._meter.fresh
        return SeenAhead(ready, self._meter.measure_frame(frame, field), fresh)
