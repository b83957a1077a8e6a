"""Which frame of a recording a decoded picture is."""

from __future__ import annotations

from bisect import bisect_right

from sonoassist.sources.video_index import Key, VideoIndex

_LIST_LENGTH = 8


class FrameOrder:
    """Places of packets in a recording: known from the table, or learned as they are decoded.

    Args:
        index: The table of frames.
    """

    def __init__(self, index: VideoIndex) -> None:
        self._index = index
        self._places = [-1] * index.packets if index.counted else index.places().tolist()
        numbers = index.keys[:, 0].tolist()
        self._waiting = {n: at for at, n in enumerate(numbers)} if index.counted else {}
        # Of each key its place in the table of keys, and that of its frame, which rises.
        self._keys = [] if index.counted else list(range(len(numbers)))
        self._key_places = [] if index.counted else [self._places[n] for n in numbers]
        self._learned = -1

    def place_of(self, number: int) -> int:
        """The place of the frame that comes of a packet; -1 where it is none of the table.

        Where places are learned, frames that were not seen before follow the last one that was.
        """
        if number >= len(self._places):
            return -1  # the file has grown since
        if self._index.counted and self._places[number] < 0:
            self._learned += 1
            self._places[number] = self._learned
            self._learn_key(number)
        return self._places[number]

    def known_place(self, number: int) -> int:
        """The place of the frame that comes of a packet, as far as it is known; else -1."""
        return self._places[number]

    def _learn_key(self, number: int) -> None:
        key = self._waiting.pop(number, None)
        if key is not None:
            self._keys.append(key)
            self._key_places.append(self._learned)

    def keys_before(self, place: int) -> list[Key]:
        """Where to begin decoding to reach a frame, best first, at most a few."""
        end = bisect_right(self._key_places, place)
        return [
            self._index.key(one) for one in reversed(self._keys[max(end - _LIST_LENGTH, 0) : end])
        ]

    def has_key_between(self, after: int, place: int) -> bool:
        """Whether decoding can begin behind frame `after`, up to and including `place`."""
        end = bisect_right(self._key_places, place)
        return end > 0 and self._key_places[end - 1] > after
