from __future__ import annotations

import numpy as np
import pytest
from gui_fakes import BOX, CROP, make_frame, make_view
from PyQt6.QtCore import QPoint, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtTest import QSignalSpy
from pytestqt.qtbot import QtBot

from sonoassist.core.packets import Box, State
from sonoassist.core.planes import BY_KEY, PLANES
from sonoassist.gui.acts import Act
from sonoassist.gui.overlay import BOX_PX, heat_evidence, heat_image, place
from sonoassist.gui.screens import Chip, MessageCard, Screen
from sonoassist.gui.theme import Look
from sonoassist.gui.verdict import NOTHING, decide
from sonoassist.gui.viewport import Viewport
from sonoassist.live.status import View

GREY = QColor(60, 60, 60)


@pytest.fixture
def viewport(qtbot: QtBot, look: Look) -> Viewport:
    widget = Viewport(look)
    qtbot.addWidget(widget)
    widget.resize(800, 600)  # exactly two widget pixels for one of the 400x300 frame
    return widget


def painted(widget: Viewport, view: View | None, threshold: float = 0.7) -> QImage:
    widget.show_view(view, decide(view, "steady", threshold))
    return widget.grab().toImage()


def colours(image: QImage) -> set[str]:
    return {
        image.pixelColor(x, y).name()
        for x in range(0, image.width(), 3)
        for y in range(0, image.height(), 3)
    }


def changed(one: QImage, two: QImage) -> np.ndarray:
    """Which pixels differ, (h, w)."""
    arrays = []
    for image in (one, two):
        rgb = image.convertToFormat(QImage.Format.Format_RGB32)
        bits = rgb.bits()
        assert bits is not None
        bits.setsize(rgb.sizeInBytes())
        arrays.append(np.array(bits).reshape(rgb.height(), rgb.width(), 4)[:, :, :3].copy())
    return np.any(arrays[0] != arrays[1], axis=2)


@pytest.mark.parametrize("plane", [one for one in PLANES if not one.is_background])
def test_the_box_is_at_its_place_in_its_colour(viewport: Viewport, plane: object) -> None:
    key = plane.key  # type: ignore[attr-defined]
    image = painted(viewport, make_view(key))
    colour = QColor(BY_KEY[key].colour)
    for x, y in ((200, 300), (600, 300), (350, 160), (350, 400)):
        assert image.pixelColor(x, y) == colour
    for x, y in ((190, 300), (610, 300), (350, 410), (350, 280)):
        assert image.pixelColor(x, y) == GREY


def test_the_box_follows_the_scale(viewport: Viewport) -> None:
    viewport.resize(500, 700)  # 1.25 widget pixels a frame pixel, bars above and below
    image = painted(viewport, make_view())
    placement = viewport.placement()
    assert placement is not None
    assert (placement.left, placement.top, placement.scale) == (0, 162, 1.25)
    colour = QColor(BY_KEY["femur"].colour)
    assert image.pixelColor(125, 162 + 180) == colour
    assert image.pixelColor(375, 162 + 180) == colour
    assert image.pixelColor(200, 162 + 250) == colour


@pytest.mark.parametrize("state", [one for one in State if one is not State.PLANE])
def test_no_box_without_a_sure_plane(viewport: Viewport, state: State) -> None:
    view = make_view(state=state, confidence=0.9)
    viewport.show_heat = True
    assert colours(painted(viewport, view)) == {GREY.name()}


def test_no_box_below_a_threshold_raised_later(viewport: Viewport) -> None:
    assert colours(painted(viewport, make_view(confidence=0.8), threshold=0.9)) == {GREY.name()}


def test_a_view_without_a_result_has_no_overlay(viewport: Viewport) -> None:
    viewport.show_heat = viewport.show_crop = True
    assert colours(painted(viewport, View(make_frame()))) == {GREY.name()}


def test_the_box_can_be_turned_off(viewport: Viewport) -> None:
    viewport.show_box = False
    assert colours(painted(viewport, make_view())) == {GREY.name()}


def test_a_new_frame_does_not_keep_the_box_of_the_last(viewport: Viewport) -> None:
    painted(viewport, make_view())
    assert colours(painted(viewport, View(make_frame(1)))) == {GREY.name()}


def test_the_heat_map_glows_where_the_evidence_is_strong() -> None:
    image = heat_image(np.array([[0.0, 0.5, 1.0]], np.float32))
    nothing, middle, strong = (image.pixelColor(column, 0) for column in range(3))
    assert nothing.alpha() == 0
    assert 0 < middle.alpha() < strong.alpha()
    assert min(strong.red(), strong.green()) > 200  # nearly white at the top, red in the middle
    assert middle.red() > 150
    assert middle.red() > 2 * middle.green()


def test_the_heat_map_stays_within_the_crop(viewport: Viewport) -> None:
    viewport.show_box = False
    evidence = np.ones((224, 288), np.float32)
    plain = painted(viewport, make_view(evidence=evidence))
    viewport.show_heat = True
    where = changed(plain, painted(viewport, make_view(evidence=evidence)))
    rows, columns = np.nonzero(where)
    assert (columns.min(), columns.max() + 1) == (CROP.left * 2, CROP.right * 2)
    assert (rows.min(), rows.max() + 1) == (CROP.top * 2, CROP.bottom * 2)


