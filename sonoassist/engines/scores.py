"""From class scores to probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.packets import Floats, frozen
from sonoassist.model.score_rules import ScoreCalibration


def softmax(logits: Floats) -> Floats:
    """The confidence c of the class scores a; float32 (14,) -> float32 (14,)."""
    wide = np.exp(logits.astype(np.float64) - float(logits.max()))
    return frozen((wide / wide.sum()).astype(np.float32))


def probabilities(logits: Floats, calibration: ScoreCalibration | None) -> Floats:
    """The confidence as it may be believed; float32 (14,) -> float32 (14,).

    Args:
        logits: The class scores a.
        calibration: Of the model; None for the plain softmax.
    """
    if calibration is None or not calibration.text:
        return softmax(logits)
    plain = softmax(np.asarray(logits / np.float32(calibration.temperature), np.float32))
    lapse = np.float32(calibration.lapse)
    return frozen((1 - lapse) * plain + lapse / np.float32(len(plain)))


def scores_of(score_maps: Floats) -> NDArray[np.float64]:
    """The class scores a again, float64 (14,): the means of the score maps (14, fh, fw)."""
    found: NDArray[np.float64] = score_maps.mean(axis=(1, 2), dtype=np.float64)
    return found


def lead(logits: Floats) -> float:
    """By how much the softmax of the winner leads the second; NaN where scores are NaN.

    It is the plain softmax also of a calibrated model: how far rounding shifts that is known.
    """
    second, first = np.sort(softmax(logits))[-2:]
    return float(first - second)
