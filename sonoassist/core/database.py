"""SQLite files that a crash at any moment leaves whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field

from sonoassist.core.errors import SonoAssistError

BUSY_MS = 5000
READ_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged file may raise: SQLite's words on it may be no text themselves."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The tables of one kind of file.

    Attributes:
        tables: Statements that make them.
        version: Of the layout, from 1 on.
        newer: What is raised where a file has a later version.
        unfinished: What is raised where its tables were never made.
        migrations: Earlier version -> the statements that make it the next one in place.
    """

    tables: str
    version: int
    newer: Callable[[], SonoAssistError]
    unfinished: Callable[[], SonoAssistError]
    migrations: Mapping[int, Sequence[str]] = field(default_factory=dict)

    def check(self, database: sqlite3.Connection) -> None:
        """Bring an earlier layout up to this one; refuse what this program does not know.

        Raises:
            sqlite3.Error: The disk refuses; the file is as it was.
            SonoAssistError: `newer` or `unfinished`.
        """
        found = _version(database)
        if found in self.migrations:
            found = self._brought_up(database)
        if found > self.version:
            raise self.newer()
        if found < self.version:
            raise self.unfinished()

    def _brought_up(self, database: sqlite3.Connection) -> int:
        """All steps as one change; returns the version that it has now."""
        with change(database, nullcontext()):
            found = _version(database)  # again: another program may have been faster
            while found in self.migrations:
                for statement in self.migrations[found]:
                    database.execute(statement)
                found += 1
                database.execute(f"PRAGMA user_version = {found}")
        return found


def connect(
    path: str,
    layout: Layout,
    *,
    create: bool = False,
    settled: bool = False,
    busy_ms: int = BUSY_MS,
) -> sqlite3.Connection:
    """Open a database; several threads may share the connection under one lock.

    An earlier layout is brought up to the one asked for, in place; in a copy where it may only be
    read.

    Args:
        path: Of the file.
        layout: Of its tables.
        create: Make them; else they must be there.
        settled: To read only, without the help files that SQLite needs space for; nobody may be
            writing it, and all of it must be in the one file.
        busy_ms: Others who write it are waited for so long.

    Raises:
        sqlite3.Error, UnicodeDecodeError: It is not a database, or the disk refuses.
        SonoAssistError: Its layout is not known to this program.
    """
    mode = "ro&immutable=1" if settled else "rwc" if create else "rw"
    uri = f"file:{_quoted(path)}?mode={mode}"
    database = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        database.execute(f"PRAGMA busy_timeout = {busy_ms}")
        if not settled:
            database.execute("PRAGMA journal_mode = WAL")
            # What is deleted is overwritten: a picture or a note may name somebody.
            database.execute("PRAGMA secure_delete = ON")
        # Each commit is on the disk when it returns: a power cut loses nothing finished.
        database.execute("PRAGMA synchronous = FULL")
        if create:
            version = f"PRAGMA user_version = {layout.version}"
            database.executescript(f"BEGIN;{layout.tables}{version};COMMIT;")
        if settled and _version(database) in layout.migrations:
            database = _in_memory(database)  # it cannot be brought up in place
        layout.check(database)
    except BaseException:
        database.close()
        raise
    return database


def _in_memory(database: sqlite3.Connection) -> sqlite3.Connection:
    """A copy of a database that may only be read; that one is closed."""
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        database.backup(copy)
    except BaseException:
        copy.close()
        raise
    database.close()
    return copy


@contextmanager
def change(
    database: sqlite3.Connection, lock: AbstractContextManager[object]
) -> Iterator[sqlite3.Connection]:
    """A change that is made as a whole or not at all.

    Args:
        database: Of `connect`.
        lock: Guards it.

    Raises:
        sqlite3.Error: The disk refuses; nothing has changed.
    """
    with lock:
        try:
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                if database.in_transaction:
                    database.execute("ROLLBACK")
            raise


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _quoted(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
