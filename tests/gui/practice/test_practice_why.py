"""The best frame is explained in words, and what is not known is said to be."""

from __future__ import annotations

import pytest
from practice_page_made import Trainee
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from sonoassist.gui.fonts import family
from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.practice.table import known_text
from sonoassist.gui.practice.why_words import numbers_text, why_text
from sonoassist.gui.practice.words import reveal_of, unscored_text
from sonoassist.gui.theme import LIGHT, Look
from sonoassist.practice.scores import Attempt, QuestionOutcome, by_plane
from sonoassist.practice.why import PictureNumbers, Reasons

WHY = Reasons(60, False, 41, 0.94, 0, 1.2, 56, 0.71, -0.4)


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (
            WHY,
            "Best frame: the most confident of 41 frames of this view, 94 %, the label steady for"
            " 1.2 s round it.\nYour frame: 0.4 s earlier, 71 %.",
        ),
        (
            Reasons(60, True, 41, 0.9, 3, 0.0, 60, 0.9, 0.0),
            "Best frame: chosen by a person in the review, the model is 90 % sure, the label is"
            " not steady there.",
        ),
        (
            Reasons(60, True, 0, None, 0, 0.0, 61, None, 0.04),
            "Best frame: chosen by a person in the review.\nYour frame: right beside it.",
        ),
    ],
)
def test_the_best_frame_is_explained(why: Reasons, said: str) -> None:
    assert why_text(why) == said


def test_what_is_measured_of_the_pictures() -> None:
    best, own = PictureNumbers(0.62, 0.14), PictureNumbers(0.5, None)
    assert numbers_text(best, None) == "Sharpness 62 %; box 14 % of the picture."
    assert numbers_text(best, own) == (
        "Sharpness 62 %, yours 50 %; box 14 % of the picture, yours no box."
    )


def test_what_is_not_known_is_said_and_not_scored() -> None:
    unknown = Attempt("lips", QuestionOutcome.FOUND, "lips", 0.5, 40, None, 0, points=100.0)
    (score,) = by_plane([unknown])
    assert known_text(None, score) == "not known"
    assert "The frame is not scored" in reveal_of(unknown).lines[-1]
    assert unscored_text([unknown]) == " · 1 frame not scored, the best one is not known"
    known = Attempt("lips", QuestionOutcome.FOUND, "lips", 0.5, 40, 40, 0, 0.0, points=100.0)
    assert unscored_text([known]) == ""
    assert known_text("0", score) == "0"


def test_the_reveal_explains_with_both_pictures_covered(
    qtbot: QtBot, trainee: Trainee, page: PracticePage
) -> None:
    trainee.start(1)
    view = trainee.exercise.question.view
    trainee.watch_until(view.first + 6)
    trainee.name(trainee.right)
    trainee.freeze_at(view.first + 4)
    trainee.answer()
    trainee.see_reveal()
    side = page.exercise.side
    assert "Best frame: the most confident of" in side.why.text()
    assert "Your frame: 0.5 s earlier, 89 %." in side.why.text()
    qtbot.waitUntil(lambda: side.numbers.text().startswith("Sharpness "))
    looked = page.desk.exam.looked_at(view.first + 4)
    assert looked is not None
    drawn = page.exercise.yours.viewport

    def shows(frame: object) -> bool:
        return drawn.view is not None and drawn.view.frame is frame

    qtbot.waitUntil(lambda: shows(looked.covered))
    page.desk.toggle_cover()
    qtbot.waitUntil(lambda: shows(looked.frame))
    trainee.answer()
    assert not page.start.cover_text.isChecked() or not page.desk.wish.cover_text


def test_the_status_line_names_the_network_that_answers(page: PracticePage) -> None:
    items = [item.text for item in page.status_items()]
    card = page.desk.knowledge.card
    assert card is not None
    assert items[0] == "demo exam"
    assert "answers: truth of the exam" in items
    assert any(card.title in text for text in items)


def test_nothing_of_the_explanation_is_cut_in_a_small_window(
    qtbot: QtBot, trainee: Trainee, page: PracticePage
) -> None:
    page.set_look(Look(LIGHT, 0.9, family()))
    page.resize(1024, 700)
    trainee.start(1)
    view = trainee.exercise.question.view
    trainee.watch_until(view.first + 6)
    trainee.name("lips" if trainee.right != "lips" else "femur")
    trainee.freeze_at(view.first + 4)
    trainee.answer()
    trainee.see_reveal()
    side = page.exercise.side
    qtbot.waitUntil(lambda: side.numbers.text().startswith("Sharpness "))

    def cut() -> list[str]:
        labels = [one for one in side.findChildren(QLabel) if one.isVisible()]
        return [one.text() for one in labels if one.height() < one.heightForWidth(one.width())]

    assert side.why.isVisible()
    qtbot.waitUntil(lambda: cut() == [])
