"""Lists take the room that they need, their words are aligned, and nothing under them moves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gui_fakes import FakeSession, make_view
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from exam.exam_made import start
from sonoassist.core.jobs import JobResult, Work
from sonoassist.exam.in_force import InForce, Moment
from sonoassist.exam.store import ExamStore
from sonoassist.gui.actions import BY_ACT
from sonoassist.gui.acts import Act
from sonoassist.gui.exams_sheet import ExamsSheet
from sonoassist.gui.jobs_sheet import JobsSheet
from sonoassist.gui.keymap import Keymap
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.scrolling import ListArea
from sonoassist.gui.theme import DARK, LIGHT, Look, Palette, contrast, stylesheet

LEAST_CONTRAST = 3.0
"""WCAG 2, level AA, for pictures on what can be pressed."""


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


@pytest.mark.qt_log_ignore("This plugin does not support")  # of a window that grows
def test_a_list_is_as_high_as_its_rows_up_to_a_limit(qtbot: QtBot) -> None:
    inside = QWidget()
    column = QVBoxLayout(inside)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    area, outer = ListArea(inside, 100), QWidget()
    QVBoxLayout(outer).addWidget(area)
    qtbot.addWidget(outer)
    outer.show()
    assert area.minimumSizeHint().height() == 0
    for rows, high in ((1, 30), (3, 90), (4, 100), (9, 100)):
        while column.count() < rows:
            row = QLabel("row")
            row.setFixedHeight(30)
            column.addWidget(row)
        qtbot.waitUntil(lambda high=high: area.minimumSizeHint().height() == high)  # type: ignore[misc]
        assert area.sizeHint() == area.minimumSizeHint()


def rows_shown(sheet: ExamsSheet) -> bool:
    """Whether the rows are there, and the card as high as they need."""
    return bool(sheet.buttons) and sheet.card.height() == sheet._high_px(sheet.card.width())


def test_sheets_of_lists_have_no_empty_room(
    qtbot: QtBot, window: MainWindow, store: ExamStore
) -> None:
    window.actions_set[Act.JOBS].trigger()
    sheet = window.questions.sheet
    assert isinstance(sheet, JobsSheet)
    empty = sheet.card.height()
    assert empty < window.height() / 4
    said = "These are so many words that a narrow list has no room for them in a line or two. " * 2
    job = window.controller.long_jobs.start(Work("A job", lambda _meter: JobResult(said)))
    qtbot.waitUntil(lambda: job.state.over and sheet.card.height() > empty)
    (row,) = sheet.rows.values()
    qtbot.waitUntil(lambda: row.height() == row.heightForWidth(row.width()))
    area = sheet.card.findChild(ListArea)
    assert area is not None
    qtbot.waitUntil(lambda: area.height() == row.height())
    window.questions.close()
    heights = []
    for _ in range(2):
        with store.create(start()) as exam:
            exam.end(1.0)
        window.actions_set[Act.EXAMS].trigger()
        exams = window.questions.sheet
        assert isinstance(exams, ExamsSheet)
        qtbot.waitUntil(lambda: rows_shown(exams))  # noqa: B023  (it is waited for here)
        heights.append(exams.card.height())
        window.questions.close()
    assert heights[0] < heights[1] < window.height() / 2


def test_the_list_of_exams_names_all_sources(
    qtbot: QtBot, window: MainWindow, store: ExamStore
) -> None:
    with store.create(start()) as exam:
        for at_s, name, synthetic in ((0.0, "a", True), (5.0, "b", False)):
            held = InForce(0.5, source=name, source_label=f"{name}.mp4", synthetic=synthetic)
            exam.add_moment(Moment(at_s, held))
        exam.end(9.0)
    window.actions_set[Act.EXAMS].trigger()
    sheet = window.questions.sheet
    assert isinstance(sheet, ExamsSheet)
    qtbot.waitUntil(lambda: rows_shown(sheet))
    named = [label.text() for label in sheet.card.findChildren(QLabel)]
    assert "S-17 · a.mp4 (synthetic), then b.mp4 (real)" in named


def test_menus_write_keys_as_buttons_do(window: MainWindow) -> None:
    def shown(act: Act) -> str:
        action = window.actions_set[act]
        text, _, key = action.text().partition("\t")
        assert text == BY_ACT[act].text
        return key or action.shortcut().toString()

    for keymap in (Keymap(), Keymap.made({"capture": ["F6"], "slower": [], "open_file": ["Left"]})):
        window.actions_set.set_keys(keymap)
        for act in (Act.CAPTURE, Act.SLOWER, Act.MARK_BACK, Act.OPEN_FILE, Act.BACK_MORE):
            assert shown(act) == keymap.text(act)


@pytest.mark.parametrize("size_px", [(1024, 768), (1920, 1080)])
def test_what_the_keys_are_for_moves_nothing(
    qtbot: QtBot, window: MainWindow, session: FakeSession
) -> None:
    bar, heights = window.live.exam_bar, []

    def note() -> None:
        window.live.layout().activate()  # type: ignore[union-attr]
        heights.append(bar.sizeHint().height())

    session.show(make_view())
    window.display.refresh()
    qtbot.waitUntil(lambda: window.controller.desk.view is not None)
    note()
    window.actions_set[Act.ITEM_DOWN].trigger()
    assert window.controller.desk.picked
    note()
    window.actions_set[Act.EXAM].trigger()
    qtbot.waitUntil(lambda: window.controller.desk.view is None)
    note()
    assert len(set(heights)) == 1


def test_before_an_exam_the_report_says_where_the_earlier_ones_are(
    window: MainWindow, session: FakeSession, store: ExamStore
) -> None:
    def said() -> str:
        session.notices.take()
        window.actions_set[Act.REPORT].trigger()
        return " | ".join(f"{one.title}. {one.hint}" for one in session.notices.take())

    assert "No exam was kept yet" in said()
    with store.create(start()) as exam:
        exam.end(1.0)
    assert (
        said()
        == f"No exam since the start. {window.look.keys.text(Act.EXAMS)} lists the earlier ones"
    )


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_pictures_of_the_style_can_be_seen(palette: Palette) -> None:
    sheet = stylesheet(Look(palette))
    grounds = {"tick": palette.accent, "arrow": palette.raised}
    found = re.findall(r'image: url\("([^"]*)"\)', sheet)
    assert len(found) == len(grounds)
    for path in map(Path, found):
        (stroke,) = re.findall(r'stroke="(#[0-9a-f]{6})"', path.read_text(encoding="utf-8"))
        ground = grounds[path.name.partition("-")[0]]
        assert contrast(QColor(stroke), QColor(ground)) >= LEAST_CONTRAST, path.name
