"""What the sonographer drew on a picture, found and painted over (paper, Table II).

A network that sees calipers and text learns these instead of the anatomy. They differ from
tissue in two ways: colour, which B-mode has not, and strokes that are thin, bright, of one grey
level, and end from one pixel to the next. The blur of any ultrasound beam forbids the last.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Pixels
from sonoassist.preprocess.channels import strongest, weakest

Mask = NDArray[np.bool_]

MIN_CHROMA = 60
"""Difference of the channels above that of the tissue, from which a pixel is an overlay's."""
LEAST_GREY = 150
"""White text and calipers are brighter than this."""
STROKE_PX, ROWS_PER_STROKE_PX = (3, 7), 90
"""Nothing drawn is as thick as this: least and greatest, and how it grows with the picture."""
JUMP = 95
"""Grey levels between a stroke and both sides of it, two pixels away."""
FLAT = 24
"""Grey levels by which the pixels of one stroke differ."""
FLAT_SHARE = 0.45
"""Share of a stroke's pixels that must be so alike."""
REACH_SHARE, COMPANY = 1 / 60, 4
"""Dots and letters come in company: so many within this share of the picture's width."""
LONELY_PX, LONELY_FLAT_SHARE = 20, 0.75
"""A mark on its own (a caliper's cross) must be larger and flatter."""
LEAST_PX, GREATEST_SHARE = 4, 0.01
"""Size of one mark: from pixels, up to a share of the picture."""
GREATEST_COVER = 0.08
"""More than this of a picture is no annotation; then nothing is touched."""
GROW_PX = 5
"""The rim of a mark, softened by video coding, is painted over with it."""
RADIUS_PX = 3.0


def annotation_mask(crop: Pixels) -> Mask:
    """Where a crop is drawn upon: uint8 (h, w, 3) RGB or (h, w) -> bool (h, w)."""
    grey = strongest(crop)
    mask = _strokes(np.ascontiguousarray(grey))
    if crop.ndim == 3:
        mask |= _coloured(crop)
    if not mask.any() or mask.mean() > GREATEST_COVER:
        return np.zeros(grey.shape, np.bool_)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (GROW_PX, GROW_PX))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel)) > 0


def remove_annotations(crop: Pixels) -> Pixels:
    """Paint over what is drawn on a crop (Telea 2004); a clean crop is returned as it is."""
    mask = annotation_mask(crop)
    if not mask.any():
        return crop
    marks = mask.astype(np.uint8)
    out = cv2.inpaint(np.ascontiguousarray(crop), marks, RADIUS_PX, cv2.INPAINT_TELEA)
    return np.asarray(out, dtype=np.uint8)


def _coloured(crop: Pixels) -> Mask:
    bright = strongest(crop)
    chroma = bright - weakest(crop)
    lit = chroma[bright > 30]
    tint = float(np.median(lit)) if lit.size else 0.0
    return np.asarray(chroma > MIN_CHROMA + tint)


def _strokes(grey: NDArray[np.uint8]) -> Mask:
    """White strokes: thin and bright, with a steep edge on both sides, and flat along them."""
    least, greatest = STROKE_PX
    side = int(np.clip(len(grey) // ROWS_PER_STROKE_PX, least, greatest)) | 1
    opened = cv2.morphologyEx(grey, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    around = np.asarray(cv2.erode(grey, np.ones((5, 5), np.uint8)))
    thin = cv2.subtract(grey, np.asarray(opened)) > JUMP
    candidates = thin & (grey > LEAST_GREY) & (cv2.subtract(grey, around) > JUMP)
    count, found, stats, _ = cv2.connectedComponentsWithStats(
        candidates.astype(np.uint8), connectivity=8
    )
    if count < 2:
        return np.zeros(grey.shape, np.bool_)
    labels, sizes = np.asarray(found, np.int32), np.asarray(stats[:, cv2.CC_STAT_AREA], np.int32)
    flat = _flat_share(grey, labels, sizes)
    drawn = (sizes >= LEAST_PX) & (sizes <= GREATEST_SHARE * grey.size) & (flat >= FLAT_SHARE)
    drawn[0] = False
    lonely = (sizes >= LONELY_PX) & (flat >= LONELY_FLAT_SHARE)
    return np.asarray((drawn & (lonely | _in_company(labels, drawn)))[labels])


def _in_company(labels: NDArray[np.int32], drawn: Mask) -> Mask:
    """Which marks have enough others near them."""
    reach = 2 * max(round(labels.shape[1] * REACH_SHARE / 2), 1) + 1
    kernel = np.ones((reach, reach), np.uint8)
    near = np.asarray(cv2.dilate(drawn[labels].astype(np.uint8), kernel))
    _, groups = cv2.connectedComponents(near, connectivity=8)
    group_of = np.zeros(len(drawn), np.int64)
    group_of[labels.ravel()] = np.asarray(groups).ravel()
    members = np.bincount(group_of[drawn], minlength=int(group_of.max()) + 1)
    return np.asarray(members[group_of] >= COMPANY)


def _flat_share(
    grey: NDArray[np.uint8], labels: NDArray[np.int32], sizes: NDArray[np.int32]
) -> NDArray[np.float64]:
    """For each component the share of its pixels within FLAT of its brightest one."""
    brightest = np.zeros(len(sizes), np.uint8)
    np.maximum.at(brightest, labels.ravel(), grey.ravel())
    alike = grey.ravel().astype(np.int32) + FLAT >= brightest[labels.ravel()]
    return np.asarray(np.bincount(labels.ravel(), weights=alike, minlength=len(sizes)) / sizes)
