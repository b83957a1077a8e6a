"""Fitting a model's calibration on labelled frames: two numbers and a threshold.

The temperature (Guo et al. 2017) makes the network as sure as it is right; the lapse says that it
is wrong now and then however sure it is. All figures are of cases that were not fitted on; where
these do not come out better, the network was as sure as it is right, and the plain softmax stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.errors import SourceError
from sonoassist.core.percent import at_most_percent
from sonoassist.core.planes import BACKGROUND_INDEX, KEYS
from sonoassist.core.wording import counted
from sonoassist.engines.scores import probabilities
from sonoassist.evaluation.bootstrap import Reals
from sonoassist.evaluation.classes import Group
from sonoassist.evaluation.folds import FOLDS, folds_of
from sonoassist.evaluation.reliability import Reliability, accepted_table, reliability
from sonoassist.model.score_rules import UNCALIBRATED_THRESHOLD, ScoreCalibration

ERROR_RATE = 0.03
"""Share of what is named that may be wrong, unless another one is asked for."""
THRESHOLDS = tuple(percents / 100 for percents in range(50, 100, 5))
"""What is less likely than not is never named."""
WORSE = 0.01
"""By so much more the calibration error may come out by chance."""
FEWEST_FRAMES = 50
FEWEST_NAMED = 20
"""With fewer frames named above a threshold its error rate is chance."""
DIGITS = 4

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ScoredFrame:
    """A labelled frame.

    Attributes:
        case: It belongs to, told apart from cases of other data sets.
        dataset: Of the case.
        scores: float32 (14,), the class scores a.
        truth: Planes that count as right.
        outside: The picture is outside of what the model knows, so that no plane is named.
    """

    case: str
    dataset: str
    scores: NDArray[np.float32]
    truth: Group
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Naming:
    """What is named at a threshold.

    Attributes:
        threshold: It.
        frames: Of all.
        named: So many name a plane.
        wrong: So many of these name a wrong one.
    """

    threshold: float
    frames: int
    named: int
    wrong: int

    @property
    def error_rate(self) -> float:
        """Share of what is named that is wrong; 0 where nothing is."""
        return self.wrong / self.named if self.named else 0.0


@dataclass(frozen=True, slots=True)
class Compared:
    """Plain and calibrated probabilities of the same frames."""

    before: Reliability
    after: Reliability

    @property
    def better(self) -> bool:
        """Whether the calibrated ones are to be preferred."""
        likelier = self.after.nll < self.before.nll
        return likelier and self.after.error <= self.before.error + WORSE


@dataclass(frozen=True, slots=True)
class CalibrationFit:
    """What was found; all figures are of cases that were not fitted on.

    Attributes:
        calibration: Fitted on all frames.
        cases: The frames come from.
        whole: Of all frames.
        datasets: Of each data set by itself, where there are several.
        before: What is named by the plain softmax at its threshold.
        after: What is named by the calibrated probabilities at theirs.
        left_out: Labelled frames that are outside of what the model knows: no plane is named in
            them, so they are not fitted on, and in none of these figures.
    """

    calibration: ScoreCalibration
    cases: int
    whole: Compared
    datasets: dict[str, Compared]
    before: Naming
    after: Naming
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class _Readings:
    """Two numbers, and the frames read by them.

    Attributes:
        temperature: Fitted on all frames.
        lapse: The same.
        plain: (n, 14): the plain softmax.
        held_out: (n, 14): each frame by numbers that were fitted on other cases.
    """

    temperature: float
    lapse: float
    plain: Reals
    held_out: Reals


def fit_calibration(
    frames: Sequence[ScoredFrame],
    error_rate: float = ERROR_RATE,
    fitted_on: str = "",
    seed: int = 0,
) -> CalibrationFit:
    """Fit, and try the fits on cases that were held out.

    Args:
        frames: Labelled; neither trained on nor tested with. Those outside are left out.
        error_rate: Share of what is named that may be wrong.
        fitted_on: The data, in words.
        seed: Of the division into folds.

    Raises:
        SourceError: There are too few frames or cases, or no threshold keeps the error rate.
    """
    known = [one for one in frames if not one.outside]
    found = _readings(known, seed)
    right = accepted_table([one.truth for one in known])
    after = _least_threshold(known, found.held_out, right, error_rate)
    return CalibrationFit(
        calibration=ScoreCalibration(
            temperature=round(found.temperature, DIGITS),
            lapse=round(found.lapse, DIGITS),
            threshold=after.threshold,
            error_rate=error_rate,
            fitted_on=fitted_on,
        ),
        cases=len({one.case for one in known}),
        whole=_compared(known, found.plain, found.held_out),
        datasets=_by_dataset(known, found.plain, found.held_out),
        before=_naming(known, found.plain, right, UNCALIBRATED_THRESHOLD),
        after=after,
        left_out=len(frames) - len(known),
    )


def fit_probabilities(frames: Sequence[ScoredFrame], seed: int = 0) -> ScoreCalibration:
    """Temperature and lapse alone: no threshold is sought, so no error rate can be out of reach.

    Args:
        frames: As for `fit_calibration`.
        seed: Of the division into folds.

    Raises:
        SourceError: There are too few frames or cases.
    """
    found = _readings([one for one in frames if not one.outside], seed)
    return ScoreCalibration(temperature=found.temperature, lapse=found.lapse, error_rate=ERROR_RATE)


def _readings(frames: Sequence[ScoredFrame], seed: int) -> _Readings:
    """Fit the two numbers; the plain softmax stays where it is no worse on cases held out."""
    cases = sorted({one.case for one in frames})
    if len(frames) < FEWEST_FRAMES or len(cases) < FOLDS:
        raise SourceError(
            f"{counted(len(frames), 'labelled frame')} of {counted(len(cases), 'case')}: too few "
            "to calibrate on",
            f"It takes {FEWEST_FRAMES} frames of {FOLDS} cases",
        )
    right = accepted_table([one.truth for one in frames])
    plain, held_out = _read(frames, None), np.zeros(right.shape)
    for tested in folds_of([one.case for one in frames], seed):
        others = np.setdiff1d(np.arange(len(frames)), tested)
        temperature, lapse = _fitted([frames[at] for at in others], right[others])
        rule = ScoreCalibration(temperature=temperature, lapse=lapse, error_rate=ERROR_RATE)
        held_out[tested] = _read([frames[at] for at in tested], rule)
    temperature, lapse = _fitted(frames, right)
    if not _compared(frames, plain, held_out).better:
        return _Readings(1.0, 0.0, plain, plain)
    return _Readings(temperature, lapse, plain, held_out)


def _read(frames: Sequence[ScoredFrame], rule: ScoreCalibration | None) -> Reals:
    return np.array([probabilities(one.scores, rule) for one in frames], np.float64)


def _fitted(frames: Sequence[ScoredFrame], right: Flags) -> tuple[float, float]:
    """Temperature and lapse with the least negative log-likelihood.

    One frame more than there are counts as wholly wrong: that so many were right does not mean
    that none will ever be wrong.
    """
    scores = np.array([one.scores for one in frames], np.float64)
    classes = len(KEYS)

    from scipy.optimize import minimize  # type: ignore[import-untyped]  # long to load

    def loss(at: Reals) -> float:
        temperature, lapse = _numbers(at)
        wide = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
        shares = (wide * right).sum(axis=1) / wide.sum(axis=1)
        own = (1 - lapse) * shares + lapse * right.sum(axis=1) / classes
        return float(-np.log(own).sum() - np.log(lapse / classes))

    found = minimize(loss, np.array([0.0, -4.0]), method="Nelder-Mead")
    return _numbers(found.x)


def _numbers(at: Reals) -> tuple[float, float]:
    """From unbounded numbers to a temperature in 0.05 to 20 and a lapse in 0 to 0.5."""
    temperature = float(np.exp(np.clip(at[0], np.log(0.05), np.log(20.0))))
    return temperature, float(0.5 / (1 + np.exp(-np.clip(at[1], -20.0, 20.0))))


def _naming(frames: Sequence[ScoredFrame], shares: Reals, right: Flags, threshold: float) -> Naming:
    winner = shares.argmax(axis=1)
    named = (winner != BACKGROUND_INDEX) & (shares.max(axis=1) >= threshold)
    wrong = named & ~right[np.arange(len(frames)), winner]
    return Naming(threshold, len(frames), int(named.sum()), int(wrong.sum()))


def _least_threshold(
    frames: Sequence[ScoredFrame], shares: Reals, right: Flags, error_rate: float
) -> Naming:
    """The lowest threshold at which the error rate is kept."""
    kept = None
    for threshold in reversed(THRESHOLDS):
        found = _naming(frames, shares, right, threshold)
        if found.named < FEWEST_NAMED:
            continue
        if found.error_rate <= error_rate:
            kept = found
    if kept is None:
        raise SourceError(
            f"at no threshold at most {at_most_percent(error_rate)} of what is named is wrong",
            "Give a larger --error-rate, or more data",
        )
    return kept


def _compared(frames: Sequence[ScoredFrame], plain: Reals, held_out: Reals) -> Compared:
    truths = [one.truth for one in frames]
    return Compared(reliability(plain, truths), reliability(held_out, truths))


def _by_dataset(
    frames: Sequence[ScoredFrame], plain: Reals, held_out: Reals
) -> dict[str, Compared]:
    names = np.array([one.dataset for one in frames], object)
    found = {}
    for name in dict.fromkeys(names):
        rows = np.flatnonzero(names == name).tolist()
        found[str(name)] = _compared([frames[at] for at in rows], plain[rows], held_out[rows])
    return found if len(found) > 1 else {}
