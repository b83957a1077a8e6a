"""The curve of the confidences on the live page."""

from __future__ import annotations

import math
import sys
import threading
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from gui_fakes import FakeSession, make_frame, make_view, shares
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sonoassist.core.planes import DISPLAY_ORDER, INDEX, PLANES
from sonoassist.gui import curve_loading
from sonoassist.gui.acts import Act
from sonoassist.gui.confidence_curves import CurveMark
from sonoassist.gui.confidence_panel import ConfidencePanel, span_for, when_words
from sonoassist.gui.curve_loading import make_graph
from sonoassist.gui.curve_scale import back_ticks, share_ticks
from sonoassist.gui.fonts import family
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.theme import DARK, LIGHT, Look, Palette, contrast
from sonoassist.live.confidences import ConfidenceHistory
from waiting import LIMIT_S

FEMUR, LIPS = INDEX["femur"], INDEX["lips"]
T0 = 1000.0


def history_of(*stretches: tuple[str, float, float]) -> ConfidenceHistory:
    """(plane or "", confidence, seconds) one after another, from `T0` on."""
    history, at_s = ConfidenceHistory(), T0
    for key, confidence, long_s in stretches:
        for number in range(round(long_s * 25)):
            history.put(at_s + number / 25, "a", shares(key, confidence) if key else None)
        at_s += long_s
    return history


@pytest.fixture
def panel(qtbot: QtBot, look: Look) -> ConfidencePanel:
    return shown(qtbot, look)


def shown(qtbot: QtBot, look: Look, wide: int = 1200, high: int = 236) -> ConfidencePanel:
    widget = ConfidencePanel(look)
    widget.set_look(look)
    qtbot.addWidget(widget)
    widget.resize(wide, high)
    widget.show()
    return widget


def show(
    panel: ConfidencePanel, history: ConfidenceHistory, marks: tuple[CurveMark, ...] = ()
) -> None:
    now_s = history.newest_s()
    assert now_s is not None
    panel.show_trend(history.trend(now_s), 0.7, marks, now_s)


def near(panel: ConfidencePanel, colour: QColor, place: float, share: float) -> bool:
    """Whether a colour is to be seen beside a place of the plot."""
    graph = panel._graph
    assert graph is not None
    image = panel.grab().toImage()
    at = graph.mapTo(panel, QPoint(round(graph.x_of(place)), round(graph.y_of(share))))
    beside = range(-2, 3)
    return any(
        image.pixelColor(at.x() + x, at.y() + y).name() == colour.name()
        for x in beside
        for y in beside
    )


def test_only_planes_that_led_have_a_line_in_their_colour(
    panel: ConfidencePanel, look: Look
) -> None:
    show(panel, history_of(("background", 0.95, 10), ("femur", 0.9, 10), ("background", 0.9, 5)))
    assert panel.planes == (FEMUR,)
    assert near(panel, look.stroke(PLANES[FEMUR].colour), -10.0, 0.9)
    assert not near(panel, look.stroke(PLANES[FEMUR].colour), -2.0, 0.9)
    assert panel.legend()[0][:2] == (FEMUR, pytest.approx(0.9))
    assert "Femur 90 %" in panel.accessibleDescription() or "Femur 89 %" in (
        panel.accessibleDescription()
    )


def test_a_picture_that_is_not_judged_leaves_a_gap(panel: ConfidencePanel, look: Look) -> None:
    show(panel, history_of(("femur", 0.9, 10), ("", 0, 5), ("femur", 0.9, 10)))
    colour = look.stroke(PLANES[FEMUR].colour)
    assert near(panel, colour, -5.0, 0.9)
    assert near(panel, colour, -20.0, 0.9)
    assert not near(panel, colour, -12.5, 0.9)


def test_what_was_captured_is_marked_and_named(panel: ConfidencePanel, look: Look) -> None:
    history = history_of(("femur", 0.5, 20), ("lips", 0.5, 20))
    marks = (
        CurveMark(-30.0, FEMUR, 0.9, kept=True),
        CurveMark(-10.0, LIPS, 0.8, kept=False),
        CurveMark(-500.0, LIPS, 0.8, kept=False),
    )
    show(panel, history, marks)
    assert panel.marks == marks[:2]
    graph = panel._graph
    assert graph is not None
    assert {tag.words for tag in graph._tags} == {"Femur", "Lips"}
    assert near(panel, look.stroke(PLANES[FEMUR].colour), -30.0, 0.9)
    assert near(panel, look.stroke(PLANES[LIPS].colour), -10.0, 0.8)
    assert "diamonds: captured, filled: kept" in panel.headlines()


