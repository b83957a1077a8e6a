"""What a review consists of, as frozen values; frames are counted from 0."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from sonoassist.core.packets import Box, Floats, State
from sonoassist.core.planes import PLANES, Plane

EXAM = "exam:"
"""What the name of a kept exam begins with, where a file could be named as well."""
STRIDE = 16
"""Every so manyth frame is analysed first, and a small picture of it is kept."""


@dataclass(frozen=True, slots=True)
class AnalysisKey:
    """What the results of an analysis depend on; another key is another analysis.

    Attributes:
        modified_ns: When the file was changed last, in nanoseconds since 1970; 0 where that says
            nothing, as the fingerprint is of the whole content.
        model_sha256: Of the weights.
        model: Name of the model, for people.
        crop: As the settings name it.
        threshold: Softmax below which no plane is named.
    """

    modified_ns: int
    model_sha256: str
    model: str
    crop: str
    threshold: float


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """The result of one frame.

    Attributes:
        index: Of the frame.
        state: What may be said of it; None where the frame is damaged.
        probabilities: float32, (14,), in the order of `planes.PLANES`.
        box: In frame pixels, or None.
        quality: Sharpness, 0 to 1; nan where it was not measured.
        stillness: 0 to 1, against the readable frame before; nan where it was not measured.
    """

    index: int
    state: State | None
    probabilities: Floats
    box: Box | None
    quality: float
    stillness: float = math.nan

    @property
    def plane(self) -> Plane:
        """The class with the highest probability (may be the background)."""
        return PLANES[int(self.probabilities.argmax())]

    @property
    def confidence(self) -> float:
        """Probability of `plane`."""
        return float(self.probabilities.max())


def restated(result: FrameResult, threshold: float) -> FrameResult:
    """A result as it is by another threshold; its box stays with it, and is shown with its plane.

    Args:
        result: By any threshold.
        threshold: Softmax below which no plane is named.
    """
    if result.state not in (State.PLANE, State.UNSURE):
        return result
    state = State.PLANE if result.confidence >= threshold else State.UNSURE
    return result if state is result.state else replace(result, state=state)


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
        best: Key of a plane -> the frame chosen for it.
        marks: In the order of their frames.
        note: Words on the whole recording.
    """

    labels: tuple[Label, ...] = ()
    best: Mapping[str, int] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    note: str = ""

    def label_at(self, frame: int) -> str:
        """Key of the plane that a person says a frame shows, or ""."""
        at = bisect_left(self.labels, frame, key=lambda one: one.last)
        label = self.labels[at] if at < len(self.labels) else None
        return label.plane if label is not None and label.first <= frame else ""

    @property
    def empty(self) -> bool:
        """Whether nothing was said."""
        return not (self.labels or self.best or self.marks or self.note)


class RunState(Enum):
    """What the analysis is doing."""

    WAITING = "waiting"
    """For the model."""
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the analysis is.

    Attributes:
        state: What it is doing.
        done: Frames with a result.
        total: Frames of the recording.
        rate_hz: Frames a second lately; 0 when not known.
        message: Why it failed, one line; else "".
    """

    state: RunState
    done: int
    total: int
    rate_hz: float = 0.0
    message: str = ""

    @property
    def left_s(self) -> float | None:
        """Time left in seconds, or None when it is not known."""
        return (self.total - self.done) / self.rate_hz if self.rate_hz > 0 else None
