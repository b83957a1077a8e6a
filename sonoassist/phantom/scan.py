"""From acoustic maps to a B-mode sector: speckle, attenuation, log compression, scan conversion.

Echoes are computed beam by beam on a polar grid that covers just what the picture shows, so
that a zoomed-in picture is as sharp as a scanner's own zoom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Pixels
from sonoassist.phantom.canvas import AMPLITUDE, ATTENUATION, IMPEDANCE, Layers
from sonoassist.phantom.shapes import Map

LINES, SAMPLES = 256, 400
FIELD_STEP_MM = 0.16
_DB = 20 / math.log(10)


@dataclass(frozen=True, slots=True)
class ProbeView:
    """A convex probe, and the part of its sector that the picture shows.

    Attributes:
        radius_mm: Of the probe's face.
        half_angle_rad: Of the sector.
        depth_mm: Of the sector below the face.
        left_mm: Left edge of the picture, from the probe's axis.
        top_mm: Upper edge of the picture, below the probe's face.
        mm_per_px: Of the picture.
        width_px: Of the picture.
        height_px: Of the picture.
    """

    radius_mm: float
    half_angle_rad: float
    depth_mm: float
    left_mm: float
    top_mm: float
    mm_per_px: float
    width_px: int
    height_px: int

    def to_px(self, x_mm: Map, z_mm: Map) -> tuple[Map, Map]:
        """Points in mm in the picture."""
        return (x_mm - self.left_mm) / self.mm_per_px, (z_mm - self.top_mm) / self.mm_per_px

    def to_mm(self, column_px: Map, row_px: Map) -> tuple[Map, Map]:
        """Inverse of `to_px`."""
        return (
            column_px * self.mm_per_px + self.left_mm,
            row_px * self.mm_per_px + self.top_mm,
        )


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """What the operator and the maker of the scanner chose.

    Attributes:
        mhz: Centre frequency: higher is finer.
        dynamic_db: Range of echoes from black to white.
        gain_db: Level of soft tissue below white.
        tgc_db: Wrong settings of the time-gain sliders, from near to far.
        compound: 0 plain speckle, towards 1 averaged over many directions.
        edges: Sharpening.
        smooth_px: Smoothing after log compression.
        gamma: Of the grey map.
        haze: Strength of the echoes to and fro under the probe.
        noise_db: Electronic noise at full depth, below soft tissue.
        tint: Colour of the grey map, RGB factors.
        contact_db: Loss where the probe touches the skin badly, from one side to the other.
    """

    mhz: float = 5.0
    dynamic_db: float = 50.0
    gain_db: float = -27.0
    tgc_db: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    compound: float = 0.4
    edges: float = 0.5
    smooth_px: float = 0.7
    gamma: float = 1.1
    haze: float = 0.3
    noise_db: float = -38.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contact_db: tuple[float, ...] = (0.0, 0.0)


def draw_settings(rng: np.random.Generator, *, cardiac: bool = False) -> ScanSettings:
    """Settings as different operators choose them."""
    tints = ((1.0, 1.0, 1.0), (0.98, 0.99, 1.0), (0.9, 0.9, 1.0), (1.0, 0.97, 0.88))
    chances = (0.3, 0.2, 0.5, 0.0) if cardiac else (0.5, 0.3, 0.1, 0.1)
    return ScanSettings(
        mhz=float(rng.uniform(2.6, 4.0) if cardiac else rng.uniform(3.6, 6.5)),
        dynamic_db=float(rng.uniform(38, 48) if cardiac else rng.uniform(44, 58)),
        gain_db=float(rng.uniform(-25, -18)),
        tgc_db=tuple(float(v) for v in rng.normal(0, 2.2, 5)),
        compound=float(rng.uniform(0.1, 0.4) if cardiac else rng.uniform(0.25, 0.65)),
        edges=float(rng.uniform(0.2, 0.9)),
        smooth_px=float(rng.uniform(0.5, 1.0)),
        gamma=float(rng.uniform(1.4, 1.9)),
        haze=float(rng.uniform(0.05, 0.6)),
        noise_db=float(rng.uniform(-46, -30)),
        tint=tints[int(rng.choice(4, p=chances))],
        contact_db=_contact(rng),
    )


def _contact(rng: np.random.Generator) -> tuple[float, ...]:
    """Loss across the probe's face: worse at its ends, which may not touch the skin at all."""
    across = np.linspace(-1, 1, 11)
    loss_db = np.abs(rng.normal(0, 1.6, 11)) + rng.gamma(1.0, 4.0, 2)[(across > 0).astype(int)] * (
        np.abs(across) ** 6
    )
    return tuple(float(value) for value in -loss_db)


