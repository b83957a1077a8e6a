"""Deleting an exam with everything that was made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sonoassist.core.errors import OutputError, SourceError
from sonoassist.exam.store import ExamStore
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.identity import fingerprint
from sonoassist.recordings.spec import EXAM


def delete_exam(
    exam_id: str,
    exams: ExamStore,
    reviews: CorrectionStore,
    forget: Callable[[str], None] = lambda _content: None,
) -> None:
    """Delete an exam, and what is kept of its recordings: reviews, results, small pictures.

    Where that is refused, nothing is deleted; what of the rest is refused then is told last.

    Args:
        exam_id: Of the exam.
        exams: Where it is kept.
        reviews: Where reviews and results are kept.
        forget: Deletes what else is kept of a recording, given the content of its identity; may
            raise `OutputError`.

    Raises:
        UsageError: There is no such exam, or it is being written, exported, sent or reviewed.
        OutputError: The operating system refuses.
    """
    folder = exams.check_deletable(exam_id)
    contents = list(_fingerprints(folder))
    found = reviews.of_exam(f"{EXAM}{exam_id}", folder, contents)
    with reviews.held(found):
        exams.delete(exam_id)
        for review in found:  # while nobody can begin it anew
            with suppress(OutputError):
                reviews.delete(review)
    refusals: list[OutputError] = []
    for review in found:
        if review.is_dir():  # some systems move no folder in which a file is open: the lock
            with _noted(refusals):
                reviews.delete(review)
    for content in {*contents, *(review.name for review in found)}:
        with _noted(refusals):
            reviews.cache.delete(content)
        with _noted(refusals):
            forget(content)
    reviews.sweep()
    if refusals:
        raise refusals[0]


@contextmanager
def _noted(refusals: list[OutputError]) -> Iterator[None]:
    try:
        yield
    except OutputError as error:
        refusals.append(error)


def _fingerprints(folder: Path) -> Iterator[str]:
    """Of all files of an exam: a recording is known by its content, wherever it was opened from."""
    for path in folder.rglob("*"):
        with suppress(SourceError):  # what cannot be read was not reviewed either
            if path.is_file():
                yield fingerprint(path)
