"""What a person does to a review, step by step, and what comes of all steps together."""

from __future__ import annotations

import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import ClassVar

from sonoassist.core.packets import Box
from sonoassist.core.planes import BY_KEY, INDEX, PLANES
from sonoassist.core.wording import counted
from sonoassist.recordings.corrections import Corrections, Label, Mark

Edges = tuple[float, float, float, float]
"""Left, top, right and bottom of a box, in frame pixels."""
BOXED = frozenset(plane.key for plane in PLANES if not plane.is_background)
"""The background has no box."""


@dataclass(frozen=True, slots=True)
class SetLabel:
    """Frames `first` to `last` show `plane`; "" takes earlier words on them back.

    Attributes:
        keeps_best: Frames among them that were chosen for another plane stay chosen. Steps of
            earlier programs took them out.
    """

    kind: ClassVar[str] = "label"
    first: int
    last: int
    plane: str
    keeps_best: bool = False

    def applied(self, to: Corrections) -> Corrections:
        """The corrections with this label in them."""
        # Labels are sorted and do not overlap, so only those that meet this one are touched; a
        # person may set thousands.
        begin = bisect_left(to.labels, self.first - 1, key=lambda one: one.last)
        end = bisect_right(to.labels, self.last + 1, key=lambda one: one.first)
        met = [
            part for one in to.labels[begin:end] for part in _without(one, self.first, self.last)
        ]
        if self.plane:
            met.append(Label(self.first, self.last, self.plane))
        between = _joined(sorted(met, key=lambda one: one.first))
        labels = (*to.labels[:begin], *between, *to.labels[end:])
        return replace(to, labels=labels, best=self._agreeing(to.best))

    def _agreeing(self, best: Mapping[str, int]) -> dict[str, int]:
        """The chosen frames, without those that this label contradicts unless it keeps them."""
        if self.keeps_best:
            return dict(best)
        return {
            plane: frame
            for plane, frame in best.items()
            if plane == self.plane or not self.plane or not self.first <= frame <= self.last
        }

    @property
    def words(self) -> str:
        """For people."""
        count = self.last - self.first + 1
        what = BY_KEY[self.plane].label if self.plane else "as the model says"
        return f"{counted(count, 'frame')}: {what}"


@dataclass(frozen=True, slots=True)
class SetBest:
    """`frame` is the best one of `plane`; -1 takes the choice back."""

    kind: ClassVar[str] = "best"
    plane: str
    frame: int

    def applied(self, to: Corrections) -> Corrections:
        """The corrections with this choice in them."""
        # A frame shows one plane: it is the best one of the plane named last, and of no other.
        best = {
            key: frame
            for key, frame in to.best.items()
            if key != self.plane and frame != self.frame
        }
        labels = to.labels
        if self.frame >= 0:
            best[self.plane] = self.frame
            if to.label_at(self.frame) != self.plane:  # the later word counts
                labels = SetLabel(self.frame, self.frame, "").applied(to).labels
        return replace(to, best=best, labels=labels)

    @property
    def words(self) -> str:
        """For people."""
        name = BY_KEY[self.plane].label
        return f"best frame of {name}" if self.frame >= 0 else f"no best frame of {name}"


@dataclass(frozen=True, slots=True)
class SetMark:
    """Mark a frame, or take its mark away."""

    kind: ClassVar[str] = "mark"
    frame: int
    on: bool
    text: str = ""

    def applied(self, to: Corrections) -> Corrections:
        """The corrections with this mark, or without it."""
        begin = bisect_left(to.marks, self.frame, key=lambda one: one.frame)
        end = bisect_right(to.marks, self.frame, key=lambda one: one.frame)
        own = (Mark(self.frame, self.text),) if self.on else ()
        return replace(to, marks=(*to.marks[:begin], *own, *to.marks[end:]))

    @property
    def words(self) -> str:
        """For people."""
        if not self.on:
            return "mark removed"
        return "note on a frame" if self.text else "mark"


@dataclass(frozen=True, slots=True)
class SetNote:
    """The words on the whole recording."""

    kind: ClassVar[str] = "note"
    text: str

    def applied(self, to: Corrections) -> Corrections:
        """The corrections with this note."""
        return replace(to, note=self.text)

    @property
    def words(self) -> str:
        """For people."""
        return "note on the recording" if self.text else "note on the recording removed"


