"""The page at the end of an exam, by its actions: a fake session, a real record on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from gui_fakes import FakeSession
from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot
from test_exam_window import begin, trigger, wait_state, wait_tick

from exam.exam_made import picture, shot, start
from sonoassist.exam.checklist import ItemState
from sonoassist.exam.records import Item, Judgement
from sonoassist.exam.store import ExamStore
from sonoassist.gui.acts import Act
from sonoassist.gui.exam_end import ExamEndSheet
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.report_sheet import ReportSheet

ITEMS = tuple(Item(key, key.upper(), key) for key in ("femur", "lips", "4ch", "lvot"))


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


@pytest.fixture
def size_px() -> tuple[int, int]:
    return 1024, 768


def made(store: ExamStore, *captures: tuple[str, Judgement], ended: bool = True) -> str:
    with store.create(start(items=ITEMS)) as exam:
        for item, judgement in captures:
            exam.add_capture(shot(item), picture(), judgement=judgement)
        if ended:
            exam.end(60.0)
        return exam.exam_id


def opened(qtbot: QtBot, window: MainWindow) -> ExamEndSheet:
    trigger(window, Act.EXAM_END)
    sheet = window.questions.sheet
    assert isinstance(sheet, ExamEndSheet)
    qtbot.waitUntil(lambda: sheet.desk.end is not None)
    return sheet


def press(sheet: ExamEndSheet, act: Act) -> None:
    """What the key of an action does; that the key is the table's is tested with the table."""
    assert act in sheet.keys.acts
    sheet.keys._actions[act].trigger()


def counts(sheet: ExamEndSheet) -> list[str]:
    return [number.text() for number, _ in sheet._counts]


def said(sheet: ExamEndSheet) -> str:
    return "\n".join(one.text() for one in sheet.findChildren(QLabel) if not one.isHidden())


OPEN, KEPT = Judgement.OPEN, Judgement.KEPT


def test_one_key_keeps_one_rejects_one_takes_it_back(
    qtbot: QtBot, window: MainWindow, store: ExamStore
) -> None:
    exam_id = made(store, ("femur", KEPT), ("lips", OPEN), ("4ch", OPEN))
    sheet = opened(qtbot, window)
    assert counts(sheet) == ["1", "2", "1"]
    assert "kept by a person" in said(sheet)
    assert "not reviewed" in said(sheet)
    assert sheet.missing.text() == "LVOT"
    assert (sheet.name.text(), sheet.place.text()) == ("LIPS", "1 of 2")
    press(sheet, Act.ITEM_DOWN)
    assert (sheet.name.text(), sheet.place.text()) == ("4CH", "2 of 2")
    press(sheet, Act.ITEM_UP)
    press(sheet, Act.KEEP)
    assert sheet.name.text() == "4CH"
    press(sheet, Act.REJECT)
    assert counts(sheet) == ["2", "0", "2"]
    assert sheet.still.empty == "Everything that was found has been reviewed"
    press(sheet, Act.UNDO)
    qtbot.waitUntil(lambda: counts(sheet) == ["2", "1", "1"])
    assert sheet.name.text() == "4CH"
    assert counts(sheet) == ["2", "1", "1"]
    qtbot.waitUntil(lambda: sheet.desk.saved)
    with store.open(exam_id) as exam:
        judged = {one.shot.item: one.judgement for one in exam.captures()}
    assert judged == {"femur": KEPT, "lips": KEPT, "4ch": OPEN}
    assert not sheet.grab().isNull()


def test_the_key_that_ends_an_exam_shows_its_end_and_begins_the_next(
    qtbot: QtBot, window: MainWindow, session: FakeSession
) -> None:
    begin(qtbot, window, session)
    desk = window.controller.desk
    trigger(window, Act.CAPTURE)
    wait_state(qtbot, desk, "femur", ItemState.KEPT)
    first = desk.exam_id
    trigger(window, Act.EXAM)
    wait_tick(qtbot, window, lambda: isinstance(window.questions.sheet, ExamEndSheet))
    sheet = window.questions.sheet
    assert isinstance(sheet, ExamEndSheet)
    assert sheet.desk.exam_id == first
    wait_tick(qtbot, window, lambda: sheet.desk.end is not None)
    assert counts(sheet)[:2] == ["1", "0"]
    trigger(window, Act.EXAM)
    wait_tick(qtbot, window, lambda: desk.view is not None)
    assert window.questions.sheet is None
    assert desk.exam_id != first


