"""The folder of the results that are kept on disk, so that no frame is analysed twice.

Each recording, known by its content, has a database of its own, see `recording_cache`. What is in
it can be made again: one that is damaged is put aside and begun anew, and when all of them together
grow too large those that were not used for longest go.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path

from filelock import FileLock

from sonoassist.core import database, paths
from sonoassist.core.errors import OutputError
from sonoassist.core.files import make_private, output_error
from sonoassist.core.open_database import FULL_HINT
from sonoassist.recordings.cache_schema import (
    LAYOUT,
    READ_ERRORS,
    TABLES,
    CacheError,
    NewerCacheError,
    check,
)
from sonoassist.recordings.identity import Identity
from sonoassist.recordings.recording_cache import RecordingCache

SUFFIX = ".sqlite"
LIMIT_BYTES = 2 << 30
"""An hour of video takes some 50 MB with its small pictures."""
_PRIVATE_FILE = 0o600
_DAMAGED = ".damaged"
_LOCK = "making.lock"


class AnalysisCache:
    """The results of all recordings in one folder.

    Args:
        folder: Where they are; made when the first result is kept.
        reviews: Where earlier programs kept results with a person's words.
        limit_bytes: See `sweep`.
    """

    def __init__(
        self, folder: Path, reviews: Path | None = None, limit_bytes: int = LIMIT_BYTES
    ) -> None:
        self.folder = folder
        self.reviews = reviews or folder.parent / "reviews"
        self.practice = folder.parent / "practice" / "analyses"
        self.limit_bytes = limit_bytes

    @classmethod
    def default(cls) -> AnalysisCache:
        """The user's."""
        return cls(paths.analyses(), paths.reviews())

    def open(self, identity: Identity) -> RecordingCache:
        """Open what is kept of a recording, or begin it.

        Raises:
            OutputError: The folder cannot be made or written to.
        """
        path = self.path_of(identity.content)
        with self._alone(path):
            connection = _opened(path)
            with suppress(OSError):
                os.utime(path)  # it is used, also where nothing is added
        return RecordingCache(connection, identity.modified_ns)

    def put_aside(self, content: str) -> None:
        """Begin a recording anew, whose kept results cannot be read.

        Raises:
            OutputError: The operating system refuses.
        """
        path = self.path_of(content)
        with self._alone(path):
            _put_aside(path)

    @contextmanager
    def _alone(self, path: Path) -> Iterator[None]:
        """Nobody else opens a database here, makes or deletes one meanwhile."""
        try:
            make_private(self.folder)
            with FileLock(self.folder / _LOCK, mode=_PRIVATE_FILE, thread_local=False):
                yield
        except OSError as error:
            raise output_error(path, error) from error

    def path_of(self, content: str) -> Path:
        """Where results of a recording are kept, be it that there are none."""
        return self.folder / f"{content}{SUFFIX}"

    def delete(self, content: str) -> None:
        """Forget a recording; nothing happens where nothing is kept of it.

        Where somebody uses it just now, all is deleted that is in it, and nothing more is kept.

        Raises:
            OutputError: The operating system refuses.
        """
        path = self.path_of(content)
        if not any(one.exists() for one in _files(path)):
            return
        with self._alone(path):
            gone = _files(path)
            if _in_use(path):
                _empty(path)
                gone = _aside(path)
            for one in gone:
                one.unlink(missing_ok=True)

    def contents(self) -> list[str]:
        """Of all recordings of which something is kept, the one used last first."""
        times: dict[str, float] = {}
        for path in self.folder.glob(f"[!.]*{SUFFIX}"):
            for one in (path, *_beside(path)):
                with suppress(OSError):  # it may not be there, or be deleted meanwhile
                    times[path.stem] = max(one.stat().st_mtime, times.get(path.stem, 0.0))
        return sorted(times, key=lambda one: times[one], reverse=True)

    def size_bytes(self, content: str = "") -> int:
        """Of what is kept of one recording, or of all."""
        contents = [content] if content else self.contents()
        found = 0
        for one in contents:
            path = self.path_of(one)
            for file in _files(path):
                with suppress(OSError):
                    found += file.stat().st_size
        return found

    def clear(self) -> int:
        """Forget all recordings; returns how many bytes are free now.

        Raises:
            OutputError: The operating system refuses.
        """
        before = self.size_bytes()
        for content in self.contents():
            self.delete(content)
        for left in self.folder.glob(f"*{_DAMAGED}"):
            with suppress(OSError):
                left.unlink()
        shutil.rmtree(self.practice, ignore_errors=True)
        return before - self.size_bytes()

    def sweep(self, spared: str = "") -> None:
        """Forget the recordings that were not used for longest, until all fit into the limit.

        Args:
            spared: Content of one that stays, as those do that somebody uses just now.
        """
        used = 0
        for content in self.contents():
            used += self.size_bytes(content)
            if used > self.limit_bytes and content != spared:
                with suppress(OutputError):
                    if not _in_use(self.path_of(content)):
                        self.delete(content)


def _beside(path: Path) -> tuple[Path, ...]:
    """The help files of a database."""
    return tuple(path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))


def _files(path: Path) -> tuple[Path, ...]:
    """All that may lie on disk of a database, also of one that was put aside."""
    return (path, *_beside(path), *_aside(path))


def _aside(path: Path) -> tuple[Path, ...]:
    """The files of a database that was put aside."""
    return tuple(one.with_name(f"{one.name}{_DAMAGED}") for one in (path, *_beside(path)))


def _in_use(path: Path) -> bool:
    """Whether anybody has a database open: deleting its files would take them from under them."""
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as alone:
            alone.execute("PRAGMA journal_mode = DELETE")  # for which no other may have it open
    except sqlite3.Error as error:
        return "locked" in str(error)
    return False


def _empty(path: Path) -> None:
    """Delete all that is in a database which others use; what they add later is not kept."""
    try:
        with closing(database.connect(str(path), LAYOUT)) as connection:
            with database.change(connection, nullcontext()):
                for table in TABLES:
                    connection.execute(f"DELETE FROM {table}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except READ_ERRORS as error:
        raise OutputError(f"the kept results cannot be deleted: {error}", "Try again") from error


def _opened(path: Path) -> sqlite3.Connection:
    """Open a database; one that is damaged is put aside, since its results can be made again."""
    try:
        return _connected(path)
    except NewerCacheError:
        raise
    except CacheError:
        pass  # put aside
    except READ_ERRORS as error:
        if _refused(error):
            raise _not_kept(error) from error
    _put_aside(path)
    try:
        return _connected(path)
    except READ_ERRORS as error:
        raise _not_kept(error) from error


def _not_kept(error: Exception) -> OutputError:
    return OutputError(f"the results cannot be kept: {error}", FULL_HINT)


def _put_aside(path: Path) -> None:
    for one, aside in zip((path, *_beside(path)), _aside(path), strict=True):
        if one.exists():
            one.replace(aside)


def _connected(path: Path) -> sqlite3.Connection:
    new = not path.exists() or not path.stat().st_size
    if new:
        for left in _beside(path):  # of a deletion that was cut off
            left.unlink(missing_ok=True)
        path.touch(_PRIVATE_FILE)
    connection = database.connect(str(path), LAYOUT, create=new)
    try:
        check(connection)
        # Of a power cut the last results may be lost, which are made again; a crash loses none.
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _refused(error: Exception) -> bool:
    """Whether the disk or another program is in the way, rather than that the file is damaged."""
    words = ("full", "readonly", "locked", "unable to open", "I/O", "locking")
    return any(word in str(error) for word in words)
