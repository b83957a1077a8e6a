"""Where the numbers that coded pictures carry do not go on: pictures before them are missing.

Each codec numbers its pictures so that a decoder notices what is lost. Where a recording goes on in
the middle of another group of pictures, the numbers of that group follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from sonoassist.sources.picture_headers import CodedPicture
from sonoassist.sources.video_packets import Flags

Pictures = Sequence[CodedPicture | None]
"""The head of each packet; None where it could not be read."""

_FROM_NEW_BEGINNING = 2
"""Numbers below this may follow on a picture that began them anew without saying so in its head."""
_LEAST_SOUND = 8
"""Pictures that must go on for each that does not; else the encoder numbers in a way of its own."""


def breaks_of(codec: str, pictures: Pictures) -> list[int] | None:
    """The packets whose pictures do not go on from the ones before.

    Args:
        codec: FFmpeg's name of it.
        pictures: Of all packets.

    Returns:
        Their numbers, rising; None where the numbers tell nothing.
    """
    rule = _RULES.get(codec)
    judged = sum(one is not None for one in pictures)
    if rule is None or not judged:
        return None
    found = list(rule(pictures))
    return found if _LEAST_SOUND * len(found) <= judged else None


def sure_breaks(codec: str, pictures: Pictures) -> list[int]:
    """As `breaks_of`, where nothing else speaks for it: without those that may be meant.

    H.264 can begin its numbers anew by a command that is not in the first part of a head.
    """
    found = breaks_of(codec, pictures) or []
    if codec != "h264":
        return found
    return [at for at in found if (one := pictures[at]) and one.number >= _FROM_NEW_BEGINNING]


def second_fields(pictures: Pictures) -> Flags:
    """(packets,), those that hold the second field of the picture begun in the packet before."""
    found = np.zeros(len(pictures), np.bool_)
    for at, (first, second) in enumerate(pairwise(pictures)):
        if first is None or second is None or found[at] or first.pair or second.pair:
            continue
        opposite = {first.parity, second.parity} == {1, 2}
        found[at + 1] = opposite and first.number == second.number and not second.restarts
    return found


def _h264(pictures: Pictures) -> Iterator[int]:
    last: int | None = None
    orders = _Orders()
    for at, one in enumerate(pictures):
        if one is None:
            last = None
            continue
        if one.restarts:
            goes_on = True
        else:
            known = not one.gaps and last is not None
            goes_on = not known or (one.number - (last or 0)) % one.wraps in (0, 1)
        if not orders.goes_on(one) or not goes_on:
            yield at
            orders.begin(one)
        last = one.number if one.reference else (one.number - 1) % one.wraps


def _hevc(pictures: Pictures) -> Iterator[int]:
    orders = _Orders()
    for at, one in enumerate(pictures):
        if one is not None and not orders.goes_on(one):
            yield at
            orders.begin(one)


class _Orders:
    """Order counts in full, of which no two in a sequence are the same."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, int]] = set()
        self._anchor: int | None = None

    def begin(self, one: CodedPicture) -> None:
        """A sequence begins with a picture."""
        order = one.order or 0
        self._seen = {(order, one.parity)}
        self._anchor = order

    def goes_on(self, one: CodedPicture) -> bool:
        """Take a picture; tell whether its count is a new one."""
        if one.order is None:
            return True
        if one.restarts or self._anchor is None:
            self.begin(one)
            return True
        half = one.order_wraps // 2
        order = self._anchor + (one.order - self._anchor + half) % one.order_wraps - half
        if one.anchors:
            self._anchor = order
        is_new = (order, one.parity) not in self._seen
        self._seen.add((order, one.parity))
        return is_new


class _References:
    """The two newest references, between which the pictures are shown that are none."""

    def __init__(self) -> None:
        self.before: int | None = None
        self.latest: int | None = None
        self.between: set[int] = set()

    def move_on(self, number: int | None) -> None:
        """There is a newer reference; None: the ones before are not known any more."""
        self.before, self.latest = (None if number is None else self.latest), number
        self.between = set()

    def whole(self, one: CodedPicture) -> int:
        """The number of a picture without its wrap-around: that nearest to the latest reference."""
        if self.latest is None:
            return one.number
        half = one.wraps // 2
        return self.latest + (one.number - self.latest + half) % one.wraps - half

    def take(self, number: int) -> bool:
        """Take a picture that is no reference; tell whether it lies where it should."""
        if self.latest is None:
            return True
        behind = self.before is None or self.before < number
        lies_well = behind and number < self.latest and number not in self.between
        self.between.add(number)
        return lies_well

    @property
    def filled(self) -> bool:
        """Whether all pictures between the two have come."""
        if self.before is None or self.latest is None:
            return False
        return len(self.between) == self.latest - self.before - 1


def _mpeg2(pictures: Pictures) -> Iterator[int]:
    widest = _widest(pictures)
    references = _References()
    for at, one in _without_second_fields(pictures):
        if one is None:
            references.move_on(None)
        elif one.restarts:
            references.latest = -1
            references.move_on(one.number)
        elif not one.reference:
            if not references.take(references.whole(one)):
                yield at
                references.move_on(None)
        else:
            latest, number = references.latest, references.whole(one)
            if latest is not None and not 0 < number - latest <= widest:
                yield at
                references.move_on(None)
                number = one.number
            references.move_on(number)


def _widest(pictures: Pictures) -> int:
    """The greatest distance of two references between which no picture is missing."""
    widest, references = 1, _References()
    for _, one in _without_second_fields(pictures):
        if one is None or one.restarts or one.reference:
            if references.filled and references.latest is not None:
                widest = max(widest, references.latest - (references.before or 0))
            restarts = one is None or one.restarts
            references.move_on(None if one is None or restarts else references.whole(one))
        else:
            references.take(references.whole(one))
    return widest


def _without_second_fields(pictures: Pictures) -> Iterator[tuple[int, CodedPicture | None]]:
    seconds = second_fields(pictures)
    return ((at, one) for at, one in enumerate(pictures) if not seconds[at])


def _mpeg4(pictures: Pictures) -> Iterator[int]:
    references = _References()
    for at, one in enumerate(pictures):
        if one is None:
            references.move_on(None)
        elif one.restarts:
            references.move_on(None)
            references.move_on(one.number)
        elif not one.reference:
            before = references.before
            if before is not None and not references.take(_time_behind(before, one)):
                yield at
                references.move_on(None)
        else:
            latest = references.latest
            time = one.number if latest is None else _time_behind(latest, one)
            if latest is not None and time <= latest:
                yield at
                references.move_on(None)
            references.move_on(time)


def _time_behind(reference: int, one: CodedPicture) -> int:
    """When a picture of MPEG-4 is shown, by the reference that its seconds count from."""
    return (reference // one.wraps + one.seconds) * one.wraps + one.number


_RULES: dict[str, Callable[[Pictures], Iterator[int]]] = {
    "h264": _h264,
    "hevc": _hevc,
    "mpeg1video": _mpeg2,
    "mpeg2video": _mpeg2,
    "mpeg4": _mpeg4,
}
