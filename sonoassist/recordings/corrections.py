"""What a person says of a recording, as frozen values; frames are counted from 0."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

from sonoassist.core.packets import Box


@dataclass(frozen=True, slots=True)
class Label:
    """What a person says of a stretch of frames.

    Attributes:
        first: Its first frame.
        last: Its last frame.
        plane: Key of the plane it shows ("background" for none).
    """

    first: int
    last: int
    plane: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A frame that a person marked.

    Attributes:
        frame: Which.
        text: The person's words; may be empty.
    """

    frame: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Corrections:
    """All that a person said of a recording.

    Attributes:
        labels: Stretches, in order, without overlap.
        best: Key of a plane -> the frame chosen for it; a label may contradict that.
        marks: In the order of their frames.
        note: Words on the whole recording.
        boxes: Frame and key of a plane -> the box drawn for it, in frame pixels; in the order in
            which they were drawn.
    """

    labels: tuple[Label, ...] = ()
    best: Mapping[str, int] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    note: str = ""
    boxes: Mapping[tuple[int, str], Box] = field(default_factory=dict)

    def label_at(self, frame: int) -> str:
        """Key of the plane that a person says a frame shows, or ""."""
        at = bisect_left(self.labels, frame, key=lambda one: one.last)
        label = self.labels[at] if at < len(self.labels) else None
        return label.plane if label is not None and label.first <= frame else ""

    @property
    def agreed(self) -> dict[str, int]:
        """The chosen frames that no label calls something else."""
        return {
            plane: frame
            for plane, frame in self.best.items()
            if self.label_at(frame) in ("", plane)
        }

    def boxes_on(self, frame: int) -> dict[str, Box]:
        """Key of a plane -> the box that was drawn for it on a frame."""
        return {plane: box for (at, plane), box in self.boxes.items() if at == frame}

    @property
    def empty(self) -> bool:
        """Whether nothing was said."""
        return not (self.labels or self.best or self.marks or self.note or self.boxes)
