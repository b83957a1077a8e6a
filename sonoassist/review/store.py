"""Reviews on disk: a private folder each, named after the content of the recording."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from sonoassist import paths
from sonoassist.errors import OutputError, UsageError
from sonoassist.files import output_error
from sonoassist.review.review import Review
from sonoassist.review.schema import READ_ERRORS, ReviewError, connect

DATABASE = "review.sqlite"
LOCK = "writer.lock"
_MAKING = "making.sqlite"
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600
_PATIENCE_S = 0.5


class ReviewStore:
    """The reviews in one folder.

    Args:
        folder: Where they are; made when the first review begins.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def default(cls) -> ReviewStore:
        """The user's reviews."""
        return cls(paths.reviews())

    def open(self, fingerprint: str) -> Review:
        """Open the review of a recording, or begin it; its only user until `close`.

        Args:
            fingerprint: Of the recording, see `fingerprint`.

        Raises:
            UsageError: It is open somewhere else.
            OutputError: The folder cannot be made or written to.
            ReviewError: It cannot be read.
        """
        folder = self.folder / fingerprint
        try:
            _make_private(self.folder, folder)
        except OSError as error:
            raise output_error(folder, error) from error
        lock = _taken(folder)
        try:
            return Review(folder, _database(folder), lock)
        except BaseException:
            lock.release()
            raise


def _taken(folder: Path) -> BaseFileLock:
    lock = FileLock(folder / LOCK, mode=_PRIVATE_FILE, thread_local=False)
    try:
        lock.acquire(timeout=_PATIENCE_S)
    except Timeout as error:
        raise UsageError(
            "this recording is being reviewed in another window", "Close it there first"
        ) from error
    except OSError as error:
        raise output_error(folder, error) from error
    return lock


def _database(folder: Path) -> sqlite3.Connection:
    path = folder / DATABASE
    try:
        if not path.exists():
            _make(folder / _MAKING, path)
        return connect(str(path))
    except OSError as error:
        raise output_error(folder, error) from error
    except ReviewError:
        raise
    except READ_ERRORS as error:
        full = "full" in str(error) or "readonly" in str(error)
        if full:
            raise OutputError(f"the review cannot be kept: {error}", "Free some space") from error
        raise ReviewError(
            f"the review in {folder} cannot be read: {error}", "Move that folder away to begin anew"
        ) from error


def _make(making: Path, path: Path) -> None:
    """A database is made under another name: one that is half made is never taken for whole."""
    for left in making.parent.glob(f"{making.name}*"):
        left.unlink()
    making.touch(_PRIVATE_FILE)
    with closing(connect(str(making), create=True)):
        pass
    making.replace(path)


def _make_private(*folders: Path) -> None:
    for folder in folders:
        folder.mkdir(_PRIVATE_FOLDER, parents=True, exist_ok=True)
        with suppress(OSError):  # a file system without permissions has none to set
            if stat.S_IMODE(folder.stat().st_mode) != _PRIVATE_FOLDER:
                folder.chmod(_PRIVATE_FOLDER)
