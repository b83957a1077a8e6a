"""Exams at a glance: for lists on screen and on the command line."""

from __future__ import annotations

from dataclasses import dataclass

from sonoassist.core.errors import SonoAssistError
from sonoassist.exam.checklist import Completeness, checklist, completeness
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import ExamInfo, Judgement
from sonoassist.exam.store import ExamStore

RUNNING, ENDED, CUT_OFF, DAMAGED = "running", "ended", "cut off", "damaged"


@dataclass(frozen=True, slots=True)
class Overview:
    """One exam in a list.

    Attributes:
        exam_id: Its name.
        state: "running", "ended", "cut off" (the program was killed) or "damaged".
        reason: Why it cannot be read, one line, or "".
        info: The exam; None where it cannot be read, as all that follows.
        whole: How much of its checklist is there.
        captures: Number of captures that were not rejected.
        recordings: Number of videos.
    """

    exam_id: str
    state: str
    reason: str = ""
    info: ExamInfo | None = None
    whole: Completeness | None = None
    captures: int | None = None
    recordings: int | None = None


def overview(store: ExamStore, exam_id: str) -> Overview:
    """One exam at a glance; a damaged one says why.

    Raises:
        UsageError: There is no such exam.
    """
    running = store.running(exam_id)
    try:
        with store.open(exam_id) as exam:
            return _seen(exam, running)
    except SonoAssistError as error:
        return Overview(exam_id, DAMAGED, error.message)


def overviews(store: ExamStore) -> list[Overview]:
    """All exams, oldest first."""
    return [overview(store, exam_id) for exam_id in store.ids()]


def state_of(info: ExamInfo, running: bool) -> str:
    """Whether an exam goes on, was ended, or was cut off."""
    if running:
        return RUNNING
    return ENDED if info.ended else CUT_OFF


def _seen(exam: Exam, running: bool) -> Overview:
    info, captures = exam.info(), exam.captures()
    return Overview(
        exam_id=exam.exam_id,
        state=state_of(info, running),
        info=info,
        whole=completeness(checklist(info.start.items, captures, exam.ticks())),
        captures=sum(one.judgement is not Judgement.REJECTED for one in captures),
        recordings=len(exam.recordings()),
    )
