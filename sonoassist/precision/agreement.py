"""How far an engine's results are from those of f32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.scores import softmax
from sonoassist.localise.boxes import localise
from sonoassist.model.card import Card
from sonoassist.packets import Box, Prediction, Prepared

LABELS_SAME = 0.995
SOFTMAX_ERROR = 0.03
BOX_IOU = 0.9


@dataclass(frozen=True, slots=True)
class Agreement:
    """An engine beside f32, over some pictures.

    Attributes:
        pictures: How many.
        labels_same: Share with the same winner, of the forward pass alone and of both passes.
        softmax_error: Greatest difference of a probability.
        boxes: Pictures with a box by either.
        box_iou: Mean IoU of the two boxes; 1 where there are none.
    """

    pictures: int
    labels_same: float
    softmax_error: float
    boxes: int
    box_iou: float

    @property
    def good(self) -> bool:
        """Whether the engine may be chosen without being asked for."""
        return (
            self.pictures > 0
            and self.labels_same >= LABELS_SAME
            and self.softmax_error <= SOFTMAX_ERROR
            and self.box_iou >= BOX_IOU
        )


def exact_results(exact: Engine, pictures: Sequence[Prepared]) -> list[EngineOutput]:
    """What f32 says of the pictures.

    Raises:
        EngineError: The engine failed.
    """
    return [exact.run(picture.network_input, Saliency.PLAIN) for picture in pictures]


def agreement(
    quick: Engine, truths: Sequence[EngineOutput], pictures: Sequence[Prepared], card: Card
) -> Agreement:
    """Run an engine, forward alone and with the backward pass, beside the results of f32.

    Raises:
        EngineError: The engine failed.
    """
    same, errors, overlaps = [], [0.0], []
    for picture, true in zip(pictures, truths, strict=True):
        found = quick.run(picture.network_input, Saliency.PLAIN)
        ahead = quick.run(picture.network_input, Saliency.NONE)
        for out in (found, ahead):
            same.append(int(out.logits.argmax()) == int(true.logits.argmax()))
            errors.append(float(np.abs(softmax(out.logits) - softmax(true.logits)).max()))
        boxes = [_box(out, picture, card) for out in (true, found)]
        if any(boxes):
            overlaps.append(_overlap(*boxes))
    return Agreement(
        pictures=len(pictures),
        labels_same=float(np.mean(same)) if same else 0.0,
        softmax_error=max(errors),
        boxes=len(overlaps),
        box_iou=float(np.mean(overlaps)) if overlaps else 1.0,
    )


def _box(out: EngineOutput, picture: Prepared, card: Card) -> Box | None:
    prediction = Prediction(picture.frame_id, softmax(out.logits), out.score_maps, out.saliency)
    grey = picture.network_input[0, 0]
    return localise(prediction, picture.geometry, grey, card.boxes).box


def _overlap(one: Box | None, other: Box | None) -> float:
    return one.iou(other) if one is not None and other is not None else 0.0
