"""What the menus, the key sheet and the notices say of Review and of an exam that has ended."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PyQt6.QtWidgets import QComboBox, QFileDialog
from pytestqt.qtbot import QtBot

from sonoassist.core.settings import Settings
from sonoassist.exam.checklist import ItemState, Line
from sonoassist.exam.exam_view import ExamView
from sonoassist.exam.records import Item
from sonoassist.gui.actions import ACTIONS, BY_ACT
from sonoassist.gui.acts import Act, Group, Place
from sonoassist.gui.exam_desk import ExamDesk
from sonoassist.gui.file_dialogs import CORRECTIONS, OPEN_FILE, ask_path
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.live.status import Notices


def test_the_display_menu_turns_on_review_what_the_keys_turn_there(
    window: MainWindow, settings: Settings
) -> None:
    menus = window.menus

    def rows() -> dict[str, bool]:
        menus.fill_display()
        return {one.text().partition("\t")[0]: one.isEnabled() for one in menus.display.actions()}

    on_page = {BY_ACT[row.act].text for row in ACTIONS if row.setting and row.is_on(Place.REVIEW)}
    assert on_page == {"Box", "Heat map of the evidence", "Guided heat map"}
    window.show_page(Page.REVIEW)
    found = rows()
    assert {text for text in on_page if found[text]} == on_page
    assert not found["Outline of the crop"]
    heat = next(one for one in menus.display.actions() if one.text().startswith("Heat map"))
    assert heat.text().endswith("\tH")
    assert heat.shortcut().isEmpty()  # the page has the key
    heat.trigger()
    assert settings.show_heat
    window.show_page(Page.PRACTICE)
    assert not any(rows()[text] for text in on_page)
    window.show_page(Page.LIVE)
    assert all(rows()[text] for text in on_page)


@pytest.mark.parametrize(
    ("place", "own", "others"),
    [
        (Place.REVIEW, Group.REVIEW, {Group.PRACTICE, Group.CROP}),
        (Place.PRACTICE, Group.PRACTICE, {Group.REVIEW, Group.CROP}),
    ],
)
def test_what_a_page_does_itself_stands_under_its_own_name(
    place: Place, own: Group, others: set[Group]
) -> None:
    groups = {row.act: row.group_on(place) for row in ACTIONS if row.is_on(place)}
    assert groups[Act.CAPTURE] is groups[Act.TAKE_BACK] is own
    assert not others & set(groups.values())
    assert groups[Act.EXAM] is Group.EXAM
    assert all(row.group_on(Place.LIVE) is row.group for row in ACTIONS)


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_folder_has_no_types_to_choose_among(qtbot: QtBot, window: MainWindow) -> None:
    for purpose, offered in ((CORRECTIONS, False), (OPEN_FILE, True)):
        dialog = ask_path(window, window.look, window.controller, purpose, lambda _path: None)
        assert isinstance(dialog, QFileDialog)
        combo = dialog.findChild(QComboBox, "fileTypeCombo")
        assert combo is not None
        assert combo.isVisibleTo(dialog) is offered
        dialog.reject()


class Life:
    """Stands for the life of exams, which moves on threads of its own."""

    def __init__(self) -> None:
        self.running: object = None
        self.busy = False
        self.tell = lambda: None

    def listen(self, listener: object) -> None:
        self.tell = listener  # type: ignore[assignment]


def view(exam_id: str, state: ItemState) -> ExamView:
    """A checklist of one item."""
    line = Line(Item("femur", "Femur", "femur"), state, None, 1, 0, False, "", None)
    return ExamView(exam_id, 0.0, (line,))


@pytest.mark.parametrize("next_began", [False, True])
def test_an_exam_that_its_source_ends_is_told_with_its_last_picture(
    qtbot: QtBot, next_began: bool
) -> None:
    life, notices = Life(), Notices()
    desk = ExamDesk(life, notices, Settings(), lambda: 0.7)  # type: ignore[arg-type]
    told: list[object] = []
    desk.changed.connect(lambda: told.append(None))

    def running(number: int) -> SimpleNamespace:
        exam = SimpleNamespace(exam_id=f"exam {number}")
        return SimpleNamespace(exam=exam, steps=None, view=view(exam.exam_id, ItemState.MISSING))

    def happens() -> list[str]:
        seen = len(told)
        life.tell()
        qtbot.waitUntil(lambda: len(told) > seen)
        return [one.title for one in notices.take()]

    life.running = first = running(1)
    assert happens() == []
    life.running, life.busy = None, True
    assert happens() == []  # its last picture may still come
    first.view = view("exam 1", ItemState.KEPT)
    life.running, life.busy = (running(2), False) if next_began else (None, False)
    assert happens() == ["Exam ended: 1 kept, 0 not reviewed, none missing, of 1"]
    assert happens() == []
