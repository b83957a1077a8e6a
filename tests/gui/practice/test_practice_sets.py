"""A teacher's question set on the practice page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from practice_page_made import DEMO, Trainee, texts
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from sonoassist.gui.acts import Act
from sonoassist.gui.file_dialogs import QUESTIONS_IN, QUESTIONS_OUT, Purpose
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.practice.questions_sheet import QuestionsSheet
from sonoassist.gui.practice.services import Stage
from sonoassist.gui.theme import Look
from sonoassist.practice.exercise import Phase
from sonoassist.practice.question_set import ASKABLE, QuestionOrder, QuestionSet
from sonoassist.practice.set_store import read_set, write_set
from sonoassist.practice.wish import PracticeWish
from sonoassist.recordings.identity import identity_of

ABSENT = "2 planes are absent in this exam, by the teacher's set."


def told(sheet: QuestionsSheet) -> str:
    """What it says, without the places where a long name may be broken."""
    return sheet.said.text().replace("\u200b", "")


@pytest.fixture
def content() -> str:
    return identity_of(DEMO).content


def test_a_kept_set_is_asked_in_its_order_and_said_everywhere(
    trainee: Trainee, page: PracticePage, content: str
) -> None:
    page.desk.sets.keep(QuestionSet(content, ("4ch", "lips", "femur"), ("rvot", "lvot")))
    page.start.enter()
    assert "3 questions, in its order. 2 planes are absent" in page.start.asked.text()
    assert page.start.questions.isHidden()  # the set says how many
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
    page.desk.sets.keep(QuestionSet(content, ("4ch", "lips"), order=QuestionOrder.WEAK_FIRST))
    page.start.enter()
    assert not page.start.questions.isHidden()
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


# -- the sheet -----------------------------------------------------------------------------


class Files:
    """Answers each question for a file with one path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[Purpose] = []

    def __call__(self, purpose: Purpose, chosen: Callable[[str], None]) -> None:
        self.asked.append(purpose)
        chosen(str(self.path))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "chosen.json")


@pytest.fixture
def sheet(qtbot: QtBot, page: PracticePage, look: Look, files: Files) -> QuestionsSheet:
    page.desk.changed.emit()
    assert page.start.choose.isEnabled()
    made = QuestionsSheet(page, look, page.desk, files)
    made.closed.connect(made.hide)
    made.open()
    page.activateWindow()
    qtbot.waitUntil(made.hasFocus)
    return made


def press(qtbot: QtBot, sheet: QuestionsSheet, *keys: Qt.Key, ctrl: bool = False) -> None:
    held = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    for key in keys:
        qtbot.keyClick(sheet, key, held)


def shown(sheet: QuestionsSheet) -> list[str]:
    """The planes from above to below."""
    column = sheet._list
    return [column.itemAt(at).widget().plane for at in range(column.count())]  # type: ignore[union-attr]


def test_keys_choose_order_and_mark_and_enter_saves(
    qtbot: QtBot, page: PracticePage, sheet: QuestionsSheet, content: str
) -> None:
    first, second, third, *rest = ASKABLE
    press(qtbot, sheet, Qt.Key.Key_K)  # the first is not asked
    press(qtbot, sheet, Qt.Key.Key_Down, Qt.Key.Key_X)  # the second is absent
    press(qtbot, sheet, Qt.Key.Key_Down)
    press(qtbot, sheet, Qt.Key.Key_Down, ctrl=True)  # the third goes below the fourth
    assert shown(sheet) == [first, second, rest[0], third, *rest[1:]]
    assert sheet.rows[rest[0]].number.text() == "1"
    assert sheet.rows[first].number.text() == ""
    assert sheet.rows[second].absent.isChecked()
    press(qtbot, sheet, Qt.Key.Key_Return)
    assert sheet.isHidden()
    wanted = QuestionSet(content, (rest[0], third, *rest[1:]), (second,))
    assert page.desk.asked == page.desk.services.sets.read(content) == wanted
    assert "10" not in page.start.asked.text()
    assert "11 questions, in its order. 1 plane is absent" in page.start.asked.text()


