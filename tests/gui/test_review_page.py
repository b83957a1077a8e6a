"""The review page with a recording made here and an engine that only looks where it is bright."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from gui_fakes import FakeModels, FakeSession, make_services
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot
from review_window import (
    CTRL,
    KEYS,
    SHIFT,
    opened,
    page_of,
    review_window,
    shown,
)

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.errors import ModelError
from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER
from sonoassist.core.settings import Settings
from sonoassist.datasets.reading import read_dataset
from sonoassist.exam.store import ExamStore
from sonoassist.gui.actions import PLANE_ACTS
from sonoassist.gui.acts import Act
from sonoassist.gui.compose import build
from sonoassist.gui.exams_sheet import ExamsSheet
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.gui.ports import Services
from sonoassist.gui.practice.page import PracticePage
from sonoassist.gui.review import player
from sonoassist.gui.review.desk import ReviewDesk
from sonoassist.gui.review.page import ReviewPage
from sonoassist.gui.review.texts import progress_text, waiting_text
from sonoassist.gui.sheets import AskSheet, HelpSheet
from sonoassist.gui.shell import MIN_HEIGHT_PX
from sonoassist.gui.verdict import VerdictKind
from sonoassist.recordings.corrections import Label, Mark
from sonoassist.recordings.records import Progress, RunState
from sonoassist.review.session import ReviewSession
from waiting import LIMIT_S, wait_until

sys.path.insert(0, str(Path(__file__).parents[1] / "exam"))
sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from kept_made import MADE, kept
from review_made import BrightEngine, made_analyser, write_analysed

TWICE = (
    ("femur", 40),
    ("background", 50),
    ("femur", 30),
    ("4ch", 30),
    ("background", 50),
    ("4ch", 40),
    ("lips", 30),
)
"""Two views of some planes."""
FRAME_S = 1 / 25


class Clock:
    """Stands for the clock that a recording is played by; stands still until it is turned."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(player, "time", made)
    return made


def play_to(qtbot: QtBot, desk: ReviewDesk, clock: Clock, index: int) -> None:
    """Let it play, frame by frame, until this one is looked at."""

    def reached() -> bool:
        if desk.index < index and desk.player.due() <= desk.index:
            clock.now_s += FRAME_S
        return desk.index >= index

    qtbot.waitUntil(reached)


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_analysed(tmp_path_factory.mktemp("views") / "views.mp4", TWICE)


@pytest.fixture
def window(
    qtbot: QtBot, session: FakeSession, models: FakeModels, saved: list[Settings]
) -> Iterator[MainWindow]:
    with review_window(qtbot, session, models, saved, (1920, 1040)) as main:
        yield main


@pytest.fixture
def page(window: MainWindow) -> ReviewPage:
    return page_of(window)


def reviewing(
    qtbot: QtBot, session: FakeSession, services: Services, settings: Settings
) -> tuple[MainWindow, ReviewPage]:
    """A window on its review page."""
    main = build(session, services, settings, [], MIN_HEIGHT_PX)
    qtbot.addWidget(main)
    main.show()
    main.begin()
    main.show_page(Page.REVIEW)
    page = main.pages.currentWidget()
    assert isinstance(page, ReviewPage)
    return main, page


@pytest.fixture
def desk(page: ReviewPage) -> ReviewDesk:
    return page.desk


def press(qtbot: QtBot, page: ReviewPage, *keys: Qt.Key) -> None:
    for key in keys:
        qtbot.keyClick(page, key)


CTRL_SHIFT = (CTRL, SHIFT)


def hold(qtbot: QtBot, where: QWidget, key: Qt.Key, *held: Qt.KeyboardModifier) -> None:
    """Press a key while others are held."""
    every = Qt.KeyboardModifier.NoModifier
    for one in held:
        every |= one
    qtbot.keyClick(where, key, every)


def words_of(window: MainWindow) -> str:
    """What the toasts say."""
    return " ".join(toast.notice.title for toast in window.toasts.shown)


def test_empty_it_says_how_to_begin(qtbot: QtBot, page: ReviewPage) -> None:
    card = page.viewport.screen_shown.card
    assert card is not None
    assert card.title == "Open a recording"
    assert not any(button.isEnabled() for button in page.side.buttons.buttons.values())
    press(qtbot, page, *(Qt.Key(ord(letter)) for letter in ",.UALMIOWGQ"), Qt.Key.Key_Return)
    press(qtbot, page, Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_PageDown)
    qtbot.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert page.over.labels.isHidden()
    assert page.over.compare.isHidden()
    assert page.desk.session is None


