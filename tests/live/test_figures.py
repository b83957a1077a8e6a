"""Rates, pacing and notices: what is counted and kept, by clocks of our own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_analyses import analysis_of, at, shares_of
from sonoassist.core.errors import SourceError
from sonoassist.live.player import LATE_S, Pacer
from sonoassist.live.rates import WINDOW_S, Rates
from sonoassist.live.status import Level, Notice, Notices


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def analysed(latency_s: float, took_ms: float = 5.0) -> object:
    made = analysis_of(at(0.0), shares_of("femur"))
    fields = {name: getattr(made, name) for name in made.__slots__}
    fields |= {"finished_at_s": latency_s, "timings_ms": (("inference", took_ms),)}
    return type(made)(**fields)


def test_rates_of_an_even_run() -> None:
    clock = Clock()
    rates = Rates(clock)
    for step in range(51):
        clock.now_s = 100 + step / 25
        rates.captured()
        if step % 2 == 0:
            rates.analysed(analysed(0.040))
    stats = rates.stats(dropped=25)
    assert (stats.captured, stats.analysed, stats.dropped) == (51, 26, 25)
    assert stats.capture_hz == pytest.approx(25.0)
    assert stats.analysis_hz == pytest.approx(12.5)
    assert stats.latency_p50_ms == pytest.approx(40.0)
    assert stats.stages_ms == (("inference", 5.0),)


def test_boxes_have_a_rate_of_their_own() -> None:
    clock = Clock()
    rates = Rates(clock)
    for step in range(51):
        clock.now_s = 100 + step / 25
        rates.analysed(analysed(0.040))
        if step % 5 == 0:
            rates.box_found()
    stats = rates.stats(0)
    assert (stats.analysis_hz, stats.boxes_hz) == (pytest.approx(25.0), pytest.approx(5.0))
    rates.set_counting(False)
    rates.box_found()
    assert rates.stats(0).boxes_hz == 0
    rates.set_counting(True)
    assert rates.stats(0).boxes_hz == 0  # nothing of before counts
    rates.box_found()
    assert rates.stats(0).boxes_hz == pytest.approx(1 / WINDOW_S)
    clock.now_s += 0.5
    rates.box_found()
    assert rates.stats(0).boxes_hz == pytest.approx(2.0)
    clock.now_s += WINDOW_S + 0.1
    assert rates.stats(0).boxes_hz == 0
    rates.box_found()
    rates.reset()
    assert rates.stats(0).boxes_hz == 0


def test_rates_forget_what_is_old() -> None:
    clock = Clock()
    rates = Rates(clock)
    rates.captured()
    rates.analysed(analysed(5.0))
    clock.now_s += WINDOW_S + 0.1
    stats = rates.stats(0)
    assert (stats.captured, stats.analysed) == (1, 1)
    assert (stats.capture_hz, stats.latency_p50_ms, stats.stages_ms) == (0.0, 0.0, ())
    rates.reset()
    assert rates.stats(0).captured == 0


@given(st.lists(st.floats(0, 10), min_size=1, max_size=40))
def test_latency_percentiles(latencies_s: list[float]) -> None:
    rates = Rates(Clock())
    for latency_s in latencies_s:
        rates.analysed(analysed(latency_s))
    stats = rates.stats(0)
    expected = np.percentile(np.array(latencies_s) * 1e3, [50, 95])
    assert (stats.latency_p50_ms, stats.latency_p95_ms) == pytest.approx(tuple(expected))


def test_a_pacer_keeps_the_times_of_the_recording() -> None:
    clock = Clock()
    pacer = Pacer(clock)
    assert pacer.wait_s(3.0) == 0.0
    assert pacer.wait_s(3.04) == pytest.approx(0.04)
    clock.now_s += 0.03
    assert pacer.wait_s(3.04) == pytest.approx(0.01)
    clock.now_s += 0.02
    assert pacer.wait_s(3.04) == 0.0  # a little late: it is caught up
    assert pacer.wait_s(3.08) == pytest.approx(0.03)


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0, 8.0])
def test_speed(speed: float) -> None:
    pacer = Pacer(Clock())
    pacer.set_speed(speed)
    assert pacer.speed == speed
    pacer.wait_s(0.0)
    assert pacer.wait_s(1.0) == pytest.approx(1.0 / speed)


def test_far_behind_time_starts_anew() -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.wait_s(0.0)
    clock.now_s += 1.0 + LATE_S + 0.1
    assert pacer.wait_s(1.0) == 0.0
    assert pacer.wait_s(1.04) == pytest.approx(0.04)


def test_jumps_and_restarts() -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.wait_s(10.0)
    assert pacer.wait_s(2.0) == 0.0
    assert pacer.wait_s(2.5) == pytest.approx(0.5)
    pacer.restart()
    assert pacer.wait_s(60.0) == 0.0


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=50), st.floats(0.1, 8))
def test_waits_are_never_negative_and_never_too_long(gaps_s: list[float], speed: float) -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.set_speed(speed)
    time_s = 0.0
    for gap_s in gaps_s:
        time_s += gap_s
        wait_s = pacer.wait_s(time_s)
        assert 0 <= wait_s <= gap_s / speed + 1e-9
        clock.now_s += wait_s


def test_notices_wait_until_they_are_taken() -> None:
    notices = Notices(limit=3)
    notice = Notice.of(SourceError("gone", "plug it in"))
    assert (notice.level, notice.title, notice.hint) == (Level.ERROR, "gone", "plug it in")
    notices.put(notice)
    notices.put(Notice.of(SourceError("gone", "plug it in")))
    assert notices.take() == [notice]
    assert notices.take() == []
    for number in range(5):
        notices.put(Notice(Level.INFO, str(number)))
    assert [one.title for one in notices.take()] == ["2", "3", "4"]


def test_what_stands_still_has_no_rate_and_begins_anew() -> None:
    clock = Clock()
    rates = Rates(clock)
    frame = at(clock.now_s)

    def one_more(again: bool = False) -> None:
        clock.now_s += 0.04
        rates.captured()
        late = analysis_of(frame, shares_of("femur"))
        rates.analysed(replace(late, finished_at_s=frame.captured_at_s + 0.03), again=again)

    for _ in range(5):
        one_more()
    moving = rates.stats(0)
    assert moving.capture_hz == pytest.approx(25)
    assert moving.latency_p95_ms == pytest.approx(30)
    rates.set_counting(False)
    clock.now_s += 345.0
    one_more()  # looked at again while it is paused
    held = rates.stats(0)
    assert (held.capture_hz, held.analysis_hz, held.latency_p95_ms, held.stages_ms) == (0, 0, 0, ())
    assert (held.captured, held.analysed) == (6, 6)
    rates.set_counting(True)
    assert rates.stats(0).capture_hz == 0  # nothing of before counts
    clock.now_s += 0.01
    one_more(again=True)
    assert rates.stats(0).latency_p95_ms == 0
    one_more()
    assert rates.stats(0).capture_hz == pytest.approx(25)
