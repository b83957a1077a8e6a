"""Results of single frames, and how far an analysis is; frames are counted from 0."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from sonoassist.core.packets import (
    Analysis,
    Box,
    Floats,
    Frame,
    Geometry,
    Localisation,
    Prediction,
    State,
    frozen,
)
from sonoassist.core.planes import PLANES, Plane
from sonoassist.localise.sureness import is_sure
from sonoassist.temporal.quality import Quality

STRIDE = 16
"""Where all of a recording is to be seen soon, every so manyth frame is analysed first, and a small
picture of it is kept."""
NOTHING: Floats = frozen(np.zeros(len(PLANES), np.float32))
"""In the place of the probabilities of a frame that cannot be read."""


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
        crop: What the network saw, in frame pixels; None where that is not known.
        boxed: Whether `box` is what the localiser asked for finds; else a box was never looked for.
        frozen: It repeats a picture that the scanner had frozen; None where nobody has looked.
    """

    index: int
    state: State | None
    probabilities: Floats
    box: Box | None
    quality: float
    stillness: float = math.nan
    crop: Box | None = None
    boxed: bool = True
    frozen: bool | None = None

    @property
    def plane(self) -> Plane:
        """The class with the highest probability (may be the background)."""
        return PLANES[int(self.probabilities.argmax())]

    @property
    def confidence(self) -> float:
        """Probability of `plane`."""
        return float(self.probabilities.max())

    @property
    def shown_box(self) -> Box | None:
        """The box, unless the state forbids showing one."""
        return self.box if self.state is State.PLANE else None

    @property
    def sure(self) -> bool:
        """Whether the box is likely to be right, see `Localisation.sure`."""
        if self.box is None or self.crop is None:
            return True
        return is_sure(self.box, self.crop, self.plane)

    @property
    def measured(self) -> bool:
        """Whether its picture was compared with the one before."""
        return not math.isnan(self.stillness)


def result_of(analysis: Analysis, quality: Quality) -> FrameResult:
    """What is kept of an analysis."""
    return FrameResult(
        index=analysis.frame.index,
        state=analysis.state,
        probabilities=analysis.prediction.probabilities,
        box=analysis.localisation.box,
        quality=quality.sharpness,
        stillness=quality.stillness,
        crop=analysis.geometry.crop,
        boxed=analysis.localisation.sought,
        frozen=analysis.frozen,
    )


def damaged(index: int) -> FrameResult:
    """Of a frame that cannot be read."""
    return FrameResult(index, None, NOTHING, None, math.nan)


def analysis_of(frame: Frame, result: FrameResult, crop: Box) -> Analysis | None:
    """A kept result as the analysis of its frame; None where the frame was damaged.

    Args:
        frame: The picture.
        result: Of this very frame.
        crop: In the place of one that is not known, in frame pixels.
    """
    if result.state is None:
        return None
    nothing = frozen(np.zeros((len(PLANES), 1, 1), np.float32))
    return Analysis(
        frame=frame,
        geometry=Geometry(result.crop or crop, 1, 1),
        prediction=Prediction(frame.frame_id, result.probabilities, nothing, None),
        localisation=Localisation(frame.frame_id, result.box, None, sure=result.sure),
        state=result.state,
        timings_ms=(),
        finished_at_s=frame.captured_at_s,
        frozen=bool(result.frozen),
    )


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
        times_real: Seconds of the recording a second lately; 0 when not known.
    """

    state: RunState
    done: int
    total: int
    rate_hz: float = 0.0
    message: str = ""
    times_real: float = 0.0

    @property
    def left_s(self) -> float | None:
        """Time left in seconds, or None when it is not known."""
        return (self.total - self.done) / self.rate_hz if self.rate_hz > 0 else None
