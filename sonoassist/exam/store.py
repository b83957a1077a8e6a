"""Exam records on disk: a folder each, with a database and the media files.

Whatever is finished is on the disk when a method returns. A picture or a video is written whole
before the database speaks of it, so a program killed at any moment leaves at most a file that
nothing speaks of; the next writer sets it aside.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from uuid import uuid4

from filelock import BaseFileLock, FileLock, Timeout

from sonoassist.core import paths
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.files import delete_folder, make_private, output_error
from sonoassist.exam import rows
from sonoassist.exam.exam import DATABASE, LOCK, MEDIA, READ_HINT, Exam
from sonoassist.exam.in_use import in_use, used
from sonoassist.exam.records import ExamInfo, ExamStart
from sonoassist.exam.schema import READ_ERRORS, RecordError, connect
from sonoassist.sources import READER

_PRIVATE_FILE = 0o600
_MAKING, _DELETED = ".making-", ".deleted-"
_ABANDONED_S = 3600.0
"""An exam is made in an instant: one that is half made since so long never will be."""
_PATIENCE_S = 0.5
"""Whoever only asks whether an exam is running holds its lock for a moment."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """An exam that cannot be read.

    Attributes:
        exam_id: Name of its folder.
        reason: Why, one line.
    """

    exam_id: str
    reason: str


class ExamStore:
    """The exams in one folder.

    Args:
        folder: Where they are; made when the first exam begins.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def default(cls) -> ExamStore:
        """The user's exams."""
        return cls(paths.exams())

    def create(self, start: ExamStart) -> Exam:
        """Begin an exam; whoever gets it is its only writer until `close`.

        Raises:
            OutputError: The folder cannot be made or written to.
        """
        now = datetime.now(timezone.utc)
        # In the order of time down to the millisecond, and different in two windows.
        local, ms = now.astimezone(), now.microsecond // 1000
        exam_id = f"{local:%Y-%m-%d-%H%M%S}-{ms:03d}{uuid4().hex[:1]}"
        # Under a temporary name: a half-made exam must not look like a damaged one.
        making = self.folder / f"{_MAKING}{exam_id}"
        meta = (
            ("exam_id", exam_id),
            ("started_at", now.isoformat(timespec="milliseconds")),
            ("start", rows.start_text(start)),
            ("reader", str(READER)),  # by which the frames in it are numbered
        )
        try:
            make_private(self.folder, making, making / MEDIA)
            _make_database(making / DATABASE, meta)
            making.rename(self.folder / exam_id)
        except OSError as error:
            raise output_error(self.folder / exam_id, error) from error
        except sqlite3.Error as error:
            raise _not_begun(error) from error
        finally:
            shutil.rmtree(making, ignore_errors=True)
        try:
            return self.open(exam_id, write=True)
        except RecordError as error:
            shutil.rmtree(self.folder / exam_id, ignore_errors=True)
            raise _not_begun(error) from error

    def open(self, exam_id: str, *, write: bool = False) -> Exam:
        """Open an exam, to read it or as its only writer.

        Raises:
            UsageError: There is no such exam, or another program writes it.
            RecordError: It cannot be read.
        """
        folder = self._folder_of(exam_id)
        lock = self._taken(exam_id) if write else None
        try:
            exam = Exam(folder, _connect(folder / DATABASE, write=write), lock)
        except (OSError, *READ_ERRORS, RecordError) as error:
            if lock is not None:
                lock.release()
            reason, hint = _reason(error)
            raise RecordError(f"the exam {exam_id} cannot be read: {reason}", hint) from error
        if write:
            try:
                exam.sweep()
            except BaseException:
                exam.close()
                raise
        return exam

    def _taken(self, exam_id: str) -> BaseFileLock:
        lock = self._lock(exam_id)
        try:
            lock.acquire(timeout=_PATIENCE_S, poll_interval=_PATIENCE_S / 10)
        except Timeout as error:
            raise UsageError(
                f"the exam {exam_id} is in use by another window", "Close that window first"
            ) from error
        except OSError as error:
            raise output_error(self.folder / exam_id, error) from error
        return lock

    def _lock(self, exam_id: str) -> BaseFileLock:
        # An exam may be closed by another thread than the one that opened it.
        path = self._folder_of(exam_id) / LOCK
        return FileLock(str(path), mode=_PRIVATE_FILE, thread_local=False)

    def ids(self) -> list[str]:
        """Names of the exams, oldest first."""
        if not self.folder.is_dir():
            return []
        found = [one.name for one in self.folder.iterdir() if one.is_dir()]
        return sorted(name for name in found if not name.startswith("."))

    def infos(self) -> list[ExamInfo | Damaged]:
        """All exams, oldest first; those that cannot be read say why."""
        found: list[ExamInfo | Damaged] = []
        for exam_id in self.ids():
            try:
                with self.open(exam_id) as exam:
                    found.append(exam.info())
            except (RecordError, UsageError) as error:
                found.append(Damaged(exam_id, error.message))
        return found

    def find(self, text: str) -> str:
        """The exam that `text` names: its name, a part of it only one has, or "last".

        Raises:
            UsageError: There is none, or several.
        """
        ids = self.ids()
        if text == "last" and ids:
            return ids[-1]
        if text in ids:
            return text
        matching = [one for one in ids if text in one] if text else []
        if len(matching) == 1:
            return matching[0]
        what = "matches several exams" if matching else "is not an exam"
        raise UsageError(
            f"'{text}' {what}", "See: sonoassist exam list", click="Choose it in the list of exams"
        )

    def running(self, exam_id: str) -> bool:
        """Whether a program is writing it now."""
        try:
            with self._lock(exam_id).acquire(timeout=0):
                return False
        except Timeout:
            return True
        except OSError:
            return False  # nobody can write there

    def check_deletable(self, exam_id: str) -> Path:
        """The folder of an exam that is not running, and that nobody makes files of.

        Raises:
            UsageError: There is no such exam, it is being written, exported or sent.
        """
        folder = self._folder_of(exam_id)
        if self.running(exam_id):
            raise UsageError(f"the exam {exam_id} is running", "End it first")
        if used(folder):
            raise UsageError(
                f"the exam {exam_id} is being exported or sent",
                "Wait until that is done, or cancel it",
            )
        return folder

    @contextmanager
    def held(self, exam_id: str) -> Iterator[None]:
        """Nobody can delete an exam while files are made of it.

        Raises:
            UsageError: There is no such exam.
        """
        with in_use(self._folder_of(exam_id)):
            yield

    def delete(self, exam_id: str) -> None:
        """Delete an exam with all its files.

        Raises:
            UsageError: There is no such exam, it is being written, exported or sent.
            OutputError: The operating system refuses.
        """
        folder = self.check_deletable(exam_id)
        delete_folder(folder, _DELETED)

    def sweep(self) -> None:
        """Remove what begun or deleted exams left behind when the program was killed."""
        if not self.folder.is_dir():
            return
        for left in self.folder.iterdir():
            if left.name.startswith(_DELETED) or _abandoned(left):
                shutil.rmtree(left, ignore_errors=True)

    def _folder_of(self, exam_id: str) -> Path:
        folder = self.folder / exam_id
        hidden = exam_id.startswith(".")  # half made, half deleted, or not in this folder at all
        if not exam_id or hidden or Path(exam_id).name != exam_id or not folder.is_dir():
            raise UsageError(
                f"there is no exam '{exam_id}'",
                "See: sonoassist exam list",
                click="Choose it in the list of exams",
            )
        return folder


