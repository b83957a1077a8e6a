"""One review on disk: results, small pictures and corrections; any thread may call."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import numpy as np
from filelock import BaseFileLock
from typing_extensions import Self

from sonoassist.core.database import change
from sonoassist.core.errors import OutputError
from sonoassist.core.names import readable
from sonoassist.core.packets import Box, Floats, State, frozen
from sonoassist.core.planes import PLANES
from sonoassist.review.edits import Edit, edit_of, folded, text_of
from sonoassist.review.records import AnalysisKey, Corrections, FrameResult, restated
from sonoassist.review.schema import READ_ERRORS, ReviewError
from sonoassist.temporal.quality import Quality

DAMAGED = "damaged"
_SINGLE, _HALF = np.dtype("<f4"), np.dtype("<f2")
"""How probabilities are kept; in half precision by programs that kept no stillness either.

Half precision cannot tell sure frames apart: near 1 its steps are 0.0005.
"""
_FRAMES = "frame, state, left_px, top_px, right_px, bottom_px, quality, probabilities, stillness"
_KEY = "(? = 0 OR modified_ns = ?) AND model_sha256 = ? AND crop = ? AND (? OR threshold = ?)"
_PICTURED = "pictured"
"""Fact of a review: the crop that its small pictures show."""
_FAR_PX = 1e9
"""No picture reaches so far."""
_FULL_HINT = "Free some space; what was kept so far is safe"

Row = tuple[object, ...]
_Value = TypeVar("_Value")


class Review:
    """The review of one recording.

    Args:
        folder: Of the review.
        database: Open.
        lock: Held while this is the one that writes; None where it is only read.
    """

    def __init__(
        self, folder: Path, database: sqlite3.Connection, lock: BaseFileLock | None
    ) -> None:
        self.folder = folder
        self._database = database
        self._writer = lock
        self._lock = threading.RLock()
        self._closed = False
        # What is deleted is overwritten: a picture may show a name.
        self._all("PRAGMA secure_delete = ON")
        self._corrections = folded(self._edits())

    # --- corrections ------------------------------------------------------------------------

    @property
    def corrections(self) -> Corrections:
        """All that a person said so far."""
        return self._corrections

    def apply(self, edit: Edit) -> None:
        """Do a step; what was undone before cannot be done again after that.

        Raises:
            OutputError: The disk refuses; nothing has changed.
        """
        with self._change() as change:
            change.execute("DELETE FROM edits WHERE undone")
            change.execute("INSERT INTO edits (what) VALUES (?)", (_sayable(text_of(edit)),))
        self._corrections = edit.applied(self._corrections)

    def undo(self) -> Edit | None:
        """Take the last step back; returns it, or None where there is none."""
        return self._turn("SELECT max(id) FROM edits WHERE NOT undone", undone=True)

    def redo(self) -> Edit | None:
        """Do again what was undone last; returns it, or None where there is nothing."""
        return self._turn("SELECT min(id) FROM edits WHERE undone", undone=False)

    def _turn(self, query: str, *, undone: bool) -> Edit | None:
        with self._lock:
            ((number,),) = self._all(query)
            if number is None:
                return None
            (row,) = self._all("SELECT what FROM edits WHERE id = ?", (number,))
            edit = self._made(_edit, row)  # first: one that cannot be read is not done again
            with self._change() as change:
                change.execute("UPDATE edits SET undone = ? WHERE id = ?", (int(undone), number))
            self._corrections = folded(self._edits())
            return edit

    def _edits(self) -> list[Edit]:
        found = self._all("SELECT what FROM edits WHERE NOT undone ORDER BY id")
        return [self._made(_edit, row) for row in found]

    @property
    def begun(self) -> bool:
        """Whether anything is kept that names frames by number."""
        return any(
            self._all(f"SELECT 1 FROM {table} LIMIT 1") for table in ("edits", "frames", "pictures")
        )

    def renumber(
        self, change_of: Callable[[Edit], Sequence[Edit]], facts: Mapping[str, str]
    ) -> None:
        """Write all steps anew by other numbers, and forget what was found by the old ones.

        Args:
            change_of: What a step becomes.
            facts: Kept with it, or not at all.

        Raises:
            OutputError: The disk refuses; nothing has changed.
        """
        rows = self._all("SELECT what, undone FROM edits ORDER BY id")
        try:
            made = [(change_of(edit_of(str(what))), undone) for what, undone in rows]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._damaged(error) from error
        values = [(_sayable(text_of(one)), undone) for edits, undone in made for one in edits]
        with self._change() as change:
            for table in ("edits", "frames", "analyses", "pictures"):
                change.execute(f"DELETE FROM {table}")
            change.executemany("INSERT INTO edits (what, undone) VALUES (?, ?)", values)
            change.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(facts.items()))
        self._corrections = folded(self._edits())

    # --- results ----------------------------------------------------------------------------

    def find_analysis(
        self, key: AnalysisKey, *, any_threshold: bool = False
    ) -> tuple[int, Box] | None:
        """Number and crop of an analysis that was begun before, or None; of several the furthest.

        Args:
            key: What its results depend on.
            any_threshold: Also by another threshold.
        """
        found = self._all(
            f"SELECT id, left_px, top_px, right_px, bottom_px FROM analyses WHERE {_KEY}"
            " ORDER BY (SELECT count(*) FROM frames WHERE analysis = id) DESC, id DESC LIMIT 1",
            (
                key.modified_ns, key.modified_ns, key.model_sha256, key.crop,
                any_threshold, key.threshold,
            ),
        )  # fmt: skip
        return self._made(_analysis, found[0]) if found else None

    def set_threshold(self, analysis: int, threshold: float) -> None:
        """Have an analysis be by another threshold, all of it or none.

        Args:
            analysis: Its number; there is none by that threshold with the same key.
            threshold: Softmax below which no plane is named.
        """
        changed = [
            (str(other.state.value), analysis, other.index)
            for part in self.results(analysis)
            for one in part
            if (other := restated(one, threshold)) is not one and other.state is not None
        ]
        with self._change() as change:
            change.execute("UPDATE analyses SET threshold = ? WHERE id = ?", (threshold, analysis))
            change.executemany(
                "UPDATE frames SET state = ? WHERE analysis = ? AND frame = ?", changed
            )

    def whole_analysis(self, model_sha256: str, count: int) -> int | None:
        """Number of the newest analysis by a model that has judged all frames, or None.

        Args:
            model_sha256: Of the weights.
            count: Frames of the recording.
        """
        found = self._all(
            "SELECT id FROM analyses WHERE model_sha256 = ? AND"
            " (SELECT count(*) FROM frames WHERE analysis = id AND frame < ?) = ?"
            " ORDER BY id DESC LIMIT 1",
            (model_sha256, count, count),
        )
        return self._made(_number, found[0]) if found else None

    def begin_analysis(self, key: AnalysisKey, field: Box) -> int:
        """Begin an analysis; returns its number.

        Args:
            key: What its results depend on; there is none with this key yet.
            field: The crop of the whole recording, in frame pixels.
        """
        with self._change() as change:
            cursor = change.execute(
                "INSERT INTO analyses (modified_ns, model_sha256, model, crop, threshold,"
                " left_px, top_px, right_px, bottom_px) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    key.modified_ns, key.model_sha256, key.model, key.crop, key.threshold,
                    *(float(edge) for edge in _edges(field)),
                ),
            )  # fmt: skip
        return int(cursor.lastrowid or 0)

    def add_results(
        self,
        analysis: int,
        results: Sequence[FrameResult],
        pictures: Mapping[int, bytes] | None = None,
        measured: Mapping[int, Quality] | None = None,
    ) -> None:
        """Keep the results of some frames, all or none.

        Args:
            analysis: Number of the analysis.
            results: In any order.
            pictures: Frame -> a small picture of it, as JPEG.
            measured: Frame whose result is kept already -> the quality of its picture.
        """
        qualities = [
            (_known(one.sharpness), _known(one.stillness), analysis, frame)
            for frame, one in (measured or {}).items()
        ]
        with self._change() as change:
            change.executemany(
                f"INSERT OR REPLACE INTO frames (analysis, {_FRAMES})"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(analysis, *_values(one)) for one in results],
            )
            change.executemany(
                "UPDATE frames SET quality = ?, stillness = ? WHERE analysis = ? AND frame = ?",
                qualities,
            )
            change.executemany(
                "INSERT OR IGNORE INTO pictures VALUES (?, ?)", list((pictures or {}).items())
            )

    def results(self, analysis: int) -> Iterator[list[FrameResult]]:
        """The results of an analysis, some thousands at a time, in the order of the frames."""
        last = -1
        query = (
            f"SELECT {_FRAMES} FROM frames WHERE analysis = ? AND frame > ?"
            " ORDER BY frame LIMIT 4000"
        )
        while found := self._all(query, (analysis, last)):
            made = [self._made(_result, row) for row in found]
            yield made
            last = made[-1].index

    # --- small pictures ---------------------------------------------------------------------

    def pictured(self) -> list[int]:
        """Frames of which a small picture is kept."""
        found = self._all("SELECT frame FROM pictures ORDER BY frame")
        return [self._made(_number, row) for row in found]

    def picture(self, frame: int) -> bytes | None:
        """The small picture of a frame as JPEG, or None."""
        found = self._all("SELECT jpeg FROM pictures WHERE frame = ?", (frame,))
        return bytes(found[0][0]) if found and isinstance(found[0][0], bytes) else None

    def keep_pictures_of(self, field: Box) -> None:
        """Delete the small pictures that were made with another crop: it may show a name.

        Args:
            field: The crop from now on, in frame pixels.

        Raises:
            OutputError: The disk refuses; nothing has changed.
        """
        wanted = json.dumps([float(edge) for edge in _edges(field)])
        known = self.fact(_PICTURED)
        if known == wanted:
            return
        # Before it was noted, the crop of the pictures is certain only where there was but one.
        crops = self._all("SELECT DISTINCT left_px, top_px, right_px, bottom_px FROM analyses")
        others = bool(known) or any(self._made(_box, crop) != field for crop in crops)
        delete = others and bool(self.pictured())
        with self._change() as change:
            if delete:
                change.execute("DELETE FROM pictures")
            change.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_PICTURED, wanted))
        if delete:
            self._empty_journal()

    def _empty_journal(self) -> None:
        """Nothing of what was deleted stays in the file beside the database."""
        with suppress(sqlite3.Error), self._lock:  # somebody may be reading just now
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    # --- facts ------------------------------------------------------------------------------

    def fact(self, key: str) -> str:
        """Something known of the review as a whole, or ""."""
        found = self._all("SELECT value FROM meta WHERE key = ?", (key,))
        return str(found[0][0]) if found else ""

    def set_fact(self, key: str, value: object) -> None:
        """Keep something known of the review as a whole."""
        text = value if isinstance(value, str) else json.dumps(value)
        with self._change() as change:
            change.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, _sayable(text)))

    def remember(self, key: str, value: str) -> None:
        """Keep a fact where it is another one than before.

        Raises:
            OutputError: The disk refuses.
        """
        if self.fact(key) != _sayable(value):
            self.set_fact(key, value)

    def close(self) -> None:
        """Let go of the files; may be called twice."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._database.close()
                if self._writer is not None:
                    self._writer.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- inside -----------------------------------------------------------------------------

    def _all(self, query: str, values: tuple[object, ...] = ()) -> list[Row]:
        try:
            with self._lock:
                return self._database.execute(query, values).fetchall()
        except READ_ERRORS as error:
            raise self._damaged(error) from error

    def _made(self, make: Callable[[Row], _Value], row: Row) -> _Value:
        try:
            return make(row)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> ReviewError:
        return ReviewError(
            f"the review in {self.folder} cannot be read: {error}",
            "Move that folder away to begin anew",
        )

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """A change that is made as a whole or not at all."""
        if self._writer is None:
            raise OutputError("this review is only being read", "Open it to change it")
        try:
            with change(self._database, self._lock) as database:
                yield database
        except READ_ERRORS as error:
            raise OutputError(f"the review cannot be kept: {error}", _FULL_HINT) from error


