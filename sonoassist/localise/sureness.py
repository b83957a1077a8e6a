"""Whether a box may be taken for the whole anatomy, by where it lies and how large it is.

What reaches the border of the field of view is cut off there, or is no anatomy at all; and no
plane is seen with its anatomy filling the picture or hardly to be found in it. Of the outflow
tracts too many boxes are wrong for any of them to be sure. All this is told by plane and box alone,
so that a kept box says as much as one that was just found.
"""

from __future__ import annotations

from math import sqrt

from sonoassist.core.packets import Box
from sonoassist.core.planes import Plane

BORDER = 0.006
"""A box touches the border where no more than this lies between, of the crop's height."""
SIZES = {
    "3vv": (0.10, 0.60),
    "4ch": (0.15, 0.55),
    "abdominal": (0.30, 0.95),
    "brain_cb": (0.30, 0.95),
    "brain_tv": (0.30, 0.95),
    "femur": (0.10, 0.60),
    "kidneys": (0.15, 0.80),
    "lips": (0.08, 0.60),
    "lvot": (0.10, 0.60),
    "profile": (0.15, 0.85),
    "rvot": (0.10, 0.60),
    "spine_cor": (0.15, 0.85),
    "spine_sag": (0.15, 0.85),
}
"""Of a plane's box, the least and the most: the side of a square as large, of that of the crop."""

SELDOM_RIGHT = frozenset({"lvot", "rvot"})
"""Planes whose boxes were right in less than four of five pictures: of the published network on
crops of real pictures in half of them, of the bundled one on synthetic exams in three quarters."""


def is_sure(box: Box, crop: Box, plane: Plane) -> bool:
    """Whether a box is likely to be right.

    Args:
        box: Found for the plane, in frame pixels.
        crop: What the network saw, in frame pixels.
        plane: What it is of.
    """
    if plane.key in SELDOM_RIGHT or touches_border(box, crop):
        return False
    return is_plausible(box, crop, plane)


def touches_border(box: Box, crop: Box) -> bool:
    """Whether a box reaches the border of what the network saw."""
    left = min(
        box.left - crop.left, box.top - crop.top, crop.right - box.right, crop.bottom - box.bottom
    )
    return left <= BORDER * crop.height


def is_plausible(box: Box, crop: Box, plane: Plane) -> bool:
    """Whether the anatomy of a plane is seen in such a size."""
    seen, whole = box.width * box.height, crop.width * crop.height
    if not seen > 0 or not whole > 0 or plane.key not in SIZES:
        return False
    least, most = SIZES[plane.key]
    return least <= sqrt(seen / whole) <= most
