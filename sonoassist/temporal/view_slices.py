"""The best frames of each short stretch of a view: what is left to choose from after a refusal.

Of a long view the stretches with the best frames stay, so that few frames are in memory however
long it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from sonoassist.temporal.quality import NEAR
from sonoassist.temporal.view_choice import ViewChoice, Worth

SLICES = 8
"""So many stretches are held; a refusal touches three at most."""
FRAMES = 2
"""So many frames of each."""

Entry = TypeVar("Entry")


class ViewSlices(Generic[Entry]):
    """Frames of one view from all over it.

    Args:
        slice_s: Length of a stretch.
        worth: What a frame is worth.
    """

    def __init__(self, slice_s: float, worth: Callable[[Entry], Worth]) -> None:
        self._slice_s = slice_s
        self._worth = worth
        self._slices: dict[int, ViewChoice[Entry]] = {}

    def __len__(self) -> int:
        """Number of frames held."""
        return sum(len(one) for one in self._slices.values())

    def __iter__(self) -> Iterator[Entry]:
        """The frames held."""
        return (entry for one in self._slices.values() for entry in one)

    def add(self, at_s: float, entry: Entry) -> None:
        """Take a frame of the view.

        Args:
            at_s: Its time.
            entry: The frame.
        """
        place = math.floor(at_s / self._slice_s)
        self._slices.setdefault(place, ViewChoice(FRAMES)).add(self._worth(entry), entry)
        if len(self._slices) > SLICES:
            del self._slices[min(self._slices, key=self._rank)]

    def keep(self, wanted: Callable[[Entry], bool]) -> None:
        """Let go of the frames that are not wanted."""
        for one in self._slices.values():
            one.keep(wanted)
        self._slices = {place: one for place, one in self._slices.items() if len(one)}

    def change(self, changed: Callable[[Entry], Entry]) -> None:
        """Put each frame's entry anew."""

        def both(entry: Entry) -> tuple[Worth, Entry]:
            new = changed(entry)
            return self._worth(new), new

        for one in self._slices.values():
            one.change(both)

    def _rank(self, place: int) -> tuple[int, int, float]:
        """Stretches in the order in which their best frames would be chosen, nearly."""
        best = max(map(self._worth, self._slices[place]), key=lambda one: one.confidence)
        return math.floor(best.confidence / NEAR), -best.flaws, best.quality
