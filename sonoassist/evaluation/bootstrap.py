"""95 % intervals by drawing cases anew: frames of one case are not independent, cases are.

Proportions of few cases have exact ones instead, and so has whatever comes out the same in every
draw: 13 of 13 right does not mean that all the others would be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.evaluation.proportions import MANY_CASES, clopper_pearson, effective_number

Reals = NDArray[np.float64]
Measure = Callable[[Reals], Reals]
"""From summed counts (B, m) to figures (B, k); NaN where a figure is not defined."""
Parts = Callable[[Reals], tuple[Reals, Reals]]
"""From summed counts (B, m) to the two numbers (B, k) each figure is the ratio of; NaN for figures
that are no proportion of frames."""
HOW = "exact for proportions of fewer than 30 cases, else"
"""How intervals come about, for the tables' own words."""

RESAMPLES = 1000
LEVEL_PERCENT = 95.0


@dataclass(frozen=True, slots=True)
class Score:
    """A figure with its 95 % interval over cases.

    Attributes:
        value: As measured; NaN where it is not defined.
        low: Lower end of the interval; None with fewer than two cases.
        high: Upper end of the interval; None with fewer than two cases.
    """

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Draws:
    """How the intervals are found.

    Attributes:
        seed: The same seed gives the same intervals.
        resamples: Number of times the cases are drawn.
    """

    seed: int = 0
    resamples: int = RESAMPLES


def per_case(cases: Sequence[str], rows: Reals) -> Reals:
    """Sum the rows (n, m) of each case: (cases, m), in the order of the cases' names."""
    names, inverse = np.unique(np.asarray(cases, dtype=object).astype(str), return_inverse=True)
    sums = np.zeros((len(names), rows.shape[1]))
    np.add.at(sums, inverse, rows)
    return sums


def scores(
    counts: Reals, measure: Measure, draws: Draws, parts: Parts | None = None
) -> list[Score]:
    """The figures of all cases together, with their intervals.

    Args:
        counts: (cases, m), what is added up over cases.
        measure: Makes the figures of the sums.
        draws: Seed and number of resamples.
        parts: What the figures are proportions of; None where none of them is one.
    """
    values = measure(counts.sum(axis=0, keepdims=True))[0]
    drawn, held = _drawn(counts, measure, draws)
    wholes = _wholes(counts, parts, len(values))
    return [
        Score(float(value), *_interval(float(value), drawn[:, place], int(held[place]), whole))
        for place, (value, whole) in enumerate(zip(values, wholes, strict=True))
    ]


def _wholes(counts: Reals, parts: Parts | None, width: int) -> list[float]:
    """What each figure is a proportion of; NaN where it is none."""
    if parts is None:
        return [float("nan")] * width
    part, whole = parts(counts.sum(axis=0, keepdims=True))
    known = np.isfinite(part[0]) & (whole[0] > 0)
    return [float(value) for value in np.where(known, whole[0], np.nan)]


def _drawn(counts: Reals, measure: Measure, draws: Draws) -> tuple[Reals, NDArray[np.int64]]:
    """The figures of each draw (B, k), and how many cases have each figure (k,)."""
    cases = counts.shape[0]
    rng = np.random.default_rng(draws.seed)
    times = rng.multinomial(cases, np.full(cases, 1 / cases), size=draws.resamples)
    held = np.isfinite(measure(counts)).sum(axis=0)
    return measure(times.astype(np.float64) @ counts), held


def _interval(
    value: float, drawn: Reals, cases: int, whole: float
) -> tuple[float, float] | tuple[None, None]:
    """Both ends of one figure's interval.

    Args:
        value: The figure.
        drawn: (B,), the figure of each draw.
        cases: That have the figure.
        whole: Frames it is a proportion of; NaN where it is none.
    """
    column = drawn[np.isfinite(drawn)]
    # Drawing one case again and again would give an interval of no width, which says nothing.
    if cases < 2 or not column.size:
        return None, None
    if whole > 0 and cases < MANY_CASES:
        # Drawing cases anew from themselves spreads less than the cases do, by (n - 1) / n.
        variance = float(column.var()) * cases / (cases - 1)
        number = effective_number(value, whole, cases, variance)
        return clopper_pearson(value * number, number)
    tail = (100 - LEVEL_PERCENT) / 2
    low, high = (float(end) for end in np.percentile(column, (tail, 100 - tail)))
    if low < high:
        return low, high
    # Every draw gives the same: of a share, that is what so many cases can tell and no more.
    return clopper_pearson(value * cases, cases) if 0 <= value <= 1 else (None, None)


def ratio(part: Reals, whole: Reals, empty: float = np.nan) -> Reals:
    """A share, part of whole; `empty` where the whole is 0."""
    safe = np.where(whole > 0, whole, 1.0)
    return np.where(whole > 0, part / safe, empty)


def mean_known(values: Reals) -> Reals:
    """The mean of each row (B, k) over what is defined in it: (B, 1)."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1, keepdims=True)
    return ratio(total, known.sum(axis=1, keepdims=True).astype(np.float64))
