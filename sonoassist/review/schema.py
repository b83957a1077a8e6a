"""The tables of a review's database."""

from __future__ import annotations

import sqlite3

from sonoassist.errors import SonoAssistError

VERSION = 1
BUSY_MS = 5000
READ_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged database may raise."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE analyses (id INTEGER PRIMARY KEY AUTOINCREMENT, modified_ns INTEGER NOT NULL,
    model_sha256 TEXT NOT NULL, model TEXT NOT NULL, crop TEXT NOT NULL, threshold REAL NOT NULL,
    left_px REAL NOT NULL, top_px REAL NOT NULL, right_px REAL NOT NULL, bottom_px REAL NOT NULL,
    UNIQUE (modified_ns, model_sha256, crop, threshold));
CREATE TABLE frames (analysis INTEGER NOT NULL, frame INTEGER NOT NULL, state TEXT NOT NULL,
    left_px REAL, top_px REAL, right_px REAL, bottom_px REAL, quality REAL,
    probabilities BLOB NOT NULL, PRIMARY KEY (analysis, frame)) WITHOUT ROWID;
CREATE TABLE pictures (frame INTEGER PRIMARY KEY, jpeg BLOB NOT NULL);
CREATE TABLE edits (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0);
"""


class ReviewError(SonoAssistError):
    """A review on disk is damaged, or of a newer program."""


def connect(path: str, *, create: bool = False) -> sqlite3.Connection:
    """Open the database of a review.

    Args:
        path: Of the file.
        create: Make its tables; else they must be there.

    Raises:
        sqlite3.Error, UnicodeDecodeError: It is not a database, or the disk refuses.
        ReviewError: Its layout is not known to this program.
    """
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    uri = f"file:{quoted}?mode={'rwc' if create else 'rw'}"
    # One lock in `Review` guards the connection, so several threads may share it.
    database = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        database.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        database.execute("PRAGMA journal_mode = WAL")
        # Each commit is on the disk when it returns: a power cut loses nothing finished.
        database.execute("PRAGMA synchronous = FULL")
        if create:
            database.executescript(f"BEGIN;{_TABLES}PRAGMA user_version = {VERSION};COMMIT;")
        _check(database)
    except BaseException:
        database.close()
        raise
    return database


def _check(database: sqlite3.Connection) -> None:
    found = int(database.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        raise ReviewError("this review was made by a newer SonoAssist", "Update SonoAssist")
    if found < VERSION:
        raise ReviewError("this review was never finished being made", "Delete its folder")
