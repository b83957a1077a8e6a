"""Turning whatever a file holds into uint8 pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.errors import SourceError
from sonoassist.core.packets import Pixels

MIN_SIDE_PX = 16
MAX_PIXELS = 1 << 27
"""Of one picture: a gibibyte is enough to unpack and convert it."""
_BIT_DEPTHS = (8, 10, 12, 14, 16, 24, 32)

MAX_FRAME_PIXELS = 1 << 25
"""Of a picture of a video, of which a decoder keeps several: 7680×4320 px fit."""


def check_size(name: str, width_px: int, height_px: int) -> None:
    """Refuse pictures too small to show anything, and those too large for memory.

    Raises:
        SourceError: A side is shorter than `MIN_SIDE_PX`, or there are more than `MAX_PIXELS`.
    """
    check_not_huge(name, width_px, height_px)
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise SourceError(
            f"{name} is only {width_px}×{height_px} px",
            f"A picture needs at least {MIN_SIDE_PX}×{MIN_SIDE_PX} px",
        )


def check_not_huge(name: str, width_px: int, height_px: int, most_px: int = MAX_PIXELS) -> None:
    """Refuse pictures too large for memory.

    Raises:
        SourceError: There are more pixels than `most_px`.
    """
    if width_px * height_px > most_px:
        raise SourceError(
            f"{name} is {width_px}×{height_px} px, which is too large",
            f"It may have {most_px // 10**6} megapixels at most",
        )


def full_scale(array: NDArray[Any]) -> float:
    """The value that stands for white, judged by the data type and the largest value.

    Integers wider than 8 bit often hold 8, 10 or 12 bit content; the smallest of the usual
    depths that holds the largest value is taken. Floats up to 1 have white at 1.
    """
    if array.dtype == np.bool_:
        return 1.0
    if array.dtype == np.uint8:
        return 255.0
    if np.issubdtype(array.dtype, np.floating):
        return float(np.max(array, initial=1.0, where=np.isfinite(array)))
    top = int(array.max(initial=0))
    depth = next((bits for bits in _BIT_DEPTHS if top <= 2**bits - 1), 64)
    return float(2**depth - 1)


def to_uint8(array: NDArray[Any], white: float | None = None) -> Pixels:
    """Scale `array` to uint8 so that `white` (by default `full_scale`) becomes 255."""
    if array.dtype == np.uint8 and white is None:
        return array
    white = full_scale(array) if white is None else white
    if white == 255.0 and np.issubdtype(array.dtype, np.integer):
        plain: Pixels = np.clip(array, 0, 255).astype(np.uint8)
        return plain
    kept = np.clip(np.nan_to_num(array.astype(np.float32), nan=0.0), 0.0, np.float32(white))
    pixels: Pixels = np.rint(kept / np.float32(white) * np.float32(255.0)).astype(np.uint8)
    return pixels


def over_black(rgba: Pixels) -> Pixels:
    """Composite a uint8 (H, W, 4) picture over black; gives (H, W, 3)."""
    alpha = rgba[..., 3]
    if bool((alpha == 255).all()):
        return np.ascontiguousarray(rgba[..., :3])
    # At most 255 * 255 + 127, which uint16 holds.
    product = rgba[..., :3].astype(np.uint16) * alpha[..., None] + np.uint16(127)
    pixels: Pixels = (product // np.uint16(255)).astype(np.uint8)
    return pixels
