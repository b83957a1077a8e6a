"""The table of frames of a video file: a frame is known by the packet that it comes of.

Timestamps may restart, repeat, be missing or run backwards. They give the order in which the
frames are shown only where they can; where they cannot, the decoder's own order counts.
"""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sonoassist.sources.video_packets import PacketRow, VideoPackets

_GRACE_S = 0.5


@dataclass(frozen=True, slots=True)
class Key:
    """A packet at which decoding can begin.

    Attributes:
        number: Of the packet.
        place: Of its frame in the recording; -1 where it is not known before it is decoded.
        pts: Its timestamp in stream units, or None.
        size: Its bytes, to know it again.
        pos: Where it begins in the file; -1 where that is not known.
    """

    number: int
    place: int
    pts: int | None
    size: int
    pos: int


@dataclass(frozen=True, slots=True, eq=False)
class VideoIndex:
    """Which packet each frame comes of, when it is shown, and where decoding can begin.

    Attributes:
        numbers: int32, (frames,): the packet of each frame, in the order shown.
        times_s: Seconds of each from the first, rising.
        keys: Where decoding can begin, in the order of the file.
        counted: The timestamps do not give the order: `numbers` is that of the file, and the
            place of a frame is known when the decoder gives it.
        parts: Recordings that were joined in the file; their timestamps begin anew.
        first: The packet that decoding begins with.
        left_out: Pictures before the first whole one, which are not among the frames.
        promised: Number of packets the file says it has (0: it does not say, or not reliably).
        packets: Number of packets found.
        cut_off: The file stops before the end that it states, or in the middle of a packet.
        fps: Nominal rate.
        duration_s: From the first frame to the end of the last.
        comment: What the file says of itself.
    """

    numbers: NDArray[np.int32]
    times_s: tuple[float, ...]
    keys: tuple[Key, ...]
    counted: bool
    parts: int
    first: int
    left_out: int
    promised: int
    packets: int
    cut_off: bool
    fps: float
    duration_s: float
    comment: str = ""

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def ends_early(self) -> bool:
        """Whether frames that the file should have are not in it."""
        return self.cut_off or self.packets < self.promised

    @property
    def promised_frames(self) -> int:
        """Number of frames there should be; at least the number there are."""
        return max(len(self), self.promised - (self.packets - len(self)))

    def places(self) -> NDArray[np.int32]:
        """int32, (packets,): the frame that comes of each packet, -1 where none is shown."""
        places = np.full(self.packets, -1, np.int32)
        places[self.numbers] = np.arange(len(self.numbers), dtype=np.int32)
        return places

    def index_at(self, time_s: float) -> int:
        """Index of the frame shown at `time_s`, clamped to the recording."""
        # A microsecond of grace: times come back rounded from text files.
        found = bisect_right(self.times_s, time_s + 1e-6) - 1
        return min(max(found, 0), len(self) - 1)

    def without_first(self, count: int) -> VideoIndex:
        """The table without its first frames, which do not come out of the decoder."""
        begin_s = self.times_s[count]
        return replace(
            self,
            numbers=self.numbers[count:],
            times_s=tuple(time_s - begin_s for time_s in self.times_s[count:]),
            keys=tuple(
                replace(key, place=key.place - count) for key in self.keys if key.place >= count
            ),
            left_out=self.left_out + count,
            duration_s=self.duration_s - begin_s,
        )


def make_index(
    found: VideoPackets, halves: Collection[int] = (), first: int | None = None
) -> VideoIndex:
    """Make the table of what the packets say.

    Args:
        found: The packets.
        halves: Numbers of those that complete the picture of the one before.
        first: The packet that decoding begins with; by default the first key frame, unless each
            picture is whole by itself.
    """
    first = _first_key(found) if first is None else first
    shown = [row for row in found.rows if row.shown and row.number not in halves]
    rows = [row for row in shown if row.number >= first] or shown
    parts = split_parts(rows, reordered=found.reordered)
    orders = [_in_order(part, found) for part in parts]
    counted = any(order is None for order in orders)
    order = rows if counted else [row for each in orders for row in each or ()]
    step = _step(parts, found)
    times = _times(parts, step, found)
    place_of = {row.number: place for place, row in enumerate(order)}
    keys = [
        Key(row.number, -1 if counted else place_of[row.number], row.pts, row.size, row.pos)
        for row in rows
        if row.key
    ]
    last = step if halves else order[-1].duration or step
    duration_s = times[-1] + float(last * found.base)
    stamps = [row.pts for row in shown[: len(shown) - len(rows) + 1] if row.pts is not None]
    before_s = float((max(stamps) - min(stamps)) * found.base) if stamps else 0.0
    return VideoIndex(
        numbers=np.array([row.number for row in order], np.int32),
        times_s=tuple(times),
        keys=tuple(keys if counted else sorted(keys, key=lambda key: key.place)),
        counted=counted,
        parts=len(parts),
        first=first,
        left_out=len(shown) - len(rows),
        promised=found.promised,
        packets=len(found.rows),
        cut_off=found.cut_off
        or found.rows[-1].corrupt
        or before_s + duration_s < found.stated_s - _GRACE_S,
        fps=float(found.rate),
        duration_s=duration_s,
        comment=found.comment,
    )


