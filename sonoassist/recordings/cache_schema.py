"""The tables of the results that are kept of one recording."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from sonoassist.core.database import READ_ERRORS, Layout
from sonoassist.core.errors import SonoAssistError

__all__ = ["LAYOUT", "READ_ERRORS", "TABLES", "CacheError", "check"]

VERSION = 1
TABLES = ("meta", "analyses", "frames", "damage", "pictures")

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE analyses (id INTEGER PRIMARY KEY AUTOINCREMENT, modified_ns INTEGER NOT NULL,
    weights_sha256 TEXT NOT NULL, network_input TEXT NOT NULL, crop TEXT NOT NULL,
    precision TEXT NOT NULL, preprocessing INTEGER NOT NULL, reader INTEGER NOT NULL,
    UNIQUE (modified_ns, weights_sha256, network_input, crop, precision, preprocessing, reader));
CREATE TABLE frames (analysis INTEGER NOT NULL, frame INTEGER NOT NULL, state TEXT NOT NULL,
    probabilities BLOB NOT NULL, left_px REAL, top_px REAL, right_px REAL, bottom_px REAL,
    localiser INTEGER NOT NULL, crop_left_px REAL, crop_top_px REAL, crop_right_px REAL,
    crop_bottom_px REAL, quality REAL, stillness REAL, frozen INTEGER,
    PRIMARY KEY (analysis, frame)) WITHOUT ROWID;
CREATE TABLE damage (modified_ns INTEGER NOT NULL, reader INTEGER NOT NULL, frame INTEGER NOT NULL,
    message TEXT NOT NULL, PRIMARY KEY (modified_ns, reader, frame)) WITHOUT ROWID;
CREATE TABLE pictures (analysis INTEGER NOT NULL, frame INTEGER NOT NULL, jpeg BLOB NOT NULL,
    PRIMARY KEY (analysis, frame)) WITHOUT ROWID;
"""


class CacheError(SonoAssistError):
    """What is kept of a recording is damaged: it can be made again."""


class NewerCacheError(CacheError):
    """What is kept of a recording is of a newer program: it stays as it is."""


LAYOUT = Layout(
    _TABLES,
    VERSION,
    newer=lambda: NewerCacheError(
        "these results were kept by a newer SonoAssist", "Update SonoAssist"
    ),
    unfinished=lambda: CacheError("these results were never finished being kept"),
)


def check(database: sqlite3.Connection) -> None:
    """Refuse a database of which a page is damaged, or whose tables are others.

    What is only found while results are added cannot be mended then.

    Raises:
        CacheError: It is one.
        sqlite3.Error, UnicodeDecodeError: It is no database any more.
    """
    (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise CacheError(f"the kept results are damaged: {' '.join(str(found).split())}")
    with closing(sqlite3.connect(":memory:")) as new:
        new.executescript(_TABLES)
        if _tables(database) != _tables(new):
            raise CacheError("the kept results are damaged: their tables are others")


def _tables(database: sqlite3.Connection) -> list[tuple[object, ...]]:
    query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    return database.execute(query).fetchall()
