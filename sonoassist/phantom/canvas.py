"""Drawing a section of anatomy as acoustic maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.phantom.shapes import Map, Points, Pose

AMPLITUDE, ATTENUATION, IMPEDANCE, COVER = range(4)
Layers = NDArray[np.float32]
"""(height, width, 4): scattered amplitude, attenuation in dB per mm, acoustic impedance (any
unit: its steps along the beam are what reflects), share covered by the section."""
_FINE = 16
"""OpenCV's drawing takes corners in sixteenths of a pixel."""


@dataclass(frozen=True, slots=True)
class Tissue:
    """What a region is made of.

    Attributes:
        db: Scattered power against fetal soft tissue.
        attenuation: Beyond what the scanner makes up for, dB per mm; negative in fluid, behind
            which everything is brighter.
        impedance: Against 1 in soft tissue; steps of it reflect.
    """

    db: float
    attenuation: float = 0.0
    impedance: float = 1.0

    def vector(self) -> Layers:
        """As one pixel of the layers."""
        level = 10 ** (self.db / 20)
        return np.array([level, self.attenuation, self.impedance, 1], np.float32)

    def brighter(self, db: float) -> Tissue:
        """The same, scattering more."""
        return Tissue(self.db + db, self.attenuation, self.impedance)


FLUID = Tissue(-42, -0.07, 0.4)
BLOOD = Tissue(-27, -0.02, 0.7)
SOFT = Tissue(0)
LIVER = Tissue(-1, 0.01)
MUSCLE = Tissue(-4, 0.02)
BRAIN = Tissue(-14, 0.01, 0.9)
LUNG = Tissue(1.5, 0.01, 1.1)
FAT = Tissue(5, 0.03, 1.3)
MEMBRANE = Tissue(9, 0.0, 1.6)
GRISTLE = Tissue(-9, 0.02, 1.1)
BONE = Tissue(15, 1.1, 4.0)
THICK_BONE = Tissue(20, 3.0, 5.0)
SKULL = Tissue(-3, 0.7, 9.0)


@dataclass(frozen=True, slots=True)
class Section:
    """A finished drawing.

    Attributes:
        layers: The acoustic maps.
        step_mm: Between two points of them.
        outline: Of the structure that the box encloses, mm, (n, 2).
    """

    layers: Layers
    step_mm: float
    outline: Points

    def sample(self, pose: Pose, x: Map, z: Map) -> Layers:
        """The layers at points of the picture; nothing outside of the drawing."""
        return self.at(*pose.local(x, z))

    def at(self, u: Map, v: Map) -> Layers:
        """The layers at points in the section's own coordinates."""
        height, width = self.layers.shape[:2]
        column = u * np.float32(1 / self.step_mm) + np.float32(width / 2 - 0.5)
        row = v * np.float32(1 / self.step_mm) + np.float32(height / 2 - 0.5)
        sampled = cv2.remap(
            self.layers, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
        )
        return np.asarray(sampled, np.float32)


