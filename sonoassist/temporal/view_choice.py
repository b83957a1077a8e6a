"""Which frame of a view is its best: chosen over all of the view, with few frames in memory.

Frames about as sure as the surest are equals; of these the ones with the fewest flaws, of those
the ones of good quality, and of these the surest. How sure the surest is, is known at the end
only. So each frame stays that no other surpasses in everything; any other could never be chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
        flaws: Number of hints.
    """

    confidence: float
    quality: float
    flaws: int = 0

    def surpasses(self, other: Worth) -> bool:
        """Whether it is as good in everything."""
        surer = self.confidence >= other.confidence
        return surer and self.quality >= other.quality and self.flaws <= other.flaws


@dataclass(frozen=True, slots=True)
class _Held(Generic[Entry]):
    worth: Worth
    entry: Entry


class ViewChoice(Generic[Entry]):
    """The frames of one view that may turn out to be its best."""

    def __init__(self) -> None:
        self._held: list[_Held[Entry]] = []  # ever surer

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
        chosen = self._chosen()
        return None if chosen is None else chosen.entry

    def keep(self, wanted: Callable[[Entry], bool]) -> None:
        """Let go of the frames that are not wanted."""
        self._held = [one for one in self._held if wanted(one.entry)]

    def change(self, changed: Callable[[Entry], tuple[Worth, Entry]]) -> None:
        """Put each frame's entry anew, and what it is worth."""
        before, self._held = self._held, []
        for one in before:
            self.add(*changed(one.entry))

    def _equals(self) -> list[_Held[Entry]]:
        """Frames with the fewest flaws of those about as sure as the surest."""
        surest = self._held[-1].worth.confidence
        equals = [one for one in self._held if one.worth.confidence >= surest - NEAR]
        fewest = min(one.worth.flaws for one in equals)
        return [one for one in equals if one.worth.flaws == fewest]

    def _chosen(self) -> _Held[Entry] | None:
        if not self._held:
            return None
        equals = self._equals()
        finest = max(one.worth.quality for one in equals)
        good = (one for one in equals if one.worth.quality >= finest - GAIN)
        return max(good, key=lambda one: one.worth.confidence)

    def _spare(self) -> int:
        """Which can be missed: one far from the surest, else the one most like the next surer."""
        held = self._held
        if held[0].worth.confidence < held[-1].worth.confidence - NEAR:
            return 0
        finest = max(self._equals(), key=lambda one: one.worth.quality)
        places = [
            at
            for at, one in enumerate(held[:-1])
            if one is not finest and one is not self._chosen()
        ]
        return min(places, key=lambda at: held[at + 1].worth.confidence - held[at].worth.confidence)
