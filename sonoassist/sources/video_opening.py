"""The table of frames of a video file, with what only the decoder can tell.

Most files need their packets only. Where pictures come as two fields, where the key frames may be
marked wrongly, and where the first pictures may not be whole, a few frames are decoded.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from sonoassist.sources.base import READER
from sonoassist.sources.libav import INTRA
from sonoassist.sources.picture_headers import CodedPicture
from sonoassist.sources.picture_numbers import second_fields
from sonoassist.sources.video_decoder import decoded_frames, decoded_numbers
from sonoassist.sources.video_index import Join, VideoIndex, first_key, make_index
from sonoassist.sources.video_joins import find_joins, unseen_behind, with_unseen
from sonoassist.sources.video_packets import MISSING, Flags, VideoPackets, read_packets

_PROBED = 24
"""Frames looked at to know whether a picture takes two packets."""
_DELAYED = 8
"""Pictures that a decoder may still hold back."""


_KNOWS_HEADS = 3
"""The first reader that looks into the heads of pictures."""


def build_index(path: Path, reader: int = READER) -> VideoIndex:
    """Make the table of frames of `path`.

    Args:
        path: Of the file.
        reader: As this reader makes it; not the very first, which had no such table.

    Raises:
        SourceError: There is no picture in it, or the system could not read all of it.
        av.error.FFmpegError: It cannot be opened.
    """
    found = read_packets(path)
    first = _first(path, found)
    begin = first_key(found) if first is None else first
    joins: tuple[Join, ...] = ()
    heads: list[CodedPicture | None] = []
    if reader >= _KNOWS_HEADS:
        joins = find_joins(path, found, begin)
        heads = found.heads if found.may_hold_fields else heads
    halves = _second_fields(path, found, heads, begin, joins)
    if halves is None:
        halves = _untimed_halves(path, found, begin, joins)
    joins = with_unseen(path, found, joins, halves)
    index = make_index(found, halves, first, joins)
    if index.counted and found.bare and reader >= _KNOWS_HEADS:
        unseen = unseen_behind(path, found, index.first, joins, halves)
        index = make_index(found, halves, first, joins, unseen)
    if found.codec == "mpeg2video" and any(one is not None and one.parity for one in heads):
        index = replace(index, checked=False)
    return _from_first_whole(path, index)


def _first(path: Path, found: VideoPackets) -> int | None:
    """The packet to begin with, where the first one is not marked as a key; else None.

    Some writers mark no key frames, or too few. A picture that needs no other one is whole.
    """
    marked = first_key(found)
    if marked == 0:
        return None
    number, frame = next(decoded_frames(path, 0), (0, None))
    if frame is None:
        return None
    whole = frame.key_frame or frame.pict_type in INTRA
    return number if whole and number < marked else None


def _second_fields(
    path: Path,
    found: VideoPackets,
    heads: list[CodedPicture | None],
    begin: int,
    joins: tuple[Join, ...],
) -> Flags | None:
    """Packets that complete the picture of the one before, by the heads of the pictures.

    Where a picture is coded as two fields, some containers give each a packet of its own.
    """
    halves = second_fields(heads)
    if len(halves) != len(found.table) or not halves.any():
        return None
    out = decoded_numbers(path, begin, _PROBED, joins)
    return None if halves[out].any() else halves  # the decoder has the last word


def _untimed_halves(
    path: Path, found: VideoPackets, begin: int, joins: tuple[Join, ...]
) -> Flags | None:
    """The same, where the second ones are known by having no time."""
    table = found.table
    untimed = (table.pts == MISSING) & (table.dts == MISSING)
    if found.intra_only or not untimed.any():
        return None
    if untimed.all():
        return _halves_of_raw(path, found, begin, joins)
    out = decoded_numbers(path, begin, _PROBED, joins)
    probed = np.flatnonzero(untimed[: max(out, default=0)])
    alternate = not bool((untimed[1:] & untimed[:-1]).any())
    if untimed[out].any() or not len(probed[probed >= begin]) or not alternate:
        return None  # pictures of their own, whose time is missing
    return np.asarray(untimed)


def _halves_of_raw(
    path: Path, found: VideoPackets, begin: int, joins: tuple[Join, ...]
) -> Flags | None:
    """The same in a bare stream without any times: only decoding all of it tells."""
    out = decoded_numbers(path, begin, _PROBED, joins)
    if not out or 2 * len(out) > max(out) - begin + _DELAYED:
        return None  # each packet is a picture
    halves = np.ones(len(found.table), np.bool_)
    halves[decoded_numbers(path, begin, joins=joins)] = False
    return halves


def _from_first_whole(path: Path, index: VideoIndex) -> VideoIndex:
    """Without pictures that refer to one before the beginning: they never come out."""
    if index.counted or not len(index) or index.numbers[0] == index.first:
        return index
    out = decoded_numbers(path, index.first, 1)
    place = int(index.places()[out[0]]) if out else 0
    return index.without_first(place) if place > 0 else index
