"""Undo and redo of all that a person does to an exam."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exam_made import start
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoassist.core.errors import UsageError
from sonoassist.core.packets import Box
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Capture, How, Judgement, Shot, Tick
from sonoassist.exam.store import ExamStore
from sonoassist.exam.undo import ExamHistory, turned_words

FIELD = Box(0, 0, 8, 8)
PICTURE = np.full((8, 8), 90, np.uint8)


def shot(item: str = "femur", how: How = How.AUTO, at_s: float = 1.0) -> Shot:
    return Shot(item, how, at_s, 1, at_s, item, 0.9, 0.5, "", None, FIELD)


@pytest.fixture
def exam(tmp_path: Path) -> Iterator[Exam]:
    with ExamStore(tmp_path / "exams").create(start()) as exam:
        yield exam


@pytest.fixture
def history(exam: Exam) -> ExamHistory:
    return ExamHistory(exam)


def said(exam: Exam) -> tuple[Any, ...]:
    """All that a person can change, as it is in the record."""
    info = exam.info()
    return exam.captures(), exam.ticks(), info.note, info.start.study_id


def swap(exam: Exam, first: Capture) -> None:
    exam.add_capture(shot(how=How.HAND), PICTURE, judgement=Judgement.KEPT)
    exam.judge(first.capture_id, Judgement.REJECTED)


KINDS: dict[str, Callable[[Exam, Capture], None]] = {
    "keep": lambda exam, one: exam.judge(one.capture_id, Judgement.KEPT),
    "reject": lambda exam, one: exam.judge(one.capture_id, Judgement.REJECTED),
    "capture": lambda exam, _one: exam.add_capture(shot(how=How.HAND), PICTURE) and None,
    "swap": swap,
    "delete": lambda exam, one: exam.put_said({one.capture_id: None}, {}, None, None),
    "move": lambda exam, one: exam.move_capture(one.capture_id, "brain_tv"),
    "tick": lambda exam, _one: exam.tick(Tick("bladder", True, "seen")),
    "note": lambda exam, _one: exam.set_note("breech"),
    "study": lambda exam, _one: exam.set_study_id("S-99"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_can_be_undone_and_done_again(
    exam: Exam, history: ExamHistory, kind: str
) -> None:
    one = exam.add_capture(shot(), PICTURE)
    before = said(exam)
    with history.step(kind):
        KINDS[kind](exam, one)
    after = said(exam)
    assert after != before
    for _ in range(3):
        assert (history.next_undo, history.next_redo) == (kind, "")
        assert history.undo() == kind
        assert said(exam) == before
        assert (history.next_undo, history.next_redo) == ("", kind)
        assert history.redo() == kind
        assert said(exam) == after
    for capture in exam.captures():
        assert (exam.media / capture.still).is_file()


def test_nothing_changed_is_no_step(exam: Exam, history: ExamHistory) -> None:
    with history.step("nothing"):
        exam.set_note("")
    assert (history.next_undo, history.undo(), history.redo()) == ("", None, None)


def test_a_new_step_forgets_what_was_undone(exam: Exam, history: ExamHistory) -> None:
    with history.step("captured"):
        exam.add_capture(shot(how=How.HAND), PICTURE)
    (capture,) = exam.captures()
    history.undo()
    assert (exam.media / capture.still).is_file()  # it may come back
    with history.step("note"):
        exam.set_note("a")
    assert history.redo() is None
    assert not (exam.media / capture.still).exists()  # it cannot any more


def test_what_the_program_did_meanwhile_stays(exam: Exam, history: ExamHistory) -> None:
    one = exam.add_capture(shot(), PICTURE)
    with history.step("reject"):
        exam.judge(one.capture_id, Judgement.REJECTED)
    (exam.media / "clip.mp4").write_bytes(b"film")
    exam.add_clip(one.capture_id, "clip.mp4")
    better = exam.add_capture(shot(at_s=9.0), PICTURE)
    history.undo()
    back, other = exam.captures()
    assert (back.judgement, back.clip) == (Judgement.OPEN, "clip.mp4")
    assert other == better


def test_the_clip_of_a_capture_comes_back_with_it(exam: Exam, history: ExamHistory) -> None:
    with history.step("captured"):
        one = exam.add_capture(shot(how=How.HAND), PICTURE)
    (exam.media / "clip.mp4").write_bytes(b"film")
    exam.add_clip(one.capture_id, "clip.mp4")
    history.undo()
    assert exam.captures() == ()
    history.redo()
    assert exam.captures() == (replace(one, clip="clip.mp4"),)
    history.undo()
    history.close()
    assert not any(exam.media.iterdir())


def test_the_box_of_a_capture_that_came_behind_it_comes_back_with_it(
    exam: Exam, history: ExamHistory
) -> None:
    with history.step("captured"):
        one = exam.add_capture(shot(how=How.HAND), PICTURE)
    exam.put_box(one.capture_id, Box(1, 2, 5, 6))
    history.undo()
    history.redo()
    assert [capture.shot.box for capture in exam.captures()] == [Box(1, 2, 5, 6)]


def test_a_picture_that_a_better_one_replaced_cannot_come_back(
    exam: Exam, history: ExamHistory
) -> None:
    one = exam.add_capture(shot(), PICTURE)
    with history.step("keep"):
        exam.judge(one.capture_id, Judgement.KEPT)
    history.undo()
    exam.add_capture(shot(at_s=2.0), PICTURE, instead_of=one.capture_id)
    before = said(exam)
    with pytest.raises(UsageError, match="a better one has taken its place"):
        history.redo()
    assert said(exam) == before
    assert history.next_redo == ""  # it is not offered again


def test_what_was_done_until_a_failure_can_be_undone(exam: Exam, history: ExamHistory) -> None:
    def fail() -> None:
        exam.set_note("half")
        raise UsageError("no")

    with pytest.raises(UsageError), history.step("half"):
        fail()
    assert history.undo() == "half"
    assert exam.info().note == ""


def test_after_the_end_what_was_said_since_the_last_capture_can_be_undone(
    exam: Exam, history: ExamHistory
) -> None:
    with history.step("captured"):
        one = exam.add_capture(shot(how=How.HAND), PICTURE)
    with history.step("rejected"):
        exam.judge(one.capture_id, Judgement.REJECTED)
    with history.step("deleted"):
        gone = exam.add_capture(shot("lips"), PICTURE)
    history.undo()
    history.settle()
    assert not (exam.media / gone.still).exists()
    assert (exam.media / one.still).is_file()
    later = ExamHistory(exam, history.steps)
    assert (later.next_undo, later.next_redo) == ("rejected", "")
    later.undo()
    assert exam.captures()[0].judgement is Judgement.OPEN
    assert later.undo() is None  # its picture would have to go
    assert later.redo() == "rejected"


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Femur rejected", "Undone: Femur rejected"),
        ("LVOT kept", "Undone: LVOT kept"),
        ("4CH kept", "Undone: 4CH kept"),
        ("Note changed", "Undone: Note changed"),
        (None, "There is nothing to undo"),
    ],
)
def test_what_is_said_of_an_undo(title: str | None, said: str) -> None:
    assert turned_words(title, back=True) == said


moves = st.lists(st.sampled_from([*KINDS, "undo", "redo", "best frame"]), max_size=25)


@given(moves)
@settings(max_examples=25, deadline=None)
def test_any_sequence_goes_back_to_its_beginning_and_forth_again(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    with ExamStore(tmp_path_factory.mktemp("undo")).create(start()) as exam:
        history = ExamHistory(exam)
        exam.add_capture(shot(), PICTURE)
        states, at = [said(exam)], 0  # what it was behind each step
        for name in names:
            if name == "undo":
                at = max(at - 1, 0)
                history.undo()
            elif name == "redo":
                at = min(at + 1, len(states) - 1)
                history.redo()
            elif name in KINDS and exam.captures():
                before = said(exam)
                with history.step(name):
                    KINDS[name](exam, exam.captures()[0])
                if said(exam) != before:
                    states, at = [*states[: at + 1], said(exam)], at + 1
            assert said(exam) == states[at]
        for state in reversed(states[:at]):
            assert history.undo() is not None
            assert said(exam) == state
        assert history.undo() is None
        for state in states[1:]:
            assert history.redo() is not None
            assert said(exam) == state
        assert history.redo() is None
        history.close()
        stills = {capture.still for capture in exam.captures()}
        assert {path.name for path in exam.media.iterdir()} == stills
