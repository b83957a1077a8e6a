"""Deleting an exam with everything that was made of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sonoassist.core.errors import SourceError
from sonoassist.exam.store import ExamStore
from sonoassist.review.records import EXAM
from sonoassist.review.store import ReviewStore
from sonoassist.sources.fingerprint import fingerprint


def delete_exam(exam_id: str, exams: ExamStore, reviews: ReviewStore) -> None:
    """Delete an exam, and the reviews of its recordings, which hold small pictures of it.

    Where that is refused, nothing is deleted.

    Raises:
        UsageError: There is no such exam, it is being written, or it is being reviewed.
        OutputError: The operating system refuses.
    """
    folder = exams.check_deletable(exam_id)
    found = reviews.of_exam(f"{EXAM}{exam_id}", folder, _fingerprints(folder))
    with reviews.held(found):
        exams.delete(exam_id)
    for review in found:
        reviews.delete(review)
    reviews.sweep()


def _fingerprints(folder: Path) -> Iterator[str]:
    """Of all files of an exam: a recording is known by its content, wherever it was opened from."""
    for path in folder.rglob("*"):
        with suppress(SourceError):  # what cannot be read was not reviewed either
            if path.is_file():
                yield fingerprint(path)
