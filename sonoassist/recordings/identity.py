"""Knowing a recording again by its content, and noticing that its file was changed meanwhile."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sonoassist.core.errors import SourceError

PIECE_BYTES = 1 << 20
PIECES = 64
"""Files of more pieces are looked at in so many places, spread evenly from start to end."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a recording is, wherever it lies and whatever it is called.

    Attributes:
        content: 32 hex digits, see `fingerprint`.
        modified_ns: When the file was changed last, in nanoseconds since 1970; 0 where that says
            nothing, as `content` is of all of it.
    """

    content: str
    modified_ns: int = 0


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the file system says of a file; something differs once it was replaced or written to.

    Attributes:
        size_bytes: Its size.
        modified_ns: When it was changed last, in nanoseconds since 1970.
        inode: Its number in the file system.
    """

    size_bytes: int
    modified_ns: int
    inode: int


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
        raise _unreadable(path, error) from error
    return digest.hexdigest()[:32]


def identity_of(path: Path) -> Identity:
    """Of the content that a file has now; reads it.

    Raises:
        SourceError: It cannot be read, or is written to meanwhile.
    """
    before = stamp_of(path)
    content = fingerprint(path)
    check_same(path, before)
    whole = before.size_bytes <= PIECE_BYTES * PIECES
    return Identity(content, 0 if whole else before.modified_ns)


def stamp_of(path: Path) -> Stamp:
    """Of the file that a path leads to now.

    Raises:
        SourceError: It is gone or cannot be reached.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ino)


def check_same(path: Path, before: Stamp) -> None:
    """Refuse a file that was replaced or changed.

    Raises:
        SourceError: It was, or it cannot be reached.
    """
    if stamp_of(path) != before:
        raise SourceError("the recording has changed since it was opened", "Open it again")


def _unreadable(path: Path, error: OSError) -> SourceError:
    reason = error.strerror or str(error)
    return SourceError(f"{path} cannot be read: {reason}", "Check the file")


def _places(size: int) -> list[int]:
    if size <= PIECE_BYTES * PIECES:
        return list(range(0, size, PIECE_BYTES))
    last = size - PIECE_BYTES
    return [last * number // (PIECES - 1) for number in range(PIECES)]
