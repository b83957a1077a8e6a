"""A box carried over later frames by the motion measured since it was found.

The backward pass is the greater half of the work. While one plane is held, its anatomy shifts,
grows and turns a little from frame to frame, and measuring that costs a fiftieth of finding the
box anew. It is measured straight from the frame of the box, beginning where the frame before left
it: steps added up would drift.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats, Frame, Geometry, Localisation, Prepared, frozen
from sonoassist.core.planes import Plane
from sonoassist.localise.sureness import is_sure

MAX_AGE_S = 0.5
"""A box that was found longer ago than this is not shown."""
NEXT_FRAME_S = 0.08
"""So much later may the frame after another one be, for `carried`."""
MIN_FOLLOWED = 0.3
"""Share of the points that must agree on one motion."""
MIN_LIKENESS = 0.7
"""Correlation (-1 to 1) of what lay in the box with what lies there now: below it, another view."""
MAX_SHIFT = 0.05
"""Greatest shift that a held view makes at once, as a share of the input's height ..."""
MAX_SPEED = 0.5
"""... and a second on top of that."""
MAX_ZOOM = 1.25
MAX_TURN_DEG = 15.0
MIN_INSIDE = 0.5
"""Share of the box that must still lie in the picture."""
MIN_SIDE_PX = 32
"""A smaller box holds too little to be followed; some of what is around it is taken as well."""

_ROUNDING_S = 1e-6
_POINTS_A_SIDE = 7
_CONTRAST = 51.0
_MIDDLE = 100.0
_SEARCH_PX = 21
_LEVELS = 2
_STEPS = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 20, 0.03)
_MIN_TEXTURE = 1e-3
_SAME_MOTION_PX = 2.0

_Grey = NDArray[np.uint8]
_Doubles = NDArray[np.float64]


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


@dataclass(frozen=True, slots=True)
class Motion:
    """A shift with a change of size and a turn.

    Attributes:
        matrix: float64, (2, 3): from a point (x, y, 1) of the earlier picture to where it lies
            now, in pixels of the input.
    """

    matrix: _Doubles

    @property
    def zoom(self) -> float:
        """How many times larger everything is."""
        return float(np.hypot(self.matrix[0, 0], self.matrix[1, 0]))

    @property
    def turn_deg(self) -> float:
        """How far everything has turned, clockwise as seen."""
        return float(np.degrees(np.arctan2(self.matrix[1, 0], self.matrix[0, 0])))

    def of_points(self, points: _Doubles) -> _Doubles:
        """Where points, (n, 2), of the earlier picture lie now."""
        moved: _Doubles = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        return moved

    def of_box(self, box: Box) -> Box:
        """The box about the same anatomy, upright as before."""
        x, y = self.of_points(_middle(box))[0]
        wide, high = self.zoom * box.width / 2, self.zoom * box.height / 2
        return Box(x - wide, y - high, x + wide, y + high)

    def shift_px(self, box: Box) -> float:
        """How far the middle of a box has gone."""
        return float(np.linalg.norm(self.of_points(_middle(box)) - _middle(box)))


STILL = Motion(np.eye(2, 3))


