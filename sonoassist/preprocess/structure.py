"""What kind of picture a network input is: mere noise, layers from side to side, or neither."""

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

COARSE_BLOCKS = 6.0
"""Layers are looked for in what is left when a blur so wide is taken away, in blocks."""
TILTS = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3)
"""Blocks down for each block across, along a layer."""


def structure_of(prepared: Prepared, scale: float) -> float:
    """How much of an input is more than noise under a smooth gain.

    Args:
        prepared: The input.
        scale: Of the network's input: what one standard deviation is.
    """
    values = _blocks(prepared).ravel() / scale
    smooth = _surfaces()
    return float((values - smooth @ (smooth.T @ values)).std())


def layers_of(prepared: Prepared) -> float:
    """How much of an input are layers that go from side to side, 0 to 1: muscle has many.

    The share of the contrast that is the same all along a line, for the tilt that gives most.

    Args:
        prepared: The input.
    """
    blocks = _blocks(prepared)
    coarse = cv2.GaussianBlur(blocks, (0, 0), COARSE_BLOCKS)
    values = (blocks - coarse).ravel()
    whole = float(values @ values)
    if whole <= 0:
        return 0.0
    values -= values.mean()
    return max(float(np.square(lines.T @ values).sum()) for lines in _lines()) / whole


def _blocks(prepared: Prepared) -> NDArray[np.float64]:
    blocks = cv2.resize(prepared.network_input[0, 0], BLOCKS, interpolation=cv2.INTER_AREA)
    return np.asarray(blocks, np.float64)


@functools.cache
def _lines() -> tuple[NDArray[np.float64], ...]:
    """For each tilt an orthonormal basis of what is the same along lines, (blocks, lines)."""
    columns, rows = BLOCKS
    y, x = np.mgrid[:rows, :columns]
    found = []
    for tilt in TILTS:
        line = np.round(y + tilt * (x - columns / 2)).astype(int).ravel()
        own = np.equal(line[:, None], np.unique(line)[None]).astype(np.float64)
        found.append(own / np.sqrt(own.sum(axis=0)))
    return tuple(found)


@functools.cache
def _surfaces() -> NDArray[np.float64]:
    """An orthonormal basis of the smooth surfaces over the blocks, (blocks, terms)."""
    columns, rows = BLOCKS
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    powers = [(i, j) for i in range(ORDER + 1) for j in range(ORDER + 1 - i)]
    terms = np.stack([(x**i * y**j).ravel() for i, j in powers], axis=1)
    basis, _ = np.linalg.qr(terms)
    return np.asarray(basis)
