"""Reviews on disk: a private folder each, named after the content of the recording."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import BaseFileLock, FileLock, Timeout

from sonoassist.core import paths
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.files import delete_folder, make_private, output_error
from sonoassist.recordings.correction_log import CorrectionLog
from sonoassist.recordings.correction_schema import (
    READ_ERRORS,
    CorrectionError,
    connect,
    holds_results,
    is_earlier,
    read_only,
    words_of,
)
from sonoassist.recordings.spec import EXAM

if TYPE_CHECKING:
    from sonoassist.recordings.cache import AnalysisCache

DATABASE = "review.sqlite"
LOCK = "writer.lock"
SPEC, LABEL = "spec", "label"
"""Facts of a review: what the recording was opened by last, and its name for people."""
_MAKING = "making.sqlite"
_PRIVATE_FILE = 0o600
_PATIENCE_S = 0.5
_CLOSING_S = 5.0
"""A review that is being closed is waited for so long."""
_DELETED = ".deleted-"


@dataclass(frozen=True, slots=True)
class Known:
    """A recording that was reviewed.

    Attributes:
        spec: What it was opened by last: a path, or "exam:" and the name of a kept exam.
        label: For people.
        corrected: Number of stretches with a person's label, of frames chosen as the best, and
            of boxes.
    """

    spec: str
    label: str
    corrected: int


class CorrectionStore:
    """What people say of recordings, in one folder.

    Args:
        folder: Where it is; made when the first review begins.
        cache: Takes over the results that reviews of earlier programs hold; None for the one
            beside the folder.
    """

    def __init__(self, folder: Path, cache: AnalysisCache | None = None) -> None:
        self.folder = folder
        self._cache = cache

    @classmethod
    def default(cls) -> CorrectionStore:
        """The user's reviews."""
        return cls(paths.reviews())

    @property
    def cache(self) -> AnalysisCache:
        """Where the results of the recordings are kept."""
        # Not at the top: image libraries come with it, and the window is up before them.
        from sonoassist.recordings.cache import AnalysisCache

        if self._cache is None:
            self._cache = AnalysisCache(self.folder.parent / "analyses", self.folder)
        return self._cache

    def open(self, fingerprint: str) -> CorrectionLog:
        """Open the review of a recording, or begin it; its only user until `close`.

        Args:
            fingerprint: Of the recording, see `fingerprint`.

        Raises:
            UsageError: It is open somewhere else.
            OutputError: The folder cannot be made or written to.
            CorrectionError: It cannot be read.
            CacheError: It is of an earlier program, and its results are kept by a newer one.
        """
        folder = self.folder / fingerprint
        try:
            make_private(self.folder, folder)
        except OSError as error:
            raise output_error(folder, error) from error
        lock = _taken(folder)
        try:
            self._take_over(folder)
            return CorrectionLog(folder, _database(folder, earlier=True), lock)
        except BaseException:
            lock.release()
            raise

    def look(self, fingerprint: str) -> CorrectionLog | None:
        """Open the review of a recording to read it, also while another window works on it.

        Args:
            fingerprint: Of the recording.

        Returns:
            The review, which cannot be changed; None where there is none.

        Raises:
            CorrectionError: It cannot be read.
        """
        folder = self.folder / fingerprint
        if not (folder / DATABASE).is_file():
            return None
        return CorrectionLog(folder, _readable(folder), None)

    def _take_over(self, folder: Path) -> None:
        """Results of earlier programs go into the cache before their tables are dropped."""
        from sonoassist.recordings.cache_schema import CacheError, NewerCacheError

        with _told(folder):
            if not holds_results(folder / DATABASE):
                return
        try:
            self._fill_cache(folder.name)
        except NewerCacheError:
            raise
        except CacheError:  # what is in the cache can be made again
            self.cache.put_aside(folder.name)
            self._fill_cache(folder.name)

    def _fill_cache(self, content: str) -> None:
        from sonoassist.recordings.identity import Identity
        from sonoassist.recordings.older_results import take_over_review

        with self.cache.open(Identity(content)) as kept:
            take_over_review(content, self.cache, kept)

    def newest(self, most: int = 12) -> list[Known]:
        """The recordings reviewed last, newest first; what cannot be read is left out."""
        found = []
        for folder in self._folders():
            with suppress(CorrectionError, OutputError):
                found += self._known(folder)
            if len(found) == most:
                break
        return found

    def of_exam(self, spec: str, folder: Path, fingerprints: Iterable[str]) -> list[Path]:
        """The folders of all reviews of an exam's recordings, readable or not.

        Args:
            spec: "exam:" and its name.
            folder: Of the exam; recordings opened from there are meant as well.
            fingerprints: Of its recordings, which may have been opened from a copy.
        """
        found = {self.folder / one for one in fingerprints}
        for one in self._folders():
            with suppress(CorrectionError, OutputError):
                if any(_belongs(known.spec, spec, folder) for known in self._known(one)):
                    found.add(one)
        return sorted(one for one in found if one.is_dir())

    @contextmanager
    def held(self, folders: Iterable[Path]) -> Iterator[None]:
        """Nobody else works on these reviews meanwhile.

        Raises:
            UsageError: One is open somewhere else; none is held then.
            OutputError: The operating system refuses.
        """
        with ExitStack() as locks:
            for folder in folders:
                lock = _taken(folder, _CLOSING_S)
                locks.callback(lock.release)
            yield

    def delete(self, folder: Path) -> None:
        """Delete a review with its pictures.

        Raises:
            OutputError: The operating system refuses.
        """
        delete_folder(folder, _DELETED)

    def sweep(self) -> None:
        """Remove what deletions that were cut off have left."""
        for left in self.folder.glob(f"{_DELETED}*"):
            shutil.rmtree(left, ignore_errors=True)

    def _folders(self) -> list[Path]:
        """Of all reviews, the one used last first."""
        times: dict[Path, float] = {}
        for path in self.folder.glob(f"[!.]*/{DATABASE}"):
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
        corrected = len(words.labels) + len(words.best) + len(words.boxes)
        return [Known(spec, label, corrected)] if spec else []


