"""The practice page, driven by keys on the bundled demo exam."""

from __future__ import annotations

from pathlib import Path

import pytest
from practice_page_made import DEMO, Clock, Knower, Trainee, make_page, texts
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from review.review_made import BrightEngine
from sonoassist.core.errors import ModelError
from sonoassist.core.planes import BY_KEY
from sonoassist.gui.actions import BY_ACT, PLANE_ACTS
from sonoassist.gui.fonts import family
from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.practice.services import PracticeServices, Stage
from sonoassist.gui.practice.words import QUESTION
from sonoassist.gui.theme import LIGHT, Look
from sonoassist.gui.verdict import VerdictKind
from sonoassist.practice.exercise import Phase
from sonoassist.practice.history import PracticeHistory
from sonoassist.practice.scores import QuestionOutcome
from sonoassist.practice.wish import PracticeWish


def another(plane: str) -> str:
    return "lips" if plane != "lips" else "femur"


def answer_rightly(trainee: Trainee) -> None:
    view = trainee.exercise.question.view
    trainee.watch_until(view.first + 6)
    trainee.check_hidden()
    trainee.name(trainee.right)
    trainee.freeze_at(view.first + 10)
    trainee.answer()


def test_a_whole_exercise_with_a_right_a_wrong_and_a_missed_answer(
    trainee: Trainee, page: PracticePage
) -> None:
    trainee.start(3)
    side = page.exercise.side
    # 1: right, on the best frame.
    assert side.question.text() == QUESTION
    right = trainee.right
    answer_rightly(trainee)
    attempt = trainee.exercise.attempts[-1]
    assert (attempt.outcome, attempt.distance_frames) == (QuestionOutcome.FOUND, 0)
    assert trainee.exercise.phase is Phase.REVEALED
    assert side.question.text() == "✓ Right"
    assert side.name.text() == BY_KEY[right].label
    assert "Your frame is the best one" in side.details.text()
    assert page.exercise.answers.buttons[right].marked == "✓"
    trainee.answer()
    # 2: wrong, three frames behind the best one.
    view = trainee.exercise.question.view
    wrong, said = trainee.right, another(trainee.right)
    trainee.watch_until(view.first + 4)
    trainee.name(said)
    trainee.freeze_at(view.first + 13)
    plane = BY_KEY[wrong]
    assert not [one for one in texts(side) if plane.label in one or plane.full_name in one]
    trainee.answer()
    assert trainee.exercise.attempts[-1].outcome is QuestionOutcome.WRONG
    assert side.question.text() == f"✗ Wrong: you said {BY_KEY[said].label}"
    assert "3 frames behind the best one" in side.details.text()
    trainee.see_reveal()
    yours, best = page.exercise.yours, page.exercise.best
    assert (yours.caption.text(), yours.second.text()) == (
        "Your frame",
        "Model: 92 % sure",
    )
    assert (best.caption.text(), best.second.text()) == ("Best frame", "Model: 95 % sure")
    assert page.exercise.answers.buttons[said].marked == "✗"
    trainee.answer()
    # 3: missed.
    missed = trainee.right
    trainee.watch_until(trainee.exercise.question.end + 1)
    assert trainee.exercise.attempts[-1].outcome is QuestionOutcome.MISSED
    assert side.question.text() == "○ Missed"
    assert side.name.text() == BY_KEY[missed].label
    trainee.answer()
    # The result.
    assert page.desk.stage is Stage.RESULT
    assert page.currentWidget() is page.result
    shown = " ".join(texts(page.result))
    assert "1 of 3 planes found" in shown
    assert "Scored against the truth" in shown
    assert f"✓ {BY_KEY[right].label}" in shown
    assert f"✗ {plane.label}" in shown
    assert f"○ {BY_KEY[missed].label}" in shown
    assert "Research and training only. Not for diagnosis." in shown


