"""Deleting an exam with everything that was made of it."""

from __future__ import annotations

from sonoassist.exam.store import ExamStore
from sonoassist.review.records import EXAM
from sonoassist.review.store import ReviewStore


def delete_exam(exam_id: str, exams: ExamStore, reviews: ReviewStore) -> None:
    """Delete an exam, and the reviews of its recordings, which hold small pictures of it.

    Raises:
        UsageError: There is no such exam, it is being written, or it is being reviewed.
        OutputError: The operating system refuses.
    """
    exams.check_deletable(exam_id)
    reviews.forget(f"{EXAM}{exam_id}", exams.folder / exam_id)
    exams.delete(exam_id)