def test_a_line_without_a_mark_has_its_name_too(panel: ConfidencePanel) -> None:
    """Colour is never the only sign."""
    show(panel, history_of(("background", 0.9, 10), ("lips", 0.9, 20), ("femur", 0.9, 10)))
    graph = panel._graph
    assert graph is not None
    middles = {tag.words: tag.where.center().x() for tag in graph._tags}
    assert middles["Lips"] == pytest.approx(graph.x_of(-20.0), abs=6)
    assert "Femur" in middles


def test_names_never_lie_on_each_other(panel: ConfidencePanel) -> None:
    marks = tuple(CurveMark(-20.0 - at / 4, at % 14, 0.5 + at / 50, kept=False) for at in range(20))
    show(panel, history_of(("femur", 0.9, 30)), marks)
    graph = panel._graph
    assert graph is not None
    rects = [tag.where for tag in graph._tags]
    assert rects
    for number, rect in enumerate(rects):
        assert graph.plot_rect().adjusted(-1, -1, 1, 1).contains(rect)
        assert not any(rect.intersects(other) for other in rects[number + 1 :])


def test_the_window_of_time_grows_with_what_is_known() -> None:
    for long_s, expected in ((5, 60), (70, 120), (130, 300)):
        history = history_of(("femur", 0.9, long_s))
        assert span_for(history.trend(T0 + long_s)) == expected
    assert [words for _at, words in back_ticks(120.0)][::2] == ["now", "−1 min", "−2 min"]
    assert [words for _at, words in back_ticks(5.0)] == ["now", *(f"−{at} s" for at in range(1, 6))]
    assert when_words(0.4) == "now"
    assert when_words(75.9) == "−1:15"


@pytest.mark.parametrize("threshold", [0.0, 0.05, 0.5, 0.55, 0.7, 0.99, 1.0])
def test_the_threshold_stands_on_the_axis_and_no_word_on_another(threshold: float) -> None:
    ticks = [value for value, _words in share_ticks(threshold, 0.1)]
    assert threshold in ticks
    assert all(b - a >= 0.1 for a, b in pairwise(ticks))


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_the_threshold_is_dashed_on_every_screen(
    panel: ConfidencePanel, look: Look, monkeypatch: pytest.MonkeyPatch, ratio: float
) -> None:
    graph = panel._graph
    assert graph is not None
    monkeypatch.setattr(graph, "devicePixelRatioF", lambda: ratio)
    show(panel, history_of(("background", 0.9, 30)))
    image, plot = graph.grab().toImage(), graph.plot_rect()
    y, line = round(graph.y_of(0.7)), look.colour("muted").name()
    across = range(round(plot.left()) + 2, round(plot.right()) - 2)
    solid = [
        any(image.pixelColor(x, y + beside).name() == line for beside in (-1, 0, 1)) for x in across
    ]
    assert 0.3 * len(solid) < sum(solid) < 0.8 * len(solid)


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_lines_and_words_stand_out_from_the_ground(palette: Palette) -> None:
    look = Look(palette, 1.0, family())
    for plane in DISPLAY_ORDER:
        assert contrast(look.stroke(plane.colour), look.colour("back")) >= 3.0
        assert contrast(look.ink(plane.colour), look.colour("back")) >= 4.5
    for ground in ("back", "panel"):
        assert contrast(look.colour("muted"), look.colour(ground)) >= 4.5


def test_the_mouse_does_nothing_to_a_plot(qtbot: QtBot, panel: ConfidencePanel) -> None:
    show(panel, history_of(("femur", 0.9, 30)))
    graph = panel._graph
    assert graph is not None
    before = graph.viewRect()
    middle = panel.rect().center()
    assert panel.childAt(middle) is None  # it goes to the panel, which has no use for it
    for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
        QTest.mousePress(panel, button, pos=middle)
        QTest.mouseMove(panel, middle + QPoint(50, 30))
        QTest.mouseRelease(panel, button, pos=middle + QPoint(50, 30))
    assert graph.viewRect() == before
    assert QApplication.activePopupWidget() is None
    assert graph.focusPolicy() is Qt.FocusPolicy.NoFocus


