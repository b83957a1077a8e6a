"""Curves of progress: exercises at their places, gaps, rings; nothing is made before it is seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QPoint
from PyQt6.QtGui import QColor
from pytestqt.qtbot import QtBot

from sonoassist.core.planes import BY_KEY
from sonoassist.gui.curve_scale import count_ticks
from sonoassist.gui.fonts import family
from sonoassist.gui.practice.curves import Curve
from sonoassist.gui.theme import DARK, LIGHT, Look, Palette

FEMUR = BY_KEY["femur"]


def colour_at(curve: Curve, exercise: float, value: float) -> str:
    graph = curve._graph
    assert graph is not None
    at = graph.mapTo(curve, QPoint(round(graph.x_of(exercise)), round(graph.y_of(value))))
    return curve.grab().toImage().pixelColor(at).name()


def shown(qtbot: QtBot, look: Look, *, large: bool) -> Curve:
    curve = Curve("Femur", FEMUR.colour, look, large=large)
    qtbot.addWidget(curve)
    curve.resize(600, 240)
    curve.show()
    return curve


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_points_lie_at_their_values_and_rings_are_hollow(
    qtbot: QtBot, palette: Palette, large: bool
) -> None:
    look = Look(palette, 1.0, family())
    curve = shown(qtbot, look, large=large)
    curve.show_values((100.0, 0.0, None, 50.0), "a note", (False, True, False, False))
    line, ground = look.stroke(FEMUR.colour).name(), QColor(palette.back).name()
    assert colour_at(curve, 1, 100) == line
    assert colour_at(curve, 2, 0) == ground
    assert colour_at(curve, 4, 50) == line
    assert colour_at(curve, 3, 75) == ground
    assert curve.accessibleDescription() == "a note"
    curve.show_values(())
    assert colour_at(curve, 1, 100) != line


@pytest.mark.qt_log_ignore("This plugin does not support")  # of resizing, without a screen
def test_a_curve_follows_theme_and_size(qtbot: QtBot, look: Look) -> None:
    curve = shown(qtbot, look, large=True)
    curve.show_values((20.0, 80.0))
    light = Look(LIGHT, 0.9, family())
    curve.set_look(light)
    curve.resize(400, 220)
    assert colour_at(curve, 2, 80) == light.stroke(FEMUR.colour).name()
    assert colour_at(curve, 1.5, 20) == QColor(LIGHT.back).name()


def test_nothing_is_made_before_it_is_seen(qtbot: QtBot, look: Look) -> None:
    curve = Curve("Femur", FEMUR.colour, look)
    qtbot.addWidget(curve)
    curve.show_values((20.0, 80.0))
    curve.set_look(look)
    assert curve._graph is None
    curve.show()
    assert curve._graph is not None


@given(st.integers(1, 5000))
def test_exercises_on_the_axis_are_few_and_end_with_the_last(count: int) -> None:
    numbers = [int(value) for value, _words in count_ticks(count)]
    assert numbers[0] == 1
    assert numbers[-1] == count
    assert numbers == sorted(set(numbers))
    assert len(numbers) <= 12
