"""Small pictures of captures, for lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels, frozen

SIZE_PX = (192, 144)


def thumbnail(picture: Pixels, field: Box) -> Pixels:
    """The field of view of a frame, filled into 4:3.

    Args:
        picture: uint8, (H, W, 3) RGB or (H, W) grey.
        field: In frame pixels.

    Returns:
        uint8, (144, 192, 3) RGB, not writeable.
    """
    height, width = picture.shape[:2]
    left, right = (int(np.clip(round(x), 0, width)) for x in (field.left, field.right))
    top, bottom = (int(np.clip(round(y), 0, height)) for y in (field.top, field.bottom))
    part = picture[top:bottom, left:right]
    if part.size == 0:
        part = picture
    small = np.asarray(cv2.resize(part, _covering(part), interpolation=cv2.INTER_AREA), np.uint8)
    row, column = (
        (have - want) // 2 for have, want in zip(small.shape, SIZE_PX[::-1], strict=False)
    )
    cut = small[row : row + SIZE_PX[1], column : column + SIZE_PX[0]]
    coloured = cut if cut.ndim == 3 else np.repeat(cut[..., None], 3, axis=2)
    return frozen(np.ascontiguousarray(coloured))


def thumbnail_of_file(path: Path, field: Box) -> Pixels:
    """The same of a still on disk; a grey one where it cannot be read."""
    found = _decoded(path)  # OpenCV does not take every name of a file
    if found is None:
        return frozen(np.full((SIZE_PX[1], SIZE_PX[0], 3), 64, np.uint8))
    return thumbnail(np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8), field)


def _decoded(path: Path) -> NDArray[Any] | None:
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError:
        return None
    return cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None


def _covering(part: Pixels) -> tuple[int, int]:
    """Width and height that cover the thumbnail in the aspect of `part`."""
    height, width = part.shape[:2]
    factor = max(SIZE_PX[0] / width, SIZE_PX[1] / height)
    return max(round(width * factor), SIZE_PX[0]), max(round(height * factor), SIZE_PX[1])
