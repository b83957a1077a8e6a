"""Edges and arcs of fans: what was drawn is found again from a coarse mask of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from preprocess.screens_made import bounds
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats
from sonoassist.preprocess.fan_outline import FanOutline, cut_by, filled, fit_fan
from sonoassist.preprocess.screen_network import MASK_HEIGHT, MASK_WIDTH

WIDTH, HEIGHT = 960, 720


def seen(fan: NDArray[np.bool_]) -> tuple[Floats, Box]:
    """The mask as the network gives it, and the bounds."""
    size = (MASK_WIDTH, MASK_HEIGHT)
    mask = cv2.resize(fan.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(mask, np.float32), bounds(fan)


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


fans = st.builds(
    FanOutline,
    apex_x=st.floats(300, 660),
    apex_y=st.floats(-400, 60),
    left_rad=st.floats(-0.9, -0.25),
    right_rad=st.floats(0.25, 0.9),
    near_px=st.floats(20, 420),
    far_px=st.floats(520, 760),
    clip=st.builds(
        Box, st.floats(0, 200), st.floats(0, 120), st.floats(700, 960), st.floats(480, 720)
    ),
)


SHALLOW = FanOutline(300, -376, -0.5, 0.25, 20, 588, Box(87, 0, 700, 480))
"""Only its arc is seen, and one end of that is cut."""


@settings(max_examples=60, deadline=None)
@given(fans)
@example(SHALLOW)
def test_a_fan_is_found_again_from_its_coarse_mask(fan: FanOutline) -> None:
    drawn = filled(fan.polygon(), WIDTH, HEIGHT)
    assume(drawn.mean() > 0.08)
    box = bounds(drawn)
    assume(box.height > 150)
    found = fit_fan(*seen(drawn), WIDTH, HEIGHT)
    if found is None:  # then the convex outline is taken, and nothing is claimed
        return
    assert overlap(filled(found.polygon(), WIDTH, HEIGHT), drawn) > 0.93


def test_most_fans_are_found_again() -> None:
    rng = np.random.default_rng(2)
    shares = []
    for _ in range(40):
        half = rng.uniform(0.3, 0.8)
        fan = FanOutline(
            float(rng.uniform(400, 560)),
            float(rng.uniform(-300, 60)),
            -half,
            half,
            float(rng.uniform(30, 330)),
            float(rng.uniform(540, 700)),
            Box(20, 40, 940, 700),
        )
        drawn = filled(fan.polygon(), WIDTH, HEIGHT)
        found = fit_fan(*seen(drawn), WIDTH, HEIGHT)
        shares.append(
            0.0 if found is None else overlap(filled(found.polygon(), WIDTH, HEIGHT), drawn)
        )
    assert np.mean([share > 0.97 for share in shares]) > 0.9


def test_the_edges_and_arcs_are_those_that_were_drawn() -> None:
    fan = FanOutline(480, -60, -0.6, 0.6, 150, 700, Box(0, 0, WIDTH, HEIGHT))
    found = fit_fan(*seen(filled(fan.polygon(), WIDTH, HEIGHT)), WIDTH, HEIGHT)
    assert found is not None
    assert math.hypot(found.apex_x - fan.apex_x, found.apex_y - fan.apex_y) < 20
    assert found.left_rad == pytest.approx(fan.left_rad, abs=0.03)
    assert found.right_rad == pytest.approx(fan.right_rad, abs=0.03)
    assert found.near_px == pytest.approx(fan.near_px, abs=20)
    assert found.far_px == pytest.approx(fan.far_px, abs=20)


def test_a_rectangle_has_parallel_edges() -> None:
    drawn = np.zeros((HEIGHT, WIDTH), np.bool_)
    drawn[100:620, 220:740] = True
    found = fit_fan(*seen(drawn), WIDTH, HEIGHT)
    assert found is not None
    assert overlap(filled(found.polygon(), WIDTH, HEIGHT), drawn) > 0.98


def test_what_is_no_fan_is_none() -> None:
    drawn = np.zeros((HEIGHT, WIDTH), np.bool_)
    for left in range(0, 900, 240):
        drawn[100:600, left : left + 100] = True
    assert fit_fan(*seen(drawn), WIDTH, HEIGHT) is None
    empty = np.zeros((MASK_HEIGHT, MASK_WIDTH), np.float32)
    assert fit_fan(empty, Box(0, 0, 10, 10), WIDTH, HEIGHT) is None


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=3, max_size=9))
def test_what_is_cut_lies_inside(points: list[tuple[float, float]]) -> None:
    left = cut_by(np.asarray(points), Box(-20, -10, 25, 30))
    if len(left):
        assert left[:, 0].min() >= -20 - 1e-9
        assert left[:, 0].max() <= 25 + 1e-9
        assert left[:, 1].min() >= -10 - 1e-9
        assert left[:, 1].max() <= 30 + 1e-9
