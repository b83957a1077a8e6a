"""Does a confidence of 80 % mean right in 80 %? Reliability diagram and its error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.evaluation.bootstrap import Draws, Reals, Score, per_case, ratio, scores
from sonoassist.evaluation.observed import Observation, units
from sonoassist.evaluation.reliability import BINS, Reliability, reliability


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of the reliability diagram.

    Attributes:
        low: Lower end of the confidences in it.
        high: Upper end.
        confidence: Mean of them.
        accuracy: Share of frames whose predicted class is right.
        count: Frames in it.
    """

    low: float
    high: float
    confidence: float
    accuracy: float
    count: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far the confidence may be believed.

    Attributes:
        bins: Those that hold frames.
        error: Expected calibration error: mean distance of confidence and accuracy.
        confidence: Mean over `frames`.
        accuracy: Share of `frames` whose predicted class is right.
        frames: Number of frames behind these: those judged, with a label of one plane.
        coarse: Judged frames left out of these, since the confidence is that of one plane and
            their label calls several right.
        threshold: Below it the program names no plane.
        named: Share of the frames of standard planes that are named at the threshold; frames
            taken for Doppler or no signal are not named.
        named_right: Share of the frames named at the threshold that are right.
        groups: Of all judged frames, coarse labels too: planes that a label joins count as one.
    """

    bins: tuple[Bin, ...]
    error: Score
    confidence: float
    accuracy: float
    frames: int
    coarse: int
    threshold: float
    named: Score
    named_right: Score
    groups: Reliability


def calibrate(frames: Sequence[Observation], threshold: float, draws: Draws) -> Calibration | None:
    """Measure the calibration on labelled frames; None where none was judged."""
    judged = [one for one in frames if one.judged]
    if not judged:
        return None
    exact = [one for one in judged if len(one.truth) == 1]
    sure = np.clip([one.confidence for one in exact], 0.0, 1.0)
    right = np.array([one.right for one in exact], float)
    named, named_right = _at_threshold(frames, threshold, draws)
    return Calibration(
        bins=_bins(sure, right) if exact else (),
        error=_calibration_error(units(exact), sure, right, draws),
        confidence=float(sure.mean()) if exact else math.nan,
        accuracy=float(right.mean()) if exact else math.nan,
        frames=len(exact),
        coarse=len(judged) - len(exact),
        threshold=threshold,
        named=named,
        named_right=named_right,
        groups=reliability(
            np.array([one.probabilities for one in judged], np.float64),
            [one.truth for one in judged],
        ),
    )


def _place(sure: Reals) -> NDArray[np.intp]:
    """Number of the bin, with the edges as scikit-learn sets them."""
    edges = np.linspace(0.0, 1.0, BINS + 1)
    place: NDArray[np.intp] = np.searchsorted(edges[1:-1], sure)
    return place


def _binned(sure: Reals, right: Reals) -> Reals:
    """(n, 3 * BINS): for each frame its count, confidence and rightness in its bin's columns."""
    rows = np.zeros((len(sure), 3 * BINS))
    place, line = _place(sure), np.arange(len(sure))
    for part, values in enumerate((np.ones_like(sure), sure, right)):
        rows[line, part * BINS + place] = values
    return rows


def _calibration_error(cases: list[str], sure: Reals, right: Reals, draws: Draws) -> Score:
    if not cases:
        return Score(math.nan)
    return scores(per_case(cases, _binned(sure, right)), _error, draws)[0]


def _error(sums: Reals) -> Reals:
    number, sure, right = np.split(sums, 3, axis=1)
    return ratio(np.abs(sure - right).sum(axis=1), number.sum(axis=1))[:, None]


def _bins(sure: Reals, right: Reals) -> tuple[Bin, ...]:
    from sklearn.calibration import calibration_curve  # type: ignore[import-untyped]  # late: long

    accuracy, confidence = calibration_curve(right, sure, n_bins=BINS, strategy="uniform")
    counts = np.bincount(_place(sure), minlength=BINS)
    held = np.flatnonzero(counts)
    return tuple(
        Bin(i / BINS, (i + 1) / BINS, float(c), float(a), int(counts[i]))
        for i, c, a in zip(held, confidence, accuracy, strict=True)
    )


def _at_threshold(
    frames: Sequence[Observation], threshold: float, draws: Draws
) -> tuple[Score, Score]:
    """What of the planes is named at the threshold, and how much of what is named is right."""
    rows = np.zeros((len(frames), 4))
    for row, one in zip(rows, frames, strict=True):
        is_plane = one.truth != ("background",)
        sure = one.named != "background" and one.confidence >= threshold
        row[:] = is_plane and sure, is_plane, sure and one.right, sure

    def figures(sums: Reals) -> Reals:
        return np.stack([ratio(sums[:, 0], sums[:, 1]), ratio(sums[:, 2], sums[:, 3])], axis=1)

    named, right = scores(per_case(units(frames), rows), figures, draws, _at_threshold_parts)
    return named, right


def _at_threshold_parts(sums: Reals) -> tuple[Reals, Reals]:
    return sums[:, ::2], sums[:, 1::2]
