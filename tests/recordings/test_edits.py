"""What a person says: each step as it is told, kept at once, undone and done again."""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoassist.core.planes import KEYS
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.corrections import Corrections, Label
from sonoassist.recordings.edits import (
    Edit,
    SetBest,
    SetBox,
    SetLabel,
    SetMark,
    SetNote,
    edit_of,
    folded,
    text_of,
)

FRAMES = 40
PLANE_KEYS = [key for key in KEYS if key != "background"]


@st.composite
def labels(draw: st.DrawFn) -> SetLabel:
    first = draw(st.integers(0, FRAMES - 1))
    last = draw(st.integers(first, FRAMES - 1))
    return SetLabel(first, last, draw(st.sampled_from(["", *KEYS])))


@st.composite
def boxes(draw: st.DrawFn) -> SetBox:
    left, top = draw(st.floats(0, 500)), draw(st.floats(0, 500))
    wide, high = draw(st.floats(1, 300)), draw(st.floats(1, 300))
    edges = draw(st.sampled_from([None, (left, top, left + wide, top + high)]))
    return SetBox(draw(st.integers(0, FRAMES - 1)), draw(st.sampled_from(PLANE_KEYS)), edges)


edits: st.SearchStrategy[Edit] = st.one_of(
    boxes(),
    labels(),
    st.builds(SetBest, st.sampled_from(PLANE_KEYS), st.integers(-1, FRAMES - 1)),
    st.builds(SetMark, st.integers(0, FRAMES - 1), st.booleans(), st.text(max_size=5)),
    st.builds(SetNote, st.text(max_size=8)),
)


@given(st.lists(labels(), max_size=12))
def test_labels_are_those_of_the_last_word_on_each_frame(steps: list[SetLabel]) -> None:
    truth = [""] * FRAMES
    for step in steps:
        truth[step.first : step.last + 1] = [step.plane] * (step.last - step.first + 1)
    made = folded(steps)
    assert [made.label_at(frame) for frame in range(FRAMES)] == truth
    ends = [(one.first, one.last) for one in made.labels]
    assert ends == sorted(ends)
    for (_, last), (first, _) in itertools.pairwise(ends):
        assert last < first


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=20))
def test_marks_are_those_of_the_last_word(steps: list[tuple[int, bool]]) -> None:
    truth: dict[int, bool] = {}
    for frame, on in steps:
        truth[frame] = on
    made = folded(SetMark(frame, on) for frame, on in steps)
    assert [one.frame for one in made.marks] == sorted(one for one, on in truth.items() if on)


def test_a_label_touches_its_neighbours_only() -> None:
    looks = []
    for counted in (100, 3200):
        made = folded(SetLabel(4 * one, 4 * one + 1, "lips") for one in range(counted))
        looked = _Looked(made.labels)
        SetLabel(40, 43, "femur").applied(replace(made, labels=looked))
        looks.append(looked.looks)
    assert looks[1] <= looks[0] + 20


class _Looked(tuple[Label, ...]):
    """Labels that count how often one of them is looked at."""

    looks = 0

    def __getitem__(self, at):  # type: ignore[no-untyped-def, override]
        self.looks += not isinstance(at, slice)
        return super().__getitem__(at)

    def __iter__(self):  # type: ignore[no-untyped-def]
        self.looks += len(self)
        return super().__iter__()


@given(st.lists(edits, max_size=12))
def test_a_chosen_frame_is_never_labelled_as_something_else(steps: list[Edit]) -> None:
    made = folded(steps)
    for plane, frame in made.best.items():
        assert made.label_at(frame) in ("", plane)
    assert len(set(made.best.values())) == len(made.best)


def test_a_frame_is_the_best_of_one_plane() -> None:
    made = folded([SetBest("brain_tv", 10), SetBest("femur", 5), SetBest("brain_cb", 10)])
    assert made.best == {"femur": 5, "brain_cb": 10}


@given(edits)
def test_on_disk_and_back(edit: Edit) -> None:
    assert edit_of(text_of(edit)) == edit


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"kind": "label"}',
        '{"kind": "wish", "plane": ""}',
        '{"kind": "label", "first": 1, "last": 2, "plane": "foot"}',
        '{"kind": "best", "plane": "femur", "frame": "3"}',
        '{"kind": "best", "plane": {}, "frame": 3}',
        '{"kind": "note", "text": 3}',
        '{"kind": "box", "plane": "femur", "frame": 1, "edges": [1, 2, 3]}',
        '{"kind": "box", "plane": "femur", "frame": 1, "edges": [1, 2, 1, 4]}',
        '{"kind": "box", "plane": "femur", "frame": 1, "edges": [1, 2, "9", 4]}',
        '{"kind": "box", "plane": "femur", "frame": 1, "edges": [1, 2, Infinity, 4]}',
        '{"kind": "box", "plane": "femur", "frame": 1, "edges": [NaN, 2, 8, 4]}',
        '{"kind": "box", "plane": "femur", "frame": 1.5, "edges": null}',
        '{"kind": "box", "plane": "femur", "frame": 1}',
        '{"kind": "box", "plane": "background", "frame": 1, "edges": [1, 2, 3, 4]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_edit_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        edit_of(text)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(edits, st.sampled_from(["undo", "redo", "reopen"])), max_size=20))
def test_undo_and_redo_as_with_a_list_of_steps(steps: list[Edit | str]) -> None:
    done: list[Edit] = []
    undone: list[Edit] = []
    with tempfile.TemporaryDirectory() as folder:
        store = CorrectionStore(Path(folder))
        review = store.open("x")
        for step in steps:
            if step == "reopen":
                review.close()
                review = store.open("x")
            elif step == "undo":
                assert review.undo() == (done[-1] if done else None)
                undone += [done.pop()] if done else []
            elif step == "redo":
                assert review.redo() == (undone[-1] if undone else None)
                done += [undone.pop()] if undone else []
            else:
                assert not isinstance(step, str)
                review.apply(step)
                done.append(step)
                undone.clear()
            assert review.corrections == folded(done)
        review.close()


def test_neighbours_of_one_plane_become_one_stretch() -> None:
    made = folded([SetLabel(0, 4, "femur"), SetLabel(5, 9, "femur"), SetLabel(3, 4, "lips")])
    assert made.labels == (Label(0, 2, "femur"), Label(3, 4, "lips"), Label(5, 9, "femur"))
    assert Corrections().empty
    assert not made.empty


@given(st.lists(boxes(), max_size=12))
def test_boxes_are_those_drawn_last_on_each_frame_and_plane(steps: list[SetBox]) -> None:
    truth = {(one.frame, one.plane): one.edges for one in steps}
    made = folded(steps).boxes
    assert {at: (box.left, box.top, box.right, box.bottom) for at, box in made.items()} == {
        at: edges for at, edges in truth.items() if edges is not None
    }
    drawn = [(one.frame, one.plane) for one in steps if one.edges is not None]
    assert not made or list(made)[-1] in drawn


def test_a_label_of_an_earlier_program_took_chosen_frames_out_and_one_of_now_does_not() -> None:
    chosen = SetBest("femur", 5)
    older = edit_of('{"kind": "label", "first": 0, "last": 9, "plane": "lips"}')
    assert folded([chosen, older]).best == {}
    made = folded([chosen, SetLabel(0, 9, "lips", keeps_best=True)])
    assert made.best == {"femur": 5}
    assert made.agreed == {}
    assert folded([chosen, SetLabel(0, 9, "femur", keeps_best=True)]).agreed == {"femur": 5}
