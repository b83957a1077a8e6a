"""The folder of results: one folder an exam, whole or not at all.

The files of an exam are written into a hidden folder that is renamed when all are there. A program
killed at any moment leaves at most a hidden folder, which the next run removes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from sonoassist.core.errors import UsageError
from sonoassist.core.files import ensure_folder, output_error, write_bytes
from sonoassist.retrieval.exams import RecordedExam
from sonoassist.retrieval.order import SearchOrder
from sonoassist.retrieval.result import ABOUT, FRAMES, FRAMES_HASH, Bundle

LOCK = ".retrieve.lock"
SOURCE = ".source"
"""Beside the results: what tells whose they are by its place, which is no part of the results."""
_MAKING, _OLD = ".making-", ".old-"
_LONGEST_BYTES = 180
_DEEPEST = 6
"""So many folders on the way to an exam may be needed to name it."""


@dataclass(frozen=True, slots=True)
class OutputPlace:
    """Where the results of an exam are, or will be.

    Attributes:
        name: Of the folder.
        about: What is there of this very exam; None where there is nothing.
        outdated: It holds what was found in another recording that lay in the same place.
    """

    name: str
    about: dict[str, Any] | None
    outdated: bool = False


class OutputFolder:
    """The results of many exams; one program at a time writes them.

    Args:
        folder: Made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold the folder, and clear away what a killed program has left in it.

        Raises:
            UsageError: Another program is writing into it.
            OutputError: It cannot be made or written to.
        """
        ensure_folder(self.folder)
        lock = FileLock(str(self.folder / LOCK))
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise UsageError(
                f"another program is writing into {self.folder}", "Wait for it or choose another"
            ) from error
        except OSError as error:
            raise output_error(self.folder, error) from error
        try:
            try:
                self._sweep()
            except OSError as error:
                raise output_error(self.folder, error) from error
            yield
        finally:
            lock.release()

    def _sweep(self) -> None:
        for left in sorted(self.folder.iterdir()):
            if left.name.startswith(_MAKING):
                shutil.rmtree(left, ignore_errors=True)
            elif left.name.startswith(_OLD):
                whole = self.folder / left.name.removeprefix(_OLD)
                if whole.exists():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.rename(whole)  # its successor did not come

    def places(self, exams: Sequence[tuple[RecordedExam, str]]) -> list[OutputPlace]:
        """Find a folder for each exam.

        It is the one that holds its results already; else that of the recording which lay in its
        place before; else a free one.

        Args:
            exams: Each with its fingerprint, "" where it cannot be read.
        """
        names = _names([exam for exam, _ in exams])
        taken: set[str] = set()
        found: dict[int, OutputPlace] = {}
        for find in (self._held, self._outdated, self._new):
            for number, (exam, fingerprint) in enumerate(exams):
                place = None if number in found else find(exam, fingerprint, names[number], taken)
                if place is not None:
                    found[number] = place
                    taken.add(place.name.casefold())
        return [found[number] for number in range(len(exams))]

    def _held(
        self, exam: RecordedExam, fingerprint: str, names: Sequence[str], taken: set[str]
    ) -> OutputPlace | None:
        for name in self._there(names, taken):
            about = self._about(name)
            if about is not None and about.get("fingerprint") == fingerprint != "":
                return OutputPlace(name, about)
        return None

    def _outdated(
        self, exam: RecordedExam, fingerprint: str, names: Sequence[str], taken: set[str]
    ) -> OutputPlace | None:
        mark = _mark(exam)
        for name in self._there(names, taken):
            try:
                if (self.folder / name / SOURCE).read_bytes() == mark:
                    return OutputPlace(name, None, outdated=True)
            except OSError:
                continue
        return None

    def _new(
        self, exam: RecordedExam, fingerprint: str, names: Sequence[str], taken: set[str]
    ) -> OutputPlace:
        name = next(name for name in _endless(names) if self._free(name, taken))
        return OutputPlace(name, None)

    def _there(self, names: Sequence[str], taken: set[str]) -> Iterator[str]:
        """Folders of these names that are there and not taken."""
        for name in _endless(names):
            if (self.folder / name).exists():
                if name.casefold() not in taken:
                    yield name
            elif name not in names:
                return

    def _free(self, name: str, taken: set[str]) -> bool:
        return name.casefold() not in taken and not (self.folder / name).exists()

    def _about(self, name: str) -> dict[str, Any] | None:
        try:
            about = json.loads((self.folder / name / ABOUT).read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        return about if isinstance(about, dict) else None

    def finished(self, place: OutputPlace, order: SearchOrder) -> bool:
        """Whether the results asked for are all there."""
        about = place.about
        if about is None:
            return False
        key = order.analysis_key(
            str(about.get("fingerprint")), synthetic=bool(about.get("synthetic"))
        )
        files = about.get("files")
        return (
            about.get("result") == order.result_key(key)
            and isinstance(files, list)
            and all((self.folder / place.name / str(name)).is_file() for name in files)
        )

    def kept(self, place: OutputPlace) -> bytes:
        """The results of the frames of an exam from an earlier run, or none."""
        if place.about is None:
            return b""
        try:
            data = (self.folder / place.name / FRAMES).read_bytes()
        except OSError:
            return b""
        return data if hashlib.sha256(data).hexdigest() == place.about.get(FRAMES_HASH) else b""

    def write(self, bundle: Bundle, exam: RecordedExam) -> None:
        """Put the files of an exam in their place; older ones go.

        Args:
            bundle: The files.
            exam: Whose they are.

        Raises:
            OutputError: The operating system refuses; older results stay.
        """
        making = self.folder / f"{_MAKING}{bundle.name}"
        final = self.folder / bundle.name
        old = self.folder / f"{_OLD}{bundle.name}"
        try:
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            for name, data in bundle.files.items():
                write_bytes(making / name, data)
            write_bytes(making / SOURCE, _mark(exam))
            if final.exists():
                final.rename(old)
            making.rename(final)
        except OSError as error:
            raise output_error(final, error) from error
        finally:
            shutil.rmtree(making, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _mark(exam: RecordedExam) -> bytes:
    """Tells by its place whose results they are; in no readable form, as paths may name people."""
    path = os.path.normcase(exam.path.absolute())
    return hashlib.sha256(os.fsencode(path)).hexdigest().encode()


def _names(exams: Sequence[RecordedExam]) -> list[list[str]]:
    """For each exam the names it may have, the preferred one first.

    The name of its file; where several exams share it, the name of the folder that it lies in;
    where they share that as well, both, and so on upwards.
    """
    parts = [_parts(exam) for exam in exams]
    kinds = [[_joined(one[-1:]) for one in parts], [_joined(one[-2:-1]) for one in parts]]
    kinds += [[_joined(one[-depth:]) for one in parts] for depth in range(2, _DEEPEST)]
    counts = [Counter(name.casefold() for name in kind) for kind in kinds]
    found = []
    for number in range(len(exams)):
        names = [kind[number] for kind in kinds]
        unique = [
            name and count[name.casefold()] == 1 for name, count in zip(names, counts, strict=True)
        ]
        first = unique.index(True) if True in unique else len(names) - 1
        rest = [name for name in (*names[2:], *names[:1]) if name]
        found.append(list(dict.fromkeys([names[first], *rest])))
    return found


def _parts(exam: RecordedExam) -> list[str]:
    path = exam.path.absolute()
    stem = path.name if exam.recorded else path.stem
    return [*(part for part in path.parent.parts if part != path.anchor), stem]


def _joined(parts: Sequence[str]) -> str:
    """A name for a folder: short enough, and not hidden."""
    name = "-".join(parts).lstrip(".").rstrip(". ")
    data = os.fsencode(name)
    if len(data) > _LONGEST_BYTES:
        mark = hashlib.sha256(data).hexdigest()[:8]
        name = f"{data[:_LONGEST_BYTES].decode(errors='ignore')}-{mark}"
    return name


def _endless(names: Sequence[str]) -> Iterator[str]:
    """The names, then numbered ones."""
    yield from names
    number = 2
    while True:
        yield f"{names[0] or 'exam'}-{number}"
        number += 1
