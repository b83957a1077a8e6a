"""Opening an exam to practise on, whatever it was named by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonoassist.core.errors import SourceError
from sonoassist.datasets.named import recording_of
from sonoassist.review.records import EXAM
from sonoassist.sources import open_source
from sonoassist.sources.base import Source

if TYPE_CHECKING:
    from sonoassist.exam.store import ExamStore


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
    from sonoassist.review.recording import exam_video

    if spec.startswith(EXAM):
        path, name = exam_video(spec, exams)
        return str(path), name
    return recording_of(spec), ""


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
