"""A file that grows by whole pieces, so that it can be read whenever its writer is killed."""

from __future__ import annotations

import os
from io import FileIO
from pathlib import Path


class PieceFile:
    """What an encoder writes to: nothing reaches the disk before `commit`.

    A piece that the disk does not take whole is taken back, so the file always ends with a whole
    one. Only its owner may read it. The methods are those that FFmpeg asks for.

    Args:
        path: Of the file; an older one is overwritten.

    Raises:
        OSError: The file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._file = FileIO(path, "wb", opener=_private)
        self._size = 0
        self._place = 0
        self._new = bytearray()
        self._changes: list[tuple[int, bytes]] = []
        self._failed = False

    def write(self, data: bytes) -> int:
        """Take bytes, at the end or over what is there; none any more after the disk refused."""
        if self._failed:
            return len(data)
        over = min(max(self._end - self._place, 0), len(data))
        if over:
            self._changes.append((self._place, bytes(data[:over])))
        self._new += data[over:]
        self._place += len(data)
        return len(data)

    @property
    def _end(self) -> int:
        return self._size + len(self._new)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in the file; never behind its end."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._end}[whence]
        self._place = min(base + offset, self._end)
        return self._place

    def tell(self) -> int:
        """The place in the file."""
        return self._place

    def commit(self) -> bool:
        """Put on the disk what was written since the last time; whether there was anything.

        Raises:
            OSError: The disk refuses; the file is as before.
        """
        if self._failed or not (self._new or self._changes):
            return False
        try:
            self._append()
            self._change()
        except OSError:
            # What comes later would stand behind a gap.
            self._failed = True
            raise
        return True

    def _append(self) -> None:
        try:
            self._file.seek(self._size)
            self._put(self._new)
        except OSError:
            self._file.truncate(self._size)
            raise
        self._size += len(self._new)
        self._new.clear()

    def _change(self) -> None:
        # Behind what is new: a changed head may point to it.
        for place, data in self._changes:
            self._file.seek(place)
            self._put(data)
        self._changes.clear()

    def _put(self, data: bytes | bytearray) -> None:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) or 0 :]

    def sync(self) -> None:
        """Wait until the disk has it.

        Raises:
            OSError: The disk refuses.
        """
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_BINARY", 0), 0o600)
