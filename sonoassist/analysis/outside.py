"""Whether a picture is outside of what a model knows, though the model names a plane in it.

A network gives one of its classes to whatever it is shown. On pictures of another kind its scores
are low all together (their energy, Liu et al. 2020), or the evidence for the winner lies all over
the picture, where that of a plane lies at one place; muscle and breast show layers besides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonoassist.core.packets import Floats, Prediction, Prepared
from sonoassist.engines.scores import scores_of
from sonoassist.model.score_rules import OutsideRule
from sonoassist.preprocess.structure import layers_of


@dataclass(frozen=True, slots=True)
class OutsideMeasures:
    """What is measured of one picture in which a plane wins.

    Attributes:
        energy: Logarithm of the sum of the exponential scores.
        spread: Standard deviation of the winner's positive evidence from side to side, as a share
            of the width of the score maps.
        layers: See `preprocess.structure.layers_of`.
    """

    energy: float
    spread: float
    layers: float

    def lack(self, rule: OutsideRule) -> float:
        """How far a picture is outside by a rule: above 0 it is."""
        tissue = (
            rule.energy * self.energy
            + rule.spread * self.spread
            + rule.layers * self.layers
            + rule.offset
        )
        return max(rule.least_energy - self.energy, tissue)


def measures_of(prediction: Prediction, prepared: Prepared) -> OutsideMeasures:
    """Measure one picture.

    Args:
        prediction: Of a plane.
        prepared: What the network was given.
    """
    scores = scores_of(prediction.score_maps)
    return OutsideMeasures(
        energy=float(np.logaddexp.reduce(scores)),
        spread=_spread(prediction.score_maps[prediction.plane_index]),
        layers=layers_of(prepared),
    )


def _spread(score_map: Floats) -> float:
    """Of the positive evidence in one score map, (fh, fw); that of no evidence is wide."""
    width = score_map.shape[1]
    columns = np.maximum(score_map, 0).sum(axis=0, dtype=np.float64)
    whole = float(columns.sum())
    places = (np.arange(width) + 0.5) / width
    if whole <= 0:
        return float(places.std())
    mean = float(columns @ places) / whole
    return float(np.sqrt(columns @ np.square(places - mean) / whole))
