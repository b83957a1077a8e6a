"""The evidence of an analysis as a map of the whole picture."""

from __future__ import annotations

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Analysis, Floats, frozen


def heat_map_of(analysis: Analysis) -> Floats:
    """The evidence at the size of the picture.

    Args:
        analysis: Of one picture.

    Returns:
        float32 (H, W), 0 to 1; all 0 outside of the crop, and where there is no evidence or the
        picture is not judged.
    """
    frame, crop = analysis.frame, analysis.geometry.crop
    heat = np.zeros((frame.height_px, frame.width_px), np.float32)
    evidence = analysis.localisation.evidence
    if evidence is None or not analysis.state.judged:
        return frozen(heat)
    # The very pixels that the network's input was made of.
    top, bottom = max(round(crop.top), 0), min(round(crop.bottom), frame.height_px)
    left, right = max(round(crop.left), 0), min(round(crop.right), frame.width_px)
    resized = cv2.resize(evidence, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    heat[top:bottom, left:right] = np.clip(resized, 0, 1)
    return frozen(heat)
