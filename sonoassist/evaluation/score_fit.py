"""Fitting how a model's scores are read: its calibration, and what is outside of what it knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sonoassist.core.planes import KEYS
from sonoassist.engines.scores import probabilities
from sonoassist.evaluation.calibration_fit import (
    CalibrationFit,
    ScoredFrame,
    fit_calibration,
    fit_probabilities,
)
from sonoassist.evaluation.outside_fit import Measured, OutsideFit, fit_outside
from sonoassist.evaluation.score_gathering import Gathered
from sonoassist.model.score_rules import OutsideRule, ScoreCalibration

MORE_LIKELY = 0.5
"""What the model names rightly and holds for more likely than not shows something that it knows;
this does not depend on the threshold, which depends on it."""


@dataclass(frozen=True, slots=True)
class ScoreFit:
    """What was found.

    Attributes:
        calibration: See `calibration_fit`.
        outside: See `outside_fit`; None where no pictures of other kinds were given.
    """

    calibration: CalibrationFit
    outside: OutsideFit | None


def fit_scores(
    frames: Sequence[Gathered],
    others: Sequence[Measured],
    error_rate: float,
    labelled: str,
    other_kinds: str,
    kept: OutsideRule | None = None,
) -> ScoreFit:
    """Fit both, in steps.

    Probabilities decide which frames tell what is inside, and pictures of other kinds among the
    labelled ones, of which the model may be as sure as it is wrong, spoil the probabilities. So
    the plain softmax finds a first rule, what is outside by it is left out, and then both are
    fitted without. A threshold is sought last: before, there may be none that keeps the error rate.

    Args:
        frames: Labelled.
        others: Pictures of other kinds; none to leave that rule as it is.
        error_rate: Share of what is named that may be wrong.
        labelled: The labelled data, in words.
        other_kinds: The other pictures, in words.
        kept: The rule that the model has by now, used where there are no others.

    Raises:
        SourceError: There are too few frames or pictures.
    """
    if not others:
        return ScoreFit(fit_calibration(_scored(frames, kept), error_rate, labelled), None)
    first = fit_outside(_named_rightly(frames, None), others, other_kinds).rule
    reading = fit_probabilities(_scored(frames, first))
    outside = fit_outside(_named_rightly(frames, reading), others, other_kinds)
    return ScoreFit(fit_calibration(_scored(frames, outside.rule), error_rate, labelled), outside)


def _scored(frames: Sequence[Gathered], rule: OutsideRule | None) -> list[ScoredFrame]:
    return [
        ScoredFrame(
            case=one.case,
            dataset=one.dataset,
            scores=one.scores,
            truth=one.truth,
            outside=_is_outside(one, rule),
        )
        for one in frames
    ]


def _is_outside(one: Gathered, rule: OutsideRule | None) -> bool:
    return rule is not None and one.measures is not None and one.measures.lack(rule) > 0


def _named_rightly(frames: Sequence[Gathered], rule: ScoreCalibration | None) -> list[Measured]:
    found = []
    for one in frames:
        shares = probabilities(one.scores, rule)
        winner = int(shares.argmax())
        right = KEYS[winner] in one.truth and float(shares[winner]) >= MORE_LIKELY
        if right and one.measures is not None:
            found.append(Measured(one.case, one.measures))
    return found
