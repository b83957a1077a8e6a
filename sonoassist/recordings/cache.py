"""Results of recordings that are kept on disk, so that no frame is analysed twice.

Each recording, known by its content, has a database of its own. What is in it can be made again:
one that is damaged is put aside and begun anew, and when all of them together grow too large those
that were not used for longest go. Several programs may use one at the same time.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from filelock import FileLock
from typing_extensions import Self

from sonoassist.core import database, paths
from sonoassist.core.errors import OutputError
from sonoassist.core.files import output_error
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
from sonoassist.recordings.cache_schema import (
    LAYOUT,
    READ_ERRORS,
    TABLES,
    CacheError,
    NewerCacheError,
    check,
)
from sonoassist.recordings.identity import Identity
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.table import ResultBlock
from sonoassist.sources import READER
from sonoassist.temporal.quality import Quality

SUFFIX = ".sqlite"
LIMIT_BYTES = 2 << 30
"""An hour of video takes some 50 MB with its small pictures."""
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600
_DAMAGED = ".damaged"
_LOCK = "making.lock"
_EXACT = ("f32", "bf16", "f16", "int8", "")
"""Precisions, the most exact first; of several results of one frame that one counts."""
_FULL_HINT = "Free some space; what was kept so far is safe"
_DAMAGED_HINT = "Open the recording again; what is damaged is begun anew"

Row = tuple[object, ...]
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class AnalysisKey:
    """What results depend on: those of one key may stand in one table.

    The version of the localiser is no part of it: it is kept with each box.

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


class AnalysisCache:
    """The results of all recordings in one folder.

    Args:
        folder: Where they are; made when the first result is kept.
        reviews: Where earlier programs kept results with a person's words.
        limit_bytes: See `sweep`.
    """

    def __init__(
        self, folder: Path, reviews: Path | None = None, limit_bytes: int = LIMIT_BYTES
    ) -> None:
        self.folder = folder
        self.reviews = reviews or folder.parent / "reviews"
        self.practice = folder.parent / "practice" / "analyses"
        self.limit_bytes = limit_bytes

    @classmethod
    def default(cls) -> AnalysisCache:
        """The user's."""
        return cls(paths.analyses(), paths.reviews())

    def open(self, identity: Identity) -> RecordingCache:
        """Open what is kept of a recording, or begin it.

        Raises:
            OutputError: The folder cannot be made or written to.
        """
        path = self.path_of(identity.content)
        with self._alone(path):
            connection = _opened(path)
            with suppress(OSError):
                os.utime(path)  # it is used, also where nothing is added
        return RecordingCache(connection, identity.modified_ns)

    def put_aside(self, content: str) -> None:
        """Begin a recording anew, whose kept results cannot be read.

        Raises:
            OutputError: The operating system refuses.
        """
        path = self.path_of(content)
        with self._alone(path):
            _put_aside(path)

    @contextmanager
    def _alone(self, path: Path) -> Iterator[None]:
        """Nobody else opens a database here, makes or deletes one meanwhile."""
        try:
            _make_private(self.folder)
            with FileLock(self.folder / _LOCK, mode=_PRIVATE_FILE, thread_local=False):
                yield
        except OSError as error:
            raise output_error(path, error) from error

    def path_of(self, content: str) -> Path:
        """Where results of a recording are kept, be it that there are none."""
        return self.folder / f"{content}{SUFFIX}"

    def delete(self, content: str) -> None:
        """Forget a recording; nothing happens where nothing is kept of it.

        Where somebody uses it just now, all is deleted that is in it, and nothing more is kept.

        Raises:
            OutputError: The operating system refuses.
        """
        path = self.path_of(content)
        if not any(one.exists() for one in _files(path)):
            return
        with self._alone(path):
            gone = _files(path)
            if _in_use(path):
                _empty(path)
                gone = _aside(path)
            for one in gone:
                one.unlink(missing_ok=True)

    def contents(self) -> list[str]:
        """Of all recordings of which something is kept, the one used last first."""
        times: dict[str, float] = {}
        for path in self.folder.glob(f"[!.]*{SUFFIX}"):
            for one in (path, *_beside(path)):
                with suppress(OSError):  # it may not be there, or be deleted meanwhile
                    times[path.stem] = max(one.stat().st_mtime, times.get(path.stem, 0.0))
        return sorted(times, key=lambda one: times[one], reverse=True)

    def size_bytes(self, content: str = "") -> int:
        """Of what is kept of one recording, or of all."""
        contents = [content] if content else self.contents()
        found = 0
        for one in contents:
            path = self.path_of(one)
            for file in _files(path):
                with suppress(OSError):
                    found += file.stat().st_size
        return found

    def clear(self) -> int:
        """Forget all recordings; returns how many bytes are free now.

        Raises:
            OutputError: The operating system refuses.
        """
        before = self.size_bytes()
        for content in self.contents():
            self.delete(content)
        for left in self.folder.glob(f"*{_DAMAGED}"):
            with suppress(OSError):
                left.unlink()
        shutil.rmtree(self.practice, ignore_errors=True)
        return before - self.size_bytes()

    def sweep(self, spared: str = "") -> None:
        """Forget the recordings that were not used for longest, until all fit into the limit.

        Args:
            spared: Content of one that stays, as those do that somebody uses just now.
        """
        used = 0
        for content in self.contents():
            used += self.size_bytes(content)
            if used > self.limit_bytes and content != spared:
                with suppress(OutputError):
                    if not _in_use(self.path_of(content)):
                        self.delete(content)


