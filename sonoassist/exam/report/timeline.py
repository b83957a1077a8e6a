"""How sure the network was of each plane, over the exam."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sonoassist.core.packets import Floats
from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER, INDEX, Plane
from sonoassist.exam.capture_words import item_of, plane_of
from sonoassist.exam.checklist import Line
from sonoassist.exam.in_force import History
from sonoassist.exam.records import Capture, ExamInfo, FrameRow, Judgement
from sonoassist.model.score_rules import UNCALIBRATED_THRESHOLD

STEPS = 360
"""Pieces that the exam is cut into."""
LEVELS = 10
LEAST = 0.1
"""Confidence from which anything is drawn."""
TICK_GAPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
MOST_TICKS = 9
SHADED_FROM = UNCALIBRATED_THRESHOLD
"""Confidence below which all is drawn pale where no threshold is known."""


@dataclass(frozen=True, slots=True)
class CaptureMark:
    """Where a capture was made.

    Attributes:
        row: Of the plane in the timeline.
        at_s: When.
        kept: Whether the user kept it.
    """

    row: int
    at_s: float
    kept: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring pieces of a row that are about equally sure.

    Attributes:
        begin: As a share of the exam.
        end: The same.
        confidence: 0 to 1.
    """

    begin: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class ReportTimeline:
    """Confidence over time, a row for each plane.

    Attributes:
        planes: The rows.
        length_s: Of the exam; 0 when nothing was seen.
        levels: float32, (rows, STEPS): the greatest confidence in each piece of the exam, NaN
            where no frame was judged.
        thresholds: Seconds from which on a threshold held, and it, in order; the first at 0. None
            where none is known.
        marks: The captures that were not rejected.
    """

    planes: tuple[Plane, ...]
    length_s: float
    levels: Floats
    thresholds: tuple[tuple[float, float | None], ...]
    marks: tuple[CaptureMark, ...]

    @property
    def empty(self) -> bool:
        """Whether no frame was judged."""
        return bool(np.isnan(self.levels).all())

    def runs(self, row: int) -> list[Run]:
        """What is drawn in a row: pieces of equal confidence in one."""
        steps = np.nan_to_num(self.levels[row], nan=0.0)
        steps = np.round(np.where(steps >= LEAST, steps, 0.0) * LEVELS).astype(int)
        held = [self._held(step / STEPS * self.length_s) for step in range(STEPS)]
        changed = np.flatnonzero((np.diff(steps) != 0) | (np.diff(held) != 0)) + 1
        edges = [0, *changed.tolist(), len(steps)]
        return [
            Run(begin / STEPS, end / STEPS, steps[begin] / LEVELS)
            for begin, end in itertools.pairwise(edges)
            if steps[begin]
        ]

    def shade(self, confidence: float, at_s: float = 0.0) -> float:
        """How strongly a confidence is drawn, 0 to 1: pale below the threshold, always.

        Args:
            confidence: 0 to 1.
            at_s: When it was found; the threshold of that moment counts.
        """
        threshold = self._held(at_s)
        if confidence >= threshold:
            return 0.6 + 0.4 * (confidence - threshold) / max(1 - threshold, 0.01)
        return 0.35 * confidence / max(threshold, 0.01)

    def _held(self, at_s: float) -> float:
        held = [one for from_s, one in self.thresholds if from_s <= at_s][-1]
        return SHADED_FROM if held is None else held

    def ticks_s(self) -> list[int]:
        """Times to write at the axis, round numbers."""
        for gap in TICK_GAPS_S:
            if self.length_s / gap < MOST_TICKS:
                return list(range(0, int(self.length_s) + 1, gap))
        return [0, int(self.length_s)]


def timeline(
    info: ExamInfo, lines: Sequence[Line], frames: Iterable[FrameRow], captures: Sequence[Capture]
) -> ReportTimeline:
    """Gather it; the rows are the planes of the checklist, or all where it names none.

    Args:
        info: The exam.
        lines: Its checklist.
        frames: Results of the frames, in order.
        captures: All of the exam.
    """
    named = {line.item.plane for line in lines}
    rows = tuple(p for p in DISPLAY_ORDER if p.key in named) or DISPLAY_ORDER[:-1]
    marked = [one for one in captures if one.judgement is not Judgement.REJECTED]
    length_s = max([info.length_s, *(one.shot.at_s for one in marked)])
    place = {plane.key: row for row, plane in enumerate(rows)}
    marks = tuple(
        CaptureMark(place[plane], one.shot.at_s, one.judgement is Judgement.KEPT)
        for one in marked
        if (plane := plane_of(one.shot, item_of(one.shot, info.start.items))) in place
    )
    levels = _levels(rows, length_s, frames)
    return ReportTimeline(rows, length_s, levels, _thresholds(info.history), marks)


def _thresholds(history: History) -> tuple[tuple[float, float | None], ...]:
    if history.followed and not history.judges:
        return ((0.0, None),)
    found = [(0.0, history.first.threshold)]
    for one in history.effective[1:]:
        if one.in_force.threshold != found[-1][1]:
            found.append((one.at_s, one.in_force.threshold))
    return tuple(found)


def _levels(rows: Sequence[Plane], length_s: float, frames: Iterable[FrameRow]) -> Floats:
    levels = np.full((len(BY_KEY), STEPS), np.nan, np.float32)
    for frame in frames:
        if frame.state.judged:
            step = min(int(frame.at_s / max(length_s, 1e-9) * STEPS), STEPS - 1)
            levels[:, step] = np.fmax(levels[:, step], frame.probabilities)
    return levels[[INDEX[plane.key] for plane in rows]]
