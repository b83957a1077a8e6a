"""How sharp a picture is, whatever it shows; needs no other frame."""

from __future__ import annotations

import numpy as np

from sonoassist.opencv import cv2
from sonoassist.packets import Box, Pixels
from sonoassist.temporal.best_frames import CRISP, SIZE_PX


def sharpness(pixels: Pixels, field: Box) -> float:
    """Edge strength over contrast of the field of view, 0 to 1.

    Args:
        pixels: uint8, (H, W, 3) RGB or (H, W) grey.
        field: In frame pixels.
    """
    top, left = max(int(field.top), 0), max(int(field.left), 0)
    part = pixels[top : max(int(field.bottom), top + 1), left : max(int(field.right), left + 1)]
    small = np.asarray(cv2.resize(part, SIZE_PX, interpolation=cv2.INTER_AREA), np.float32)
    grey = small if small.ndim == 2 else np.asarray(small.mean(axis=2), np.float32)
    contrast = float(grey.std())
    if contrast < 1.0:
        return 0.0
    edges = float(np.asarray(cv2.Laplacian(grey, cv2.CV_32F)).std())
    return min(edges / contrast / (2 * CRISP), 1.0)
