"""How still labels stand: the measure by itself, and the steady label by it on a real recording."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seen import one

from sonoassist.evaluation.steadiness import (
    LEAST_VIEW_S,
    UNSURE,
    LabelledMoment,
    course_of,
    measure_steadiness,
)

FPS = 25


def moments(*stretches: tuple[str, str, float], fps: float = FPS) -> list[LabelledMoment]:
    """Stretches of (truth, label, seconds); "" for no truth."""
    made: list[LabelledMoment] = []
    for truth, label, seconds in stretches:
        for _ in range(round(seconds * fps)):
            made.append(LabelledMoment(len(made) / fps, (truth,) if truth else (), label))
    return made


def test_a_perfect_label_changes_as_often_as_the_truth() -> None:
    found = course_of(moments(("femur", "femur", 2), ("lips", "lips", 2)))
    assert (found.changes, found.least_changes) == (1, 1)
    assert (found.accuracy, found.never, found.delays_s) == (1.0, 0, (0.0, 0.0))
    assert found.changes_a_minute == pytest.approx(1 / (99 / 25 / 60))


def test_the_delay_is_that_to_the_first_right_label() -> None:
    found = course_of(
        moments(("femur", "background", 0.4), ("femur", UNSURE, 0.2), ("femur", "femur", 1))
    )
    assert found.delays_s == (pytest.approx(0.6),)
    assert found.changes == 2
    assert found.accuracy == pytest.approx(25 / 40)


def test_a_view_that_is_never_named_is_told_apart_from_a_slow_one() -> None:
    found = course_of(moments(("femur", "lips", 1), ("lips", "lips", 1)))
    assert (found.never, found.views, found.delays_s) == (1, 2, (0.0,))
    assert found.delay_s(0.95) == 0.0


def test_blends_are_not_counted_but_what_lies_beside_them_is_compared() -> None:
    found = course_of(
        moments(("femur", "femur", 1), ("", "kidneys", 1), ("", UNSURE, 1), ("lips", "lips", 1))
    )
    assert (found.changes, found.least_changes, found.frames) == (1, 1, 50)


def test_background_is_right_and_no_view() -> None:
    found = course_of(moments(("background", "background", 2)))
    assert (found.views, found.accuracy) == (0, 1.0)


def test_of_nothing_nothing_is_told() -> None:
    found = course_of([])
    assert (found.changes, found.frames, found.views) == (0, 0, 0)
    assert all(math.isnan(x) for x in (found.accuracy, found.changes_a_minute, found.delay_s(0.5)))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "femur", "lips", "background"]),
            st.sampled_from(["femur", "lips", "background", UNSURE]),
            st.floats(0.1, 2),
        ),
        max_size=8,
    )
)
def test_figures_belong_together(stretches: list[tuple[str, str, float]]) -> None:
    made = moments(*stretches)
    found = course_of(made)
    assert 0 <= found.right <= found.frames == sum(bool(moment.truth) for moment in made)
    assert all(0 <= delay < 20 for delay in found.delays_s)
    twice = found.together(found)
    assert twice.changes == 2 * found.changes
    assert twice.views == 2 * found.views
    if found.delays_s:
        assert min(found.delays_s) <= found.delay_s(0.5) <= found.delay_s(0.95)


def test_recordings_are_measured_raw_and_steadied_and_pictures_are_not() -> None:
    shaky = [
        one("femur", "femur", recording=True, index=at, confidence=0.6 if at % 5 == 4 else 0.95)
        for at in range(100)
    ]
    found = measure_steadiness([*shaky, one("lips", "lips")], 0.7)
    assert found is not None
    assert found.recordings == 1
    assert found.raw.changes >= 38
    assert (found.steady.changes, found.steady.accuracy) == (0, 1.0)


def test_without_a_view_that_is_labelled_through_there_is_nothing_to_measure() -> None:
    few = round(LEAST_VIEW_S * FPS)
    assert measure_steadiness([one("femur", "femur")], 0.7) is None
    short = [one("femur", "femur", recording=True, index=at) for at in range(few)]
    assert measure_steadiness(short, 0.7) is None