def test_the_mouse_does_the_same(
    qtbot: QtBot, page: PracticePage, sheet: QuestionsSheet, content: str
) -> None:
    first, second, *rest = ASKABLE
    sheet.rows[second].up.click()
    sheet.rows[rest[-1]].absent.click()
    sheet.rows[first].asked.click()
    sheet.in_order.click()
    sheet.save_button.click()
    kept = page.desk.services.sets.read(content)
    assert kept == QuestionSet(
        content, (second, *rest[:-1]), (rest[-1],), order=QuestionOrder.WEAK_FIRST
    )


def test_an_absent_plane_is_not_asked_and_an_asked_one_not_absent(sheet: QuestionsSheet) -> None:
    row = sheet.rows["femur"]
    row.absent.click()
    assert (row.asked.isChecked(), row.absent.isChecked()) == (False, True)
    row.asked.click()
    assert (row.asked.isChecked(), row.absent.isChecked()) == (True, False)


def test_nothing_asked_cannot_be_saved(
    qtbot: QtBot, page: PracticePage, sheet: QuestionsSheet
) -> None:
    for row in sheet.rows.values():
        row.asked.click()
    assert not sheet.save_button.isEnabled()
    assert not sheet.export_button.isEnabled()
    press(qtbot, sheet, Qt.Key.Key_Return)
    assert sheet.isVisible()
    assert "asks no plane" in sheet.said.text()
    assert page.desk.asked is None


def test_a_set_goes_to_a_file_and_comes_back(
    page: PracticePage, sheet: QuestionsSheet, files: Files, content: str
) -> None:
    sheet.rows["femur"].absent.click()
    sheet.export_button.click()
    written = read_set(files.path, content)
    assert written.absent == ("femur",)
    assert str(files.path) in told(sheet)
    assert page.desk.asked is None  # it is not saved yet
    write_set(
        files.path, QuestionSet(content, ("4ch", "lips"), ("rvot",), QuestionOrder.WEAK_FIRST)
    )
    sheet.use_button.click()
    assert shown(sheet)[:2] == ["4ch", "lips"]
    assert not sheet.in_order.isChecked()
    assert files.asked == [QUESTIONS_OUT, QUESTIONS_IN]
    assert page.desk.asked is None
    sheet.save_button.click()
    assert page.desk.asked == read_set(files.path, content)


@pytest.mark.parametrize("text", ["{", '{"version": 1, "recording": "%s", "planes": ["lips"]}'])
def test_a_bad_file_is_said_in_one_line_and_changes_nothing(
    sheet: QuestionsSheet, files: Files, text: str
) -> None:
    before = shown(sheet)
    files.path.write_text(text.replace("%s", "f" * 32))
    sheet.use_button.click()
    assert str(files.path) in told(sheet)
    assert "\n" not in sheet.said.text()
    assert shown(sheet) == before


def test_everything_is_asked_again(
    qtbot: QtBot, page: PracticePage, look: Look, files: Files, content: str
) -> None:
    page.desk.keep_questions(QuestionSet(content, ("4ch",)))
    assert not page.start.asked.isHidden()
    QuestionsSheet(page, look, page.desk, files).all_button.click()
    assert page.desk.asked is None
    assert page.start.asked.isHidden()


def test_what_cannot_be_kept_is_said_and_the_sheet_stays(
    page: PracticePage, sheet: QuestionsSheet, content: str
) -> None:
    folder = page.desk.services.sets.path_of(content).parent
    folder.write_text("in the way")
    sheet.save_button.click()
    assert sheet.isVisible()
    assert "cannot write" in sheet.said.text()


def test_the_window_opens_the_sheet_with_its_key_and_leaves_it(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.activateWindow()
    window.actions_set[Act.PAGE_PRACTICE].trigger()
    page = window.other(Page.PRACTICE)
    assert isinstance(page, PracticePage)
    page.open(str(DEMO))
    qtbot.waitUntil(page.start.choose.isEnabled)
    qtbot.waitUntil(page.start.hasFocus)
    qtbot.keyClick(page.start, Qt.Key.Key_Q, Qt.KeyboardModifier.ShiftModifier)
    assert isinstance(window.questions.sheet, QuestionsSheet)
    qtbot.keyClick(window.questions.sheet, Qt.Key.Key_Escape)
    assert window.questions.sheet is None
    qtbot.waitUntil(page.start.hasFocus)
