"""Weak planes first, spaced, seeded."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from practice_made import answers_of, attempt

from sonoassist.core.planes import PLANES
from sonoassist.practice.choosing import next_exercise, weakness, weaknesses

ALL = answers_of(
    *(
        stretch
        for one in PLANES
        if not one.is_background
        for stretch in (("background", 50), (one.key, 20))
    ),
    ("background", 50),
)
TWICE = answers_of(
    ("background", 50),
    ("lips", 20),
    ("background", 50),
    ("lips", 20),
    ("background", 50),
    ("lips", 20),
    ("background", 50),
    ("femur", 20),
    ("background", 50),
    ("4ch", 20),
)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([], 0.5),
        ([100], 0.25),  # (0.5 + 0) / 2
        ([0], 0.75),  # (0.5 + 1) / 2
        ([0, 100], (0.5 + 0.7) / 2.7),  # the newer one weighs more
        ([100, 0], (0.5 + 1.0) / 2.7),
        ([50, 50, 50], 0.5),
    ],
)
def test_weakness(points: list[float], expected: float) -> None:
    assert weakness(points) == pytest.approx(expected)


def test_weaknesses_follow_each_plane() -> None:
    found = weaknesses([attempt("lips", 0), attempt("femur", 100), attempt("lips", 100)])
    assert found == {"lips": pytest.approx(1.2 / 2.7), "femur": pytest.approx(0.25)}


def test_weak_planes_are_asked_for_first() -> None:
    weak = {one.key: 0.2 for one in PLANES} | {"lvot": 0.9, "rvot": 0.8, "3vv": 0.7}
    for seed in range(20):
        questions = next_exercise(ALL, weak, 3, seed)
        assert {question.view.plane for question in questions} == {"lvot", "rvot", "3vv"}


def test_a_seed_gives_the_same_exercise_and_another_one_another() -> None:
    first = next_exercise(ALL, {}, 8, 4)
    assert next_exercise(ALL, {}, 8, 4) == first
    assert next_exercise(ALL, {}, 8, 5) != first


def test_no_plane_comes_twice_in_a_row_while_there_are_others() -> None:
    for seed in range(20):
        planes = [one.view.plane for one in next_exercise(TWICE, {"lips": 0.9}, 5, seed)]
        assert sorted(planes) == ["4ch", "femur", "lips", "lips", "lips"]
        assert all(one != other for one, other in pairwise(planes))


@given(st.integers(1, 20), st.integers(0, 10_000))
def test_questions_hold_one_view_and_some_of_what_is_around_it(count: int, seed: int) -> None:
    questions = next_exercise(ALL, {}, count, seed)
    assert len(questions) == min(count, 13)
    assert len({question.view for question in questions}) == len(questions)
    for question in questions:
        view = question.view
        assert 15 <= view.first - question.start <= 41  # 1.5 to 4 s of 10 frames
        assert question.end - view.last == 10  # a second
        inside = [
            one for one in ALL.views if question.start <= one.last and one.first <= question.end
        ]
        assert inside == [view]


def test_a_question_does_not_reach_into_the_next_view_or_out_of_the_exam() -> None:
    close = answers_of(("lips", 20), ("background", 5), ("femur", 20))
    lips, femur = sorted(next_exercise(close, {}, 2, 1), key=lambda one: one.start)
    assert (lips.start, lips.end) == (0, 24)
    assert (femur.start, femur.end) == (22, 44)  # 0.3 s behind the last of the view before
