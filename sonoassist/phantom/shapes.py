"""Soft-edged shapes on a grid of points in millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.floating[Any]]
"""A value at each point of the scan, (samples, lines)."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a structure lies in the picture.

    Attributes:
        x_mm: Centre, to the right of the probe's axis.
        z_mm: Centre, depth below the probe's face.
        angle_rad: Turned clockwise on the screen.
        scale: Size factor.
    """

    x_mm: float
    z_mm: float
    angle_rad: float = 0.0
    scale: float = 1.0

    def local(self, x: Map, z: Map) -> tuple[Map, Map]:
        """Points of the picture in the structure's own coordinates (mm at scale 1)."""
        cos, sin = np.cos(self.angle_rad), np.sin(self.angle_rad)
        dx, dz = (x - self.x_mm) / self.scale, (z - self.z_mm) / self.scale
        u, v = cos * dx + sin * dz, cos * dz - sin * dx
        return u.astype(np.float32), v.astype(np.float32)

    def to_picture(self, u_mm: float, v_mm: float) -> tuple[float, float]:
        """A point of the structure in picture coordinates; inverse of `local`."""
        cos, sin = np.cos(self.angle_rad), np.sin(self.angle_rad)
        x = self.x_mm + self.scale * (cos * u_mm - sin * v_mm)
        z = self.z_mm + self.scale * (sin * u_mm + cos * v_mm)
        return float(x), float(z)


def inside(distance: Map, soft_mm: float = 0.4) -> Map:
    """1 where a signed distance (mm) is negative, 0 where positive, soft between."""
    cover: Map = (1 / (1 + np.exp(np.clip(distance / soft_mm, -30, 30)))).astype(np.float32)
    return cover


def ellipse(u: Map, v: Map, a_mm: float, b_mm: float, at: tuple[float, float] = (0, 0)) -> Map:
    """Approximate signed distance to an ellipse of semi-axes a (along u) and b (along v)."""
    radius = np.hypot((u - at[0]) / a_mm, (v - at[1]) / b_mm)
    distance: Map = ((radius - 1) * min(a_mm, b_mm)).astype(np.float32)
    return distance


def segment(
    u: Map, v: Map, start: tuple[float, float], end: tuple[float, float], thick_mm: float
) -> Map:
    """Signed distance to a bar with round ends."""
    du, dv = end[0] - start[0], end[1] - start[1]
    along = ((u - start[0]) * du + (v - start[1]) * dv) / (du * du + dv * dv)
    along = np.clip(along, 0, 1)
    far = np.hypot(u - start[0] - along * du, v - start[1] - along * dv)
    distance: Map = (far - thick_mm / 2).astype(np.float32)
    return distance
