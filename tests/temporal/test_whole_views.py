from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_analyses import shares_of
from sonoassist.core.planes import INDEX
from sonoassist.temporal.smoothing import smoothed
from sonoassist.temporal.whole_views import LEAST_VIEW_S, likeliest_views, steady_shares

Course = tuple[np.ndarray, np.ndarray]


def course(*stretches: tuple[str, float, float], fps: float = 25) -> Course:
    """Shares and times of stretches of (plane, seconds, confidence)."""
    rows = [
        shares_of(key, confidence).astype(np.float64)
        for key, seconds, confidence in stretches
        for _ in range(round(seconds * fps))
    ]
    return np.array(rows), np.arange(len(rows)) / fps


@pytest.mark.parametrize("fps", [5, 10, 25, 50])
def test_a_change_is_found_on_its_own_frame(fps: float) -> None:
    shares, time_s = course(("femur", 1, 0.8), ("lips", 1, 0.8), fps=fps)
    views = likeliest_views(shares, time_s)
    assert (views == np.repeat([INDEX["femur"], INDEX["lips"]], round(fps))).all()


def test_odd_frames_are_no_views() -> None:
    shares, time_s = course(("femur", 1, 0.9), ("lips", 0.04, 0.9), ("femur", 1, 0.9))
    assert set(likeliest_views(shares, time_s)) == {INDEX["femur"]}


def test_a_view_that_leads_a_little_all_along_is_found_between_others() -> None:
    shares, time_s = course(("femur", 1, 0.95), ("lips", 0.6, 0.6), ("femur", 1, 0.95))
    shares[25:40] = 0.02 / 12
    shares[25:40, INDEX["femur"]], shares[25:40, INDEX["lips"]] = 0.38, 0.6
    lips = likeliest_views(shares, time_s) == INDEX["lips"]
    assert lips[25:40].sum() >= 10
    assert not lips[:25].any()
    assert not lips[40:].any()


def test_what_follows_counts_as_much_as_what_was_before() -> None:
    shares, time_s = course(("femur", 1, 0.9), ("lips", 0.2, 0.6), ("kidneys", 1, 0.8))
    forth = likeliest_views(shares, time_s)
    back = likeliest_views(shares[::-1], time_s)[::-1]
    assert (forth == back).all()


def test_a_short_view_is_not_thinned_out_by_those_beside_it() -> None:
    shares, time_s = course(("femur", 2, 0.95), ("lips", 0.6, 0.9), ("kidneys", 2, 0.95))
    lips = INDEX["lips"]
    assert steady_shares(shares, time_s)[:, lips].max() == pytest.approx(0.9, abs=1e-3)
    assert smoothed(shares, time_s)[:, lips].max() < 0.7


def test_a_glimpse_is_the_less_sure_for_being_short() -> None:
    for seconds in (0.12, 0.24, 0.4):
        shares, time_s = course(
            ("background", 2, 0.95), ("lips", seconds, 0.99), ("background", 2, 0.95)
        )
        most = steady_shares(shares, time_s)[:, INDEX["lips"]].max()
        assert most <= 0.99 * seconds / LEAST_VIEW_S + 0.01


def test_one_frame_a_second_stands_for_itself() -> None:
    shares, time_s = course(("femur", 3, 0.9), ("lips", 1, 0.9), ("femur", 3, 0.9), fps=1)
    assert steady_shares(shares, time_s)[3, INDEX["lips"]] == pytest.approx(0.9, abs=1e-6)


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from(["femur", "lips", "none"]), st.floats(0.3, 1)),
        max_size=40,
    )
)
def test_no_share_is_more_than_some_frame_has(steps: list[tuple[float, str, float]]) -> None:
    time_s = np.cumsum([gap_s for gap_s, _, _ in steps])
    shares = np.array(
        [
            np.zeros(14) if key == "none" else shares_of(key, confidence).astype(np.float64)
            for _, key, confidence in steps
        ]
    ).reshape(-1, 14)
    steady = steady_shares(shares, time_s)
    assert steady.shape == shares.shape
    assert (steady >= 0).all()
    if len(steps):
        assert (steady <= shares.max(axis=0) + 1e-9).all()
