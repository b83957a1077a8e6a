"""Scanner screens drawn for tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box

Picture = NDArray[np.uint8]


def fan_mask(
    height: int, width: int, apex: tuple[float, float], radius: float
) -> NDArray[np.bool_]:
    """A sector of 80 degrees that opens downwards; its first eighth is cut off by the probe."""
    rows, columns = np.mgrid[:height, :width]
    down, right = rows - apex[1], columns - apex[0]
    far = np.hypot(down, right)
    angle = np.degrees(np.abs(np.arctan2(right, down)))
    return (far < radius) & (far > radius / 8) & (angle < 40)


def bounds(mask: NDArray[np.bool_]) -> Box:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return Box(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


def screen(
    size: tuple[int, int] = (960, 720),
    apex: tuple[float, float] = (480, 90),
    radius: float = 560,
    *,
    bar: bool = True,
    seed: int = 0,
) -> tuple[Picture, Box]:
    """A screen with speckle in a fan, a bar with text at the top, and the fan's bounds."""
    width, height = size
    rng = np.random.default_rng(seed)
    speckle = cv2.GaussianBlur(rng.rayleigh(60, (height, width)).astype(np.float32), (0, 0), 1.5)
    mask = fan_mask(height, width, apex, radius)
    grey = np.where(mask, np.clip(speckle, 30, 255), 4).astype(np.uint8)
    picture = np.dstack([grey] * 3)
    if bar:
        picture[: height // 12] = (52, 58, 66)
        for left in (20, width // 2):
            cv2.putText(
                picture, "Obstetrics 2/3", (left, 40), cv2.FONT_HERSHEY_SIMPLEX, 1, (255,) * 3, 2
            )
    for row in range(height // 4, height - 60, 60):  # a depth scale and a line of text
        cv2.line(picture, (width - 40, row), (width - 20, row), (200,) * 3, 1)
    cv2.putText(picture, "TIs 0.4  MI 1.1", (16, height - 30), 0, 0.6, (180,) * 3, 1)
    return np.ascontiguousarray(picture), bounds(mask)