def _sayable(text: str) -> str:
    return readable(text)


def _edit(row: Row) -> Edit:
    return edit_of(str(row[0]))


def _number(row: Row) -> int:
    return int(str(row[0]))


def _analysis(row: Row) -> tuple[int, Box]:
    return _number(row), _box(row[1:])


def _box(row: Row) -> Box:
    edges = [float(str(value)) for value in row]
    if not all(abs(edge) < _FAR_PX for edge in edges):
        raise ValueError("a box lies nowhere")
    return Box(*edges)


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


def _values(result: FrameResult) -> Row:
    """In the order of `_FRAMES`."""
    box = result.box
    edges = (None,) * 4 if box is None else _edges(box)
    return (
        int(result.index),
        DAMAGED if result.state is None else result.state.value,
        *(None if edge is None else float(edge) for edge in edges),
        _known(result.quality),
        result.probabilities.astype(_SINGLE).tobytes(),
        _known(result.stillness),
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _measure(value: object) -> float:
    """The inverse of `_known`; what is no share was not measured."""
    number = np.nan if value is None else float(str(value))
    return number if 0 <= number <= 1 else np.nan


def _result(row: Row) -> FrameResult:
    data = row[7]
    if not isinstance(data, bytes):
        raise TypeError("the probabilities are missing")
    kept = _HALF if len(data) == _HALF.itemsize * len(PLANES) else _SINGLE
    shares: Floats = np.frombuffer(data, kept).astype(np.float32)
    if len(shares) != len(PLANES):
        raise ValueError(f"there are {len(shares)} probabilities")
    if not bool(((shares >= 0) & (shares <= 1)).all()):
        shares = np.clip(np.nan_to_num(shares), 0, 1)  # a bit of it has turned over
    return FrameResult(
        index=int(str(row[0])),
        state=None if row[1] == DAMAGED else State(row[1]),
        probabilities=frozen(shares),
        box=None if row[2] is None else _box(row[2:6]),
        quality=_measure(row[6]),
        stillness=_measure(row[8]),
    )
