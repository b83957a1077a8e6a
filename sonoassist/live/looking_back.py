"""Which picture of a freeze is analysed next: the one looked at, then its neighbours, outwards."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sonoassist.core.packets import Frame
from sonoassist.live.loop_pictures import LoopPicture, LoopPictures


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """A picture of the past that has no result yet, or no box of its own.

    Attributes:
        picture: Of the loop.
        frame: With its pixels.
        looked_at: It is on the screen, and somebody waits.
    """

    picture: LoopPicture
    frame: Frame
    looked_at: bool


class LookingBack:
    """Knows the pictures of a freeze and the one looked at; any thread may call.

    Args:
        wake: Called when another picture is looked at.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._pictures = LoopPictures()
        self._position = 0

    def look_at(self, pictures: LoopPictures | None, position: int) -> None:
        """These are wanted from now on, this one first; None: nothing is looked at."""
        with self._lock:
            self._pictures = LoopPictures() if pictures is None else pictures
            self._position = position
        self._wake()

    def next(self) -> Wanted | None:
        """What is analysed next; None when all have a result."""
        with self._lock:
            pictures, position = self._pictures, self._position
        for place in outwards(position, len(pictures)):
            picture = pictures.pictures[place]
            if _lacks(picture, looked_at=place == position) and not picture.failed:
                return Wanted(picture, pictures[place].frame, place == position)
        return None


def _lacks(picture: LoopPicture, *, looked_at: bool) -> bool:
    """Whether there is something to find: a result, or a box for who looks at it."""
    analysis = picture.analysis
    return analysis is None or (looked_at and analysis.lacks_box)


def outwards(position: int, count: int) -> Iterator[int]:
    """All places from 0 to `count`, the nearest to `position` first, of two the later one."""
    for distance in range(count):
        for place in dict.fromkeys((position + distance, position - distance)):
            if 0 <= place < count:
                yield place
