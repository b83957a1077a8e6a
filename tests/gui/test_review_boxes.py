"""Boxes are drawn, pulled at, kept and exported as the truth that measuring and fitting read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_fakes import FakeModels, FakeSession
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from review_window import (
    CTRL,
    FEMUR,
    LIPS,
    NOTHING,
    SHIFT,
    looked_at,
    opened,
    page_of,
    review_window,
)

from sonoassist.core.packets import Box
from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER
from sonoassist.core.settings import Settings
from sonoassist.datasets.reading import read_dataset
from sonoassist.evaluation.bootstrap import Draws
from sonoassist.evaluation.box_fitting import gather
from sonoassist.evaluation.file_run import Means
from sonoassist.evaluation.localisation import measure_boxes
from sonoassist.evaluation.observing import observe
from sonoassist.evaluation.planning import Scope, make_plan
from sonoassist.gui.acts import Act
from sonoassist.gui.cards import chip_widths
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.overlay import Placement
from sonoassist.gui.review.box_shape import LEAST_PX, Grip, Ground, drawn, grip_at, pulled
from sonoassist.gui.review.page import ReviewPage
from sonoassist.gui.theme import SCALES, Look
from sonoassist.review import session as review_session

sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from review_made import HEIGHT_PX, WIDTH_PX, made_analyser

GROUND = Ground(320.0, 240.0)
near = st.floats(-400, 700)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = draw(st.floats(0, 300)), draw(st.floats(0, 220))
    right = draw(st.floats(left + LEAST_PX, 320))
    return Box(left, top, right, draw(st.floats(top + LEAST_PX, 240)))


@st.composite
def placements(draw: st.DrawFn) -> Placement:
    """Any zoom and any pan."""
    return Placement(
        draw(st.floats(-900, 900)), draw(st.floats(-900, 900)), draw(st.floats(0.2, 16))
    )


def inside(box: Box) -> bool:
    return 0 <= box.left < box.right <= GROUND.width and 0 <= box.top < box.bottom <= GROUND.height


@given(placements(), near, near, near, near)
def test_a_drawn_box_lies_in_the_picture_at_any_zoom(
    where: Placement, x0: float, y0: float, x1: float, y1: float
) -> None:
    points = [
        QPointF(where.left + x * where.scale, where.top + y * where.scale)
        for x, y in ((x0, y0), (x1, y1))
    ]
    begin, end = (where.to_frame(point) for point in points)
    box = drawn(begin, end, GROUND)
    again = drawn(end, begin, GROUND)
    assert box == again
    if box is None:
        return
    assert inside(box)
    assert min(box.width, box.height) >= LEAST_PX
    for edge, (one, other), most in (
        (box.left, sorted((x0, x1)), GROUND.width),
        (box.top, sorted((y0, y1)), GROUND.height),
    ):
        assert abs(edge - min(max(one, 0.0), most)) <= 0.51
        assert other >= one


@given(boxes(), st.sampled_from(list(Grip)), near, near)
def test_a_pulled_box_stays_in_the_picture_and_what_is_not_held_stays(
    box: Box, grip: Grip, dx: float, dy: float
) -> None:
    made = pulled(box, grip, dx, dy, GROUND)
    assert 0 <= made.left <= made.right <= GROUND.width
    assert 0 <= made.top <= made.bottom <= GROUND.height
    edges = ("left", "top", "right", "bottom")
    if grip is Grip.INSIDE:
        assert made.width == pytest.approx(box.width)
        assert made.height == pytest.approx(box.height)
        return
    assert made.width >= min(LEAST_PX, box.width) - 1e-9
    for edge, held in zip(edges, grip.value, strict=True):
        if not held:
            assert getattr(made, edge) == getattr(box, edge)


@given(boxes(), st.sampled_from(list(Grip)), st.floats(0.5, 12))
def test_what_is_taken_hold_of_is_what_is_seen(box: Box, grip: Grip, reach: float) -> None:
    middle = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
    left, top, right, bottom = (False,) * 4 if grip is Grip.INSIDE else grip.value
    x = box.left if left else box.right if right else middle[0]
    y = box.top if top else box.bottom if bottom else middle[1]
    found = grip_at(box, x, y, reach)
    roomy = box.width > 2.1 * reach and box.height > 2.1 * reach
    assert found is (grip if roomy else found)
    assert grip_at(box, box.right + reach + 0.1, y, reach) is None


# -- the page ------------------------------------------------------------------------------


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


def spot(page: ReviewPage, x: float, y: float) -> QPoint:
    placement = page.viewport.placement()
    assert placement is not None
    return placement.to_widget(Box(x, y, x + 1, y + 1)).topLeft().toPoint()


def drag(qtbot: QtBot, page: ReviewPage, *places: tuple[float, float]) -> None:
    view, left = page.viewport, Qt.MouseButton.LeftButton
    qtbot.mousePress(view, left, pos=spot(page, *places[0]))
    for place in places:
        qtbot.mouseMove(view, spot(page, *place))
    qtbot.mouseRelease(view, left, pos=spot(page, *places[-1]))


def box_on(page: ReviewPage, frame: int, plane: str) -> Box:
    return page.desk.corrections.boxes[frame, plane]


def near_to(box: Box, *edges: float) -> bool:
    return (
        max(
            abs(a - b)
            for a, b in zip((box.left, box.top, box.right, box.bottom), edges, strict=True)
        )
        <= 1.0
    )


def test_what_the_mouse_does_is_said_whole_over_the_smallest_picture(
    qtbot: QtBot, page: ReviewPage, look: Look
) -> None:
    smallest_px, small = 250, Look(look.palette, SCALES[0], look.family)
    looked_at(qtbot, page, NOTHING)
    qtbot.keyClick(page, Qt.Key.Key_B, SHIFT)
    said = set()
    for plane in DISPLAY_ORDER:
        page.desk.pick(plane.key, jump=False)
        chips = tuple(one for one in page.boxer.chips() if not one.extra)
        said |= {chip.text for chip in chips}
        assert all(wide.short <= smallest_px for wide in chip_widths(chips, small)), chips
    assert len(said) == len(DISPLAY_ORDER)


def test_a_box_is_drawn_pulled_at_taken_away_and_all_of_it_undone(
    qtbot: QtBot, page: ReviewPage
) -> None:
    desk, undo = page.desk, Qt.KeyboardModifier.ControlModifier
    looked_at(qtbot, page, FEMUR)
    drag(qtbot, page, (20, 20), (90, 70))
    assert desk.corrections.boxes == {}  # not before it is asked for
    qtbot.keyClick(page, Qt.Key.Key_B, SHIFT)
    button = page.side.buttons.buttons[Act.DRAW_BOX]
    assert button.isChecked()
    assert button.text() == "Draw box: Femur"
    assert "Box of Femur" in page.viewport.screen_shown.chips[0].text
    drag(qtbot, page, (8, 100), (60, 130), (90, 170))
    assert near_to(box_on(page, FEMUR, "femur"), 8, 100, 90, 170)
    drag(qtbot, page, (90, 170), (400, 160))  # a corner; further than the picture goes
    assert near_to(box_on(page, FEMUR, "femur"), 8, 100, WIDTH_PX, 160)
    drag(qtbot, page, (8, 130), (30, 10))  # an edge
    assert near_to(box_on(page, FEMUR, "femur"), 30, 100, WIDTH_PX, 160)
    drag(qtbot, page, (120, 130), (80, 130), (90, 400))  # the inside
    moved = box_on(page, FEMUR, "femur")
    assert near_to(moved, 0, HEIGHT_PX - 60, WIDTH_PX - 30, HEIGHT_PX)
    drag(qtbot, page, (50, 20), (51, 21))  # a mere click draws nothing
    assert box_on(page, FEMUR, "femur") == moved
    qtbot.keyClick(page, Qt.Key.Key_Backspace)
    assert desk.corrections.boxes == {}
    for _ in range(4):
        qtbot.keyClick(page, Qt.Key.Key_Z, undo)
    assert near_to(box_on(page, FEMUR, "femur"), 8, 100, 90, 170)
    qtbot.keyClick(page, Qt.Key.Key_Z, undo)
    assert desk.corrections.empty
    qtbot.keyClick(page, Qt.Key.Key_B, SHIFT)
    assert not button.isChecked()


def test_the_plane_is_what_the_frame_is_said_to_show(qtbot: QtBot, page: ReviewPage) -> None:
    desk, boxer = page.desk, page.boxer
    desk.pick("kidneys", jump=False)
    looked_at(qtbot, page, LIPS)
    assert boxer.plane == "lips"  # the network is sure
    desk.words.choose("profile", LIPS)
    assert boxer.plane == "profile"  # a person chose it
    desk.words.correct("rvot", LIPS, LIPS)
    assert boxer.plane == "rvot"  # and said so
    desk.words.correct("background", LIPS, LIPS)
    assert boxer.plane == ""
    looked_at(qtbot, page, NOTHING)
    assert boxer.plane == "kidneys"  # nothing is: the selected row


def test_the_network_s_box_is_a_beginning(qtbot: QtBot, page: ReviewPage) -> None:
    looked_at(qtbot, page, FEMUR)
    own = page.side.headline.verdict.box
    assert own is not None
    qtbot.keyClick(page, Qt.Key.Key_B, SHIFT)
    drag(qtbot, page, (own.left, (own.top + own.bottom) / 2), (own.left - 10, 100))
    made = box_on(page, FEMUR, "femur")
    assert near_to(made, own.left - 10, own.top, own.right, own.bottom)
    qtbot.keyClick(page, Qt.Key.Key_B, CTRL | SHIFT)
    assert box_on(page, FEMUR, "femur").iou(own) == pytest.approx(1.0)
    looked_at(qtbot, page, NOTHING)
    qtbot.keyClick(page, Qt.Key.Key_B, CTRL | SHIFT)
    assert list(page.desk.corrections.boxes) == [(FEMUR, "femur")]


def test_a_drawn_box_looks_otherwise_than_the_network_s(qtbot: QtBot, page: ReviewPage) -> None:
    looked_at(qtbot, page, FEMUR)
    own = page.side.headline.verdict.box
    assert own is not None
    view, colour = page.viewport, QColor(BY_KEY["femur"].colour)

    def painted() -> float:
        """Share of the network's upper edge in the colour of its plane."""
        picture, ratio = view.grab().toImage(), view.devicePixelRatioF()
        first, last = spot(page, own.left + 4, own.top), spot(page, own.right - 4, own.top)
        row = [
            QColor(picture.pixel(round(x * ratio), round(first.y() * ratio)))
            for x in range(first.x(), last.x())
        ]
        return sum(one == colour for one in row) / len(row)

    assert painted() == 1.0
    page.desk.words.set_box(FEMUR, "femur", Box(5, 5, 30, 30))
    assert 0.2 < painted() < 0.8  # dashed
    page.desk.words.set_box(FEMUR, "femur", own)
    assert painted() == 1.0


