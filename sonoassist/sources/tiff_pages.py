"""How many pictures a TIFF file holds."""

from __future__ import annotations

import struct

_MOST = 100_000


def is_tiff(data: bytes) -> bool:
    """Whether the bytes begin a TIFF or a BigTIFF file."""
    return data[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


def count_pages(data: bytes) -> int:
    """Length of the chain of directories; at least 1, and only as far as it is not damaged."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\x00", b"\x00+")
    at, offset, count, entry = (8, "Q", "Q", 20) if big else (4, "L", "H", 12)
    seen: set[int] = set()
    try:
        (place,) = struct.unpack_from(order + offset, data, at)
        while place and place not in seen and len(seen) < _MOST:
            (entries,) = struct.unpack_from(order + count, data, place)
            seen.add(place)
            behind = place + struct.calcsize(order + count) + entry * entries
            (place,) = struct.unpack_from(order + offset, data, behind)
    except (struct.error, OverflowError):
        return max(len(seen), 1)
    return max(len(seen), 1)
