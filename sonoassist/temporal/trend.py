"""Confidences over time, thinned to what can be seen of them: live, or of a recording. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.packets import Floats
from sonoassist.core.planes import BACKGROUND_INDEX, DISPLAY_ORDER, INDEX, PLANES

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]

SEEN = 0.02
"""Where a plane has less for a while its line would only thicken the axis."""


@dataclass(frozen=True)
class Trend:
    """Confidences of all classes over n short stretches of time, oldest first.

    Attributes:
        places: float64 (n,), middle of each stretch, rising: times in seconds, or frames.
        wide: Length of a stretch in the same unit.
        highest: float32 (n, 14), of the frames of the stretch, class by class.
        mean: float32 (n, 14), over the frames of the stretch.
        begins: bool (n,), whether nothing is known of what lies before it: no line joins the two.
    """

    places: Reals
    wide: float
    highest: Floats
    mean: Floats
    begins: Flags

    def __len__(self) -> int:
        """Number of stretches."""
        return len(self.places)

    @cached_property
    def leaders(self) -> Numbers:
        """Number of the most likely class of each stretch, in the order of `PLANES`, (n,)."""
        return np.asarray(np.argmax(self.mean, axis=1), np.int64)

    @cached_property
    def led(self) -> tuple[int, ...]:
        """The planes that led at some time, in the order of every list on screen."""
        found = set(np.unique(self.leaders).tolist()) - {BACKGROUND_INDEX}
        return tuple(INDEX[one.key] for one in DISPLAY_ORDER if INDEX[one.key] in found)

    def line(self, plane: int) -> tuple[Reals, Reals]:
        """The line of a plane; nan where it is interrupted.

        It runs from 0 to 1, through the highest confidence of each stretch; where the plane is
        nowhere near there is none.

        Returns:
            Places and confidences, both float64 and of one length.
        """
        shares = self.highest[:, plane].astype(np.float64)
        alone = self.begins & np.append(self.begins[1:], True)
        x = np.stack([np.full(len(self), np.nan), self._starts(alone), self._ends(alone)], axis=1)
        y = np.stack([np.full(len(self), np.nan), shares, shares], axis=1)
        kept = np.stack([self.begins, np.full(len(self), True), alone], axis=1)
        y[~self._near(shares), 1:] = np.nan
        return x[kept], y[kept]

    def _starts(self, alone: Flags) -> Reals:
        return np.where(alone, self.places - self.wide / 2, self.places)

    def _ends(self, alone: Flags) -> Reals:
        return np.where(alone, self.places + self.wide / 2, self.places)

    @staticmethod
    def _near(shares: Reals) -> Flags:
        """Where a share, the one before or the next one is to be seen: lines begin at the axis."""
        seen = np.concatenate([[False], shares >= SEEN, [False]])
        return np.asarray(seen[:-2] | seen[1:-1] | seen[2:])

    def longest_lead(self, plane: int) -> float | None:
        """The middle of the longest time for which a plane led, the newest among equals.

        None where it never did.
        """
        at = np.flatnonzero(self.leaders == plane)
        if not len(at):
            return None
        firsts = np.flatnonzero((np.diff(at, prepend=-2) > 1) | self.begins[at])
        lasts = np.append(firsts[1:], len(at)) - 1
        longest = len(firsts) - 1 - int(np.argmax((lasts - firsts)[::-1]))
        first, last = self.places[at[firsts[longest]]], self.places[at[lasts[longest]]]
        return float(first + last) / 2

    def peak(self, plane: int) -> tuple[float, float] | None:
        """Where a plane was surest and how sure, the newest among equals; None of nothing."""
        if not len(self):
            return None
        shares = self.highest[:, plane]
        at = len(shares) - 1 - int(np.argmax(shares[::-1]))
        return float(self.places[at]), float(shares[at])


def thinned(
    places: Reals,
    probabilities: Floats,
    first: float,
    last: float,
    most: int,
    join: float,
    cuts: Reals | None = None,
) -> Trend:
    """The trend of frames of which all is known, from `first` to `last`.

    Args:
        places: float64 (n,), of the frames that are judged, rising.
        probabilities: float32 (n, 14), of the same.
        first: Where it begins.
        last: Where it ends.
        most: So many stretches at most.
        join: Frames further apart are not joined.
        cuts: float64 (m,), places where lines are interrupted, rising.
    """
    inside = slice(*np.searchsorted(places, [first, last]))
    places, probabilities = places[inside], probabilities[inside]
    wide = max((last - first) / max(most, 1), 1.0)
    cells = np.floor((places - first) / wide).astype(np.int64)
    begins = np.flatnonzero(np.diff(cells, prepend=-1))
    if not len(begins):
        return nothing(wide)
    counts = np.diff(np.append(begins, len(places)))
    sums = np.add.reduceat(probabilities, begins, axis=0)
    # Stretches lie where their frames do; those of frames one by one would lose their place else.
    middles = np.add.reduceat(places, begins) / counts
    before, after = places[begins[1:] - 1], places[begins[1:]]
    apart = after - before > join
    if cuts is not None:
        apart |= np.searchsorted(cuts, before) != np.searchsorted(cuts, after)
    return Trend(
        places=middles,
        wide=wide,
        highest=np.maximum.reduceat(probabilities, begins, axis=0),
        mean=(sums / counts[:, None]).astype(np.float32),
        begins=np.concatenate([[True], apart]),
    )


def nothing(wide: float) -> Trend:
    """The trend of no frame at all."""
    empty = np.zeros((0, len(PLANES)), np.float32)
    return Trend(np.zeros(0), wide, empty, empty, np.zeros(0, bool))
