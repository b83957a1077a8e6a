"""Every way an item of a checklist can stand, and what may replace what."""

from __future__ import annotations

import pytest
from exam_made import ITEMS, capture, shot
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.exam.checklist import (
    SAME_MOMENT_S,
    ItemState,
    Line,
    best,
    checklist,
    completeness,
    outside,
    refused,
    replaceable,
)
from sonoassist.exam.records import Capture, How, Item, Judgement, Tick

FEMUR, BLADDER = ITEMS[1], ITEMS[3]
OPEN, KEPT, REJECTED = Judgement.OPEN, Judgement.KEPT, Judgement.REJECTED


def femur(*captures: Capture, ticks: tuple[Tick, ...] = ()) -> Line:
    (line,) = checklist([FEMUR], captures, ticks)
    return line


def test_nothing_yet() -> None:
    lines = checklist(ITEMS, ())
    assert [line.item for line in lines] == list(ITEMS)
    assert {line.state for line in lines} == {ItemState.MISSING}
    assert all(line.shown is None and line.captures == 0 and not line.note for line in lines)
    whole = completeness(lines)
    assert (whole.done, whole.found, whole.total) == (0, 0, 3)
    assert whole.missing == ITEMS[:3]
    assert not whole.complete


@pytest.mark.parametrize(
    ("judgements", "ticked", "state"),
    [
        ((), False, ItemState.MISSING),
        ((), True, ItemState.TICKED),
        ((OPEN,), False, ItemState.BEST),
        ((OPEN,), True, ItemState.TICKED),
        ((KEPT,), False, ItemState.KEPT),
        ((KEPT,), True, ItemState.KEPT),
        ((REJECTED,), False, ItemState.REJECTED),
        ((REJECTED,), True, ItemState.TICKED),
        ((REJECTED, OPEN), False, ItemState.BEST),
        ((OPEN, REJECTED), False, ItemState.BEST),
        ((REJECTED, KEPT, OPEN), False, ItemState.KEPT),
    ],
)
def test_states(judgements: tuple[Judgement, ...], ticked: bool, state: ItemState) -> None:
    captures = [capture(number, judgement=one) for number, one in enumerate(judgements)]
    line = femur(*captures, ticks=(Tick("femur", ticked),))
    assert line.state is state
    assert line.ticked is ticked
    assert line.rejected == judgements.count(REJECTED)
    assert line.captures == len(judgements) - line.rejected


def test_the_kept_capture_is_shown_however_sure_the_others_are() -> None:
    line = femur(capture(1, judgement=KEPT, confidence=0.7), capture(2, confidence=0.99))
    assert line.shown is not None
    assert line.shown.capture_id == 1


def test_the_best_open_capture_is_shown() -> None:
    line = femur(
        capture(1, confidence=0.9, quality=0.2),
        capture(2, confidence=0.9, quality=0.8),
        capture(3, confidence=0.8, quality=1.0),
        capture(4, confidence=0.99, judgement=REJECTED),
    )
    assert line.shown is not None
    assert line.shown.capture_id == 2


def test_notes_of_items() -> None:
    line = femur(ticks=(Tick("femur", False, "fetus lies on it"), Tick("bladder", True)))
    assert (line.state, line.note) == (ItemState.MISSING, "fetus lies on it")


def test_what_is_in_view_changes_no_state() -> None:
    lines = checklist(ITEMS, (), live=shot("femur"))
    assert [line.live is not None for line in lines] == [False, True, False, False]
    assert completeness(lines).found == 0


def test_five_kept_eight_found_of_thirteen() -> None:
    items = [Item(f"plane{number}", f"Plane {number}", "femur") for number in range(13)]
    items += [Item("hands", "Hands", required=False), Item("twin", "Twin", required=True)]
    captures = [capture(number, f"plane{number}", KEPT) for number in range(4)]
    captures += [capture(number, f"plane{number}") for number in range(4, 7)]
    captures += [capture(20, "plane7", REJECTED), capture(21, "hands", KEPT)]
    lines = checklist(items, captures, [Tick("plane12", True), Tick("hands", True)])
    whole = completeness(lines)
    assert (whole.done, whole.found, whole.total) == (5, 8, 14)
    assert [item.key for item in whole.missing] == [
        "plane7",
        "plane8",
        "plane9",
        "plane10",
        "plane11",
        "twin",
    ]


