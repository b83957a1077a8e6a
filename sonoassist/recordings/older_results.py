"""Results that an earlier program kept otherwise."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from sonoassist.core import paths
from sonoassist.core.errors import OutputError, SonoAssistError, SourceError, UsageError
from sonoassist.core.packets import Box, Provenance, State
from sonoassist.core.settings import load_settings
from sonoassist.preprocess.crop import parse_crop
from sonoassist.recordings.cache import AnalysisCache
from sonoassist.recordings.cache_rows import DAMAGED, box_of, shares_of
from sonoassist.recordings.correction_schema import holds_results, read_only, version_of
from sonoassist.recordings.recording_cache import AnalysisKey, RecordingCache
from sonoassist.recordings.records import FrameResult
from sonoassist.sources import FIRST_READER, READER

if TYPE_CHECKING:
    from sonoassist.recordings.recording import Recording

REVIEW_FILE = "review.sqlite"
"""A person's words on a recording; up to version 2 also its results."""
_PREPROCESSING = 1
"""Of the programs that kept results in reviews; what made boxes then is number 1 too."""
_TAKEN = "review"
"""Fact of what is kept: the results of the review are among it."""
_PASSING = ("locked", "busy", "I/O", "unable to open")
"""Words of errors that another time may not come."""
_ERRORS = (sqlite3.Error, ValueError, TypeError, KeyError, AttributeError, OverflowError)


def take_over_review(content: str, cache: AnalysisCache, kept: RecordingCache) -> None:
    """Keep the results that a review of an earlier program has, once.

    What of them cannot be read is left there: it can be made again.

    Args:
        content: Of the recording.
        cache: Beside whose folder the reviews are.
        kept: Of the recording.

    Raises:
        OutputError: The disk refuses, or they cannot be read by now.
    """
    path = cache.reviews / content / REVIEW_FILE
    if kept.fact(_TAKEN):
        return
    try:
        if not holds_results(path):
            return
        with closing(read_only(path)) as database:
            _copy(database, kept)
    except _ERRORS as error:
        if any(word in str(error) for word in _PASSING):
            raise OutputError(
                f"the results of an earlier program cannot be read now: {error}", "Try again"
            ) from error
    kept.set_fact(_TAKEN, "taken over")


def _copy(database: sqlite3.Connection, kept: RecordingCache) -> None:
    stillness = "NULL" if version_of(database) == 1 else "stillness"
    reader = _fact(database, "reader")
    found = database.execute(
        "SELECT id, modified_ns, model_sha256, crop, left_px, top_px, right_px, bottom_px"
        " FROM analyses ORDER BY id"
    ).fetchall()
    for number, modified_ns, weights, crop, *edges in found:
        with suppress(*_ERRORS):
            field = box_of(tuple(edges))
            key = AnalysisKey(
                int(modified_ns),
                Provenance(str(weights), "", crop_text_of(str(crop))),
                preprocessing=_PREPROCESSING,
                reader=int(reader) if reader.isdigit() else FIRST_READER,
            )
            results = list(_results(database, int(number), stillness, field))
            pictures = _pictures_or_none(database, field, alone=len(found) == 1)
            kept.add(kept.begin(key), results, pictures, again=False)


def _pictures_or_none(
    database: sqlite3.Connection, field: Box | None, *, alone: bool
) -> dict[int, bytes]:
    """The small pictures; none where they cannot be read, which costs no result."""
    with suppress(*_ERRORS):
        return _pictures(database, field, alone=alone)
    return {}


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
            box = box_of(row[2:6])
            # Only of a plane that was named a box was kept, and states follow another threshold.
            looked = box is not None or state not in (State.PLANE, State.UNSURE)
            yield FrameResult(
                index=int(row[0]),
                state=state,
                probabilities=shares_of(row[7]),
                box=box,
                quality=_share(row[6]),
                stillness=_share(row[8]),
                crop=None if state is None else field,
                boxed=looked,
            )


def _share(value: object) -> float:
    number = float("nan") if value is None else float(str(value))
    return number if 0 <= number <= 1 else float("nan")


def _fact(database: sqlite3.Connection, key: str) -> str:
    found = database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return str(found[0]) if found else ""


def _pictures(database: sqlite3.Connection, field: Box | None, *, alone: bool) -> dict[int, bytes]:
    """The small pictures, where they are of this crop; `alone`: there was no other."""
    known = _fact(database, "pictured")
    edges = [] if field is None else [field.left, field.top, field.right, field.bottom]
    if json.loads(known) != edges if known else not alone:
        return {}
    found = database.execute("SELECT frame, jpeg FROM pictures")
    return {int(frame): jpeg for frame, jpeg in found if isinstance(jpeg, bytes)}


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
    for reader in range(FIRST_READER, READER):
        if kept.has_reader(reader):
            _bring_up(recording, kept, reader)


def _bring_up(recording: Recording, kept: RecordingCache, reader: int) -> None:
    # Not at the top: a library for video comes with it, and the window is up before that.
    from sonoassist.recordings.reader import may_be_whole
    from sonoassist.sources.older_reading import moved_since

    index = recording.index
    try:
        moved = None if index is None else moved_since(recording.path, index, reader)
    except SourceError as error:
        if not may_be_whole(error):
            kept.drop_reader(reader)  # another video of the file was read then
        return
    if moved is None:
        kept.rename_reader(reader, READER)
    else:  # they are of other frames
        kept.drop_reader(reader)
