"""The table of frames of a video file, with what only the decoder can tell.

Most files need their packets only. Where pictures come as two fields, where the key frames may be
marked wrongly, and where the first pictures may not be whole, a few frames are decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from sonoassist.sources.libav import INTRA, VideoFrame
from sonoassist.sources.video_decoder import Decoder
from sonoassist.sources.video_index import VideoIndex, first_key, make_index
from sonoassist.sources.video_packets import MISSING, Flags, VideoPackets, read_packets

_PROBED = 24
"""Frames looked at to know whether a picture takes two packets."""
_DELAYED = 8
"""Pictures that a decoder may still hold back."""


def build_index(path: Path) -> VideoIndex:
    """Make the table of frames of `path`.

    Raises:
        SourceError: There is no picture in it, or the system could not read all of it.
        av.error.FFmpegError: It cannot be opened.
    """
    found = read_packets(path)
    first = _first(path, found)
    index = make_index(found, _halves(path, found, first), first)
    return _from_first_whole(path, index)


def _first(path: Path, found: VideoPackets) -> int | None:
    """The packet to begin with, where the first one is not marked as a key; else None.

    Some writers mark no key frames, or too few. A picture that needs no other one is whole.
    """
    marked = first_key(found)
    if marked == 0:
        return None
    number, frame = next(_frames(path, 0), (0, None))
    if frame is None:
        return None
    whole = frame.key_frame or frame.pict_type in INTRA
    return number if whole and number < marked else None


def _halves(path: Path, found: VideoPackets, first: int | None) -> Flags | None:
    """Packets that complete the picture of the one before: second fields.

    Where a picture is coded as two fields, some containers give each a packet of its own, and the
    second one no time.
    """
    table = found.table
    untimed = (table.pts == MISSING) & (table.dts == MISSING)
    if found.intra_only or not untimed.any():
        return None
    begin = first_key(found) if first is None else first
    if untimed.all():
        return _halves_of_raw(path, found, begin)
    out = decoded_numbers(path, begin, _PROBED)
    probed = np.flatnonzero(untimed[: max(out, default=0)])
    alternate = not bool((untimed[1:] & untimed[:-1]).any())
    if untimed[out].any() or not len(probed[probed >= begin]) or not alternate:
        return None  # pictures of their own, whose time is missing
    return np.asarray(untimed)


def _halves_of_raw(path: Path, found: VideoPackets, begin: int) -> Flags | None:
    """The same in a bare stream without any times: only decoding all of it tells."""
    out = decoded_numbers(path, begin, _PROBED)
    if not out or 2 * len(out) > max(out) - begin + _DELAYED:
        return None  # each packet is a picture
    halves = np.ones(len(found.table), np.bool_)
    halves[decoded_numbers(path, begin)] = False
    return halves


def _frames(path: Path, begin: int) -> Iterator[tuple[int, VideoFrame]]:
    """The frames that come out, up to the first damaged one, with the numbers of their packets."""
    decoder = Decoder(path, begin, strict=False)
    try:
        while (found := decoder.next()) is not None and not decoder.errors:
            yield found
    finally:
        decoder.close()


def decoded_numbers(path: Path, begin: int, count: int | None = None) -> list[int]:
    """The packets that the frames come of which are decoded from one on, in their order.

    Args:
        path: Of the file.
        begin: The first packet that is decoded.
        count: So many frames; None for all up to the first damaged one.
    """
    return [number for number, _ in islice(_frames(path, begin), count)]


def _from_first_whole(path: Path, index: VideoIndex) -> VideoIndex:
    """Without pictures that refer to one before the beginning: they never come out."""
    if index.counted or not len(index) or index.numbers[0] == index.first:
        return index
    out = decoded_numbers(path, index.first, 1)
    place = int(index.places()[out[0]]) if out else 0
    return index.without_first(place) if place > 0 else index
