"""Where the time of each frame goes: the figures, and the panel that shows them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gui_fakes import STATS, FakeSession, make_frame, make_view
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtGui import QFontMetricsF
from pytestqt.qtbot import QtBot

from sonoassist.gui.acts import Act
from sonoassist.gui.fonts import family
from sonoassist.gui.frame_times import (
    PAINTING,
    TO_SCREEN,
    WAITING,
    FrameTime,
    FrameTimes,
    Spread,
    frame_time,
    spread,
    stage_spreads,
)
from sonoassist.gui.main_window import MainWindow
from sonoassist.gui.theme import DARK, LIGHT, Look
from sonoassist.gui.timing import TimingPanel, stacking, top_for
from sonoassist.live.status import PlayState, View

TIMES = (("preprocess", 3.0), ("inference", 20.0), ("localise", 2.0))


def analysed(index: int = 0, waited_ms: float = 6.0, took: tuple = TIMES) -> View:
    """A view whose frame waited so long before it was analysed."""
    view = make_view(frame=make_frame(index))
    work_s = sum(took_ms for _, took_ms in took) / 1e3
    finished_s = view.frame.captured_at_s + waited_ms / 1e3 + work_s
    assert view.analysis is not None
    return replace(view, analysis=replace(view.analysis, timings_ms=took, finished_at_s=finished_s))


def painted(view: View, after_ms: float = 4.0, painting_ms: float = 1.5) -> FrameTime:
    assert view.analysis is not None
    return frame_time(view, view.analysis.finished_at_s + after_ms / 1e3, painting_ms)


def test_the_stages_of_a_frame_make_up_its_whole_way() -> None:
    frame = painted(analysed())
    expected = {WAITING: 6.0, **dict(TIMES), TO_SCREEN: 4.0, PAINTING: 1.5}
    assert list(dict(frame.stages_ms)) == list(expected)
    assert dict(frame.stages_ms) == pytest.approx(expected)
    assert frame.total_ms == pytest.approx(36.5)
    assert frame.work_ms == pytest.approx(25.0)
    assert frame.analysed


def test_a_picture_without_a_result_has_two_stages() -> None:
    view = View(make_frame())
    frame = frame_time(view, view.frame.captured_at_s + 0.005, 2.0)
    assert dict(frame.stages_ms) == pytest.approx({TO_SCREEN: 5.0, PAINTING: 2.0})
    assert frame.total_ms == pytest.approx(7.0)
    assert (frame.work_ms, frame.analysed) == (0, False)


@given(st.floats(0, 500), st.floats(0, 500), st.floats(0, 100))
def test_the_stages_always_sum_to_the_total(
    waited_ms: float, after_ms: float, painting_ms: float
) -> None:
    frame = painted(analysed(waited_ms=waited_ms), after_ms, painting_ms)
    assert sum(took_ms for _, took_ms in frame.stages_ms) == pytest.approx(frame.total_ms, abs=1e-6)
    assert all(took_ms >= 0 for _, took_ms in frame.stages_ms)


def test_spreads() -> None:
    assert spread([]) == Spread(0.0, 0.0)
    assert spread(range(101)) == Spread(50.0, 95.0)
    raw = frame_time(View(make_frame()), make_frame().captured_at_s + 0.01, 3.0)
    figures = stage_spreads([raw, painted(analysed())])
    assert list(figures) == [WAITING, "preprocess", "inference", "localise", TO_SCREEN, PAINTING]
    assert figures["inference"].p50_ms == pytest.approx(20.0)
    assert figures[PAINTING].p50_ms == pytest.approx(2.25)


def test_only_the_last_seconds_are_kept() -> None:
    times = FrameTimes(span_s=2.0)
    for index in range(100):
        times.add(painted(analysed(index)))
    kept = times.frames()
    assert kept[-1].painted_at_s - kept[0].painted_at_s <= 2.0
    assert len(kept) in (50, 51)
    assert times.painted_hz() == pytest.approx(25.0)
    times.clear()
    assert (times.frames(), times.painted_hz()) == ((), 0.0)


def test_work_lies_below_and_waiting_on_top() -> None:
    order = [WAITING, "preprocess", "inference", "localise", TO_SCREEN, PAINTING]
    assert stacking(order) == ["preprocess", "inference", "localise", PAINTING, WAITING, TO_SCREEN]
    assert stacking([TO_SCREEN, PAINTING]) == [PAINTING, TO_SCREEN]


@given(st.floats(0.1, 7000), st.sampled_from([0.0, 20.0, 100.0, 400.0, 4000.0]))
def test_the_axis_holds_what_it_shows_and_does_not_jump(needed_ms: float, before_ms: float) -> None:
    top = top_for(needed_ms, before_ms)
    assert top >= needed_ms
    assert top_for(needed_ms * 0.9, top) <= top
    if 0.45 * before_ms <= needed_ms <= before_ms:
        assert top == before_ms


# -- the panel ----------------------------------------------------------------------------------


@pytest.fixture
def panel(qtbot: QtBot, look: Look) -> TimingPanel:
    widget = TimingPanel(look, FrameTimes())
    qtbot.addWidget(widget)
    widget.resize(1200, 236)
    widget.show()
    return widget


def fill(panel: TimingPanel, count: int = 125, **more: object) -> float:
    """Frames at 25 a second; returns when the last was painted."""
    frames = [painted(analysed(index, **more)) for index in range(count)]  # type: ignore[arg-type]
    for frame in frames:
        panel._times.add(frame)
    stats = replace(STATS, stages_ms=TIMES, capture_hz=25.0, dropped=3, boxes_hz=6.0)
    panel.show_stats(stats, frames[-1].painted_at_s)
    return frames[-1].painted_at_s


def test_it_says_median_percentile_rate_and_drops(panel: TimingPanel) -> None:
    assert panel.headlines() == []
    fill(panel, waited_ms=6.2)
    assert panel.headlines() == [
        "median 37 ms, 95 % 37 ms",
        "analysis 25 of 40 ms",
        "25 labels, 6 boxes, 25 painted /s",
        "dropped 3",
    ]
    rows = dict(panel.legend())
    assert list(rows) == [
        "on the way to the screen",
        "waiting for the analysis",
        "painting",
        "box",
        "network",
        "preparing the picture",
        "capture to screen",
    ]
    assert rows["network"].p50_ms == pytest.approx(20.0)
    assert rows["capture to screen"].p95_ms == pytest.approx(36.7)
    assert panel.accessibleDescription().startswith("median 37 ms")


def test_each_stage_is_drawn_in_its_colour_at_its_height(panel: TimingPanel) -> None:
    now_s = fill(panel)
    image = panel.grab().toImage()
    x = round(panel.x_of(now_s - 1.3))
    at_ms = {"preprocess": 1.5, "inference": 12.0, "localise": 24.0, WAITING: 29.0, TO_SCREEN: 35.0}
    for stage, took_ms in at_ms.items():
        assert image.pixelColor(x, round(panel.y_of(took_ms))) == panel.colour(stage), stage
    assert image.pixelColor(x, round(panel.y_of(44.0))).name() == DARK.back


def test_the_interval_between_frames_is_a_line(panel: TimingPanel, look: Look) -> None:
    fill(panel)
    image = panel.grab().toImage()
    plot = panel.plot_rect()
    y = round(panel.y_of(40.0))
    text = look.colour("text")
    row = [image.pixelColor(x, y) == text for x in range(round(plot.left()), round(plot.right()))]
    assert 0.3 * len(row) < sum(row) < 0.8 * len(row)  # dashed
    assert panel.top_ms >= 48


def test_too_slow_an_analysis_is_said(panel: TimingPanel) -> None:
    view = View(make_frame())
    for index in range(20):
        view = View(make_frame(index))
        panel._times.add(frame_time(view, view.frame.captured_at_s + 0.004, 1.0))
    slow = (("preprocess", 3.0), ("inference", 400.0))
    stats = replace(STATS, stages_ms=slow, capture_hz=25.0)
    panel.show_stats(stats, view.frame.captured_at_s + 0.005)
    assert panel.over_budget
    assert panel.headlines()[1] == "analysis 403 of 40 ms: too slow"
    rows = dict(panel.legend())
    assert rows["network"].p50_ms == 400.0
    panel.grab()


def test_it_is_drawn_anew_a_few_times_a_second(panel: TimingPanel) -> None:
    now_s = fill(panel, 10)
    before = panel.headlines()
    panel._times.clear()
    panel.show_stats(STATS, now_s + 0.1)
    assert panel.headlines()[:2] == before[:2]
    panel.show_stats(STATS, now_s + 0.3)
    assert panel.headlines() == []
    panel.grab()


def test_frames_far_apart_are_not_joined(panel: TimingPanel) -> None:
    for index in (0, 1, 2, 60, 61, 62):
        panel._times.add(painted(analysed(index)))
    now_s = panel._times.frames()[-1].painted_at_s
    panel.show_stats(replace(STATS, stages_ms=TIMES, capture_hz=25.0), now_s)
    image = panel.grab().toImage()
    hole = round(panel.x_of(now_s - 1.2))
    assert image.pixelColor(hole, round(panel.y_of(12.0))).name() == DARK.back


@pytest.mark.parametrize("palette", [DARK, LIGHT])
@pytest.mark.parametrize("wide", [700, 1200, 1800])
def test_nothing_is_cut_off(qtbot: QtBot, palette: object, wide: int) -> None:
    look = Look(palette, 0.9 if wide < 1000 else 1.0, family())  # type: ignore[arg-type]
    panel = TimingPanel(look, FrameTimes())
    qtbot.addWidget(panel)
    panel.resize(wide, panel.height())
    panel.show()
    fill(panel)
    image = panel.grab().toImage()
    panel_colour = look.colour("panel")
    for x in (wide - 3, 3):
        column = {image.pixelColor(x, y).name() for y in range(12, panel.height() - 12)}
        assert column == {panel_colour.name()}
    assert panel.plot_rect().width() > 0.4 * wide
    words = QFontMetricsF(look.font(13)).horizontalAdvance
    head = QFontMetricsF(look.font(14, bold=True)).horizontalAdvance("Capture to screen")
    needed = head + sum(words(said) + look.px(22) for said in panel.headlines())
    assert needed < wide - 2 * look.px(16)


def test_its_key_opens_and_closes_it(window: MainWindow, session: FakeSession) -> None:
    session.show(make_view())
    window.display.refresh()
    panel = window.live.timing
    assert not panel.isVisible()
    window.actions_set[Act.TIMING].trigger()
    window.display.refresh()
    window.grab()
    assert panel.isVisible()
    window.actions_set[Act.THEME].trigger()
    window.grab()
    window.actions_set[Act.TIMING].trigger()
    assert not panel.isVisible()


def test_frames_are_timed_while_the_picture_moves_only(
    qtbot: QtBot, window: MainWindow, session: FakeSession
) -> None:
    seen: list[View] = []
    window.display.frame_painted.connect(lambda view, took: seen.append(view))
    playing = make_view(frame=make_frame(1))
    session.show(playing)
    window.display.refresh()
    window.grab()
    window.display.window_painted(playing.frame.captured_at_s + 0.05, 2.0)
    window.display.window_painted(playing.frame.captured_at_s + 0.06, 2.0)  # no new picture in it
    assert seen == [playing]
    assert len(window.live.times.frames()) == 1
    session.show(make_view(frame=make_frame(2)), play_state=PlayState.PAUSED)
    window.display.refresh()
    window.grab()
    window.display.window_painted(200.0, 2.0)
    assert len(window.live.times.frames()) == 1