class TrackedAnatomy:
    """What lies in a box of a picture, to be found again in later ones.

    Args:
        picture: float32, (h, w), of mean 0.
        box: In pixels of the input.
    """

    def __init__(self, picture: Floats, box: Box) -> None:
        spread = float(picture.std())
        self._gain = _CONTRAST / spread if spread > 0 else 0.0
        self._before = self._grey(picture)
        height, width = picture.shape
        self._columns = _span(box.left, box.right, width)
        self._rows = _span(box.top, box.bottom, height)
        self._points = _grid(self._columns, self._rows)

    def motion_to(self, picture: Floats, start: Motion = STILL) -> Motion | None:
        """How it has moved since.

        Args:
            picture: float32, (h, w), the later one, scaled as the earlier one.
            start: Where to begin to look.

        Returns:
            None where it cannot be found again.
        """
        now = self._grey(picture)
        begin = start.of_points(self._points)
        ends, are_found, _ = cv2.calcOpticalFlowPyrLK(
            self._before,
            now,
            self._points.astype(np.float32),
            begin.astype(np.float32),
            winSize=(_SEARCH_PX, _SEARCH_PX),
            maxLevel=_LEVELS,
            criteria=_STEPS,
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
            minEigThreshold=_MIN_TEXTURE,
        )
        motion = self._common(np.asarray(ends, np.float32), are_found[:, 0] > 0)
        if motion is None or self._likeness(now, motion) < MIN_LIKENESS:
            return None
        return motion

    def _grey(self, picture: Floats) -> _Grey:
        grey: _Grey = np.clip(picture * self._gain + _MIDDLE, 0, 255).astype(np.uint8)
        return grey

    def _common(self, ends: Floats, are_found: NDArray[np.bool_]) -> Motion | None:
        """The motion that most points share; None where too few do."""
        least = MIN_FOLLOWED * len(self._points)
        if are_found.sum() < least:
            return None
        matrix, agree = cv2.estimateAffinePartial2D(
            self._points[are_found],
            ends[are_found],
            method=cv2.RANSAC,
            ransacReprojThreshold=_SAME_MOTION_PX,
            maxIters=200,
        )
        if matrix is None or agree.sum() < least:
            return None
        return Motion(np.asarray(matrix, np.float64))

    def _likeness(self, now: _Grey, motion: Motion) -> float:
        """Correlation of what lay here and what lies now where that has gone."""
        before = self._before[self._rows, self._columns]
        there = motion.matrix.copy()
        corner = np.array([[self._columns.start, self._rows.start]], np.float64)
        there[:, 2] = motion.of_points(corner)[0]
        taken = cv2.warpAffine(
            now,
            there,
            before.shape[::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return float(cv2.matchTemplate(taken, before, cv2.TM_CCOEFF_NORMED)[0, 0])


class CarriedBox:
    """One found box, followed over the frames after it.

    Once its anatomy cannot be followed it is lost for good: what comes later may be another view.

    Args:
        found: The box and its frame.

    Attributes:
        motion: Since it was found; None once it is lost.
    """

    def __init__(self, found: Found) -> None:
        self.motion: Motion | None = STILL
        self._found = found
        box = found.localisation.box
        self._box = None if box is None else found.prepared.geometry.to_input(box)
        self._anatomy: TrackedAnatomy | None = None

    @property
    def plane(self) -> Plane:
        """What the box is of; it is dropped with it."""
        return self._found.plane

    def moved_to(self, frame: Frame, prepared: Prepared) -> Localisation | None:
        """The box where its anatomy lies on `frame`.

        Args:
            frame: Of the same source, each time a later one.
            prepared: Its network input.

        Returns:
            With `age_s` set and without evidence, which is of its own frame alone. None where the
            box is too old, the crop or the source is another one or the anatomy cannot be
            followed, and from then on.
        """
        self.motion = self._motion_to(frame, prepared)
        if self.motion is None or self._box is None:
            return None
        geometry = prepared.geometry
        box = geometry.to_frame(_inside(self.motion.of_box(self._box), geometry))
        sure = self._found.localisation.sure and is_sure(box, geometry.crop, self.plane)
        return Localisation(frame.frame_id, box, None, self._age_s(frame), sought=False, sure=sure)

    def _age_s(self, frame: Frame) -> float:
        return frame.time_s - self._found.frame.time_s

    def _motion_to(self, frame: Frame, prepared: Prepared) -> Motion | None:
        """Since the box was found; None where that cannot be told."""
        box, before = self._box, self.motion
        if box is None or before is None or not self._is_comparable(frame, prepared):
            return None
        if self._anatomy is None:  # not sooner: most boxes are never carried
            self._anatomy = TrackedAnatomy(self._found.prepared.network_input[0, 0], box)
        motion = self._anatomy.motion_to(prepared.network_input[0, 0], before)
        if motion is None or not _is_held(motion, box, prepared.geometry, self._age_s(frame)):
            return None
        return motion

    def _is_comparable(self, frame: Frame, prepared: Prepared) -> bool:
        found = self._found
        if frame.still or frame.source_id != found.frame.source_id:
            return False
        if prepared.geometry != found.prepared.geometry:
            return False
        return (
            prepared.content is found.prepared.content
            and 0 < self._age_s(frame) <= MAX_AGE_S + _ROUNDING_S
        )


def carried(found: Found, frame: Frame, prepared: Prepared) -> Localisation | None:
    """The box and the evidence of `found`, moved to where the anatomy lies on the next frame.

    Args:
        found: The last box, of the frame before.
        frame: The frame after it, at most `NEXT_FRAME_S` later.
        prepared: Its network input.

    Returns:
        With `age_s` set; None where the box is too old, the crop is another one, or the anatomy
        cannot be followed: then the box has to be found anew.
    """
    if frame.time_s - found.frame.time_s > NEXT_FRAME_S:
        return None
    box = CarriedBox(found)
    moved, evidence = box.moved_to(frame, prepared), found.localisation.evidence
    if moved is None or box.motion is None or evidence is None:
        return moved
    return replace(moved, evidence=_warped(evidence, box.motion))


def _is_held(motion: Motion, box: Box, geometry: Geometry, age_s: float) -> bool:
    """Whether a view that is held moves like this, and the box stays in the picture."""
    furthest_px = (MAX_SHIFT + MAX_SPEED * age_s) * geometry.input_height_px
    if motion.shift_px(box) > furthest_px or abs(motion.turn_deg) > MAX_TURN_DEG:
        return False
    if not 1 / MAX_ZOOM <= motion.zoom <= MAX_ZOOM:
        return False
    now = motion.of_box(box)
    inside = _inside(now, geometry)
    if inside.width <= 0 or inside.height <= 0:
        return False
    return inside.width * inside.height >= MIN_INSIDE * now.width * now.height


def _inside(box: Box, geometry: Geometry) -> Box:
    """What of a box lies in the input."""
    width, height = geometry.input_width_px, geometry.input_height_px
    return Box(
        max(box.left, 0.0),
        max(box.top, 0.0),
        min(box.right, float(width)),
        min(box.bottom, float(height)),
    )


def _middle(box: Box) -> _Doubles:
    return np.array([[(box.left + box.right) / 2, (box.top + box.bottom) / 2]])


def _span(start: float, end: float, size: int) -> slice:
    """The box's side, inside of the picture and not too short."""
    more = max(0.0, (MIN_SIDE_PX - (end - start)) / 2)
    low = max(min(int(start - more), size - MIN_SIDE_PX), 0)
    return slice(low, max(min(int(np.ceil(end + more)), size), min(low + MIN_SIDE_PX, size)))


def _grid(columns: slice, rows: slice) -> _Doubles:
    """Points spread over a part of the picture, (n, 2), not quite up to its edges."""
    x, y = (
        np.linspace(side.start, side.stop, 2 * _POINTS_A_SIDE + 1)[1::2] for side in (columns, rows)
    )
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def _warped(evidence: Floats, motion: Motion) -> Floats:
    height, width = evidence.shape
    return frozen(np.asarray(cv2.warpAffine(evidence, motion.matrix, (width, height)), np.float32))
