"""Review says what it would choose, asks where that is called something else, and lists it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_fakes import FakeModels, FakeSession
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt
from PyQt6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot
from review_window import (
    CTRL,
    FEMUR,
    KEYS,
    LIPS,
    SHIFT,
    looked_at,
    opened,
    page_of,
    review_window,
    shown,
)

from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER
from sonoassist.core.settings import Settings
from sonoassist.datasets.reading import read_dataset
from sonoassist.gui.acts import Act
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.review import finder
from sonoassist.gui.review.page import ReviewPage
from sonoassist.gui.review.sheets import ConflictSheet, ExportSheet
from sonoassist.recordings.corrections import Label
from sonoassist.review import session as review_session
from sonoassist.review.shown import Shown
from waiting import NEVER_S

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from review_made import write_recording


@pytest.fixture
def window(
    qtbot: QtBot, session: FakeSession, models: FakeModels, saved: list[Settings]
) -> Iterator[MainWindow]:
    with review_window(qtbot, session, models, saved) as main:
        yield main


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow, recording: Path) -> ReviewPage:
    found = page_of(window)
    opened(qtbot, found, recording)
    return found


def on_button(page: ReviewPage) -> str:
    return page.side.buttons.buttons[Act.CAPTURE].text()


def sheet_of(window: MainWindow, kind: type) -> QWidget:
    sheet = window.questions.sheet
    assert isinstance(sheet, kind)
    return sheet


def spot(page: ReviewPage, plane: str, frame: int) -> QPoint:
    places = page.timeline.places
    return QPointF(places.x_of(frame + 0.5), places.row_of(plane).center().y()).toPoint()


def test_the_candidates_are_there_as_soon_as_all_is_analysed(
    qtbot: QtBot, window: MainWindow, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finder, "LOOK_AGAIN_S", NEVER_S)
    opened(qtbot, page_of(window), recording)  # and waits for its candidates


def test_scrubbing_selects_nothing_and_the_button_says_what_it_chooses(
    qtbot: QtBot, page: ReviewPage
) -> None:
    desk, timeline, left = page.desk, page.timeline, Qt.MouseButton.LeftButton
    looked_at(qtbot, page, 45, "femur")
    assert on_button(page) == "Choose as Femur  ·  frame 46"
    qtbot.mousePress(timeline, left, pos=spot(page, "brain_tv", 10))
    for row, frame in zip(DISPLAY_ORDER, range(20, 62, 3), strict=True):
        qtbot.mouseMove(timeline, spot(page, row.key, frame))
        assert desk.plane == "femur"
    last = spot(page, "kidneys", FEMUR)
    qtbot.mouseMove(timeline, last)
    qtbot.mouseRelease(timeline, left, pos=last)
    assert (desk.index, desk.plane) == (FEMUR, "femur")
    shown(qtbot, desk)
    assert on_button(page) == f"Choose as Femur  ·  frame {FEMUR + 1}"
    qtbot.keyClick(page, Qt.Key.Key_Return)
    assert desk.corrections.best == {"femur": FEMUR}
    assert on_button(page) == f"Take out as best of Femur  ·  frame {FEMUR + 1}"
    desk.pick("background", jump=False)
    assert not page.side.buttons.buttons[Act.CAPTURE].isEnabled()


@pytest.mark.parametrize("by_label", [False, True])
def test_what_is_called_something_else_is_asked_about_once(
    qtbot: QtBot, page: ReviewPage, window: MainWindow, by_label: bool
) -> None:
    desk = page.desk
    if by_label:
        desk.words.correct("kidneys", LIPS, LIPS)
    looked_at(qtbot, page, LIPS, "brain_tv")
    qtbot.keyClick(page, Qt.Key.Key_Return)
    sheet = sheet_of(window, ConflictSheet)
    said = sheet.words.text()
    assert f"Frame {LIPS + 1}" in said
    assert "Brain (tv.)" in said
    assert ("your label says Kidneys" if by_label else "the network says Lips") in said
    qtbot.waitUntil(sheet.stay.hasFocus)
    qtbot.keyClick(sheet.stay, Qt.Key.Key_Return)  # the default is not to choose
    assert window.questions.sheet is None
    assert desk.corrections.best == {}

    qtbot.keyClick(page, Qt.Key.Key_Return)
    sheet_of(window, ConflictSheet).go.click()
    assert desk.corrections.best == {"brain_tv": LIPS}
    for expected in ({}, {"brain_tv": LIPS}):  # out and in again, without another question
        qtbot.keyClick(page, Qt.Key.Key_Return)
        assert window.questions.sheet is None
        assert desk.corrections.best == expected
    looked_at(qtbot, page, LIPS, "femur")
    qtbot.keyClick(page, Qt.Key.Key_Return)  # for another plane it is another question
    sheet_of(window, ConflictSheet)


def test_what_is_on_screen_before_its_turn_came_counts_as_well(
    qtbot: QtBot, page: ReviewPage, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, table = page.desk, page.desk.session.table  # type: ignore[union-attr]
    looked_at(qtbot, page, LIPS, "brain_tv")
    monkeypatch.setattr(table, "result", lambda index: None)
    qtbot.keyClick(page, Qt.Key.Key_Return)
    sheet_of(window, ConflictSheet)
    assert desk.corrections.best == {}


def test_what_compare_chooses_is_asked_about_as_well(
    qtbot: QtBot, page: ReviewPage, window: MainWindow
) -> None:
    desk = page.desk
    desk.words.correct("kidneys", 0, 199)
    desk.pick("femur", jump=False)
    page.over.begin_compare()
    page.over.compare.chosen.emit(FEMUR)
    sheet_of(window, ConflictSheet)
    assert desk.corrections.best == {}


def test_nothing_is_chosen_before_it_is_seen(
    qtbot: QtBot, page: ReviewPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at(qtbot, page, FEMUR, "femur")
    page.desk.step_to(LIPS)
    monkeypatch.setattr(page.desk, "_take", lambda session: False)  # its picture never comes
    qtbot.keyClick(page, Qt.Key.Key_Return)
    assert page.desk.corrections.best == {}


@pytest.mark.usefixtures("plain_screens")
@pytest.mark.parametrize("by_key", [True, False])
def test_an_export_that_is_not_wanted_leaves_nothing_behind(
    qtbot: QtBot, page: ReviewPage, window: MainWindow, by_key: bool
) -> None:
    page.desk.words.choose("brain_tv", LIPS)
    qtbot.keyClick(page, Qt.Key.Key_E, CTRL | SHIFT)
    sheet = sheet_of(window, ExportSheet)
    assert page.exporter.wishes() == sheet.without_picture()  # type: ignore[attr-defined]
    with qtbot.waitSignal(sheet.destroyed):
        if by_key:
            window.actions_set[Act.LEAVE].trigger()
        else:
            sheet.closed.emit()  # type: ignore[attr-defined]
    assert page.exporter.wishes() == []
    page._show_tiles()  # asks for what pictures are still wished for


@pytest.mark.usefixtures("plain_screens")
def test_an_export_lists_what_contradicts_itself(
    qtbot: QtBot,
    page: ReviewPage,
    window: MainWindow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk, out = page.desk, tmp_path / "out"
    monkeypatch.setattr(QFileDialog, "open", lambda dialog: dialog.fileSelected.emit(str(out)))
    for plane, frame in (("femur", FEMUR), ("brain_tv", LIPS), ("profile", 160), ("rvot", 170)):
        desk.words.choose(plane, frame)
    desk.words.correct("kidneys", 170, 170)
    qtbot.keyClick(page, Qt.Key.Key_E, CTRL | SHIFT)
    sheet = sheet_of(window, ExportSheet)
    assert [row.found.plane for row in sheet.rows] == ["brain_tv", "profile", "rvot"]
    assert not sheet.go.isEnabled()
    qtbot.waitUntil(lambda: not sheet.without_picture())
    sheet.rows[0].out.click()
    sheet.rows[1].keep.click()
    assert not sheet.go.isEnabled()
    sheet.rows[2].look.click()
    assert window.questions.sheet is None
    assert (desk.index, desk.plane) == (170, "rvot")

    qtbot.keyClick(page, Qt.Key.Key_E, CTRL | SHIFT)
    sheet = sheet_of(window, ExportSheet)
    assert [(row.found.plane, row.answer.value) for row in sheet.rows] == [
        ("profile", "kept"),
        ("rvot", ""),
    ]
    sheet.rows[1].keep.click()
    assert desk.corrections.labels == ()  # the choice is the last word now
    sheet.go.click()
    qtbot.waitUntil(lambda: any(out.rglob("labels.csv")))
    qtbot.waitUntil(lambda: not window.controller.jobs.busy)
    found = {(one.index, one.plane) for one in read_dataset(out).frames}
    assert found == {(FEMUR, "femur"), (160, "profile"), (170, "rvot")}


def test_a_label_given_after_the_network_was_overruled_is_another_question(
    qtbot: QtBot, page: ReviewPage, window: MainWindow
) -> None:
    desk = page.desk
    looked_at(qtbot, page, LIPS, "brain_tv")
    qtbot.keyClick(page, Qt.Key.Key_Return)
    sheet_of(window, ConflictSheet).go.click()
    desk.words.correct("kidneys", LIPS, LIPS)
    qtbot.keyClick(page, Qt.Key.Key_E, CTRL | SHIFT)
    sheet = sheet_of(window, ExportSheet)
    assert [(row.found.other, row.answer.value) for row in sheet.rows] == [("kidneys", "")]
    assert not sheet.go.isEnabled()
    sheet.rows[0].out.click()
    sheet.rows[0].look.click()
    assert desk.corrections.best == {}
    shown(qtbot, desk)
    qtbot.keyClick(page, Qt.Key.Key_Return)
    assert "your label says Kidneys" in sheet_of(window, ConflictSheet).words.text()
    assert desk.corrections.best == {}


class Watch(QObject):
    """Looks at everything that is said of the frame, whenever a part of it is painted."""

    def __init__(self, page: ReviewPage) -> None:
        super().__init__()
        self.page = page
        self.painted: list[int] = []
        self.wrong: list[str] = []
        for widget in (page.viewport, page.side.where, page.side.headline, page.side.buttons):
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        view = self.page.viewport.view
        if event is not None and event.type() is QEvent.Type.Paint and view is not None:
            self._check(view.frame.index)
        return False

    def _check(self, frame: int) -> None:
        page = self.page
        self.painted.append(frame)
        title = page.side.headline.verdict.title
        expected = BY_KEY[KEYS[frame]].label if KEYS[frame] != "background" else title
        said = (
            f"frame {frame + 1} of 200" in page.side.where.text(),
            title == expected,
            on_button(page).endswith(f"frame {frame + 1}"),
        )
        label = page.desk.corrections.label_at(frame)
        if not all(said) or page.over.hover.isVisible() or label:
            self.wrong.append(f"{frame}: {title}, {page.side.where.text()}, {on_button(page)}")


def test_all_that_is_said_while_scrubbing_is_of_the_frame_on_screen(
    qtbot: QtBot, page: ReviewPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a decoder that is slower than the mouse."""
    desk, timeline, left = page.desk, page.timeline, Qt.MouseButton.LeftButton
    real, may_read = review_session.frame_at, []

    def slow(source: object, index: int) -> object:
        before = desk.index
        # Not before the mouse has gone on, or has come to its end.
        while not may_read and desk.index == before:
            pass
        return real(source, index)  # type: ignore[arg-type]

    monkeypatch.setattr(review_session, "frame_at", slow)
    qtbot.mouseMove(timeline, spot(page, "lips", 10))
    watch = Watch(page)
    qtbot.mousePress(timeline, left, pos=spot(page, "lips", 10))
    for frame in [*range(12, 190, 4), *range(190, 30, -7)]:
        qtbot.mouseMove(timeline, spot(page, "femur", frame))
        QApplication.processEvents()  # and paints
    may_read.append(True)
    qtbot.mouseRelease(timeline, left, pos=spot(page, "femur", 36))
    shown(qtbot, desk)
    qtbot.waitUntil(lambda: bool(watch.painted) and watch.painted[-1] == desk.index)
    assert watch.wrong == []
    assert len(set(watch.painted)) > 3


