"""Where a recording goes on in the middle of a group of pictures, as joined ones may.

The pictures up to the next key frame refer to some that are not in the file: a decoder shows them
grey, or blended with the recording before. They are left out where two witnesses agree that they
are no part of what came before: the times of the packets, and the numbers that the pictures or the
packets of a transport stream carry. A bare stream has no times; its numbers alone tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sonoassist.sources.libav import INTRA
from sonoassist.sources.picture_numbers import breaks_of, sure_breaks
from sonoassist.sources.video_decoder import decoded_frames, decoded_numbers
from sonoassist.sources.video_index import Join, begins_anew, decoding_times, without_outliers
from sonoassist.sources.video_packets import MISSING, Flags, VideoPackets, read_heads

_AHEAD_S, _AHEAD_STEPS = 0.3, 4
"""Times that go on so much later than they stopped, in seconds and in usual steps, may not have
been recorded in one go."""
_NEAR = 3
"""Packets before a join, one of which is marked as damaged where a transport stream is cut."""
_MOST_LOST = 300
"""A part without a key frame that has more packets than this is no half group."""
_PROBED = 24
"""Frames decoded behind a join, to see which pictures never come out."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A packet at which a joined recording may begin.

    Attributes:
        known: The last packet before it whose time is known.
        begin: The packet.
        anew: Its time is earlier than those before, not much later.
    """

    known: int
    begin: int
    anew: bool


def find_joins(path: Path, found: VideoPackets, first: int) -> tuple[Join, ...]:
    """The places where a recording goes on in the middle of a group.

    Args:
        path: Of the file.
        found: Its packets.
        first: The packet that decoding begins with.

    Raises:
        av.error.FFmpegError: It cannot be opened.
    """
    if found.intra_only or not (found.bare or found.clock):
        return ()  # what cannot be joined by copying the bytes
    places = [] if found.bare else list(_by_times(found, first))
    if not places and not found.bare:
        return ()
    pictures = found.heads or read_heads(path)
    if found.bare:
        places = [_Place(at - 1, at, True) for at in sure_breaks(found.codec, pictures)]
        breaks: list[int] | None = [place.begin for place in places]
    else:
        breaks = breaks_of(found.codec, pictures)
    joins: list[Join] = []
    for place in places:
        done = joins[-1].restart if joins else first
        join = _join(path, found, place, breaks) if place.begin > done else None
        if join is not None:
            joins.append(join)
    return tuple(joins)


def _by_times(found: VideoPackets, first: int) -> Iterator[_Place]:
    """Places at which the times do not go on, and which are no key frames."""
    table = found.table
    stamps = decoding_times(without_outliers(found))
    known = np.flatnonzero((stamps != MISSING) & table.shown)
    known = known[known >= first]
    anew = begins_anew(stamps[known], found.clock)
    steps = np.diff(stamps[known])
    usual = float(np.median(steps[steps > 0])) if bool((steps > 0).any()) else 0.0
    ahead = (steps * float(found.base) > _AHEAD_S) & (steps > _AHEAD_STEPS * usual)
    for at in np.flatnonzero(anew | ahead).tolist():
        before, begin = int(known[at]), int(known[at + 1])
        if not table.key[before + 1 : begin + 1].any():
            yield _Place(before, begin, bool(anew[at]))


def _join(path: Path, found: VideoPackets, place: _Place, breaks: list[int] | None) -> Join | None:
    """What is left out at a place; None where it may be part of what came before."""
    table = found.table
    keys = np.flatnonzero(table.key[place.begin :] & table.shown[place.begin :])
    restart = place.begin + int(keys[0]) if len(keys) else len(table)
    if not len(keys) and restart - place.begin > _MOST_LOST:
        return None
    broken = [at for at in breaks or () if place.known < at < restart]
    if found.transport:
        cut = bool(table.corrupt[max(place.begin - _NEAR, 0) : place.begin + 1].any())
    else:
        cut = place.anew and breaks is None  # nothing speaks against the times
    begin = min([place.begin, *broken])
    if not (broken or cut) or _begins_whole(path, begin):
        return None
    return Join(begin, restart, place.anew)


def _begins_whole(path: Path, begin: int) -> bool:
    """Whether a packet that is not marked as a key frame is one all the same."""
    number, frame = next(decoded_frames(path, begin), (-1, None))
    return number == begin and frame is not None and frame.pict_type in INTRA


def with_unseen(
    path: Path, found: VideoPackets, joins: tuple[Join, ...], halves: Flags | None
) -> tuple[Join, ...]:
    """The joins with the pictures behind each that do not come out when decoding begins there.

    Args:
        path: Of the file.
        found: Its packets.
        joins: As by `find_joins`.
        halves: (packets,), those that complete the picture of the one before; None for none.
    """
    return tuple(
        replace(join, unseen=unseen_behind(path, found, join.restart, joins, halves))
        for join in joins
    )


def unseen_behind(
    path: Path, found: VideoPackets, begin: int, joins: tuple[Join, ...], halves: Flags | None
) -> tuple[int, ...]:
    """Packets soon behind one whose pictures do not come out when decoding begins with it.

    Args:
        path: Of the file.
        found: Its packets.
        begin: The one.
        joins: As by `find_joins`.
        halves: (packets,), those that complete the picture of the one before; None for none.
    """
    shown = found.table.shown if halves is None else found.table.shown & ~halves
    end = min((join.begin for join in joins if join.begin > begin), default=len(shown))
    out = sorted(decoded_numbers(path, begin, _PROBED, joins))
    # The decoder may still hold back some of the last ones.
    until = min(out[len(out) // 2], end) if out else begin
    behind = np.flatnonzero(shown[begin:until]) + begin
    return tuple(sorted(set(behind.tolist()) - set(out)))
