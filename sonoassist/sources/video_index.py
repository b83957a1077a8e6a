"""The table of frames of a video file: a frame is known by the packet that it comes of.

Timestamps may restart, repeat, be missing or run backwards. They give the order in which the
frames are shown only where they can; where they cannot, the decoder's own order counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sonoassist.sources.video_packets import MISSING, Flags, Ints, VideoPackets

_GRACE_S = 0.5
_MOST_DELAYED = 40
"""Pictures that one may be shown later than it is decoded; a time further off is a mistake."""


@dataclass(frozen=True, slots=True)
class Key:
    """A packet at which decoding can begin.

    Attributes:
        number: Of the packet.
        pts: Its timestamp in stream units, or None.
        size: Its bytes, to know it again.
        pos: Where it begins in the file; -1 where that is not known.
    """

    number: int
    pts: int | None
    size: int
    pos: int


@dataclass(frozen=True, slots=True)
class Join:
    """A place where a recording goes on in the middle of a group, and decoding begins anew.

    Attributes:
        begin: The first packet that is left out.
        restart: The packet that decoding goes on with; the number of packets where none does.
        anew: The times begin anew.
        unseen: Packets behind `restart` whose pictures refer to one before it, too.
    """

    begin: int
    restart: int
    anew: bool
    unseen: tuple[int, ...] = ()

    @property
    def packets(self) -> tuple[int, ...]:
        """All packets that are left out."""
        return (*range(self.begin, self.restart), *self.unseen)


@dataclass(frozen=True, slots=True, eq=False)
class VideoIndex:
    """Which packet each frame comes of, when it is shown, and where decoding can begin.

    Attributes:
        numbers: int64, (frames,): the packet of each frame, in the order shown.
        times_s: Seconds of each from the first, rising.
        keys: int64, (keys, 4): number, timestamp, size and place of packets at which decoding can
            begin, in the order of the file; `MISSING` for what is not known.
        counted: The timestamps do not give the order: `numbers` is that of the file, and the
            place of a frame is known when the decoder gives it.
        exact: Each packet that counts gives a frame; in some containers one in a while does not.
        parts: Recordings that were joined in the file; their timestamps begin anew.
        blended: One of them may begin in the middle of a group, with pictures that are kept.
        joins: Where one surely does: what is left out there.
        torn: Pictures that are left out there.
        first: The packet that decoding begins with.
        left_out: Pictures before the first whole one, which are not among the frames.
        promised: Number of packets the file says it has (0: it does not say, or not reliably).
        packets: Number of packets found.
        cut_off: The file stops before the end that it states, or in the middle of a packet.
        fps: Nominal rate.
        duration_s: From the first frame to the end of the last.
        comment: What the file says of itself.
        checked: The decoder can tell whether a picture is damaged. FFmpeg takes each one that
            MPEG-2 codes as two fields for damaged.
    """

    numbers: Ints
    times_s: tuple[float, ...]
    keys: Ints
    counted: bool
    exact: bool
    parts: int
    blended: bool
    joins: tuple[Join, ...]
    torn: int
    first: int
    left_out: int
    promised: int
    packets: int
    cut_off: bool
    fps: float
    duration_s: float
    comment: str = ""
    checked: bool = True

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

    def places(self) -> Ints:
        """int64, (packets,): the frame that comes of each packet, -1 where none is shown."""
        places = np.full(self.packets, -1, np.int64)
        places[self.numbers] = np.arange(len(self.numbers))
        return places

    def key(self, place: int) -> Key:
        """The key at a place in `keys`."""
        number, pts, size, pos = self.keys[place].tolist()
        return Key(number, None if pts == MISSING else pts, size, max(pos, -1))

    def without_first(self, count: int) -> VideoIndex:
        """The table without its first frames, which do not come out of the decoder."""
        begin_s = self.times_s[count]
        return replace(
            self,
            numbers=self.numbers[count:],
            times_s=tuple(time_s - begin_s for time_s in self.times_s[count:]),
            keys=self.keys[self.places()[self.keys[:, 0]] >= count],
            left_out=self.left_out + count,
            duration_s=self.duration_s - begin_s,
        )


def make_index(
    found: VideoPackets,
    halves: Flags | None = None,
    first: int | None = None,
    joins: tuple[Join, ...] = (),
    unseen: tuple[int, ...] = (),
) -> VideoIndex:
    """Make the table of what the packets say.

    Args:
        found: The packets.
        halves: (packets,), those that complete the picture of the one before; None for none.
        first: The packet that decoding begins with; by default the first key frame, unless each
            picture is whole by itself.
        joins: Where a recording goes on in the middle of a group.
        unseen: Packets behind the first one whose pictures refer to one before it.
    """
    found = without_outliers(found)
    table = found.table
    first = first_key(found) if first is None else first
    shown = table.shown if halves is None else table.shown & ~halves
    lost = np.zeros(len(table), np.bool_)
    for join in joins:
        lost[list(join.packets)] = True
    torn = int((shown & lost).sum())
    lost[list(unseen)] = True
    numbers = np.flatnonzero(shown & ~lost)
    left_out = int(np.searchsorted(numbers, first))
    if left_out == len(numbers):  # nothing would be left
        left_out = 0
    rows = numbers[left_out:]
    seams = [join.restart for join in joins if join.anew]
    parts = split_parts(rows, decoding_times(found)[rows], found.clock, seams)
    begins = [first, *(int(part[-1]) + 1 for part in parts[:-1])]
    orders = [_in_order(part, begin, found) for part, begin in zip(parts, begins, strict=True)]
    known = [order for order in orders if order is not None]
    counted = len(known) < len(orders)
    order = rows if counted else np.concatenate(known)
    step = _step(parts, found)
    times = _times(parts, step, found)
    last = step if halves is not None else int(table.duration[order[-1]]) or step
    duration_s = times[-1] + float(last * found.base)
    keys = rows[table.key[rows]]
    if not counted:  # in the order of their frames
        keys = order[table.key[order]]
    return VideoIndex(
        numbers=order,
        times_s=tuple(times),
        keys=np.stack([keys, table.pts[keys], table.size[keys], table.pos[keys]], axis=1),
        counted=counted,
        exact=not found.made_up,
        parts=len(parts),
        blended=not (found.intra_only or found.bare)
        and any(not table.key[part[0]] for part in parts[1:]),
        joins=joins,
        torn=torn,
        first=first,
        left_out=left_out + len(unseen),
        promised=found.promised,
        packets=len(table),
        cut_off=found.cut_off
        or bool(table.corrupt[-1])
        or _end_s(found, numbers, last, duration_s) < found.stated_s - _GRACE_S,
        fps=_fps(found, step, len(rows), 0 if halves is None else int(halves.sum())),
        duration_s=duration_s,
        comment=found.comment,
    )


def _fps(found: VideoPackets, step: Fraction, frames: int, halves: int) -> float:
    """The nominal rate; some containers count packets, of which two may be a picture."""
    fits = [found.rate, found.rate * frames / (frames + halves)]
    by_step = 1 / (step * found.base) if step else found.rate
    return float(min(fits, key=lambda rate: abs(rate - by_step)) if halves else found.rate)


def _end_s(found: VideoPackets, numbers: Ints, last: Fraction | int, duration_s: float) -> float:
    """When the last frame ends by the clock of the file, which need not begin at 0."""
    stamps = found.table.pts[numbers]
    known = stamps[stamps != MISSING]
    by_clock_s = float((int(known.max()) + last) * found.base) if len(known) else 0.0
    return max(by_clock_s, duration_s)


def first_key(found: VideoPackets) -> int:
    """The first packet at which decoding can begin; the first of all where none is marked."""
    marked = np.flatnonzero(found.table.key)
    return 0 if found.intra_only or not len(marked) else int(marked[0])


def decoding_times(found: VideoPackets) -> Ints:
    """When each packet is decoded, as far as that is known."""
    table = found.table
    if found.reordered:  # the times at which they are shown go back and forth
        return table.dts
    return np.where(table.dts == MISSING, table.pts, table.dts)


def without_outliers(found: VideoPackets) -> VideoPackets:
    """The packets without times that stand alone: behind them the times go on where they were."""
    table = found.table
    stamps = decoding_times(found)
    known = np.flatnonzero((stamps != MISSING) & table.shown)
    times = stamps[known].astype(np.float64)
    before, here, following = times[:-2], times[1:-1], times[2:]
    wild = (following > before) & ((here < before) | (here > following))
    rows = known[1:-1][wild]
    both = known[(table.pts[known] != MISSING) & (table.dts[known] != MISSING)]
    if len(both) > 1:  # a picture is shown a few pictures after it is decoded, never hours
        delays = table.pts[both].astype(np.float64) - table.dts[both]
        gap = max(float(np.median(np.abs(np.diff(times)))), 1.0)
        far = np.abs(delays - np.median(delays)) > _MOST_DELAYED * gap
        rows = np.union1d(rows, both[far])
    if not len(rows):
        return found
    pts, dts = table.pts.copy(), table.dts.copy()
    pts[rows] = dts[rows] = MISSING
    return replace(found, table=replace(table, pts=pts, dts=dts))


def split_parts(rows: Ints, stamps: Ints, clock: int = 0, seams: Sequence[int] = ()) -> list[Ints]:
    """Cut the packets where recordings were joined: where the decoding times begin anew.

    Args:
        rows: Numbers of packets, rising.
        stamps: When each is decoded; `MISSING` where that is not known.
        clock: Units after which the clock wraps around; 0 where it does not.
        seams: Packets of which it is known that a recording begins there.
    """
    known = np.flatnonzero(stamps != MISSING)
    back = known[np.flatnonzero(begins_anew(stamps[known], clock)) + 1]
    here = np.searchsorted(rows, np.asarray(seams, np.int64))
    cuts = np.union1d(back, here)
    return list(np.split(rows, cuts[(cuts > 0) & (cuts < len(rows))]))


def begins_anew(stamps: Ints, clock: int) -> Flags:
    """(n - 1,), whether each time but the first begins anew.

    Args:
        stamps: Decoding times.
        clock: Units after which the clock wraps around; 0 where it does not. FFmpeg takes a time
            that is much earlier for one behind a wrap-around, and makes it much later.
    """
    steps = np.diff(stamps)
    anew = steps < 0
    return np.asarray(anew | (steps > clock // 2) if clock else anew)


def _in_order(part: Ints, begin: int, found: VideoPackets) -> Ints | None:
    """A part's frames in the order they are shown; None where only the decoder knows it.

    Args:
        part: Packets whose pictures are shown.
        begin: The first packet of the part, which may show nothing.
        found: All packets.
    """
    pts, dts = found.table.pts[part], found.table.dts[part]
    complete = bool((pts != MISSING).all())
    rises = complete and bool((np.diff(pts) > 0).all())
    straight = bool(((dts == MISSING) | (dts == pts)).all())
    if found.intra_only or (not found.reordered and (rises or straight)):
        return part  # nothing is decoded in another order than shown
    # A part that begins in the middle of a group would be mixed with the end of the last one.
    whole = bool(found.table.key[begin : part[0] + 1].any())
    if found.made_up or not complete or not whole:
        return None
    order = np.argsort(pts, kind="stable")
    return None if bool((np.diff(pts[order]) == 0).any()) else part[order]


def _step(parts: list[Ints], found: VideoPackets) -> Fraction:
    """The time from one frame to the next, in stream units: the lower median."""
    gaps = []
    for part in parts:
        stamps = found.table.pts[part]
        gaps.append(np.diff(np.unique(stamps[stamps != MISSING]).astype(np.float64)))
    every = np.concatenate(gaps)
    if len(every):
        middle = (len(every) - 1) // 2
        return Fraction(float(np.partition(every, middle)[middle]))
    last = int(found.table.duration[parts[-1][-1]])
    return Fraction(last) if last else 1 / found.rate / found.base


def _times(parts: list[Ints], step: Fraction, found: VideoPackets) -> list[float]:
    """Seconds of the frames in the order shown; parts follow each other."""
    times: list[float] = []
    begin_s = 0.0
    step_s = float(step * found.base)
    for part in parts:
        stamps = _stamps(part, found)
        if stamps is None:
            offsets = np.arange(len(part)) * step_s
        else:
            whole = (stamps - stamps[0]) * found.base.numerator
            offsets = _rising(np.asarray(whole / found.base.denominator), step_s)
        times += (begin_s + offsets).tolist()
        begin_s = times[-1] + step_s
    return times


def _stamps(part: Ints, found: VideoPackets) -> NDArray[np.float64] | None:
    """The times of a part's frames, rising, in stream units; None where there are none to go by.

    A time that is missing lies between its neighbours.
    """
    table = found.table
    pts, dts = table.pts[part], table.dts[part]
    if not found.made_up and bool((pts != MISSING).all()):
        return np.sort(pts).astype(np.float64)
    for stamps in (dts,) if found.reordered else (pts, dts):
        known = np.flatnonzero(stamps != MISSING)
        if len(known) > 1 and 2 * len(known) >= len(stamps):
            times = stamps[known].astype(np.float64)
            if bool((np.diff(times) >= 0).all()):
                return np.asarray(np.interp(np.arange(len(stamps)), known, times))
    return None


def _rising(offsets_s: NDArray[np.float64], step_s: float) -> NDArray[np.float64]:
    """Times of which none is repeated: those that are share the time to the next one."""
    begins = np.flatnonzero(np.diff(offsets_s, prepend=-1.0) > 0)
    if len(begins) == len(offsets_s):
        return offsets_s
    risen = offsets_s.copy()
    for begin, end in zip(begins, [*begins[1:], len(offsets_s)], strict=True):
        if end - begin > 1:
            known = end < len(offsets_s)
            until_s = offsets_s[end] if known else offsets_s[begin] + step_s * (end - begin)
            risen[begin:end] = np.linspace(offsets_s[begin], until_s, end - begin, endpoint=False)
    return np.asarray(risen)
