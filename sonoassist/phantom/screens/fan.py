"""Shapes of the field of view: convex, sector and linear probes, cut by the picture's frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats

Outline = NDArray[np.float64]
"""(n, 2), corners of a polygon in pixels of the screen, x before y."""
SHAPES = ("convex", "sector", "linear")
ARC_POINTS = 40


@dataclass(frozen=True, slots=True)
class Fan:
    """One field of view on a screen.

    Attributes:
        shape: One of SHAPES, or "cropped": only the frame is seen, no edge of the fan.
        outline: The whole fan, also where the frame cuts it.
        clip: The frame of the picture on the screen.
        apex: Where the beams meet, x and y; far above for a linear probe.
    """

    shape: str
    outline: Outline
    clip: Box
    apex: tuple[float, float]

    def mask(self, height_px: int, width_px: int) -> NDArray[np.bool_]:
        """Which pixels of the screen lie inside."""
        canvas = np.zeros((height_px, width_px), np.uint8)
        cv2.fillPoly(canvas, [np.round(self.outline * 16 - 8).astype(np.int32)], 1, shift=4)
        left, top, right, bottom = (
            round(edge)
            for edge in (self.clip.left, self.clip.top, self.clip.right, self.clip.bottom)
        )
        inside = np.zeros_like(canvas)
        inside[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = 1
        return np.asarray((canvas & inside) > 0)

    def polar(self, height_px: int, width_px: int) -> tuple[Floats, Floats]:
        """Of each pixel the place across the fan and its depth, both float32 in about 0..1."""
        column = np.arange(width_px, dtype=np.float32)[None]
        row = np.arange(height_px, dtype=np.float32)[:, None]
        x, y = column - self.apex[0], row - self.apex[1]
        angle, radius = np.arctan2(x, np.maximum(y, 1e-3)), np.hypot(x, y)
        corners = self.outline - np.asarray(self.apex)
        angles = np.arctan2(corners[:, 0], np.maximum(corners[:, 1], 1e-3))
        radii = np.hypot(corners[:, 0], corners[:, 1])
        across = (angle - angles.min()) / max(float(np.ptp(angles)), 1e-6)
        deep = (radius - radii.min()) / max(float(np.ptp(radii)), 1e-6)
        return across.astype(np.float32), deep.astype(np.float32)


def draw_fan(rng: np.random.Generator, area: Box, shape: str | None = None) -> Fan:
    """A field of view in a part of the screen, as large as scanners show it."""
    shape = shape or str(
        rng.choice(["convex", "sector", "linear", "cropped"], p=[0.6, 0.16, 0.15, 0.09])
    )
    if shape == "linear":
        return _linear(rng, area)
    if shape == "cropped":
        return _zoomed(rng, area)
    return _sector(rng, area, round_face=shape == "convex")


def _sector(rng: np.random.Generator, area: Box, *, round_face: bool) -> Fan:
    half = math.radians(float(rng.uniform(15, 52) if round_face else rng.uniform(28, 48)))
    near = float(rng.uniform(0.12, 0.75)) if round_face else float(rng.uniform(0, 0.04))
    outline = _ring(near, 1.0, -half, half)
    if rng.random() < 0.08:  # a steered one
        outline = _turned(outline, float(rng.normal(0, 0.08)))
    return _placed(rng, area, outline, "convex" if round_face else "sector")


def _ring(near: float, far: float, left_rad: float, right_rad: float) -> Outline:
    angles = np.linspace(left_rad, right_rad, ARC_POINTS)
    face = np.stack([near * np.sin(angles), near * np.cos(angles)], axis=1)
    back = np.stack([far * np.sin(angles), far * np.cos(angles)], axis=1)[::-1]
    return np.concatenate([face, back])


def _turned(points: Outline, angle_rad: float) -> Outline:
    sine, cosine = math.sin(angle_rad), math.cos(angle_rad)
    return np.asarray(points @ np.array([[cosine, sine], [-sine, cosine]]))


def _placed(rng: np.random.Generator, area: Box, outline: Outline, shape: str) -> Fan:
    """Scale an outline round the origin into the area; sometimes more than fits, then it is cut."""
    low, high = outline.min(axis=0), outline.max(axis=0)
    fit = min(area.width / (high[0] - low[0]), area.height / (high[1] - low[1]))
    more = float(rng.uniform(0.7, 1.0) if rng.random() < 0.55 else rng.uniform(1.0, 1.75))
    size = fit * more
    free_x = area.width - size * (high[0] - low[0])
    free_y = area.height - size * (high[1] - low[1])
    # Centred, as a rule, and hanging from the upper edge; what is too large is cut below.
    left = area.left + free_x * float(np.clip(rng.normal(0.5, 0.1), 0, 1))
    if free_y >= 0:
        top = area.top + free_y * float(rng.beta(1, 2.5))
    else:
        top = area.top + free_y * float(rng.choice([0.0, rng.uniform(0, 1)], p=[0.45, 0.55]))
    shift = np.array([left, top]) - size * low
    return Fan(shape, outline * size + shift, area, (float(shift[0]), float(shift[1])))


def _linear(rng: np.random.Generator, area: Box) -> Fan:
    wide, high = float(rng.uniform(0.5, 1.0)), float(rng.uniform(0.6, 1.0))
    spread = float(rng.uniform(0.05, 0.25)) if rng.random() < 0.3 else 0.0
    lean = float(rng.uniform(-0.3, 0.3)) if rng.random() < 0.15 else 0.0
    corners = np.array(
        [
            (-wide / 2, 0),
            (wide / 2, 0),
            (wide / 2 + spread + lean, high),
            (-wide / 2 - spread + lean, high),
        ]
    )
    fan = _placed(rng, area, corners, "linear")
    middle = fan.outline[:2].mean(axis=0)
    return Fan("linear", fan.outline, area, (float(middle[0]), float(middle[1] - 20 * area.height)))


def _zoomed(rng: np.random.Generator, area: Box) -> Fan:
    """All of the frame is tissue: the fan's edges lie outside."""
    apex = (
        area.left + area.width * float(rng.uniform(0.3, 0.7)),
        area.top - area.height * float(rng.uniform(0.3, 3)),
    )
    high = area.bottom - apex[1]
    half = math.atan2(area.width, area.top - apex[1]) + 0.05
    ring = _ring((area.top - apex[1]) * 0.3, high * 2.5, -half, half) + np.asarray(apex)
    return Fan("cropped", ring, area, apex)
