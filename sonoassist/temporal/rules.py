"""Which frame stands for a plane: the paper's maximum, or the best moment of a steady view."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.packets import Floats
from sonoassist.core.planes import INDEX, PLANES
from sonoassist.temporal.quality import GAIN, LEAST, NEAR, Quality
from sonoassist.temporal.smoothing import HOLD_S, Reals, spans_of
from sonoassist.temporal.whole_views import steady_shares

MOST = 5
"""So many views of a plane are offered, where nothing else is asked for."""
VALLEY = 0.5
"""A view ends where the confidence falls below this share of its peak."""
APART_S = 1.0
"""What a moment so short parts is one view."""
_LOOKED = 256
"""So many rows on either side of a peak are looked at first for the rest of its view."""

Rows = NDArray[np.intp]
Flags = NDArray[np.bool_]
Measures = NDArray[np.floating[Any]]

WANTED = tuple(plane.key for plane in PLANES if not plane.is_background)


class Rule(Enum):
    """How the frame of a plane is chosen."""

    BEST = "best"
    """Highest confidence, smoothed over time; among frames about as sure the one with the fewest
    hints, then the sharpest and stillest."""
    PAPER = "paper"
    """Highest confidence of a single frame (Section II-E)."""


class Preference(Enum):
    """What speaks for a view where another one is a little surer, as what follows in a sentence."""

    NONE = ""
    HINTS = "; fewer hints than another view about as sure"
    QUALITY = "; sharper and stiller than another view about as sure"
    BOTH = HINTS + QUALITY


@dataclass(frozen=True, slots=True)
class Pick:
    """One frame, the best of a view.

    Attributes:
        row: In the table.
        first_row: First row of its view.
        last_row: Last one.
        confidence: Softmax of the plane in the frame itself.
        steady_confidence: The same, smoothed over time.
        score: What the rule goes by.
        quality: Of the picture, still on both sides.
        begin_s: Beginning of its view, in the exam.
        end_s: End of its view.
        equals: Number of frames of the view about as sure; by the best rule, of those of them that
            have as few hints.
        steadiest: Highest of the smoothed confidences in its view.
        spared: Another frame of the view, about as sure, has more hints.
        over: What speaks for its view over surer ones.
    """

    row: int
    first_row: int
    last_row: int
    confidence: float
    steady_confidence: float
    score: float
    quality: Quality
    begin_s: float
    end_s: float
    equals: int
    steadiest: float
    spared: bool = False
    over: Preference = Preference.NONE

    @property
    def view_s(self) -> float:
        """Length of its view."""
        return self.end_s - self.begin_s


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What the rule goes by: frames in their order, n rows. Frames that are not known have none.

    Attributes:
        time_s: float64, (n,).
        judged: bool, (n,): the frame was taken for a B-mode picture.
        probabilities: float, (n, 14), in the order of `planes.PLANES`.
        sharpness: float32, (n,), 0 to 1; not a number where it was not measured.
        stillness: float32, (n,), 0 to 1, against the row before; not a number where that is
            not known.
        apart: bool, (n - 1,): a row and the next are not of one sequence, whatever their times.
        flaws: float32, (n,), hints that each frame gets, see `hints.place_flaws`; not a number
            where its box is not known.
    """

    time_s: Reals
    judged: Flags
    probabilities: Floats | Reals
    sharpness: Floats
    stillness: Floats
    apart: Flags
    flaws: Floats

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.time_s)


def choose_in(course: Course, rule: Rule, most: int = MOST) -> dict[str, tuple[Pick, ...]]:
    """The frame that stands for each plane, and the other views of it.

    Hints, sharpness or stillness that were not measured speak neither for a frame nor against it:
    among the frames that are compared they are taken for the median of those where they were
    measured. Of the two sides on which a frame may be still, one that is not known does not count.

    Args:
        course: The frames.
        rule: How they are chosen.
        most: So many views of a plane at most.

    Returns:
        For each of the 13 planes the picks, the chosen one first, the others by their score;
        none where the plane was not found.
    """
    return choose_from(Scales(course), rule, most)


