"""Boxes by the paper's rules beside those by the model's rule of each plane, and how sure they are.

Both are of the same frames and the same saliency; only rightly named frames count, so that the
figures are of the boxes and not of the labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.packets import Box, Frame
from sonoassist.evaluation.classes import Group, in_order, is_background
from sonoassist.evaluation.localisation import CORRECT_IOU
from sonoassist.evaluation.observed import Observation
from sonoassist.localise.choice import Localiser
from sonoassist.preprocess.crop import CropChoice, CropKind


class OtherLocaliser:
    """Finds boxes by the localiser that an analyser does not use.

    Args:
        analyser: What frames are analysed with; its engine is used too, in the same thread.

    Attributes:
        localiser: The other one.
    """

    def __init__(self, analyser: Analyser) -> None:
        used = analyser.options.localiser
        self.localiser = Localiser.PAPER if used is Localiser.PLANE else Localiser.PLANE
        self._used = analyser.options
        self._own = Analyser(analyser.engine, analyser.card, self._used, analyser.reader)

    def box(self, frame: Frame, crop: Box | None) -> Box | None:
        """The box of one picture.

        Args:
            frame: The picture.
            crop: What the network saw of it, in frame pixels; None where that is not known.

        Raises:
            EngineError: The engine failed.
        """
        own = self._used.crop if crop is None else CropChoice(CropKind.OWN, crop)
        self._own.configure(
            replace(self._used, localiser=self.localiser, crop=own, carry_boxes=False)
        )
        self._own.forget()
        return self._own.analyse(frame).localisation.box


@dataclass(frozen=True, slots=True)
class BoxesFit:
    """How well some boxes fit.

    Attributes:
        mean: IoU with the true boxes; 0 where none was found.
        correct: Share with an IoU of at least 0.5.
    """

    mean: float
    correct: float


@dataclass(frozen=True, slots=True)
class PlaneFits:
    """One plane by both localisers.

    Attributes:
        group: The plane.
        count: Rightly named frames.
        plane: By the model's rules.
        paper: By the paper's.
    """

    group: Group
    count: int
    plane: BoxesFit
    paper: BoxesFit


@dataclass(frozen=True, slots=True)
class Sureness:
    """How often boxes are sure, and right.

    Attributes:
        count: Rightly named frames with a true box.
        missing: Without any box.
        unsure: With a box that is not sure, so is drawn with broken lines.
        unsure_wrong: Of those, with an IoU below 0.5.
        sure_right: Of the sure ones, with an IoU of at least 0.5.
    """

    count: int
    missing: int
    unsure: int
    unsure_wrong: int
    sure_right: int

    @property
    def sure(self) -> int:
        """Boxes that are sure."""
        return self.count - self.missing - self.unsure


@dataclass(frozen=True, slots=True)
class BothLocalisers:
    """The two localisers side by side.

    Attributes:
        used: The one that the other tables are of.
        planes: In the paper's order.
        all: Over all frames together.
        sureness: Of the boxes by the one used.
    """

    used: str
    planes: tuple[PlaneFits, ...]
    all: PlaneFits
    sureness: Sureness


def compare_localisers(frames: Sequence[Observation], used: str) -> BothLocalisers | None:
    """Put both localisers side by side; None where there is nothing to compare.

    Args:
        frames: Those with `other` set are compared.
        used: Name of the localiser that `Observation.box` is by.
    """
    boxed = [one for one in frames if one.true_box and one.truth and not is_background(one.truth)]
    right = [one for one in boxed if one.right and one.compared]
    if not right:
        return None
    groups = in_order(one.truth for one in right)
    rows = (_row(group, [one for one in right if one.truth == group], used) for group in groups)
    return BothLocalisers(used, tuple(rows), _row((), right, used), _sureness(right))


def _row(group: Group, frames: Sequence[Observation], used: str) -> PlaneFits:
    mine, other = _fit([one.iou for one in frames]), _fit([one.other_iou for one in frames])
    plane, paper = (mine, other) if used == Localiser.PLANE.value else (other, mine)
    return PlaneFits(group, len(frames), plane, paper)


def _fit(overlaps: Sequence[float]) -> BoxesFit:
    right = sum(one >= CORRECT_IOU for one in overlaps)
    return BoxesFit(sum(overlaps) / len(overlaps), right / len(overlaps))


def _sureness(frames: Sequence[Observation]) -> Sureness:
    found = [one for one in frames if one.box is not None]
    unsure = [one for one in found if not one.sure]
    return Sureness(
        count=len(frames),
        missing=len(frames) - len(found),
        unsure=len(unsure),
        unsure_wrong=sum(one.iou < CORRECT_IOU for one in unsure),
        sure_right=sum(one.sure and one.iou >= CORRECT_IOU for one in found),
    )
