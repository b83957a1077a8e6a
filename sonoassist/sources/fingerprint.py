"""Knowing a recording again, wherever it lies and whatever it is called."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sonoassist.core.errors import SourceError

PIECE_BYTES = 1 << 20
PIECES = 64
"""Files of more pieces are looked at in so many places, spread evenly from start to end."""


def fingerprint(path: Path) -> str:
    """32 hex digits made of the size and the content of a file.

    Of a large file 64 MiB are read: hashing tens of gigabytes would take minutes.

    Raises:
        SourceError: It cannot be read.
    """
    try:
        size = path.stat().st_size
        digest = hashlib.sha256(f"{size}\n".encode())
        with path.open("rb") as file:
            for place in _places(size):
                file.seek(place)
                digest.update(file.read(PIECE_BYTES))
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(f"{path} cannot be read: {reason}", "Check the file") from error
    return digest.hexdigest()[:32]


def _places(size: int) -> list[int]:
    if size <= PIECE_BYTES * PIECES:
        return list(range(0, size, PIECE_BYTES))
    last = size - PIECE_BYTES
    return [last * number // (PIECES - 1) for number in range(PIECES)]
