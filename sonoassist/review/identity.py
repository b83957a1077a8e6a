"""Noticing that a file is another one than before, without reading it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sonoassist.core.errors import SourceError


@dataclass(frozen=True, slots=True)
class Identity:
    """What the file system says of a file; something differs once it was replaced or written to.

    Attributes:
        size_bytes: Its size.
        modified_ns: When it was changed last, in nanoseconds since 1970.
        inode: Its number in the file system.
    """

    size_bytes: int
    modified_ns: int
    inode: int


def identity_of(path: Path) -> Identity:
    """Of the file that a path leads to now.

    Raises:
        SourceError: It is gone or cannot be reached.
    """
    try:
        found = path.stat()
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(f"{path} cannot be read: {reason}", "Check the file") from error
    return Identity(found.st_size, found.st_mtime_ns, found.st_ino)


def check_same(path: Path, before: Identity) -> None:
    """Refuse a file that was replaced or changed.

    Raises:
        SourceError: It was, or it cannot be reached.
    """
    if identity_of(path) != before:
        raise SourceError("the recording has changed since it was opened", "Open it again")
