"""How many frames of a view are about as sure as its surest one, and how that is told."""

from __future__ import annotations

import math
from collections import Counter

from sonoassist.core.wording import counted
from sonoassist.temporal.quality import NEAR

_STEP = NEAR / 20


class Equals:
    """Counts the frames of a view by how sure they are and by their hints; no frame is held."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[int, int]] = Counter()
        self._surest = 0.0

    def add(self, confidence: float, flaws: int) -> None:
        """Take a frame of the view.

        Args:
            confidence: 0 to 1.
            flaws: Number of its hints.
        """
        self._surest = max(self._surest, confidence)
        self._counts[math.floor(confidence / _STEP), flaws] += 1

    def change(self, confidence: float, before: int, after: int) -> None:
        """A frame that was taken has other hints than it was taken with.

        Args:
            confidence: With which it was taken.
            before: Number of its hints then.
            after: Number of its hints now.
        """
        step = math.floor(confidence / _STEP)
        if self._counts[step, before] > 0:
            self._counts[step, before] -= 1
            self._counts[step, after] += 1
        self._counts += Counter()  # none of those that are at 0

    def clear(self) -> None:
        """Forget the frames so far."""
        self._counts.clear()
        self._surest = 0.0

    def of(self, flaws: int) -> int:
        """Number of frames about as sure as the surest with so many hints."""
        return sum(self._near(flaws).values())

    def with_more(self, flaws: int) -> bool:
        """Whether a frame about as sure as the surest has more hints."""
        return any(number > flaws for _, number in self._near())

    def _near(self, flaws: int | None = None) -> dict[tuple[int, int], int]:
        # A step that reaches below is left out: rather too few than too many.
        least = math.ceil((self._surest - NEAR) / _STEP)
        return {
            (step, number): count
            for (step, number), count in self._counts.items()
            if step >= least and flaws in (None, number)
        }


def equals_words(equals: int, *, spared: bool) -> str:
    """Why a frame was chosen of those about as sure, as what follows in a sentence; "" for none.

    Args:
        equals: Number of the frames about as sure that have as few hints.
        spared: Others about as sure have more hints.
    """
    words = "; fewer hints than other frames about as sure" if spared else ""
    if equals > 1:
        those = (
            counted(equals, "such frame") if spared else f"{counted(equals, 'frame')} about as sure"
        )
        words += f"; the sharpest and stillest of {those}"
    return words
