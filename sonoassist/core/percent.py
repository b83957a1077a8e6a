"""Shares in per cent: the one way in which the program writes them."""

from __future__ import annotations

import math

_DIGITS = 4
"""Of a per cent: a share kept in 4 bytes still counts as the number that was meant."""


def whole_percent(share: float) -> int:
    """A share of 0 to 1 in whole per cent, rounded down.

    What is shown is never surer than what was found: 99.6 % is no 100 %, and 69.9 % does not reach
    a threshold of 70 %.
    """
    return math.floor(round(100 * share, _DIGITS))


def at_most_percent(share: float) -> str:
    """A share of errors, rounded up to a tenth of a per cent, e.g. "3 %" or "2.5 %".

    What is promised is never better than what was found.
    """
    tenths = math.ceil(round(1000 * share, _DIGITS))
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths / 10:.1f} %"


def threshold_percent(threshold: float) -> str:
    """A threshold as it is, e.g. "70 %" or "62.5 %": a setting that holds is not rounded down."""
    return f"{round(100 * threshold, _DIGITS):g} %"


def percent(share: float) -> str:
    """The same with its sign, e.g. "97 %"."""
    return f"{whole_percent(share)} %"
