"""The curves over the timeline of a review."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_fakes import FakeModels, FakeSession
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from review_window import (
    review_window,
    take_kept,
)

from sonoassist.core.planes import INDEX, PLANES
from sonoassist.core.settings import Settings
from sonoassist.gui.acts import Act
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.page import Page
from sonoassist.gui.review import curve
from sonoassist.gui.review.page import ReviewPage
from waiting import NEVER_S

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))


FEMUR, LIPS, CHAMBERS = INDEX["femur"], INDEX["lips"], INDEX["4ch"]


@pytest.fixture
def window(
    qtbot: QtBot, session: FakeSession, models: FakeModels, saved: list[Settings]
) -> Iterator[MainWindow]:
    with review_window(qtbot, session, models, saved, (1920, 1040)) as main:
        yield main


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow, recording: Path) -> ReviewPage:
    return drawn(qtbot, window, recording)


def drawn(qtbot: QtBot, window: MainWindow, recording: Path) -> ReviewPage:
    """The curve is asked for, and all of the recording is analysed and drawn."""
    shown = window.other(Page.REVIEW)
    assert isinstance(shown, ReviewPage)
    assert shown.curve._graph is None  # nothing is made before it is asked for
    take_kept(recording)
    shown.open(str(recording))
    press(shown, Act.CONFIDENCES)
    qtbot.waitUntil(lambda: len(shown.desk.candidates) == 13)
    qtbot.waitUntil(lambda: planes(shown) >= {FEMUR, LIPS, CHAMBERS})
    qtbot.waitUntil(lambda: marked(shown) == {FEMUR, LIPS, CHAMBERS})
    qtbot.waitUntil(lambda: shown.curve._trend is not None and not shown.curve._trend.outdated)
    return shown


def press(page: ReviewPage, act: Act) -> None:
    page.keys._actions[act].trigger()


def planes(page: ReviewPage) -> set[int]:
    picture = page.curve.picture
    return set() if picture is None else set(picture.planes)


def marked(page: ReviewPage) -> set[int]:
    picture = page.curve.picture
    return set() if picture is None else {one.plane for one in picture.marks}


def strong(page: ReviewPage) -> int:
    picture = page.curve.picture
    return -1 if picture is None else picture.strong


def test_it_is_whole_as_soon_as_all_is_analysed(
    qtbot: QtBot, window: MainWindow, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curve, "_READ_S", NEVER_S)
    drawn(qtbot, window, recording)


def test_its_key_shows_and_hides_it(page: ReviewPage) -> None:
    assert page.curve.isVisible()
    assert page.timeline.isVisible()
    press(page, Act.CONFIDENCES)
    assert not page.curve.isVisible()


def test_it_lies_over_the_rows_frame_by_frame(page: ReviewPage) -> None:
    graph = page.curve._graph
    assert graph is not None
    span, places = page.timeline.span, page.timeline.places
    for frame in (0, 60, 199):
        assert graph.x_of(frame) == pytest.approx(places.x_of(frame), abs=1.0)
    press(page, Act.LARGER)
    assert page.timeline.span != span


def test_it_follows_zoom_place_and_plane(qtbot: QtBot, page: ReviewPage) -> None:
    graph = page.curve._graph
    assert graph is not None
    page.desk.pick("lips")
    qtbot.waitUntil(lambda: strong(page) == LIPS)
    assert page.curve._head.xData[0] == page.desk.index + 0.5
    page.desk.step_to(95)
    assert page.curve._head.xData[0] == 95.5  # at once
    for _ in range(12):
        press(page, Act.LARGER)
    span = page.timeline.span
    qtbot.waitUntil(lambda: graph._across == (span.first, span.last))
    # The selected plane has a line wherever one looks; the others where they are surely seen.
    qtbot.waitUntil(lambda: planes(page) == {LIPS})


def test_a_click_and_a_drag_go_to_frames(page: ReviewPage) -> None:
    places, middle = page.timeline.places, page.curve.height() // 2

    def at(frame: int) -> QPoint:
        return QPoint(round(places.x_of(frame + 0.5)), middle)

    QTest.mouseClick(page.curve, Qt.MouseButton.LeftButton, pos=at(60))
    assert page.desk.index == 60
    QTest.mousePress(page.curve, Qt.MouseButton.LeftButton, pos=at(70))
    QTest.mouseMove(page.curve, at(90))
    QTest.mouseRelease(page.curve, Qt.MouseButton.LeftButton, pos=at(90))
    assert page.desk.index in (70, 90)
    QTest.mouseClick(page.curve, Qt.MouseButton.RightButton, pos=at(10))
    assert page.desk.index != 10


def test_the_wheel_zooms_about_the_mouse_as_on_the_timeline(page: ReviewPage) -> None:
    places = page.timeline.places
    at = QPointF(places.x_of(60.0), 40.0)
    turned = QWheelEvent(
        at,
        page.curve.mapToGlobal(at),
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(page.curve, turned)
    assert page.timeline.span.length < 200
    assert page.timeline.places.x_of(60.0) == pytest.approx(at.x(), abs=1)


def test_chosen_frames_are_filled_diamonds(qtbot: QtBot, page: ReviewPage) -> None:
    def kept() -> set[int]:
        picture = page.curve.picture
        return set() if picture is None else {one.plane for one in picture.marks if one.kept}

    assert not kept()
    page.desk.words.choose("femur", 50)
    qtbot.waitUntil(lambda: kept() == {FEMUR})
    mark = next(one for one in page.curve.picture.marks if one.kept)  # type: ignore[union-attr]
    assert mark.place == 50.5


def test_the_line_of_a_plane_is_where_it_is_seen(page: ReviewPage, window: MainWindow) -> None:
    graph = page.curve._graph
    assert graph is not None
    image = page.curve.grab().toImage()
    colour = window.look.stroke(PLANES[FEMUR].colour).name()

    def seen(frame: float) -> bool:
        x = round(graph.x_of(frame))
        down = range(round(graph.plot_rect().top()), round(graph.plot_rect().bottom()))
        return any(image.pixelColor(x, y).name() == colour for y in down)

    assert seen(50.0)
    assert not seen(100.0)


def test_the_threshold_moves_with_the_setting(qtbot: QtBot, page: ReviewPage) -> None:
    page._controller.change(threshold=0.85)
    qtbot.waitUntil(lambda: page.curve.picture is not None and page.curve.picture.threshold == 0.85)


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_in_a_low_window_it_takes_the_place_of_the_rows(
    qtbot: QtBot, window: MainWindow, page: ReviewPage
) -> None:
    window.resize(960, 540)
    qtbot.waitUntil(lambda: not page.timeline.isVisible())
    assert page.curve.isVisible()
    qtbot.waitUntil(lambda: page.viewport.height() >= 0.5 * page.height())
    graph = page.curve._graph
    assert graph is not None
    qtbot.waitUntil(lambda: any(words for _at, words in graph._ticks["bottom"]))  # its own times
    press(page, Act.CONFIDENCES)
    assert page.timeline.isVisible()
    window.resize(1920, 1040)


def test_nothing_is_drawn_while_it_is_hidden(page: ReviewPage) -> None:
    press(page, Act.CONFIDENCES)
    before = page.curve.picture
    page.desk.pick("4ch")
    page.curve.ask()
    assert not page.curve._waiting.isActive()
    assert page.curve.picture is before
