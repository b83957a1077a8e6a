"""What the model's score rules do: calibration before and after, and pictures outside of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sonoassist.core.packets import State
from sonoassist.core.planes import KEYS
from sonoassist.evaluation.bootstrap import Draws, Reals, Score, per_case, ratio, scores
from sonoassist.evaluation.classes import is_background
from sonoassist.evaluation.observed import Observation, units
from sonoassist.evaluation.reliability import Reliability, reliability

_LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class ScoreReading:
    """How the model's card says that scores are read.

    Attributes:
        temperature: See `score_rules.ScoreCalibration`; None for the plain softmax.
        lapse: Alike.
        tells_outside: The card says which pictures are outside of what the model knows.
    """

    temperature: float | None = None
    lapse: float = 0.0
    tells_outside: bool = False

    @property
    def text(self) -> str:
        """The calibration in words."""
        return f"temperature {self.temperature:g}, lapse {self.lapse:g}"


@dataclass(frozen=True, slots=True)
class CalibrationEffect:
    """The same frames by the plain softmax and as the program reads their scores.

    Attributes:
        before: By the plain softmax.
        after: Calibrated.
    """

    before: Reliability
    after: Reliability


@dataclass(frozen=True, slots=True)
class OutsideRates:
    """What becomes of pictures that show no plane, and of those that do.

    Attributes:
        named: Share of the frames without a plane that are named one.
        named_without: The same if no picture were outside.
        lost: Share of the frames that would be named rightly that are taken for outside.
        others: Frames without a plane.
        planes: Frames that would be named rightly.
    """

    named: Score
    named_without: Score
    lost: Score
    others: int
    planes: int


def plain_softmax(probabilities: Reals, reading: ScoreReading) -> Reals:
    """The plain softmax that calibrated probabilities (n, 14) were made of, (n, 14)."""
    if reading.temperature is None:
        return probabilities
    spread = reading.lapse / probabilities.shape[1]
    shares = np.maximum((probabilities - spread) / (1 - reading.lapse), _LEAST)
    scores_of = np.log(shares) * reading.temperature
    wide = np.exp(scores_of - scores_of.max(axis=1, keepdims=True))
    return np.asarray(wide / wide.sum(axis=1, keepdims=True))


def measure_effect(
    frames: Sequence[Observation], reading: ScoreReading
) -> CalibrationEffect | None:
    """Compare both on labelled frames; None for an uncalibrated model, or where none is judged."""
    judged = [one for one in frames if one.judged]
    if reading.temperature is None or not judged:
        return None
    after = np.array([one.probabilities for one in judged], np.float64)
    truths = [one.truth for one in judged]
    before = plain_softmax(after, reading)
    return CalibrationEffect(reliability(before, truths), reliability(after, truths))


def measure_outside(
    frames: Sequence[Observation], reading: ScoreReading, threshold: float, draws: Draws
) -> OutsideRates | None:
    """Measure labelled frames; None where the model does not tell, or none shows no plane."""
    if not reading.tells_outside or not any(is_background(one.truth) for one in frames):
        return None
    rows = np.array([_row(one, threshold) for one in frames])
    named, without, lost = scores(per_case(units(frames), rows), _figures, draws, _parts)
    others, planes = rows[:, 0].sum(), rows[:, 3].sum()
    return OutsideRates(named, without, lost, int(others), int(planes))


def _row(one: Observation, threshold: float) -> list[bool]:
    """Without a plane, of these named, and named without the rule; rightly named, of these lost."""
    winner = KEYS[int(one.probabilities.argmax())]
    sure = winner != "background" and float(one.probabilities.max()) >= threshold
    inside = sure and one.judged
    either = inside or (sure and one.state is State.OUTSIDE)
    other, right = is_background(one.truth), winner in one.truth
    return [
        other,
        other and inside,
        other and either,
        either and right,
        right and either and not inside,
    ]


def _figures(sums: Reals) -> Reals:
    return ratio(*_parts(sums))


def _parts(sums: Reals) -> tuple[Reals, Reals]:
    return sums[:, [1, 2, 4]], sums[:, [0, 0, 3]]
