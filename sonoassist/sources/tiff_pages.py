"""Which pictures a TIFF file holds."""

from __future__ import annotations

import struct

_MOST = 100_000
_SUBFILE_TYPE = 254
_NO_PAGE = 1 | 4
"""Bits of NewSubfileType: a smaller version of another picture, a mask of one."""


def is_tiff(data: bytes) -> bool:
    """Whether the bytes begin a TIFF or a BigTIFF file."""
    return data[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


def pages_of_tiff(data: bytes) -> list[int]:
    """Numbers of the directories that are pictures of their own, as far as none is damaged.

    Thumbnails and masks are none. At least the first one is given: what is wrong with it is found
    when it is decoded.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\x00", b"\x00+")
    at, offset, count, entry = (8, "Q", "Q", 20) if big else (4, "L", "H", 12)
    pages: list[int] = []
    seen: set[int] = set()
    try:
        (place,) = struct.unpack_from(order + offset, data, at)
        while place and place not in seen and len(seen) < _MOST:
            (entries,) = struct.unpack_from(order + count, data, place)
            first = place + struct.calcsize(order + count)
            (following,) = struct.unpack_from(order + offset, data, first + entry * entries)
            if not _kind(data, order, first, entries, entry) & _NO_PAGE:
                pages.append(len(seen))
            seen.add(place)
            place = following
    except (struct.error, OverflowError):
        pass  # the rest is damaged
    return pages or [0]


def _kind(data: bytes, order: str, first: int, entries: int, size: int) -> int:
    """NewSubfileType of a directory; its entries are sorted by their tags."""
    for number in range(min(entries, 8)):
        place = first + size * number
        tag, _, _ = struct.unpack_from(order + "HHL", data, place)
        if tag == _SUBFILE_TYPE:
            (value,) = struct.unpack_from(
                order + "L", data, place + size - (8 if size == 20 else 4)
            )
            return int(value)
    return 0