def test_a_ticked_manual_item_completes_the_list() -> None:
    needed = Item("bladder", "Bladder")
    captures = [capture(1)]
    assert completeness(checklist([FEMUR, BLADDER], captures)).complete
    assert not completeness(checklist([FEMUR, needed], captures)).complete
    assert completeness(checklist([FEMUR, needed], captures, [Tick("bladder", True)])).complete


def test_captures_outside_the_list() -> None:
    captures = [capture(1, ""), capture(2, "femur"), capture(3, "gone")]
    assert [one.capture_id for one in outside(ITEMS, captures)] == [1, 3]


def test_only_an_open_automatic_capture_may_be_replaced() -> None:
    assert replaceable(FEMUR, ()) is None
    assert replaceable(FEMUR, [capture(1, how=How.HAND)]) is None
    assert replaceable(FEMUR, [capture(1, judgement=KEPT)]) is None
    assert replaceable(FEMUR, [capture(1, judgement=REJECTED)]) is None
    assert replaceable(FEMUR, [capture(1, "4ch")]) is None
    chosen = capture(3, confidence=0.8)
    others = [capture(1, how=How.HAND), capture(2, judgement=KEPT), capture(4, confidence=0.75)]
    assert replaceable(FEMUR, [*others, chosen]) is chosen


@pytest.mark.parametrize(
    ("at_s", "judgement", "wanted"),
    [
        (10.0, REJECTED, True),
        (10.0 - SAME_MOMENT_S, REJECTED, True),
        (10.0 + SAME_MOMENT_S, REJECTED, True),
        (10.01 + SAME_MOMENT_S, REJECTED, False),
        (9.99 - SAME_MOMENT_S, REJECTED, False),
        (10.0, OPEN, False),
        (10.0, KEPT, False),
    ],
)
def test_a_rejected_moment_does_not_come_back(
    at_s: float, judgement: Judgement, wanted: bool
) -> None:
    captures = [capture(1, judgement=judgement, at_s=10.0)]
    assert refused(FEMUR, captures, at_s) is wanted
    assert not refused(ITEMS[0], captures, at_s)


some_captures = st.lists(
    st.builds(
        capture,
        st.integers(1, 1000),
        st.sampled_from(["femur", "4ch", "bladder", ""]),
        st.sampled_from(Judgement),
        st.floats(0, 100),
        how=st.sampled_from(How),
        confidence=st.floats(0, 1),
        quality=st.floats(0, 1),
    ),
    max_size=12,
    unique_by=lambda one: one.capture_id,
)
some_ticks = st.lists(
    st.builds(Tick, st.sampled_from(["femur", "4ch", "bladder"]), st.booleans()),
    unique_by=lambda one: one.item,
)


@given(some_captures, some_ticks)
def test_what_always_holds(captures: list[Capture], ticks: list[Tick]) -> None:
    lines = checklist(ITEMS, captures, ticks)
    whole = completeness(lines)
    assert whole.done <= whole.found <= whole.total
    assert whole.found + len(whole.missing) == whole.total
    counted = sum(line.captures + line.rejected for line in lines)
    assert counted + len(outside(ITEMS, captures)) == len(captures)
    for line in lines:
        assert (line.shown is not None) == (line.captures > 0)
        if line.shown is not None:
            assert line.shown.judgement is not REJECTED
            assert (line.shown.judgement is KEPT) == (line.state is ItemState.KEPT)


@given(some_captures)
def test_the_order_of_captures_does_not_matter(captures: list[Capture]) -> None:
    assert best(captures) == best(list(reversed(captures)))
    assert checklist(ITEMS, captures) == checklist(ITEMS, list(reversed(captures)))
