"""The tables of what a person says of a recording.

Up to version 2 the results of the analysis were kept here as well, see `older_results`.
"""

from __future__ import annotations

import sqlite3

from sonoassist.core import database
from sonoassist.core.database import READ_ERRORS, Layout
from sonoassist.core.errors import SonoAssistError

__all__ = ["READ_ERRORS", "VERSION", "CorrectionError", "connect"]

VERSION = 3

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE edits (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0);
"""
_MIGRATIONS: dict[int, tuple[str, ...]] = {
    1: (),
    2: tuple(f"DROP TABLE {table}" for table in ("analyses", "frames", "pictures")),
}
"""The results are taken over into the cache before."""


class CorrectionError(SonoAssistError):
    """A review on disk is damaged, or of a newer program."""


def connect(path: str, *, create: bool = False, settled: bool = False) -> sqlite3.Connection:
    """Open the database of a review; one of an earlier version is brought up to this one.

    Args:
        path: Of the file.
        create: Make its tables; else they must be there.
        settled: To read only, see `database.connect`.

    Raises:
        sqlite3.Error, UnicodeDecodeError: It is not a database, or the disk refuses.
        CorrectionError: Its layout is not known to this program.
    """
    return database.connect(path, LAYOUT, create=create, settled=settled)


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
