"""How still the label stands over time, and how soon it is right: raw, and steadied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np

from sonoassist.core.packets import State
from sonoassist.evaluation.classes import Group, is_background
from sonoassist.evaluation.observed import Observation
from sonoassist.temporal.steady import SteadyLabel

UNSURE = "unsure"
"""The label of a frame of which no class is named."""
LEAST_VIEW_S = 0.5
"""A view that is labelled for less is none to be found."""


@dataclass(frozen=True, slots=True)
class LabelledMoment:
    """One frame of a sequence.

    Attributes:
        time_s: In its source.
        truth: Planes that count as right; empty where nothing is known.
        label: What is said of it: a plane's key, "background", or anything else for neither.
    """

    time_s: float
    truth: Group
    label: str


@dataclass(frozen=True, slots=True)
class LabelCourse:
    """How labels of sequences went over time.

    Attributes:
        changes: Times that the label changed from one frame whose truth is known to the next.
        least_changes: So often it had to: the truth changed.
        minutes: Time between those frames.
        right: Frames with the right label.
        frames: Frames whose truth is known.
        delays_s: Of each view that was named rightly, how long that took since its first frame.
        never: Views that were never named rightly.
    """

    changes: int
    least_changes: int
    minutes: float
    right: int
    frames: int
    delays_s: tuple[float, ...]
    never: int

    @property
    def views(self) -> int:
        """Number of views of planes."""
        return len(self.delays_s) + self.never

    @property
    def changes_a_minute(self) -> float:
        """Not a number where no time has passed."""
        return self.changes / self.minutes if self.minutes > 0 else float("nan")

    @property
    def accuracy(self) -> float:
        """Share of frames with the right label; not a number of none."""
        return self.right / self.frames if self.frames else float("nan")

    def delay_s(self, share: float) -> float:
        """The delay that so many of the views named do not exceed; not a number of none.

        Args:
            share: 0 to 1, e.g. 0.5 for the median.
        """
        if not self.delays_s:
            return float("nan")
        return float(np.quantile(self.delays_s, share, method="higher"))

    def together(self, other: LabelCourse) -> LabelCourse:
        """Both as one."""
        return LabelCourse(
            self.changes + other.changes,
            self.least_changes + other.least_changes,
            self.minutes + other.minutes,
            self.right + other.right,
            self.frames + other.frames,
            self.delays_s + other.delays_s,
            self.never + other.never,
        )


NO_COURSE = LabelCourse(0, 0, 0.0, 0, 0, (), 0)


def course_of(moments: Sequence[LabelledMoment]) -> LabelCourse:
    """Measure the labels of one sequence.

    Where the truth is not known, as in the blend between two views, nothing is counted; what was
    said right before and right after is compared all the same.

    Args:
        moments: In the order of their times.
    """
    known = [one for one in moments if one.truth]
    steps = list(pairwise(known))
    delays = [_delay_s(view) for view in _views(moments)]
    return LabelCourse(
        changes=sum(before.label != after.label for before, after in steps),
        least_changes=sum(before.truth != after.truth for before, after in steps),
        minutes=sum(after.time_s - before.time_s for before, after in steps) / 60,
        right=sum(one.label in one.truth for one in known),
        frames=len(known),
        delays_s=tuple(delay for delay in delays if delay is not None),
        never=sum(delay is None for delay in delays),
    )


def _views(moments: Sequence[LabelledMoment]) -> Iterator[list[LabelledMoment]]:
    """Stretches of one truth that are long enough; those of the background are none."""
    for truth, frames in groupby(moments, key=lambda one: one.truth):
        view = list(frames)
        long_enough = view[-1].time_s - view[0].time_s >= LEAST_VIEW_S
        if truth and not is_background(truth) and long_enough:
            yield view


def _delay_s(view: Sequence[LabelledMoment]) -> float | None:
    right = (one.time_s - view[0].time_s for one in view if one.label in one.truth)
    return next(right, None)


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Labels over time of all recordings that are labelled frame by frame.

    Attributes:
        raw: Each frame's own label.
        steady: The label steadied over time.
        recordings: Their number.
    """

    raw: LabelCourse
    steady: LabelCourse
    recordings: int


def measure_steadiness(frames: Sequence[Observation], threshold: float) -> Steadiness | None:
    """Measure the labels of recordings; None where no view of a plane is labelled through.

    Args:
        frames: Each recording's in the order of their times.
        threshold: Softmax a plane needs to be named.
    """
    recordings: dict[tuple[str, str, Path], list[Observation]] = {}
    for one in frames:
        if one.recording:
            recordings.setdefault((one.dataset, one.case, one.path), []).append(one)
    raw = steady = NO_COURSE
    count = 0
    for recording in recordings.values():
        own = course_of([_moment(one, own_label(one, threshold)) for one in recording])
        if own.views:
            count += 1
            raw = raw.together(own)
            steady = steady.together(course_of(list(_steadied(recording, threshold))))
    return Steadiness(raw, steady, count) if count else None


def own_label(one: Observation, threshold: float) -> str:
    """What a frame says by itself."""
    if one.named == "background":
        return one.named
    return one.named if one.confidence >= threshold else UNSURE


def _steadied(frames: Iterable[Observation], threshold: float) -> Iterator[LabelledMoment]:
    follower = SteadyLabel(threshold)
    for one in frames:
        seen = follower.follow(one.time_s, one.state, one.probabilities)
        if seen.plane is not None:
            yield _moment(one, seen.plane.key)
        else:
            # What is no B-mode picture shows no plane, as in the other measures.
            yield _moment(one, UNSURE if seen.state is State.UNSURE else "background")


def _moment(one: Observation, label: str) -> LabelledMoment:
    return LabelledMoment(one.time_s, one.truth, label)
