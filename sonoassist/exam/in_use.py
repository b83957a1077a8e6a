"""Tells every program that files are being made in or of a folder, until that is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

_PREFIX, _SUFFIX = ".in-use-", ".lock"
_PRIVATE_FILE = 0o600
_PATIENCE_S = 2.0
"""Whoever only asks holds the lock for a moment."""


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Have `used` say so of a folder, as long as the block lasts and this program lives.

    Where the folder cannot be written to nothing is said: nobody can delete it either.
    """
    path = folder / f"{_PREFIX}{uuid4().hex}{_SUFFIX}"
    lock = FileLock(str(path), mode=_PRIVATE_FILE, thread_local=False)
    with suppress(OSError):  # a timeout is one too
        lock.acquire(timeout=_PATIENCE_S)
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):
            path.unlink(missing_ok=True)


def used(folder: Path) -> bool:
    """Whether any program holds a folder by `in_use` now."""
    return any(_held(path) for path in marks(folder))


def marks(folder: Path) -> list[Path]:
    """What `in_use` has left in a folder, held or not."""
    return list(folder.glob(f"{_PREFIX}*{_SUFFIX}"))


def _held(path: Path) -> bool:
    try:
        with FileLock(str(path), mode=_PRIVATE_FILE, thread_local=False).acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False  # it is gone by now