@dataclass(frozen=True, slots=True)
class SetBox:
    """The box of `plane` on a frame; without edges it is taken away."""

    kind: ClassVar[str] = "box"
    frame: int
    plane: str
    edges: Edges | None

    def applied(self, to: Corrections) -> Corrections:
        """The corrections with this box in them; the one drawn last comes last."""
        place = (self.frame, self.plane)
        boxes = {at: box for at, box in to.boxes.items() if at != place}
        if self.edges is not None:
            boxes[place] = Box(*self.edges)
        return replace(to, boxes=boxes)

    @property
    def words(self) -> str:
        """For people."""
        name = BY_KEY[self.plane].label
        return f"box of {name}" if self.edges is not None else f"box of {name} removed"


Edit = SetLabel | SetBest | SetMark | SetNote | SetBox
_KINDS: dict[str, type[Edit]] = {
    "label": SetLabel,
    "best": SetBest,
    "mark": SetMark,
    "note": SetNote,
    "box": SetBox,
}


def folded(edits: Iterable[Edit]) -> Corrections:
    """What comes of all steps, in their order."""
    made = Corrections()
    for edit in edits:
        made = edit.applied(made)
    return made


def frames_of(edit: Edit) -> tuple[int, ...]:
    """First and last, or the only frame that an edit is about; none where it is about none."""
    if isinstance(edit, SetLabel):
        return edit.first, edit.last
    if isinstance(edit, SetBest):
        return (edit.frame,) if edit.frame >= 0 else ()
    return (edit.frame,) if isinstance(edit, SetMark | SetBox) else ()


def text_of(edit: Edit) -> str:
    """An edit as JSON."""
    return json.dumps({"kind": edit.kind, **asdict(edit)}, sort_keys=True)


def edit_of(text: str) -> Edit:
    """The inverse of `text_of`.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: It is not what `text_of` wrote.
    """
    try:
        values = json.loads(text)
    except RecursionError as error:
        raise ValueError("a step is nested too deeply") from error
    kind = _KINDS[values.pop("kind")]
    if kind is SetBox:
        values["edges"] = _edges_of(values["edges"])
    made = kind(**values)
    plane = getattr(made, "plane", "")
    if not isinstance(plane, str) or not isinstance(getattr(made, "text", ""), str):
        raise TypeError("a word is no text")
    if plane and plane not in INDEX:
        raise ValueError(f"there is no plane {plane!r}")
    if isinstance(made, SetBox) and made.plane not in BOXED:
        raise ValueError(f"there are no boxes of {made.plane!r}")
    for name in ("first", "last", "frame"):
        if not isinstance(getattr(made, name, 0), int):
            raise TypeError(f"{name} is no number of a frame")
    return made


def _edges_of(values: object) -> Edges | None:
    """The edges of a box as they were written.

    Raises:
        ValueError, TypeError: They are no edges of a box.
    """
    if values is None:
        return None
    if not isinstance(values, list) or not all(type(one) in (int, float) for one in values):
        raise TypeError("a box has an edge that is no number")
    left, top, right, bottom = (float(one) for one in values)
    if not (math.isfinite(right - left) and math.isfinite(bottom - top)):
        raise ValueError("a box has an edge that is nowhere")
    if right <= left or bottom <= top:
        raise ValueError("a box has no size")
    return left, top, right, bottom


def _without(label: Label, first: int, last: int) -> list[Label]:
    """What is left of a label outside of a stretch."""
    parts = []
    if label.first < first:
        parts.append(replace(label, last=min(label.last, first - 1)))
    if label.last > last:
        parts.append(replace(label, first=max(label.first, last + 1)))
    return parts


def _joined(labels: list[Label]) -> tuple[Label, ...]:
    """Neighbours of one plane as one."""
    made: list[Label] = []
    for one in labels:
        if made and made[-1].plane == one.plane and made[-1].last + 1 == one.first:
            made[-1] = replace(made[-1], last=one.last)
        else:
            made.append(one)
    return tuple(made)