def test_a_small_picture_over_the_timeline_has_its_own_words(
    qtbot: QtBot, page: ReviewPage
) -> None:
    over, table = page.over, page.desk.session.table  # type: ignore[union-attr]
    for frame in (33, 79, 140):
        qtbot.mouseMove(page.timeline, spot(page, "lips", frame))
        qtbot.waitUntil(over.hover.isVisible)
        pictured = over._kept
        assert f"{table.times_s[pictured]:.1f}" in over.hover._words.replace("0:0", "")
        assert table.result(pictured).plane.label in over.hover._words  # type: ignore[union-attr]
        page.timeline.hovered.emit(-1, 0.0)


def test_a_label_on_a_chosen_frame_takes_nothing_out_silently(page: ReviewPage) -> None:
    desk = page.desk
    desk.words.choose("femur", FEMUR)
    desk.words.correct("lips", 40, 60)
    assert desk.corrections.best == {"femur": FEMUR}
    assert desk.corrections.labels == (Label(40, 60, "lips"),)
    assert desk.corrections.agreed == {}
    desk.words.undo()
    assert desk.corrections.agreed == {"femur": FEMUR}


@pytest.mark.parametrize("size_px", [(1920, 1040), (1024, 768), (1280, 800)])
def test_the_menu_of_labels_does_not_cover_the_picture(
    qtbot: QtBot, page: ReviewPage, window: MainWindow, size_px: tuple[int, int]
) -> None:
    window.resize(*size_px)
    qtbot.waitUntil(lambda: (window.width(), window.height()) == size_px)
    looked_at(qtbot, page, FEMUR, "femur")
    page.desk.words.select((40, 60))
    qtbot.keyClick(page, Qt.Key.Key_L)
    labels = page.over.labels
    assert labels._title == f"What does frame {FEMUR + 1} show?"
    card = labels.card()
    assert not card.intersects(QRectF(page.viewport.geometry()))
    assert QRectF(page.rect()).contains(card)
    area = page.viewport.geometry()
    asking = page.grab(area).toImage()  # nor does it dim it
    labels.hide()
    assert page.grab(area).toImage() == asking


