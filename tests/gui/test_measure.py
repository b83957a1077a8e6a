"""Measuring the real window, and what is counted."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from gui_fakes import make_frame, make_view
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtWidgets import QApplication

from sonoassist.core import paths
from sonoassist.core.errors import ModelError, SourceError, UsageError
from sonoassist.core.packets import State
from sonoassist.gui import measure
from sonoassist.gui.loading import bundled_model
from sonoassist.gui.measure import Counter, Measurement, course, measure_program
from sonoassist.gui.shell import Shell
from sonoassist.live import keeping_up
from sonoassist.live.status import View
from sonoassist.model.store import ModelStore
from waiting import LIMIT_S, wait_until

DEMO = str(paths.demo_exam())
SECONDS = 1.5


@pytest.fixture
def home() -> Path:
    """The home of the test, with settings in it."""
    made = paths.home()
    made.mkdir(parents=True)
    (made / "settings.json").write_text('{"theme": "light", "threshold": 0.9, "version": 1}')
    return made


@pytest.fixture
def slow_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measuring goes on until there is something to count, and begins when it can."""
    finish = Measurement._finish

    def finished(one: Measurement, *rest: Any) -> None:
        if one._painted and one._counter.analysed:
            finish(one, *rest)

    monkeypatch.setattr(Measurement, "_finish", finished)
    monkeypatch.setattr(measure, "READY_LIMIT_S", LIMIT_S)
    for name in ("LATE_S", "TIMELY_S"):  # no picture is shown twice, without its result and with it
        monkeypatch.setattr(keeping_up, name, LIMIT_S)


@pytest.mark.usefixtures("slow_computer")
def test_the_window_is_measured_while_it_plays(qapp: QApplication, home: Path) -> None:
    before = set(threading.enumerate())
    kept = (home / "settings.json").read_bytes()
    figures = measure_program(DEMO, SECONDS, {"engine": "openvino", "precision": "f32"})
    assert (figures.source, figures.width_px, figures.height_px) == (DEMO, 800, 600)
    assert figures.seconds >= SECONDS
    assert figures.painted_hz > 0
    # So many were on their way already when counting began.
    assert figures.painted_hz <= figures.captured_hz + 3 / SECONDS
    assert figures.analysed_hz <= figures.captured_hz + 2 / SECONDS
    assert 0 < figures.paint_p50_ms <= figures.paint_p95_ms
    assert figures.paint_p50_ms < figures.latency_p50_ms <= figures.latency_p95_ms
    assert 0 < figures.cpu_cores < 10 * (os.cpu_count() or 1)  # cores and not per cent
    assert [at_s for at_s, _, _ in figures.label_course_ms] == [0.0]  # too short for more parts
    assert figures.label_course_ms[0][1:] == (figures.label_p50_ms, figures.label_p95_ms)
    times = [at_s for at_s, _ in figures.memory_mb]
    assert times == sorted(times)
    assert len(times) >= 3
    assert all(mb > 50 for _, mb in figures.memory_mb)
    stages = [stage for stage, _, _ in figures.stages_ms]
    assert stages == ["waiting", "preprocess", "inference", "localise", "to screen", "painting"]
    assert all(0 <= p50 <= p95 for _, p50, p95 in figures.stages_ms)
    assert 0 <= figures.planes_share <= 1
    assert (figures.engine, figures.precision) == ("OpenVINO", "f32")
    assert figures.model == bundled_model(ModelStore.default())
    wait_until(lambda: set(threading.enumerate()) <= before, "the end of the threads")
    assert not [one for one in qapp.topLevelWidgets() if one.isVisible()]
    assert (home / "settings.json").read_bytes() == kept
    assert {path.name for path in home.iterdir()} <= {"settings.json", "cache", "logs"}
    assert asdict(figures)["source"] == DEMO


def test_a_source_that_is_not_there(qapp: QApplication, home: Path) -> None:
    with pytest.raises(SourceError):
        measure_program(str(home / "none.mp4"), SECONDS, {})
    assert not [one for one in qapp.topLevelWidgets() if one.isVisible()]


def test_a_model_that_is_not_there(qapp: QApplication) -> None:
    with pytest.raises(ModelError, match="SonoNet-64 is not installed"):
        measure_program(DEMO, SECONDS, {"model": "sononet64"})