class RecordingCache:
    """What is kept of one recording; any thread may call.

    Args:
        connection: Open.
        modified_ns: Of the file that it is of, see `Identity`.
    """

    def __init__(self, connection: sqlite3.Connection, modified_ns: int = 0) -> None:
        self._database = connection
        self._modified_ns = modified_ns
        self._lock = threading.RLock()
        self._closed = False
        # What is deleted is overwritten: a picture may show a name.
        self._all("PRAGMA secure_delete = ON")

    # --- results ----------------------------------------------------------------------------

    def begin(self, key: AnalysisKey) -> int:
        """Number of the analysis with this key; made where there is none.

        Raises:
            OutputError: The disk refuses.
        """
        values = (
            key.modified_ns, *_kept(key.provenance), key.preprocessing, key.reader,
        )  # fmt: skip
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
            raise _unreadable(ValueError("an analysis is not where it was put"))
        return self._made(_number, found[0])

    def serving(self, key: AnalysisKey) -> list[int]:
        """Numbers of the analyses whose results serve for a key, the best of them last.

        Results of earlier programs, of which the precision is not known, serve for any.
        """
        made = key.provenance
        found = self._all(
            "SELECT id, precision FROM analyses WHERE modified_ns = ? AND weights_sha256 = ?"
            " AND network_input IN (?, '') AND crop = ? AND preprocessing = ? AND reader = ?"
            " AND (? OR precision IN (?, '')) ORDER BY id",
            (
                key.modified_ns, made.weights_sha256, made.network_input, made.crop,
                key.preprocessing, key.reader, key.any_precision, made.precision,
            ),
        )  # fmt: skip
        rows = [(self._made(_number, (number,)), str(precision)) for number, precision in found]
        rows.sort(key=lambda row: _worth(row[1], made.precision))
        return [number for number, _ in rows]

    def results(self, analysis: int) -> Iterator[list[FrameResult]]:
        """The results of an analysis one by one, some thousands at a time, in their order.

        Raises:
            CacheError: They cannot be read.
        """
        for rows in self._rows(analysis):
            yield [self._made(result_of_row, row) for row in rows]

    def blocks(self, analysis: int) -> Iterator[ResultBlock]:
        """The results of an analysis in columns, some thousands at a time, in their order.

        Raises:
            CacheError: They cannot be read.
        """
        for rows in self._rows(analysis):
            yield self._made_of_all(rows)

    def _made_of_all(self, rows: Sequence[Row]) -> ResultBlock:
        try:
            return block_of_rows(rows)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _unreadable(error) from error

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
    ) -> None:
        """Keep the results of some frames, all or none.

        Nothing is kept where the recording was deleted since the analysis was begun.

        Args:
            analysis: Number of the analysis.
            results: In any order.
            pictures: Frame -> a small picture of it, as JPEG.
            again: A result takes the place of one that is kept already.

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
                [(analysis, *values_of(one, LOCALISER)) for one in results],
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

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._database.close()

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
            raise _unreadable(error) from error

    def _made(self, make: Callable[[Row], _Value], row: Row) -> _Value:
        try:
            return make(row)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _unreadable(error) from error

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """A change that is made as a whole or not at all."""
        try:
            with database.change(self._database, self._lock) as changing:
                yield changing
        except READ_ERRORS as error:
            damaged = not isinstance(error, sqlite3.OperationalError)
            hint = _DAMAGED_HINT if damaged else _FULL_HINT
            raise OutputError(f"the results cannot be kept: {error}", hint) from error


def _number(row: Row) -> int:
    return int(str(row[0]))


def _worth(precision: str, wanted: str) -> tuple[bool, int]:
    place = _EXACT.index(precision) if precision in _EXACT else len(_EXACT)
    return precision == wanted, -place


def _kept(made: Provenance) -> tuple[str, str, str, str]:
    return made.weights_sha256, made.network_input, made.crop, made.precision


def _unreadable(error: Exception) -> CacheError:
    return CacheError(f"the kept results cannot be read: {error}")


def _beside(path: Path) -> tuple[Path, ...]:
    """The help files of a database."""
    return tuple(path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))


def _files(path: Path) -> tuple[Path, ...]:
    """All that may lie on disk of a database, also of one that was put aside."""
    return (path, *_beside(path), *_aside(path))


def _aside(path: Path) -> tuple[Path, ...]:
    """The files of a database that was put aside."""
    return tuple(one.with_name(f"{one.name}{_DAMAGED}") for one in (path, *_beside(path)))


def _in_use(path: Path) -> bool:
    """Whether anybody has a database open: deleting its files would take them from under them."""
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as alone:
            alone.execute("PRAGMA journal_mode = DELETE")  # for which no other may have it open
    except sqlite3.Error as error:
        return "locked" in str(error)
    return False


def _empty(path: Path) -> None:
    """Delete all that is in a database which others use; what they add later is not kept."""
    try:
        with closing(database.connect(str(path), LAYOUT)) as connection:
            with database.change(connection, nullcontext()):
                for table in TABLES:
                    connection.execute(f"DELETE FROM {table}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except READ_ERRORS as error:
        raise OutputError(f"the kept results cannot be deleted: {error}", "Try again") from error


def _make_private(folder: Path) -> None:
    folder.mkdir(_PRIVATE_FOLDER, parents=True, exist_ok=True)
    with suppress(OSError):  # a file system without permissions has none to set
        folder.chmod(_PRIVATE_FOLDER)


def _opened(path: Path) -> sqlite3.Connection:
    """Open a database; one that is damaged is put aside, since its results can be made again."""
    try:
        return _connected(path)
    except NewerCacheError:
        raise
    except CacheError:
        pass  # put aside
    except READ_ERRORS as error:
        if _refused(error):
            raise _not_kept(error) from error
    _put_aside(path)
    try:
        return _connected(path)
    except READ_ERRORS as error:
        raise _not_kept(error) from error


def _not_kept(error: Exception) -> OutputError:
    return OutputError(f"the results cannot be kept: {error}", _FULL_HINT)


def _put_aside(path: Path) -> None:
    for one, aside in zip((path, *_beside(path)), _aside(path), strict=True):
        if one.exists():
            one.replace(aside)


def _connected(path: Path) -> sqlite3.Connection:
    new = not path.exists() or not path.stat().st_size
    if new:
        for left in _beside(path):  # of a deletion that was cut off
            left.unlink(missing_ok=True)
        path.touch(_PRIVATE_FILE)
    connection = database.connect(str(path), LAYOUT, create=new)
    try:
        check(connection)
    except BaseException:
        connection.close()
        raise
    # Of a power cut the last results may be lost, which are made again; a crash loses none.
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _refused(error: Exception) -> bool:
    """Whether the disk or another program is in the way, rather than that the file is damaged."""
    words = ("full", "readonly", "locked", "unable to open", "I/O", "locking")
    return any(word in str(error) for word in words)
