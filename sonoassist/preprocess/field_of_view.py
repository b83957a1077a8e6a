"""The field of view: where on a screen the live ultrasound picture is, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats
from sonoassist.preprocess.fan_outline import FanOutline, Outline, cut_by, fit_fan
from sonoassist.preprocess.screen_network import MASK_HEIGHT, MASK_WIDTH, Reading

FINER = 4
"""The outline is drawn in cells so much smaller than those of the mask."""
Moving = NDArray[np.bool_]
"""(MASK_HEIGHT, MASK_WIDTH): cells of a screen that change."""
STILL_WORTH = 0.1
"""What a cell of a picture counts that does not change, beside one that does."""
BAR_DEPTH, BAR_DOUBT = 0.1, 0.7
"""A bar reaches into what was taken for the picture by so much of its height at most, and the
network takes it for picture with no more than this probability."""
LEAST_SHARE = 0.012
"""A field of view takes at least this share of the screen."""
_NEIGHBOURS = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class FieldOfView:
    """The live ultrasound picture on a screen.

    Attributes:
        box: Its bounds, frame pixels.
        sureness: Expected overlap (IoU) with the truth by the network's own word, 0 to 1.
        mask: Probability that a cell belongs to it, float32 (MASK_HEIGHT, MASK_WIDTH); 0 in other
            parts of the screen.
        width_px: Of the frame.
        height_px: Of the frame.
        fitted_outline: Of the fan that was fitted; None where none was.
    """

    box: Box
    sureness: float
    mask: Floats
    width_px: int
    height_px: int
    fitted_outline: Outline | None = None

    def fan(self) -> FanOutline | None:
        """Its edges and arcs; None where no fan explains well what was seen."""
        return fit_fan(self.mask, self.box, self.width_px, self.height_px)

    def fitted(self) -> FieldOfView:
        """The same with the bounds of its fan, which are nearer to the truth; itself without one.

        It takes several milliseconds: for a field that is going to be used, not for each look.
        """
        fan = self.fan()
        corners = None if fan is None else fan.polygon()
        if corners is None or len(corners) < 3:
            return self
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        box = Box(float(left), float(top), float(right), float(bottom))
        return replace(self, box=box, fitted_outline=corners)

    def outline(self) -> Outline:
        """Its outline as a polygon in frame pixels: the fan's, or the convex one round the mask.

        Where no cell of the mask is likelier picture than not, its box.
        """
        if self.fitted_outline is not None:
            return self.fitted_outline
        fan = self.fan()
        return self._hull() if fan is None else fan.polygon()

    def _hull(self) -> Outline:
        size = (MASK_WIDTH * FINER, MASK_HEIGHT * FINER)
        fine = np.asarray(cv2.resize(self.mask, size, interpolation=cv2.INTER_LINEAR))
        inside = np.stack(np.nonzero(fine > 0.5)[::-1], axis=1).astype(np.int32)
        if not len(inside):
            box = self.box
            return np.array(
                [
                    (box.left, box.top),
                    (box.right, box.top),
                    (box.right, box.bottom),
                    (box.left, box.bottom),
                ]
            )
        hull = np.asarray(cv2.convexHull(inside), np.float64).reshape(-1, 2)
        # Points are cells: their outer edges are meant.
        middle = (hull.min(axis=0) + hull.max(axis=0)) / 2
        corners = hull + np.where(hull > middle, 1.0, 0.0)
        scaled = corners * np.array([self.width_px / size[0], self.height_px / size[1]])
        return cut_by(scaled, self.box)


def below(field: FieldOfView, row: int) -> FieldOfView:
    """The part of a field of view below a row of the frame, where a bar may end.

    A long line in tissue looks like the edge of a bar. But it lies deeper, or what is above it is
    surely picture: then nothing is cut off.
    """
    if not field.box.top < row < field.box.top + BAR_DEPTH * field.box.height:
        return field
    first, last = (round(y / field.height_px * MASK_HEIGHT) for y in (field.box.top, row))
    left, right = (
        round(x / field.width_px * MASK_WIDTH) for x in (field.box.left, field.box.right)
    )
    above = field.mask[first:last, left:right]
    if above.size and float(above.mean()) > BAR_DOUBT:
        return field
    mask = field.mask.copy()
    mask[: round(row / field.height_px * MASK_HEIGHT)] = 0
    return replace(field, box=replace(field.box, top=float(row)), mask=mask, fitted_outline=None)


def field_of(
    reading: Reading, width_px: int, height_px: int, moving: Moving | None = None
) -> FieldOfView | None:
    """The field of view on a screen; None where there is none.

    Args:
        reading: Of the screen.
        width_px: Of the screen.
        height_px: Of the screen.
        moving: Which cells have changed over the last screens of a sequence: of several pictures
            the live one is that which changes. None for a still.
    """
    there = reading.mask > 0.5
    inside = _picture(there, moving)
    if inside is None:
        return None
    # Where one picture changes and another stands still there is no doubt which is live.
    certain = inside
    if moving is not None and (moving & inside).any() and not (moving & there & ~inside).any():
        certain = there
    # Its soft rim belongs to it, other parts of the screen do not.
    mask = reading.mask * np.asarray(cv2.dilate(inside.view(np.uint8), _NEIGHBOURS))
    left, right = _ends(mask.max(axis=0))
    top, bottom = _ends(mask.max(axis=1))
    across, down = width_px / MASK_WIDTH, height_px / MASK_HEIGHT
    box = Box(left * across, top * down, right * across, bottom * down)
    return FieldOfView(box, _sureness(reading.mask, inside, certain), mask, width_px, height_px)


def _picture(there: NDArray[np.bool_], moving: Moving | None) -> NDArray[np.bool_] | None:
    """The largest part of what may be picture, or the largest that changes."""
    count, found = cv2.connectedComponents(there.view(np.uint8), connectivity=4)
    if count < 2:
        return None
    least = LEAST_SHARE * there.size
    if count == 2:  # a single part, as on most screens
        return there if np.count_nonzero(there) >= least else None
    labels = np.asarray(found)
    areas = np.bincount(labels.ravel(), minlength=count).astype(np.float64)
    worth = areas.copy()
    if moving is not None and moving.any():
        changed = np.bincount(labels.ravel(), weights=moving.ravel(), minlength=count)
        worth = STILL_WORTH * areas + changed
    worth[areas < least] = 0
    worth[0] = 0
    best = int(np.argmax(worth))
    return labels == best if worth[best] > 0 else None


def _ends(profile: Floats) -> tuple[float, float]:
    """Where a row of cells first rises above one half and last falls below it, in cells."""
    padded = np.concatenate([[0.0], profile, [0.0]])
    above = np.flatnonzero(padded > 0.5)
    first, last = int(above[0]), int(above[-1])
    rise = (0.5 - padded[first - 1]) / (padded[first] - padded[first - 1])
    fall = (padded[last] - 0.5) / (padded[last] - padded[last + 1])
    # Cell n of the profile has its middle at n + 1/2 and is number n + 1 here.
    start, end = first - 1.5 + rise, last - 0.5 + fall
    return max(float(start), 0.0), min(float(end), float(len(profile)))


def _sureness(mask: Floats, inside: NDArray[np.bool_], certain: NDArray[np.bool_]) -> float:
    """What the overlap with the truth would be, were each cell's probability true.

    Args:
        mask: Probability of each cell.
        inside: The cells of the picture that was found.
        certain: Cells that are no doubt about it.
    """
    whole, within = _total(mask), _total(mask * inside)
    doubted = whole - (within if certain is inside else _total(mask * certain))
    return within / (int(np.count_nonzero(inside)) + doubted)


def _total(cells: Floats) -> float:
    return float(cv2.sumElems(cells)[0])