def test_an_override_that_is_not_allowed(qapp: QApplication) -> None:
    with pytest.raises(UsageError, match="threshold"):
        measure_program(DEMO, SECONDS, {"threshold": 3})


def shell_of(application: QApplication) -> Shell:
    return next(one for one in application.topLevelWidgets() if isinstance(one, Shell))


def as_it_goes(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have something happen while it is being measured."""
    turn = Measurement._turn

    def turned(one: Measurement) -> None:
        act()
        turn(one)

    monkeypatch.setattr(Measurement, "_turn", turned)


def test_closing_the_window_ends_it(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    as_it_goes(monkeypatch, lambda: shell_of(qapp).close())
    with pytest.raises(UsageError, match="the window was closed"):
        measure_program(DEMO, 60.0, {"engine": "openvino"})


def test_ctrl_c_ends_it_and_its_handler_is_put_back(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGINT)
    as_it_goes(monkeypatch, lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        measure_program(DEMO, 60.0, {"engine": "openvino"})
    assert signal.getsignal(signal.SIGINT) is before


def test_without_a_display_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise UsageError("there is no display to open a window on")

    monkeypatch.setattr("sonoassist.gui.measure.check_display", refuse)
    with pytest.raises(UsageError, match="no display"):
        measure_program(DEMO, SECONDS, {})


# -- counting -----------------------------------------------------------------------------------


def pair(index: int, state: State = State.PLANE) -> tuple[View, View]:
    frame = make_frame(index)
    return View(frame), make_view(frame=frame, state=state)


def test_nothing_is_counted_before_it_begins_and_after_it_ends() -> None:
    counter = Counter()
    raw, analysed = pair(0)
    counter.see(raw)
    counter.begin()
    counter.see(analysed)  # captured before, analysed now: it has dropped nobody
    counter.end()
    counter.see(raw)
    assert (counter.captured, counter.analysed, counter.dropped) == (0, 1, 0)


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_every_frame_is_analysed_dropped_or_under_way(taken: list[bool]) -> None:
    counter = Counter()
    counter.begin()
    for index, is_taken in enumerate(taken):
        raw, analysed = pair(index, State.PLANE if index % 2 else State.BACKGROUND)
        counter.see(raw)
        if is_taken:
            counter.see(analysed)
    last = max((index for index, is_taken in enumerate(taken) if is_taken), default=-1)
    assert counter.captured == len(taken)
    assert counter.analysed == sum(taken)
    assert counter.dropped == last + 1 - sum(taken)
    assert counter.planes == sum(taken[1::2])


def test_the_course_is_told_in_equal_parts() -> None:
    at_s = [0.0, 1.0, 9.9, 10.0, 19.9, 30.0]
    found = course(at_s, [1.0, 3.0, 4.0, 10.0, 20.0, 7.0], 30.0)
    # Six parts of five seconds; nothing was measured in the fifth. The end belongs to the last.
    assert [second for second, _, _ in found] == [0.0, 5.0, 10.0, 15.0, 25.0]
    assert [middle_ms for _, middle_ms, _ in found] == [2.0, 4.0, 10.0, 20.0, 7.0]
    assert found[0][2] == pytest.approx(2.9)


@given(st.floats(0.01, 5000.0), st.lists(st.floats(0.0, 1.0), max_size=40))
def test_no_time_is_lost_from_the_course(took_s: float, shares: list[float]) -> None:
    found = course([share * took_s for share in shares], [1.0] * len(shares), took_s)
    assert len(found) <= 10
    assert bool(found) == bool(shares)
    assert all(0 <= second < took_s for second, _, _ in found)


def test_stages_are_those_of_everything_analysed() -> None:
    counter = Counter()
    counter.begin()
    raw, analysed = pair(3)
    assert analysed.analysis is not None
    took = replace(analysed.analysis, timings_ms=(("preprocess", 2.0), ("inference", 9.0)))
    counter.see(raw)
    counter.see(replace(analysed, analysis=took))
    assert list(counter.stages_ms) == ["waiting", "preprocess", "inference"]
    assert counter.stages_ms["inference"] == [9.0]
    assert counter.stages_ms["waiting"] == [pytest.approx(30.0 - 11.0)]
