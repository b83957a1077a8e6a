"""What is kept of one recording: results by what made them, damage, small pictures, facts.

Several programs may use one at the same time. What is in it can be made again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sonoassist.core.errors import OutputError
from sonoassist.core.open_database import FULL_HINT, MALFORMED, OpenDatabase, Row
from sonoassist.core.packets import Provenance
from sonoassist.localise import LOCALISER
from sonoassist.preprocess import PREPROCESSING
from sonoassist.recordings.cache_rows import (
    FRAME_COLUMNS,
    block_of_rows,
    measure_values,
    result_of_row,
    values_of,
)
from sonoassist.recordings.cache_schema import READ_ERRORS, CacheError
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.table import ResultBlock
from sonoassist.sources import READER
from sonoassist.temporal.quality import Quality

_EXACT = ("f32", "bf16", "f16", "int8", "")
"""Precisions, the most exact first; of several results of one frame that one counts."""
_DAMAGED_HINT = "Open the recording again; what is damaged is begun anew"


@dataclass(frozen=True, slots=True)
class AnalysisKey:
    """What results depend on: those of one key may stand in one table.

    The number of the localiser is no part of it: it is kept with each box.

    Attributes:
        modified_ns: See `Identity.modified_ns`.
        provenance: What made them.
        any_precision: Results in another precision serve as well.
        preprocessing: See `preprocess.PREPROCESSING`.
        reader: See `sources.READER`.
    """

    modified_ns: int
    provenance: Provenance
    any_precision: bool = True
    preprocessing: int = PREPROCESSING
    reader: int = READER


class RecordingCache(OpenDatabase):
    """What is kept of one recording; any thread may call.

    Args:
        connection: Open.
        modified_ns: Of the file that it is of, see `Identity`.
    """

    def __init__(self, connection: sqlite3.Connection, modified_ns: int = 0) -> None:
        super().__init__(connection)
        self._modified_ns = modified_ns

    # --- results ----------------------------------------------------------------------------

    def begin(self, key: AnalysisKey) -> int:
        """Number of the analysis with this key; made where there is none.

        Raises:
            OutputError: The disk refuses.
        """
        values = (
            key.modified_ns,
            *_kept(key.provenance),
            key.preprocessing,
            key.reader,
        )
        with self._change() as change:
            change.execute(
                "INSERT OR IGNORE INTO analyses (modified_ns, weights_sha256, network_input, crop,"
                " precision, preprocessing, reader) VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        found = self._all(
            "SELECT id FROM analyses WHERE modified_ns = ? AND weights_sha256 = ?"
            " AND network_input = ? AND crop = ? AND precision = ? AND preprocessing = ?"
            " AND reader = ?",
            values,
        )
        if not found:
            raise self._unreadable(ValueError("an analysis is not where it was put"))
        return self._made(_number, found[0])

    def serving(self, key: AnalysisKey) -> list[int]:
        """Numbers of the analyses whose results serve for a key, the best of them last.

        Results of earlier programs, of which the precision is not known, serve for any; they read
        scores as the plain softmax, and knew weights by the hash of their file.
        """
        made = key.provenance
        weights = (made.weights_sha256, *made.older_sha256)
        found = self._all(
            "SELECT id, precision FROM analyses WHERE modified_ns = ?"
            f" AND weights_sha256 IN ({', '.join('?' * len(weights))})"
            " AND network_input IN (?, ?) AND crop = ? AND preprocessing = ? AND reader = ?"
            " AND (? OR precision IN (?, '')) ORDER BY id",
            (
                key.modified_ns,
                *weights,
                made.network_input,
                "" if made.plain else made.network_input,
                made.crop,
                key.preprocessing,
                key.reader,
                key.any_precision,
                made.precision,
            ),
        )
        rows = [(self._made(_number, (number,)), str(precision)) for number, precision in found]
        rows.sort(key=lambda row: _worth(row[1], made.precision))
        return [number for number, _ in rows]

    def results(self, analysis: int, localiser: int = LOCALISER) -> Iterator[list[FrameResult]]:
        """The results of an analysis one by one, some thousands at a time, in their order.

        Args:
            analysis: Number of the analysis.
            localiser: Boxes of another one are left out.

        Raises:
            CacheError: They cannot be read.
        """
        for rows in self._rows(analysis):
            yield [self._made(lambda row: result_of_row(row, localiser), row) for row in rows]

    def blocks(self, analysis: int, localiser: int = LOCALISER) -> Iterator[ResultBlock]:
        """The results of an analysis in columns, some thousands at a time, in their order.

        Args:
            analysis: Number of the analysis.
            localiser: Boxes of another one are left out.

        Raises:
            CacheError: They cannot be read.
        """
        for rows in self._rows(analysis):
            yield self._made_of_all(rows, localiser)

    def _made_of_all(self, rows: Sequence[Row], localiser: int) -> ResultBlock:
        try:
            return block_of_rows(rows, localiser)
        except MALFORMED as error:
            raise self._unreadable(error) from error

    def _rows(self, analysis: int) -> Iterator[list[Row]]:
        last = -1
        query = (
            f"SELECT {FRAME_COLUMNS} FROM frames WHERE analysis = ? AND frame > ?"
            " ORDER BY frame LIMIT 4000"
        )
        while found := self._all(query, (analysis, last)):
            yield found
            last = self._made(_number, found[-1])

    def add(
        self,
        analysis: int,
        results: Sequence[FrameResult],
        pictures: Mapping[int, bytes] | None = None,
        *,
        again: bool = True,
        localiser: int = LOCALISER,
    ) -> None:
        """Keep the results of some frames, all or none.

        Nothing is kept where the recording was deleted since the analysis was begun.

        Args:
            analysis: Number of the analysis.
            results: In any order.
            pictures: Frame -> a small picture of it, as JPEG.
            again: A result takes the place of one that is kept already.
            localiser: What made the boxes.

        Raises:
            OutputError: The disk refuses; nothing has changed.
        """
        word = "REPLACE" if again else "IGNORE"
        with self._change() as change:
            if not change.execute("SELECT 1 FROM analyses WHERE id = ?", (analysis,)).fetchone():
                return
            change.executemany(
                f"INSERT OR {word} INTO frames (analysis, {FRAME_COLUMNS})"
                f" VALUES (?{', ?' * (FRAME_COLUMNS.count(',') + 1)})",
                [(analysis, *values_of(one, localiser)) for one in results],
            )
            change.executemany(
                "INSERT OR IGNORE INTO pictures VALUES (?, ?, ?)",
                [(analysis, frame, jpeg) for frame, jpeg in (pictures or {}).items()],
            )

    def measure(
        self,
        analyses: Sequence[int],
        measured: Mapping[int, Quality],
        frozen: Mapping[int, bool],
    ) -> None:
        """Keep what was measured of the pictures of frames whose results are kept.

        Args:
            analyses: Numbers of those that they may stand in.
            measured: By frame.
            frozen: By frame.

        Raises:
            OutputError: The disk refuses; nothing has changed.
        """
        with self._change() as change:
            for analysis in analyses:
                change.executemany(
                    "UPDATE frames SET quality = ?, stillness = ?, frozen = ?"
                    " WHERE analysis = ? AND frame = ?",
                    [
                        (*measure_values(one, frozen.get(frame)), analysis, frame)
                        for frame, one in measured.items()
                    ],
                )

    def has_reader(self, reader: int) -> bool:
        """Whether there are results by numbers of an earlier reader."""
        return bool(self._all("SELECT 1 FROM analyses WHERE reader = ? LIMIT 1", (reader,)))

    def rename_reader(self, before: int, now: int) -> None:
        """Let results of one reader be those of another, whose numbers of frames are the same.

        Raises:
            OutputError: The disk refuses; nothing has changed.
        """
        with self._change() as change:
            change.execute(
                "UPDATE OR IGNORE analyses SET reader = ? WHERE reader = ?", (now, before)
            )
        self.drop_reader(before)  # what is there already by the numbers of now

    def drop_reader(self, reader: int) -> None:
        """Forget results by numbers that frames have no more.

        Raises:
            OutputError: The disk refuses; nothing has changed.
        """
        with self._change() as change:
            for table in ("frames", "pictures"):
                change.execute(
                    f"DELETE FROM {table} WHERE analysis IN"
                    " (SELECT id FROM analyses WHERE reader = ?)",
                    (reader,),
                )
            change.execute("DELETE FROM analyses WHERE reader = ?", (reader,))

    def precision(self, analysis: int) -> str:
        """In which the results of an analysis were computed; "" where that is not known."""
        found = self._all("SELECT precision FROM analyses WHERE id = ?", (analysis,))
        return str(found[0][0]) if found else ""

    # --- damage -----------------------------------------------------------------------------

    def damage(self) -> dict[int, str]:
        """Frame -> why it, or what comes from there on, cannot be read; in order."""
        found = self._all(
            "SELECT frame, message FROM damage WHERE modified_ns = ? AND reader = ? ORDER BY frame",
            (self._modified_ns, READER),
        )
        return {self._made(_number, row): str(row[1]) for row in found}

    def note_damage(self, damage: Mapping[int, str]) -> None:
        """Keep why frames cannot be read.

        Raises:
            OutputError: The disk refuses; nothing has changed.
        """
        if not damage:
            return
        with self._change() as change:
            change.executemany(
                "INSERT OR REPLACE INTO damage VALUES (?, ?, ?, ?)",
                [(self._modified_ns, READER, frame, text) for frame, text in damage.items()],
            )

    # --- small pictures ---------------------------------------------------------------------

    def pictured(self, analysis: int) -> list[int]:
        """Frames of which a small picture by this analysis' crop is kept."""
        found = self._all(
            "SELECT frame FROM pictures WHERE analysis = ? ORDER BY frame", (analysis,)
        )
        return [self._made(_number, row) for row in found]

    def picture(self, analysis: int, frame: int) -> bytes | None:
        """The small picture of a frame as JPEG, or None."""
        found = self._all(
            "SELECT jpeg FROM pictures WHERE analysis = ? AND frame = ?", (analysis, frame)
        )
        return bytes(found[0][0]) if found and isinstance(found[0][0], bytes) else None

    def forget_pictures(self, but: Sequence[int]) -> None:
        """Delete the small pictures that were made with another crop: it may show a name.

        Args:
            but: Numbers of the analyses whose pictures stay.

        Raises:
            OutputError: The disk refuses; nothing has changed.
        """
        others = f"analysis NOT IN ({', '.join('?' * len(but))})"
        if not self._all(f"SELECT 1 FROM pictures WHERE {others} LIMIT 1", tuple(but)):
            return
        with self._change() as change:
            change.execute(f"DELETE FROM pictures WHERE {others}", tuple(but))
        with suppress(*READ_ERRORS), self._lock:  # somebody may be reading just now
            # Nothing of what was deleted stays in the file beside the database.
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    # --- facts ------------------------------------------------------------------------------

    def fact(self, key: str) -> str:
        """Something known of what is kept, or ""."""
        found = self._all("SELECT value FROM meta WHERE key = ?", (key,))
        return str(found[0][0]) if found else ""

    def set_fact(self, key: str, value: str) -> None:
        """Keep something known.

        Raises:
            OutputError: The disk refuses.
        """
        with self._change() as change:
            change.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # --- inside -----------------------------------------------------------------------------

    def _unreadable(self, error: Exception) -> CacheError:
        return CacheError(f"the kept results cannot be read: {error}")

    def _refused(self, error: Exception) -> OutputError:
        damaged = not isinstance(error, sqlite3.OperationalError)
        hint = _DAMAGED_HINT if damaged else FULL_HINT
        return OutputError(f"the results cannot be kept: {error}", hint)


def _number(row: Row) -> int:
    return int(str(row[0]))


def _worth(precision: str, wanted: str) -> tuple[bool, int]:
    # What makes the boxes; behind a "/" the errors in it, which count for little.
    boxes = precision.rpartition("+")[2].partition("/")[0]
    place = _EXACT.index(boxes) if boxes in _EXACT else len(_EXACT)
    return precision == wanted, -place


def _kept(made: Provenance) -> tuple[str, str, str, str]:
    return made.weights_sha256, made.network_input, made.crop, made.precision
