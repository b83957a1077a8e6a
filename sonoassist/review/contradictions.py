"""Where the network or a person's label calls a chosen frame something else."""

from __future__ import annotations

from dataclasses import dataclass

from sonoassist.core.packets import Analysis, State
from sonoassist.core.percent import percent
from sonoassist.core.planes import BY_KEY
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.records import FrameResult
from sonoassist.recordings.table import FrameTable


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A frame for a plane, and what else it is called.

    Attributes:
        plane: Key of the plane that the frame is, or would be, chosen for.
        frame: Its index.
        other: Key of what it is called ("background" for no standard plane).
        confidence: The network's; None where a person's label says so.
    """

    plane: str
    frame: int
    other: str
    confidence: float | None

    @property
    def words(self) -> str:
        """Who calls it what, a sentence without its full stop."""
        if self.confidence is None:
            return f"your label says {said_of(self.other)}"
        return f"the network says {said_of(self.other)}, {percent(self.confidence)}"


def said_of(key: str) -> str:
    """What a frame is called, in words."""
    plane = BY_KEY[key]
    return "no standard plane" if plane.is_background else plane.label


@dataclass(frozen=True, slots=True)
class NetworkWord:
    """What the network says of a frame.

    Attributes:
        state: Of the frame.
        plane: Key of the likeliest class.
        confidence: Its probability.
    """

    state: State
    plane: str
    confidence: float

    @classmethod
    def of_result(cls, result: FrameResult | None) -> NetworkWord | None:
        """Of a kept result; None where there is none, or the frame cannot be read."""
        if result is None or result.state is None:
            return None
        return cls(result.state, result.plane.key, result.confidence)

    @classmethod
    def of_analysis(cls, analysis: Analysis | None) -> NetworkWord | None:
        """Of a picture that was looked at before its turn."""
        if analysis is None:
            return None
        prediction = analysis.prediction
        return cls(analysis.state, prediction.plane.key, prediction.confidence)

    def sure(self, threshold: float) -> bool:
        """Whether it counts; of what is no B-mode picture it says nothing."""
        named = self.state in (State.PLANE, State.BACKGROUND)
        return named and self.confidence >= threshold


def contradiction(
    plane: str, frame: int, word: NetworkWord | None, corrections: Corrections, threshold: float
) -> Contradiction | None:
    """What speaks against a frame that is, or would be, the best one of a plane.

    A person's label outweighs the network: where there is one, the network is not asked.

    Args:
        plane: Its key.
        frame: Index of the frame.
        word: What the network says of it; None where it has not looked.
        corrections: What the person says.
        threshold: Softmax from which on the network is sure.
    """
    label = corrections.label_at(frame)
    if label:
        return None if label == plane else Contradiction(plane, frame, label, None)
    if word is None or not word.sure(threshold) or word.plane == plane:
        return None
    return Contradiction(plane, frame, word.plane, word.confidence)


def contradictions(
    table: FrameTable, corrections: Corrections, threshold: float
) -> tuple[Contradiction, ...]:
    """Of all chosen frames those that are called something else, by their frames.

    Args:
        table: What the network says.
        corrections: What the person says.
        threshold: Softmax from which on the network is sure.
    """
    found = (
        contradiction(
            plane, frame, NetworkWord.of_result(table.result(frame)), corrections, threshold
        )
        for plane, frame in corrections.best.items()
    )
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.frame))