def choose_from(
    scales: Scales, rule: Rule, most: int = MOST, *, more: int = 0
) -> dict[str, tuple[Pick, ...]]:
    """As `choose_in`, where the frames were measured already.

    Args:
        scales: Of the frames.
        rule: How they are chosen.
        most: So many views of a plane at most are compared.
        more: So many further views at most follow behind them, by their score.
    """
    if not scales.judged.any():
        return dict.fromkeys(WANTED, ())
    return {key: _picks(scales, INDEX[key], rule, most, more) for key in WANTED}


class Scales:
    """What is measured of each frame, n rows, and the sequences that frames lie in.

    Args:
        course: The frames.
    """

    def __init__(self, course: Course) -> None:
        self.judged = course.judged
        # A picture that is not B-mode shows no plane, whatever the network says.
        self.raw = np.where(self.judged[:, None], course.probabilities, 0).astype(np.float64)
        self.steady = np.empty_like(self.raw)
        self.begin_s, self.end_s = np.empty(len(course)), np.empty(len(course))
        self.sequence = np.zeros(len(course), np.int32)
        self.sequences = tuple(_sequences(course))
        self.sharpness = course.sharpness
        self.stillness = course.stillness.copy()
        self.flaws = course.flaws
        for number, rows in enumerate(self.sequences):
            self.sequence[rows] = number
            self._measure(course, rows)

    def _measure(self, course: Course, rows: slice) -> None:
        time_s = course.time_s[rows]
        # Sums over an exam leave a rest in the 13th digit, which must not decide.
        self.steady[rows] = np.round(steady_shares(self.raw[rows], time_s), 9)
        spans = spans_of(time_s)
        self.begin_s[rows], self.end_s[rows] = spans.begin_s, spans.end_s
        still = self.stillness[rows]
        still[:-1] = np.fmin(still[:-1], still[1:].copy())

    @property
    def shares(self) -> Reals:
        """How sure each class is over the view that a frame lies in, by what is around it.

        What the rule goes by: float64, (n, 14), 0 to 1; 0 where a frame is no B-mode picture.
        """
        return np.where(self.judged[:, None], self.steady, 0.0)

    def quality(self, row: int) -> Quality:
        """Of one frame."""
        return Quality(float(self.sharpness[row]), float(self.stillness[row]))


def _sequences(course: Course) -> Iterator[slice]:
    """Stretches of frames that follow each other in time, without a gap."""
    steps_s = np.diff(course.time_s)
    new = course.apart | (steps_s > HOLD_S) | (steps_s < 0)
    edges = [0, *(int(place) + 1 for place in np.flatnonzero(new)), len(course)]
    yield from (slice(first, last) for first, last in itertools.pairwise(edges))


def _picks(scales: Scales, plane: int, rule: Rule, most: int, more: int) -> tuple[Pick, ...]:
    raw = scales.raw[:, plane]
    score = raw if rule is Rule.PAPER else np.minimum(raw, scales.steady[:, plane])
    views = list(_views(scales, score, most + more))
    # The paper's rule always names a frame, however unlikely.
    if not views and rule is Rule.PAPER:
        top = int(np.where(scales.judged, score, -1.0).argmax())
        views = [(top, np.array([top]))]
    found = [_pick(scales, plane, score, view, rule) for view in views]
    if rule is Rule.PAPER:
        return tuple(found)
    return (*_chosen_first(scales, found[:most]), *found[most:])


def _views(scales: Scales, score: Reals, most: int) -> Iterator[tuple[int, Rows]]:
    """The highest peaks, each with the rows of its view, highest first."""
    left = score.copy()
    for _ in range(most):
        top = int(left.argmax())
        if left[top] <= LEAST:
            return
        rows = _reach(scales, left, top)
        yield top, rows
        left[_near(scales, rows)] = 0.0


def _reach(scales: Scales, score: Reals, top: int) -> Rows:
    """The frames of the view round a peak, in order."""
    all_rows, wide = scales.sequences[scales.sequence[top]], _LOOKED
    while True:  # a recording has many views, and each is looked for near its peak only
        first, last = max(top - wide, all_rows.start), min(top + wide, all_rows.stop)
        rows = first + np.flatnonzero(score[first:last] >= VALLEY * score[top])
        breaks = np.flatnonzero(scales.begin_s[rows[1:]] - scales.end_s[rows[:-1]] > APART_S) + 1
        part = next(part for part in np.split(rows, breaks) if part[0] <= top <= part[-1])
        begin_s, end_s = scales.begin_s[part[0]], scales.end_s[part[-1]]
        before = first == all_rows.start or begin_s - scales.end_s[first - 1] > APART_S
        behind = last == all_rows.stop or scales.begin_s[last] - end_s > APART_S
        if before and behind:
            return part
        wide *= 2


