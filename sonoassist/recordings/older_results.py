"""Results that an earlier program kept otherwise."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sonoassist.core import paths
from sonoassist.core.errors import SonoAssistError, SourceError, UsageError
from sonoassist.core.packets import Box, Provenance, State
from sonoassist.core.settings import load_settings
from sonoassist.preprocess.crop import parse_crop
from sonoassist.recordings.cache import AnalysisCache, AnalysisKey, RecordingCache
from sonoassist.recordings.cache_rows import DAMAGED, box_of, shares_of
from sonoassist.recordings.records import FrameResult
from sonoassist.sources import FIRST_READER, READER

if TYPE_CHECKING:
    from sonoassist.recordings.recording import Recording

REVIEW_FILE = "review.sqlite"
"""A person's words on a recording; up to version 2 also its results."""
_WITH_RESULTS = (1, 2)
_TAKEN = "review"
"""Fact of what is kept: the results of the review are among it."""
_ERRORS = (sqlite3.Error, ValueError, TypeError, KeyError, AttributeError)


def take_over_review(content: str, cache: AnalysisCache, kept: RecordingCache) -> None:
    """Keep the results that a review of an earlier program has, once.

    What of them cannot be read is left there: it can be made again.

    Args:
        content: Of the recording.
        cache: Beside whose folder the reviews are.
        kept: Of the recording.

    Raises:
        OutputError: The disk refuses.
    """
    path = cache.reviews / content / REVIEW_FILE
    if not holds_results(path) or kept.fact(_TAKEN):
        return
    with suppress(*_ERRORS), closing(_opened(path)) as database:
        _copy(database, kept)
    kept.set_fact(_TAKEN, "taken over")


def holds_results(path: Path) -> bool:
    """Whether a review's database is of a program that kept results in it."""
    if not path.is_file():
        return False
    with suppress(*_ERRORS), closing(_opened(path)) as database:
        return _version(database) in _WITH_RESULTS
    return False


def _opened(path: Path) -> sqlite3.Connection:
    quoted = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(f"file:{quoted}?mode=ro", uri=True)


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _copy(database: sqlite3.Connection, kept: RecordingCache) -> None:
    stillness = "NULL" if _version(database) == 1 else "stillness"
    reader = _fact(database, "reader")
    found = database.execute(
        "SELECT id, modified_ns, model_sha256, crop, left_px, top_px, right_px, bottom_px"
        " FROM analyses ORDER BY id"
    ).fetchall()
    for number, modified_ns, weights, crop, *edges in found:
        field = box_of(tuple(edges))
        made = Provenance(str(weights), "", crop_text_of(str(crop)))
        key = AnalysisKey(
            int(modified_ns), made, reader=int(reader) if reader.isdigit() else FIRST_READER
        )
        results = list(_results(database, int(number), stillness, field))
        shown = len(found) == 1 or _shows(database, field)
        pictures = dict(database.execute("SELECT frame, jpeg FROM pictures")) if shown else {}
        kept.add(kept.begin(key), results, pictures, again=False)


def _results(
    database: sqlite3.Connection, analysis: int, stillness: str, field: Box | None
) -> Iterator[FrameResult]:
    rows = database.execute(
        "SELECT frame, state, left_px, top_px, right_px, bottom_px, quality, probabilities,"
        f" {stillness} FROM frames WHERE analysis = ? ORDER BY frame",
        (analysis,),
    )
    for row in rows:
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            state = None if row[1] == DAMAGED else State(row[1])
            yield FrameResult(
                index=int(row[0]),
                state=state,
                probabilities=shares_of(row[7]),
                box=box_of(row[2:6]),
                quality=_share(row[6]),
                stillness=_share(row[8]),
                crop=None if state is None else field,
                boxed=state is not State.UNSURE,  # only of a plane that was named a box was kept
            )


def _share(value: object) -> float:
    number = float("nan") if value is None else float(str(value))
    return number if 0 <= number <= 1 else float("nan")


def _fact(database: sqlite3.Connection, key: str) -> str:
    found = database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return str(found[0]) if found else ""


def _shows(database: sqlite3.Connection, field: Box | None) -> bool:
    """Whether the small pictures are of this crop."""
    known = _fact(database, "pictured")
    return field is not None and bool(known) and json.loads(known) == [
        field.left, field.top, field.right, field.bottom,
    ]  # fmt: skip


def crop_text_of(name: str) -> str:
    """A crop as it is named by now; settings named one of the user's own by its name."""
    with suppress(SonoAssistError, OSError):
        presets = load_settings(paths.settings_file())[0].own_crops
        with suppress(UsageError):
            return parse_crop(name, presets).text
    return name


def brought_to_reader(recording: Recording, kept: RecordingCache) -> None:
    """Let results of an earlier reader serve where its numbers of frames are those of now.

    Raises:
        OutputError: The disk refuses.
        SourceError: The recording cannot be read.
    """
    if READER == FIRST_READER or not kept.has_reader(FIRST_READER):
        return
    # Not at the top: a library for video comes with it, and the window is up before that.
    from sonoassist.sources.older_reading import moved_since

    try:
        moved = None if recording.index is None else moved_since(recording.path, recording.index)
    except SourceError:
        return  # another video of the file was read then
    if moved is None:
        kept.rename_reader(FIRST_READER, READER)
