"""One training patch out of one prepared picture (paper, Section II-D)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Floats, Pixels
from sonoassist.preprocess.prepare import FLAT_STD

LEAST_SIDE_PX, GREATEST_SIDE_PX = 174, 224
GREATEST_TURN_DEG = 25.0
SCALE = 255.0


@dataclass(frozen=True, slots=True)
class PatchView:
    """Which part of a picture a patch shows, and how it is turned.

    Attributes:
        side_px: Side of the square in picture pixels.
        left_px: Its left edge before it is turned.
        top_px: Its upper edge before it is turned.
        flipped: Left and right swapped.
        turn_deg: Rotation about the middle of the square.
    """

    side_px: int
    left_px: int
    top_px: int
    flipped: bool
    turn_deg: float


def draw_view(rng: np.random.Generator, height_px: int, width_px: int) -> PatchView:
    """A random view of a picture of this size."""
    side = int(rng.integers(LEAST_SIDE_PX, min(GREATEST_SIDE_PX, height_px, width_px) + 1))
    left, top = int(rng.integers(width_px - side + 1)), int(rng.integers(height_px - side + 1))
    turn = float(rng.uniform(-GREATEST_TURN_DEG, GREATEST_TURN_DEG))
    return PatchView(side, left, top, bool(rng.random() < 0.5), turn)


def show(image: Pixels, view: PatchView, size_px: int) -> Pixels:
    """The patch of a view, scaled to `size_px`: uint8 (H, W) -> (size_px, size_px).

    Turning, cutting and scaling are one interpolation, so that the patch's corners show what is
    really there; outside of the picture it is black, as it is outside of the fan.
    """
    return np.asarray(
        cv2.warpAffine(
            image,
            _to_picture(view, size_px),
            (size_px, size_px),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0,
        ),
        dtype=np.uint8,
    )


def _to_picture(view: PatchView, size_px: int) -> NDArray[np.float64]:
    """Affine map (2, 3) from pixel centres of the patch to those of the picture."""
    turn = np.deg2rad(view.turn_deg)
    step = view.side_px / size_px
    mirror = -1.0 if view.flipped else 1.0
    matrix = step * np.array(
        [[mirror * np.cos(turn), -np.sin(turn)], [mirror * np.sin(turn), np.cos(turn)]]
    )
    middle = np.array([view.left_px, view.top_px]) + view.side_px / 2 - 0.5
    offset = middle - matrix @ np.full(2, size_px / 2 - 0.5)
    return np.column_stack([matrix, offset])


def normalise(picture: Pixels) -> Floats:
    """255 (x - mean) / std of one picture, float32 of the same shape (Table II)."""
    values = picture.astype(np.float32)
    spread = max(float(values.std()), FLAT_STD)
    out: Floats = (values - values.mean(dtype=np.float32)) * np.float32(SCALE / spread)
    return out


def training_patch(image: Pixels, rng: np.random.Generator, size_px: int) -> Floats:
    """A random, normalised patch, float32 (size_px, size_px)."""
    return normalise(show(image, draw_view(rng, *image.shape), size_px))
