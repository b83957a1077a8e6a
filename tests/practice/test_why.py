"""Why a frame is the best one: on an exam of 10 frames a second made up by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from practice_made import analysis_of_labels, answers_of

from sonoassist.practice.why import reasons, steady_s

EXAM = answers_of(("background", 30), ("femur", 40), ("background", 30))
KNOWN = EXAM.with_analysis(analysis_of_labels(EXAM.labels, {45: 0.9, 55: 0.7, 60: 0.95}))
VIEW = KNOWN.views[0]


def test_the_surest_frame_and_where_the_trainees_lies() -> None:
    why = reasons(KNOWN, VIEW, 55)
    assert why is not None
    assert (why.best, why.chosen, why.frames, why.place) == (60, False, 40, 0)
    assert why.confidence == pytest.approx(0.95)
    assert why.own_confidence == pytest.approx(0.7)
    assert why.later_s == pytest.approx(-0.5)
    assert why.steady_s == pytest.approx(3.9)


def test_a_frame_that_a_person_chose_has_its_place() -> None:
    why = reasons(replace(KNOWN, chosen={"femur": 45}), VIEW, None)
    assert why is not None
    assert (why.best, why.chosen, why.place, why.own) == (45, True, 1, None)


def test_without_a_best_frame_nothing_is_explained() -> None:
    assert reasons(EXAM, VIEW, 55) is None


def test_how_long_the_label_is_steady() -> None:
    assert steady_s(KNOWN, 29, "femur") == 0.0
    assert steady_s(KNOWN, 99, "background") == pytest.approx(2.9)
    assert steady_s(EXAM, 45, "femur") == 0.0
