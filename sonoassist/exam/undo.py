"""One history of all that a person does to an exam: each step can be undone, and done again.

A step is known by what it changed in the record: judgements and items of captures, captures that
came or went, ticks, the note, the study's number. Undoing puts that back and nothing else, so what
the program added meanwhile (better frames, clips) stays. Pictures that a step took out of the
record stay on the disk until the exam ends; who looks it over afterwards undoes what was said of
the pictures that it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from sonoassist.core.errors import UsageError
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Capture, Tick

MOST_STEPS = 500


@dataclass(frozen=True, slots=True)
class SaidOfExam:
    """What people have said of an exam, or a part of it.

    Attributes:
        captures: Capture id -> the capture, or None for one that is not in the record.
        ticks: Item -> its tick, or None where nothing was said of it.
        note: The user's words; None where they are no part of this.
        study_id: The same of the study's number.
    """

    captures: Mapping[int, Capture | None] = field(default_factory=dict)
    ticks: Mapping[str, Tick | None] = field(default_factory=dict)
    note: str | None = None
    study_id: str | None = None

    @property
    def nothing(self) -> bool:
        """Whether it holds nothing."""
        words = self.note is None and self.study_id is None
        return words and not self.captures and not self.ticks


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a person did.

    Attributes:
        title: What it was, for people, e.g. "Femur rejected".
        before: What it changed, as it was.
        after: The same, as it is behind it.
    """

    title: str
    before: SaidOfExam
    after: SaidOfExam


class Steps:
    """What was done to one exam, in order; it outlives the open record."""

    def __init__(self) -> None:
        self.done: list[Step] = []
        self.undone: list[Step] = []

    @property
    def next_undo(self) -> str:
        """What would be taken back, or ""."""
        return self.done[-1].title if self.done else ""

    @property
    def next_redo(self) -> str:
        """What would be done again, or ""."""
        return self.undone[-1].title if self.undone else ""


class ExamHistory:
    """The steps of one exam; used by one thread at a time, the one that changes the exam.

    Args:
        exam: Open for writing.
        steps: What was done until now; None where that is nothing.
    """

    def __init__(self, exam: Exam, steps: Steps | None = None) -> None:
        self._exam = exam
        self.steps = steps or Steps()

    @property
    def next_undo(self) -> str:
        """What `undo` would take back, or ""."""
        return self.steps.next_undo

    @property
    def next_redo(self) -> str:
        """What `redo` would do again, or ""."""
        return self.steps.next_redo

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """All that is changed inside is one step; none where nothing changes.

        Where it fails half way, what was changed until then is a step as well.

        Args:
            title: What it is, for people.
        """
        before = _said_of(self._exam)
        try:
            yield
        finally:
            self._add(title, before, _said_of(self._exam))

    def _add(self, title: str, before: SaidOfExam, after: SaidOfExam) -> None:
        step = Step(title, *_difference(before, after))
        if step.before.nothing and step.after.nothing:
            return
        done, undone = self.steps.done, self.steps.undone
        done.append(step)
        gone = [*undone, *done[:-MOST_STEPS]]
        undone.clear()
        del done[:-MOST_STEPS]
        self._drop(gone)

    def undo(self) -> str | None:
        """Take the last step back.

        Returns:
            Its title; None where there is none.

        Raises:
            UsageError: It cannot be taken back any more; it is forgotten.
            OutputError: The disk refuses; all is as before.
        """
        return self._turn(self.steps.done, self.steps.undone, back=True)

    def redo(self) -> str | None:
        """Do again what was undone last; as `undo`."""
        return self._turn(self.steps.undone, self.steps.done, back=False)

    def _turn(self, steps: list[Step], others: list[Step], *, back: bool) -> str | None:
        if not steps:
            return None
        step = steps[-1]
        to, now = (step.before, step.after) if back else (step.after, step.before)
        # A capture that goes is kept as it is now, with the clip and the box that it got meanwhile.
        now = self._as_they_are(now)
        try:
            self._exam.put_said(to.captures, to.ticks, to.note, to.study_id)
        except UsageError:
            steps.pop()
            raise
        steps.pop()
        others.append(Step(step.title, to, now) if back else Step(step.title, now, to))
        return step.title

    def _as_they_are(self, said: SaidOfExam) -> SaidOfExam:
        known = {one.capture_id: one for one in self._exam.captures()}
        captures = {
            key: one if one is None or key not in known else _completed(one, known[key])
            for key, one in said.captures.items()
        }
        return replace(said, captures=captures)

    def close(self) -> None:
        """Forget all steps; pictures that are not in the record any more go."""
        gone = [*self.steps.done, *self.steps.undone]
        self.steps.done.clear()
        self.steps.undone.clear()
        self._drop(gone)

    def settle(self) -> None:
        """The exam ends: pictures that are not in the record go, and the steps that need them.

        What was said since a picture came or went last can still be undone and done again.
        """
        gone = [*_cut(self.steps.done), *_cut(self.steps.undone)]
        self._drop(gone)

    def _drop(self, steps: list[Step]) -> None:
        """Remove the pictures of steps that are gone, unless others or the record have them."""
        if not steps:
            return
        named = [one for step in steps for one in _captures_of(step)]
        left = (*self.steps.done, *self.steps.undone)
        still = {one.capture_id for step in left for one in _captures_of(step)}
        known = {one.capture_id for one in self._exam.captures()}
        for capture in named:
            if capture.capture_id not in known | still:
                self._exam.forget_files(capture)


