"""Numbers of frames that were kept when recordings were read in another way.

The first reader knew a frame by its timestamp alone: it merged frames with the same one, sorted
joined recordings into each other, counted what is never shown and pictures that are not whole, and
took the first video stream there was. The second one did not look into the heads of pictures: it
counted the half pictures behind a join, and fields with times of their own. What was kept by their
numbers is brought to those of now by the packet that a frame comes of.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sonoassist.core.errors import SourceError
from sonoassist.sources.base import FIRST_READER
from sonoassist.sources.libav import av, is_cover, open_container, video_stream
from sonoassist.sources.video_decoder import Decoder, decoded_numbers
from sonoassist.sources.video_index import VideoIndex
from sonoassist.sources.video_opening import build_index
from sonoassist.sources.video_order import FrameOrder
from sonoassist.sources.video_packets import MISSING, Flags, VideoPackets, read_packets


def moved_since(path: Path, index: VideoIndex, reader: int = FIRST_READER) -> list[int] | None:
    """Where the frames of an older reader are now.

    Args:
        path: Of the video file.
        index: As it is read now.
        reader: The older one.

    Returns:
        For each frame of then its number now, -1 where it is left out; None where all numbers are
        the same.

    Raises:
        SourceError: It cannot be read, or the frames of then were those of another stream.
    """
    try:
        if reader == FIRST_READER and not _same_stream(path):
            raise SourceError(
                "the recording holds several videos, and another one was shown before",
                "What was said of that one does not fit this one",
            )
        if reader > FIRST_READER:
            return _by_packets(path, build_index(path, reader), index)
        found = read_packets(path)
    except av.error.FFmpegError as error:
        raise SourceError(f"{path.name} cannot be read: {error}", "Check the file") from error
    moved = _by_order(path, index) if _was_counted(found) else _by_stamps(found, index)
    return None if moved == list(range(len(index))) else moved


def _by_packets(path: Path, then: VideoIndex, now: VideoIndex) -> list[int] | None:
    """By the packets of two tables of frames."""
    alike = then.counted == now.counted and not now.joins
    if alike and np.array_equal(then.numbers, now.numbers):
        return None
    places = {number: place for place, number in enumerate(_in_order(path, now))}
    return [places.get(number, -1) for number in _in_order(path, then)]


def _in_order(path: Path, index: VideoIndex) -> list[int]:
    """The packet of each frame in their order, as reading gives them."""
    if not index.counted:
        return [int(number) for number in index.numbers]
    for strict in (True, False):
        order = FrameOrder(index)
        decoder = Decoder(path, index.first, index.joins, careful=True, strict=strict)
        try:
            while (found := decoder.next()) is not None:
                for number in (*decoder.take_failed(), found[0]):
                    order.place_of(number)
        finally:
            decoder.close()
        packets = {order.known_place(number): number for number in range(index.packets)}
        if len(packets) > 1:
            break
    return [packets[place] for place in sorted(packets) if place >= 0]


def _same_stream(path: Path) -> bool:
    with open_container(path) as container:
        now = video_stream(container)
        first = next(
            (
                one
                for one in container.streams.video
                if one.codec_context is not None and not is_cover(one)
            ),
            None,
        )
        return now is not None and first is not None and now.index == first.index


def _was_counted(found: VideoPackets) -> bool:
    """Whether the first reader counted the frames, as not each had a timestamp."""
    return found.made_up or bool((found.table.pts[_shown_then(found)] == MISSING).any())


def _shown_then(found: VideoPackets) -> Flags:
    """The packets that counted: the first reader knew nothing of those that show nothing."""
    return (found.table.size > 0) & ~found.table.discarded


def _by_order(path: Path, index: VideoIndex) -> list[int]:
    """As the first reader did: all that comes out of the decoder, from the first packet on."""
    places = index.places().tolist()
    if index.counted:  # then a place is the order in which its picture comes out
        order = FrameOrder(index)
        for number in decoded_numbers(path, index.first, joins=index.joins):
            order.place_of(number)
        places = [order.known_place(number) for number in range(index.packets)]
    return [int(places[number]) for number in decoded_numbers(path, 0)]


def _by_stamps(found: VideoPackets, index: VideoIndex) -> list[int]:
    numbers = np.flatnonzero(_shown_then(found))
    _, first = np.unique(found.table.pts[numbers], return_index=True)
    return [int(place) for place in index.places()[numbers[first]]]
