"""Opening an exam to practise on, whatever it was named by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sonoassist.core.errors import SourceError
from sonoassist.datasets.named import recording_of
from sonoassist.recordings.spec import Resolved, exam_spec_of
from sonoassist.sources import open_source
from sonoassist.sources.base import Source

if TYPE_CHECKING:
    from sonoassist.exam.store import ExamStore
    from sonoassist.recordings.recording import Recording


def open_exam(spec: str, exams: ExamStore | None = None) -> Source:
    """Open an exam to practise on.

    Args:
        spec: A recording, the folder of an exam, a table of one, or "exam:" and the name of a
            kept exam.
        exams: Where exams are kept; None for the user's own.

    Raises:
        SourceError, UsageError: It cannot be opened, or it is no recording that moves.
    """
    found = _kept(spec, exams)
    return _moving(open_source(recording_of(spec) if found is None else str(found.path)))


def opened(spec: str, exams: ExamStore | None = None) -> tuple[Recording, Source]:
    """Look into an exam to practise on, and leave it open.

    Raises:
        SourceError, UsageError: See `open_exam`.
    """
    from sonoassist.recordings.recording import recording_of_source

    found = _kept(spec, exams)
    source = open_exam(spec if found is None else str(found.path), exams)
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


def _kept(spec: str, exams: ExamStore | None) -> Resolved | None:
    """The recording of a kept exam, where the spec names one."""
    exam = exam_spec_of(spec)
    if exam is None:
        return None
    # Not at the top: image libraries come with it, and the window is up before them.
    from sonoassist.exam.resolving import ExamResolver

    return ExamResolver(exams)(exam)


def _moving(source: Source) -> Source:
    """Refuse what is live or does not move, and close it."""
    info = source.info
    if info.live or info.stills or (info.frame_count or 0) < 2:
        source.close()
        kind = "is live" if info.live else "does not move"
        raise SourceError(
            f"{info.label} {kind}: it cannot be practised on", "Choose a recorded exam"
        )
    return source
