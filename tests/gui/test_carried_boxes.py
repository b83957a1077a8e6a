"""Boxes that were found on an earlier frame: how they are drawn, and that they say so."""

from __future__ import annotations

import ast
import functools
import itertools
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from gui_fakes import BOX, make_frame, make_view
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from sonoassist import gui
from sonoassist.core.box_age import FAINTEST, OWN, BoxAge
from sonoassist.core.packets import Box, SteadiedBox
from sonoassist.core.planes import BY_KEY, PLANES, Plane
from sonoassist.gui.carried import SPAN_S, CarriedAge
from sonoassist.gui.inset import Past
from sonoassist.gui.overlay import Placement, paint_box, pieces_of, place
from sonoassist.gui.practice.picture import explained
from sonoassist.gui.theme import Look
from sonoassist.gui.verdict import decide
from sonoassist.gui.viewport import Viewport
from sonoassist.live.status import View

FEMUR = QColor(BY_KEY["femur"].colour)


def carried(age_s: float, time_s: float = 1.0, source_id: str = "a") -> View:
    frame = replace(make_frame(), time_s=time_s, source_id=source_id)
    view = make_view(frame=frame)
    analysis = view.analysis
    assert analysis is not None
    where = replace(analysis.localisation, age_s=age_s)
    return replace(view, analysis=replace(analysis, localisation=where))


@pytest.fixture
def viewport(qtbot: QtBot, look: Look) -> Viewport:
    widget = Viewport(look)
    qtbot.addWidget(widget)
    widget.resize(800, 600)  # exactly two widget pixels for one of the 400x300 frame
    return widget


def painted(widget: Viewport, view: View, *, frozen: bool = False) -> QImage:
    widget.show_view(view, decide(view, "steady", 0.7), frozen=frozen)
    return widget.grab().toImage()


def edge(image: QImage) -> QColor:
    return image.pixelColor(200, 300)


def same(one: QImage, two: QImage) -> bool:
    return cast(bool, one == two)


def test_a_fresh_box_is_drawn_like_one_of_its_own_frame(viewport: Viewport) -> None:
    own = painted(viewport, carried(0.0), frozen=True)
    assert edge(own) == FEMUR
    assert same(painted(viewport, carried(0.08), frozen=True), own)
    assert not same(painted(viewport, carried(0.12), frozen=True), own)


def test_it_grows_faint_with_its_age_and_can_still_be_seen(viewport: Viewport) -> None:
    ages_s = (0.08, 0.2, 0.3, 0.4, 0.5)
    greens = [edge(painted(viewport, carried(age_s), frozen=True)).green() for age_s in ages_s]
    assert greens == sorted(greens, reverse=True)
    assert len(set(greens)) == len(greens)
    assert greens[-1] > FAINTEST * FEMUR.green()
    grey = painted(viewport, carried(0.5), frozen=True).pixelColor(190, 300)
    assert greens[-1] > grey.green() + 40


def luminance(colour: QColor) -> float:
    parts = np.array(colour.getRgbF()[:3])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


@pytest.mark.parametrize("tissue", [0, 60, 120, 200, 255])
@pytest.mark.parametrize("plane", [one for one in PLANES if not one.is_background])
def test_the_faintest_box_stands_out_from_any_tissue(look: Look, plane: Plane, tissue: int) -> None:
    image = QImage(200, 200, QImage.Format.Format_RGB32)
    image.fill(QColor(tissue, tissue, tissue))
    painter = QPainter(image)
    paint_box(painter, Placement(0, 0, 1), Box(50, 60, 150, 160), plane, look, BoxAge(0.5))
    painter.end()
    line = luminance(image.pixelColor(50, 90)) + 0.05
    around = [luminance(image.pixelColor(x, 90)) + 0.05 for x in (47, 48)]
    assert max(max(line / one, one / line) for one in around) > 2


def test_no_edge_is_drawn_twice_where_two_meet(viewport: Viewport) -> None:
    image = painted(viewport, carried(0.5), frozen=True)
    rect = cast(Placement, viewport.placement()).to_widget(BOX)
    corner = image.pixelColor(round(rect.left()), round(rect.bottom()))
    assert corner.green() <= edge(image).green() + 2


def test_it_says_that_it_is_carried(viewport: Viewport) -> None:
    fresh = painted(viewport, carried(0.0), frozen=True)
    old = painted(viewport, carried(0.3), frozen=True)
    bottom = round(cast(Placement, viewport.placement()).to_widget(BOX).bottom())
    below = [
        (x, y)
        for x in range(198, 330)
        for y in range(bottom + 4, bottom + 24)
        if fresh.pixelColor(x, y) != old.pixelColor(x, y)
    ]
    assert len(below) > 300
    assert viewport._box_age.words == "carried 0.3 s"


@pytest.mark.parametrize("size", [(800, 600), (300, 225)])
def test_its_words_are_never_cut_off(viewport: Viewport, size: tuple[int, int]) -> None:
    viewport.resize(*size)
    whole = make_view(box=None).frame
    placement = place(whole.width_px, whole.height_px, viewport.rect().toRectF())
    wide, high = whole.width_px, whole.height_px
    corner = replace(BOX, left=wide - 20, right=wide, top=high - 40, bottom=high)
    views = []
    for age_s in (0.0, 0.3):
        view = carried(age_s)
        analysis = view.analysis
        assert analysis is not None
        where = replace(analysis.localisation, box=corner)
        views.append(replace(view, analysis=replace(analysis, localisation=where)))
    fresh, old = (painted(viewport, view, frozen=True) for view in views)
    box = placement.to_widget(corner)
    changed = np.array(
        [
            (x, y)
            for x in range(viewport.width())
            for y in range(viewport.height())
            if x < box.left() - 6 and fresh.pixelColor(x, y) != old.pixelColor(x, y)
        ]
    )
    assert len(changed) > 100  # shifted to the left of the box, and above its lower edge
    assert changed[:, 0].min() >= 0


