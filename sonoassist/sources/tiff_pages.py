"""Which pictures a TIFF file holds."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice

_MOST = 100_000
_SUBFILE_TYPE, _WIDTH, _HEIGHT = 254, 256, 257
_SHORT = 3
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
    pages = []
    try:
        for number, tags in enumerate(_directories(data)):
            if not tags.get(_SUBFILE_TYPE, 0) & _NO_PAGE:
                pages.append(number)
    except (struct.error, OverflowError):
        pass  # the rest is damaged
    return pages or [0]


def size_of_page(data: bytes, page: int) -> tuple[int, int] | None:
    """Width and height of a directory by its number; None where it does not say."""
    try:
        tags = next(islice(_directories(data), page, None), {})
    except (struct.error, OverflowError):
        return None
    return (tags[_WIDTH], tags[_HEIGHT]) if _WIDTH in tags and _HEIGHT in tags else None


def _directories(data: bytes) -> Iterator[dict[int, int]]:
    """The first tags of each directory, and their values.

    Raises:
        struct.error, OverflowError: The rest is damaged.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\x00", b"\x00+")
    at, offset, count, entry = (8, "Q", "Q", 20) if big else (4, "L", "H", 12)
    seen: set[int] = set()
    (place,) = struct.unpack_from(order + offset, data, at)
    while place and place not in seen and len(seen) < _MOST:
        (entries,) = struct.unpack_from(order + count, data, place)
        first = place + struct.calcsize(order + count)
        (following,) = struct.unpack_from(order + offset, data, first + entry * entries)
        yield _tags(data, order, first, entries, entry)
        seen.add(place)
        place = following


def _tags(data: bytes, order: str, first: int, entries: int, size: int) -> dict[int, int]:
    """The first tags of a directory, which are sorted; of numbers that stand in it."""
    found = {}
    for number in range(min(entries, 8)):
        place = first + size * number
        tag, kind = struct.unpack_from(order + "HH", data, place)
        at = place + size - (8 if size == 20 else 4)
        (found[tag],) = struct.unpack_from(order + ("H" if kind == _SHORT else "L"), data, at)
    return found
