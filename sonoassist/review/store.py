"""Reviews on disk: a private folder each, named after the content of the recording."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from sonoassist import paths
from sonoassist.errors import OutputError, UsageError
from sonoassist.files import output_error
from sonoassist.review.review import Review
from sonoassist.review.schema import READ_ERRORS, ReviewError, connect

DATABASE = "review.sqlite"
LOCK = "writer.lock"
SPEC, LABEL = "spec", "label"
"""Facts of a review: what the recording was opened by last, and its name for people."""
_MAKING = "making.sqlite"
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600
_PATIENCE_S = 0.5


@dataclass(frozen=True, slots=True)
class Known:
    """A recording that was reviewed.

    Attributes:
        spec: What it was opened by last: a path, or "exam:" and the name of a kept exam.
        label: For people.
        corrected: Number of stretches with a person's label, and of frames chosen as the best.
    """

    spec: str
    label: str
    corrected: int


class ReviewStore:
    """The reviews in one folder.

    Args:
        folder: Where they are; made when the first review begins.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def default(cls) -> ReviewStore:
        """The user's reviews."""
        return cls(paths.reviews())

    def open(self, fingerprint: str) -> Review:
        """Open the review of a recording, or begin it; its only user until `close`.

        Args:
            fingerprint: Of the recording, see `fingerprint`.

        Raises:
            UsageError: It is open somewhere else.
            OutputError: The folder cannot be made or written to.
            ReviewError: It cannot be read.
        """
        folder = self.folder / fingerprint
        try:
            _make_private(self.folder, folder)
        except OSError as error:
            raise output_error(folder, error) from error
        lock = _taken(folder)
        try:
            return Review(folder, _database(folder), lock)
        except BaseException:
            lock.release()
            raise

    def look(self, fingerprint: str) -> Review | None:
        """Open the review of a recording to read it, also while another window works on it.

        Args:
            fingerprint: Of the recording.

        Returns:
            The review, which cannot be changed; None where there is none.

        Raises:
            ReviewError: It cannot be read.
        """
        folder = self.folder / fingerprint
        if not (folder / DATABASE).is_file():
            return None
        return Review(folder, _database(folder), None)

    def newest(self, most: int = 12) -> list[Known]:
        """The recordings reviewed last, newest first; what cannot be read is left out."""
        found = []
        for folder in self._folders():
            with suppress(ReviewError, OutputError):
                found += self._known(folder)
            if len(found) == most:
                break
        return found

    def forget(self, spec: str, folder: Path) -> None:
        """Delete the reviews of an exam that is gone: they hold small pictures of it.

        Args:
            spec: The name its recording was opened by.
            folder: Where the exam was; recordings opened from there are meant as well.

        Raises:
            UsageError: One is open somewhere else.
            OutputError: The operating system refuses.
        """
        for one in self._folders():
            with suppress(ReviewError):
                known = self._known(one)
                if any(_belongs(entry.spec, spec, folder) for entry in known):
                    self._delete(one)

    def _delete(self, folder: Path) -> None:
        lock = _taken(folder)
        try:
            for path in sorted(folder.iterdir()):
                if path.name != LOCK:
                    path.unlink()
        except OSError as error:
            raise output_error(folder, error) from error
        finally:
            lock.release()
        with suppress(OSError):  # an empty folder does no harm
            (folder / LOCK).unlink(missing_ok=True)
            folder.rmdir()

    def _folders(self) -> list[Path]:
        """Of all reviews, the one used last first."""
        times: dict[Path, float] = {}
        for path in self.folder.glob(f"*/{DATABASE}"):
            with suppress(OSError):  # it may be deleted meanwhile
                times[path.parent] = path.stat().st_mtime
        return sorted(times, key=lambda one: times[one], reverse=True)

    def _known(self, folder: Path) -> list[Known]:
        review = self.look(folder.name)
        if review is None:
            return []
        with review:
            spec, label = review.fact(SPEC), review.fact(LABEL)
            words = review.corrections
        corrected = len(words.labels) + len(words.best)
        return [Known(spec, label, corrected)] if spec else []


def _belongs(opened: str, spec: str, folder: Path) -> bool:
    return opened.split("/")[0] == spec or folder.resolve() in Path(opened).resolve().parents


def _taken(folder: Path) -> BaseFileLock:
    lock = FileLock(folder / LOCK, mode=_PRIVATE_FILE, thread_local=False)
    try:
        lock.acquire(timeout=_PATIENCE_S)
    except Timeout as error:
        raise UsageError(
            "this recording is being reviewed in another window", "Close it there first"
        ) from error
    except OSError as error:
        raise output_error(folder, error) from error
    return lock


def _database(folder: Path) -> sqlite3.Connection:
    path = folder / DATABASE
    try:
        if not path.exists():
            _make(folder / _MAKING, path)
        return connect(str(path))
    except OSError as error:
        raise output_error(folder, error) from error
    except ReviewError:
        raise
    except READ_ERRORS as error:
        full = "full" in str(error) or "readonly" in str(error)
        if full:
            raise OutputError(f"the review cannot be kept: {error}", "Free some space") from error
        raise ReviewError(
            f"the review in {folder} cannot be read: {error}", "Move that folder away to begin anew"
        ) from error


def _make(making: Path, path: Path) -> None:
    """A database is made under another name: one that is half made is never taken for whole."""
    for left in making.parent.glob(f"{making.name}*"):
        left.unlink()
    making.touch(_PRIVATE_FILE)
    with closing(connect(str(making), create=True)):
        pass
    making.replace(path)


def _make_private(*folders: Path) -> None:
    for folder in folders:
        folder.mkdir(_PRIVATE_FOLDER, parents=True, exist_ok=True)
        with suppress(OSError):  # a file system without permissions has none to set
            if stat.S_IMODE(folder.stat().st_mode) != _PRIVATE_FOLDER:
                folder.chmod(_PRIVATE_FOLDER)
