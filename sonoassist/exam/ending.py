"""The end of an exam: what was kept, what nobody has reviewed, and what is missing.

The three are counted apart: what the program has found is no finding until a person has kept it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sonoassist.core.percent import percent
from sonoassist.core.planes import INDEX
from sonoassist.core.wording import counted
from sonoassist.exam.checklist import Completeness, ItemState, Line, checklist, completeness
from sonoassist.exam.records import Capture, ExamInfo, FrameRow, Item, Judgement, Tick
from sonoassist.exam.store import ExamStore

NEARLY = 0.1
"""Confidence from which it is said that a missing plane was nearly seen."""
NOT_REVIEWED = "not reviewed"


@dataclass(frozen=True, slots=True)
class NearlySeen:
    """The moment at which the network was surest of a plane that is missing.

    Attributes:
        at_s: When, in seconds since the exam began.
        share: How sure it was, 0 to 1.
    """

    at_s: float
    share: float

    @property
    def words(self) -> str:
        """E.g. "nearly seen at 03:12, 41 %"."""
        minutes, seconds = divmod(int(self.at_s), 60)
        return f"nearly seen at {minutes:02d}:{seconds:02d}, {percent(self.share)}"


@dataclass(frozen=True, slots=True)
class ExamEnd:
    """An exam that has ended or was cut off.

    Attributes:
        info: The exam.
        captures: All of it, oldest first.
        ticks: What the user said of items.
        nearly: Key of a missing item -> when it was nearly seen.
        media: Folder of the pictures.
    """

    info: ExamInfo
    captures: tuple[Capture, ...]
    ticks: tuple[Tick, ...]
    nearly: Mapping[str, NearlySeen]
    media: Path

    @property
    def lines(self) -> tuple[Line, ...]:
        """The checklist."""
        return checklist(self.info.start.items, self.captures, self.ticks)

    @property
    def kept(self) -> tuple[Line, ...]:
        """What a person has kept or ticked."""
        return tuple(line for line in self.lines if line.state.done)

    @property
    def open(self) -> tuple[Line, ...]:
        """What was found and nobody has reviewed."""
        return tuple(line for line in self.lines if line.state is ItemState.BEST)

    @property
    def missing(self) -> tuple[Line, ...]:
        """The required items of which there is nothing."""
        return tuple(line for line in self.lines if line.item.required and not line.state.found)

    def judged(self, capture_id: int, judgement: Judgement) -> ExamEnd:
        """The same after a person has judged a capture."""
        captures = tuple(
            replace(one, judgement=judgement) if one.capture_id == capture_id else one
            for one in self.captures
        )
        return replace(self, captures=captures)


def exam_end(store: ExamStore, exam_id: str) -> ExamEnd:
    """Read how an exam has ended.

    Raises:
        UsageError: There is no such exam.
        RecordError: It is damaged.
    """
    with store.open(exam_id) as exam:
        info = exam.info()
        return ExamEnd(
            info=info,
            captures=exam.captures(),
            ticks=exam.ticks(),
            nearly=_nearly(info.start.items, exam.frames()),
            media=exam.media,
        )


def missing_words(end: ExamEnd, line: Line) -> str:
    """What is known of a missing item, e.g. "2 pictures rejected"; or "".

    Only of a plane of which no picture was taken it is said that it was nearly seen.
    """
    if line.rejected:
        return f"{counted(line.rejected, 'picture')} rejected"
    nearly = end.nearly.get(line.item.key)
    return nearly.words if nearly is not None else ""


def counts_words(whole: Completeness) -> str:
    """How much is there, each kind counted apart, e.g. "5 kept, 8 not reviewed, none missing"."""
    missing = len(whole.missing)
    return (
        f"{whole.done} kept, {whole.found - whole.done} {NOT_REVIEWED}, "
        f"{missing or 'none'} missing, of {whole.total}"
    )


def end_words(end: ExamEnd) -> str:
    """The same of an exam that has ended, for a notice."""
    return counts_words(completeness(end.lines))


def _nearly(items: Iterable[Item], frames: Iterable[FrameRow]) -> dict[str, NearlySeen]:
    """When the network was surest of each item's plane, in pictures that it could judge."""
    planes = {item.key: INDEX[item.plane] for item in items if item.plane}
    found: dict[str, NearlySeen] = {}
    for frame in frames:
        if frame.state.judged:
            for key, at in planes.items():
                share = float(frame.probabilities[at])
                if share >= NEARLY and (key not in found or share > found[key].share):
                    found[key] = NearlySeen(frame.at_s, share)
    return found