def test_an_exam_that_its_source_ends_says_what_it_has(
    qtbot: QtBot, window: MainWindow, session: FakeSession
) -> None:
    begin(qtbot, window, session)
    desk = window.controller.desk
    window.controller.close_source()
    wait_tick(qtbot, window, lambda: desk.view is None and not window.controller.jobs.busy)
    wait_tick(qtbot, window, lambda: any("Exam ended" in one for one in texts(window)))
    assert window.questions.sheet is None
    assert any("0 kept, 0 not reviewed, 13 missing, of 13" in one for one in texts(window))


def texts(window: MainWindow) -> list[str]:
    return [label.text() for label in window.toasts.findChildren(QLabel)] + [
        label.text() for label in window.findChildren(QLabel)
    ]


def test_nothing_captured_everything_kept_and_cut_off(
    qtbot: QtBot, window: MainWindow, store: ExamStore
) -> None:
    made(store)
    sheet = opened(qtbot, window)
    assert sheet.still.empty == "Nothing was captured"
    assert counts(sheet) == ["0", "0", "4"]
    assert sheet.keep.isHidden()
    trigger(window, Act.LEAVE)
    made(store, *((item.key, KEPT) for item in ITEMS))
    sheet = opened(qtbot, window)
    assert sheet.missing.text() == "Nothing is missing"
    assert counts(sheet) == ["4", "0", "0"]
    trigger(window, Act.LEAVE)
    made(store, ("femur", OPEN), ended=False)
    sheet = opened(qtbot, window)
    assert "The program was stopped" in sheet.state.text()
    assert sheet.name.text() == "FEMUR"


def test_the_report_comes_back_to_the_end(
    qtbot: QtBot, window: MainWindow, store: ExamStore
) -> None:
    exam_id = made(store, ("femur", OPEN))
    sheet = opened(qtbot, window)
    trigger(window, Act.REPORT)
    report = window.questions.sheet
    assert isinstance(report, ReportSheet)
    assert exam_id in report.findChildren(QLabel)[0].text()
    trigger(window, Act.LEAVE)
    again = window.questions.sheet
    assert isinstance(again, ExamEndSheet)
    assert again is not sheet
    assert again.desk.exam_id == exam_id
    qtbot.waitUntil(lambda: again.desk.end is not None)


def test_what_cannot_be_written_is_said_and_not_shown_as_done(
    qtbot: QtBot, window: MainWindow, store: ExamStore
) -> None:
    exam_id = made(store, ("femur", OPEN))
    sheet = opened(qtbot, window)
    with store.open(exam_id, write=True):
        press(sheet, Act.KEEP)
        qtbot.waitUntil(lambda: "in use" in sheet.trouble.text())
        qtbot.waitUntil(lambda: counts(sheet) == ["0", "1", "3"])
    press(sheet, Act.KEEP)
    qtbot.waitUntil(lambda: sheet.desk.saved)
    assert (sheet.trouble.text(), counts(sheet)) == ("", ["1", "0", "3"])


def test_the_newest_exam_is_shown_and_none_where_there_is_none(
    qtbot: QtBot, window: MainWindow, store: ExamStore
) -> None:
    trigger(window, Act.EXAM_END)
    assert window.questions.sheet is None
    made(store)
    newest = made(store)
    assert opened(qtbot, window).desk.exam_id == newest


CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def typed(
    qtbot: QtBot,
    window: MainWindow,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """A key pressed where the focus is."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.waitUntil(lambda: window.focusWidget() is not None)
    qtbot.keyClick(window.focusWidget(), key, modifier)


def reread(store: ExamStore, exam_id: str) -> dict[str, Judgement]:
    with store.open(exam_id) as exam:
        return {one.shot.item: one.judgement for one in exam.captures()}


def test_real_keys_go_through_one_history(
    qtbot: QtBot, window: MainWindow, store: ExamStore
) -> None:
    exam_id = made(store, ("femur", OPEN), ("lips", OPEN), ("4ch", OPEN))
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    typed(qtbot, window, Qt.Key.Key_X, CTRL | SHIFT)
    sheet = window.questions.sheet
    assert isinstance(sheet, ExamEndSheet)
    qtbot.waitUntil(lambda: sheet.desk.end is not None)
    typed(qtbot, window, Qt.Key.Key_Down)
    assert sheet.name.text() == "LIPS"
    typed(qtbot, window, Qt.Key.Key_Up)
    assert sheet.name.text() == "FEMUR"
    typed(qtbot, window, Qt.Key.Key_Return)  # judges nothing by mistake
    assert counts(sheet) == ["0", "3", "1"]
    typed(qtbot, window, Qt.Key.Key_K)
    typed(qtbot, window, Qt.Key.Key_X)
    assert counts(sheet) == ["1", "1", "2"]
    assert "LIPS\n   1 picture rejected" in sheet.missing.text()
    qtbot.waitUntil(lambda: sheet.desk.saved)
    typed(qtbot, window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: counts(sheet) == ["1", "2", "1"])
    assert (sheet.name.text(), sheet.told.text()) == ("LIPS", "Undone: LIPS rejected")
    typed(qtbot, window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: counts(sheet) == ["0", "3", "1"])
    assert sheet.told.text() == "Undone: FEMUR kept"
    typed(qtbot, window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: sheet.told.text() == "There is nothing to undo")
    typed(qtbot, window, Qt.Key.Key_Z, CTRL | SHIFT)
    qtbot.waitUntil(lambda: counts(sheet) == ["1", "2", "1"])
    typed(qtbot, window, Qt.Key.Key_Y, CTRL)
    qtbot.waitUntil(lambda: counts(sheet) == ["1", "1", "2"])
    assert sheet.told.text() == "Done again: LIPS rejected"
    assert sheet.again.isHidden()
    assert reread(store, exam_id) == {"femur": KEPT, "lips": Judgement.REJECTED, "4ch": OPEN}
    typed(qtbot, window, Qt.Key.Key_P, CTRL)
    assert isinstance(window.questions.sheet, ReportSheet)
    typed(qtbot, window, Qt.Key.Key_Escape)
    again = window.questions.sheet
    assert isinstance(again, ExamEndSheet)
    qtbot.waitUntil(lambda: again.desk.end is not None)
    typed(qtbot, window, Qt.Key.Key_Z, CTRL)  # the history is the exam's, not the page's
    qtbot.waitUntil(lambda: counts(again) == ["1", "2", "1"])
    typed(qtbot, window, Qt.Key.Key_Escape)
    assert window.questions.sheet is None


def test_what_was_done_while_it_ran_is_undone_after_its_end(
    qtbot: QtBot, window: MainWindow, session: FakeSession, store: ExamStore
) -> None:
    begin(qtbot, window, session)
    desk = window.controller.desk
    trigger(window, Act.CAPTURE)
    wait_state(qtbot, desk, "femur", ItemState.KEPT)
    desk.select("femur")
    trigger(window, Act.REJECT)
    wait_state(qtbot, desk, "femur", ItemState.REJECTED)
    first = desk.exam_id
    typed(qtbot, window, Qt.Key.Key_B, CTRL)
    wait_tick(qtbot, window, lambda: isinstance(window.questions.sheet, ExamEndSheet))
    sheet = window.questions.sheet
    assert isinstance(sheet, ExamEndSheet)
    wait_tick(qtbot, window, lambda: sheet.desk.end is not None)
    assert counts(sheet)[0] == "0"
    typed(qtbot, window, Qt.Key.Key_Z, CTRL)
    wait_tick(qtbot, window, lambda: counts(sheet)[0] == "1")
    assert sheet.told.text() == "Undone: Femur rejected"
    assert reread(store, first) == {"femur": KEPT}
    typed(qtbot, window, Qt.Key.Key_B, CTRL)
    wait_tick(qtbot, window, lambda: desk.view is not None)
    assert window.questions.sheet is None
    assert desk.exam_id != first


@pytest.mark.parametrize("wide_high_px", [(960, 540), (1024, 768), (1920, 1080)])
def test_the_buttons_are_whole(
    qtbot: QtBot, window: MainWindow, store: ExamStore, wide_high_px: tuple[int, int]
) -> None:
    window.resize(*wide_high_px)
    items = tuple(Item(f"{key}{n}", f"{key} {n}") for key in ("Abdomen", "Spine") for n in range(9))
    with store.create(start(items=items)) as exam:
        for item in items[:3]:
            exam.add_capture(shot(item.key), picture(), judgement=OPEN)
        exam.end(60.0)
    sheet = opened(qtbot, window)
    press(sheet, Act.KEEP)
    press(sheet, Act.REJECT)
    qtbot.waitUntil(lambda: sheet.desk.saved)
    press(sheet, Act.UNDO)
    qtbot.waitUntil(lambda: not sheet.again.isHidden())
    buttons = [one for one in sheet.findChildren(QPushButton) if not one.isHidden()]
    assert {sheet.keep, sheet.reject, sheet.back, sheet.again, sheet.report} <= set(buttons)
    qtbot.waitUntil(lambda: sheet.keep.visibleRegion().boundingRect() == sheet.keep.rect())
    card = QRect(sheet.card.mapToGlobal(QPoint()), sheet.card.size())
    for button in buttons:
        assert button.visibleRegion().boundingRect() == button.rect(), button.text()
        assert button.width() >= button.minimumSizeHint().width(), button.text()
        assert card.contains(QRect(button.mapToGlobal(QPoint()), button.size())), button.text()
    assert sheet.still.height() >= sheet.still.least_px
