"""Whether a network input shows anything but noise: a probe in the air does not."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Prepared

BLOCKS = (36, 28)
"""The input is judged by the means of so many blocks, across and down: noise fades in them."""
ORDER = 4
"""Of the smooth surface that is taken away: gain, and a fan's dark corners, are no anatomy."""
LEAST_STRUCTURE = 0.4
"""Standard deviation of what is left, in those of the input, from which there is structure. Probes
in the air give 0.21 to 0.39; of 270 stills with a fetus the least gives 0.41, the next 0.48."""


def structure_of(prepared: Prepared, scale: float) -> float:
    """How much of an input is more than noise under a smooth gain.

    Args:
        prepared: The input.
        scale: Of the network's input: what one standard deviation is.
    """
    blocks = cv2.resize(prepared.network_input[0, 0], BLOCKS, interpolation=cv2.INTER_AREA)
    values = np.asarray(blocks, np.float64).ravel() / scale
    smooth = _surfaces()
    return float((values - smooth @ (smooth.T @ values)).std())


@functools.cache
def _surfaces() -> NDArray[np.float64]:
    """An orthonormal basis of the smooth surfaces over the blocks, (blocks, terms)."""
    columns, rows = BLOCKS
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    powers = [(i, j) for i in range(ORDER + 1) for j in range(ORDER + 1 - i)]
    terms = np.stack([(x**i * y**j).ravel() for i, j in powers], axis=1)
    basis, _ = np.linalg.qr(terms)
    return np.asarray(basis)
