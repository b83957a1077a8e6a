"""Frames of views that have ended: what is left to choose from when their best one is refused.

They are far enough apart that a refusal leaves all but one of them, and few, since each holds its
picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from sonoassist.temporal.view_choice import ViewChoice, Worth

RESERVE = 3
"""So many frames are held: the one proposed, and two for as many refusals."""

Entry = TypeVar("Entry")


class Reserve(Generic[Entry]):
    """The best frames of the ended views of one plane.

    Args:
        worth: What a frame is worth.
        near: Whether two frames are so near to each other that a refusal of one is one of both.
    """

    def __init__(
        self, worth: Callable[[Entry], Worth], near: Callable[[Entry, Entry], bool]
    ) -> None:
        self._worth, self._near = worth, near
        self._held: list[Entry] = []

    def __len__(self) -> int:
        """Number of frames held."""
        return len(self._held)

    def __iter__(self) -> Iterator[Entry]:
        """The frames held, in the order in which they would be chosen."""
        return iter(self._held)

    def add(self, entries: Iterable[Entry]) -> None:
        """Take the frames of a view that has ended; the best of all of them stay."""
        left = [*self._held, *entries]
        self._held = []
        while left and len(self._held) < RESERVE:
            best = self._best(left)
            self._held.append(best)
            left = [one for one in left if not self._near(best, one)]

    def keep(self, wanted: Callable[[Entry], bool]) -> None:
        """Let go of the frames that are not wanted."""
        self._held = [one for one in self._held if wanted(one)]

    def change(self, changed: Callable[[Entry], Entry]) -> None:
        """Put each frame's entry anew: what it is worth, and so its turn, may be another now."""
        before, self._held = self._held, []
        self.add(changed(one) for one in before)

    def _best(self, entries: list[Entry]) -> Entry:
        choice: ViewChoice[Entry] = ViewChoice(len(entries))
        for one in entries:
            choice.add(self._worth(one), one)
        best = choice.best()
        assert best is not None  # there is one at least
        return best
