"""What is to be searched: videos, folders of them, and exam records by name."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sonoassist.core.errors import SonoAssistError, SourceError, UsageError
from sonoassist.core.natural_order import natural_key
from sonoassist.exam.exam import DATABASE
from sonoassist.exam.resolving import live_results_of
from sonoassist.exam.store import ExamStore
from sonoassist.recordings.identity import Stamp, fingerprint, stamp_of
from sonoassist.recordings.spec import LiveResults
from sonoassist.sources.kinds import kind_of
from sonoassist.sources.sniff import VIDEO_SUFFIXES, is_hidden


@dataclass(frozen=True, slots=True)
class Part:
    """One recording of an exam.

    Attributes:
        path: Of the file.
        began_s: Of its first frame, in the exam.
        record: Folder of the exam record that it belongs to; None for a video by itself.
    """

    path: Path
    began_s: float = 0.0
    record: Path | None = None

    @property
    def live_results(self) -> LiveResults | None:
        """What the exam found in its frames; None for a video by itself."""
        return None if self.record is None else live_results_of(self.record, self.path.name)


@dataclass(frozen=True, slots=True)
class RecordedExam:
    """An exam that is searched as a whole.

    Attributes:
        path: What was found: the video, or the folder of the record.
        parts: Its recordings, in order; a video is its only one.
        recorded: Whether it is an exam record rather than a video.
    """

    path: Path
    parts: tuple[Part, ...]
    recorded: bool = False

    @property
    def size_bytes(self) -> int:
        """Of all its recordings, as far as they are there."""
        return sum(_size(part.path) for part in self.parts)

    @property
    def label(self) -> str:
        """Short name for people."""
        return self.path.name

    @property
    def sources(self) -> tuple[Path, ...]:
        """Of its recordings, in order."""
        return tuple(part.path for part in self.parts)

    def stamps(self) -> tuple[Stamp, ...]:
        """What shows that a recording was written to or replaced, of each."""
        return tuple(stamp_as_it_is(part.path) for part in self.parts)

    def fingerprint(self) -> str:
        """Tells this exam from another one of the same name; a copy has the same.

        Raises:
            SourceError: None of its files can be read.
        """
        told = hashlib.sha256()
        errors = []
        for part in self.parts:
            told.update(json.dumps([_size(part.path), part.began_s]).encode())
            try:
                told.update(fingerprint(part.path).encode())
            except SourceError as error:
                errors.append(error)
        if len(errors) == len(self.parts):
            raise errors[0]
        return told.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class FailedExam:
    """An exam that could not be searched.

    Attributes:
        exam: What was asked for.
        reason: Why not, one line.
    """

    exam: str
    reason: str


@dataclass(frozen=True, slots=True)
class FoundExams:
    """What the user's words stand for.

    Attributes:
        exams: Each once, in the order in which they were named.
        failures: Words that stand for nothing, and what in a folder cannot be searched.
    """

    exams: tuple[RecordedExam, ...]
    failures: tuple[FailedExam, ...]


def find_exams(words: Iterable[str], store: ExamStore) -> FoundExams:
    """Find the exams that the user names.

    Args:
        words: Each a file, a folder, or the name of an exam record (or a part of it, or "last").
            In a folder all videos are found, by sorted paths, and the exam records.
        store: Of the records that are named.
    """
    exams: dict[Path, RecordedExam] = {}
    failures = []
    for word in words:
        try:
            for one in _named(word, store):
                if isinstance(one, FailedExam):
                    failures.append(one)
                else:
                    exams.setdefault(one.path.resolve(), one)
        except SonoAssistError as error:
            failures.append(FailedExam(word, str(error)))
    return FoundExams(tuple(exams.values()), tuple(failures))


def _named(word: str, store: ExamStore) -> Sequence[RecordedExam | FailedExam]:
    path = Path(word)
    if kind_of(word).live:
        raise UsageError(f"{word} is live", "Record it first")
    if path.is_dir():
        found = list(_in_folder(path))
        if not found:
            raise SourceError(f"there is no recording in the folder {path}", _known())
        return found
    if path.exists() or not word:
        return [of_file(path)]
    return [of_record(store, record_named(word, store))]


def record_named(word: str, store: ExamStore) -> str:
    """The exam record that is meant by a word that names no file.

    Raises:
        SourceError: It looks like the name of a file.
        UsageError: There is no such record, or there are several.
    """
    try:
        return store.find(word)
    except UsageError as error:
        if os.sep in word or Path(word).suffix.lower() in VIDEO_SUFFIXES:
            raise SourceError(f"there is no file {word}", "Check the name") from error
        raise UsageError(
            f"'{word}' is neither a file nor an exam record", "See: sonoassist exam list"
        ) from error


def _known() -> str:
    return f"Known by their names: {', '.join(VIDEO_SUFFIXES[:6])} ..."


def _in_folder(folder: Path) -> Iterator[RecordedExam | FailedExam]:
    """The exams in a folder and below it, without what is hidden; one bad one stops no other."""
    try:
        if (folder / DATABASE).is_file():
            yield of_record(ExamStore(folder.absolute().parent), folder.absolute().name)
            return
        inside = sorted(folder.iterdir(), key=lambda path: natural_key(path.name))
    except SonoAssistError as error:
        yield FailedExam(str(folder), str(error))
        return
    except OSError as error:
        yield FailedExam(str(folder), f"{folder} cannot be read: {error.strerror or error}")
        return
    for path in inside:
        if not is_hidden(path.name):
            yield from _beside(path)


def _beside(path: Path) -> Iterator[RecordedExam | FailedExam]:
    """What one thing in a folder stands for."""
    try:
        deeper = path.is_dir() and not path.is_symlink()
        video = path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()
    except OSError as error:
        yield FailedExam(str(path), f"{path} cannot be read: {error.strerror or error}")
        return
    if deeper:
        yield from _in_folder(path)
    elif video:
        yield of_file(path)


def of_file(path: Path) -> RecordedExam:
    """A video as an exam; found from any working folder, such as that of another machine."""
    return RecordedExam(path, (Part(path.absolute()),))


def of_record(store: ExamStore, exam_id: str) -> RecordedExam:
    """The recordings of an exam record as one exam.

    Raises:
        UsageError: There is no such exam, it goes on, or it has no recording.
        RecordError: It cannot be read.
    """
    if store.running(exam_id):
        raise UsageError(f"the exam {exam_id} is running", "End it first")
    with store.open(exam_id) as exam:
        media = exam.media.absolute()
        folder = media.parent
        parts = tuple(Part(media / one.file, one.began_s, folder) for one in exam.recordings())
    if not parts:
        raise UsageError(
            f"the exam {exam_id} has no recording to be searched", "Its captures are in the record"
        )
    return RecordedExam(store.folder / exam_id, parts, recorded=True)


def stamp_as_it_is(path: Path) -> Stamp:
    """The stamp of a file; zeros where it is not there."""
    try:
        return stamp_of(path)
    except SourceError:
        return Stamp(0, 0, 0)


def _size(path: Path) -> int:
    return stamp_as_it_is(path).size_bytes