def _belongs(opened: str, spec: str, folder: Path) -> bool:
    if opened.startswith(EXAM):
        return opened.partition("/")[0] == spec
    try:
        return folder.resolve() in Path(opened).resolve().parents
    except (OSError, ValueError, RuntimeError):
        return False  # it cannot be a path


def _taken(folder: Path, patience_s: float = _PATIENCE_S) -> BaseFileLock:
    lock = FileLock(folder / LOCK, mode=_PRIVATE_FILE, thread_local=False)
    try:
        lock.acquire(timeout=patience_s)
    except Timeout as error:
        raise UsageError(
            "this recording is being reviewed", "Close the window that reviews it first"
        ) from error
    except OSError as error:
        raise output_error(folder, error) from error
    return lock


def _readable(folder: Path) -> sqlite3.Connection:
    """To read only, also on a disk that is full or write-protected.

    A review of an earlier version stays as it is until it is opened to be changed.
    """
    path = folder / DATABASE
    try:
        if not is_earlier(path):
            return _database(folder)
        with closing(read_only(path)) as earlier:
            return words_of(earlier)
    except (OutputError, *READ_ERRORS):
        log = folder / f"{DATABASE}-wal"
        with _told(folder):
            if log.exists() and log.stat().st_size:
                raise
            return connect(str(path), settled=True)


def _unreadable(folder: Path, error: Exception) -> CorrectionError:
    return CorrectionError(
        f"the review in {folder} cannot be read: {error}", "Move that folder away to begin anew"
    )


def _database(folder: Path, *, earlier: bool = False) -> sqlite3.Connection:
    path = folder / DATABASE
    with _told(folder):
        if not path.exists():
            _make(folder / _MAKING, path)
        return connect(str(path), earlier=earlier)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """What is wrong with a review, in words."""
    try:
        yield
    except OSError as error:
        raise output_error(folder, error) from error
    except READ_ERRORS as error:
        full = "full" in str(error) or "readonly" in str(error)
        if full:
            raise OutputError(f"the review cannot be kept: {error}", "Free some space") from error
        raise _unreadable(folder, error) from error


def _make(making: Path, path: Path) -> None:
    """A database is made under another name: one that is half made is never taken for whole."""
    for left in making.parent.glob(f"{making.name}*"):
        left.unlink()
    making.touch(_PRIVATE_FILE)
    with closing(connect(str(making), create=True)):
        pass
    making.replace(path)
