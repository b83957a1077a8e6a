"""The reserves of all planes: together they hold no more pictures than there is room for.

What stands for its plane goes first, since a record of it is there, then the third choices, then
the second ones. So where pictures are large a few planes have no second choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from sonoassist.temporal.reserve import Reserve
from sonoassist.temporal.view_choice import Worth

MOST_BYTES = 128 * 1024 * 1024
"""Of all pictures held: 21 of 1920 x 1080 pixels in colour, 5 of 3840 x 2160."""

Entry = TypeVar("Entry")


class Reserves(Generic[Entry]):
    """A reserve for each plane.

    Args:
        worth: What a frame is worth.
        near: Whether two frames are so near to each other that a refusal of one is one of both.
        size_bytes: Of a frame's picture.
    """

    def __init__(
        self,
        worth: Callable[[Entry], Worth],
        near: Callable[[Entry, Entry], bool],
        size_bytes: Callable[[Entry], int],
    ) -> None:
        self._worth, self._near, self._size_bytes = worth, near, size_bytes
        self._of: dict[str, Reserve[Entry]] = {}

    def __getitem__(self, plane: str) -> Reserve[Entry]:
        """That of a plane, by its key; an empty one where no view of it has ended."""
        return self._of.get(plane) or Reserve(self._worth, self._near)

    @property
    def held_bytes(self) -> int:
        """Of all pictures held."""
        return sum(self._size_bytes(one) for reserve in self._of.values() for one in reserve)

    def first(self, plane: str) -> Entry | None:
        """The frame to choose of a plane's; None of none."""
        return next(iter(self[plane]), None)

    def add(self, plane: str, entries: Iterable[Entry], stands: Callable[[Entry], bool]) -> None:
        """Take the frames of a view that has ended.

        Args:
            plane: Key of its plane.
            entries: Its frames.
            stands: Whether a frame is the one that stands for its plane.
        """
        self._of.setdefault(plane, Reserve(self._worth, self._near)).add(entries)
        while self.held_bytes > MOST_BYTES:
            self._let_one_go(stands)

    def keep(self, plane: str, wanted: Callable[[Entry], bool]) -> None:
        """Let go of the frames of a plane that are not wanted."""
        self[plane].keep(wanted)

    def change(self, changed: Callable[[Entry], Entry]) -> None:
        """Put each frame's entry anew."""
        for reserve in self._of.values():
            reserve.change(changed)

    def clear(self) -> None:
        """Let go of all frames."""
        self._of.clear()

    def _let_one_go(self, stands: Callable[[Entry], bool]) -> None:
        """The one that is missed the least; of those missed alike the one of the first plane."""
        ranks = [
            (stands(one), turn, reserve, one)
            for reserve in self._of.values()
            for turn, one in enumerate(reserve)
        ]
        *_, reserve, gone = max(ranks, key=lambda ranked: ranked[:2])
        reserve.keep(lambda one: one is not gone)
