"""What is said of an attempt."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from sonoassist.gui.practice.progress_panel import about_text
from sonoassist.gui.practice.words import exam_text, frame_text, past_line, reveal_of, signed
from sonoassist.practice.ballot import Ballot
from sonoassist.practice.scores import Attempt, QuestionOutcome

FOUND = Attempt("lvot", QuestionOutcome.FOUND, "lvot", 1.9, 40, 33, 7, 0.35, (), 86.4)


@pytest.mark.parametrize(
    ("distance", "best", "gap", "said"),
    [
        (
            7,
            33,
            0.35,
            "Your frame is 7 frames behind the best one; the model is 35 % less sure there",
        ),
        (-1, 33, 0.0, "Your frame is 1 frame before the best one; the model is as sure there"),
        (0, 33, 0.0, "Your frame is the best one"),
        (0, None, None, "Your frame lies in the view; its best frame is not known"),
        (3, 33, None, "Your frame is 3 frames behind the best one"),
    ],
)
def test_how_far_the_frame_is_off(
    distance: int, best: int | None, gap: float | None, said: str
) -> None:
    attempt = Attempt("lvot", QuestionOutcome.FOUND, "lvot", 1.0, 40, best, distance, gap)
    assert frame_text(attempt) == said


@pytest.mark.parametrize("best", [None, 33])
def test_a_frame_outside_of_the_view_is_said_to_be(best: int | None) -> None:
    out = Attempt("lvot", QuestionOutcome.FOUND, "lvot", 1.0, 40, best, 7, outside_frames=-4)
    assert frame_text(out) == "Your frame lies 4 frames before the view"


def test_right_wrong_and_missed_are_told_by_sign_and_word() -> None:
    right = reveal_of(FOUND)
    assert (right.sign, right.word, right.name, right.points) == (
        "✓",
        "Right",
        "LVOT",
        "86 of 100 points",
    )
    assert right.lines[0] == "Found after 1.9 s"
    wrong = reveal_of(Attempt("lvot", QuestionOutcome.WRONG, "background", 2.0))
    assert (wrong.sign, wrong.word) == ("✗", "Wrong: you said no standard plane")
    missed = reveal_of(Attempt("lvot", QuestionOutcome.MISSED, false_alarms=("rvot", "4ch")))
    assert (missed.sign, missed.word) == ("○", "Missed")
    assert missed.lines[-1] == "2 false alarms: RVOT, Four chambers"


def test_a_class_of_two_minds() -> None:
    ballot = Ballot(("lvot", "rvot", "background"))
    ballot.vote("lvot")
    ballot.vote("rvot")
    said = reveal_of(Attempt("lvot", QuestionOutcome.WRONG, points=50.0), ballot.verdict("lvot"))
    assert said.word == "The class is of two minds"
    assert said.lines == ("2 votes, 50 % of them right", "Agreement: 50 % voted alike")


def test_lines_of_the_past() -> None:
    assert past_line(FOUND) == "LVOT  1.9 s · best frame +7"
    assert past_line(Attempt("lvot", QuestionOutcome.WRONG, "rvot")) == "LVOT called RVOT"
    assert past_line(Attempt("lvot", QuestionOutcome.MISSED)) == "LVOT · not named"
    assert [signed(value) for value in (4, -9, 0)] == ["+4", "−9", "0"]


def test_an_exam_is_told_by_numbers_only() -> None:
    assert exam_text(1, ["lips"]) == "1 view, 1 of the 13 planes"
    assert exam_text(3, ["lips", "lips", "4ch"]) == "3 views, 2 of the 13 planes"


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ((False, False), "2 exercises, the"),
        ((True, True), "2 exercises, in class, the"),
        ((True, False), "2 exercises, 1 of them in class, the"),
        ((True,), "1 exercise, in class, the"),
    ],
)
def test_how_many_exercises_were_in_class(classes: tuple[bool, ...], said: str) -> None:
    past = [
        SimpleNamespace(class_mode=one, began_at=datetime(2026, 5, 4, 9, 30, tzinfo=UTC))
        for one in classes
    ]
    assert about_text(past).startswith(said)  # type: ignore[arg-type]
