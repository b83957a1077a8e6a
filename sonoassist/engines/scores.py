"""From class scores to probabilities."""

from __future__ import annotations

import numpy as np

from sonoassist.core.packets import Floats, frozen


def softmax(logits: Floats) -> Floats:
    """The confidence c of the class scores a; float32 (14,) -> float32 (14,)."""
    wide = np.exp(logits.astype(np.float64) - float(logits.max()))
    return frozen((wide / wide.sum()).astype(np.float32))


def lead(logits: Floats) -> float:
    """By how much the probability of the winner leads the second; NaN where scores are NaN."""
    second, first = np.sort(softmax(logits))[-2:]
    return float(first - second)
