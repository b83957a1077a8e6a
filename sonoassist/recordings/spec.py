"""What names a recorded exam: a path, the folder of one, or a kept exam by its name.

Kept exams belong to a room above: whoever opens one brings a resolver that knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sonoassist.core.errors import UsageError
from sonoassist.core.packets import Provenance
from sonoassist.datasets.named import recording_of
from sonoassist.recordings.records import FrameResult
from sonoassist.sources import Source
from sonoassist.sources import open_source as open_plain

EXAM = "exam:"
"""What the name of a kept exam begins with, where a file could be named as well."""

LiveResults = Callable[[], Iterable[tuple[Provenance, FrameResult]]]
"""Gives what was found in frames of a recording while it was made."""


@dataclass(frozen=True, slots=True)
class ExamSpec:
    """A recording of a kept exam.

    Attributes:
        exam: Name of the exam, or a part of it, or "last".
        number: Of the recording, from 1 on; 0 for the longest.
    """

    exam: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where a recording is.

    Attributes:
        path: Of its file.
        label: For people.
        spec: What names it again, from anywhere.
        live_results: What the exam itself found in its frames; None without any.
    """

    path: Path
    label: str
    spec: str
    live_results: LiveResults | None = None


Resolver = Callable[[ExamSpec], Resolved]
"""Finds a recording of a kept exam; raises `UsageError` or `SourceError`."""


def exam_spec_of(text: str) -> ExamSpec | None:
    """What `exam:NAME` or `exam:NAME/2` names; None for any other text.

    Raises:
        UsageError: The number is none.
    """
    if not text.startswith(EXAM):
        return None
    name, slash, number = text.removeprefix(EXAM).partition("/")
    if slash and not (number.isdecimal() and int(number)):
        raise UsageError(f"{number!r} is no number of a recording", "Count them from 1")
    return ExamSpec(name, int(number or 0))


def resolved(spec: str, resolver: Resolver) -> Resolved:
    """Where a recording is, whatever it was named by.

    Raises:
        UsageError, SourceError: There is no such recording.
    """
    exam = exam_spec_of(spec)
    if exam is not None:
        return resolver(exam)
    path = Path(recording_of(spec)).expanduser()
    folder = Path(spec).expanduser()
    inside = folder.is_dir() and path != folder  # the recording of a synthetic exam's folder
    name = f"{folder.resolve().name}/{path.name}" if inside else path.name
    return Resolved(path, name, str(path.resolve()))


def open_named(
    spec: str, resolver: Resolver, open_plain: Callable[[str], Source] = open_plain
) -> tuple[Source, LiveResults | None]:
    """Open whatever is named, with what a kept exam found in it while it was recorded.

    Args:
        spec: Of a kept exam's recording, or anything that `sources` knows.
        resolver: Knows the kept exams.
        open_plain: Opens a path, a device or an address.

    Raises:
        UsageError, SourceError: It cannot be used.
    """
    exam = exam_spec_of(spec)
    if exam is None:
        return open_plain(recording_of(spec)), None
    found = resolver(exam)
    return open_plain(str(found.path)), found.live_results


def open_source(spec: str, resolver: Resolver) -> Source:
    """Open whatever is named: a kept exam's recording, or anything that `sources` knows.

    Raises:
        UsageError, SourceError: It cannot be used.
    """
    exam = exam_spec_of(spec)
    return open_plain(str(resolver(exam).path) if exam is not None else recording_of(spec))
