"""Exact 95 % intervals of proportions: right too where cases are few or all of them are right.

Clopper and Pearson's interval, and for frames that come in cases the one of Korn and Graubard
(Survey Methodology 24(2), 1998): the same, of as many independent frames as the cases are worth.
"""

from __future__ import annotations

import numpy as np

TAIL = 0.025
MANY_CASES = 30
"""From so many cases on, drawing cases anew is as good, and knows other figures too."""


def clopper_pearson(part: float, whole: float) -> tuple[float, float]:
    """The exact interval of a proportion.

    Args:
        part: How many are right; need not be whole, as where frames depend on each other.
        whole: Of how many, above 0.

    Returns:
        Both ends, 0 to 1.
    """
    from scipy.special import betaincinv  # type: ignore[import-untyped]  # long to load

    rest = whole - part
    low = 0.0 if part <= 0 else float(betaincinv(part, rest + 1, TAIL))
    high = 1.0 if rest <= 0 else float(betaincinv(part + 1, rest, 1 - TAIL))
    return low, high


def effective_number(share: float, whole: float, cases: int, variance: float) -> float:
    """How many independent frames the frames of some cases are worth.

    Args:
        share: The proportion.
        whole: Number of frames.
        cases: That they come from; at least 2.
        variance: Of the proportion when cases are drawn anew.

    Returns:
        1 to `whole`. Where all or none are right nothing tells how alike the frames of a case
        are: then a case is worth one frame.
    """
    if whole <= cases:
        return whole  # a frame a case: they are independent
    if not (0 < share < 1 and variance > 0):
        return float(cases)
    from scipy.special import stdtrit

    fewer = (stdtrit(whole - 1, 1 - TAIL) / stdtrit(cases - 1, 1 - TAIL)) ** 2
    return float(np.clip(share * (1 - share) / variance * fewer, 1.0, whole))
