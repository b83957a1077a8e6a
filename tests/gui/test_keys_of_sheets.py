"""The keys that sheets listen to and name are those of the table, whatever the user changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gui_fakes import make_frame, make_view
from PyQt6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot
from test_crop_sheet import found_on

from exam.exam_made import picture, shot, start
from preprocess.test_screen_layout import screen_of
from sonoassist.exam.store import ExamStore
from sonoassist.exam.undo import Steps
from sonoassist.gui.actions import ACTIONS
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.crop_sheet import CropSheet
from sonoassist.gui.exam_end import ExamEndDesk, ExamEndSheet
from sonoassist.gui.keymap import Keymap
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.report_sheet import ReportSheet
from sonoassist.gui.sheets import Sheet
from sonoassist.live.status import View

_KEY = re.compile(r"Ctrl\+Alt\+F\d+")
SILENT = {
    Place.CROP: {Act.BACK_MORE, Act.FORWARD_MORE, Act.FINE_RIGHT, Act.FINE_UP, Act.FINE_DOWN},
    Place.REPORT: set[Act](),
    Place.EXAM_END: {Act.ITEM_UP, Act.ITEM_DOWN},
}
"""Named on the sheet of all keys only; there is another of their kind on the sheet."""


def with_keys(acts: set[Act]) -> Keymap:
    """Every action of some has a key that nothing has by itself; the others have none."""
    named = {act: (f"Ctrl+Alt+F{number}",) for number, act in enumerate(sorted(acts, key=str), 1)}
    return Keymap({row.act: named.get(row.act, ()) for row in ACTIONS})


def words(sheet: QWidget) -> str:
    texts = [label.text() for label in sheet.findChildren(QLabel)]
    return " ".join([*texts, *(button.text() for button in sheet.findChildren(QAbstractButton))])


@pytest.fixture(params=SILENT, ids=lambda place: place.name.lower())
def place(request: pytest.FixtureRequest) -> Place:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


@pytest.fixture
def sheet(qtbot: QtBot, window: MainWindow, store: ExamStore, place: Place) -> Sheet:
    """With keys that are all other than by default."""
    acts = {row.act for row in ACTIONS if place in row.on} | {Act.REPORT, Act.EXAM}
    window.look.keys = with_keys(acts)
    controller = window.controller
    if place is Place.CROP:
        view = View(make_frame(pixels=screen_of(1, "")[0]), None)
        return CropSheet(
            window,
            window.look,
            controller.screens,
            found_on(1),
            lambda: make_view(),
            view,
            lambda _name: None,
        )
    with store.create(start()) as exam:
        exam.add_capture(shot("femur"), picture(1, 64, 48))
    if place is Place.REPORT:
        return ReportSheet(window, window.look, controller, exam.exam_id)
    desk = ExamEndDesk(store, exam.exam_id, controller.jobs, Steps())
    qtbot.waitUntil(lambda: desk.end is not None)
    return ExamEndSheet(window, window.look, desk, live=True)


def test_a_sheet_offers_exactly_the_rows_of_the_table(sheet: Sheet, place: Place) -> None:
    assert sheet.keys.acts == {row.act for row in ACTIONS if place in row.on}  # type: ignore[attr-defined]


def test_a_sheet_names_the_keys_that_work_on_it_and_no_others(sheet: Sheet, place: Place) -> None:
    keys, acts = sheet._look.keys, sheet.keys.acts  # type: ignore[attr-defined]
    named = set(_KEY.findall(words(sheet)))
    assert {keys.text(act) for act in acts - SILENT[place]} <= named
    of_window = {Act.REPORT, Act.EXAM}  # they work on every sheet
    assert named <= {keys.text(act) for act in acts | of_window}