def test_a_hidden_panel_costs_nothing_and_a_shown_one_little(qtbot: QtBot, look: Look) -> None:
    panel = ConfidencePanel(look)
    qtbot.addWidget(panel)
    assert panel._graph is None  # nothing is made before it is shown
    assert not panel.due(0.0)
    panel.show()
    assert panel.due(0.0)
    history = history_of(("femur", 0.9, 2))
    panel.show_trend(history.trend(T0 + 2), 0.7, (), 10.0)
    assert not panel.due(10.1)
    assert panel.due(10.3)
    panel.hide()
    assert not panel.due(99.0)


@pytest.mark.parametrize("palette", [DARK, LIGHT])
@pytest.mark.parametrize("wide", [660, 1200, 1800])
@pytest.mark.parametrize("high", [153, 236])
def test_nothing_is_cut_off(qtbot: QtBot, palette: Palette, wide: int, high: int) -> None:
    look = Look(palette, 0.9 if wide < 1000 else 1.0, family())
    panel = shown(qtbot, look, wide, high)
    show(panel, history_of(*((plane.key, 0.95, 4) for plane in DISPLAY_ORDER)))
    assert len(panel.planes) == 13
    image = panel.grab().toImage()
    for x in (3, wide - 3):
        column = {image.pixelColor(x, y).name() for y in range(12, high - 12)}
        assert column == {look.colour("panel").name()}
    assert panel.plot_rect().width() > 0.4 * wide


def test_pyqtgraph_leaves_the_reporting_of_errors_alone(qtbot: QtBot, panel: object) -> None:
    hook = sys.excepthook
    look = Look(DARK, 1.0, family())
    qtbot.addWidget(make_graph(look, panel))  # type: ignore[arg-type]
    assert sys.excepthook is hook
    assert "pyqtgraph" not in type(hook).__module__


def test_the_first_plot_is_loaded_beside_the_picture(
    qtbot: QtBot, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, threads = threading.Event(), []

    def load() -> None:
        threads.append(threading.current_thread())
        go.wait(LIMIT_S)

    curves = sys.modules["sonoassist.gui.curves"]
    monkeypatch.delitem(sys.modules, "sonoassist.gui.curves")
    monkeypatch.setattr(curve_loading, "load_curves", load)
    panel = shown(qtbot, look)
    show(panel, history_of(("femur", 0.9, 5)))  # nothing waits
    panel.hide()
    panel.show()
    assert panel._graph is None
    panel.grab()
    monkeypatch.setitem(sys.modules, "sonoassist.gui.curves", curves)
    go.set()
    qtbot.waitUntil(lambda: panel._graph is not None)
    assert panel.planes == (FEMUR,)
    assert near(panel, look.stroke(PLANES[FEMUR].colour), -2.0, 0.9)
    assert threads[0] is not threading.main_thread()


# -- in the window ------------------------------------------------------------------------------


def feed(session: FakeSession, seconds: float, key: str = "femur") -> None:
    """As if the session had run until now."""
    now_s = time.monotonic()
    for number in range(round(seconds * 10)):
        at_s = now_s - seconds + number / 10
        session.confidences.put(at_s, "a", shares(key, 0.9))


def test_its_key_opens_it_in_the_place_of_the_times(
    window: MainWindow, session: FakeSession
) -> None:
    session.show(make_view())
    feed(session, 20)
    window.display.refresh()
    live = window.live
    assert not live.confidences.isVisible()
    window.actions_set[Act.TIMING].trigger()
    window.actions_set[Act.CONFIDENCES].trigger()
    window.display.refresh()
    assert live.confidences.isVisible()
    assert not live.timing.isVisible()
    assert live.confidences.planes == (FEMUR,)
    window.actions_set[Act.THEME].trigger()
    window.grab()
    window.actions_set[Act.CONFIDENCES].trigger()
    assert not live.confidences.isVisible()


def test_frames_of_a_session_of_any_clock_are_shown(
    window: MainWindow, session: FakeSession
) -> None:
    """The newest frame is never later than now."""
    frame = replace(make_frame(), captured_at_s=time.monotonic() + 1e6)
    session.show(make_view("lips", frame=frame))
    session.confidences.add(make_view("lips", frame=frame))
    window.display.refresh()
    window.actions_set[Act.CONFIDENCES].trigger()
    window.display.refresh()
    trend = window.live.confidences._picture.trend
    assert trend.led == (LIPS,)
    assert not math.isnan(float(np.nansum(trend.places)))
