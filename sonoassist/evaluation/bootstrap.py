"""95 % intervals by drawing cases anew: frames of one case are not independent, cases are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Measure = Callable[[Reals], Reals]
"""From summed counts (B, m) to figures (B, k); NaN where a figure is not defined."""

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


def scores(counts: Reals, measure: Measure, draws: Draws) -> list[Score]:
    """The figures of all cases together, with their intervals.

    Args:
        counts: (cases, m), what is added up over cases.
        measure: Makes the figures of the sums.
        draws: Seed and number of resamples.
    """
    values = measure(counts.sum(axis=0, keepdims=True))[0]
    low, high = _interval(counts, measure, draws)
    return [
        Score(float(value), _known(low[place]), _known(high[place]))
        for place, value in enumerate(values)
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _interval(counts: Reals, measure: Measure, draws: Draws) -> tuple[Reals, Reals]:
    cases = counts.shape[0]
    width = measure(counts.sum(axis=0, keepdims=True)).shape[1]
    low, high = np.full(width, np.nan), np.full(width, np.nan)
    if cases < 2:
        return low, high
    rng = np.random.default_rng(draws.seed)
    times = rng.multinomial(cases, np.full(cases, 1 / cases), size=draws.resamples)
    drawn = measure(times.astype(np.float64) @ counts)
    # Drawing one case again and again would give an interval of no width, which says nothing.
    in_cases = np.isfinite(measure(counts)).sum(axis=0)
    tail = (100 - LEVEL_PERCENT) / 2
    for place in range(width):
        column = drawn[:, place]
        column = column[np.isfinite(column)]
        if in_cases[place] >= 2 and column.size:
            low[place], high[place] = np.percentile(column, (tail, 100 - tail))
    return low, high


def ratio(part: Reals, whole: Reals, empty: float = np.nan) -> Reals:
    """A share, part of whole; `empty` where the whole is 0."""
    safe = np.where(whole > 0, whole, 1.0)
    return np.where(whole > 0, part / safe, empty)


def mean_known(values: Reals) -> Reals:
    """The mean of each row (B, k) over what is defined in it: (B, 1)."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1, keepdims=True)
    return ratio(total, known.sum(axis=1, keepdims=True).astype(np.float64))
