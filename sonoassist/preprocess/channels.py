"""Strongest, weakest and mean channel of a picture.

numpy reduces an axis of three values one pixel at a time; OpenCV compares whole planes, which is
some twenty times faster and gives the same numbers.
"""

from __future__ import annotations

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Floats, Pixels


def strongest(pixels: Pixels) -> Pixels:
    """Greatest of the channels: uint8 (h, w, 3) -> (h, w); a grey picture is returned as it is."""
    if pixels.ndim == 2:
        return pixels
    red, green, blue = cv2.split(pixels)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def weakest(pixels: Pixels) -> Pixels:
    """Least of the channels: uint8 (h, w, 3) -> (h, w); a grey picture is returned as it is."""
    if pixels.ndim == 2:
        return pixels
    red, green, blue = cv2.split(pixels)
    return np.asarray(cv2.min(cv2.min(red, green), blue), np.uint8)


def extremes(pixels: Pixels) -> tuple[Pixels, Pixels]:
    """Greatest and least of the channels: uint8 (h, w, 3) -> twice (h, w)."""
    red, green, blue = cv2.split(pixels)
    greatest, least = (one(one(red, green), blue) for one in (cv2.max, cv2.min))
    return np.asarray(greatest, np.uint8), np.asarray(least, np.uint8)


def grey_of(pixels: Pixels) -> Floats:
    """The mean of the channels, float32 (H, W), of uint8 (H, W, 3) or (H, W)."""
    if pixels.ndim == 2:
        return pixels.astype(np.float32)
    red, green, blue = cv2.split(pixels)
    total = np.asarray(red, np.uint16) + green + blue
    grey: Floats = total.astype(np.float32) / np.float32(3)
    return grey
