"""Saliency -> evidence -> box (paper, Section II-F.2)."""

from __future__ import annotations

import numpy as np
from skimage.filters import threshold_isodata

from sonoassist.opencv import cv2
from sonoassist.packets import Box, Floats, Geometry, Localisation, Prediction, frozen
from sonoassist.planes import Plane, Polarity


def localise(prediction: Prediction, geometry: Geometry) -> Localisation:
    """Find the anatomy of the predicted plane; the background has none."""
    if prediction.is_background or prediction.saliency is None:
        return Localisation(prediction.frame_id, None, None)
    evidence = evidence_of(prediction.saliency, prediction.plane)
    box = box_of(evidence)
    return Localisation(
        prediction.frame_id, geometry.to_frame(box) if box is not None else None, evidence
    )


def evidence_of(saliency: Floats, plane: Plane) -> Floats:
    """Keep the plane's polarity, blur with a 5x5 Gaussian, scale to [0, 1].

    Args:
        saliency: float32, (h, w).
        plane: Says which part of the saliency counts.

    Returns:
        float32, (h, w); all zero where nothing of that polarity is there.
    """
    if plane.polarity is Polarity.POSITIVE:
        kept = np.maximum(saliency, 0)
    elif plane.polarity is Polarity.NEGATIVE:
        kept = np.maximum(-saliency, 0)
    else:
        kept = np.abs(saliency)
    blurred = cv2.GaussianBlur(kept, (5, 5), 0)
    top = float(blurred.max())
    if not top > 0:
        return frozen(np.zeros_like(saliency))
    return frozen((blurred / top).astype(np.float32))


def box_of(evidence: Floats) -> Box | None:
    """Isodata threshold, largest connected component, its bounding rectangle in input pixels."""
    if not evidence.max() > evidence.min():
        return None  # empty or flat: nothing stands out
    mask = (evidence > threshold_isodata(evidence)).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return None
    largest = stats[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))]
    left, top = int(largest[cv2.CC_STAT_LEFT]), int(largest[cv2.CC_STAT_TOP])
    width, height = int(largest[cv2.CC_STAT_WIDTH]), int(largest[cv2.CC_STAT_HEIGHT])
    return Box(left, top, left + width, top + height)