def test_a_file_that_is_no_recording_is_said(
    qtbot: QtBot, page: ReviewPage, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing")
    page.open(str(broken))
    assert page.viewport.screen_shown.card.title == "Opening broken.mp4 …"  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: bool(page.desk.opener.trouble))
    card = page.viewport.screen_shown.card
    assert card is not None
    assert card.title == "This cannot be reviewed"
    assert "broken.mp4" in card.text


def test_best_next_and_missing(qtbot: QtBot, page: ReviewPage, views: Path) -> None:
    desk = page.desk
    opened(qtbot, page, views)
    assert desk.plane == "brain_tv"
    while desk.plane != "femur":
        press(qtbot, page, Qt.Key.Key_Down)
    shown(qtbot, desk)
    assert page.side.headline.verdict.title == "Femur"
    frames = [peak.frame for peak in desk.candidates["femur"]]
    assert desk.index == frames[0]
    assert sorted(frame < 40 for frame in frames[:2]) == [False, True]
    press(qtbot, page, Qt.Key.Key_Period)
    assert desk.index == frames[1]
    press(qtbot, page, Qt.Key.Key_Comma, Qt.Key.Key_Comma)
    assert desk.index == frames[-1]
    missing = [plane.key for plane in DISPLAY_ORDER if plane.key in desk.missing]
    assert len(missing) == 10
    press(qtbot, page, Qt.Key.Key_U)
    assert desk.plane == next(key for key in missing if DISPLAY_ORDER.index(BY_KEY[key]) > 6)
    assert "missing" in page.side.found.text()