def test_while_pictures_run_neither_strength_nor_words_pulse(viewport: Viewport) -> None:
    """Boxes every sixth frame: ages 0, 40 ... 200 ms, over and over."""
    seen = []
    for number in range(60):
        painted(viewport, carried(0.04 * (number % 6), 0.04 * number))
        seen.append(viewport._box_age)
    shown = {(one.words, round(one.strength, 6)) for one in seen[6:]}
    assert shown == {("carried up to 0.2 s", 0.875)}


def test_nor_do_they_in_the_small_picture(viewport: Viewport) -> None:
    newest = replace(carried(0.0), analysis=None, steady=None)
    seen = []
    for number in range(60):
        last = carried(0.04 * (number % 6), 0.04 * number)
        past = Past(last, decide(last, "steady", 0.7), 0.2)
        viewport.show_view(newest, decide(newest, "steady", 0.7), past=past)
        seen.append(viewport._past_age.words)
    assert set(seen[6:]) == {"carried up to 0.2 s"}
    viewport.show_view(newest, decide(newest, "steady", 0.7))
    assert viewport._past_age == OWN


def test_a_quick_machine_says_nothing_of_ages(viewport: Viewport) -> None:
    for number in range(30):
        painted(viewport, carried(0.04 * (number % 2), 0.04 * number))
        assert (viewport._box_age.words, viewport._box_age.strength) == ("", 1.0)


def test_what_is_shown_is_never_younger_and_forgets_after_a_second() -> None:
    ages = CarriedAge()
    assert ages.shown(carried(0.0), 0.0) == OWN
    assert ages.shown(carried(0.3, 1.1), 0.3).age_s == 0.3
    assert ages.shown(carried(0.0, 1.1 + SPAN_S - 0.01), 0.0).age_s == 0.3
    assert ages.shown(carried(0.0, 1.1 + SPAN_S + 0.01), 0.0) == OWN
    ages.shown(carried(0.4, 3.0), 0.4)
    assert ages.shown(carried(0.0, 2.5), 0.0) == OWN  # gone back
    ages.shown(carried(0.4, 3.0), 0.4)
    assert ages.shown(carried(0.0, 3.1, "another"), 0.0) == OWN


def test_a_held_picture_tells_its_own_age(viewport: Viewport) -> None:
    painted(viewport, carried(0.4, 1.0))
    painted(viewport, carried(0.16, 1.04), frozen=True)
    assert viewport._box_age.words == "carried 0.2 s"


def test_an_explained_picture_tells_the_age_of_its_box() -> None:
    analysis = carried(0.3).analysis
    assert analysis is not None
    assert explained(analysis, "femur", None).box_age_s == 0.3
    assert explained(analysis, "femur", BOX).box_age_s == 0  # drawn by a person


def test_wherever_a_box_is_painted_its_age_is_given() -> None:
    calls = [
        (path.name, call)
        for path in Path(gui.__file__).parent.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "paint_box"
    ]
    assert len(calls) >= 3
    assert [name for name, call in calls if len(call.args) < 6] == []


def steadied(view: View, box: Box, *, sure: bool) -> View:
    assert view.steady is not None
    return replace(view, steady=replace(view.steady, box=SteadiedBox(box, sure)))


def test_a_steadied_box_is_drawn_while_pictures_run_and_its_own_on_a_held_one(
    viewport: Viewport,
) -> None:
    view = carried(0.0)
    assert view.analysis is not None
    assert view.analysis.own_box is not None
    own = view.analysis.own_box
    moved = replace(own, left=own.left + 40, right=own.right + 40)
    shown = steadied(view, moved, sure=True)
    assert not same(painted(viewport, shown), painted(viewport, view))
    assert same(painted(viewport, shown, frozen=True), painted(viewport, view, frozen=True))


def test_a_box_that_is_not_sure_is_drawn_with_broken_lines(viewport: Viewport) -> None:
    view = carried(0.0)
    assert view.analysis is not None
    assert view.analysis.own_box is not None
    own = view.analysis.own_box
    sure, unsure = (painted(viewport, steadied(view, own, sure=one)) for one in (True, False))
    assert not same(sure, unsure)
    assert same(sure, painted(viewport, view))


@given(st.floats(0, 500), st.floats(1, 40), st.booleans())
def test_the_pieces_of_a_broken_line_reach_both_ends_and_never_meet(
    long: float, dash: float, upright: bool
) -> None:
    whole = QRectF(5, 7, 3, long) if upright else QRectF(5, 7, long, 3)
    assert pieces_of(whole, 0.0) == [whole]
    pieces = pieces_of(whole, dash)
    joined = functools.reduce(QRectF.united, pieces)
    assert joined.bottomRight().toPoint() == whole.bottomRight().toPoint()
    assert joined.topLeft() == whole.topLeft()
    assert not any(one.intersects(two) for one, two in itertools.pairwise(pieces))
