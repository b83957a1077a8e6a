"""Which frame of a view is its best: chosen over all of the view, with few frames in memory.

Frames about as sure as the surest are equals; of these the ones of good quality, and of those
the surest. How sure the surest is, is known at the end only. So each frame stays that no other
surpasses in everything; any other could never be chosen.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from sonoassist.temporal.quality import GAIN, NEAR

MOST = 8
"""So many frames are held; each holds its picture."""

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Worth:
    """What frames are compared by; the frames themselves are not held on to.

    Attributes:
        confidence: 0 to 1.
        quality: 0 to 1.
    """

    confidence: float
    quality: float

    def surpasses(self, other: Worth) -> bool:
        """Whether it is as good in everything."""
        return self.confidence >= other.confidence and self.quality >= other.quality


@dataclass(frozen=True, slots=True)
class _Held(Generic[Entry]):
    worth: Worth
    entry: Entry


class ViewChoice(Generic[Entry]):
    """The frames of one view that may turn out to be its best."""

    def __init__(self) -> None:
        self._held: list[_Held[Entry]] = []  # ever surer, and of ever less quality

    def __len__(self) -> int:
        """Number of frames held."""
        return len(self._held)

    def add(self, worth: Worth, entry: Entry) -> None:
        """Take a frame of the view; the first of equals stays."""
        if any(one.worth.surpasses(worth) for one in self._held):
            return
        left = [one for one in self._held if not worth.surpasses(one.worth)]
        self._held = sorted([*left, _Held(worth, entry)], key=lambda one: one.worth.confidence)
        if len(self._held) > MOST:
            del self._held[self._spare()]

    def best(self) -> Entry | None:
        """The one to choose of all so far; None of none."""
        if not self._held:
            return None
        surest = self._held[-1].worth.confidence
        equals = [one for one in self._held if one.worth.confidence >= surest - NEAR]
        finest = max(one.worth.quality for one in equals)
        good = (one for one in equals if one.worth.quality >= finest - GAIN)
        return max(good, key=lambda one: one.worth.confidence).entry

    def keep(self, wanted: Callable[[Entry], bool]) -> None:
        """Let go of the frames that are not wanted."""
        self._held = [one for one in self._held if wanted(one.entry)]

    def change(self, changed: Callable[[Entry], Entry]) -> None:
        """Put each frame's entry anew; what it is worth stays."""
        self._held = [replace(one, entry=changed(one.entry)) for one in self._held]

    def _spare(self) -> int:
        """Which can be missed: one far from the surest, else the one most like the next."""
        if self._held[0].worth.confidence < self._held[-1].worth.confidence - NEAR:
            return 0
        shares = [one.worth.confidence for one in self._held[1:]]
        steps = [after - before for before, after in itertools.pairwise(shares)]
        return 1 + steps.index(min(steps))