def test_two_exercises_are_two_points_of_the_progress(trainee: Trainee, page: PracticePage) -> None:
    asked: list[str] = []
    for number in range(2):
        if number == 0:
            trainee.start(1, "Ada")
        else:
            trainee.press(Qt.Key.Key_Return)  # the next exercise
        asked.append(trainee.right)
        if number == 0:
            trainee.watch_until(trainee.exercise.question.end + 1)
        else:
            answer_rightly(trainee)
        trainee.answer()
        assert page.desk.stage is Stage.RESULT
    trainee.press(Qt.Key.Key_Y)
    progress = page.progress
    assert page.currentWidget() is progress
    assert progress.trainee.currentText() == "Ada"
    first, second = progress.score.values
    assert first == 0
    assert second is not None
    assert second > 90
    # What was missed is weak, and so it is asked for again.
    assert asked[0] == asked[1]
    assert progress.planes[asked[0]].values == (first, second)
    assert progress.planes[asked[0]].note == "found 1 of 2"
    assert progress.planes[another(asked[0])].note == "not asked yet"
    progress.forget.click()
    assert page.desk.services.history.trainees() == ("Ada",)  # asked once more
    progress.forget.click()
    assert page.desk.services.history.trainees() == ()


def test_a_false_alarm_is_told_and_the_question_goes_on(
    trainee: Trainee, page: PracticePage
) -> None:
    trainee.start(1)
    trainee.watch_until(trainee.exercise.question.start + 1)
    said = another(trainee.right)
    trainee.name(said)
    assert trainee.exercise.phase is Phase.PLAYING
    assert page.exercise.side.message.text().startswith(f"{BY_KEY[said].label}: a false alarm")
    trainee.check_hidden()
    answer_rightly(trainee)
    assert trainee.exercise.attempts[-1].false_alarms == (said,)
    assert "1 false alarm" in page.exercise.side.details.text()


def test_the_frozen_picture_stays_and_steps_exactly(
    qtbot: QtBot, trainee: Trainee, page: PracticePage
) -> None:
    trainee.start(1)
    view = trainee.exercise.question.view
    trainee.watch_until(view.first + 5)
    trainee.freeze_at(view.first + 3)
    trainee.answer()  # without a name
    assert page.exercise.side.message.text() == "Name the plane first, with its key"
    drawn = page.exercise.yours.viewport
    qtbot.waitUntil(
        lambda: drawn.view is not None and drawn.view.frame.index == view.first + 3,
    )
    trainee.press(Qt.Key.Key_Left, shift=True)
    wanted = max(view.first - 7, trainee.exercise.question.start)
    qtbot.waitUntil(lambda: trainee.exercise.index == wanted)
    trainee.press(Qt.Key.Key_Space)
    assert trainee.exercise.playing


def test_box_and_heat_map_belong_to_the_reveal(
    qtbot: QtBot, trainee: Trainee, page: PracticePage
) -> None:
    trainee.start(1)
    answer_rightly(trainee)
    trainee.see_reveal()
    viewport = page.exercise.yours.viewport
    qtbot.waitUntil(lambda: viewport.view is not None and viewport.view.analysis is not None)
    assert viewport.show_heat
    verdict = viewport._verdict
    assert verdict.kind is VerdictKind.PLANE
    truth = trainee.exercise.answers.boxes[trainee.exercise.question.view.first + 10]
    assert verdict.box == truth
    trainee.press(Qt.Key.Key_H)
    assert not viewport.show_heat


def test_the_network_looks_again_only_where_a_heat_map_is_shown(
    qtbot: QtBot, look: Look, tmp_path: Path, clock: Clock, analysed: Path
) -> None:
    knower = Knower()
    engine = knower.engine
    assert isinstance(engine, BrightEngine)
    page = make_page(qtbot, look, tmp_path, clock, lambda *_: knower, shared=analysed)
    trainee = Trainee(qtbot, page, clock)
    trainee.start(2)
    answer_rightly(trainee)
    trainee.see_reveal()
    trainee.press(Qt.Key.Key_H)
    trainee.answer()
    before = engine.runs
    assert before > 0
    answer_rightly(trainee)
    trainee.see_reveal()
    assert engine.runs == before
    trainee.press(Qt.Key.Key_H)
    qtbot.waitUntil(lambda: engine.runs > before)
    page.stop()


