"""Opening an exam to practise on, whatever it was named by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sonoassist.core.errors import SourceError
from sonoassist.datasets.named import recording_of
from sonoassist.sources import open_source
from sonoassist.sources.base import Source

if TYPE_CHECKING:
    from sonoassist.exam.store import ExamStore
    from sonoassist.recordings.recording import Recording


def named(spec: str, exams: ExamStore | None = None) -> tuple[str, str]:
    """What is opened for an exam, and its name for people ("" for that of the file).

    Args:
        spec: A recording, the folder of an exam, a table of one, or "exam:" and the name of a
            kept exam.
        exams: Where exams are kept; None for the user's own.

    Raises:
        SourceError, UsageError: It cannot be used.
    """
    # Not at the top: image libraries come with it, and the window is up before them.
    from sonoassist.exam.resolving import ExamResolver
    from sonoassist.recordings.spec import exam_spec_of

    exam = exam_spec_of(spec)
    if exam is None:
        return recording_of(spec), ""
    found = ExamResolver(exams)(exam)
    return str(found.path), found.label


def open_exam(spec: str, exams: ExamStore | None = None) -> Source:
    """Open an exam to practise on.

    Args:
        spec: See `named`.
        exams: Where exams are kept; None for the user's own.

    Raises:
        SourceError, UsageError: It cannot be opened, or it is no recording that moves.
    """
    source = open_source(named(spec, exams)[0])
    info = source.info
    if info.live or info.stills or (info.frame_count or 0) < 2:
        source.close()
        kind = "is live" if info.live else "does not move"
        raise SourceError(
            f"{info.label} {kind}: it cannot be practised on", "Choose a recorded exam"
        )
    return source


def opened(spec: str, exams: ExamStore | None = None) -> tuple[Recording, Source]:
    """Look into an exam to practise on, and leave it open.

    Raises:
        SourceError, UsageError: See `open_exam`.
    """
    from sonoassist.exam.resolving import ExamResolver
    from sonoassist.recordings.recording import recording_of_source
    from sonoassist.recordings.spec import exam_spec_of

    exam = exam_spec_of(spec)
    found = None if exam is None else ExamResolver(exams)(exam)
    source = open_exam(spec if found is None else str(found.path))
    try:
        if found is None:
            made = recording_of_source(source, Path(source.info.spec), source.info.label)
        else:
            made = recording_of_source(
                source, found.path, found.label, found.spec, found.live_results
            )
    except BaseException:
        source.close()
        raise
    return made, source
