"""How far an engine's results are from those of f32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sonoassist.core.packets import Box, Floats, Prediction, Prepared
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.scores import softmax
from sonoassist.localise.boxes import localise
from sonoassist.model.card import Card

LABELS_SAME = 0.995
SOFTMAX_ERROR = 0.03
"""Of a pass that a box starts from: what it says is kept with captures."""
FORWARD_ERROR = 0.08
"""Of the forward pass alone, which labels the picture that goes by."""
BOX_IOU = 0.9
LOW_BOX_IOU = 0.7
LOW_SHARE = 0.1
"""Of the boxes, the worst so many must still agree by `LOW_BOX_IOU`."""
MOST_PICTURES = 32
"""That an engine is compared on."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What f32 says of one picture.

    Attributes:
        probabilities: float32 (14,).
        box: Of the anatomy, in frame pixels; None without one.
    """

    probabilities: Floats
    box: Box | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """An engine beside f32 on one picture.

    Attributes:
        both_same: Whether both passes together name the same winner.
        forward_same: Whether the forward pass alone does.
        softmax_error: Greatest difference of a probability, of both passes together.
        forward_error: The same of the forward pass alone.
        box_iou: IoU of the two boxes; None where there are none.
    """

    both_same: bool
    forward_same: bool
    softmax_error: float
    forward_error: float
    box_iou: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """An engine beside f32, over some pictures.

    Attributes:
        pictures: How many.
        labels_same: Share with the same winner, of the forward pass alone and of both passes.
        softmax_error: Greatest difference of a probability, of both passes together.
        boxes: Pictures with a box by either.
        box_iou: Mean IoU of the two boxes; 1 where there are none.
        low_box_iou: IoU that all but the worst tenth reach; likewise.
        forward_error: Greatest difference of a probability, of the forward pass alone.
    """

    pictures: int
    labels_same: float
    softmax_error: float
    boxes: int
    box_iou: float
    low_box_iou: float = 1.0
    forward_error: float = 0.0

    @property
    def may_pass(self) -> bool:
        """Whether further pictures could still make it good."""
        few = self.pictures * (1 - self.labels_same) <= MOST_PICTURES * (1 - LABELS_SAME)
        return few and self.near

    @property
    def near(self) -> bool:
        """Whether the probabilities are those of f32, but for little."""
        return self.softmax_error <= SOFTMAX_ERROR and self.forward_error <= FORWARD_ERROR

    @property
    def boxes_good(self) -> bool:
        """Whether the boxes are those of f32, but for a few pixels."""
        return self.box_iou >= BOX_IOU and self.low_box_iou >= LOW_BOX_IOU

    @property
    def good(self) -> bool:
        """Whether the engine may be chosen without being asked for."""
        return (
            self.pictures > 0 and self.labels_same >= LABELS_SAME and self.near and self.boxes_good
        )


def truth_of(exact: Engine, picture: Prepared, card: Card) -> Truth:
    """Run f32 on a picture.

    Raises:
        EngineError: The engine failed.
    """
    out = exact.run(picture.network_input, Saliency.PLAIN)
    return Truth(softmax(out.logits), _box(out, picture, card))


def compare(
    found: EngineOutput, ahead: EngineOutput, truth: Truth, picture: Prepared, card: Card
) -> Comparison:
    """What an engine says of a picture beside f32.

    Args:
        found: Of both passes.
        ahead: Of the forward pass alone.
        truth: Of f32.
        picture: What was looked at.
        card: Of the model.
    """
    chances = [softmax(out.logits) for out in (found, ahead)]
    both, forward = (int(each.argmax()) == int(truth.probabilities.argmax()) for each in chances)
    both_error, forward_error = (
        float(np.abs(each - truth.probabilities).max()) for each in chances
    )
    boxes = (truth.box, _box(found, picture, card))
    return Comparison(
        both_same=both,
        forward_same=forward,
        softmax_error=both_error,
        forward_error=forward_error,
        box_iou=_overlap(*boxes) if any(boxes) else None,
    )


def summary(comparisons: Sequence[Comparison]) -> Agreement:
    """The comparisons of all pictures in a few figures."""
    same = [each.both_same + each.forward_same for each in comparisons]
    overlaps = [each.box_iou for each in comparisons if each.box_iou is not None]
    return Agreement(
        pictures=len(comparisons),
        labels_same=float(np.mean(same)) / 2 if same else 1.0,
        softmax_error=max((each.softmax_error for each in comparisons), default=0.0),
        forward_error=max((each.forward_error for each in comparisons), default=0.0),
        boxes=len(overlaps),
        box_iou=float(np.mean(overlaps)) if overlaps else 1.0,
        low_box_iou=float(np.quantile(overlaps, LOW_SHARE)) if overlaps else 1.0,
    )


def _box(out: EngineOutput, picture: Prepared, card: Card) -> Box | None:
    prediction = Prediction(picture.frame_id, softmax(out.logits), out.score_maps, out.saliency)
    grey = picture.network_input[0, 0]
    return localise(prediction, picture.geometry, grey, card.boxes).box


def _overlap(one: Box | None, other: Box | None) -> float:
    return one.iou(other) if one is not None and other is not None else 0.0