def test_stepping(qtbot: QtBot, page: ReviewPage, recording: Path, clock: Clock) -> None:
    desk = page.desk
    opened(qtbot, page, recording, analysed=False)
    press(qtbot, page, Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left)
    assert desk.index == 1
    qtbot.keyClick(page, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert desk.index == 11
    qtbot.keyClick(page, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert desk.index == 1
    press(qtbot, page, Qt.Key.Key_End, Qt.Key.Key_Right)
    assert desk.index == len(KEYS) - 1
    shown(qtbot, desk)
    assert "frame 200 of 200" in page.side.where.text()
    press(qtbot, page, Qt.Key.Key_Home, Qt.Key.Key_Space)
    play_to(qtbot, desk, clock, 6)
    press(qtbot, page, Qt.Key.Key_Space)
    assert not desk.playing
    shown(qtbot, desk)


def test_playing_goes_on_behind_a_damaged_frame(
    qtbot: QtBot,
    page: ReviewPage,
    recording: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from sonoassist.review import session

    desk, real = page.desk, session.frame_at
    opened(qtbot, page, recording)
    damaged = range(20, 25)
    monkeypatch.setattr(
        session, "frame_at", lambda source, index: None if index in damaged else real(source, index)
    )
    desk.step_to(18)
    shown(qtbot, desk)
    press(qtbot, page, Qt.Key.Key_Space)
    play_to(qtbot, desk, clock, 26)
    assert desk.playing
    press(qtbot, page, Qt.Key.Key_Space)
    shown(qtbot, desk)


def test_what_the_engine_says_is_shown(
    qtbot: QtBot,
    page: ReviewPage,
    window: MainWindow,
    recording: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = iter(["the graphics card is gone"])
    monkeypatch.setattr(BrightEngine, "take_notices", lambda _engine: [*said])
    opened(qtbot, page, recording, analysed=False)
    qtbot.waitUntil(lambda: "the graphics card is gone" in words_of(window))


def test_choose_label_mark_and_undo(
    qtbot: QtBot, page: ReviewPage, window: MainWindow, recording: Path
) -> None:
    desk = page.desk
    opened(qtbot, page, recording)
    desk.pick("femur")
    shown(qtbot, desk)
    chosen = desk.index
    press(qtbot, page, Qt.Key.Key_Return)
    assert desk.corrections.best == {"femur": chosen}
    assert page.viewport.screen_shown.chips[0].text == "Best of Femur"

    press(qtbot, page, Qt.Key.Key_L)
    over = page.over
    assert over.labels.isVisible()
    assert over.labels.scope[1:] == (30, 69)  # the view: all of its frames
    hold(qtbot, over.labels, Qt.Key.Key_K, SHIFT)
    assert over.labels.isHidden()
    assert desk.corrections.labels == (Label(30, 69, "kidneys"),)
    assert desk.corrections.best == {"femur": chosen}  # nothing is taken out silently
    assert desk.corrections.agreed == {}
    qtbot.waitUntil(lambda: "stays the best of Femur" in words_of(window))
    assert "Best of Femur, but your label" in page.viewport.screen_shown.chips[0].text
    assert page.side.headline.verdict.title == "Kidneys"
    assert page.side.headline.verdict.box is None
    qtbot.waitUntil(lambda: "kidneys" not in desk.missing)

    press(qtbot, page, Qt.Key.Key_M)
    assert [mark.frame for mark in desk.corrections.marks] == [desk.index]
    for _ in range(2):
        qtbot.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert desk.corrections.labels == ()
    assert desk.corrections.best == {"femur": chosen}
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(page, Qt.Key.Key_Z, both)
    assert desk.corrections.labels == (Label(30, 69, "kidneys"),)
    for _ in range(3):
        qtbot.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert desk.corrections.empty


def test_one_frame_or_a_range_of_ones_own(qtbot: QtBot, page: ReviewPage, recording: Path) -> None:
    desk, labels = page.desk, page.over.labels
    opened(qtbot, page, recording)
    desk.step_to(40)
    press(
        qtbot,
        page,
        Qt.Key.Key_L,
    )
    qtbot.keyClick(labels, Qt.Key.Key_Tab)
    assert labels.scope[1:] == (40, 40)
    hold(qtbot, labels, Qt.Key.Key_N, SHIFT)
    assert desk.corrections.label_at(40) == "background"
    assert desk.corrections.label_at(41) == ""
    desk.step_to(100)
    press(qtbot, page, Qt.Key.Key_I)
    desk.step_to(110)
    press(qtbot, page, Qt.Key.Key_O, Qt.Key.Key_L)
    assert labels.scope[1:] == (100, 110)
    qtbot.keyClick(labels, Qt.Key.Key_Escape)
    assert labels.isHidden()
    assert desk.words.chosen_range == (100, 110)
    press(qtbot, page, Qt.Key.Key_L)
    hold(qtbot, labels, Qt.Key.Key_G, SHIFT)
    assert Label(100, 110, "3vv") in desk.corrections.labels
    assert desk.words.chosen_range is None


def test_a_menu_that_went_away_takes_no_keys(
    qtbot: QtBot, page: ReviewPage, window: MainWindow, recording: Path, views: Path
) -> None:
    desk, labels = page.desk, page.over.labels
    opened(qtbot, page, recording)
    desk.step_to(55)
    press(qtbot, page, Qt.Key.Key_L)
    assert window.focusWidget() is labels
    window.resize(1500, 880)
    qtbot.waitUntil(labels.isHidden)
    assert window.focusWidget() is page
    qtbot.keyClick(labels, Qt.Key.Key_M)  # it means what it means on the page
    assert desk.corrections.labels == ()
    assert desk.corrections.marks == (Mark(55),)

    press(qtbot, page, Qt.Key.Key_L)
    opened(qtbot, page, views)
    assert window.focusWidget() is page
    hold(qtbot, labels, Qt.Key.Key_T, SHIFT)
    assert desk.corrections.labels == ()
    labels.chosen.emit("lips", 0, desk.count)
    assert desk.corrections.labels == ()
    qtbot.waitUntil(lambda: "not in this recording" in words_of(window))


def test_where_no_view_is_the_frame_alone_is_meant(
    qtbot: QtBot, page: ReviewPage, recording: Path
) -> None:
    desk, labels = page.desk, page.over.labels
    opened(qtbot, page, recording)
    desk.pick("lips")
    desk.step_to(95)
    press(qtbot, page, Qt.Key.Key_L)
    assert labels.scope == ("This frame only", 95, 95)
    hold(qtbot, labels, Qt.Key.Key_F, SHIFT)
    assert desk.corrections.labels == (Label(95, 95, "femur"),)


def test_compare_and_choose_by_number(qtbot: QtBot, page: ReviewPage, views: Path) -> None:
    desk, compare = page.desk, page.over.compare
    opened(qtbot, page, views)
    desk.pick("4ch")
    shown(qtbot, desk)
    press(qtbot, page, Qt.Key.Key_A)
    assert compare.isVisible()
    assert 2 <= len(compare.frames) <= 4
    qtbot.waitUntil(lambda: not compare.missing)
    rects = [compare.tile_rect(number) for number in range(len(compare.frames))]
    assert not any(a.intersects(b) for a in rects for b in rects if a is not b)
    qtbot.keyClick(compare, Qt.Key.Key_2)
    assert compare.isHidden()
    assert desk.corrections.best == {"4ch": compare.frames[1]}
    assert desk.index == compare.frames[1]
    shown(qtbot, desk)
    press(qtbot, page, Qt.Key.Key_A)
    qtbot.keyClick(compare, Qt.Key.Key_Escape)
    assert compare.isHidden()


@pytest.mark.usefixtures("plain_screens")
def test_export(
    qtbot: QtBot,
    page: ReviewPage,
    window: MainWindow,
    recording: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = page.desk
    opened(qtbot, page, recording)
    desk.words.export_to(tmp_path / "none")
    qtbot.waitUntil(lambda: "nothing to export" in words_of(window).lower())
    desk.pick("lips")
    shown(qtbot, desk)
    press(qtbot, page, Qt.Key.Key_Return)
    # Without a window system a dialog cannot be shown; it answers as if a folder was chosen.
    out = tmp_path / "labels"
    monkeypatch.setattr(QFileDialog, "open", lambda dialog: dialog.fileSelected.emit(str(out)))
    hold(qtbot, page, Qt.Key.Key_E, *CTRL_SHIFT)
    qtbot.waitUntil(lambda: out.is_dir() and any(out.rglob("labels.csv")))
    qtbot.waitUntil(lambda: not window.controller.jobs.busy)
    found = read_dataset(out)
    assert [(frame.index, frame.plane) for frame in found.frames] == [(desk.index, "lips")]
    qtbot.waitUntil(
        lambda: any("ultrasound is black" in one.notice.hint for one in window.toasts.shown),
    )


def test_the_box_and_heat_belong_to_the_frame(
    qtbot: QtBot, page: ReviewPage, window: MainWindow, recording: Path
) -> None:
    desk = page.desk
    opened(qtbot, page, recording)
    desk.pick("femur")
    shown(qtbot, desk)
    assert page.viewport.view is desk.view
    assert page.side.headline.verdict.box is not None
    press(qtbot, page, Qt.Key.Key_H)
    qtbot.waitUntil(
        lambda: (
            desk.view is not None
            and desk.view.analysis is not None
            and desk.view.analysis.localisation.evidence is not None
        ),
    )
    assert desk.view.frame.index == desk.index  # type: ignore[union-attr]
    desk.step_to(5)
    shown(qtbot, desk)
    assert page.side.headline.verdict.kind is VerdictKind.BACKGROUND
    assert page.side.headline.verdict.box is None
    assert window.controller.settings.show_heat


def test_the_guided_heat_map_is_that_of_the_picture_on_screen_only(
    qtbot: QtBot, page: ReviewPage, window: MainWindow, recording: Path
) -> None:
    desk = page.desk
    opened(qtbot, page, recording)
    desk.pick("femur")
    shown(qtbot, desk)

    def guided() -> bool:
        view = desk.view
        return (
            view is not None
            and view.analysis is not None
            and (view.frame.index == desk.index and view.analysis.prediction.guided is not None)
        )

    press(qtbot, page, Qt.Key.Key_G)  # without the heat map nothing is asked for
    button = page.side.buttons.buttons[Act.GUIDED]
    assert window.controller.settings.guided_heat
    assert button.isChecked()
    shown(qtbot, desk)
    assert not guided()
    press(qtbot, page, Qt.Key.Key_H)
    qtbot.waitUntil(guided)
    assert page.viewport.guided_heat
    assert desk.session is not None
    assert desk.session.judge is not None
    assert not desk.session.judge.analyser.options.guided
    desk.step_to(desk.index + 3)
    qtbot.waitUntil(guided)
    press(qtbot, page, Qt.Key.Key_G)
    qtbot.waitUntil(lambda: desk.view is not None and not guided())
    assert not button.isChecked()
    shown(qtbot, desk)


def answer(window: MainWindow, text: str) -> str:
    """Write `text` into the sheet; returns what stood there."""
    sheet = window.questions.sheet
    assert isinstance(sheet, AskSheet)
    before = sheet.line.text()
    sheet.line.setText(text)
    sheet.line.returnPressed.emit()
    assert window.questions.sheet is None
    return before


def test_words_on_a_frame(
    qtbot: QtBot, page: ReviewPage, window: MainWindow, recording: Path
) -> None:
    desk, undo = page.desk, Qt.KeyboardModifier.ControlModifier
    opened(qtbot, page, recording)
    desk.step_to(50)
    shown(qtbot, desk)
    press(qtbot, page, Qt.Key.Key_W)
    assert answer(window, "  calipers hide the skull ") == ""
    assert desk.corrections.marks == (Mark(50, "calipers hide the skull"),)
    assert page.viewport.screen_shown.chips[0].text == "calipers hide the skull"
    assert window.focusWidget() is page

    timeline = page.timeline
    places = timeline.places
    at = QPointF(places.x_of(50.5) + 3, places.tracks().center().y()).toPoint()
    qtbot.mouseMove(timeline, at)
    qtbot.waitUntil(page.over.hover.isVisible)
    tall = page.over.hover.height()
    assert page.over.hover.note == "calipers hide the skull"
    qtbot.mouseMove(timeline, at + QPoint(60, 0))
    qtbot.waitUntil(lambda: page.over.hover.note == "")
    assert page.over.hover.height() < tall

    press(qtbot, page, Qt.Key.Key_W)
    assert answer(window, "calipers") == "calipers hide the skull"
    qtbot.keyClick(page, Qt.Key.Key_Z, undo)
    assert desk.corrections.marks == (Mark(50, "calipers hide the skull"),)
    qtbot.waitUntil(lambda: "note on a frame" in words_of(window))
    press(qtbot, page, Qt.Key.Key_W)
    answer(window, "")
    assert desk.corrections.marks == ()
    press(qtbot, page, Qt.Key.Key_M, Qt.Key.Key_W)
    answer(window, "")  # a mark without words is left alone
    assert desk.corrections.marks == (Mark(50),)
    for _ in range(3):
        qtbot.keyClick(page, Qt.Key.Key_Z, undo)
    assert desk.corrections.empty


def test_from_mark_to_mark(
    qtbot: QtBot, page: ReviewPage, window: MainWindow, recording: Path
) -> None:
    desk = page.desk
    opened(qtbot, page, recording)
    desk.step_to(50)
    press(qtbot, page, Qt.Key.Key_PageDown)
    assert desk.index == 50
    qtbot.waitUntil(lambda: "No frame is marked" in words_of(window))
    for frame in (30, 120):
        desk.step_to(frame)
        press(qtbot, page, Qt.Key.Key_M)
    found = []
    for _ in range(3):
        press(qtbot, page, Qt.Key.Key_PageDown)
        found.append(desk.index)
    assert found == [30, 120, 30]


def test_practise_on_the_recording(
    qtbot: QtBot, page: ReviewPage, window: MainWindow, recording: Path
) -> None:
    press(qtbot, page, Qt.Key.Key_Q)
    assert window.page is Page.REVIEW  # there is nothing yet
    opened(qtbot, page, recording)
    page.side.buttons.buttons[Act.TO_PRACTICE].click()
    assert window.page is Page.PRACTICE
    practising = window.other(Page.PRACTICE)
    assert isinstance(practising, PracticePage)
    assert practising.desk.spec == str(recording)
    window.show_page(Page.REVIEW)
    assert page.desk.session is not None


def test_words_on_the_whole_recording(
    qtbot: QtBot, page: ReviewPage, window: MainWindow, recording: Path
) -> None:
    desk, note = page.desk, page.side.note
    opened(qtbot, page, recording)
    assert note.isHidden()
    press(qtbot, page, Qt.Key.Key_N)
    long = "second trimester, lying on its front & difficult <view>; " * 4
    answer(window, long)
    assert desk.corrections.note == long.strip()
    assert desk.corrections.marks == ()
    assert note.isVisible()
    assert note.words == f"Note: {long.strip()}"
    assert note.fontMetrics().horizontalAdvance(note.text()) <= note.width()
    press(qtbot, page, Qt.Key.Key_N)
    assert answer(window, "") == long.strip()
    assert note.isHidden()
    qtbot.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert note.isVisible()
    opened(qtbot, page, recording)
    assert note.words == f"Note: {long.strip()}"


def test_words_for_a_recording_that_was_left_are_dropped(
    qtbot: QtBot, page: ReviewPage, window: MainWindow, recording: Path
) -> None:
    opened(qtbot, page, recording)
    press(qtbot, page, Qt.Key.Key_W)
    opened(qtbot, page, recording)
    answer(window, "for the one before")
    assert page.desk.corrections.empty


def test_what_is_reviewed_is_among_the_recent_ones(
    qtbot: QtBot, page: ReviewPage, window: MainWindow, recording: Path, tmp_path: Path
) -> None:
    settings = window.controller.settings
    settings.remember("device:Scanner")
    opened(qtbot, page, recording)
    assert settings.recent == [str(recording), "device:Scanner"]
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing")
    page.open(str(broken))
    qtbot.waitUntil(lambda: bool(page.desk.opener.trouble))
    assert settings.recent == [str(recording), "device:Scanner"]


def test_timeline_with_the_mouse(qtbot: QtBot, page: ReviewPage, recording: Path) -> None:
    desk, timeline = page.desk, page.timeline
    opened(qtbot, page, recording)
    places = timeline.places
    row = next(n for n, plane in enumerate(DISPLAY_ORDER) if plane.key == "femur")
    at = QPointF(places.x_of(50.5), places.row_rect(row).center().y()).toPoint()
    qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=at)
    assert (desk.index, desk.plane) == (50, "femur")
    name = QPoint(30, int(places.row_of("lips").center().y()))
    qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=name)
    assert desk.plane == "lips"
    assert KEYS[desk.index] == "lips"
    qtbot.mouseMove(timeline, at)
    qtbot.waitUntil(page.over.hover.isVisible)
    qtbot.mouseMove(timeline, QPoint(5, 5))
    qtbot.waitUntil(page.over.hover.isHidden)
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Plus, Qt.Key.Key_Plus):
        hold(qtbot, page, key, CTRL)
    assert timeline.span.length < 120
    assert timeline.span.first <= desk.index < timeline.span.last
    hold(qtbot, page, Qt.Key.Key_0, CTRL)
    assert timeline.span.length == 200


def test_strips_have_the_colours_of_the_planes(
    qtbot: QtBot, page: ReviewPage, recording: Path
) -> None:
    opened(qtbot, page, recording)
    page.desk.step_to(0)
    timeline = page.timeline
    picture: QImage = timeline.grab().toImage()

    def colour(key: str, frame: float) -> QColor:
        spot = QPointF(timeline.places.x_of(frame), timeline.places.row_of(key).center().y())
        return QColor(picture.pixel(spot.toPoint()))

    assert colour("femur", 50).name() == BY_KEY["femur"].colour
    assert colour("lips", 135).name() == BY_KEY["lips"].colour
    ground = page._look.colour("back")
    for key, frame in (("femur", 135.0), ("lips", 50.0), ("kidneys", 50.0)):
        found = colour(key, frame)
        assert abs(found.red() - ground.red()) + abs(found.green() - ground.green()) < 12


def test_pages_in_turn_and_the_analysis_waits(
    qtbot: QtBot, window: MainWindow, page: ReviewPage, recording: Path
) -> None:
    opened(qtbot, page, recording)
    window.show_page(Page.LIVE)
    assert not page.desk._timer.isActive()
    assert page.desk._held
    window.show_page(Page.REVIEW)
    assert not page.desk._held
    hold(qtbot, page, Qt.Key.Key_P, *CTRL_SHIFT)
    assert page.desk._held
    hold(qtbot, page, Qt.Key.Key_P, *CTRL_SHIFT)
    assert not page.desk._held


def test_what_was_said_is_there_the_next_time(
    qtbot: QtBot, page: ReviewPage, recording: Path
) -> None:
    desk = page.desk
    opened(qtbot, page, recording)
    desk.pick("femur")
    shown(qtbot, desk)
    press(qtbot, page, Qt.Key.Key_Return)
    at = desk.index
    opened(qtbot, page, recording)  # closed and opened again
    assert desk.corrections.best == {"femur": at}
    assert desk.index == at


@pytest.mark.parametrize(
    "changed", [{"crop": "auto"}, {"threshold": 0.95}, {"model": "other"}, {"localiser": "paper"}]
)
def test_changed_settings_begin_the_analysis_anew(
    qtbot: QtBot,
    session: FakeSession,
    models: FakeModels,
    saved: list[Settings],
    recording: Path,
    changed: dict[str, object],
) -> None:
    asked: list[Settings] = []

    def make(settings: Settings, *_arguments: object) -> Analyser:
        asked.append(settings)
        sha = ("1" if settings.model == "other" else "0") * 64
        # One that no picture of the made network reaches.
        return made_analyser(sha, None if settings.threshold is None else 1.0)

    services = replace(make_services(models, saved), make_analyser=make)
    main, page = reviewing(qtbot, session, services, Settings(crop="full"))
    opened(qtbot, page, recording)
    desk, before = page.desk, page.desk.session
    desk.pick("femur")
    shown(qtbot, desk)
    press(qtbot, page, Qt.Key.Key_Return)
    at = desk.index
    page._controller.flip("show_box")
    page._controller.change(**changed)
    qtbot.waitUntil(lambda: desk.session not in (None, before))
    qtbot.waitUntil(lambda: desk.progress.state is RunState.DONE)  # type: ignore[union-attr]
    assert len(asked) == 2
    for name, value in changed.items():
        assert getattr(asked[1], name) == value
    assert (desk.index, desk.plane) == (at, "femur")
    assert desk.corrections.best == {"femur": at}
    sure = changed.get("threshold") is None
    qtbot.waitUntil(
        lambda: [one.sure for one in desk.candidates.get("femur", ())[:1]] == [sure],
    )
    qtbot.waitUntil(lambda: "Opened again" in words_of(main))
    main.close()


def test_no_model_is_said_and_pictures_are_shown_all_the_same(
    qtbot: QtBot, session: FakeSession, models: FakeModels, saved: list[Settings], recording: Path
) -> None:
    installed: list[bool] = []

    def missing(*_arguments: object) -> Analyser:
        if not installed:
            raise ModelError("no model is installed", "Install one")
        return made_analyser()

    services = replace(make_services(models, saved), make_analyser=missing)
    main, page = reviewing(qtbot, session, services, Settings())
    page.open(str(recording))
    qtbot.waitUntil(lambda: "No analysis" in page.side.progress.words.text())
    qtbot.waitUntil(lambda: page.desk.view is not None)
    assert page.side.headline.verdict.kind is VerdictKind.NOT_ANALYSED
    assert page.side.progress.button.isVisible()
    assert page.side.progress.button.text() == "Try again"
    assert page.side.headline.lines() == ["no analysis"]
    installed.append(True)
    hold(qtbot, page, Qt.Key.Key_P, *CTRL_SHIFT)
    qtbot.waitUntil(lambda: page.desk.progress.state is RunState.DONE)  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: "All 200 frames" in page.side.progress.words.text())
    shown(qtbot, page.desk)
    main.close()


def test_a_picture_that_takes_long_gets_its_result_when_the_model_comes_after_it(
    qtbot: QtBot,
    session: FakeSession,
    models: FakeModels,
    saved: list[Settings],
    recording: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Longer than the page looks for news; the results are on the disk from a first review."""
    go = threading.Event()
    go.set()

    def gated(*_arguments: object) -> Analyser:
        assert go.wait(LIMIT_S)
        return made_analyser()

    services = replace(make_services(models, saved), make_analyser=gated)
    main, page = reviewing(qtbot, session, services, Settings(crop="full"))
    opened(qtbot, page, recording)
    fetched, fetch = [], ReviewSession._view
    looks, enough = [0], threading.Event()

    def looked() -> None:
        looks[0] += 1

    page.desk._timer.timeout.connect(looked)

    def slow(one: ReviewSession, look: object) -> object:
        until = looks[0] + 4
        wait_until(lambda: looks[0] >= until or enough.is_set())
        fetched.append(look)
        return fetch(one, look)  # type: ignore[arg-type]

    monkeypatch.setattr(ReviewSession, "_view", slow)
    go.clear()
    page.open(str(recording))
    qtbot.waitUntil(lambda: page.desk.view is not None)
    go.set()
    shown(qtbot, page.desk)
    page.desk.step(3)
    shown(qtbot, page.desk)
    assert len(fetched) < 12
    enough.set()
    main.close()


def test_a_review_is_let_go_when_its_exam_is_to_be_deleted(
    qtbot: QtBot, page: ReviewPage, recording: Path
) -> None:
    opened(qtbot, page, recording)
    page.let_go("20260101-000000-zzzz")
    assert page.desk.session is not None
    page.desk.session.recording = replace(  # as if it were that of a kept exam
        page.desk.session.recording, spec="exam:20260101-000000-zzzz"
    )
    page.let_go("20260101-000000-zzzz")
    assert page.desk.session is None


def test_while_the_model_loads_there_is_nothing_to_pause(
    qtbot: QtBot, session: FakeSession, models: FakeModels, saved: list[Settings], recording: Path
) -> None:
    go = threading.Event()

    def slowly(*_arguments: object) -> Analyser:
        assert go.wait(LIMIT_S)
        return made_analyser()

    services = replace(make_services(models, saved), make_analyser=slowly)
    main, page = reviewing(qtbot, session, services, Settings(crop="full"))
    page.open(str(recording))
    qtbot.waitUntil(lambda: page.desk.view is not None)
    panel = page.side.progress
    main.show_page(Page.LIVE)
    main.show_page(Page.REVIEW)
    main.resize(1400, 900)
    assert panel.words.text() == "Loading the model …"
    assert page.side.headline.lines() == ["the model is loading"]
    assert panel.isVisible()
    assert not panel.bar.isVisible()
    assert not panel.button.isVisible()
    go.set()
    qtbot.waitUntil(lambda: page.desk.progress.state is RunState.DONE)  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: "All 200 frames" in panel.words.text())
    main.close()


def test_why_a_picture_has_no_result_is_said() -> None:
    said = [waiting_text(Progress(state, 0, 9), tried=False) for state in RunState]
    assert said[:3] == ["the model is loading", "its turn comes", "analysis paused"]
    assert len(set(said)) == len(said)
    assert "not be read" in waiting_text(Progress(RunState.RUNNING, 3, 9), tried=True)


def test_pictures_that_are_only_measured_are_said() -> None:
    words = progress_text(Progress(RunState.RUNNING, 200, 200))
    assert words == "All 200 frames analysed  ·  measuring their pictures …"
    assert "199 of 200" in progress_text(Progress(RunState.RUNNING, 199, 200))


def test_how_quick_the_analysis_is_stands_beside_how_far() -> None:
    words = progress_text(Progress(RunState.RUNNING, 100, 200, 86.2, "", 3.448))
    words = words.replace("\N{NO-BREAK SPACE}", " ")
    assert words.startswith("Analysing  ·  100 of 200 frames  ·  86 fps, 3.4 × real time  ·  ")
    assert "real" not in progress_text(Progress(RunState.RUNNING, 100, 200))


def test_every_plane_has_a_key_of_its_own(window: MainWindow) -> None:
    assert sorted(PLANE_ACTS) == sorted(plane.key for plane in DISPLAY_ORDER)
    keys = [window.look.keys.of(act) for act in (*PLANE_ACTS.values(), Act.TAKE_BACK)]
    assert len(set(keys)) == len(PLANE_ACTS) + 1


def test_help_shows_the_keys_of_the_page(window: MainWindow, page: ReviewPage) -> None:
    window.questions.show_help(page)
    sheet = window.questions.sheet
    assert isinstance(sheet, HelpSheet)
    texts = [label.text() for label in sheet.findChildren(type(window.banner))]
    assert "Choose this frame as the best of the plane" in texts
    window.questions.close()


def test_the_keys_come_back_when_a_sheet_closes(
    qtbot: QtBot, window: MainWindow, page: ReviewPage, recording: Path
) -> None:
    opened(qtbot, page, recording)
    window.questions.show_help(page)
    assert not page.hasFocus()
    window.leave()
    assert window.focusWidget() is page
    window.show_page(Page.LIVE)
    assert window.focusProxy() is None


def test_the_recording_of_a_kept_exam(
    qtbot: QtBot,
    session: FakeSession,
    models: FakeModels,
    saved: list[Settings],
    recording: Path,
    tmp_path: Path,
) -> None:
    store = ExamStore(tmp_path / "exams")
    exam = kept(store.folder, recording, **MADE)
    services = replace(
        make_services(models, saved),
        make_analyser=lambda settings, synthetic, tell: made_analyser(threshold=settings.threshold),
        exams=store,
    )
    main = build(session, services, Settings(crop="full"), [], MIN_HEIGHT_PX)
    qtbot.addWidget(main)
    main.show()
    main.begin()
    main.questions.show_exams()
    sheet = main.questions.sheet
    assert isinstance(sheet, ExamsSheet)
    qtbot.waitUntil(lambda: (exam.exam_id, "Review") in sheet.buttons)
    sheet.buttons[exam.exam_id, "Review"].click()
    assert main.page is Page.REVIEW
    page = main.pages.currentWidget()
    assert isinstance(page, ReviewPage)
    qtbot.waitUntil(lambda: page.desk.session is not None)
    assert page.side.where.text().startswith("S-17")
    assert main.controller.settings.recent == []  # it has a list of its own
    # Every other frame has the result that the exam itself found.
    qtbot.waitUntil(lambda: "kidneys" in page.desk.candidates)
    qtbot.waitUntil(lambda: bool(page.desk.candidates["kidneys"]))
    main.close()


@pytest.mark.parametrize(("wide", "high"), [(1024, 700), (1280, 800), (1920, 1040), (2560, 1400)])
def test_the_picture_is_the_largest_thing(
    qtbot: QtBot, window: MainWindow, page: ReviewPage, recording: Path, wide: int, high: int
) -> None:
    opened(qtbot, page, recording)
    window.resize(wide, high)
    qtbot.waitUntil(lambda: page.width() == wide)
    picture, side, timeline = page.viewport, page.side, page.timeline
    column = page.side_area  # it scrolls the side where the window is very low
    qtbot.waitUntil(lambda: picture.geometry().right() < column.geometry().left())
    qtbot.waitUntil(lambda: side.width() >= 300)
    assert timeline.geometry().bottom() <= page.height()
    bottom = max(column.geometry().bottom(), picture.geometry().bottom())
    assert bottom <= timeline.geometry().top()
    for button in side.buttons.buttons.values():
        assert side.buttons.rect().contains(button.geometry())
    inner = [part for part in side.findChildren(QWidget) if part.isVisible()]
    assert all(side.rect().contains(part.geometry()) for part in inner if part.parent() is side)
    area = picture.width() * picture.height()
    for part in (side.candidates, side.planes, side.buttons):
        assert area > 1.2 * part.width() * part.height() or part.isHidden()
