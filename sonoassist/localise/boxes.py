"""Saliency -> evidence -> box (paper, Section II-F.2)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from skimage.filters import threshold_isodata

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats, Geometry, Localisation, Prediction, frozen
from sonoassist.core.planes import Polarity
from sonoassist.localise.bright_line import line_box
from sonoassist.localise.ellipse import wall_ellipse
from sonoassist.localise.sureness import is_sure
from sonoassist.model.box_rule import BoxRule, Method, Weight, paper_rule

NO_RULES: Mapping[str, BoxRule] = {}


def localise(
    prediction: Prediction,
    geometry: Geometry,
    picture: Floats,
    rules: Mapping[str, BoxRule] = NO_RULES,
) -> Localisation:
    """Find the anatomy of the predicted plane; the background has none.

    Args:
        prediction: With its saliency.
        geometry: From network input to frame.
        picture: The network input, float32 (h, w), mean 0.
        rules: Of the model, by key of the plane; the paper's for planes without.
    """
    if prediction.is_background or prediction.saliency is None:
        return Localisation(prediction.frame_id, None, None)
    rule = rules.get(prediction.plane.key) or paper_rule(prediction.plane)
    evidence = evidence_of(prediction.saliency, rule, picture)
    box = found_box(evidence, rule, picture)
    if box is None:
        return Localisation(prediction.frame_id, None, evidence)
    seen = geometry.to_frame(box)
    sure = is_sure(seen, geometry.crop, prediction.plane)
    return Localisation(prediction.frame_id, seen, evidence, sure=sure)


def evidence_of(saliency: Floats, rule: BoxRule, picture: Floats) -> Floats:
    """Keep the rule's polarity, weigh, blur, scale to [0, 1].

    Args:
        saliency: float32, (h, w).
        rule: Says which part of the saliency counts, its weight, and the width of the blur.
        picture: The network input, float32 (h, w), mean 0.

    Returns:
        float32, (h, w); all zero where nothing of that polarity is there.
    """
    if rule.polarity is Polarity.POSITIVE:
        kept = np.maximum(saliency, 0)
    elif rule.polarity is Polarity.NEGATIVE:
        kept = np.maximum(-saliency, 0)
    else:
        kept = np.abs(saliency)
    if rule.weight is Weight.BRIGHT:
        kept = kept * np.maximum(picture, 0)
    elif rule.weight is Weight.DARK:
        kept = kept * np.maximum(-picture, 0)
    blurred = cv2.GaussianBlur(kept, (rule.blur_px, rule.blur_px), 0)
    top = float(blurred.max())
    if not top > 0:
        return frozen(np.zeros_like(saliency))
    return frozen((blurred / top).astype(np.float32))


def found_box(evidence: Floats, rule: BoxRule, picture: Floats) -> Box | None:
    """The box by the rule's method.

    Args:
        evidence: float32, (h, w), see `evidence_of`.
        rule: Says what the box is put around.
        picture: The network input, float32 (h, w), mean 0.

    Returns:
        In input pixels, inside of the picture; None where nothing stands out.
    """
    if rule.method is Method.LINE:
        return line_box(picture, evidence) if evidence.max() > evidence.min() else None
    box = box_of(evidence, rule)
    if rule.method is Method.COMPONENT or box is None:
        return box
    height, width = picture.shape
    return grown(wall_ellipse(picture, box).box, 1.0, 1.0, width, height)


def box_of(evidence: Floats, rule: BoxRule) -> Box | None:
    """Threshold, largest connected component, its bounding rectangle in input pixels."""
    if not evidence.max() > evidence.min():
        return None  # empty or flat: nothing stands out
    found = component_box(evidence, rule.threshold * float(threshold_isodata(evidence)))
    if found is None:
        return None
    height, width = evidence.shape
    return grown(found, rule.grow_x, rule.grow_y, width, height)


def component_box(evidence: Floats, level: float) -> Box | None:
    """Bounding rectangle of the largest component above `level`; None where there is none."""
    mask = (evidence > level).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return None
    largest = stats[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))]
    left, top = int(largest[cv2.CC_STAT_LEFT]), int(largest[cv2.CC_STAT_TOP])
    width, height = int(largest[cv2.CC_STAT_WIDTH]), int(largest[cv2.CC_STAT_HEIGHT])
    return Box(left, top, left + width, top + height)


def grown(box: Box, grow_x: float, grow_y: float, width_px: int, height_px: int) -> Box:
    """`box` with its sides multiplied about its centre, inside of a picture of this size."""
    more_x, more_y = box.width * (grow_x - 1) / 2, box.height * (grow_y - 1) / 2
    return Box(
        max(box.left - more_x, 0),
        max(box.top - more_y, 0),
        min(box.right + more_x, width_px),
        min(box.bottom + more_y, height_px),
    )
