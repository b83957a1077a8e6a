from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.temporal.forward_pass import passed


def one_by_one(likelihoods: np.ndarray, stays: np.ndarray) -> np.ndarray:
    """One frame after another."""
    beliefs = np.empty_like(likelihoods)
    belief = beliefs[0] = likelihoods[0] / likelihoods[0].sum()
    for row, (stay, likelihood) in enumerate(zip(stays, likelihoods[1:], strict=True), 1):
        belief = (belief * stay + (1 - stay) / likelihoods.shape[1]) * likelihood
        belief /= belief.sum()
        beliefs[row] = belief
    return beliefs


def made(seed: int, count: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    likelihoods = rng.dirichlet(np.full(14, 0.1), count) + 0.02 / 14
    stays = np.exp(-4 * rng.choice([0.0, 1 / 60, 0.04, 1.0], max(count - 1, 0)))
    if kind == "never forgets":
        stays[:], likelihoods[1:] = 1.0, 1.0
    elif kind == "says nothing":
        likelihoods[:] = 1 / 14
    elif kind == "one view":
        likelihoods[:] = likelihoods[0]
        stays[:] = np.exp(-4 / 60)
    return likelihoods, stays


KINDS = ["any", "never forgets", "says nothing", "one view"]


@given(st.integers(0, 2**31), st.integers(1, 400), st.sampled_from(KINDS))
def test_it_gives_what_one_frame_after_another_gives(seed: int, count: int, kind: str) -> None:
    likelihoods, stays = made(seed, count, kind)
    beliefs = passed(likelihoods, stays)
    np.testing.assert_allclose(beliefs, one_by_one(likelihoods, stays), atol=1e-10, rtol=0)


@pytest.mark.parametrize("kind", ["any", "one view"])
def test_a_long_recording_takes_by_far_less_than_one_frame_after_another(kind: str) -> None:
    likelihoods, stays = made(5, 20_000, kind)
    ratios = []
    for _ in range(3):
        slow_s = seconds(lambda: one_by_one(likelihoods, stays))
        ratios.append(slow_s / seconds(lambda: passed(likelihoods, stays)))
    assert statistics.median(ratios) > 3


def seconds(act: Callable[[], object]) -> float:
    begin_s = time.thread_time()
    act()
    return time.thread_time() - begin_s
