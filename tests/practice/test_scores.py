"""Points and tables, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from practice_made import attempt

from sonoassist.core.planes import BACKGROUND_INDEX, INDEX
from sonoassist.practice.scores import (
    Attempt,
    QuestionOutcome,
    by_plane,
    confusions,
    frame_points,
    median_time_s,
    question_points,
    streak,
    time_points,
    total,
)

FOUND, WRONG, MISSED = QuestionOutcome.FOUND, QuestionOutcome.WRONG, QuestionOutcome.MISSED


@pytest.mark.parametrize(
    ("time_s", "view_s", "points"),
    [
        (0.0, 4, 20),
        (1.0, 4, 20),
        (2.5, 4, 10),
        (4.0, 4, 0),
        (5.0, 4, 0),
        (0.5, 0.8, 20),
        (1.2, 0.8, 0),
    ],
)
def test_time_points(time_s: float, view_s: float, points: float) -> None:
    assert time_points(time_s, view_s) == pytest.approx(points)


@pytest.mark.parametrize(
    ("frame", "outside", "gap", "points"),
    [
        (40, 0, 0.0, 20),
        (40, 0, 0.1, 16),
        (40, 0, 0.25, 10),
        (40, 0, 0.5, 0),
        (40, 0, 0.9, 0),
        (40, 0, -0.01, 20),
        (None, 0, None, 0),
        (40, 0, None, None),
        (40, 4, None, 0),
        (40, -1, 0.0, 0),
    ],
)
def test_frame_points(
    frame: int | None, outside: int, gap: float | None, points: float | None
) -> None:
    one = Attempt("lips", FOUND, frame=frame, confidence_gap=gap, outside_frames=outside)
    assert frame_points(one) == (None if points is None else pytest.approx(points))


@pytest.mark.parametrize(
    ("one", "points"),
    [
        # 60 for the name, 10 for 2.5 s of 4 s, 16 for a gap of 0.1.
        (Attempt("lvot", FOUND, "lvot", 2.5, 40, 33, 7, 0.1), 86),
        # The same with three false alarms of 5 points each.
        (Attempt("lvot", FOUND, "lvot", 2.5, 40, 33, 7, 0.1, ("rvot", "4ch", "rvot")), 71),
        # Nothing is known of the frame: 70 of 80 for name and time, the alarm is as dear as ever.
        (Attempt("lvot", FOUND, "lvot", 2.5, 40, 33, 7), 87.5),
        (Attempt("lvot", FOUND, "lvot", 2.5, 40, None, None, None, ("rvot",)), 82.5),
        # But a frame outside of the view is known to be none of it.
        (Attempt("lvot", FOUND, "lvot", 2.5, 40, outside_frames=3), 70),
        # No more than 20 are taken.
        (Attempt("lvot", FOUND, "lvot", 0.5, 40, 33, 7, 0.0, ("rvot",) * 9), 80),
        (Attempt("lvot", WRONG, "rvot", 0.5, 33, 33, 0, 0.0), 0),
        (Attempt("lvot", MISSED, None, None, None, 33), 0),
    ],
)
def test_question_points(one: Attempt, points: float) -> None:
    assert question_points(one, 4.0) == pytest.approx(points)


@given(
    st.sampled_from(QuestionOutcome),
    st.floats(0, 100),
    st.floats(0.5, 100),
    st.floats(-1, 1),
    st.integers(0, 9),
)
def test_points_stay_between_0_and_100(
    outcome: QuestionOutcome, time_s: float, view_s: float, gap: float, alarms: int
) -> None:
    one = Attempt("lips", outcome, "lips", time_s, 3, 3, 0, gap, ("rvot",) * alarms)
    assert 0 <= question_points(one, view_s) <= 100


def test_the_total_is_the_mean() -> None:
    assert total([attempt("lips", 90), attempt("femur", 0, MISSED)]) == 45
    assert total([]) == 0


def test_a_plane_by_plane_table() -> None:
    scores = by_plane(
        [
            attempt("4ch", 90, time_s=1.0, best_frame=9, distance_frames=-4, confidence_gap=0.1),
            attempt("4ch", 70, time_s=3.0, best_frame=9, distance_frames=8, confidence_gap=0.3),
            attempt("4ch", 0, WRONG, said="lvot", time_s=9.0, distance_frames=99),
            attempt("brain_tv", 0, MISSED),
        ]
    )
    assert [one.plane for one in scores] == ["brain_tv", "4ch"]  # in the order of the lists
    head, heart = scores
    assert (head.asked, head.found, head.missed, head.time_s) == (1, 0, 1, None)
    assert (heart.asked, heart.found, heart.wrong, heart.missed) == (3, 2, 1, 0)
    assert (heart.time_s, heart.distance_frames) == (2.0, 6.0)
    assert heart.confidence_gap == pytest.approx(0.2)
    assert heart.points == pytest.approx(160 / 3)


def test_the_streak_ends_with_the_last_mistake() -> None:
    right, wrong = attempt("lips", 80), attempt("lips", 0, WRONG)
    assert streak([right, wrong, right, right]) == 2
    assert streak([right, wrong]) == 0
    assert streak([right] * 3) == 3


def test_only_found_planes_have_a_time() -> None:
    assert median_time_s([attempt("lips", 0, WRONG, time_s=9.0)]) is None
    assert median_time_s([attempt("lips", 9, time_s=2.0), attempt("lips", 9, time_s=3.0)]) == 2.5


def test_the_confusions() -> None:
    matrix = confusions(
        [
            attempt("lvot", 80),
            attempt("lvot", 0, WRONG, said="rvot", false_alarms=("4ch", "4ch")),
            attempt("lvot", 0, WRONG, said="background"),
            attempt("lips", 0, MISSED),
        ]
    )
    lvot = INDEX["lvot"]
    assert matrix[lvot, lvot] == 1
    assert matrix[lvot, INDEX["rvot"]] == 1
    assert matrix[lvot, BACKGROUND_INDEX] == 1
    assert matrix[INDEX["lips"], BACKGROUND_INDEX] == 1
    assert matrix[BACKGROUND_INDEX, INDEX["4ch"]] == 2
    assert int(matrix.sum()) == 6
    assert matrix.dtype == np.int64


def test_frames_of_which_no_best_one_is_known_are_not_zero_frames_off() -> None:
    kept_of_old = attempt("lips", 100, frame=40, best_frame=None, distance_frames=0)
    (score,) = by_plane([kept_of_old])
    assert score.distance_frames is None
    assert not kept_of_old.frame_scored
