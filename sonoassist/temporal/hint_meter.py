"""Measures in the pictures of a sequence what hints go by: light, and how quickly they move."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.flaws import Hints
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Analysis, Box, Floats, Pixels, State
from sonoassist.preprocess.screen_reader import ScreenReader
from sonoassist.temporal.hints import (
    Light,
    Outline,
    Placed,
    hints_of,
    placed_again,
    placed_of,
)
from sonoassist.temporal.motion_meter import MotionMeter

WHITE = 225
"""Grey level from which a pixel is nearly white."""
SIZE_PX = (144, 112)
"""Width and height at which light and motion are measured."""
ENOUGH = 2
"""So many pixels of a picture, across and down, tell of one of the small picture."""
SEEN = 12
"""Without an outline, what is darker than this grey level is taken for the screen's own black."""


HELD_S = 0.5
"""A box that was seen longer ago does not tell where the anatomy lies now."""


@dataclass(frozen=True, slots=True)
class _Held:
    """The last box, and the frame that it was on."""

    placed: Placed
    source_id: str
    time_s: float

    def serves(self, analysis: Analysis) -> bool:
        """Whether it tells where the anatomy lies on a later frame too."""
        frame, crop = analysis.frame, analysis.geometry.crop
        here = (analysis.prediction.plane.key, crop, frame.source_id)
        if here != (self.placed.plane, self.placed.crop, self.source_id):
            return False
        return not frame.still and 0 <= frame.time_s - self.time_s <= HELD_S


class HintMeter:
    """Gives the hints of frames in the order of their times; other frames may lie between."""

    def __init__(self) -> None:
        self._motion = MotionMeter(SIZE_PX)
        self._held: _Held | None = None

    def measure(self, analysis: Analysis) -> Hints | None:
        """The hints of the next frame; None where no plane may be named on it."""
        if analysis.state is not State.PLANE:
            self._held = None
            return None
        frame, geometry = analysis.frame, analysis.geometry
        small = thin_picture(frame.pixels, geometry.crop)
        light = light_of(small, geometry.crop, geometry.field)
        motion_hz = self._motion.measure(frame, geometry.crop, small)
        return hints_of(self._placed(analysis), light, motion_hz)

    def complete(self, hints: Hints | None, analysis: Analysis) -> Hints | None:
        """The hints of the last frame again, now by the box that was found behind its label.

        Args:
            hints: As they were.
            analysis: With the box.
        """
        self._held = _held_of(analysis)
        return None if hints is None else placed_again(hints, analysis)

    def _placed(self, analysis: Analysis) -> Placed | None:
        """Where the anatomy lies: as on a frame before, where nobody has looked for a box."""
        nobody_looked = analysis.lacks_box and analysis.shown_box is None
        if nobody_looked and self._held is not None and self._held.serves(analysis):
            return self._held.placed
        self._held = _held_of(analysis)
        return None if self._held is None else self._held.placed


def _held_of(analysis: Analysis) -> _Held | None:
    placed, frame = placed_of(analysis), analysis.frame
    return None if placed is None else _Held(placed, frame.source_id, frame.time_s)


def hints_of_picture(pixels: Pixels, plane: str, box: Box | None, crop: Box) -> Hints:
    """The hints of a picture by itself, which does not tell whether it moves.

    Args:
        pixels: uint8 (H, W, 3) RGB or (H, W), the whole frame.
        plane: Key of the plane that it shows.
        box: Of its anatomy, in frame pixels, or None.
        crop: What the network saw, in frame pixels.

    Raises:
        ModelError: The network that reads screens is missing or damaged.
    """
    outline = outline_of(pixels, ScreenReader())
    light = light_of(thin_picture(pixels, crop), crop, outline)
    return hints_of(None if box is None else Placed(plane, box, crop, outline), light)


def thin_picture(pixels: Pixels, crop: Box) -> Floats:
    """A crop, small and grey: float32, (112, 144), 0 to 255; of colours green, which is quick.

    Args:
        pixels: uint8 (H, W, 3) RGB or (H, W).
        crop: Of it, in its pixels.
    """
    wide, high = SIZE_PX
    step = max(int(crop.width) // (ENOUGH * wide), 1)
    top, left = max(int(crop.top), 0), max(int(crop.left), 0)
    rows = slice(top, max(math.ceil(crop.bottom), top + 1), step)
    columns = slice(left, max(math.ceil(crop.right), left + 1), step)
    grey = pixels[rows, columns] if pixels.ndim == 2 else pixels[rows, columns, 1]
    small = cv2.resize(np.ascontiguousarray(grey), (wide, high), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def outline_of(pixels: Pixels, reader: ScreenReader) -> tuple[tuple[float, float], ...]:
    """Outline of the live picture on a screen, in frame pixels; empty where it is not sure.

    Raises:
        ModelError: The network that reads screens is missing or damaged.
    """
    look = reader.look(pixels)
    if look.field is None or not look.sure:
        return ()
    field = reader.closer(look, pixels).field or look.field
    return tuple((x, y) for x, y in field.outline().tolist())


def light_of(small: Floats, crop: Box, outline: Outline) -> Light:
    """The levels of grey of a picture.

    Args:
        small: float32, (112, 144), of the crop, see `thin_picture`.
        crop: Of the frame.
        outline: Of the field of view, in frame pixels; may be empty.
    """
    grey = small[_field(crop, outline)] if outline else small[small >= SEEN]
    if not grey.size:
        return Light(0.0, 0.0)
    return Light(float(np.percentile(grey, 95)), float((grey > WHITE).mean()))


def _field(crop: Box, outline: Outline) -> NDArray[np.bool_]:
    """Which cells of the small picture lie in the field of view, bool (112, 144)."""
    wide, high = SIZE_PX
    scale = np.array([wide / crop.width, high / crop.height])
    corners = (np.asarray(outline, np.float64) - [crop.left, crop.top]) * scale
    canvas = np.zeros((high, wide), np.uint8)
    cv2.fillPoly(canvas, [np.round((corners - 0.5) * 16).astype(np.int32)], 1, shift=4)
    return canvas > 0