def test_a_class_votes_unseen_and_then_sees_the_answer(
    qtbot: QtBot, trainee: Trainee, page: PracticePage
) -> None:
    page.start.class_mode.setChecked(True)
    assert page.start.nickname.currentText() == "class"
    trainee.start(1, "class")
    ballot = trainee.exercise.ballot
    place = ballot.choices.index(trainee.right)
    trainee.watch_until(trainee.exercise.question.view.first + 10)
    trainee.press(Qt.Key.Key_Space)
    keys = [getattr(Qt.Key, f"Key_{number}") for number in range(1, 10)]
    for _ in range(3):
        trainee.press(keys[place])
    trainee.press(keys[8])  # none of them
    trainee.press(keys[8])
    trainee.press(Qt.Key.Key_Backspace)
    side, votes = page.exercise.side, page.exercise.votes
    assert side.message.text() == "4 votes"
    assert all(not button.marked for button in votes.buttons.values())
    label = BY_KEY[trainee.right].label
    assert not [text for text in texts(page.exercise) if label in text]
    trainee.answer()
    assert side.question.text() == "✓ The class is right"
    assert "4 votes, 75 % of them right" in side.details.text()
    assert votes.buttons[trainee.right].marked == "3 ✓"
    assert votes.buttons["background"].marked == "1"
    assert trainee.exercise.attempts[-1].points == 75


def test_votes_can_be_entered_by_hand(trainee: Trainee, page: PracticePage) -> None:
    page.start.class_mode.setChecked(True)
    trainee.start(1, "class")
    trainee.press(Qt.Key.Key_Space)
    votes = page.exercise.votes
    assert all(number.isHidden() for number in votes.numbers.values())
    page.exercise.count_votes.click()
    assert not votes.numbers[trainee.right].isHidden()
    votes.numbers[trainee.right].setValue(12)
    votes.numbers["background"].setValue(4)
    assert trainee.exercise.ballot.total == 16
    page.desk.enter()
    assert trainee.exercise.attempts[-1].points == 75


def test_leaving_the_page_freezes_and_coming_back_goes_on(
    trainee: Trainee, page: PracticePage
) -> None:
    trainee.start(1)
    trainee.watch_until(trainee.exercise.question.start + 2)
    page.leave()
    assert trainee.exercise.phase is Phase.FROZEN
    page.enter()
    assert page.currentWidget() is page.exercise
    trainee.press(Qt.Key.Key_Space)
    assert trainee.exercise.playing


def test_ending_early_keeps_what_was_answered(trainee: Trainee, page: PracticePage) -> None:
    trainee.start(5)
    trainee.watch_until(trainee.exercise.question.end + 1)
    trainee.answer()
    trainee.press(Qt.Key.Key_Delete)
    assert page.desk.stage is Stage.RESULT
    assert any("ended 4 questions early" in text for text in texts(page.result))
    (past,) = page.desk.services.history.exercises("trainee 1")
    assert (past.asked, len(past.attempts)) == (5, 1)


def test_without_a_model_the_truth_still_asks_and_it_is_said(
    qtbot: QtBot, look: Look, tmp_path: Path, clock: Clock
) -> None:
    def missing(_synthetic: bool, _tell: object) -> Knower:
        raise ModelError("no model is installed", "Install one")

    page = make_page_without_model(qtbot, look, tmp_path, clock, missing)
    assert "no model is installed" in page.start.trouble.text()
    assert page.start.begin.isEnabled()
    trainee = Trainee(qtbot, page, clock)
    trainee.start(1)
    answer_rightly(trainee)
    assert "its best frame is not known" in page.exercise.side.details.text()
    page.stop()


