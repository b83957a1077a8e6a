"""What was seen of each frame: its truth beside the program's word on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sonoassist.core.flaws import Flaw, Hints
from sonoassist.core.packets import Box, Floats, Frame, State
from sonoassist.core.planes import INDEX, KEYS
from sonoassist.evaluation.classes import Group
from sonoassist.recordings.records import FrameResult


@dataclass(frozen=True, slots=True)
class Observation:
    """One frame that has a result.

    Attributes:
        dataset: Name of the data set.
        case: The case in it.
        path: Of the picture or recording.
        index: Frame in the recording; 0 for a picture.
        time_s: Position in the recording.
        recording: Whether it is a frame of a recording (else a picture).
        truth: Planes that count as right; empty where the frame has no label and is only a
            candidate for retrieval.
        shown: Planes that count as right when the frame is retrieved.
        true_box: Of the anatomy, in frame pixels.
        probabilities: float32, (14,), the softmax.
        state: The program's word on the frame.
        box: Found for the predicted plane.
        timings_ms: (stage, milliseconds); empty where the result was kept from before.
        sure: Whether the box is likely to be right.
        other_box: Found by the other localiser.
        compared: Whether the other localiser has looked.
        flaws: What is wrong with the picture; None where the data set does not tell.
        hints: What the program says could be better; None where it says nothing of it.
    """

    dataset: str
    case: str
    path: Path
    index: int
    time_s: float
    recording: bool
    truth: Group
    shown: Group
    true_box: Box | None
    probabilities: Floats
    state: State
    box: Box | None
    timings_ms: tuple[tuple[str, float], ...]
    sure: bool = True
    other_box: Box | None = None
    compared: bool = False
    flaws: frozenset[Flaw] | None = None
    hints: Hints | None = None

    @property
    def unit(self) -> str:
        """The case, told apart from cases of the same name in other data sets."""
        return f"{self.dataset}/{self.case}"

    @property
    def judged(self) -> bool:
        """Whether the program took it for a B-mode picture at all."""
        return self.state.judged

    @property
    def named(self) -> str:
        """The predicted class; what is not judged is shown as no plane, so counts as such."""
        return KEYS[int(self.probabilities.argmax())] if self.judged else "background"

    @property
    def confidence(self) -> float:
        """Softmax of `named`."""
        return float(self.probabilities[INDEX[self.named]])

    @property
    def right(self) -> bool:
        """Whether the predicted class is accepted."""
        return self.named in self.truth

    @property
    def iou(self) -> float:
        """Overlap that counts: 0 without a found box, or where it is the box of a wrong plane."""
        return self._overlap(self.box)

    @property
    def other_iou(self) -> float:
        """The same of the other localiser's box."""
        return self._overlap(self.other_box)

    def _overlap(self, box: Box | None) -> float:
        if box is None or self.true_box is None or not self.right:
            return 0.0
        return box.iou(self.true_box)

    @property
    def where(self) -> str:
        """For reports: the file, and the frame of a recording."""
        inside = self.path.name if self.path.stem == self.case else f"{self.case}/{self.path.name}"
        return f"{inside}, frame {self.index}" if self.recording else inside


@dataclass(frozen=True, slots=True)
class DatasetLabel:
    """What the data set says of a frame.

    Attributes:
        truth: See `Observation`.
        shown: See `Observation`.
        box: True box.
        flaws: What is wrong with the picture; None where the data set does not tell.
    """

    truth: Group = ()
    shown: Group = ()
    box: Box | None = None
    flaws: frozenset[Flaw] | None = None


@dataclass
class Observed:
    """All that was analysed.

    Attributes:
        frames: In the order they were analysed.
        unreadable: A line for each file or frame that could not be read.
    """

    frames: list[Observation] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    @property
    def labelled(self) -> list[Observation]:
        """Frames that are classified."""
        return [one for one in self.frames if one.truth]

    @property
    def known(self) -> int:
        """Number of frames whose results were kept from before."""
        return sum(1 for one in self.frames if not one.timings_ms)


def units(frames: Iterable[Observation]) -> list[str]:
    """The case of each frame."""
    return [one.unit for one in frames]


def observation(
    dataset: str,
    case: str,
    path: Path,
    *,
    recording: bool,
    label: DatasetLabel,
    frame: Frame,
    result: FrameResult,
    timings_ms: tuple[tuple[str, float], ...] = (),
    hints: Hints | None = None,
) -> Observation:
    """Put truth and result of one frame side by side; see `Observation` for the arguments.

    Raises:
        ValueError: The frame could not be read, so nothing may be said of it.
    """
    if result.state is None:
        raise ValueError(f"frame {frame.index} has no result")
    return Observation(
        dataset=dataset,
        case=case,
        path=path,
        index=frame.index,
        time_s=frame.time_s,
        recording=recording,
        truth=label.truth,
        shown=label.shown,
        true_box=label.box,
        probabilities=result.probabilities,
        state=result.state,
        box=result.box,
        timings_ms=timings_ms,
        sure=result.sure,
        flaws=label.flaws,
        hints=hints,
    )
