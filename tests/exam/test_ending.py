"""The end of an exam: kept, not reviewed and missing are counted apart, also in an older record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exam.exam_made import picture, row, shot, start
from sonoassist.core.errors import UsageError
from sonoassist.core.packets import State, frozen
from sonoassist.core.planes import INDEX
from sonoassist.exam.checklist import Completeness, completeness
from sonoassist.exam.ending import counts_words, end_words, exam_end, missing_words
from sonoassist.exam.looking_over import judging, look_over, turning
from sonoassist.exam.records import FrameRow, Item, Judgement, Tick
from sonoassist.exam.store import ExamStore
from sonoassist.exam.undo import Steps

ITEMS = (
    Item("femur", "Femur", "femur"),
    Item("lips", "Lips", "lips"),
    Item("4ch", "4CH", "4ch"),
    Item("lvot", "LVOT", "lvot"),
    Item("bladder", "Bladder", required=False),
)


def _frame(number: int, shares: dict[str, float], state: State = State.UNSURE) -> FrameRow:
    values = np.zeros(14, np.float32)
    for key, share in shares.items():
        values[INDEX[key]] = share
    return replace(row(number), probabilities=frozen(values), state=state)


@pytest.fixture
def made(tmp_path: Path) -> tuple[ExamStore, str]:
    """An exam that was cut off: one kept, one not reviewed, two missing, of which one was near."""
    store = ExamStore(tmp_path)
    with store.create(start(items=ITEMS)) as exam:
        exam.add_frames(
            [
                _frame(25, {"4ch": 0.41}),
                _frame(50, {"4ch": 0.62, "lvot": 0.05}),
                _frame(75, {"4ch": 0.99}, State.DOPPLER),
                _frame(100, {"4ch": 0.3}),
            ]
        )
        exam.add_capture(shot("femur"), picture(), judgement=Judgement.KEPT)
        exam.add_capture(shot("lips"), picture())
        return store, exam.exam_id


def test_what_was_kept_what_nobody_has_reviewed_and_what_is_missing(
    made: tuple[ExamStore, str],
) -> None:
    end = exam_end(*made)
    assert not end.info.ended
    assert [line.item.key for line in end.kept] == ["femur"]
    assert [line.item.key for line in end.open] == ["lips"]
    assert [line.item.key for line in end.missing] == ["4ch", "lvot"]
    assert end_words(end) == "1 kept, 1 not reviewed, 2 missing, of 4"
    # A picture that was not judged was not nearly the plane, and 5 % is nothing.
    assert end.nearly["4ch"].words == "nearly seen at 00:02, 62 %"
    assert "lvot" not in end.nearly


def test_judging_afterwards_is_kept_and_can_be_taken_back(made: tuple[ExamStore, str]) -> None:
    store, exam_id = made
    steps = Steps()
    words = [judging(2, Judgement.KEPT), judging(1, Judgement.REJECTED)]
    look_over(store, exam_id, steps, words)
    end = exam_end(store, exam_id)
    assert [line.item.key for line in end.kept] == ["lips"]
    assert [line.item.key for line in end.missing] == ["femur", "4ch", "lvot"]
    back = look_over(store, exam_id, steps, [turning(back=True), turning(back=True)])
    assert back.said == ("Undone: Femur rejected", "Undone: Lips kept")
    assert [line.item.key for line in exam_end(store, exam_id).open] == ["lips"]
    forth = look_over(store, exam_id, steps, [turning(back=False)])
    assert forth.said == ("Done again: Lips kept",)
    assert forth.captures == exam_end(store, exam_id).captures
    assert not exam_end(store, exam_id).open
    with store.open(exam_id) as exam:
        said = [event.text for event in exam.events() if event.kind in ("judged", "undo")]
    assert said == [
        "Capture 2 kept after the end",
        "Capture 1 rejected after the end",
        "Undone: Femur rejected",
        "Undone: Lips kept",
        "Done again: Lips kept",
    ]


def test_what_is_shown_at_once_is_what_is_read_afterwards(made: tuple[ExamStore, str]) -> None:
    end = exam_end(*made)
    look_over(*made, Steps(), [judging(2, Judgement.REJECTED)])
    assert end.judged(2, Judgement.REJECTED).lines == exam_end(*made).lines


def test_a_tick_is_kept_by_a_person(tmp_path: Path) -> None:
    store = ExamStore(tmp_path)
    with store.create(start(items=ITEMS)) as exam:
        exam.tick(Tick("bladder", True))
    end = exam_end(store, exam.exam_id)
    assert [line.item.key for line in end.kept] == ["bladder"]
    assert completeness(end.lines).done == 0  # optional items never count


def test_an_exam_that_runs_is_not_judged_by_another_window(made: tuple[ExamStore, str]) -> None:
    store, exam_id = made
    with store.open(exam_id, write=True), pytest.raises(UsageError):
        look_over(store, exam_id, Steps(), [judging(2, Judgement.KEPT)])


def test_what_nobody_has_reviewed_is_not_all_found() -> None:
    nobody = Completeness(0, 13, 13, ())
    assert counts_words(nobody) == "0 kept, 13 not reviewed, none missing, of 13"


def test_what_was_rejected_is_not_called_nearly_seen(tmp_path: Path) -> None:
    store = ExamStore(tmp_path)
    with store.create(start(items=ITEMS)) as exam:
        exam.add_frames([_frame(50, {"4ch": 0.99, "lvot": 0.6})])
        for _ in range(2):
            exam.add_capture(shot("4ch"), picture(), judgement=Judgement.REJECTED)
        exam.add_capture(shot("femur"), picture(), judgement=Judgement.REJECTED)
    end = exam_end(store, exam.exam_id)
    assert {line.item.key: missing_words(end, line) for line in end.missing} == {
        "4ch": "2 pictures rejected",
        "femur": "1 picture rejected",
        "lvot": "nearly seen at 00:02, 60 %",
        "lips": "",
    }
