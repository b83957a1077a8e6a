"""A box carried over to the next frame by the motion measured between the two.

The backward pass is the greater half of the work. While one plane is held, the anatomy moves by a
few pixels from frame to frame, and measuring that shift costs far less than finding the box again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats, Frame, Geometry, Localisation, Prepared, frozen
from sonoassist.core.planes import Plane

MAX_AGE_S = 0.08
"""A box that was found longer ago than this is not shown."""
MIN_RESPONSE = 0.15
"""Share of the correlation in its peak (0 to 1) below which the two pictures do not match."""
MAX_SHIFT = 0.05
"""Greatest shift, as a share of the input's height, that counts as the same view held."""
MIN_SIDE_PX = 32
MARGIN = 0.25
"""The motion is measured in the box and so much (a share of its sides) around it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A box and the frame it was found on.

    Attributes:
        frame: That frame.
        plane: What it shows.
        prepared: Its network input.
        localisation: With the box.
    """

    frame: Frame
    plane: Plane
    prepared: Prepared
    localisation: Localisation


def carried(found: Found, frame: Frame, prepared: Prepared) -> Localisation | None:
    """The box of `found`, moved to where its anatomy lies on `frame`.

    Args:
        found: The last box, of the frame before.
        frame: A later frame of the same source.
        prepared: Its network input.

    Returns:
        With `age_s` set; None where the box is too old, the crop is another one, or the motion
        cannot be measured: then the box has to be found anew.
    """
    age_s = frame.time_s - found.frame.time_s
    box = found.localisation.box
    if box is None or frame.still or frame.source_id != found.frame.source_id:
        return None
    if not 0 < age_s <= MAX_AGE_S or prepared.geometry != found.prepared.geometry:
        return None
    geometry = prepared.geometry
    before, now = found.prepared.network_input[0, 0], prepared.network_input[0, 0]
    shift = measured_shift(before, now, geometry.to_input(box))
    if shift is None:
        return None
    evidence = found.localisation.evidence
    return Localisation(
        frame.frame_id,
        _moved(box, shift, geometry),
        None if evidence is None else _rolled(evidence, shift),
        age_s,
    )


def measured_shift(before: Floats, now: Floats, box: Box) -> tuple[float, float] | None:
    """How far a part of the picture has moved, (right, down) in pixels of the input.

    Phase correlation of the box and its surroundings, tapered at the edges.

    Args:
        before: float32, (h, w), the earlier picture.
        now: float32, (h, w), the later one.
        box: In pixels of the input.

    Returns:
        None where the two do not match, or moved further than a held view does.
    """
    height, width = before.shape
    rows = _span(box.top, box.bottom, height)
    columns = _span(box.left, box.right, width)
    window = np.asarray(_taper(rows.stop - rows.start, columns.stop - columns.start), np.float32)
    one, other = (np.ascontiguousarray(part[rows, columns]) for part in (before, now))
    if not (one.std() > 0 and other.std() > 0):
        return None
    (right, down), response = cv2.phaseCorrelate(one, other, window)
    if response < MIN_RESPONSE or max(abs(right), abs(down)) > MAX_SHIFT * height:
        return None
    return float(right), float(down)


def _span(start: float, end: float, size: int) -> slice:
    """The box's side with its margin, inside of the picture and not too short."""
    margin = max(MARGIN * (end - start), (MIN_SIDE_PX - (end - start)) / 2)
    low = max(min(int(start - margin), size - MIN_SIDE_PX), 0)
    long = max(min(int(np.ceil(end + margin)), size) - low, min(MIN_SIDE_PX, size))
    # The peak of a transform of odd length lies half a pixel beside its true place.
    while long > 2 and (long % 2 or cv2.getOptimalDFTSize(long) % 2):
        long -= 1
    return slice(low, low + long)


def _taper(rows: int, columns: int) -> Floats:
    return cv2.createHanningWindow((columns, rows), cv2.CV_32F)  # type: ignore[return-value]


def _moved(box: Box, shift: tuple[float, float], geometry: Geometry) -> Box:
    right = shift[0] * geometry.crop.width / geometry.input_width_px
    down = shift[1] * geometry.crop.height / geometry.input_height_px
    return Box(box.left + right, box.top + down, box.right + right, box.bottom + down)


def _rolled(evidence: Floats, shift: tuple[float, float]) -> Floats:
    height, width = evidence.shape
    motion = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    return frozen(np.asarray(cv2.warpAffine(evidence, motion, (width, height)), np.float32))
