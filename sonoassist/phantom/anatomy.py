"""Planes as acoustic maps: how strongly each point scatters, and how strongly it attenuates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sonoassist.phantom.shapes import Map, Pose, ellipse, inside, segment

FLUID = 0.0002
BONE_DB_PER_MM = 2.2


@dataclass
class Tissue:
    """Acoustic maps on the points of the scan, changed by each structure painted in.

    Attributes:
        x: Points, mm to the right of the probe's axis.
        z: Points, mm below the probe's face.
        scatter: Scattered power.
        attenuation: Extra attenuation, dB per mm.
    """

    x: Map
    z: Map
    scatter: Map
    attenuation: Map

    def paint(self, cover: Map, scatter: float, attenuation: float = 0.0) -> None:
        """Replace what is under `cover` (0 to 1)."""
        self.scatter += cover * (scatter - self.scatter)
        self.attenuation += cover * (attenuation - self.attenuation)


@dataclass(frozen=True, slots=True)
class Structure:
    """One plane of the phantom.

    Attributes:
        key: Of `sonoassist.planes`.
        half_mm: Half width and half height of its box at scale 1, in its own coordinates.
        zoom: How large the operator shows it.
        depict: Paints it.
    """

    key: str
    half_mm: tuple[float, float]
    zoom: float
    depict: Callable[[Tissue, Pose], None]


def uterus(tissue: Tissue, seed: int, drift_mm: tuple[float, float]) -> None:
    """Mother's tissue, placenta and fluid: what lies round every plane."""
    rng = np.random.default_rng(seed)
    x, z = tissue.x + drift_mm[0], tissue.z + drift_mm[1]
    wave = 2.5 * np.sin(x / 17 + rng.uniform(0, 6)) + 1.3 * np.sin(x / 7 + rng.uniform(0, 6))
    tissue.paint(np.ones_like(x), FLUID)
    tissue.paint(inside(z - (16 + wave)), 0.06)
    for depth_mm in rng.uniform(2, 13, 4):
        layer = np.abs(z - (depth_mm + wave * 0.5)) - rng.uniform(0.3, 0.8)
        tissue.paint(inside(layer.astype(np.float32), 0.3), float(rng.uniform(0.3, 0.7)))
    tissue.paint(inside((np.abs(z - (17 + wave)) - 0.5).astype(np.float32), 0.3), 0.6)
    far = 92 + 4 * np.sin(x / 23 + rng.uniform(0, 6))
    tissue.paint(inside((far - z).astype(np.float32), 0.8), 0.08)
    for _ in range(2):
        at = (float(rng.uniform(-55, 55)), float(rng.uniform(25, 85)))
        blob = ellipse(x, z, float(rng.uniform(9, 16)), float(rng.uniform(7, 12)), at)
        tissue.paint(inside(blob, 0.8), float(rng.uniform(0.01, 0.04)))


def _skull(tissue: Tissue, pose: Pose) -> tuple[Map, Map]:
    u, v = pose.local(tissue.x, tissue.z)
    rim = ellipse(u, v, 31, 24)
    tissue.paint(inside(ellipse(u, v, 34, 27), 0.6), 0.03)
    tissue.paint(inside(rim), 0.0045)
    # Bone is bright where the beam meets it squarely, and faint at the sides.
    square = np.clip(np.abs(v) / np.hypot(u, v).clip(1e-3), 0.25, 1) ** 2
    bone = inside((np.abs(rim) - 0.9).astype(np.float32), 0.25)
    tissue.scatter += bone * (9.0 * square.astype(np.float32) - tissue.scatter)
    tissue.attenuation += bone * 1.2
    return u, v


def brain_tv(tissue: Tissue, pose: Pose) -> None:
    """Transventricular plane: skull, midline, cavum, ventricle with choroid plexus."""
    u, v = _skull(tissue, pose)
    tissue.paint(inside(segment(u, v, (-29, 0), (9, 0), 0.7), 0.25), 0.5)
    tissue.paint(inside(segment(u, v, (19, 0), (29, 0), 0.7), 0.25), 0.5)
    for side in (-1.6, 1.6):
        tissue.paint(inside(segment(u, v, (10, side), (18, side), 0.6), 0.25), 0.5)
    tissue.paint(inside(ellipse(u, v, 13, 4.6, (-13, 12))), FLUID * 4)
    tissue.paint(inside(ellipse(u, v, 9, 3.6, (-14, 12.4)), 0.6), 0.06)
    tissue.paint(inside(segment(u, v, (-25, 7.5), (-2, 8.0), 0.5), 0.25), 0.35)
    tissue.paint(inside(segment(u, v, (-24, 16.6), (-4, 16.2), 0.4), 0.25), 0.2)
    for at in ((8, -8), (-6, -10), (14, 9)):
        tissue.paint(inside(segment(u, v, at, (at[0] + 5, at[1] + 1), 0.4), 0.25), 0.03)


def abdominal(tissue: Tissue, pose: Pose) -> None:
    """Abdominal plane: round outline, stomach, umbilical vein, spine with its shadow."""
    u, v = pose.local(tissue.x, tissue.z)
    outline = ellipse(u, v, 26, 24)
    tissue.paint(inside(outline), 0.022)
    tissue.paint(inside((np.abs(outline) - 0.7).astype(np.float32), 0.3), 0.9)
    tissue.paint(inside((np.abs(outline + 3) - 0.4).astype(np.float32), 0.3), 0.3)
    tissue.paint(inside(ellipse(u, v, 5.5, 4.2, (9, 8))), FLUID)
    tissue.paint(inside(segment(u, v, (-4, -13), (-2, -3), 2.6), 0.3), FLUID * 2)
    tissue.paint(inside(segment(u, v, (-2, -3), (-8, 2), 2.4), 0.3), FLUID * 2)
    tissue.paint(inside(ellipse(u, v, 1.9, 1.9, (-17, 5))), FLUID * 2)
    for at in ((-20, 0), (-22.5, 4), (-22.5, -4)):
        tissue.paint(inside(ellipse(u, v, 1.6, 1.6, at)), 4.0, BONE_DB_PER_MM)


def femur(tissue: Tissue, pose: Pose) -> None:
    """Femur: a bright bar in the thigh, with the shadow behind it."""
    u, v = pose.local(tissue.x, tissue.z)
    tissue.paint(inside(ellipse(u, v, 40, 16, (0, 1)), 0.8), 0.02)
    tissue.paint(inside((np.abs(ellipse(u, v, 40, 16, (0, 1))) - 0.5).astype(np.float32)), 0.15)
    bow = v + 1.2 * (1 - (u / 17) ** 2)
    bone = segment(u, bow, (-16, 0), (16, 0), 2.4)
    tissue.paint(inside(bone, 0.3), 7.0, BONE_DB_PER_MM)


STRUCTURES: tuple[Structure, ...] = (
    Structure("brain_tv", (31.9, 24.9), 1.15, brain_tv),
    Structure("femur", (17.2, 2.4), 1.7, femur),
    Structure("abdominal", (26.7, 24.7), 1.3, abdominal),
)