def _make_database(path: Path, meta: tuple[tuple[str, str], ...]) -> None:
    path.touch(_PRIVATE_FILE)
    with closing(connect(str(path), create=True)) as database:
        database.execute("BEGIN")
        database.executemany("INSERT INTO meta VALUES (?, ?)", meta)
        database.execute("COMMIT")


def _connect(path: Path, *, write: bool) -> sqlite3.Connection:
    try:
        return connect(str(path))
    except sqlite3.OperationalError:
        # On a full or a write-protected disk an exam that was closed can still be read.
        log = path.with_name(f"{path.name}-wal")
        if write or not path.is_file() or (log.exists() and log.stat().st_size):
            raise
        return connect(str(path), settled=True)


def _not_begun(error: Exception) -> OutputError:
    hint = "Free some space or move SONOASSIST_HOME"
    return OutputError(f"the exam cannot be begun: {_reason(error)[0]}", hint)


def _abandoned(folder: Path) -> bool:
    if not folder.name.startswith(_MAKING):
        return False
    with suppress(OSError):
        return time.time() - folder.stat().st_mtime > _ABANDONED_S
    return False


def _reason(error: Exception) -> tuple[str, str]:
    """Why a record cannot be read, and what to do."""
    if isinstance(error, RecordError):
        return error.message, error.hint
    return str(error), READ_HINT


@contextmanager
def opened(exam_id: str, store: ExamStore | None = None) -> Iterator[Exam]:
    """An exam to read, closed behind the block.

    Args:
        exam_id: Its name, a part of it, or "last".
        store: Where it is; None for the user's exams.

    Raises:
        UsageError: There is no such exam.
        RecordError: It cannot be read.
    """
    store = store or ExamStore.default()
    with store.open(store.find(exam_id)) as exam:
        yield exam
