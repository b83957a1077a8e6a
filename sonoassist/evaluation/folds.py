"""Division of frames into folds by case, so that no case is fitted on and tested with at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FOLDS = 5


def folds_of(cases: Sequence[str], seed: int = 0) -> list[NDArray[np.intp]]:
    """The rows of each fold; frames of one case are all in one of them.

    Args:
        cases: Of each frame.
        seed: Of the division.
    """
    names = np.array(sorted(set(cases)), object)
    order = np.random.default_rng([seed, 23]).permutation(len(names))
    own = np.array(list(cases), object)
    return [np.flatnonzero(np.isin(own, names[part])) for part in np.array_split(order, FOLDS)]
