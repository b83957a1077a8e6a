"""Two limits: too little energy, and layers from side to side."""

from __future__ import annotations

import numpy as np
import pytest

from sonoassist.analysis.outside import OutsideMeasures
from sonoassist.core.errors import SourceError
from sonoassist.evaluation.outside_fit import LOST, Measured, fit_outside


def pictures(
    count: int, energy: float, spread: float, layers: float, seed: int = 0
) -> list[Measured]:
    rng = np.random.default_rng(seed)
    return [
        Measured(
            f"{energy} {layers} {number}",
            OutsideMeasures(
                rng.normal(energy, 1.5), rng.normal(spread, 0.03), rng.normal(layers, 0.07)
            ),
        )
        for number in range(count)
    ]


KNOWN = pictures(300, 10, 0.18, 0.15)
MUSCLE = pictures(60, 9, 0.29, 0.5, 1)
HEARTS = pictures(60, 2.5, 0.18, 0.15, 2)


def test_pictures_of_other_kinds_are_told_apart_where_they_were_not_fitted_on() -> None:
    found = fit_outside(KNOWN, [*MUSCLE, *HEARTS])
    assert (found.inside, found.outside) == (300, 120)
    assert found.let_through < 0.1
    assert found.lost < 4 * LOST


def test_muscle_is_not_told_by_its_energy() -> None:
    found = fit_outside(KNOWN, [*MUSCLE, *HEARTS])
    assert np.mean([one.measures.energy < found.rule.least_energy for one in MUSCLE]) < 0.2
    assert np.mean([one.measures.lack(found.rule) > 0 for one in MUSCLE]) > 0.9


def test_with_too_few_others_the_energy_alone_counts() -> None:
    found = fit_outside(KNOWN, HEARTS[:6])
    assert (found.rule.energy, found.rule.spread, found.rule.layers) == (0, 0, 0)
    assert found.rule.offset < 0
    assert np.mean([one.measures.lack(found.rule) > 0 for one in HEARTS]) > 0.9
    assert fit_outside(KNOWN, []).let_through == 0


def test_too_few_known_pictures_are_refused() -> None:
    with pytest.raises(SourceError, match="named rightly"):
        fit_outside(KNOWN[:10], MUSCLE)
