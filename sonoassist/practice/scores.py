"""Points. Written down here, and nowhere else.

A question is worth 0 to 100 points:

* the name: 60 when the plane was named rightly, else 0, and nothing else counts then;
* the time: 20 when it was named within `QUICK_S` of the first frame of its view, falling evenly
  to 0 where the view ends at usual speed;
* the frame: 20 when the model is as sure on the frozen frame as on the best frame of the view,
  falling evenly to 0 where it is less sure by `WORST_GAP`. One outside of the view always gets 0.
  Where no best frame is known, or how sure the model is on either is not, nothing is scored of a
  frame inside: name and time are then worth 75 and 25;
* each false alarm (a plane named where there was none) takes 5, at most 20 in a question, and
  never below 0.

In class mode a question is worth 100 times the share of votes for the right plane. The score of
an exercise is the mean of its questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.planes import BACKGROUND_INDEX, DISPLAY_ORDER, INDEX, KEYS, PLANES

NAME_POINTS, TIME_POINTS, FRAME_POINTS = 60.0, 20.0, 20.0
ALARM_POINTS, MOST_ALARM_POINTS = 5.0, 20.0
QUICK_S = 1.0
WORST_GAP = 0.5
FULL_POINTS = 100.0


class QuestionOutcome(Enum):
    """What became of a question."""

    FOUND = "found"
    WRONG = "wrong"
    """Another plane was named."""
    MISSED = "missed"
    """The view passed and nothing was named."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answered question.

    Attributes:
        plane: Key of the right plane.
        outcome: What became of it.
        said: Key of the plane named ("background" for "none of them"), or None.
        time_s: From the first frame of the view to the name, as it passed on screen; None where
            nothing was named.
        frame: The frozen frame, or None.
        best_frame: Of the view; None where it is not known.
        distance_frames: Frozen frame minus best frame; None where that is not known. (Kept ones of
            old hold then how far outside of the view the frame lies.)
        confidence_gap: How much less sure the model is on the frozen frame; None where that is
            not known.
        false_alarms: Keys of the planes named where there was none.
        points: 0 to 100.
        outside_frames: How far the frozen frame lies before (below 0) or behind the view.
        votes: Of a class: key of a plane -> votes for it.
    """

    plane: str
    outcome: QuestionOutcome
    said: str | None = None
    time_s: float | None = None
    frame: int | None = None
    best_frame: int | None = None
    distance_frames: int | None = None
    confidence_gap: float | None = None
    false_alarms: tuple[str, ...] = ()
    points: float = 0.0
    outside_frames: int = 0
    votes: Mapping[str, int] = field(default_factory=dict)

    @property
    def off_frames(self) -> int | None:
        """Frozen frame minus best frame; None where either is not known."""
        return None if self.best_frame is None else self.distance_frames

    @property
    def frame_scored(self) -> bool:
        """Whether it is known how good the frozen frame is; a frame outside of the view is bad."""
        return bool(self.outside_frames) or self.confidence_gap is not None


def time_points(time_s: float, view_s: float) -> float:
    """Points for the time to find.

    Args:
        time_s: From the first frame of the view to the name, as it passed on screen.
        view_s: Length of the view.
    """
    if time_s <= QUICK_S:
        return TIME_POINTS
    if view_s <= QUICK_S:
        return 0.0
    left = (view_s - time_s) / (view_s - QUICK_S)
    return TIME_POINTS * min(max(left, 0.0), 1.0)


def frame_points(attempt: Attempt) -> float | None:
    """Points for the frozen frame, 0 where none was frozen; None where nothing is known of it."""
    if attempt.frame is None or attempt.outside_frames:
        return 0.0
    if attempt.confidence_gap is None:
        return None
    return FRAME_POINTS * min(max(1.0 - attempt.confidence_gap / WORST_GAP, 0.0), 1.0)


def question_points(attempt: Attempt, view_s: float) -> float:
    """Points of a question, 0 to 100; see the top of the file."""
    alarms = min(ALARM_POINTS * len(attempt.false_alarms), MOST_ALARM_POINTS)
    if attempt.outcome is not QuestionOutcome.FOUND or attempt.time_s is None:
        return 0.0
    points = NAME_POINTS + time_points(attempt.time_s, view_s)
    frame = frame_points(attempt)
    if frame is None:
        points *= FULL_POINTS / (NAME_POINTS + TIME_POINTS)
    else:
        points += frame
    return max(points - alarms, 0.0)


def total(attempts: Sequence[Attempt]) -> float:
    """Score of an exercise, 0 to 100: the mean of its questions; 0 where there are none."""
    return fmean(attempt.points for attempt in attempts) if attempts else 0.0


@dataclass(frozen=True, slots=True)
class PlaneScore:
    """How a plane went.

    Attributes:
        plane: Its key.
        asked: Number of questions.
        found: Named rightly.
        wrong: Named wrongly.
        missed: Not named.
        time_s: Median time to find, or None.
        distance_frames: Median distance of the frozen frame to the best one, without its sign;
            None where no best frame was known.
        confidence_gap: Median difference in confidence, or None.
        points: Mean of the points.
    """

    plane: str
    asked: int
    found: int
    wrong: int
    missed: int
    time_s: float | None
    distance_frames: float | None
    confidence_gap: float | None
    points: float


def by_plane(attempts: Sequence[Attempt]) -> tuple[PlaneScore, ...]:
    """How each plane went that was asked for, in the order of the lists on screen."""
    scores = []
    for plane in DISPLAY_ORDER:
        of_plane = [attempt for attempt in attempts if attempt.plane == plane.key]
        if of_plane:
            scores.append(_plane_score(plane.key, of_plane))
    return tuple(scores)


def _plane_score(plane: str, attempts: Sequence[Attempt]) -> PlaneScore:
    found = [one for one in attempts if one.outcome is QuestionOutcome.FOUND]
    return PlaneScore(
        plane=plane,
        asked=len(attempts),
        found=len(found),
        wrong=sum(one.outcome is QuestionOutcome.WRONG for one in attempts),
        missed=sum(one.outcome is QuestionOutcome.MISSED for one in attempts),
        time_s=_median(one.time_s for one in found),
        distance_frames=_median(
            None if one.off_frames is None else abs(one.off_frames) for one in found
        ),
        confidence_gap=_median(one.confidence_gap for one in found),
        points=total(attempts),
    )


def median_time_s(attempts: Iterable[Attempt]) -> float | None:
    """Median time to find of the planes found."""
    return _median(one.time_s for one in attempts if one.outcome is QuestionOutcome.FOUND)


def streak(attempts: Sequence[Attempt]) -> int:
    """How many questions in a row were right, up to now."""
    count = 0
    for attempt in reversed(attempts):
        if attempt.outcome is not QuestionOutcome.FOUND:
            break
        count += 1
    return count


def _median(values: Iterable[float | int | None]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return median(known) if known else None


def confusions(attempts: Iterable[Attempt]) -> NDArray[np.int64]:
    """The matrix of what was shown and what was said.

    Returns:
        int64, (14, 14), row: what was shown, column: what was said, both in the order of
        `planes.PLANES`. The background's column holds what was missed and what was called no
        plane; its row holds false alarms. Its own cell stays 0: it is never asked for. Of a class
        each vote counts.
    """
    matrix = np.zeros((len(PLANES), len(PLANES)), np.int64)
    for attempt in attempts:
        said = attempt.said or KEYS[BACKGROUND_INDEX]
        for plane, times in (attempt.votes or {said: 1}).items():
            matrix[INDEX[attempt.plane], INDEX[plane]] += times
        for alarm in attempt.false_alarms:
            matrix[BACKGROUND_INDEX, INDEX[alarm]] += 1
    return matrix
