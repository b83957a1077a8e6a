"""A box that stands still while its anatomy does: causally, by time, and dropped with its plane.

The boxes of neighbouring frames differ by more than the anatomy moves, and now and then one lies
elsewhere. The edges are smoothed; a box far from them is left out until others have lain there for
a while. What is steadied is for the eye: on record each frame keeps the box that was found on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from sonoassist.core.packets import Box, SteadiedBox

WITHIN_S = 0.15
"""Time constant of the edges."""
NEAR_IOU = 0.5
"""Boxes that overlap by less are not of one place: the box has jumped."""
MOVED_S = 0.25
"""After so long elsewhere it is the anatomy that has moved, or the box was wrong before."""
GAP_S = 0.5
"""A box that was found longer ago says nothing of this one."""
WARY_S = 0.3
"""For so long after a jump a box is not sure: the mark does not blink."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Boxes in one place, together."""

    box: Box
    since_s: float

    def with_box(self, box: Box, gap_s: float) -> _Place:
        return replace(self, box=_between(self.box, box, math.exp(-gap_s / WITHIN_S)))


@dataclass(frozen=True, slots=True)
class _Memory:
    plane: str
    time_s: float
    own: Box
    shown: _Place
    elsewhere: _Place | None = None
    jumped_s: float = -math.inf


class SteadyBox:
    """Follows the boxes of one sequence in the order of their times."""

    def __init__(self) -> None:
        self._before: _Memory | None = None
        self._now: _Memory | None = None

    def drop(self) -> None:
        """Forget the box: its plane has gone, or another sequence begins."""
        self._before = self._now = None

    def take(self, time_s: float, plane: str, box: Box) -> SteadiedBox:
        """Take the box of a frame.

        Args:
            time_s: Of the frame, in its source. At the time of the last one it takes its place.
            plane: Key of its plane; with another one nothing of before counts.
            box: Of the frame itself, or carried to it, in frame pixels.
        """
        if self._now is None or time_s != self._now.time_s:
            self._before = self._now
        before = self._before
        if before is None or plane != before.plane or not 0 < time_s - before.time_s <= GAP_S:
            self._before = None
            self._now = _Memory(plane, time_s, box, _Place(box, time_s))
        else:
            self._now = _following(before, time_s, box)
        return SteadiedBox(self._now.shown.box, time_s - self._now.jumped_s > WARY_S)


def _following(before: _Memory, time_s: float, box: Box) -> _Memory:
    gap_s = time_s - before.time_s
    now = replace(before, time_s=time_s, own=box, elsewhere=None)
    if box.iou(before.own) < NEAR_IOU:
        now = replace(now, jumped_s=time_s)
    if box.iou(before.shown.box) >= NEAR_IOU:
        return replace(now, shown=before.shown.with_box(box, gap_s))
    # What is shown is not where this frame has it: not sure, however quietly that came about.
    now = replace(now, jumped_s=time_s)
    there = before.elsewhere
    if there is None or box.iou(there.box) < NEAR_IOU:
        there = _Place(box, time_s)
    else:
        there = there.with_box(box, gap_s)
    if time_s - there.since_s >= MOVED_S:
        return replace(now, shown=there)
    return replace(now, elsewhere=there)


def _between(one: Box, other: Box, share: float) -> Box:
    """Edges between those of two boxes: `share` of the one."""

    def edge(a: float, b: float) -> float:
        return share * a + (1 - share) * b

    return Box(
        edge(one.left, other.left),
        edge(one.top, other.top),
        edge(one.right, other.right),
        edge(one.bottom, other.bottom),
    )
