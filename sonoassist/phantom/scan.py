"""From acoustic maps to a B-mode sector: speckle, attenuation, log compression, scan conversion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.opencv import cv2
from sonoassist.packets import Pixels
from sonoassist.phantom.anatomy import Tissue
from sonoassist.phantom.shapes import Map

FIELD_STEP_MM = 0.2


@dataclass(frozen=True, slots=True)
class Probe:
    """A convex probe and its sector.

    Attributes:
        radius_mm: Of the probe's face.
        half_angle_rad: Of the sector.
        depth_mm: Below the face.
        lines: Beams.
        samples: Along each beam.
        dynamic_db: Shown range of echo levels.
    """

    radius_mm: float = 48.0
    half_angle_rad: float = 0.62
    depth_mm: float = 105.0
    lines: int = 288
    samples: int = 560
    dynamic_db: float = 46.0

    def grid(self) -> tuple[Map, Map]:
        """Points of all samples: x and z in mm, (samples, lines)."""
        angle = np.linspace(-self.half_angle_rad, self.half_angle_rad, self.lines)
        depth = np.linspace(0, self.depth_mm, self.samples)[:, None]
        x = (self.radius_mm + depth) * np.sin(angle)
        z = (self.radius_mm + depth) * np.cos(angle) - self.radius_mm
        return x.astype(np.float32), z.astype(np.float32)


class Scatterers:
    """A field of random scatterers fixed in the tissue, so that speckle moves with it."""

    def __init__(self, seed: int, size_mm: float = 360.0) -> None:
        rng = np.random.default_rng(seed)
        side = int(size_mm / FIELD_STEP_MM)
        self._half_mm = size_mm / 2
        self._field = rng.standard_normal((2, side, side)).astype(np.float32)

    def at(self, x: Map, z: Map) -> tuple[Map, Map]:
        """Real and imaginary part of the scatterers at points in mm."""
        column = ((x + self._half_mm) / FIELD_STEP_MM).astype(np.float32)
        row = (z / FIELD_STEP_MM + 60).astype(np.float32)
        parts = (
            cv2.remap(part, column, row, cv2.INTER_NEAREST, borderMode=cv2.BORDER_WRAP)
            for part in self._field
        )
        real, imaginary = (np.asarray(part, np.float32) for part in parts)
        return real, imaginary


def echo_db(tissue: Tissue, probe: Probe, scatterers: Scatterers, drift_mm: Map) -> Map:
    """Envelope of the echoes, dB, (samples, lines)."""
    real, imaginary = scatterers.at(tissue.x + drift_mm[0], tissue.z + drift_mm[1])
    step_mm = probe.depth_mm / probe.samples
    loss_db = 2 * np.cumsum(tissue.attenuation, axis=0) * step_mm
    amplitude = np.sqrt(tissue.scatter) * 10 ** (-loss_db / 20)
    blurred = [
        cv2.GaussianBlur((part * amplitude).astype(np.float32), (0, 0), 1.5, sigmaY=1.4)
        for part in (real, imaginary)
    ]
    envelope = np.hypot(blurred[0], blurred[1]) * 5.0
    return (20 * np.log10(np.maximum(envelope, 1e-6))).astype(np.float32)


def compress(level_db: Map, probe: Probe, noise: NDArray[np.float32]) -> Map:
    """Log compression to grey levels 0 to 1, with the receiver's noise growing with depth."""
    depth = np.linspace(0, 1, probe.samples, dtype=np.float32)[:, None]
    power = 10 ** (level_db / 10) + (noise**2) * 10 ** (-5.6 + 1.4 * depth)
    top_db = 10.0
    grey = 1 + (10 * np.log10(power) - top_db) / probe.dynamic_db
    return (np.clip(grey, 0, 1) ** 1.25).astype(np.float32)


class ScanConverter:
    """Maps the beams to a picture.

    Args:
        probe: Says where the beams lie.
        width_px: Of the picture.
        height_px: Of the picture.
    """

    def __init__(self, probe: Probe, width_px: int, height_px: int) -> None:
        self.mm_per_px = probe.depth_mm * 1.02 / height_px
        self._centre_px = width_px / 2
        column, row = np.meshgrid(np.arange(width_px) + 0.5, np.arange(height_px) + 0.5)
        x = (column - self._centre_px) * self.mm_per_px
        z = row * self.mm_per_px
        radius = np.hypot(x, z + probe.radius_mm)
        angle = np.arctan2(x, z + probe.radius_mm)
        half = probe.half_angle_rad
        self._line = ((angle + half) / (2 * half) * (probe.lines - 1)).astype(np.float32)
        deep = (radius - probe.radius_mm) / probe.depth_mm
        self._sample = (deep * (probe.samples - 1)).astype(np.float32)

    def convert(self, grey: Map) -> Pixels:
        """Grey levels (samples, lines) -> uint8 (height, width)."""
        picture = cv2.remap(
            grey, self._line, self._sample, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
        )
        return np.asarray(np.clip(picture * 255, 0, 255), np.uint8)

    def to_px(self, x_mm: float, z_mm: float) -> tuple[float, float]:
        """A point in the picture."""
        return self._centre_px + x_mm / self.mm_per_px, z_mm / self.mm_per_px
