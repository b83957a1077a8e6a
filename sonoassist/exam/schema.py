"""The tables of an exam's database, and the change from one layout to the next.

Version 2 keeps with each frame what made its result and what the network saw of it; version 3 with
each capture what the network said of it; version 4 with each capture what could be better in it.
"""

from __future__ import annotations

import sqlite3

from sonoassist.core import database
from sonoassist.core.database import READ_ERRORS, Layout
from sonoassist.core.errors import SonoAssistError

__all__ = ["READ_ERRORS", "VERSION", "RecordError", "connect"]

VERSION = 4

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE events (id INTEGER PRIMARY KEY, at_s REAL NOT NULL, kind TEXT NOT NULL,
    text TEXT NOT NULL);
CREATE TABLE frames (id INTEGER PRIMARY KEY, at_s REAL NOT NULL, frame INTEGER NOT NULL,
    time_s REAL NOT NULL, state TEXT NOT NULL, plane TEXT NOT NULL, confidence REAL NOT NULL,
    steady_plane TEXT NOT NULL, left_px REAL, top_px REAL, right_px REAL, bottom_px REAL,
    probabilities BLOB NOT NULL, crop_left_px REAL, crop_top_px REAL, crop_right_px REAL,
    crop_bottom_px REAL, frozen INTEGER, localiser INTEGER, provenance INTEGER);
CREATE TABLE captures (id INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL, how TEXT NOT NULL,
    at_s REAL NOT NULL, frame INTEGER NOT NULL, time_s REAL NOT NULL, plane TEXT NOT NULL,
    confidence REAL NOT NULL, quality REAL NOT NULL, why TEXT NOT NULL,
    left_px REAL, top_px REAL, right_px REAL, bottom_px REAL,
    field_left_px REAL NOT NULL, field_top_px REAL NOT NULL, field_right_px REAL NOT NULL,
    field_bottom_px REAL NOT NULL, judgement TEXT NOT NULL, still TEXT NOT NULL,
    clip TEXT NOT NULL, saw TEXT NOT NULL DEFAULT '', hints TEXT);
CREATE TABLE recordings (id INTEGER PRIMARY KEY AUTOINCREMENT, file TEXT NOT NULL,
    began_s REAL NOT NULL, frames INTEGER NOT NULL, ended INTEGER NOT NULL, trouble TEXT NOT NULL);
CREATE TABLE ticks (item TEXT PRIMARY KEY, done INTEGER NOT NULL, note TEXT NOT NULL)
    WITHOUT ROWID;
"""
_PROVENANCES = (
    "CREATE TABLE provenances (id INTEGER PRIMARY KEY, weights_sha256 TEXT NOT NULL,"
    " network_input TEXT NOT NULL, crop TEXT NOT NULL, precision TEXT NOT NULL,"
    " UNIQUE (weights_sha256, network_input, crop, precision))"
)
_MIGRATIONS = {
    1: (
        *(
            f"ALTER TABLE frames ADD COLUMN {column}"
            for column in (
                "crop_left_px REAL",
                "crop_top_px REAL",
                "crop_right_px REAL",
                "crop_bottom_px REAL",
                "frozen INTEGER",
                "localiser INTEGER",
                "provenance INTEGER",
            )
        ),
        _PROVENANCES,
    ),
    2: ("ALTER TABLE captures ADD COLUMN saw TEXT NOT NULL DEFAULT ''",),
    3: ("ALTER TABLE captures ADD COLUMN hints TEXT",),
}


class RecordError(SonoAssistError):
    """An exam record is damaged, missing, or of a newer program."""


def connect(path: str, *, create: bool = False, settled: bool = False) -> sqlite3.Connection:
    """Open the database of an exam.

    Args:
        path: Of the file.
        create: Make its tables; else they must be there.
        settled: To read only, without the help files that SQLite needs space for; nobody may be
            writing it, and all of it must be in the one file.

    Raises:
        sqlite3.Error, UnicodeDecodeError: It is not a database, or the disk refuses.
        RecordError: Its layout is not known to this program.
    """
    return database.connect(path, LAYOUT, create=create, settled=settled)


LAYOUT = Layout(
    f"{_TABLES}{_PROVENANCES};\n",
    VERSION,
    newer=lambda: RecordError("this exam was made by a newer SonoAssist", "Update SonoAssist"),
    unfinished=lambda: RecordError(
        "this exam's record is empty", "Its pictures and videos are in its media folder"
    ),
    migrations=_MIGRATIONS,
)
