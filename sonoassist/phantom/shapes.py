"""Outlines in millimetres, and where a section lies in the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.floating[Any]]
"""A value at each point of the scan, (samples, lines)."""
Points = NDArray[np.float64]
"""Corners of an outline or a line, mm, (n, 2)."""
At = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a section lies in the picture.

    Attributes:
        x_mm: Centre, to the right of the probe's axis.
        z_mm: Centre, depth below the probe's face.
        angle_rad: Turned clockwise on the screen.
        scale: Size factor.
        mirrored: Left and right of the picture changed over, before turning.
        stretch: Factor along the section's second axis: an oblique cut is longer.
    """

    x_mm: float
    z_mm: float
    angle_rad: float = 0.0
    scale: float = 1.0
    mirrored: bool = False
    stretch: float = 1.0

    def local(self, x: Map, z: Map) -> tuple[Map, Map]:
        """Points of the picture in the section's own coordinates (mm at scale 1)."""
        side = (-1.0 if self.mirrored else 1.0) / self.scale
        cos, sin = math.cos(self.angle_rad), math.sin(self.angle_rad)
        dx, dz = (x - self.x_mm) * side, (z - self.z_mm) / self.scale
        u, v = cos * dx + sin * dz, (cos * dz - sin * dx) / self.stretch
        return u.astype(np.float32), v.astype(np.float32)

    def to_picture(self, u_mm: Map, v_mm: Map) -> tuple[Map, Map]:
        """Points of the section in picture coordinates; inverse of `local`."""
        side = -self.scale if self.mirrored else self.scale
        cos, sin = math.cos(self.angle_rad), math.sin(self.angle_rad)
        v = v_mm * self.stretch
        return self.x_mm + side * (cos * u_mm - sin * v), self.z_mm + self.scale * (
            sin * u_mm + cos * v
        )


def oval(a_mm: float, b_mm: float, at: At = (0, 0), turn_rad: float = 0.0) -> Points:
    """Ellipse with the semi-axes a (along u before turning) and b."""
    turns = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    return moved(np.stack([a_mm * np.cos(turns), b_mm * np.sin(turns)], axis=1), at, turn_rad)


def arc(a_mm: float, b_mm: float, start: float, end: float, at: At = (0, 0)) -> Points:
    """Part of an ellipse as an open line; angles in degrees, clockwise from +u."""
    turns = np.radians(np.linspace(start, end, 48))
    return np.stack([at[0] + a_mm * np.cos(turns), at[1] + b_mm * np.sin(turns)], axis=1)


def moved(points: Points, at: At, turn_rad: float = 0.0) -> Points:
    """Turn clockwise round the origin, then shift to `at`."""
    cos, sin = math.cos(turn_rad), math.sin(turn_rad)
    turned: Points = points @ np.array([[cos, sin], [-sin, cos]]) + np.asarray(at, np.float64)
    return turned


def rough(points: Points, rng: np.random.Generator, part: float) -> Points:
    """A closed outline made uneven by low waves of `part` of its radius."""
    turns = np.linspace(0, 2 * np.pi, len(points), endpoint=False)
    wave = np.zeros(len(points))
    for order in range(2, 7):
        wave += rng.normal(0, 1 / order) * np.cos(order * turns + rng.uniform(0, 6.3))
    centre = points.mean(axis=0)
    uneven: Points = centre + (points - centre) * (1 + part * wave)[:, None]
    return uneven


def curve(corners: list[At], *, closed: bool = False, steps: int = 8) -> Points:
    """A smooth line through `corners` (Catmull-Rom)."""
    knots = np.asarray(corners, np.float64)
    if closed:
        padded = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = [_spline(padded[i : i + 4], t) for i in range(len(padded) - 3)]
    return np.concatenate(parts if closed else [*parts, knots[-1:]])


def _spline(knots: Points, t: Points) -> Points:
    before, start, end, after = knots
    piece: Points = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
    return piece
