"""The threshold midway between the means of what is below and above it (Ridler and Calvard, 1978).

The same number, to the last bit, as scikit-image gives. To import that would be two fifths of all
that an analysis has to import.
"""

from __future__ import annotations

import numpy as np

from sonoassist.core.packets import Floats

BINS = 256


def isodata(values: Floats) -> float:
    """The least such threshold.

    Args:
        values: float32 of any shape, not all the same.

    Returns:
        The middle of a bin, of `BINS` from the least to the greatest of the values.
    """
    numbers, edges = np.histogram(values.ravel(), BINS)
    counts = numbers.astype(np.float32)
    middles = (edges[:-1] + edges[1:]) / 2.0
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    lower = sums[:-1] / below[:-1]
    higher = (sums[-1] - sums[:-1]) / above[:-1]  # nothing lies above the last bin
    distances = (lower + higher) / 2.0 - middles[:-1]
    fitting = (distances >= 0) & (distances < middles[1] - middles[0])
    return float(middles[:-1][fitting][0])
