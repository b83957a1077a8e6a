"""How long a test may take before it counts as hanging: a limit for hangs, never for speed.

No test asserts a time. What waits for another thread or process waits as long as this allows,
and this is measured: a machine that is old, or busy with something else, gets more.
"""

from __future__ import annotations

import os
import time

import numpy as np

LIMIT_VARIABLE = "SONOASSIST_TEST_LIMIT_S"
USUAL_LIMIT_S = 600.0
"""For a test on a machine as quick as `_REFERENCE_S` tells; ten times what the longest takes."""
MOST_TIMES = 4.0
_REFERENCE_S = 0.25
"""What `measured_s` gives on two quiet cores of a laptop of 2015."""


def measured_s() -> float:
    """Seconds of some fixed work with numbers and with objects; the slowest of three times."""
    picture = np.random.default_rng(0).random((384, 384), np.float32)
    taken_s = []
    for _ in range(3):
        began_s = time.perf_counter()
        for _ in range(12):
            picture = picture @ picture
            picture /= picture.max()
        sum(len(str(number)) for number in range(200_000))
        taken_s.append(time.perf_counter() - began_s)
    return max(taken_s)


def measured_limit_s() -> float:
    """The limit of a test on this machine as it is now."""
    times = min(max(measured_s() / _REFERENCE_S, 1.0), MOST_TIMES)
    return round(USUAL_LIMIT_S * times)


def limit_s() -> float:
    """The limit of a test in this run."""
    return float(os.environ.get(LIMIT_VARIABLE) or USUAL_LIMIT_S)
