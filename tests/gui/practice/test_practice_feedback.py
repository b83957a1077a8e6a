"""What is answered belongs to one question and one frame, and goes with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from practice_page_made import Trainee
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from practice.practice_made import analysis_of_labels, answers_of
from sonoassist.core.planes import KEYS
from sonoassist.gui.practice import feedback
from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.practice.words import exercise_text
from sonoassist.practice.exercise import Exercise, Phase, Question

_EXAM = answers_of(("background", 30), ("femur", 40), ("background", 30))
EXAM = _EXAM.with_analysis(analysis_of_labels(_EXAM.labels, {45: 0.9}))


def exercise() -> Exercise:
    return Exercise(EXAM, [Question(EXAM.views[0], 10, 79)] * 2)


@given(at=st.integers(10, 79), later=st.integers(10, 79), plane=st.sampled_from(KEYS))
def test_a_word_on_a_frame_is_not_said_of_another(at: int, later: int, plane: str) -> None:
    one = exercise()
    one.show(at)
    word = feedback.of_name(one, one.name(plane), plane)
    here, before = feedback.shown(word, one)
    assert here == word.text
    assert before == ""
    one.show(later)
    here, before = feedback.shown(word, one)
    if later == at:
        assert (here, before) == (word.text, "")
    else:
        # Only an answer, which stands until another is given, is told on other pictures.
        assert (here != "") == (one.said is not None)
        assert before == "" or before.startswith("On a picture before: ")


def test_what_has_to_be_done_first_goes_when_it_is_done() -> None:
    one = exercise()
    one.show(40)
    one.freeze()
    word = feedback.advice(one, "Name the plane first, with its key")
    assert feedback.shown(word, one)[0] == word.text
    one.thaw()
    assert feedback.shown(word, one) == ("", "")


def test_a_word_of_one_question_is_not_said_in_the_next() -> None:
    one = exercise()
    one.show(12)
    word = feedback.of_name(one, one.name("lips"), "lips")
    one.freeze()
    one.give_up()
    one.reveal()
    one.next()
    for at in (12, 20):
        one.show(at)
        assert feedback.shown(word, one) == ("", "")


def test_right_none_there_does_not_stay_over_the_view(trainee: Trainee, page: PracticePage) -> None:
    trainee.start(1)
    side = page.exercise.side
    trainee.watch_until(trainee.exercise.question.start + 3)
    trainee.press(Qt.Key.Key_Space)
    trainee.name("background")
    trainee.answer()
    assert side.message.text().startswith("Right: no standard plane there")
    trainee.watch_until(trainee.exercise.question.view.first + 2)
    assert side.message.text() == ""
    assert side.message.isHidden()
    assert side.before.text() == "On a picture before: no standard plane, right"


def test_a_false_alarm_of_a_frame_goes_when_the_trainee_steps(
    qtbot: QtBot, trainee: Trainee, page: PracticePage
) -> None:
    trainee.start(1)
    side, start = page.exercise.side, trainee.exercise.question.start
    trainee.watch_until(start + 3)
    trainee.press(Qt.Key.Key_Space)
    trainee.name("lips" if trainee.right != "lips" else "femur")
    assert "a false alarm. It goes on." in side.message.text()
    trainee.press(Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: "false alarm" in side.before.text())
    assert side.message.text() == ""
    trainee.press(Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: "a false alarm. It goes on." in side.message.text())
    assert side.before.text() == ""


def test_a_wrong_nickname_is_not_held_against_the_next_one(page: PracticePage) -> None:
    page.start.nickname.setEditText("  ")
    page.start.start_asked.emit(page.start.wish())
    assert "nickname" in page.start.trouble.text()
    page.start.nickname.setEditText("Bo")
    assert page.start.trouble.text() == ""


@pytest.mark.parametrize(
    ("number", "trainee", "class_mode", "said"),
    [
        (1, "Bo", False, "Bo's exercise 1"),
        (3, "Lars", False, "Lars' exercise 3"),
        (2, "Tess", False, "Tess's exercise 2"),
        (2, "class", True, "The class's exercise 2"),
        (4, "A3", True, "The class A3's exercise 4"),
        (None, "Bo", False, "Bo's exercise"),
    ],
)
def test_whose_exercise_it_is(
    number: int | None, trainee: str, class_mode: bool, said: str
) -> None:
    assert exercise_text(number, trainee, class_mode=class_mode) == said


def test_each_trainee_begins_with_the_first_exercise(trainee: Trainee, page: PracticePage) -> None:
    for name, said in (("Ada", "Ada's exercise 1"), ("Bo", "Bo's exercise 1")):
        trainee.start(1, name)
        trainee.watch_until(trainee.exercise.question.end + 1)
        trainee.answer()
        assert page.result.about.text().startswith(f"{said} ·")
        page.desk.show(page.desk.stage.START)
    # One that was left without an answer is none of hers.
    trainee.start(1, "Ada")
    page.desk.end()
    assert page.start.next_planes.text().startswith("Next: Ada's exercise 2;")


def test_an_exercise_is_scored_by_the_answers_that_it_began_with(
    trainee: Trainee, page: PracticePage
) -> None:
    trainee.start(1)
    answers = trainee.exercise.answers
    page.desk.exam.news.emit()
    assert trainee.exercise.answers is answers
    assert trainee.exercise.phase is Phase.PLAYING
