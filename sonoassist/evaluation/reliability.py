"""How far probabilities may be believed, also where a label calls several planes right.

Planes that share a label are one group, as the views of the heart in FETAL_PLANES_DB: a group's
probability is the sum of its planes', and it is right or wrong as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.planes import INDEX, KEYS
from sonoassist.evaluation.bootstrap import Reals
from sonoassist.evaluation.classes import Group

BINS = 15
LEAST = 1e-12
"""A probability below this is taken for it: its logarithm would be infinite."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """What was measured on labelled frames.

    Attributes:
        frames: So many.
        nll: Mean negative logarithm of the probability of what is right.
        error: Expected calibration error over the groups: mean distance of confidence and
            accuracy, in 15 bins of equal width.
        confidence: Mean probability of the most likely group.
        accuracy: Share of frames where that is the right one.
    """

    frames: int
    nll: float
    error: float
    confidence: float
    accuracy: float


def accepted_table(truths: Sequence[Group]) -> NDArray[np.bool_]:
    """(n, 14): which classes count as right for each frame."""
    table = np.zeros((len(truths), len(KEYS)), bool)
    for row, truth in zip(table, truths, strict=True):
        row[[INDEX[key] for key in truth]] = True
    return table


def groups_of(truths: Iterable[Group]) -> NDArray[np.intp]:
    """(14,): a number for each class, the same for classes that any label joins."""
    number = np.arange(len(KEYS))
    for truth in set(truths):
        joined = np.isin(number, [number[INDEX[key]] for key in truth])
        number[joined] = number[joined].min() if joined.any() else 0
    return number


def reliability(probabilities: Reals, truths: Sequence[Group]) -> Reliability:
    """Measure some frames.

    Args:
        probabilities: (n, 14), of each class.
        truths: What counts as right for each.
    """
    right = accepted_table(truths)
    number = groups_of(truths)
    names, place = np.unique(number, return_inverse=True)
    joined = np.zeros((len(probabilities), len(names)))
    np.add.at(joined.T, place, probabilities.T)
    winner = joined.argmax(axis=1)
    sure = joined.max(axis=1)
    hit = np.array([right[row, place == winner[row]].any() for row in range(len(right))], float)
    own = np.maximum((probabilities * right).sum(axis=1), LEAST)
    return Reliability(
        frames=len(truths),
        nll=float(-np.log(own).mean()),
        error=_error(sure, hit),
        confidence=float(sure.mean()),
        accuracy=float(hit.mean()),
    )


def _error(sure: Reals, hit: Reals) -> float:
    place = np.searchsorted(np.linspace(0.0, 1.0, BINS + 1)[1:-1], sure)
    sums = np.stack([np.bincount(place, values, BINS) for values in (sure, hit)])
    return float(np.abs(sums[0] - sums[1]).sum() / len(sure))
