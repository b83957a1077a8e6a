"""Stills as PNG: every pixel as it was captured."""

from __future__ import annotations

from sonoassist.core.errors import OutputError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Pixels

_EFFORT = 1
"""Level of compression, 0 to 9; 1 is four times quicker than 6 and hardly larger here."""


def png_bytes(picture: Pixels) -> bytes:
    """A PNG file of a picture, uint8, (H, W, 3) RGB or (H, W) grey.

    Raises:
        OutputError: It cannot be encoded.
    """
    try:
        ordered = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture
        done, data = cv2.imencode(".png", ordered, [cv2.IMWRITE_PNG_COMPRESSION, _EFFORT])
    except cv2.error as error:
        raise OutputError("the picture cannot be encoded") from error
    if not done:
        raise OutputError("the picture cannot be encoded")
    return data.tobytes()
