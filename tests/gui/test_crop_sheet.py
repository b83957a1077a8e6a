"""The crop of a scanner's screen: found, corrected by mouse or keys, kept, no longer fitting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gui_fakes import FakeSession, make_frame
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from preprocess.test_screen_layout import screen_of
from sonoassist.core.packets import Box
from sonoassist.gui.action_set import PlaceKeys
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.crop_editor import CropEditor
from sonoassist.gui.crop_sheet import CropSheet
from sonoassist.gui.jobs import Jobs
from sonoassist.gui.screen_watch import AGREEING, FoundScreen, ScreenState, ScreenWatch
from sonoassist.gui.theme import Look
from sonoassist.live.status import Level, Notices, View
from sonoassist.preprocess.kept_layouts import KeptLayouts
from sonoassist.preprocess.screen_layout import furniture_of

ASPECT = 288 / 224
CROP = Box(232, 100, 808, 548)


def found_on(kind: int, words: str = "", radius: float = 560) -> FoundScreen:
    pixels, look = screen_of(kind, words, radius=radius)
    furniture = furniture_of(pixels, look)
    assert furniture is not None
    return FoundScreen(960, 720, look, CROP, furniture)


class Used:
    """What the session was told to analyse."""

    def __init__(self) -> None:
        self.crops: list[Box | None] = []

    def __call__(self, crop: Box | None) -> None:
        self.crops.append(crop)


CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def used() -> Used:
    return Used()


@pytest.fixture
def notices() -> Notices:
    return Notices()


@pytest.fixture
def watch(tmp_path: Path, used: Used, notices: Notices) -> ScreenWatch:
    path = tmp_path / "screens.json"
    return ScreenWatch(lambda: KeptLayouts(path), Jobs(), notices, lambda: "default", used)


def see(watch: ScreenWatch, found: FoundScreen, times: int = AGREEING) -> None:
    for _ in range(times):
        watch.take(found)


def test_a_new_screen_is_offered_when_two_looks_agree(watch: ScreenWatch) -> None:
    watch.take(found_on(1))
    assert watch.chips() == ()
    watch.take(found_on(1, "another name"))
    assert watch.state is ScreenState.NEW
    assert [chip.act for chip in watch.chips()] == [Act.CHECK_CROP]


def test_a_kept_screen_is_used_at_once_and_after_a_restart(
    watch: ScreenWatch, used: Used, tmp_path: Path, notices: Notices
) -> None:
    see(watch, found_on(1))
    watch.keep("room 3", found_on(1), CROP)
    assert used.crops == [CROP]
    assert (watch.state, watch.chips()) == (ScreenState.KEPT, ())
    path = tmp_path / "screens.json"
    later = ScreenWatch(lambda: KeptLayouts(path), Jobs(), notices, lambda: "auto", used)
    later.take(found_on(1, "Nobody, Mia", radius=540))
    assert later.state is ScreenState.KEPT
    assert used.crops == [CROP, CROP]
    assert notices.take() == []


@pytest.mark.parametrize("other", [found_on(1, radius=180), found_on(4)], ids=["moved", "other"])
def test_a_screen_that_no_longer_matches_is_warned_of_once(
    watch: ScreenWatch, used: Used, notices: Notices, other: FoundScreen
) -> None:
    watch.keep("room 3", found_on(1), CROP)
    watch.take(other)
    assert watch.state is ScreenState.KEPT  # one look may be a mistake
    see(watch, other, 4)
    assert watch.state is ScreenState.CHANGED
    assert used.crops == [CROP, None]
    told = notices.take()
    assert [one.level for one in told] == [Level.WARNING]
    assert [chip.act for chip in watch.chips()] == [Act.CHECK_CROP]
    see(watch, found_on(1))
    assert watch.state is ScreenState.KEPT
    assert used.crops[-1] == CROP


def test_an_offer_that_was_declined_is_not_made_again(watch: ScreenWatch) -> None:
    see(watch, found_on(1))
    watch.leave_alone()
    see(watch, found_on(1), 5)
    assert watch.chips() == ()
    watch.reset()
    see(watch, found_on(1))
    assert watch.state is ScreenState.NEW


# --- the editor -----------------------------------------------------------------------------


@pytest.fixture
def editor(qtbot: QtBot, look: Look) -> CropEditor:
    widget = CropEditor(look, ASPECT)
    qtbot.addWidget(widget)
    widget.resize(960, 720)  # one widget pixel for each of the picture
    widget.show_picture(screen_of(1, "")[0])
    widget.set_crop(CROP)
    PlaceKeys(widget, Place.CROP, widget.key_handlers(), look.keys)
    widget.show()
    return widget


def drag(widget: CropEditor, start: tuple[int, int], end: tuple[int, int]) -> None:
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(widget, left, pos=QPoint(*start))
    QTest.mouseMove(widget, QPoint((start[0] + end[0]) // 2, (start[1] + end[1]) // 2))
    QTest.mouseMove(widget, QPoint(*end))
    QTest.mouseRelease(widget, left, pos=QPoint(*end))


def test_the_mouse_moves_the_crop(editor: CropEditor) -> None:
    drag(editor, (500, 300), (530, 320))
    assert (editor.crop.left, editor.crop.top) == (262, 120)
    assert editor.crop.width == CROP.width


@pytest.mark.parametrize(
    ("corner", "end", "fixed"),
    [
        ((808, 548), (700, 470), (232, 100)),
        ((232, 100), (330, 170), (808, 548)),
        ((808, 100), (700, 170), (232, 548)),
        ((232, 548), (330, 470), (808, 100)),
    ],
)
def test_a_corner_sizes_the_crop_about_the_opposite_one(
    editor: CropEditor, corner: tuple[int, int], end: tuple[int, int], fixed: tuple[int, int]
) -> None:
    drag(editor, corner, end)
    crop = editor.crop
    assert crop.width < CROP.width - 50
    assert crop.width / crop.height == pytest.approx(ASPECT, abs=0.01)
    near_x = min(abs(crop.left - fixed[0]), abs(crop.right - fixed[0]))
    near_y = min(abs(crop.top - fixed[1]), abs(crop.bottom - fixed[1]))
    assert max(near_x, near_y) <= 1


def test_keys_alone_do_all(editor: CropEditor) -> None:
    QTest.keyClick(editor, Qt.Key.Key_Right)
    assert editor.crop.left == pytest.approx(CROP.left + 9.6, abs=1)
    QTest.keyClick(editor, Qt.Key.Key_Up, CTRL)
    assert editor.crop.top == CROP.top - 1
    wide = editor.crop.width
    QTest.keyClick(editor, Qt.Key.Key_Plus, CTRL)
    assert editor.crop.width > wide + 10
    QTest.keyClick(editor, Qt.Key.Key_Minus, CTRL)
    assert editor.crop.width == pytest.approx(wide, abs=2)


def test_the_crop_stays_on_the_picture(editor: CropEditor) -> None:
    for _ in range(90):
        QTest.keyClick(editor, Qt.Key.Key_Left)
        QTest.keyClick(editor, Qt.Key.Key_Up)
    assert (editor.crop.left, editor.crop.top) == (0, 0)
    for _ in range(90):
        QTest.keyClick(editor, Qt.Key.Key_Plus, CTRL)
    assert editor.crop.right <= 960
    assert editor.crop.bottom <= 720
    for _ in range(200):
        QTest.keyClick(editor, Qt.Key.Key_Minus, CTRL)
    assert editor.crop.width >= 0.08 * 960 - 1
    drag(editor, (5, 5), (-300, -300))
    assert editor.crop.left >= 0


# --- the sheet ------------------------------------------------------------------------------


@pytest.fixture
def make_sheet(qtbot: QtBot, look: Look, watch: ScreenWatch) -> Callable[[], CropSheet]:
    over = CropEditor(look, ASPECT)  # any widget to lie on
    qtbot.addWidget(over)
    over.resize(1280, 800)
    over.show()
    view = View(make_frame(pixels=screen_of(1, "")[0]), None)
    kept: list[str] = []

    def make() -> CropSheet:
        sheet = CropSheet(over, look, watch, found_on(1), lambda: view, view, kept.append)
        sheet.open()
        sheet.names = kept  # type: ignore[attr-defined]
        return sheet

    return make


def test_the_sheet_shows_what_was_found_and_what_the_network_sees(
    make_sheet: Callable[[], CropSheet],
) -> None:
    sheet = make_sheet()
    assert sheet.editor.crop == CROP
    assert "98 % sure" in sheet.said.text()
    first = sheet.preview.picture
    assert first is not None
    assert first.shape == (224, 288)
    QTest.keyClick(sheet.editor, Qt.Key.Key_Left)
    assert sheet.preview.picture is not None
    assert not np.array_equal(first, sheet.preview.picture)


def test_keys_alone_correct_and_keep_it(
    make_sheet: Callable[[], CropSheet], watch: ScreenWatch, used: Used
) -> None:
    sheet = make_sheet()
    QTest.keyClick(sheet.editor, Qt.Key.Key_Left)
    moved = sheet.editor.crop
    sheet.name.setText("Voluson, room 3")
    QTest.keyClick(sheet.editor, Qt.Key.Key_Return)
    assert used.crops == [moved]
    assert watch.kept is not None
    assert (watch.kept.name, watch.kept.crop) == ("Voluson, room 3", moved)
    assert sheet.names == ["Voluson, room 3"]  # type: ignore[attr-defined]


def test_zero_takes_what_was_found(make_sheet: Callable[[], CropSheet]) -> None:
    sheet = make_sheet()
    QTest.keyClick(sheet.editor, Qt.Key.Key_Left)
    assert sheet.editor.crop != CROP
    QTest.keyClick(sheet.editor, Qt.Key.Key_0, CTRL)
    assert sheet.editor.crop == CROP
    QTest.keyClicks(sheet.name, "room 30")
    assert sheet.name.text() == "room 30"
    assert sheet.editor.crop == CROP


def test_a_file_that_cannot_be_written_is_said_on_the_sheet(
    make_sheet: Callable[[], CropSheet], tmp_path: Path, used: Used
) -> None:
    (tmp_path / "screens.json").write_text("damaged")
    sheet = make_sheet()
    QTest.keyClick(sheet.editor, Qt.Key.Key_Return)
    assert "cannot be read" in sheet.said.text()
    assert used.crops == []


def test_the_window_opens_it_on_a_screen_and_says_where_there_is_none(
    qtbot: QtBot, window: object, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = window.controller  # type: ignore[attr-defined]
    view = View(make_frame(pixels=screen_of(1, "")[0]), None)
    monkeypatch.setattr(controller, "picture", lambda: view)
    monkeypatch.setattr(controller.screens, "look", lambda _pixels: None)
    window.questions.check_crop()  # type: ignore[attr-defined]
    assert window.questions.sheet is None  # type: ignore[attr-defined]
    assert "surely found" in controller.session.notices.take()[-1].title
    monkeypatch.setattr(controller.screens, "look", lambda _pixels: found_on(1))
    window.questions.check_crop()  # type: ignore[attr-defined]
    assert isinstance(window.questions.sheet, CropSheet)  # type: ignore[attr-defined]
    window.questions.close()  # type: ignore[attr-defined]
