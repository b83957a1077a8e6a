"""Fitting which pictures are outside of what a model knows; see `analysis.outside`.

Two limits are set by the pictures that the model names rightly, so that few of them are lost; the
weights in the second one are fitted to pictures of other kinds that the first one lets through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.analysis.outside import OutsideMeasures
from sonoassist.core.errors import SourceError
from sonoassist.core.wording import counted
from sonoassist.evaluation.folds import folds_of
from sonoassist.model.score_rules import OutsideRule

LOST = 0.015
"""Share of the pictures named rightly that each of the two limits may lose."""
FEWEST_INSIDE = 40
FEWEST_OUTSIDE = 8
"""With fewer pictures of other kinds that the first limit lets through there is no second one."""
DIGITS = 3

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """One picture in which a plane won.

    Attributes:
        case: It belongs to.
        measures: Of it.
    """

    case: str
    measures: OutsideMeasures


@dataclass(frozen=True, slots=True)
class OutsideFit:
    """What was found; the shares are of pictures that were not fitted on.

    Attributes:
        rule: Fitted on all.
        inside: Pictures named rightly.
        lost: Share of them that is taken for outside.
        outside: Pictures of other kinds in which a plane won.
        let_through: Share of them that is not.
    """

    rule: OutsideRule
    inside: int
    lost: float
    outside: int
    let_through: float


def fit_outside(
    inside: Sequence[Measured], outside: Sequence[Measured], fitted_on: str = "", seed: int = 0
) -> OutsideFit:
    """Fit the rule, and try it on cases that were held out.

    Args:
        inside: Pictures that the model names rightly.
        outside: Pictures of other kinds in which it sees a plane.
        fitted_on: The data, in words.
        seed: Of the division into folds.

    Raises:
        SourceError: There are too few pictures.
    """
    if len(inside) < FEWEST_INSIDE:
        raise SourceError(
            f"only {counted(len(inside), 'picture')} named rightly, {FEWEST_INSIDE} are needed to "
            "tell what is outside of what the model knows"
        )
    lost, through = np.zeros(len(inside), bool), np.zeros(len(outside), bool)
    parts = zip(
        folds_of([one.case for one in inside], seed),
        folds_of([one.case for one in outside], seed),
        strict=True,
    )
    for held_in, held_out in parts:
        rule = _fitted(_left(inside, held_in), _left(outside, held_out), "")
        lost[held_in] = [inside[at].measures.lack(rule) > 0 for at in held_in]
        through[held_out] = [outside[at].measures.lack(rule) <= 0 for at in held_out]
    return OutsideFit(
        rule=_fitted(inside, outside, fitted_on),
        inside=len(inside),
        lost=float(lost.mean()),
        outside=len(outside),
        let_through=float(through.mean()) if len(outside) else 0.0,
    )


def _left(measured: Sequence[Measured], held: NDArray[np.intp]) -> list[Measured]:
    gone = set(held.tolist())
    return [one for at, one in enumerate(measured) if at not in gone]


def _fitted(inside: Sequence[Measured], outside: Sequence[Measured], fitted_on: str) -> OutsideRule:
    known, other = _table(inside), _table(outside)
    least = float(np.quantile(known[:, 0], LOST))
    other = other[other[:, 0] >= least]
    weights, offset = _tissue(known, other)
    energy, spread, layers = (round(float(one), DIGITS) for one in weights)
    return OutsideRule(
        least_energy=round(least, DIGITS),
        energy=energy,
        spread=spread,
        layers=layers,
        offset=round(offset, DIGITS),
        fitted_on=fitted_on,
    )


def _tissue(known: Reals, other: Reals) -> tuple[Reals, float]:
    """Weights of the three measures, and the offset; a sum that never says outside without data."""
    if len(other) < FEWEST_OUTSIDE:
        return np.zeros(3), -1.0
    middle, width = known.mean(axis=0), known.std(axis=0) + 1e-9
    rows = (np.concatenate([known, other]) - middle) / width
    truth = np.repeat([0, 1], [len(known), len(other)])
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # late: long

    model = LogisticRegression(class_weight="balanced").fit(rows, truth)
    weights = np.asarray(model.coef_[0]) / width
    limit = float(np.quantile(known @ weights, 1 - LOST))
    return weights, -limit


def _table(measured: Sequence[Measured]) -> Reals:
    """(n, 3): energy, spread and layers."""
    rows = [(one.measures.energy, one.measures.spread, one.measures.layers) for one in measured]
    return np.array(rows, np.float64).reshape(len(rows), 3)