def test_another_frame_lets_go_of_a_box_under_the_mouse(qtbot: QtBot, page: ReviewPage) -> None:
    looked_at(qtbot, page, FEMUR)
    qtbot.keyClick(page, Qt.Key.Key_B, SHIFT)
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(page.viewport, left, pos=spot(page, 10, 10))
    qtbot.mouseMove(page.viewport, spot(page, 60, 60))
    looked_at(qtbot, page, LIPS)
    qtbot.mouseRelease(page.viewport, left, pos=spot(page, 90, 90))
    assert page.desk.corrections.boxes == {}


def test_no_box_is_drawn_or_taken_where_the_frame_cannot_be_read(
    qtbot: QtBot, page: ReviewPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture behind the card, and what the network says of it, are those of another frame."""
    desk, real, damaged = page.desk, review_session.frame_at, FEMUR + 1
    monkeypatch.setattr(
        review_session,
        "frame_at",
        lambda source, index: None if index == damaged else real(source, index),
    )
    looked_at(qtbot, page, FEMUR)
    qtbot.keyClick(page, Qt.Key.Key_B, SHIFT)
    assert page.viewport.boxed_plane == "femur"
    desk.step_to(damaged)
    qtbot.waitUntil(lambda: bool(desk.frame_trouble))
    qtbot.keyClick(page, Qt.Key.Key_B, CTRL | SHIFT)
    assert desk.corrections.boxes == {}
    drag(qtbot, page, (20, 20), (60, 50), (90, 70))
    assert desk.corrections.boxes == {}
    looked_at(qtbot, page, FEMUR)
    drag(qtbot, page, (8, 100), (60, 130), (90, 170))
    assert list(desk.corrections.boxes) == [(FEMUR, "femur")]


@pytest.mark.usefixtures("plain_screens")
def test_from_the_page_to_the_measure_and_the_fit_of_boxes(
    qtbot: QtBot,
    page: ReviewPage,
    window: MainWindow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A box that equals the network's has an IoU of 1; so much of the picture is the truth."""
    desk, out = page.desk, tmp_path / "out"
    drawn_on = (FEMUR, FEMUR + 5, LIPS)
    for frame in drawn_on:
        looked_at(qtbot, page, frame)
        qtbot.keyClick(page, Qt.Key.Key_B, CTRL | SHIFT)
    looked_at(qtbot, page, FEMUR + 8)
    desk.words.choose("femur", FEMUR + 8)
    monkeypatch.setattr(QFileDialog, "open", lambda dialog: dialog.fileSelected.emit(str(out)))
    qtbot.keyClick(page, Qt.Key.Key_E, CTRL | SHIFT)
    qtbot.waitUntil(lambda: any(out.rglob("labels.csv")))
    qtbot.waitUntil(lambda: not window.controller.jobs.busy)
    data = read_dataset(out)
    assert data.problems == ()
    assert {(one.index, one.plane, one.box is not None) for one in data.frames} == {
        (FEMUR, "femur", True),
        (FEMUR + 5, "femur", True),
        (LIPS, "lips", True),
        (FEMUR + 8, "femur", False),
    }
    analyser = made_analyser()
    seen = observe(make_plan([data], Scope()), Means(analyser), lambda *_told: None, lambda: None)
    found = measure_boxes(seen.frames, Draws(resamples=10))
    assert found is not None
    assert found.all.count == len(drawn_on)
    assert found.all.mean.value == pytest.approx(1.0, abs=1e-6)
    examples = gather([data], analyser, 10)
    assert {key: len(them) for key, them in examples.items()} == {"femur": 2, "lips": 1}
    analyser.close()
