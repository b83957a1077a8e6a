"""What one look at a screen costs beside one forward pass of a network of planes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sonoassist.core.packets import Pixels

ROUNDS = 12
"""Pairs of a pass and a look that are timed."""
WARM_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class LookSpeed:
    """Measured in turn, so that what else the machine does disturbs both alike.

    Attributes:
        look_ms: Median of a look.
        pass_ms: Median of a forward pass.
    """

    look_ms: float
    pass_ms: float

    @property
    def looks_in_a_pass(self) -> float:
        """How many looks take as long as one pass."""
        return self.pass_ms / self.look_ms


def measure_look(
    screens: Sequence[Pixels],
    look: Callable[[Pixels], object],
    forward: Callable[[], object],
    clock: Callable[[], float] = time.perf_counter,
) -> LookSpeed:
    """Time a look and a pass in turn.

    Args:
        screens: One or more that are looked at, one after the other.
        look: Looks at one.
        forward: Runs a forward pass.
        clock: In seconds.
    """
    looks_s, passes_s = [], []
    for number in range(WARM_ROUNDS + ROUNDS):
        pixels = screens[number % len(screens)]
        start_s = clock()
        forward()
        between_s = clock()
        look(pixels)
        passes_s.append(between_s - start_s)
        looks_s.append(clock() - between_s)
    look_ms, pass_ms = (1e3 * float(np.median(one[WARM_ROUNDS:])) for one in (looks_s, passes_s))
    return LookSpeed(look_ms, pass_ms)
