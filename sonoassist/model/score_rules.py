"""How a model's scores are read: as probabilities that mean what they say, and as none at all.

Part of its card, since networks differ in it. A few numbers each, fitted on labelled pictures that
the network has not seen (see `sonoassist.evaluation.calibration_fit` and `outside_fit`); a model
without them is read as it is, and says so.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

UNCALIBRATED_THRESHOLD = 0.7
"""Softmax below which no plane is named where nothing is known of a model's errors."""


class ScoreCalibration(BaseModel):
    """From class scores to probabilities, and from which of them on a plane is named.

    Attributes:
        temperature: The scores are divided by it before the softmax; above 1 the network is surer
            than it is right.
        lapse: Share of frames on which it is wrong however sure it is: so much of the probability
            is spread over all classes.
        threshold: Probability below which no plane is named.
        error_rate: At most this share of what is named from the threshold on was wrong, on frames
            that were not fitted on.
        fitted_on: The data, in words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(gt=0, le=100, allow_inf_nan=False)
    lapse: float = Field(default=0.0, ge=0, le=0.5, allow_inf_nan=False)
    threshold: float = Field(default=UNCALIBRATED_THRESHOLD, gt=0, lt=1, allow_inf_nan=False)
    error_rate: float = Field(gt=0, lt=1, allow_inf_nan=False)
    fitted_on: str = ""

    @property
    def text(self) -> str:
        """What probabilities depend on: those of one text may stand in one table.

        "" for those that are the plain softmax all the same.
        """
        if (self.temperature, self.lapse) == (1.0, 0.0):
            return ""
        return f"T {self.temperature:g} lapse {self.lapse:g}"


class OutsideRule(BaseModel):
    """Which pictures show nothing that the model knows: what it says of them is not repeated.

    Either the scores are too low all together (adult hearts and organs), or a picture of layers
    (muscle, breast: a linear probe) gives evidence from side to side, where that of a plane lies
    at one place. The second is a sum of three measures; see `sonoassist.analysis.outside`.

    Attributes:
        least_energy: Energy of the scores below which a picture is outside.
        energy: Weight of the energy in the sum.
        spread: Weight of how widely the evidence for the winner lies.
        layers: Weight of how much of the picture are layers.
        offset: Added to the sum; above 0 the picture is outside.
        fitted_on: The data, in words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    least_energy: float = Field(allow_inf_nan=False)
    energy: float = Field(allow_inf_nan=False)
    spread: float = Field(allow_inf_nan=False)
    layers: float = Field(allow_inf_nan=False)
    offset: float = Field(allow_inf_nan=False)
    fitted_on: str = ""

    @property
    def text(self) -> str:
        """What the verdict depends on."""
        numbers = (self.least_energy, self.energy, self.spread, self.layers, self.offset)
        return f"outside {' '.join(f'{one:g}' for one in numbers)}"
