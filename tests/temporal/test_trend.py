"""Confidences thinned to what can be seen: nothing is lost, joined or made up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_analyses import shares_of
from sonoassist.core.planes import BACKGROUND_INDEX, INDEX, PLANES
from sonoassist.temporal.trend import Trend, nothing, thinned

FEMUR, LIPS = INDEX["femur"], INDEX["lips"]


def trend_of(keys: str, most: int = 1000, join: float = 1.5) -> Trend:
    """Of frames one after another: f(emur), l(ips), b(ackground); "." is one that is not judged."""
    names = {"f": "femur", "l": "lips", "b": "background"}
    places = np.array([at for at, key in enumerate(keys) if key != "."], np.float64)
    shares = np.stack([shares_of(names[key], 0.9) for key in keys if key != "."])
    return thinned(places, shares, 0, len(keys), most, join)


def test_planes_that_led_are_told_in_the_order_of_all_lists() -> None:
    trend = trend_of("bbffflb")
    assert trend.led == (LIPS, FEMUR)
    assert list(trend.leaders) == [BACKGROUND_INDEX] * 2 + [FEMUR] * 3 + [LIPS, BACKGROUND_INDEX]
    assert nothing(1.0).led == ()
    assert nothing(1.0).peak(FEMUR) is None


def test_lines_are_interrupted_where_nothing_is_known() -> None:
    x, y = trend_of("fff...ff").line(FEMUR)
    known = np.isfinite(y)
    assert list(x[known]) == [0, 1, 2, 6, 7]
    assert not np.isfinite(y[np.flatnonzero(x == 2)[0] + 1])
    assert y[known] == pytest.approx(0.9)


def test_a_result_alone_is_a_short_line() -> None:
    x, y = trend_of("f....").line(FEMUR)
    assert list(x[np.isfinite(y)]) == [-0.5, 0.5]


def test_a_line_begins_and_ends_at_the_axis() -> None:
    names = "b" * 5 + "fff" + "b" * 5
    shares = np.zeros((len(names), len(PLANES)), np.float32)
    for at, key in enumerate(names):
        shares[at, FEMUR if key == "f" else BACKGROUND_INDEX] = 1.0
    x, y = thinned(np.arange(13.0), shares, 0, 13, 100, 1.5).line(FEMUR)
    assert list(x[np.isfinite(y)]) == [4, 5, 6, 7, 8]
    assert list(y[np.isfinite(y)]) == [0, 1, 1, 1, 0]


def test_the_peak_is_the_newest_of_the_highest() -> None:
    assert trend_of("fbfb").peak(FEMUR) == (2.0, pytest.approx(0.9))


def test_a_name_stands_over_the_longest_time_of_its_plane() -> None:
    trend = trend_of("ffbfff.ffffbff")
    assert trend.longest_lead(FEMUR) == 8.5  # of 7 to 10: what is not known interrupts
    assert trend.longest_lead(LIPS) is None
    assert trend_of("ffbff").longest_lead(FEMUR) == 3.5  # the newest among equals
    assert nothing(1.0).longest_lead(FEMUR) is None


@given(st.text("flb.", min_size=1, max_size=200), st.integers(1, 60))
def test_thinning_keeps_the_highest_and_stays_within_its_bounds(keys: str, most: int) -> None:
    if set(keys) == {"."}:
        return
    trend = trend_of(keys, most)
    whole = trend_of(keys)
    assert 0 < len(trend) <= most + 1
    assert np.all(np.diff(trend.places) > 0)
    assert trend.highest.max(axis=0) == pytest.approx(whole.highest.max(axis=0))
    assert trend.begins[0]
    assert trend.begins.sum() <= whole.begins.sum()
    for plane in trend.led:
        x, y = trend.line(plane)
        assert len(x) == len(y)
        assert np.nanmax(y) <= 1.0