def _first_key(found: VideoPackets) -> int:
    if found.intra_only:
        return 0
    return next((row.number for row in found.rows if row.key and row.shown), 0)


def split_parts(rows: Sequence[PacketRow], *, reordered: bool) -> list[list[PacketRow]]:
    """Cut the packets where recordings were joined: where the decoding times begin anew.

    A single time that runs backwards is no seam: the next ones go on where the times were.
    """
    # Where pictures are reordered the times at which they are shown go back and forth.
    stamps = [row.pts if row.dts is None and not reordered else row.dts for row in rows]
    parts: list[list[PacketRow]] = [[]]
    latest: int | None = None
    for place, (row, stamp) in enumerate(zip(rows, stamps, strict=True)):
        if stamp is not None:
            following = next(
                (one for one in stamps[place + 1 : place + 4] if one is not None), None
            )
            goes_on = following is not None and latest is not None and following > latest
            if latest is not None and stamp <= latest and not goes_on:
                parts.append([])
                latest = None
            latest = stamp if latest is None else max(latest, stamp)
        parts[-1].append(row)
    return parts


def _in_order(part: Sequence[PacketRow], found: VideoPackets) -> list[PacketRow] | None:
    """A part's frames in the order they are shown; None where only the decoder knows it."""
    stamps = [row.pts for row in part]
    known = [stamp for stamp in stamps if stamp is not None]
    complete = len(known) == len(stamps)
    rises = complete and all(one < other for one, other in pairwise(known))
    straight = all(row.dts in (None, row.pts) for row in part)
    if found.intra_only or (not found.reordered and (rises or straight)):
        return list(part)  # nothing is decoded in another order than shown
    # A part that begins in the middle of a group would be mixed with the end of the last one.
    if found.made_up or not complete or len(set(known)) < len(known) or not part[0].key:
        return None
    return [row for _, row in sorted(zip(known, part, strict=True), key=lambda pair: pair[0])]


def _step(parts: Sequence[Sequence[PacketRow]], found: VideoPackets) -> Fraction:
    """The time from one frame to the next, in stream units: the most usual one."""
    gaps = []
    for part in parts:
        stamps = sorted({row.pts for row in part if row.pts is not None})
        gaps += [other - one for one, other in pairwise(stamps)]
    if gaps:
        return Fraction(statistics.median_low(gaps))
    last = parts[-1][-1].duration
    return Fraction(last) if last else 1 / found.rate / found.base


def _times(
    parts: Sequence[Sequence[PacketRow]], step: Fraction, found: VideoPackets
) -> list[float]:
    """Seconds of the frames in the order shown; parts follow each other."""
    times: list[float] = []
    begin = Fraction(0)
    for part in parts:
        stamps = _stamps(part, found)
        if stamps is None:
            offsets = [step * number for number in range(len(part))]
        else:
            offsets = _rising([Fraction(stamp - stamps[0]) for stamp in stamps], step)
        times += [float((begin + offset) * found.base) for offset in offsets]
        begin += offsets[-1] + (step if len(parts) > 1 else 0)
    return times


def _stamps(part: Sequence[PacketRow], found: VideoPackets) -> list[int] | None:
    """The times of a part's frames, rising; None where there are none to go by."""
    if not found.made_up:
        shown = [row.pts for row in part if row.pts is not None]
        if len(shown) == len(part):
            return sorted(shown)
    decoded = [row.dts for row in part if row.dts is not None]
    if len(decoded) == len(part) and len(set(decoded)) == len(decoded):
        return sorted(decoded)
    return None


def _rising(offsets: list[Fraction], step: Fraction) -> list[Fraction]:
    """Times of which none is repeated: those that are share the time to the next one."""
    risen = list(offsets)
    begin = 0
    while begin < len(offsets):
        end = bisect_right(offsets, offsets[begin], lo=begin)
        if end - begin > 1:
            last = offsets[begin] + step * (end - begin)
            share = ((offsets[end] if end < len(offsets) else last) - offsets[begin]) / (
                end - begin
            )
            for place in range(begin, end):
                risen[place] = offsets[begin] + share * (place - begin)
        begin = end
    return risen
