"""Frame -> Prepared: crop, resize, grey, normalise (paper, Table II)."""

from __future__ import annotations

import numpy as np

from sonoassist.core.errors import SourceError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import (
    Box,
    Content,
    Frame,
    Geometry,
    Pixels,
    Prepared,
    frozen,
)
from sonoassist.preprocess.channels import grey_of
from sonoassist.preprocess.content import content_of

FLAT_STD = 0.5
"""A crop with less contrast than this (grey levels) shows nothing."""


def prepare(
    frame: Frame,
    crop: Box,
    *,
    height_px: int,
    width_px: int,
    scale: float = 255.0,
    content: Content | None = None,
    field: tuple[tuple[float, float], ...] = (),
) -> Prepared:
    """Cut `crop` out of the frame and make the network input of it.

    The published weights were made with 8-bit bilinear resizing of each channel, then the mean
    of the channels, then `scale * (x - mean) / std` over the input.

    Args:
        frame: The screen.
        crop: Rectangle of it, frame pixels.
        height_px: Of the input.
        width_px: Of the input.
        scale: Of the grey levels.
        content: What the screen is known to show; None where the crop's pixels tell.
        field: Outline of the live picture, see `Geometry`.

    Raises:
        SourceError: The crop holds no pixels.
    """
    cut = _cut(frame.pixels, crop)
    resized = cv2.resize(cut, (width_px, height_px), interpolation=cv2.INTER_LINEAR)
    grey = grey_of(np.asarray(resized, dtype=np.uint8))
    mean, std = float(grey.mean()), float(grey.std())
    if content is None:
        content = Content.NO_SIGNAL if std < FLAT_STD else content_of(np.asarray(resized))
    normalised = (grey - mean) * np.float32(scale / max(std, FLAT_STD))
    return Prepared(
        frame.frame_id,
        frozen(np.ascontiguousarray(normalised, dtype=np.float32)[None, None]),
        Geometry(crop, width_px, height_px, field),
        content,
    )


def _cut(pixels: Pixels, crop: Box) -> Pixels:
    left, top, right, bottom = (round(v) for v in (crop.left, crop.top, crop.right, crop.bottom))
    cut = pixels[max(top, 0) : bottom, max(left, 0) : right]
    if cut.size == 0:
        raise SourceError("the crop lies outside of the picture", "Choose another crop")
    return cut
