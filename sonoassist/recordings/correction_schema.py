"""The tables of what a person says of a recording.

Up to version 2 the results of the analysis were kept here as well, see `older_results`.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from sonoassist.core import database
from sonoassist.core.database import READ_ERRORS, Layout
from sonoassist.core.errors import SonoAssistError

__all__ = [
    "READ_ERRORS",
    "VERSION",
    "CorrectionError",
    "connect",
    "holds_results",
    "is_earlier",
    "read_only",
    "version_of",
    "words_of",
]

VERSION = 4
"""3 became 4 with boxes, and with labels that leave chosen frames chosen."""
_FREE_PAGES = 16
"""A person's words leave fewer free pages than that, which their next words take."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE edits (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0);
"""
_MIGRATIONS: dict[int, tuple[str, ...]] = {
    1: (),
    2: tuple(f"DROP TABLE {table}" for table in ("analyses", "frames", "pictures")),
    3: (),
}
"""The results are taken over into the cache before."""
_WITH_RESULTS = (1, 2)


class CorrectionError(SonoAssistError):
    """A review on disk is damaged, or of a newer program."""


def connect(
    path: str, *, create: bool = False, settled: bool = False, earlier: bool = False
) -> sqlite3.Connection:
    """Open the database of a review.

    Args:
        path: Of the file.
        create: Make its tables; else they must be there.
        settled: To read only, see `database.connect`.
        earlier: One of an earlier version is brought up to this one: the results in it are gone
            then. Else it is refused, but in a copy.

    Raises:
        sqlite3.Error, UnicodeDecodeError: It is not a database, or the disk refuses.
        CorrectionError: Its layout is not known to this program.
    """
    layout = LAYOUT if earlier or settled else _LAYOUT_OF_NOW
    made = database.connect(path, layout, create=create, settled=settled)
    if earlier:
        _give_back(made)
    return made


def _give_back(made: sqlite3.Connection) -> None:
    """Let the disk have what the results took that were dropped, once; it may be most of the file.

    Where there is no room for it, or somebody reads, it is tried again the next time.
    """
    with suppress(sqlite3.Error):
        (free,) = made.execute("PRAGMA freelist_count").fetchone()
        (pages,) = made.execute("PRAGMA page_count").fetchone()
        if free >= _FREE_PAGES and 2 * free > pages:
            made.execute("VACUUM")
            made.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def version_of(database: sqlite3.Connection) -> int:
    """Of its layout.

    Raises:
        sqlite3.Error, UnicodeDecodeError: It is not a database.
    """
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def holds_results(path: Path) -> bool:
    """Whether a review's database is of a program that kept results in it.

    Raises:
        sqlite3.Error, UnicodeDecodeError: It cannot be read.
    """
    if not path.is_file():
        return False
    with closing(read_only(path)) as database:
        return version_of(database) in _WITH_RESULTS


def is_earlier(path: Path) -> bool:
    """Whether a review's database is of an earlier program.

    Raises:
        sqlite3.Error, UnicodeDecodeError: It cannot be read.
    """
    if not path.is_file():
        return False
    with closing(read_only(path)) as database:
        return version_of(database) in _MIGRATIONS


def read_only(path: Path) -> sqlite3.Connection:
    """Open a review's database as it is.

    Raises:
        sqlite3.Error: It cannot be opened.
    """
    quoted = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(f"file:{quoted}?mode=ro", uri=True)


def words_of(earlier: sqlite3.Connection) -> sqlite3.Connection:
    """A database of this version, in memory, with a person's words from one of an earlier version.

    Args:
        earlier: Stays as it is, with its results.

    Raises:
        sqlite3.Error, UnicodeDecodeError: They cannot be read.
    """
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        copy.executescript(f"{_TABLES}PRAGMA user_version = {VERSION};")
        for table, columns in (("meta", "key, value"), ("edits", "id, what, undone")):
            rows = earlier.execute(f"SELECT {columns} FROM {table}").fetchall()
            marks = ", ".join("?" * (columns.count(",") + 1))
            copy.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
    except BaseException:
        copy.close()
        raise
    return copy


LAYOUT = Layout(
    _TABLES,
    VERSION,
    newer=lambda: CorrectionError(
        "this review was made by a newer SonoAssist", "Update SonoAssist"
    ),
    unfinished=lambda: CorrectionError(
        "this review is empty", "Move its folder away to begin anew"
    ),
    migrations=_MIGRATIONS,
)
_LAYOUT_OF_NOW = replace(LAYOUT, migrations={})