def make_page_without_model(
    qtbot: QtBot, look: Look, folder: Path, clock: Clock, missing: object
) -> PracticePage:
    services = PracticeServices(missing, PracticeHistory(folder / "h"), DEMO, clock_s=clock)  # type: ignore[arg-type]
    page = PracticePage(services, look)
    page.setMinimumSize(960, 600)
    qtbot.addWidget(page)
    page.show()
    page.enter()
    qtbot.waitUntil(lambda: page.desk.knowledge.trouble is not None)
    qtbot.waitUntil(lambda: bool(page.start.trouble.text()))
    return page


def test_an_exam_without_truth_is_scored_against_the_model_and_it_is_said(
    qtbot: QtBot, page: PracticePage, trainee: Trainee, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.mp4"
    bare.write_bytes(DEMO.read_bytes())
    page.open(str(bare))
    qtbot.waitUntil(lambda: page.start.begin.isEnabled())
    assert "Scored against the model, not the truth." in page.start.known.text()
    trainee.start(1)
    answer_rightly(trainee)
    assert page.exercise.side.word.text() == "Scored against the model, not the truth."
    trainee.answer()
    assert page.result.word.text() == "Scored against the model, not the truth."


def test_what_cannot_be_opened_is_said(qtbot: QtBot, page: PracticePage, tmp_path: Path) -> None:
    page.open(str(tmp_path / "nowhere.mp4"))
    qtbot.waitUntil(lambda: "nowhere.mp4" in page.start.trouble.text())
    assert not page.start.begin.isEnabled()


def test_a_wish_from_the_command_line_needs_enter_only(
    qtbot: QtBot, page: PracticePage, trainee: Trainee
) -> None:
    page.prepare(PracticeWish(str(DEMO), "Bo", 2, False))
    qtbot.waitUntil(lambda: page.start.begin.isEnabled())
    assert page.desk.stage is Stage.START  # nothing plays before the trainee is ready
    trainee.press(Qt.Key.Key_Return)
    assert page.desk.wish.nickname == "Bo"
    exercise = page.desk.exercise
    assert exercise is not None
    assert len(exercise.questions) == 2


def test_an_empty_nickname_is_refused(page: PracticePage, trainee: Trainee) -> None:
    page.start.nickname.setEditText("  ")
    page.start.setFocus()
    trainee.press(Qt.Key.Key_Return)
    assert page.desk.stage is Stage.START
    assert "nickname" in page.start.trouble.text()


def test_a_damaged_history_is_said_and_the_exercise_goes_on(
    page: PracticePage, trainee: Trainee, tmp_path: Path
) -> None:
    (tmp_path / "history.sqlite").write_bytes(b"broken" * 1000)
    page.start.enter()
    trainee.start(1)
    assert "cannot be read" in page.exercise.trouble.text()
    answer_rightly(trainee)
    trainee.answer()
    assert page.result.trouble.text().startswith("Not kept: ")


@pytest.mark.parametrize("width", [1024, 1920])
def test_nothing_of_the_page_is_wider_than_the_window(
    page: PracticePage, trainee: Trainee, width: int
) -> None:
    scale = 0.9 if width == 1024 else 1.0
    page.set_look(Look(LIGHT, scale, family()))
    page.resize(width, 668 if width == 1024 else 1000)
    trainee.start(1)
    assert page.exercise.minimumSizeHint().width() <= width
    answer_rightly(trainee)
    for button in page.exercise.answers.buttons.values():
        assert button.mapTo(page, button.rect().topRight()).x() < width
    rows = {button.y() for button in page.exercise.answers.buttons.values()}
    assert len(rows) == (2 if width == 1024 else 1)
    assert page.exercise.minimumSizeHint().width() <= width
    assert page.exercise.minimumSizeHint().height() <= page.height()


def test_each_plane_has_a_key_and_none_is_the_windows() -> None:
    assert set(PLANE_ACTS) == set(BY_KEY)
    keys = {BY_ACT[act].keys for act in PLANE_ACTS.values()}
    assert len(keys) == 14
    assert not keys & {("F",), ("T",), ("?",), ("H",)}
