"""A teacher's question set on the practice page."""

from __future__ import annotations

import pytest
from practice_page_made import DEMO, Trainee, texts

from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.practice.services import Stage
from sonoassist.practice.exercise import Phase
from sonoassist.practice.question_set import Order, QuestionSet
from sonoassist.practice.wish import PracticeWish
from sonoassist.recordings.identity import identity_of

ABSENT = "2 planes are absent in this exam, by the teacher's set."


@pytest.fixture
def content() -> str:
    return identity_of(DEMO).content


def test_a_kept_set_is_asked_in_its_order_and_said_everywhere(
    trainee: Trainee, page: PracticePage, content: str
) -> None:
    page.desk.sets.keep(QuestionSet(content, ("4ch", "lips", "femur"), ("rvot", "lvot")))
    page.start.enter()
    assert "3 questions, in its order. 2 planes are absent" in page.start.asked.text()
    assert not page.start.questions.isEnabled()
    trainee.start(1)
    planes = [one.view.plane for one in trainee.exercise.questions]
    assert planes == ["4ch", "lips", "femur"]
    assert any(text.endswith(ABSENT) for text in texts(page.exercise.side))
    trainee.watch_until(trainee.exercise.question.view.first + 2)
    trainee.name("rvot")
    assert trainee.exercise.false_alarms == ("rvot",)
    assert trainee.exercise.phase is Phase.PLAYING
    page.desk.freeze()
    page.desk.name("lips")
    page.desk.enter()
    page.desk.end()
    assert page.desk.stage is Stage.RESULT
    assert page.result.word.text().endswith(ABSENT)


def test_a_set_in_no_order_leaves_the_number_of_questions(
    trainee: Trainee, page: PracticePage, content: str
) -> None:
    page.desk.sets.keep(QuestionSet(content, ("4ch", "lips"), order=Order.WEAK_FIRST))
    page.start.enter()
    assert page.start.questions.isEnabled()
    trainee.start(1)
    (only,) = trainee.exercise.questions
    assert only.view.plane in ("4ch", "lips")


def test_a_damaged_set_is_said_and_nothing_is_asked_until_it_is_mended(
    page: PracticePage, content: str
) -> None:
    page.desk.sets.keep(QuestionSet(content, ("4ch",)))
    path = page.desk.services.sets.path_of(content)
    path.write_text("{")
    page.desk.enter_page()
    page.start.enter()
    assert not page.start.begin.isEnabled()
    assert "no JSON" in page.start.trouble.text()
    assert not page.desk.start(page.start.wish())
    page.desk.sets.forget(content)
    page.start.enter()
    assert page.start.begin.isEnabled()
    assert page.start.asked.isHidden()


def test_a_set_given_on_the_command_line_counts_before_the_one_kept(
    page: PracticePage, content: str
) -> None:
    page.desk.sets.keep(QuestionSet(content, ("4ch",)))
    given = QuestionSet(content, ("lips", "femur"))
    page.prepare(PracticeWish(str(DEMO), asked=given))
    page.start.enter()
    assert page.desk.asked == given
    assert page.desk.start(page.start.wish())
    assert page.desk.exercise is not None
    assert [one.view.plane for one in page.desk.exercise.questions] == ["lips", "femur"]
    assert page.desk.services.sets.read(content) == QuestionSet(content, ("4ch",))  # as it was
