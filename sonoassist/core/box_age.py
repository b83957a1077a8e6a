"""How a box is shown that was found on an earlier frame and carried to this one."""

from __future__ import annotations

import math
from dataclasses import dataclass

FRESH_S = 0.1
"""A younger box is drawn like one that was found on its own frame."""
OLDEST_S = 0.5
FAINTEST = 0.5
"""On black the darkest of the planes' colours is then still 2.4 times as light."""
_EPSILON_S = 1e-6


@dataclass(frozen=True, slots=True)
class BoxAge:
    """How much earlier than its picture a box was found.

    Attributes:
        age_s: So much; 0 where it was found on this very picture.
        at_most: That is the greatest age of late, the box may be younger.
    """

    age_s: float = 0.0
    at_most: bool = False

    @property
    def strength(self) -> float:
        """How strongly the box is drawn: 1 while it is fresh, then evenly down to `FAINTEST`."""
        left = (OLDEST_S - self.age_s) / (OLDEST_S - FRESH_S)
        return FAINTEST + (1.0 - FAINTEST) * min(max(left, 0.0), 1.0)

    @property
    def words(self) -> str:
        """That it is carried, and since when, never flattered; "" while it is fresh."""
        if self.age_s < FRESH_S - _EPSILON_S:
            return ""
        at_most = "up to " if self.at_most else ""
        return f"carried {at_most}{math.ceil(self.age_s * 10 - _EPSILON_S) / 10:.1f} s"


OWN = BoxAge()
"""Of a box that was found on this very picture."""