def test_a_recording_opens_where_it_was_left(
    qtbot: QtBot, page: ReviewPage, recording: Path, tmp_path: Path
) -> None:
    desk = page.desk
    looked_at(qtbot, page, 160, "4ch")
    for _ in range(3):
        qtbot.keyClick(page, Qt.Key.Key_Plus, CTRL)
    span = page.timeline.span
    assert span.length < 200
    other = write_recording(tmp_path / "other.mp4", (("lips", 30),))
    page.open(str(other))
    qtbot.waitUntil(lambda: desk.session is not None and desk.count == 30)
    assert (desk.index, desk.plane) == (0, DISPLAY_ORDER[0].key)
    assert page.timeline.span.length == 30
    page.open(str(recording))
    qtbot.waitUntil(lambda: desk.session is not None and desk.count == 200)
    assert (desk.index, desk.plane) == (160, "4ch")
    assert page.timeline.span == span
    shown(qtbot, desk)


def test_the_place_is_kept_before_the_review_is_closed(qtbot: QtBot, page: ReviewPage) -> None:
    desk = page.desk
    session = desk.session
    assert session is not None
    desk.resting.setInterval(1)
    looked_at(qtbot, page, 150, "4ch")
    qtbot.waitUntil(lambda: session.place == 150)
    qtbot.waitUntil(lambda: session.shown.plane == "4ch")


@given(
    st.text(max_size=40)
    | st.builds(
        lambda a, b, c: Shown(a, b, c).text,
        st.sampled_from(["", "femur", "foot"]),
        st.floats(),
        st.floats(),
    )
)
def test_whatever_was_kept_of_the_place_is_no_trouble(text: str) -> None:
    found = Shown.of(text, 100)
    assert found.plane in ("", *BY_KEY)
    assert 0 <= found.first <= found.last <= 100
    assert Shown.of(found.text, 100) == found


def test_every_button_says_something(page: ReviewPage) -> None:
    assert [act for act, one in page.side.buttons.buttons.items() if not one.text().strip()] == []
