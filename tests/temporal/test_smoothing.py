from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.temporal.smoothing import HOLD_S, smoothed, spans_of

steps = st.lists(st.floats(0.001, 3.0), min_size=0, max_size=40)
windows = st.floats(0.05, 3.0)


def times_of(gaps: list[float]) -> np.ndarray:
    return np.cumsum([0.0, *gaps])


def values_for(times: np.ndarray, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((len(times), 3))


@given(steps)
def test_spans_do_not_overlap_and_hold_their_frame(gaps: list[float]) -> None:
    times = times_of(gaps)
    spans = spans_of(times)
    assert (spans.begin_s <= times).all()
    assert (times <= spans.end_s).all()
    assert (spans.end_s[:-1] <= spans.begin_s[1:] + 1e-9).all()
    assert (spans.length_s <= HOLD_S + 1e-9).all()


@given(steps, windows)
def test_what_is_constant_stays(gaps: list[float], window_s: float) -> None:
    times = times_of(gaps)
    found = smoothed(np.full((len(times), 2), 0.7), times, window_s)
    assert found == pytest.approx(0.7, abs=1e-9)


@given(steps, windows)
def test_it_stays_between_the_least_and_the_most(gaps: list[float], window_s: float) -> None:
    times = times_of(gaps)
    values = values_for(times)
    found = smoothed(values, times, window_s)
    assert (found >= values.min(axis=0) - 1e-9).all()
    assert (found <= values.max(axis=0) + 1e-9).all()


@given(steps, windows)
def test_backwards_in_time_gives_the_same(gaps: list[float], window_s: float) -> None:
    times = times_of(gaps)
    values = values_for(times)
    backwards = smoothed(values[::-1], (times[-1] - times)[::-1], window_s)[::-1]
    assert smoothed(values, times, window_s) == pytest.approx(backwards, abs=1e-6)


def test_it_goes_by_time_and_not_by_frames() -> None:
    """The same course of values, sampled twice as often, is smoothed to the same."""

    def course(times: np.ndarray) -> np.ndarray:
        return np.exp(-(((times - 5) / 0.8) ** 2))[:, None]

    slow, quick = np.arange(0, 10, 0.04), np.arange(0, 10, 0.02)
    found = smoothed(course(quick), quick)[::2]
    assert smoothed(course(slow), slow) == pytest.approx(found, abs=0.005)


def test_a_lone_frame_fills_its_share_of_the_window() -> None:
    times = np.arange(0, 4, 0.04)
    values = np.zeros((len(times), 1))
    values[50] = 1.0
    assert smoothed(values, times, 0.5)[50, 0] == pytest.approx(0.04 / 0.5)


def test_a_gap_is_not_counted() -> None:
    times = np.array([0.0, 0.1, 0.2, 60.0, 60.1])
    values = np.array([[1.0], [1.0], [1.0], [0.0], [0.0]])
    assert smoothed(values, times) == pytest.approx(values)


def test_frames_of_one_time_stand_for_themselves() -> None:
    values = np.array([[0.2], [0.8]])
    assert smoothed(values, np.array([3.0, 3.0])) == pytest.approx(values)


def test_no_frames() -> None:
    assert len(smoothed(np.empty((0, 3)), np.empty(0))) == 0