def _near(scales: Scales, view: Rows) -> slice:
    """A view and what is too near to it to be of another one."""
    rows = scales.sequences[scales.sequence[view[0]]]
    begin_s = scales.begin_s[view[0]] - APART_S
    end_s = scales.end_s[view[-1]] + APART_S
    first = np.searchsorted(scales.end_s[rows], begin_s, side="right")
    last = np.searchsorted(scales.begin_s[rows], end_s, side="left")
    return slice(rows.start + int(first), rows.start + int(last))


def _pick(scales: Scales, plane: int, score: Reals, view: tuple[int, Rows], rule: Rule) -> Pick:
    top, rows = view
    near = rows[score[rows] >= score[top] - NEAR]
    equal = near if rule is Rule.PAPER else _least_flawed(scales, near)
    row = top if rule is Rule.PAPER else _finest(scales, score, equal)
    return Pick(
        row=row,
        first_row=int(rows[0]),
        last_row=int(rows[-1]),
        confidence=float(scales.raw[row, plane]),
        steady_confidence=float(scales.steady[row, plane]),
        score=float(score[row]),
        quality=scales.quality(row),
        begin_s=float(scales.begin_s[rows[0]]),
        end_s=float(scales.end_s[rows[-1]]),
        equals=len(equal),
        steadiest=float(scales.steady[rows, plane].max()),
        spared=rule is Rule.BEST and _spared(scales, row, near),
    )


def _least_flawed(scales: Scales, rows: Rows) -> Rows:
    """Of frames about as sure those with the fewest hints."""
    flaws = _whole(scales.flaws[rows])
    return np.asarray(rows[flaws <= flaws.min()], np.intp)


def _finest(scales: Scales, score: Reals, rows: Rows) -> int:
    """Of frames alike one of good quality; the surest of those of about the same."""
    quality = _together(scales.sharpness[rows], scales.stillness[rows])
    finest = rows[quality >= quality.max() - GAIN]
    return int(finest[score[finest].argmax()])


def _spared(scales: Scales, row: int, rows: Rows) -> bool:
    """Whether a frame about as sure has more hints."""
    return bool((scales.flaws[rows] > scales.flaws[row]).any())


def _chosen_first(scales: Scales, picks: Sequence[Pick]) -> list[Pick]:
    """Of views about as sure one with few hints and of good quality comes first."""
    if not picks:
        return []
    surest = max(one.score for one in picks)
    equal = [one for one in picks if one.score >= surest - NEAR]
    flaws = _whole(scales.flaws[[one.row for one in equal]])
    worse = [one for one, more in zip(equal, flaws > flaws.min(), strict=True) if more]
    equal = [one for one in equal if one not in worse]
    quality = _together(
        np.array([one.quality.sharpness for one in equal]),
        np.array([one.quality.stillness for one in equal]),
    )
    finest = np.flatnonzero(quality >= quality.max() - GAIN)
    chosen = max((equal[at] for at in finest), key=lambda one: one.score)
    over = _over(chosen, worse, equal)
    return [replace(chosen, over=over), *(one for one in picks if one is not chosen)]


def _over(chosen: Pick, worse: Sequence[Pick], equal: Sequence[Pick]) -> Preference:
    """What speaks for the chosen view over surer ones: some with more hints, some with as few."""
    hints, quality = (any(one.score > chosen.score for one in those) for those in (worse, equal))
    if hints:
        return Preference.BOTH if quality else Preference.HINTS
    return Preference.QUALITY if quality else Preference.NONE


def _together(sharpness: Measures, stillness: Measures) -> Measures:
    """Both as one number each, where none is missing."""
    return (_whole(sharpness) + _whole(stillness)) / 2


def _whole(values: Measures) -> Measures:
    """What was not measured as the median of what was; all the same where nothing was."""
    unknown = np.isnan(values)
    if not unknown.any():
        return values
    middle = 0.5 if unknown.all() else np.median(values[~unknown])
    return np.where(unknown, middle, values).astype(values.dtype)
