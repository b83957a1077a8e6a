"""Which frame of a view is its best: chosen over all of the view, with few frames in memory.

Frames about as sure as the surest are equals; of these the ones with the fewest flaws, of those
the ones of good quality, and of these the surest. How sure the surest is, is known at the end
only. So each frame stays that no other surpasses in everything and that is about as sure as the
surest so far; any other could never be chosen. Where these are too many, one goes for which a
surer one with no more flaws stands in, so that the least quality is lost by it. So the fewest
flaws are always found, and quality is lost only where more frames than are held differ in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from sonoassist.temporal.quality import GAIN, NEAR

MOST = 16
"""So many frames are held; each holds its picture."""

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Worth:
    """What frames are compared by; the frames themselves are not held on to.

    Attributes:
        confidence: 0 to 1.
        quality: 0 to 1.
        flaws: Number of hints.
    """

    confidence: float
    quality: float
    flaws: int = 0

    def surpasses(self, other: Worth) -> bool:
        """Whether it is as good in everything."""
        return self.stands_in_for(other) and self.quality >= other.quality

    def stands_in_for(self, other: Worth) -> bool:
        """Whether it is among the frames to choose from whenever the other is, whatever comes."""
        return self.confidence >= other.confidence and self.flaws <= other.flaws


@dataclass(frozen=True, slots=True, eq=False)
class _Held(Generic[Entry]):
    """One frame.

    Attributes:
        worth: Of it.
        entry: It.
        finest: Highest quality of itself and of those that went and that it stands in for.
    """

    worth: Worth
    entry: Entry
    finest: float

    def lost_by(self, other: _Held[Entry]) -> float:
        """How much quality is lost where the other one stands in for it."""
        if other is self or not other.worth.stands_in_for(self.worth):
            return math.inf
        return self.finest - other.worth.quality

    def standing_in_for(self, others: list[_Held[Entry]]) -> _Held[Entry]:
        return replace(self, finest=max([self.finest, *(one.finest for one in others)]))


class ViewChoice(Generic[Entry]):
    """The frames of one view that may turn out to be its best.

    Args:
        most: So many frames are held.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held: list[_Held[Entry]] = []  # ever surer

    def __len__(self) -> int:
        """Number of frames held."""
        return len(self._held)

    def __iter__(self) -> Iterator[Entry]:
        """The frames held, ever surer."""
        return (one.entry for one in self._held)

    def add(self, worth: Worth, entry: Entry) -> None:
        """Take a frame of the view; the first of equals stays."""
        if any(one.worth.surpasses(worth) for one in self._held):
            return
        gone = [one for one in self._held if worth.surpasses(one.worth)]
        new = _Held(worth, entry, worth.quality).standing_in_for(gone)
        left = [*(one for one in self._held if one not in gone), new]
        surest = max(one.worth.confidence for one in left)
        near = (one for one in left if one.worth.confidence >= surest - NEAR)
        self._held = sorted(near, key=lambda one: one.worth.confidence)
        if len(self._held) > self._most:
            self._let_one_go()

    def best(self) -> Entry | None:
        """The one to choose of all so far; None of none."""
        return self._chosen().entry if self._held else None

    def keep(self, wanted: Callable[[Entry], bool]) -> None:
        """Let go of the frames that are not wanted."""
        self._held = [one for one in self._held if wanted(one.entry)]

    def change(self, changed: Callable[[Entry], tuple[Worth, Entry]]) -> None:
        """Put each frame's entry anew, and what it is worth."""
        before, self._held = self._held, []
        for one in before:
            self.add(*changed(one.entry))

    def _chosen(self) -> _Held[Entry]:
        """Of those held, which are all about as sure as the surest."""
        surest = self._held[-1].worth.confidence
        equals = [one for one in self._held if one.worth.confidence >= surest - NEAR]
        fewest = min(one.worth.flaws for one in equals)
        equals = [one for one in equals if one.worth.flaws == fewest]
        finest = max(one.worth.quality for one in equals)
        good = (one for one in equals if one.worth.quality >= finest - GAIN)
        return max(good, key=lambda one: one.worth.confidence)

    def _let_one_go(self) -> None:
        """The one that is missed the least, and the less sure of those missed alike."""
        chosen = self._chosen()
        stand_ins = [
            (one, min(self._held, key=one.lost_by)) for one in self._held if one is not chosen
        ]
        gone, stand_in = min(stand_ins, key=lambda pair: pair[0].lost_by(pair[1]))
        standing = gone.lost_by(stand_in) < math.inf
        self._held = [
            one.standing_in_for([gone]) if standing and one is stand_in else one
            for one in self._held
            if one is not gone
        ]
