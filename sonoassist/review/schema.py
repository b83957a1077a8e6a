"""The tables of a review's database.

Version 2 keeps the stillness of each frame, and probabilities in single precision. In a review of
version 1 stillness is not known; it is measured when the recording is reviewed again. Its
probabilities stay in half precision, which their length tells.
"""

from __future__ import annotations

import sqlite3

from sonoassist.core import database
from sonoassist.core.database import READ_ERRORS, Layout
from sonoassist.core.errors import SonoAssistError

__all__ = ["READ_ERRORS", "VERSION", "ReviewError", "connect"]

VERSION = 2

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE analyses (id INTEGER PRIMARY KEY AUTOINCREMENT, modified_ns INTEGER NOT NULL,
    model_sha256 TEXT NOT NULL, model TEXT NOT NULL, crop TEXT NOT NULL, threshold REAL NOT NULL,
    left_px REAL NOT NULL, top_px REAL NOT NULL, right_px REAL NOT NULL, bottom_px REAL NOT NULL,
    UNIQUE (modified_ns, model_sha256, crop, threshold));
CREATE TABLE frames (analysis INTEGER NOT NULL, frame INTEGER NOT NULL, state TEXT NOT NULL,
    left_px REAL, top_px REAL, right_px REAL, bottom_px REAL, quality REAL,
    probabilities BLOB NOT NULL, stillness REAL, PRIMARY KEY (analysis, frame)) WITHOUT ROWID;
CREATE TABLE pictures (frame INTEGER PRIMARY KEY, jpeg BLOB NOT NULL);
CREATE TABLE edits (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0);
"""
_MIGRATIONS = {1: ("ALTER TABLE frames ADD COLUMN stillness REAL",)}


class ReviewError(SonoAssistError):
    """A review on disk is damaged, or of a newer program."""


def connect(path: str, *, create: bool = False, settled: bool = False) -> sqlite3.Connection:
    """Open the database of a review; one of an earlier version is brought up to this one.

    Args:
        path: Of the file.
        create: Make its tables; else they must be there.
        settled: To read only, see `database.connect`.

    Raises:
        sqlite3.Error, UnicodeDecodeError: It is not a database, or the disk refuses.
        ReviewError: Its layout is not known to this program.
    """
    return database.connect(path, LAYOUT, create=create, settled=settled)


LAYOUT = Layout(
    _TABLES,
    VERSION,
    newer=lambda: ReviewError("this review was made by a newer SonoAssist", "Update SonoAssist"),
    unfinished=lambda: ReviewError("this review is empty", "Move its folder away to begin anew"),
    migrations=_MIGRATIONS,
)