class Scatterers:
    """A field of random scatterers fixed in the tissue, so that speckle moves with it."""

    def __init__(self, seed: int, side: int = 1024) -> None:
        rng = np.random.default_rng(seed)
        self._field = rng.standard_normal((side, side, 4), dtype=np.float32)
        self._side_mm = side * FIELD_STEP_MM

    def at(self, u: Map, v: Map, out_rad: float = 0.0) -> Layers:
        """Real and imaginary part of the scatterers at points in mm, (samples, lines, 2).

        Args:
            u: Of the points.
            v: Of the points.
            out_rad: How far the slice has moved out of its plane: after a quarter turn none of
                the scatterers are the same.
        """
        side = np.float32(self._side_mm)
        column = (u - side * np.floor(u / side)) / np.float32(FIELD_STEP_MM)
        row = (v - side * np.floor(v / side)) / np.float32(FIELD_STEP_MM)
        picked = cv2.remap(self._field, column, row, cv2.INTER_NEAREST, borderMode=cv2.BORDER_WRAP)
        here, there = np.float32(math.cos(out_rad)), np.float32(math.sin(out_rad))
        return np.asarray(picked[..., :2] * here + picked[..., 2:] * there, np.float32)


class Scanner:
    """Makes pictures of one view with one group of settings.

    Args:
        view: What the picture shows.
        settings: How echoes become grey.
    """

    def __init__(self, view: ProbeView, settings: ScanSettings) -> None:
        self.view = view
        self.settings = settings
        angle, radius = self._polar_of_picture()
        limit = view.half_angle_rad
        self._angles = np.linspace(max(angle.min(), -limit), min(angle.max(), limit), LINES)
        deepest = min(float(radius.max()) - view.radius_mm, view.depth_mm)
        shallowest = max(float(radius.min()) - view.radius_mm, 0.0)
        self._depths = np.linspace(shallowest, deepest, SAMPLES)
        self._step_mm = float(self._depths[1] - self._depths[0])
        self._map_picture(angle, radius)
        depth = self._depths[:, None]
        self.x = ((view.radius_mm + depth) * np.sin(self._angles)).astype(np.float32)
        self.z = ((view.radius_mm + depth) * np.cos(self._angles) - view.radius_mm).astype(
            np.float32
        )
        self.along = (self._angles * view.radius_mm + 0 * depth).astype(np.float32)
        self.deep = (depth + 0 * self._angles).astype(np.float32)
        per_line_mm = (view.radius_mm + depth) * (self._angles[1] - self._angles[0])
        self._step_per_line = (self._step_mm / per_line_mm).astype(np.float32)
        self._gain = self._gain_curve()
        self._reverberation = self._reverberations()

    def _polar_of_picture(self) -> tuple[Map, Map]:
        view = self.view
        column = np.arange(view.width_px, dtype=np.float32)[None] + 0.5
        row = np.arange(view.height_px, dtype=np.float32)[:, None] + 0.5
        x, z = view.to_mm(column, row)
        z = z + view.radius_mm
        return np.arctan2(x, z), np.hypot(x, z)

    def _map_picture(self, angle: Map, radius: Map) -> None:
        """Where in the polar grid each pixel of the picture lies."""
        line = (angle - self._angles[0]) / (self._angles[-1] - self._angles[0]) * (LINES - 1)
        deep = radius - self.view.radius_mm
        sample = (deep - self._depths[0]) / self._step_mm
        seen = (np.abs(angle) <= self.view.half_angle_rad) & (deep >= 0)
        seen &= deep <= self.view.depth_mm
        line[~seen] = -9  # outside of the grid: black
        self._maps = cv2.convertMaps(
            line.astype(np.float32), sample.astype(np.float32), cv2.CV_16SC2
        )

    def _gain_curve(self) -> Map:
        """Amplitude factor from wrongly set time-gain sliders and from bad contact."""
        sliders = self.settings.tgc_db
        at = np.linspace(0, self.view.depth_mm, len(sliders))
        level_db = np.interp(self._depths, at, sliders)[:, None]
        contact = self.settings.contact_db
        limit = self.view.half_angle_rad
        level_db = level_db + np.interp(
            self._angles, np.linspace(-limit, limit, len(contact)), contact
        )
        curve: Map = (10 ** (level_db / 20)).astype(np.float32)
        return curve

    def _reverberations(self) -> Map:
        """Bright bands parallel to the probe's face that fade with depth."""
        depth = self._depths[:, None]
        bands = 0.55 + 0.45 * np.cos(depth * (2 * math.pi / 2.9) + 0.6 * np.cos(self._angles * 9))
        fading = np.exp(-depth / 7.0) + 0.15 * np.exp(-depth / 22.0)
        glow: Map = (self.settings.haze * 2.2 * bands * fading).astype(np.float32)
        return glow

    def picture(self, layers: Layers, scatterers: Layers, rng: np.random.Generator) -> Pixels:
        """B-mode picture, uint8 (height, width), of the maps on this grid."""
        echoes = self._echoes(layers, scatterers)
        grey = self._compress(echoes, rng)
        columns, rows = self._maps
        picture = cv2.remap(grey, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        return np.asarray(picture, np.uint8)

    def _spread_px(self) -> tuple[float, float]:
        """Width of the point spread function across and along the beams, in grid steps.

        Across, it is constant in angle: the same step is wider further down.
        """
        per_line = float(self._angles[1] - self._angles[0])
        aperture = 0.0052 * 5.0 / self.settings.mhz
        axial_mm = 0.17 * 5.0 / self.settings.mhz
        return max(aperture / per_line, 0.8), max(axial_mm / self._step_mm, 0.6)

    def _echoes(self, layers: Layers, scatterers: Layers) -> Map:
        across, along = self._spread_px()
        amplitude = layers[..., AMPLITUDE]
        blurred = cv2.GaussianBlur(scatterers * amplitude[..., None], (0, 0), across, sigmaY=along)
        speckle: Map = np.asarray(cv2.magnitude(blurred[..., 0], blurred[..., 1]), np.float32)
        # The mean envelope of such speckle is brought back to the amplitude it came from.
        speckle *= np.float32(2.0 * math.sqrt(across * along * math.pi) / 1.2533)
        part = np.float32(self.settings.compound)
        even = cv2.GaussianBlur(amplitude, (0, 0), across * 1.2, sigmaY=along * 1.2)
        echoes: Map = (1 - part) * speckle + part * even * np.float32(0.9)
        echoes += self._reflections(layers[..., IMPEDANCE], speckle)
        lost = self._loss(layers[..., ATTENUATION])
        result: Map = echoes * lost * self._gain + self._reverberation * (0.4 + 0.6 * speckle)
        return result

    def _reflections(self, impedance: Map, speckle: Map) -> Map:
        """Steps of the impedance along the beam: bright where a surface lies across it."""
        across, along = self._spread_px()
        smooth = cv2.GaussianBlur(impedance, (0, 0), 1.0)
        down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
        sideways = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125) * self._step_per_line
        steep = down * down
        facing = steep / (steep + sideways * sideways + np.float32(1e-4))
        glint = np.abs(down) * (np.float32(0.03) + facing * facing * facing)
        blurred = cv2.GaussianBlur(glint, (0, 0), across * 1.3, sigmaY=along * 0.9)
        # Surfaces glint unevenly.
        return np.asarray(blurred * (10.0 + 5.0 * np.minimum(speckle, 2.0)), np.float32)

    def _loss(self, attenuation: Map) -> Map:
        total_db = np.cumsum(attenuation, axis=0) * np.float32(2 * self._step_mm)
        # Beams cross in compounding: shadows have soft flanks.
        soft_db = np.clip(cv2.GaussianBlur(total_db, (0, 0), 1.8, sigmaY=0.6), -7, 45)
        return np.asarray(np.exp(soft_db * np.float32(-1 / _DB)), np.float32)

    def _compress(self, echoes: Map, rng: np.random.Generator) -> Pixels:
        """Receiver noise, log compression, smoothing and sharpening: grey in the polar grid."""
        chosen = self.settings
        hiss = rng.standard_normal(echoes.shape, dtype=np.float32)
        deep = (self._depths / self.view.depth_mm)[:, None].astype(np.float32)
        echoes += np.abs(cv2.GaussianBlur(hiss, (0, 0), 0.8)) * np.exp(
            (chosen.noise_db - 14 * (1 - deep)) / np.float32(_DB)
        )
        level_db = np.log(np.maximum(echoes, 1e-5)) * np.float32(_DB)
        grey = (level_db + chosen.gain_db + chosen.dynamic_db) * np.float32(1 / chosen.dynamic_db)
        grey = cv2.GaussianBlur(grey, (0, 0), chosen.smooth_px * 1.2, sigmaY=chosen.smooth_px)
        sharp = grey + np.float32(chosen.edges) * (grey - cv2.GaussianBlur(grey, (0, 0), 2.4))
        shown = np.power(np.clip(sharp, 0, 1), np.float32(chosen.gamma))
        return np.asarray(shown * 255, np.uint8)


def tinted(grey: Pixels, tint: tuple[float, float, float]) -> Pixels:
    """Grey picture as RGB with the scanner's grey map."""
    ramp = np.arange(256)[:, None] * np.asarray(tint)
    table: NDArray[np.uint8] = ramp.astype(np.uint8)
    return np.asarray(table[grey], np.uint8)
