"""The forward pass of a hidden Markov model over a whole recording, many stretches at a time.

One frame after another is slow in Python. So the frames are cut into stretches that are followed
side by side, each at first as if nothing was before it. A stretch soon forgets how it began: then
each is begun again with the end of the one before, and followed until it is as it was already;
where that changes an end, once more. What comes out is what one frame after another gives.
"""

from __future__ import annotations

import math

import numpy as np

from sonoassist.temporal.smoothing import Reals

_SAME = 1e-12
"""Beliefs that differ by no more are the same."""


def passed(likelihoods: Reals, stays: Reals) -> Reals:
    """The belief at each frame by those up to it.

    Args:
        likelihoods: float64, (n, k), above 0: of each state, by the frame alone; n > 0.
        stays: float64, (n - 1,), 0 to 1: chance that the state was not left between a frame and
            the next; where it was left any state follows.

    Returns:
        float64, (n, k); each row adds up to 1.
    """
    count, classes = likelihoods.shape
    length = math.isqrt(count - 1) + 1
    # Before the first frame anything may be; behind the last one nothing changes any more.
    stays = _stretches(np.concatenate([[0.0], stays])[:, None], length)
    stretches = _Stretches(_stretches(likelihoods, length), stays)
    stretches.follow()
    while stretches.begin_again():
        stretches.follow()
    beliefs = stretches.beliefs.swapaxes(0, 1).reshape(-1, classes)
    return np.asarray(beliefs[:count], np.float64)


def _stretches(rows: Reals, length: int) -> Reals:
    """Rows (n, k) as (length, stretches, k), filled up with ones."""
    count = -(-len(rows) // length)
    whole = np.ones((count * length, rows.shape[1]))
    whole[: len(rows)] = rows
    return np.ascontiguousarray(whole.reshape(count, length, -1).swapaxes(0, 1))


class _Stretches:
    """Stretches of frames that are followed side by side.

    Args:
        likelihoods: float64, (length, stretches, k).
        stays: float64, (length, stretches, 1), from the frame before to each.

    Attributes:
        beliefs: float64, (length, stretches, k); not a number before they were followed.
    """

    def __init__(self, likelihoods: Reals, stays: Reals) -> None:
        self._likelihoods, self._stays = likelihoods, stays
        self._others = (1 - stays) / likelihoods.shape[2]
        self._begin = np.full_like(likelihoods[0], 1 / likelihoods.shape[2])
        self.beliefs = np.full_like(likelihoods, np.nan)

    def follow(self) -> None:
        """Go through all stretches at once, until each is as it was."""
        belief = self._begin
        steps = zip(self._likelihoods, self._stays, self._others, self.beliefs, strict=True)
        for likelihood, stay, other, row in steps:
            belief = (belief * stay + other) * likelihood
            belief /= belief.sum(axis=1, keepdims=True)
            if _same(belief, row):
                return
            row[:] = belief

    def begin_again(self) -> bool:
        """Begin each stretch with the end of the one before; whether that is anything new."""
        begin = np.concatenate([self._begin[:1], self.beliefs[-1, :-1]])
        if _same(begin, self._begin):
            return False
        self._begin = begin
        return True


def _same(one: Reals, other: Reals) -> bool:
    return bool((np.abs(one - other) <= _SAME).all())
