"""The worst failures as pictures: confident wrong labels, and boxes far from the true ones."""

from __future__ import annotations

import base64
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Frame, Pixels
from sonoassist.evaluation.classes import Group, is_background
from sonoassist.evaluation.localisation import CORRECT_IOU
from sonoassist.evaluation.observed import Observation
from sonoassist.preprocess.masking import masked
from sonoassist.preprocess.screen_reader import ScreenReader

WIDTH_PX = 420
"""Of the pictures kept."""
SHOWN = 12
KEPT = 6 * SHOWN
"""Pictures held in memory while the run goes on."""
QUALITY = 82


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure.

    Attributes:
        where: Row of frames.csv, which names the file: a file's name may be a person's.
        dataset: Name of the data set.
        truth: Planes that would have been right.
        named: Class that was named.
        confidence: Of it.
        iou: Overlap of the boxes; None where the failure is one of the label.
        true_box: In frame pixels.
        box: Found, in frame pixels.
        width_px: Of the frame.
        height_px: Of the frame.
        picture: The frame, smaller and masked, as "data:image/jpeg;base64,...".
    """

    where: str
    dataset: str
    truth: Group
    named: str
    confidence: float
    iou: float | None
    true_box: Box | None
    box: Box | None
    width_px: int
    height_px: int
    picture: str


class Worst:
    """Keeps the worst failure of each kind, a few of them, while frames go by.

    Neighbouring frames of a recording fail alike, so of one recording, true plane and prediction
    only the worst is kept.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[float, Failure]] = {}

    def offer(self, key: Hashable, badness: float, make: Callable[[], Failure]) -> None:
        """Keep this one if it is worse than the last of its kind."""
        before = self._kept.get(key)
        if before is not None and before[0] >= badness:
            return
        if before is None and len(self._kept) >= KEPT:
            mildest = min(self._kept, key=lambda other: self._kept[other][0])
            if self._kept[mildest][0] >= badness:
                return
            del self._kept[mildest]
        self._kept[key] = badness, make()

    def worst(self) -> tuple[Failure, ...]:
        """The worst ones, the very worst first."""
        ranked = sorted(self._kept.values(), key=lambda kept: -kept[0])
        return tuple(failure for _, failure in ranked[:SHOWN])


class Failures:
    """Looks at each frame as it is analysed."""

    def __init__(self) -> None:
        self._labels, self._boxes = Worst(), Worst()
        self._reader = ScreenReader()
        self._rows = 0

    def watch(self, one: Observation, frame: Frame) -> None:
        """Take one more frame."""
        self._rows += 1
        if not one.truth:
            return
        make = partial(_failure, one, frame, f"row {self._rows} of frames.csv", self._reader)
        if not one.right:
            key = one.dataset, one.path, one.truth, one.named
            self._labels.offer(key, one.confidence, make)
        elif one.true_box and not is_background(one.truth) and one.iou < CORRECT_IOU:
            self._boxes.offer((one.dataset, one.path, one.truth), 1 - one.iou, make)

    @property
    def labels(self) -> tuple[Failure, ...]:
        """Wrong labels, the most confident first."""
        return self._labels.worst()

    @property
    def boxes(self) -> tuple[Failure, ...]:
        """Rightly named frames with a wrong box, the smallest overlap first."""
        return self._boxes.worst()


def _failure(one: Observation, frame: Frame, where: str, reader: ScreenReader) -> Failure:
    return Failure(
        where=where,
        dataset=one.dataset,
        truth=one.truth,
        named=one.named,
        confidence=one.confidence,
        iou=one.iou if one.right else None,
        true_box=one.true_box,
        box=one.box,
        width_px=frame.width_px,
        height_px=frame.height_px,
        picture=jpeg(masked(frame.pixels, reader=reader)),
    )


def jpeg(pixels: Pixels) -> str:
    """A picture, uint8 (H, W, 3) RGB or (H, W), made smaller, as a data address."""
    height, width = pixels.shape[:2]
    if width > WIDTH_PX:
        size = WIDTH_PX, max(1, round(height * WIDTH_PX / width))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    if pixels.ndim == 3:
        pixels = np.ascontiguousarray(pixels[..., ::-1])
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")
