"""Exam records on disk: a folder each, with a database and the media files.

Whatever is finished is on the disk when a method returns. A picture or a video is written whole
before the database speaks of it, so a program killed at any moment leaves at most a file that
nothing speaks of; the next writer removes it.
"""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from sonoassist import paths
from sonoassist.errors import OutputError, UsageError
from sonoassist.exam import rows
from sonoassist.exam.exam import DATABASE, LOCK, MEDIA, Exam
from sonoassist.exam.records import ExamInfo, ExamStart
from sonoassist.exam.schema import RecordError, connect
from sonoassist.files import output_error

_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600


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
        exam_id = f"{now.astimezone():%Y-%m-%d-%H%M%S}-{uuid4().hex[:4]}"
        folder = self.folder / exam_id
        try:
            _make_private(self.folder)
            # Under a temporary name: a half-made exam must not look like a damaged one.
            making = self.folder / f".making-{exam_id}"
            _make_private(making)
            _make_private(making / MEDIA)
            (making / DATABASE).touch(_PRIVATE_FILE)
            database = connect(str(making / DATABASE), create=True)
            with database:
                database.execute("BEGIN")
                for key, value in (
                    ("exam_id", exam_id),
                    ("started_at", now.isoformat(timespec="milliseconds")),
                    ("start", rows.start_text(start)),
                ):
                    database.execute("INSERT INTO meta VALUES (?, ?)", (key, value))
            database.close()
            making.rename(folder)
        except OSError as error:
            raise output_error(folder, error) from error
        except sqlite3.Error as error:
            raise OutputError(
                f"the exam cannot be begun: {error}", "Free some space or move SONOASSIST_HOME"
            ) from error
        return self.open(exam_id, write=True)

    def open(self, exam_id: str, *, write: bool = False) -> Exam:
        """Open an exam, to read it or as its only writer.

        Raises:
            UsageError: There is no such exam, or another program writes it.
            RecordError: It cannot be read.
        """
        folder = self._folder_of(exam_id)
        lock = FileLock(str(folder / LOCK), mode=_PRIVATE_FILE) if write else None
        if lock is not None:
            try:
                lock.acquire(timeout=0)
            except Timeout as error:
                raise UsageError(
                    f"the exam {exam_id} is in use by another window", "Close that window first"
                ) from error
        try:
            exam = Exam(folder, connect(str(folder / DATABASE)), lock)
        except (OSError, sqlite3.Error) as error:
            if lock is not None:
                lock.release()
            raise RecordError(
                f"the exam {exam_id} cannot be read: {error}",
                "Its pictures are in its media folder",
            ) from error
        if write:
            exam.sweep()
        return exam

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
        raise UsageError(f"'{text}' {what}", "See: sonoassist exam list")

    def running(self, exam_id: str) -> bool:
        """Whether a program is writing it now."""
        lock = FileLock(str(self._folder_of(exam_id) / LOCK), mode=_PRIVATE_FILE)
        try:
            with lock.acquire(timeout=0):
                return False
        except Timeout:
            return True

    def delete(self, exam_id: str) -> None:
        """Delete an exam with all its files.

        Raises:
            UsageError: There is no such exam, or it is being written.
            OutputError: The operating system refuses.
        """
        folder = self._folder_of(exam_id)
        if self.running(exam_id):
            raise UsageError(f"the exam {exam_id} is running", "End it first")
        gone = folder.with_name(f".deleted-{exam_id}")
        try:
            # First out of sight as a whole: a deletion that is cut off leaves no half exam.
            folder.rename(gone)
            shutil.rmtree(gone)
        except OSError as error:
            raise output_error(folder, error) from error

    def sweep(self) -> None:
        """Remove what begun or deleted exams left behind when the program was killed."""
        if not self.folder.is_dir():
            return
        for left in self.folder.iterdir():
            if left.name.startswith(".deleted-"):
                shutil.rmtree(left, ignore_errors=True)

    def _folder_of(self, exam_id: str) -> Path:
        folder = self.folder / exam_id
        if not exam_id or Path(exam_id).name != exam_id or not folder.is_dir():
            raise UsageError(f"there is no exam '{exam_id}'", "See: sonoassist exam list")
        return folder


def _make_private(folder: Path) -> None:
    folder.mkdir(_PRIVATE_FOLDER, parents=True, exist_ok=True)
    with suppress(OSError):  # a file system without permissions has none to set
        if stat.S_IMODE(folder.stat().st_mode) != _PRIVATE_FOLDER:
            folder.chmod(_PRIVATE_FOLDER)


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