def _cut(steps: list[Step]) -> list[Step]:
    """Take out, and return, all up to the last step in which a picture came or went."""
    moved = [at for at, step in enumerate(steps) if _moves_pictures(step)]
    until = moved[-1] + 1 if moved else 0
    gone = steps[:until]
    del steps[:until]
    return gone


def _moves_pictures(step: Step) -> bool:
    return None in step.before.captures.values() or None in step.after.captures.values()


def turned_words(title: str | None, *, back: bool) -> str:
    """What is said of an undo or a redo.

    Args:
        title: Of the step; None where there was none.
        back: It was an undo.
    """
    if title is None:
        return f"There is nothing to {'undo' if back else 'do again'}"
    return f"{'Undone' if back else 'Done again'}: {title}"


def _captures_of(step: Step) -> list[Capture]:
    both = (*step.before.captures.values(), *step.after.captures.values())
    return [one for one in both if one is not None]


def _said_of(exam: Exam) -> SaidOfExam:
    """All that a person can have said, as it is in the record now."""
    info = exam.info()
    return SaidOfExam(
        captures={one.capture_id: one for one in exam.captures()},
        ticks={one.item: one for one in exam.ticks()},
        note=info.note,
        study_id=info.start.study_id,
    )


def _difference(before: SaidOfExam, after: SaidOfExam) -> tuple[SaidOfExam, SaidOfExam]:
    """What is not the same in both, as it was and as it is."""
    captures = [
        key
        for key in {**before.captures, **after.captures}
        if _without_clip(before.captures.get(key)) != _without_clip(after.captures.get(key))
    ]
    ticks = [
        key
        for key in {**before.ticks, **after.ticks}
        if before.ticks.get(key) != after.ticks.get(key)
    ]
    note, study = before.note != after.note, before.study_id != after.study_id

    def part(of: SaidOfExam) -> SaidOfExam:
        return SaidOfExam(
            {key: of.captures.get(key) for key in captures},
            {key: of.ticks.get(key) for key in ticks},
            of.note if note else None,
            of.study_id if study else None,
        )

    return part(before), part(after)


def _completed(capture: Capture, now: Capture) -> Capture:
    """A capture with what the program has added since."""
    return replace(capture, clip=now.clip, shot=replace(capture.shot, box=now.shot.box))


def _without_clip(capture: Capture | None) -> Capture | None:
    """A clip is written by the program, at any time."""
    return None if capture is None else replace(capture, clip="")
