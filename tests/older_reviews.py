"""Reviews as earlier programs kept them: results and a person's words in one database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from sonoassist.core.packets import Box
from sonoassist.preprocess import PREPROCESSING
from sonoassist.recordings import older_practice, older_results
from sonoassist.recordings.correction_store import DATABASE, CorrectionStore
from sonoassist.recordings.edits import Edit, text_of
from sonoassist.recordings.records import FrameResult

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


def prepared_as_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if frames were still prepared for the network as earlier programs did.

    Their results serve then. What of them is taken over does not depend on it.
    """
    for module in (older_results, older_practice):
        monkeypatch.setattr(module, "_PREPROCESSING", PREPROCESSING)


def write_older(
    store: CorrectionStore,
    content: str,
    version: int,
    results: Sequence[FrameResult],
    *,
    crop: str = "full",
    field: Box,
    sha: str = "0" * 64,
    threshold: float = 0.7,
    pictures: Mapping[int, bytes] | None = None,
    edits: Sequence[Edit] = (),
    facts: Mapping[str, str] | None = None,
) -> Path:
    """Write a review of one analysis; returns its database.

    Args:
        store: Where reviews are.
        content: Of the recording.
        version: 1 (no stillness, probabilities in half precision) or 2.
        results: Of its frames.
        crop: As the settings named it.
        field: That crop in frame pixels.
        sha: Of the model's weights.
        threshold: Of the states.
        pictures: Small ones, by frame.
        edits: What the person did.
        facts: Of the review.
    """
    folder = store.folder / content
    folder.mkdir(0o700, parents=True, exist_ok=True)
    path = folder / DATABASE
    edges = [float(edge) for edge in (field.left, field.top, field.right, field.bottom)]
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.executescript(f"{_TABLES}PRAGMA user_version = {version};")
        made.execute("BEGIN")
        made.execute(
            "INSERT INTO analyses VALUES (1, 0, ?, 'Mine', ?, ?, ?, ?, ?, ?)",
            (sha, crop, threshold, *edges),
        )
        made.executemany(
            "INSERT INTO frames VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [_row(one, version) for one in results],
        )
        made.executemany("INSERT INTO pictures VALUES (?, ?)", list((pictures or {}).items()))
        made.executemany("INSERT INTO edits (what) VALUES (?)", [(text_of(one),) for one in edits])
        known = {"pictured": json.dumps(edges), **(facts or {})}
        made.executemany("INSERT INTO meta VALUES (?, ?)", list(known.items()))
        made.execute("COMMIT")
        if version == 1:
            made.execute("ALTER TABLE frames DROP COLUMN stillness")
    return path


def _row(one: FrameResult, version: int) -> tuple[object, ...]:
    box = one.shown_box
    kind = "<f2" if version == 1 else "<f4"
    return (
        one.index,
        "damaged" if one.state is None else one.state.value,
        *((None,) * 4 if box is None else (box.left, box.top, box.right, box.bottom)),
        None if np.isnan(one.quality) else one.quality,
        one.probabilities.astype(kind).tobytes(),
        None if np.isnan(one.stillness) else one.stillness,
    )
