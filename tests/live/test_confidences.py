"""The confidences of the last minutes: what is kept, for how long, and where there are gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_analyses import shares_of
from sonoassist.core.planes import INDEX
from sonoassist.live.confidences import MOST, STEP_S, ConfidenceHistory

FEMUR, LIPS = INDEX["femur"], INDEX["lips"]


def played(
    history: ConfidenceHistory,
    first_s: float,
    last_s: float,
    key: str = "femur",
    source: str = "a",
    hz: float = 25.0,
) -> None:
    for number in range(round((last_s - first_s) * hz)):
        history.put(first_s + number / hz, source, shares_of(key, 0.9) if key else None)


def gaps(history: ConfidenceHistory, now_s: float) -> int:
    return int(history.trend(now_s).begins.sum()) - 1


def test_what_is_kept_is_bounded_and_forgets() -> None:
    history = ConfidenceHistory(span_s=60.0)
    before = history.bytes
    played(history, 1000.0, 1200.0)
    assert history.bytes == before
    trend = history.trend(1200.0)
    assert 60 / STEP_S - 1 <= len(trend) <= 60 / STEP_S + 1
    assert -61 <= trend.places[0] <= -59
    assert len(history.trend(1259.0)) < 10
    assert len(history.trend(1400.0)) == 0
    assert ConfidenceHistory().bytes < 200_000


def test_a_quarter_of_a_second_keeps_its_highest_and_its_mean() -> None:
    history = ConfidenceHistory()
    for share in (0.2, 0.8, 0.5):
        history.put(100.1, "a", shares_of("lips", share))
    trend = history.trend(101.0)
    assert len(trend) == 1
    assert trend.highest[0, LIPS] == pytest.approx(0.8)
    assert trend.mean[0, LIPS] == pytest.approx(0.5)
    assert trend.places[0] == pytest.approx(100.125 - 101.0)


def test_steady_results_have_no_gap_however_slow_the_analysis_is() -> None:
    for hz in (60.0, 25.0, 4.0, 1.5):
        history = ConfidenceHistory()
        played(history, 1000.0, 1020.0, hz=hz)
        assert gaps(history, 1020.0) == 0, hz


def test_a_pause_another_source_and_a_doppler_picture_leave_gaps() -> None:
    history = ConfidenceHistory()
    played(history, 1000.0, 1010.0)
    played(history, 1015.0, 1020.0)
    assert gaps(history, 1020.0) == 1
    played(history, 1020.0, 1025.0, source="b")
    assert gaps(history, 1025.0) == 2
    played(history, 1025.0, 1025.5, key="", source="b")
    played(history, 1025.5, 1030.0, key="lips", source="b")
    assert gaps(history, 1030.0) == 3
    assert history.trend(1030.0).led == (LIPS, FEMUR)


def test_a_clock_that_goes_back_begins_anew() -> None:
    history = ConfidenceHistory()
    played(history, 1000.0, 1010.0)
    played(history, 100.0, 101.0, key="lips")
    assert history.trend(101.0).led == (LIPS,)
    assert history.newest_s() == pytest.approx(101.0, abs=STEP_S)


def test_a_long_time_is_told_in_few_stretches_that_keep_their_shape() -> None:
    history, rng = ConfidenceHistory(), np.random.default_rng(0)
    for at_s in np.arange(1000.0, 1300.0, 0.1):
        history.put(float(at_s), "a", shares_of("femur", 0.5 + 0.4 * rng.random()))
    shown = {}
    for now_s in (1300.0, 1301.3, 1302.7):
        trend = history.trend(now_s)
        assert 300 <= len(trend) <= MOST + 1
        for place, share in zip(trend.places + now_s, trend.highest[:, FEMUR], strict=True):
            shown.setdefault(round(float(place), 3), set()).add(float(share))
    cut = min(shown)  # the oldest is cut off bit by bit
    assert all(len(shares) == 1 for place, shares in shown.items() if place > cut + 4)


def test_nothing_is_said_before_the_first_frame() -> None:
    history = ConfidenceHistory()
    assert history.newest_s() is None
    assert len(history.trend(5.0)) == 0


@given(
    st.lists(st.tuples(st.floats(0, 5), st.sampled_from(["a", "b"]), st.booleans()), max_size=200)
)
def test_whatever_comes_the_trend_is_in_order_and_within_its_span(
    frames: list[tuple[float, str, bool]],
) -> None:
    history, at_s = ConfidenceHistory(span_s=30.0), 500.0
    for wait_s, source, judged in frames:
        at_s += wait_s
        history.put(at_s, source, shares_of("femur", 0.6) if judged else None)
    trend = history.trend(at_s)
    assert np.all(np.diff(trend.places) > 0)
    assert np.all(trend.places <= STEP_S)
    assert np.all(trend.places >= -30.0 - STEP_S)
    assert not len(trend) or trend.begins[0]
