"""Small pictures of frames, for lists and for looking ahead while scrubbing."""

from __future__ import annotations

import numpy as np

from sonoassist.core.errors import OutputError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Pixels, frozen
from sonoassist.render.thumbnails import thumbnail

_JPEG = 80


def small_jpeg(pixels: Pixels, field: Box) -> bytes:
    """The field of view as a small JPEG file.

    Args:
        pixels: uint8, (H, W, 3) RGB or (H, W) grey.
        field: In frame pixels: what lies outside may name the patient.

    Raises:
        OutputError: It cannot be encoded.
    """
    small = cv2.cvtColor(thumbnail(pixels, field), cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _JPEG])
    if not done:
        raise OutputError("a small picture cannot be encoded")
    return data.tobytes()


def pixels_of(jpeg: bytes) -> Pixels | None:
    """The inverse, uint8 (h, w, 3) RGB; None where it is damaged."""
    try:
        found = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    if found is None:
        return None
    return frozen(np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8))
