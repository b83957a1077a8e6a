"""Judging the captures of an exam that has ended or was cut off; each judgement can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Capture, Judgement, Tick
from sonoassist.exam.store import ExamStore
from sonoassist.exam.undo import ExamHistory, Steps, turned_words

Change = Callable[[Exam, ExamHistory], str]
"""Changes an exam; returns what is to be said of it, or ""."""


@dataclass(frozen=True, slots=True)
class LookedOver:
    """An exam behind some changes.

    Attributes:
        captures: All of it, oldest first.
        ticks: What the user said of items.
        said: What is to be said of the changes, in order.
    """

    captures: tuple[Capture, ...]
    ticks: tuple[Tick, ...]
    said: tuple[str, ...]


def look_over(
    store: ExamStore, exam_id: str, steps: Steps, changes: Sequence[Change]
) -> LookedOver:
    """Change an exam that nobody writes any more.

    Args:
        store: Where the exam is.
        exam_id: Its name.
        steps: What was done to it until now; the changes are added.
        changes: In order.

    Raises:
        UsageError: There is no such exam, another window writes it, or a change cannot be made.
        RecordError: It is damaged.
        OutputError: The operating system refuses.
    """
    with store.open(exam_id, write=True) as exam:
        history = ExamHistory(exam, steps)
        said = [change(exam, history) for change in changes]
        return LookedOver(exam.captures(), exam.ticks(), tuple(one for one in said if one))


def judging(capture_id: int, judgement: Judgement) -> Change:
    """The change that a person judges a capture."""

    def judge(exam: Exam, history: ExamHistory) -> str:
        item = exam.capture(capture_id).shot.item
        labels = {one.key: one.label for one in exam.info().start.items}
        with history.step(f"{labels.get(item, 'Picture')} {judgement.value}"):
            exam.judge(capture_id, judgement)
        said = f"Capture {capture_id} {judgement.value} after the end"
        exam.add_event(exam.info().length_s, "judged", said)
        return ""

    return judge


def turning(*, back: bool) -> Change:
    """The change that the last step is undone, or the one that was undone last is done again."""

    def turn(exam: Exam, history: ExamHistory) -> str:
        title = history.undo() if back else history.redo()
        said = turned_words(title, back=back)
        if title is not None:
            exam.add_event(exam.info().length_s, "undo", said)
        return said

    return turn