class Canvas:
    """Paints outlines one over another.

    Args:
        rng: Of everything uneven.
        half_mm: Half width and half height.
        step_mm: Between two points.
        tilt: 0 in the plane; 1 so far out of it that its landmarks are gone.
        phase: Of the heart, 0 (filled) to 1 (emptied).
    """

    def __init__(
        self,
        rng: np.random.Generator,
        half_mm: tuple[float, float] = (66.0, 60.0),
        step_mm: float = 0.22,
        tilt: float = 0.0,
        phase: float = 0.0,
    ) -> None:
        self.rng = rng
        self.tilt = tilt
        self.phase = phase
        self._step = step_mm
        self._size = (round(2 * half_mm[1] / step_mm), round(2 * half_mm[0] / step_mm))
        self._planes = np.zeros((4, *self._size), np.float32)  # each map by itself: far quicker

    def fill(
        self,
        points: Points,
        tissue: Tissue,
        *,
        soft_mm: float = 0.35,
        opacity: float = 1.0,
        landmark: bool = False,
        beside: bool = False,
    ) -> None:
        """Paint a closed outline; a landmark is missing out of the plane, others lie beside it."""
        self._stamp(points, None, tissue, soft_mm, self._shown(opacity, landmark, beside))

    def line(
        self,
        points: Points,
        width_mm: float,
        tissue: Tissue,
        *,
        soft_mm: float = 0.25,
        opacity: float = 1.0,
        landmark: bool = False,
        beside: bool = False,
    ) -> None:
        """Paint an open line."""
        self._stamp(points, width_mm, tissue, soft_mm, self._shown(opacity, landmark, beside))

    def rim(self, points: Points, width_mm: float, tissue: Tissue, opacity: float = 1.0) -> None:
        """Paint along a closed outline."""
        self._stamp(np.concatenate([points, points[:1]]), width_mm, tissue, 0.25, opacity)

    def fray(self, points: Points, scale_mm: float = 3.0) -> None:
        """Blur away parts of what is drawn within an outline, as a slice that is not quite flat."""
        found = self._mask(points, None, 0.6)
        if found is None:
            return
        rows, columns, mask = found
        patches = np.clip(noise(self.rng, mask.shape, scale_mm / self._step) - 0.1, 0, 1)
        part = np.moveaxis(self._planes[:, rows, columns], 0, -1)
        dim = cv2.GaussianBlur(np.ascontiguousarray(part), (0, 0), 2.2 / self._step)
        part += (mask * patches)[..., None] * (dim - part)

    def grain(self, points: Points, db: float, scale_mm: float, stretch: float = 1.0) -> None:
        """Uneven scattering within an outline: lumps of `scale_mm`, longer along u by `stretch`."""
        found = self._mask(points, None, 0.6)
        if found is None:
            return
        rows, columns, mask = found
        lumps = noise(self.rng, mask.shape, scale_mm / self._step, stretch)
        self._planes[AMPLITUDE, rows, columns] *= np.exp(mask * lumps * np.float32(db * 0.115))

    def shade(self, down_to_mm: float, db_per_mm: float) -> None:
        """Uneven attenuation of everything above `down_to_mm`: some beams get less far."""
        row = round((down_to_mm + self._size[0] * self._step / 2) / self._step)
        above = self._planes[ATTENUATION, : max(row, 1)]
        uneven = noise(self.rng, above.shape, 7 / self._step)
        above += np.float32(db_per_mm) * uneven

    def _shown(self, opacity: float, landmark: bool, beside: bool) -> float:
        if landmark:
            return opacity * (1 - self.tilt)
        return opacity * self.tilt if beside else opacity

    def _stamp(
        self, points: Points, width_mm: float | None, tissue: Tissue, soft_mm: float, opacity: float
    ) -> None:
        found = self._mask(points, width_mm, soft_mm)
        if found is None or opacity <= 0:
            return
        rows, columns, mask = found
        mask *= np.float32(opacity)
        for plane, value in zip(self._planes, tissue.vector(), strict=True):
            below = plane[rows, columns]
            below += mask * (value - below)

    def _mask(
        self, points: Points, width_mm: float | None, soft_mm: float
    ) -> tuple[slice, slice, Map] | None:
        """The part of the drawing an outline touches, and how far it covers each point."""
        height, width = self._size
        at_px = points / self._step + np.array([width / 2 - 0.5, height / 2 - 0.5])
        margin = 3 * soft_mm / self._step + (width_mm or 0) / self._step + 2
        low = np.maximum(np.floor(at_px.min(axis=0) - margin), 0).astype(int)
        high = np.minimum(np.ceil(at_px.max(axis=0) + margin), [width, height]).astype(int)
        if (high <= low).any():
            return None
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        corners = np.round((at_px - low) * _FINE).astype(np.int32)
        if width_mm is None:
            cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, 4)
        else:
            thick = max(round(width_mm / self._step), 1)
            cv2.polylines(mask, [corners], False, 255, thick, cv2.LINE_AA, 4)
        soft = cv2.GaussianBlur(mask, (0, 0), max(soft_mm / self._step, 0.4))
        return slice(low[1], high[1]), slice(low[0], high[0]), soft.astype(np.float32) / 255

    def finish(self, outline: Points, warp_mm: float = 0.8, lumps_db: float = 2.0) -> Section:
        """The drawing, slightly bent and uneven as living things are.

        Args:
            outline: Of the structure that the box encloses.
            warp_mm: How far points move.
            lumps_db: Unevenness of the scattering.
        """
        shift = [
            warp_mm * noise(self.rng, self._size, 30 / self._step)
            + 0.12 * warp_mm * noise(self.rng, self._size, 4 / self._step)
            for _ in range(2)
        ]
        lumps = noise(self.rng, self._size, 1.5 / self._step, 1.5)
        lumps += noise(self.rng, self._size, 5 / self._step)
        lumps += noise(self.rng, self._size, 12 / self._step)
        self._planes[AMPLITUDE] *= np.exp(np.float32(lumps_db * 0.115) * lumps)
        row, column = np.indices(self._size, np.float32)
        bent = cv2.remap(
            cv2.merge(list(self._planes)),
            column + shift[0] / np.float32(self._step),
            row + shift[1] / np.float32(self._step),
            cv2.INTER_LINEAR,
        )
        return Section(np.asarray(bent, np.float32), self._step, self._bend(outline, shift))

    def _bend(self, outline: Points, shift: list[Map]) -> Points:
        height, width = self._size
        column = np.clip(outline[:, 0] / self._step + width / 2, 0, width - 1).astype(int)
        row = np.clip(outline[:, 1] / self._step + height / 2, 0, height - 1).astype(int)
        bent: Points = outline - np.stack([part[row, column] for part in shift], axis=1)
        return bent


def noise(
    rng: np.random.Generator, shape: tuple[int, ...], scale_px: float, stretch: float = 1.0
) -> Map:
    """Smooth noise of about unit spread."""
    high = max(int(shape[0] / scale_px) + 3, 3)
    wide = max(int(shape[1] / scale_px / stretch) + 3, 3)
    coarse = rng.standard_normal((high, wide)).astype(np.float32)
    size = (shape[1], shape[0])
    smooth: Map = np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), np.float32)
    smooth *= np.float32(1.2)
    return smooth
