"""All trainees side by side, in the window."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from practice.practice_made import attempt
from sonoassist.gui.acts import Act
from sonoassist.gui.fonts import family
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.practice.services import PracticeServices, Stage
from sonoassist.gui.practice.trainee_columns import TRAINEE_COLUMNS, sorted_rows, trend_text
from sonoassist.gui.practice.trainee_table import TraineeTable, _Rows
from sonoassist.gui.practice.trainees_panel import TraineesPanel
from sonoassist.gui.theme import LIGHT, Look
from sonoassist.practice.answers import Word
from sonoassist.practice.history import PracticeHistory
from sonoassist.practice.overview import COLUMNS, PLANE_KEYS, TraineeRow, csv_text, overview
from sonoassist.practice.scores import QuestionOutcome

DAY = datetime(2026, 11, 1, tzinfo=timezone.utc)


def history_of(path: Path) -> PracticeHistory:
    """Bo found the femur once; Ada got better, and missed the lips; both after Cy."""
    days = iter(range(100))
    history = PracticeHistory(path, lambda: DAY + timedelta(days=next(days)))
    kept = (("Cy", "4ch", (70,)), ("bo", "femur", (90,)), ("Ada", "femur", (20, 40, 60, 80)))
    for name, plane, points in kept:
        for value in points:
            number = history.begin(name, "e", Word.TRUTH, class_mode=False, asked=2, seed=0)
            history.add(number, 0, attempt(plane, value))
            if name == "Ada":
                history.add(number, 1, attempt("lips", 0, QuestionOutcome.MISSED))
    return history


@pytest.fixture
def empty(qtbot: QtBot, look: Look, tmp_path: Path) -> Iterator[PracticePage]:
    """A page without an exam and without a history."""

    def no_analyser(_synthetic: bool, _tell: object) -> None:
        raise AssertionError

    services = PracticeServices(no_analyser, PracticeHistory(tmp_path / "h.sqlite"))  # type: ignore[arg-type]
    page = PracticePage(services, look)
    qtbot.addWidget(page)
    page.setMinimumSize(960, 600)  # as in the window, which does not follow its contents
    page.resize(1000, 700)
    page.show()
    page.enter()
    yield page
    page.stop()


@pytest.fixture
def page(empty: PracticePage, tmp_path: Path) -> PracticePage:
    """A page without an exam, and three trainees."""
    history_of(tmp_path / "h.sqlite")
    return empty


def press(qtbot: QtBot, page: PracticePage, key: Qt.Key, *, shift: bool = False) -> None:
    panel = page.currentWidget()
    assert panel is not None
    panel.activateWindow()
    panel.setFocus()
    qtbot.waitUntil(panel.hasFocus)
    held = Qt.KeyboardModifier
    qtbot.keyClick(panel, key, held.ShiftModifier if shift else held.NoModifier)


def shown(table: TraineeTable) -> list[list[str]]:
    """The cells as they are shown."""
    model = table.cells
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def names(table: TraineeTable) -> list[str]:
    return [row[0] for row in shown(table)]


def click_head(qtbot: QtBot, view: _Rows, column: int) -> None:
    view.scrollTo(view.model().index(0, column))  # type: ignore[union-attr]
    at = QPoint(view.head.sectionViewportPosition(column) + 8, view.head.height() // 2)
    qtbot.mouseClick(view.head.viewport(), Qt.MouseButton.LeftButton, pos=at)


@pytest.fixture
def panel(qtbot: QtBot, page: PracticePage) -> TraineesPanel:
    press(qtbot, page, Qt.Key.Key_Y, shift=True)
    assert page.desk.stage is Stage.TRAINEES
    return page.trainees


def test_the_columns_are_those_of_the_file() -> None:
    planes = [one.plane for one in TRAINEE_COLUMNS if one.plane]
    assert planes == list(PLANE_KEYS)
    assert [
        f"score_{one.plane}" if one.plane else one.title.casefold() for one in TRAINEE_COLUMNS
    ] == list(COLUMNS)


def test_a_row_a_trainee(panel: TraineesPanel) -> None:
    table = panel.table
    assert names(table) == ["Ada", "bo", "Cy"]  # who practised last stands first
    ada = dict(zip(COLUMNS, shown(table)[0], strict=True))
    assert (ada["exercises"], ada["questions"], ada["found"]) == ("4", "8", "4")
    assert (ada["score"], ada["trend"]) == ("25", "+20")
    assert (ada["score_femur"], ada["score_lips"], ada["score_4ch"]) == ("50", "0", "–")
    assert "3 trainees" in panel.count.text()
    assert panel.empty.isHidden()


def test_a_click_on_a_head_sorts_and_another_one_turns_it_round(
    qtbot: QtBot, panel: TraineesPanel
) -> None:
    table = panel.table
    click_head(qtbot, table, COLUMNS.index("score"))
    assert names(table) == ["Ada", "Cy", "bo"]
    click_head(qtbot, table, COLUMNS.index("score"))
    assert names(table) == ["bo", "Cy", "Ada"]
    click_head(qtbot, table, COLUMNS.index("score_femur"))
    assert names(table) == ["Ada", "bo", "Cy"]  # Cy was never asked for it
    click_head(qtbot, table, COLUMNS.index("score_femur"))
    assert names(table) == ["bo", "Ada", "Cy"]


def test_the_row_that_is_chosen_stays_chosen(qtbot: QtBot, panel: TraineesPanel) -> None:
    table = panel.table
    qtbot.waitUntil(lambda: table.hasFocus() and table.currentIndex().isValid())
    click_head(qtbot, table, COLUMNS.index("last"))
    assert table.chosen == ""  # nobody has chosen one
    click_head(qtbot, table, COLUMNS.index("last"))
    table.setCurrentIndex(table.cells.index(2, 3))
    assert table.chosen == "Cy"
    table.sort_by(COLUMNS.index("score"), falling=True)
    assert names(table).index("Cy") == 1
    assert table.chosen == "Cy"
    selected = table.selectionModel()
    assert selected is not None
    assert {one.row() for one in selected.selectedIndexes()} == {1}
    panel.refresh()
    assert table.chosen == "Cy"
    table.show_rows(table.rows[:1])
    assert table.chosen == ""


def test_the_names_stay_and_sort_while_the_rest_is_scrolled(
    qtbot: QtBot, panel: TraineesPanel
) -> None:
    table = panel.table
    across = table.horizontalScrollBar()
    assert across is not None
    assert across.maximum() > 0  # it does not fit
    across.setValue(across.maximum())
    last = len(COLUMNS) - 1
    right = table.head.sectionViewportPosition(last) + table.columnWidth(last)
    viewport = table.viewport()
    assert viewport is not None
    assert right <= viewport.width()
    assert table.names.isVisible()
    assert table.names.pos().x() <= table.frameWidth()
    click_head(qtbot, table.names, 0)
    assert names(table) == ["Ada", "bo", "Cy"]
    click_head(qtbot, table.names, 0)
    assert names(table) == ["Cy", "bo", "Ada"]


def test_names_and_numbers_of_many_trainees_stay_in_line(
    qtbot: QtBot, look: Look, tmp_path: Path
) -> None:
    first = overview(history_of(tmp_path / "h.sqlite"))[0]
    table = TraineeTable(look)
    qtbot.addWidget(table)
    table.resize(700, 300)
    table.show()
    table.show_rows([replace(first, trainee=f"trainee {number}") for number in range(60)])
    down = table.verticalScrollBar()
    assert down is not None
    qtbot.waitUntil(lambda: down.maximum() > 0)
    for at in (0, down.maximum() // 2, down.maximum()):
        down.setValue(at)
        for row in (0, 30, 59):
            index = table.cells.index(row, 0)
            assert table.names.visualRect(index).top() == table.visualRect(index).top()


def test_no_cell_is_cut_but_for_a_long_nickname(panel: TraineesPanel) -> None:
    table = panel.table
    for column in range(1, len(COLUMNS)):
        for row in range(3):
            hint = table.sizeHintForIndex(table.cells.index(row, column)).width()
            assert hint <= table.columnWidth(column)


def test_saved_as_the_command_saves_it(
    page: PracticePage, panel: TraineesPanel, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    asked: list[bool] = []
    panel.save_asked.connect(lambda: asked.append(True))
    panel.save.click()
    assert asked
    panel.write(out)
    assert out.read_bytes() == csv_text(overview(page.desk.services.history)).encode()
    assert panel.said.text() == "3 trainees saved in out.csv"
    panel.table.sort_by(0, falling=True)
    panel.write(out)
    rows = list(csv.reader(out.read_text(encoding="utf-8").splitlines()))
    assert [row[0] for row in rows[1:]] == names(panel.table) == ["Cy", "bo", "Ada"]
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".out")]


def test_what_cannot_be_written_is_said(panel: TraineesPanel, tmp_path: Path) -> None:
    panel.write(tmp_path / "nowhere" / "out.csv")
    assert panel.said.isHidden()
    assert "cannot write" in panel.trouble.text()
    panel.write(tmp_path / "out.csv")
    assert panel.trouble.isHidden()


def test_without_a_trainee_there_is_a_word_instead_of_a_table(
    qtbot: QtBot, empty: PracticePage
) -> None:
    press(qtbot, empty, Qt.Key.Key_Y, shift=True)
    panel = empty.trainees
    assert empty.currentWidget() is panel
    assert panel.empty.isVisible()
    assert panel.table.isHidden()
    assert not panel.save.isEnabled()
    assert "yet" in panel.empty.text()


def test_a_history_that_cannot_be_read_is_said(
    qtbot: QtBot, empty: PracticePage, tmp_path: Path
) -> None:
    (tmp_path / "h.sqlite").write_bytes(b"no database, but long enough for one" * 40)
    press(qtbot, empty, Qt.Key.Key_Y, shift=True)
    panel = empty.trainees
    assert "history" in panel.trouble.text()
    assert panel.empty.isHidden()
    assert panel.table.isHidden()
    assert not panel.save.isEnabled()


def test_it_goes_back_to_where_it_was_asked_for(qtbot: QtBot, page: PracticePage) -> None:
    assert not page.close_over()
    page.start.trainees.click()
    assert page.currentWidget() is page.trainees
    assert page.close_over()
    assert page.currentWidget() is page.start
    press(qtbot, page, Qt.Key.Key_Y)
    assert page.currentWidget() is page.progress
    press(qtbot, page, Qt.Key.Key_Y, shift=True)
    assert page.currentWidget() is page.trainees
    page.trainees._back.click()
    assert page.currentWidget() is page.progress
    page.progress.trainees.click()
    press(qtbot, page, Qt.Key.Key_Home)
    assert page.currentWidget() is page.start


def test_the_window_asks_for_the_file(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "table.csv"
    opened: list[QFileDialog] = []
    monkeypatch.setattr(QFileDialog, "open", lambda dialog: opened.append(dialog))
    window.actions_set[Act.PAGE_PRACTICE].trigger()
    page = window.other(Page.PRACTICE)
    assert isinstance(page, PracticePage)
    history = history_of(tmp_path / "h.sqlite")
    page.desk.services = replace(page.desk.services, history=history)
    page.start.trainees.click()
    page.trainees.save.click()
    (dialog,) = opened
    assert dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    assert [Path(one).name for one in dialog.selectedFiles()] == ["trainees.csv"]
    assert dialog.defaultSuffix() == "csv"
    dialog.fileSelected.emit(str(out))
    assert out.read_bytes() == csv_text(overview(history)).encode()
    dialog.reject()


def test_escape_goes_back_in_the_window(window: MainWindow) -> None:
    window.actions_set[Act.PAGE_PRACTICE].trigger()
    page = window.other(Page.PRACTICE)
    assert isinstance(page, PracticePage)
    page.start.trainees.click()
    window.actions_set[Act.LEAVE].trigger()
    assert page.currentWidget() is page.start
    assert window.page is Page.PRACTICE


def test_another_theme_reaches_the_table(panel: TraineesPanel, page: PracticePage) -> None:
    before = panel.table.columnWidth(0)
    page.set_look(Look(LIGHT, 2.0, family()))
    assert panel.table.columnWidth(0) > before
    assert panel.table.head.height() == panel.table.names.head.height()


def row(points: float | None) -> TraineeRow:
    planes = {} if points is None else {"femur": points}
    return TraineeRow("a", 1, 1, 1, 50, points, DAY, planes)


@given(st.lists(st.none() | st.floats(0, 100)), st.booleans())
def test_what_is_not_known_comes_last_either_way(points: list[float | None], falling: bool) -> None:
    at = COLUMNS.index("score_femur")
    found = [one.planes.get("femur") for one in sorted_rows(map(row, points), at, falling=falling)]
    known = [one for one in points if one is not None]
    assert found == [*sorted(known, reverse=falling), *[None] * (len(points) - len(known))]


def test_a_trend_has_a_sign() -> None:
    assert [trend_text(one) for one in (None, 9.6, -3.4, 0.2)] == ["–", "+10", "−3", "0"]
