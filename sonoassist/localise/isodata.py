"""The Isodata threshold (Ridler and Calvard 1978; paper, Section II-F.2).

The same numbers as those of `skimage.filters.threshold_isodata`, whose package takes long to load.
"""

from __future__ import annotations

import numpy as np

from sonoassist.core.packets import Floats

BINS = 256


def isodata(values: Floats) -> float:
    """The lowest level midway between the mean of what is up to it and of what is above it.

    Args:
        values: float32, of any shape; not all the same.

    Returns:
        Within the width of one of 256 bins from the least value to the greatest.
    """
    found, edges = np.histogram(values.reshape(-1), BINS)
    levels = (edges[:-1] + edges[1:]) / 2
    counts = found.astype(np.float32)
    up_to = np.cumsum(counts)
    above = up_to[-1] - up_to
    sums = np.cumsum(counts * levels)
    # Neither the first bin nor the last is empty, so that no mean but the last one lacks values.
    lower = sums[:-1] / up_to[:-1]
    higher = (sums[-1] - sums[:-1]) / above[:-1]
    beyond = (lower + higher) / 2 - levels[:-1]
    fits = (beyond >= 0) & (beyond < levels[1] - levels[0])
    return float(levels[:-1][fits][0])
