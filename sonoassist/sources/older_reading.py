"""Numbers of frames that were kept when recordings were read in another way.

The first reader knew a frame by its timestamp alone: it merged frames with the same one, sorted
joined recordings into each other, counted what is never shown and pictures that are not whole, and
took the first video stream there was. What was kept by its numbers is brought to those of now by
the packet that a frame comes of.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sonoassist.core.errors import SourceError
from sonoassist.sources.libav import av, is_cover, open_container, video_stream
from sonoassist.sources.video_index import VideoIndex
from sonoassist.sources.video_opening import decoded_numbers
from sonoassist.sources.video_order import FrameOrder
from sonoassist.sources.video_packets import MISSING, Flags, VideoPackets, read_packets


def moved_since(path: Path, index: VideoIndex) -> list[int] | None:
    """Where the frames of the first reader are now.

    Args:
        path: Of the video file.
        index: As it is read now.

    Returns:
        For each frame of then its number now, -1 where it is left out; None where all numbers are
        the same.

    Raises:
        SourceError: It cannot be read, or the frames of then were those of another stream.
    """
    try:
        if not _same_stream(path):
            raise SourceError(
                "the recording holds several videos, and another one was shown before",
                "What was said of that one does not fit this one",
            )
        found = read_packets(path)
    except av.error.FFmpegError as error:
        raise SourceError(f"{path.name} cannot be read: {error}", "Check the file") from error
    moved = _by_order(path, index) if _was_counted(found) else _by_stamps(found, index)
    return None if moved == list(range(len(index))) else moved


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
        for number in decoded_numbers(path, index.first):
            order.place_of(number)
        places = [order.known_place(number) for number in range(index.packets)]
    return [int(places[number]) for number in decoded_numbers(path, 0)]


def _by_stamps(found: VideoPackets, index: VideoIndex) -> list[int]:
    numbers = np.flatnonzero(_shown_then(found))
    _, first = np.unique(found.table.pts[numbers], return_index=True)
    return [int(place) for place in index.places()[numbers[first]]]
