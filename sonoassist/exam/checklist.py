"""What is there of a checklist and what is missing; derived from the record, never kept in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from sonoassist.exam.capture_words import own_confidence
from sonoassist.exam.records import Capture, How, Item, Judgement, Shot, Tick

SAME_MOMENT_S = 2.0
"""A frame so near to a rejected one shows the same."""


class ItemState(Enum):
    """How far an item has come."""

    MISSING = "missing"
    REJECTED = "rejected"
    """All its captures were rejected: missing again."""
    BEST = "best"
    """A capture is there that nobody has reviewed: the best so far."""
    TICKED = "ticked"
    """By hand."""
    KEPT = "kept"
    """The user kept a capture."""

    @property
    def done(self) -> bool:
        """Whether the user said that it is finished."""
        return self in (ItemState.KEPT, ItemState.TICKED)

    @property
    def found(self) -> bool:
        """Whether there is anything of it."""
        return self.done or self is ItemState.BEST


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the checklist.

    Attributes:
        item: Of the list.
        state: How far it has come.
        shown: The capture that stands for it, or None.
        captures: Number of its captures that were not rejected.
        rejected: Number of those that were.
        ticked: Ticked by hand, whatever the captures.
        note: The user's words.
        live: What is in view for it now and not in the record, or None; it changes no state.
    """

    item: Item
    state: ItemState
    shown: Capture | None
    captures: int
    rejected: int
    ticked: bool
    note: str
    live: Shot | None


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of the required items is there.

    Attributes:
        done: Kept or ticked.
        found: Kept, ticked, or with a capture that waits for review.
        total: Number of required items.
        missing: The required items of which there is nothing.
    """

    done: int
    found: int
    total: int
    missing: tuple[Item, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def checklist(
    items: Iterable[Item],
    captures: Iterable[Capture],
    ticks: Iterable[Tick] = (),
    live: Shot | None = None,
) -> tuple[Line, ...]:
    """The lines of a checklist, in the order of `items`.

    Args:
        items: The list.
        captures: All of the exam; those of no item count for none.
        ticks: All of the exam.
        live: What is in view now.
    """
    known = tuple(captures)
    by_item = {tick.item: tick for tick in ticks}
    return tuple(_line(item, _of(item, known), by_item.get(item.key), live) for item in items)


def completeness(lines: Iterable[Line]) -> Completeness:
    """How much of the required items is there; optional ones never count."""
    required = [line for line in lines if line.item.required]
    return Completeness(
        done=sum(line.state.done for line in required),
        found=sum(line.state.found for line in required),
        total=len(required),
        missing=tuple(line.item for line in required if not line.state.found),
    )


def outside(items: Iterable[Item], captures: Iterable[Capture]) -> tuple[Capture, ...]:
    """The captures that are for no item of the list, in their order."""
    keys = {item.key for item in items}
    return tuple(one for one in captures if one.shot.item not in keys)


def best(captures: Iterable[Capture], item: Item | None = None) -> Capture | None:
    """The most confident capture of an item, among equals the sharper, then the newest one.

    How sure the network was of another plane counts for nothing.
    """
    return max(
        captures,
        key=lambda one: (own_confidence(one.shot, item), one.shot.quality, one.capture_id),
        default=None,
    )


def replaceable(item: Item, captures: Iterable[Capture]) -> Capture | None:
    """The capture of an item that a better automatic one may take the place of.

    A capture that the user kept, rejected or made stays.
    """
    waiting = (
        one
        for one in _of(item, captures)
        if one.judgement is Judgement.OPEN and one.shot.how is How.AUTO
    )
    return best(waiting, item)


def refused(item: Item, captures: Iterable[Capture], at_s: float) -> bool:
    """Whether an automatic capture of `at_s` would bring back what the user rejected.

    Args:
        item: That it is for.
        captures: All of the exam.
        at_s: When its frame was captured.
    """
    return any(
        one.judgement is Judgement.REJECTED and abs(one.shot.at_s - at_s) <= SAME_MOMENT_S
        for one in _of(item, captures)
    )


def _of(item: Item, captures: Iterable[Capture]) -> list[Capture]:
    return [one for one in captures if one.shot.item == item.key]


def _line(item: Item, captures: Sequence[Capture], tick: Tick | None, live: Shot | None) -> Line:
    left = [one for one in captures if one.judgement is not Judgement.REJECTED]
    kept = [one for one in left if one.judgement is Judgement.KEPT]
    ticked = tick is not None and tick.done
    return Line(
        item=item,
        state=_state(bool(kept), ticked, bool(left), bool(captures)),
        shown=best(kept or left, item),
        captures=len(left),
        rejected=len(captures) - len(left),
        ticked=ticked,
        note=tick.note if tick is not None else "",
        live=live if live is not None and live.item == item.key else None,
    )


def _state(kept: bool, ticked: bool, left: bool, any_at_all: bool) -> ItemState:
    if kept:
        return ItemState.KEPT
    if ticked:
        return ItemState.TICKED
    if left:
        return ItemState.BEST
    return ItemState.REJECTED if any_at_all else ItemState.MISSING
