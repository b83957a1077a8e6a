"""What a trainee may rely on: nothing starts, ends, or is kept behind their back."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from practice_page_made import Trainee, texts
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sonoassist.core.errors import SourceError
from sonoassist.gui.acts import Act
from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.practice.services import Stage
from sonoassist.practice.exercise import Phase


def test_what_was_typed_in_stays(page: PracticePage) -> None:
    page.start.nickname.setEditText("Bo")
    page.start.questions.setValue(3)
    page.desk.show(Stage.PROGRESS)
    page.desk.show(Stage.START)
    page.leave()
    page.enter()
    assert page.start.nickname.currentText() == "Bo"
    assert page.start.questions.value() == 3


def test_a_name_is_not_completed_to_another_one(trainee: Trainee, page: PracticePage) -> None:
    trainee.start(1, "Anna")
    page.desk.end()
    page.start.nickname.lineEdit().clear()  # type: ignore[union-attr]
    page.start.nickname.setFocus()
    for key in (Qt.Key.Key_A, Qt.Key.Key_N, Qt.Key.Key_N):
        trainee._qtbot.keyClick(page.start.nickname.lineEdit(), key)
    assert page.start.nickname.currentText().casefold() == "ann"


def test_the_name_of_the_exam_is_told_with_the_answer(trainee: Trainee, page: PracticePage) -> None:
    name = page.desk.exam.name

    def told() -> bool:
        status = [item.text for item in page.status_items()]
        head = page.exercise.side.head
        assert (name in status) == (name in head.text()) == (name in head.toolTip())
        return name in status

    trainee.start(1)
    assert not told()  # a clip may be called what it shows
    view = trainee.exercise.question.view
    trainee.watch_until(view.first + 6)
    answer = page.exercise._buttons[Act.CAPTURE]
    page.desk.freeze()
    assert not answer.isEnabled()
    trainee.name(view.plane)
    assert answer.isEnabled()
    assert not told()
    answer.click()
    assert told()
    page.desk.end()
    assert name in [item.text for item in page.status_items()]


def test_a_sheet_over_a_question_freezes_it(trainee: Trainee, page: PracticePage) -> None:
    trainee.start(1)
    trainee.watch_until(trainee.exercise.question.start + 3)
    page.cover()
    page.cover()
    assert trainee.exercise.phase is Phase.FROZEN


def test_none_of_them_is_answered_alike_before_and_in_the_view(
    trainee: Trainee, page: PracticePage
) -> None:
    trainee.start(1)
    said = set()
    for frame in (trainee.exercise.question.start + 2, trainee.exercise.question.view.first + 3):
        trainee.watch_until(frame)
        trainee.name("background")
        said.add((page.exercise.side.message.text(), page.exercise.side.hint.text()))
    assert len(said) == 1


def test_none_of_them_handed_in_rightly_goes_on(trainee: Trainee, page: PracticePage) -> None:
    trainee.start(1)
    trainee.watch_until(trainee.exercise.question.start + 3)
    trainee.press(Qt.Key.Key_Space)
    trainee.name("background")
    trainee.answer()
    assert trainee.exercise.playing
    assert page.exercise.side.message.text().startswith("Right: no standard plane")


def test_space_on_the_last_picture_gives_up(trainee: Trainee, page: PracticePage) -> None:
    trainee.start(1)
    end = trainee.exercise.question.end
    trainee.watch_until(end - 4)
    trainee.freeze_at(end)
    assert "Space gives up" in page.exercise.side.hint.text()
    trainee.press(Qt.Key.Key_Space)
    assert trainee.exercise.phase is Phase.REVEALED
    assert page.exercise.side.question.text() == "○ Missed"


def test_enter_held_down_does_not_run_through_the_result(
    trainee: Trainee, page: PracticePage
) -> None:
    trainee.start(1)
    trainee.watch_until(trainee.exercise.question.end + 1)
    trainee.answer()
    assert page.desk.stage is Stage.RESULT
    first = trainee.exercise
    press = QEvent.Type.KeyPress
    again = QKeyEvent(press, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r", True)
    QApplication.sendEvent(page.result, again)
    assert page.desk.stage is Stage.RESULT
    assert trainee.exercise is first


def test_a_vote_is_not_taken_back_behind_the_reveal(trainee: Trainee, page: PracticePage) -> None:
    page.start.class_mode.setChecked(True)
    trainee.start(1, "class")
    trainee.watch_until(trainee.exercise.question.view.first + 2)
    trainee.press(Qt.Key.Key_Space)
    trainee.press(Qt.Key.Key_1)
    trainee.answer()
    trainee.press(Qt.Key.Key_Backspace)
    assert trainee.exercise.ballot.total == 1


def test_attempts_wait_for_a_history_that_is_in_use(
    qtbot: QtBot, trainee: Trainee, page: PracticePage, tmp_path: Path
) -> None:
    history = page.desk.services.history
    history.forget("nobody")
    trainee.start(2)
    other = sqlite3.connect(tmp_path / "history.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    trainee.watch_until(trainee.exercise.question.end + 1)
    assert "cannot be used now" in page.exercise.trouble.text()
    other.execute("COMMIT")
    other.close()
    trainee.answer()
    trainee.watch_until(trainee.exercise.question.end + 1)
    assert "cannot be used now" not in page.exercise.trouble.text()
    (past,) = history.exercises("trainee 1")
    assert len(past.attempts) == 2


def test_attempts_that_wait_are_kept_before_the_next_exercise_begins(
    trainee: Trainee, page: PracticePage, tmp_path: Path
) -> None:
    page.desk.services.history.forget("nobody")
    trainee.start(1)
    other = sqlite3.connect(tmp_path / "history.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    trainee.watch_until(trainee.exercise.question.end + 1)
    other.execute("COMMIT")
    other.close()
    trainee.answer()
    trainee.press(Qt.Key.Key_Return)  # the next one
    (past,) = page.desk.services.history.exercises("trainee 1")
    assert len(past.attempts) == 1


def test_an_exam_that_is_to_be_deleted_is_let_go(page: PracticePage) -> None:
    page.let_go("20260101-000000-zzzz")
    assert page.desk.spec
    page.desk.exam.spec = "exam:20260101-000000-zzzz/2"
    page.let_go("20260101-000000-zzzz")
    assert page.desk.spec == ""
    assert page.start.chosen.text() == "Choose an exam"


def test_a_recording_that_is_gone_ends_the_exercise_and_says_why(
    trainee: Trainee, page: PracticePage
) -> None:
    trainee.start(2)
    trainee.watch_until(trainee.exercise.question.end + 1)
    trainee.answer()
    player = page.desk._player
    assert player is not None
    player._shown = replace(player.shown, trouble=SourceError("the disk is gone", "Plug it in"))
    page.desk._on_player()
    assert page.desk.stage is Stage.RESULT
    assert any("the disk is gone" in text for text in texts(page.result))
    assert not any("Not kept" in text for text in texts(page.result))


def test_the_exam_chosen_already_is_not_examined_anew(page: PracticePage) -> None:
    examiner = page.desk.exam._examiner
    page.desk.open(page.desk.spec)
    assert page.desk.exam._examiner is examiner
