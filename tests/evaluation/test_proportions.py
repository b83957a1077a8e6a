"""Intervals of proportions are exact ones where cases are few."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from seen import one

from sonoassist.core.packets import Box
from sonoassist.evaluation.bootstrap import Draws, mean_known, ratio, scores
from sonoassist.evaluation.classification import classify
from sonoassist.evaluation.localisation import measure_boxes
from sonoassist.evaluation.proportions import clopper_pearson, effective_number
from sonoassist.evaluation.retrieval import retrieve

DRAWS = Draws(0, 300)


def share(sums: np.ndarray) -> np.ndarray:
    return ratio(sums[:, :1], sums[:, 1:])


def halves(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return sums[:, :1], sums[:, 1:]


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_is_clopper_and_pearson_s(pair: tuple[int, int]) -> None:
    part, whole = pair
    known = binomtest(part, whole).proportion_ci(0.95, "exact")
    assert clopper_pearson(part, whole) == pytest.approx((known.low, known.high), abs=1e-9)


def test_thirteen_of_thirteen_is_not_certain() -> None:
    counts = np.ones((13, 2))
    score = scores(counts, share, DRAWS, halves)[0]
    assert (score.low, score.high) == (pytest.approx(0.7529, abs=1e-4), 1.0)


@pytest.mark.parametrize("cases", [2, 13, 60])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_no_interval_of_a_share_has_no_width(cases: int, value: float) -> None:
    """Neither of proportions nor of averages of them, however many cases there are."""
    counts = np.stack([np.full(cases, value * 4), np.full(cases, 4.0)], axis=1)

    def figures(sums: np.ndarray) -> np.ndarray:
        share = ratio(sums[:, :1], sums[:, 1:])
        return np.concatenate([share, mean_known(share)], axis=1)

    def parts(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        none = np.full((len(sums), 1), np.nan)
        return np.concatenate([sums[:, :1], none], 1), np.concatenate([sums[:, 1:], none], 1)

    for score in scores(counts, figures, DRAWS, parts):
        assert score.low is not None
        assert score.high is not None
        assert score.low <= value <= score.high
        known = clopper_pearson(value * cases, cases)
        assert (score.low, score.high) == pytest.approx(known)


def test_frames_of_a_case_count_as_what_they_are_worth() -> None:
    assert effective_number(0.5, 8, 8, 0.03) == 8  # a frame a case
    assert effective_number(0.5, 100, 10, 0.025) == pytest.approx(10 * 0.77, rel=0.02)
    assert effective_number(0.5, 100, 10, 1e-9) == 100
    assert effective_number(1.0, 600, 6, 0.0) == 6


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Eight cases of ten frames that are alike within a case."""
    rng = np.random.default_rng(3)
    shares = rng.beta(7, 3, (300, 8))
    right = rng.binomial(10, shares).astype(float)
    held = 0
    for row in right:
        counts = np.stack([row, np.full(8, 10.0)], axis=1)
        score = scores(counts, share, Draws(0, 200), halves)[0]
        assert score.low is not None
        assert score.high is not None
        held += score.low <= 0.7 <= score.high
    assert held >= binom.ppf(0.001, 300, 0.95)


def test_every_table_of_few_perfect_cases_leaves_room() -> None:
    frames = [one(plane, plane, case=f"{n}") for n in range(5) for plane in ("femur", "lips")]
    found = classify(frames, DRAWS)
    assert found is not None
    for row in found.classes:
        for score in (row.precision, row.recall, row.f1):
            assert score.low is not None
            assert score.low < 1
    for score in (found.precision, found.recall, found.f1, found.accuracy):
        assert score.low is not None
        assert score.low < 1


def test_perfect_boxes_and_retrieval_of_few_cases_leave_room() -> None:
    box = Box(10, 10, 30, 30)
    seen = [
        one("femur", "femur", case=f"{n}", index=i, recording=True, true_box=box, box=box)
        for n in range(6)
        for i in range(2)
    ]
    boxes, found = measure_boxes(seen, DRAWS), retrieve(seen, DRAWS)
    assert boxes is not None
    assert found is not None
    for score in (
        boxes.all.correct,
        boxes.named.correct,
        boxes.planes[0].all.correct,
        boxes.all.mean,
        found.planes[0].accuracy,
        found.average,
    ):
        assert score.value == 1
        assert score.low == pytest.approx(clopper_pearson(6, 6)[0])
    assert boxes.all.std.low is None
