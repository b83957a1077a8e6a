"""Nothing that is painted over the picture lies on the anatomy, whatever the window's size."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gui_fakes import EMPTY, GRABBER, RECORDING, FakeSession, make_frame, make_pixels, make_view
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QPoint, QRectF, QSizeF
from pytestqt.qtbot import QtBot

from sonoassist.core.packets import Box
from sonoassist.gui import anatomy as anatomies
from sonoassist.gui import cards
from sonoassist.gui.free_room import CHIP_PX, Wide, chip_places, largest_beside
from sonoassist.gui.inset import CAPTION_PX, inset_rect
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.screens import Chip, Screen, screen_for
from sonoassist.gui.theme import DARK, Look
from sonoassist.gui.verdict import NOTHING
from sonoassist.gui.viewport import Viewport
from sonoassist.live.status import Level, Notice, PlayState, View

SIZES = [(960, 640), (1024, 768), (1280, 800), (1920, 1080), (2560, 1080), (1080, 1920)]
# Frame, and the part of it with the anatomy.
PICTURES = [
    ((400, 300), Box(50, 40, 350, 260)),
    ((400, 300), Box(0, 0, 400, 300)),
    ((480, 270), Box(0, 0, 480, 270)),
    ((480, 270), Box(100, 10, 400, 260)),
    ((300, 400), Box(0, 50, 300, 350)),
]
sides = st.floats(1, 3000)
ROUNDING_PX = 1e-9
"""Left and width do not add up to the very right."""


@given(sides, sides, sides, sides, sides, sides, st.lists(st.floats(60, 900), max_size=6))
def test_chips_and_small_pictures_keep_clear(
    wide: float, high: float, x: float, y: float, w: float, h: float, widths: list[float]
) -> None:
    area, taken = QRectF(0, 0, wide, high), QRectF(x, y, w, h)
    look = Look(DARK, 1.0, "")
    places = chip_places(area, taken, [Wide(one, one / 2) for one in widths], look)
    small = largest_beside(area, taken, QSizeF(300, 200), 24, 110)
    found = [*places, *([small.adjusted(0, -24, 0, 0)] if small is not None else [])]
    whole = area.adjusted(0, 0, ROUNDING_PX, ROUNDING_PX)
    for place in found:
        assert whole.contains(place)
        assert not place.intersects(taken)
    for number, one in enumerate(places):
        assert not any(one.intersects(other) for other in places[number + 1 :])
    if small is not None:
        assert small.width() / small.height() == pytest.approx(1.5, rel=0.05)


def overlays(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> list[QRectF]:
    """Where the chips are painted, and the small picture with its words."""
    viewport, found = window.live.viewport, []
    paint = cards._paint_chip

    def watched(painter: object, rect: QRectF, *rest: object) -> None:
        found.append(QRectF(rect))
        paint(painter, rect, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(cards, "_paint_chip", watched)
    viewport.grab()
    past = viewport._past
    if past is not None and viewport.view is not None:
        small = viewport._inset_place(viewport.view, past)
        if small is not None:
            found.append(small.adjusted(0, -window.look.px(CAPTION_PX), 0, 0))
    monkeypatch.undo()
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("frame_px", "crop"), PICTURES)
def test_nothing_in_the_window_lies_on_the_field_of_view(
    window: MainWindow,
    session: FakeSession,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    frame_px: tuple[int, int],
    crop: Box,
) -> None:
    window.resize(*size)
    pixels = make_pixels(*frame_px)
    result = make_view("femur", frame=make_frame(100, pixels, GRABBER), crop=crop)
    late = View(make_frame(108, pixels, GRABBER))
    for notice in ("one", "two"):
        session.notices.put(Notice(Level.ERROR, f"{notice} thing went wrong", "Do something"))
    viewport, seen = window.live.viewport, 0
    for view, frozen, state in (
        (result, False, PlayState.PAUSED),
        (result, True, PlayState.PLAYING),
        (late, False, PlayState.PLAYING),
        (late, True, PlayState.LOST),
    ):
        session.result, session.past = result, (result,)
        session.show(view, GRABBER, state)
        window.display.refresh()
        if frozen:
            window.controller.toggle_freeze()
        window.display.refresh()
        field = viewport.field_of(viewport.view)
        found = overlays(window, monkeypatch)
        seen += len(found)
        for rect in found:
            assert QRectF(viewport.rect()).contains(rect)
            assert not rect.intersects(field), (rect, field)
        origin = viewport.mapTo(window, QPoint(0, 0))
        for toast in window.toasts.shown:
            assert not QRectF(toast.geometry()).intersects(
                field.translated(QRectF(origin.x(), origin.y(), 0, 0).topLeft())
            )
        window.controller.thaw()
    assert seen >= 2  # chips are shown, not left out


def test_a_chip_without_room_beside_the_anatomy_makes_room_above_it(
    qtbot: QtBot, look: Look
) -> None:
    viewport = Viewport(look)
    qtbot.addWidget(viewport)
    viewport.resize(800, 600)  # exactly as wide and high as the picture
    view = make_view(crop=Box(0, 0, 400, 300))
    viewport.show_view(view, NOTHING)
    assert viewport.field_of(view) == QRectF(0, 0, 800, 600)
    viewport.show_screen(Screen(None, (Chip("pause", "Paused"),)))
    field = viewport.field_of(view)
    assert field.top() > CHIP_PX
    assert viewport.picture_size(view).height() == round(field.height())  # as it will be painted


@pytest.mark.parametrize(
    ("size", "moved"),
    [
        ((1000, 600), True),  # 100 px beside it: a few letters
        ((1400, 600), False),  # 300 px
        ((780, 360), True),  # 150 px: not all of the words
        ((740, 260), False),  # a third of it would be lost, and half of the words can be read
    ],
)
def test_words_over_the_picture_can_be_read(
    qtbot: QtBot, look: Look, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], moved: bool
) -> None:
    painted: list[str] = []
    monkeypatch.setattr(cards, "_paint_chip", lambda _p, _r, _c, text, _l: painted.append(text))
    viewport = Viewport(look)
    qtbot.addWidget(viewport)
    viewport.resize(*size)
    view = make_view(crop=Box(0, 0, 400, 300))
    viewport.show_view(view, NOTHING)
    chip = Chip("crop", "New screen: check the crop", short="Check the crop")
    viewport.show_screen(Screen(None, (chip,)))
    viewport.grab()
    assert (viewport.field_of(view).top() > CHIP_PX) is moved
    (words,) = painted
    assert words == (chip.short if size == (740, 260) else chip.text)


def test_extra_words_are_left_out_rather_than_cut(
    qtbot: QtBot, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[str] = []
    monkeypatch.setattr(cards, "_paint_chip", lambda _p, _r, _c, text, _l: painted.append(text))
    viewport = Viewport(look)
    qtbot.addWidget(viewport)
    viewport.show_view(make_view(crop=Box(0, 0, 400, 300)), NOTHING)
    key, much = Chip("info", "B ends", extra=True), Chip("info", "Backspace takes it", extra=True)
    viewport.show_screen(
        Screen(None, (Chip("crop", "Femur: drag a box over it", short="Drag"), much, key))
    )
    for wide, wanted in (
        (800, ["Femur: drag a box over it", "Backspace takes it", "B ends"]),
        (345, ["Drag", "Backspace takes it"]),
        (250, ["Drag"]),
    ):
        painted.clear()
        viewport.resize(wide, round(wide * 3 / 4) + 52)
        viewport.grab()
        assert painted == wanted, wide


def test_the_picture_stays_while_a_number_over_it_counts(qtbot: QtBot, look: Look) -> None:
    viewport = Viewport(look)
    qtbot.addWidget(viewport)
    view = make_view(crop=Box(0, 0, 400, 300))
    viewport.show_view(view, NOTHING)
    for wide in range(800, 1300, 10):
        viewport.resize(wide, 600)
        fields = set()
        for back_s in (0.0, 0.4, 9.9, 10.0):
            status = replace(EMPTY, play_state=PlayState.PLAYING, source=RECORDING)
            viewport.show_screen(screen_for(status, True, back_s))
            fields.add(viewport.field_of(view).getRect())
        assert len(fields) == 1, wide


def test_a_small_picture_without_room_is_left_out(look: Look) -> None:
    view = make_view()
    area = QRectF(0, 0, 800, 600)
    assert inset_rect(view, area, area, look) is None
    beside = inset_rect(view, area, QRectF(0, 0, 500, 600), look)
    assert beside is not None
    assert beside.left() > 500


def test_the_field_of_view_counts_where_the_network_sees_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[object] = []

    def found(pictures: list[object]) -> Box | None:
        looked.append(pictures)
        return Box(20, 60, 390, 290) if len(looked) > 1 else None

    monkeypatch.setattr("sonoassist.preprocess.masking.ultrasound_field", found)
    anatomy, view = anatomies.Anatomy(), make_view(crop=Box(50, 40, 350, 260))
    assert anatomy.of(view.frame, None) == Box(0, 0, 400, 300)  # nobody knows
    assert looked == []
    assert anatomy.of(view.frame, view) == Box(50, 40, 350, 260)
    assert anatomy.of(view.frame, view) == Box(50, 40, 350, 260)
    assert len(looked) == 1  # not with each picture
    later = make_view(frame=make_frame(100), crop=Box(50, 40, 350, 260))
    for _ in range(3):
        assert anatomy.of(later.frame, later) == Box(20, 40, 390, 290)
    assert len(looked) == 2