def test_no_evidence_leaves_the_picture_as_it_is(viewport: Viewport) -> None:
    viewport.show_box = False
    evidence = np.zeros((224, 288), np.float32)
    plain = painted(viewport, make_view(evidence=evidence))
    viewport.show_heat = True
    assert not changed(plain, painted(viewport, make_view(evidence=evidence))).any()


def test_the_guided_map_is_used_where_it_is_there() -> None:
    view = make_view(evidence=np.zeros((4, 4), np.float32))
    assert view.analysis is not None
    assert heat_evidence(view.analysis, guided=True) is view.analysis.localisation.evidence


def test_the_crop_outline_is_drawn_on_its_rectangle(viewport: Viewport) -> None:
    viewport.show_box = False
    plain = painted(viewport, make_view())
    viewport.show_crop = True
    rows, columns = np.nonzero(changed(plain, painted(viewport, make_view())))
    assert columns.min() in range(98, 102)
    assert columns.max() in range(697, 702)
    assert rows.min() in range(78, 82)
    assert rows.max() in range(517, 522)


def test_grey_pictures_are_drawn(viewport: Viewport) -> None:
    pixels = np.full((300, 400), 77, np.uint8)
    image = painted(viewport, View(make_frame(0, pixels)))
    assert image.pixelColor(400, 300) == QColor(77, 77, 77)


def test_the_aspect_is_kept() -> None:
    placement = place(400, 300, QRectF(0, 0, 1000, 300))
    rect = placement.to_widget(Box(0, 0, 400, 300))
    assert (rect.left(), rect.width(), rect.height()) == (300, 400, 300)
    assert placement.to_frame(QPointF(300, 0)) == (0, 0)


def test_frozen_is_framed_in_the_accent_colour(viewport: Viewport, look: Look) -> None:
    view = make_view()
    viewport.show_view(view, NOTHING, frozen=True)
    assert viewport.grab().toImage().pixelColor(1, 300) == look.colour("accent")


def test_a_chip_can_be_clicked(qtbot: QtBot, viewport: Viewport) -> None:
    viewport.show_view(make_view(), NOTHING)
    viewport.show_screen(
        Screen(None, (Chip("warning", "Model missing: install", "warning", Act.INSTALL),))
    )
    viewport.grab()
    asked = QSignalSpy(viewport.asked)
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=QPoint(60, 30))
    assert list(asked[0]) == [Act.INSTALL]


def test_a_card_dims_the_picture_and_hides_the_overlay(viewport: Viewport) -> None:
    viewport.show_screen(Screen(MessageCard("nosignal", "No signal since 3 s")))
    image = painted(viewport, make_view())
    assert image.pixelColor(200, 160) != QColor(BY_KEY["femur"].colour)
    assert image.pixelColor(10, 10).lightness() < GREY.lightness()


def test_a_rectangle_is_drawn_with_the_mouse(qtbot: QtBot, viewport: Viewport) -> None:
    viewport.show_view(make_view(), NOTHING)
    viewport.draw_crop(True)
    drawn = QSignalSpy(viewport.crop_drawn)
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(600, 500))
    qtbot.mouseMove(viewport, QPoint(300, 300))
    viewport.grab()
    qtbot.mouseMove(viewport, QPoint(100, 80))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(100, 80))
    assert list(drawn[0]) == [Box(50, 40, 300, 250)]
    assert not viewport.drawing_crop


def test_a_rectangle_stays_within_the_picture_and_a_click_draws_none(
    qtbot: QtBot, viewport: Viewport
) -> None:
    viewport.show_view(make_view(), NOTHING)
    viewport.draw_crop(True)
    drawn = QSignalSpy(viewport.crop_drawn)
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    assert not list(drawn)
    assert viewport.drawing_crop
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    qtbot.mouseMove(viewport, QPoint(2000, 2000))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(2000, 2000))
    assert list(drawn[0]) == [Box(150, 150, 400, 300)]


def test_the_edges_are_as_thick_as_they_should_be(viewport: Viewport) -> None:
    image = painted(viewport, make_view())
    colour = QColor(BY_KEY["femur"].colour)
    row = [image.pixelColor(x, 300) == colour for x in range(190, 200 + BOX.width.__int__())]
    assert sum(row[:20]) >= BOX_PX


def test_the_heat_map_goes_from_clear_and_dark_to_bright(look: Look) -> None:
    evidence = np.linspace(0, 1, 256, dtype=np.float32).reshape(1, 256)
    image = heat_image(evidence)
    first, middle, last = (image.pixelColor(at, 0) for at in (0, 128, 255))
    assert first.alpha() == 0
    assert 0 < middle.alpha() < last.alpha()
    assert middle.red() > middle.green()  # inferno: violet and red before yellow
    assert last.red() > 200
    assert last.green() > 200
