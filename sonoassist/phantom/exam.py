"""A synthetic exam: the probe searches, finds a plane, holds still, and goes on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sonoassist.opencv import cv2
from sonoassist.packets import Box, Pixels
from sonoassist.phantom.anatomy import FLUID, STRUCTURES, Structure, Tissue, uterus
from sonoassist.phantom.scan import Probe, ScanConverter, Scatterers, compress, echo_db
from sonoassist.phantom.shapes import Pose, ellipse, inside

WIDTH_PX, HEIGHT_PX = 960, 720
TOP_PX = 56
"""Height of the screen's own bar."""
SEARCH_S, APPROACH_S, HOLD_S, LEAVE_S = 2.0, 1.0, 4.0, 1.0
CYCLE_S = SEARCH_S + APPROACH_S + HOLD_S + LEAVE_S
NEAR = 0.85
"""From this nearness on the picture counts as the plane."""


@dataclass(frozen=True, slots=True)
class PhantomFrame:
    """One frame with its truth.

    Attributes:
        pixels: uint8 (720, 960, 3) RGB.
        time_s: In the exam.
        plane: Key of the plane shown; "background" while searching.
        box: Of the anatomy in frame pixels; None for the background.
    """

    pixels: Pixels
    time_s: float
    plane: str
    box: Box | None


class PhantomExam:
    """Seeded and repeatable: the same seed gives the same exam.

    Args:
        seed: Of everything random.
        fps: Frames a second.
    """

    def __init__(self, seed: int = 0, fps: float = 25.0) -> None:
        self.seed = seed
        self.fps = fps
        self._probe = Probe()
        self._grid = self._probe.grid()
        self._scatterers = Scatterers(seed)
        self._converter = ScanConverter(self._probe, WIDTH_PX, HEIGHT_PX - TOP_PX)
        self._poses = self._draw_poses()

    @property
    def duration_s(self) -> float:
        """Length of one exam."""
        return CYCLE_S * len(STRUCTURES)

    def frames(self) -> Iterator[PhantomFrame]:
        """All frames in order."""
        for index in range(round(self.duration_s * self.fps)):
            yield self.frame(index)

    def frame(self, index: int) -> PhantomFrame:
        """One frame."""
        time_s = index / self.fps
        number = min(int(time_s / CYCLE_S), len(STRUCTURES) - 1)
        structure, rest = STRUCTURES[number], self._poses[number]
        near = nearness(time_s - number * CYCLE_S)
        pose = self._moved(rest, near, time_s)
        tissue = self._tissue(structure, pose, near, number, time_s)
        picture = self._scan(tissue, index, time_s, near)
        shown = near >= NEAR
        return PhantomFrame(
            screen(picture, time_s),
            time_s,
            structure.key if shown else "background",
            self._box(structure, pose) if shown else None,
        )

    def _draw_poses(self) -> list[Pose]:
        rng = np.random.default_rng(self.seed + 1)
        poses = []
        for structure in STRUCTURES:
            tilt = float(rng.uniform(-0.25, 0.25))
            depth = float(rng.uniform(50, 56))
            scale = structure.zoom * float(rng.uniform(0.97, 1.03))
            poses.append(Pose(float(rng.uniform(-5, 5)), depth, tilt, scale))
        return poses

    def _moved(self, rest: Pose, near: float, time_s: float) -> Pose:
        """Far from the plane the hand sweeps; on it, it only trembles."""
        away = 1 - near
        return Pose(
            rest.x_mm + 0.5 * math.sin(2.1 * time_s) + 34 * away * math.sin(0.9 * time_s),
            rest.z_mm + 0.4 * math.sin(1.7 * time_s + 1) + 8 * away,
            rest.angle_rad + 0.01 * math.sin(1.3 * time_s) + 0.8 * away,
            rest.scale * (1 - 0.55 * away),
        )

    def _tissue(
        self, structure: Structure, pose: Pose, near: float, number: int, time_s: float
    ) -> Tissue:
        x, z = self._grid
        drift = self._drift(time_s, near)
        tissue = Tissue(x, z, np.zeros_like(x), np.zeros_like(x))
        uterus(tissue, self.seed * 97 + number, drift)
        if near > 0.05:
            plane = Tissue(x, z, tissue.scatter.copy(), tissue.attenuation.copy())
            structure.depict(plane, pose)
            # Out of plane the anatomy is cut obliquely: it fades into its surroundings.
            tissue.scatter += np.float32(near) * (plane.scatter - tissue.scatter)
            tissue.attenuation += np.float32(near) * (plane.attenuation - tissue.attenuation)
        if near < 0.6:
            limb = ellipse(x, z, 15, 9, (30 * math.sin(time_s), 55 + 9 * math.cos(time_s)))
            cover = inside(limb, 1.0) * np.float32(0.6 - near)
            tissue.paint(cover, 0.1 + FLUID)
        return tissue

    def _drift(self, time_s: float, near: float) -> tuple[float, float]:
        away = 1 - near
        return 12 * away * math.sin(0.9 * time_s), 4 * away * math.cos(0.7 * time_s)

    def _scan(self, tissue: Tissue, index: int, time_s: float, near: float) -> Pixels:
        drift = np.array(self._drift(time_s, near), np.float32)
        level_db = echo_db(tissue, self._probe, self._scatterers, drift)
        rng = np.random.default_rng((self.seed, index))
        noise = rng.standard_normal(level_db.shape).astype(np.float32)
        return self._converter.convert(compress(level_db, self._probe, noise))

    def _box(self, structure: Structure, pose: Pose) -> Box:
        half_u, half_v = structure.half_mm
        turns = np.linspace(0, 2 * np.pi, 64)
        corners = [pose.to_picture(half_u * np.cos(t), half_v * np.sin(t)) for t in turns]
        points = np.array([self._converter.to_px(x, z) for x, z in corners])
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        return Box(float(left), float(top) + TOP_PX, float(right), float(bottom) + TOP_PX)


def nearness(into_s: float) -> float:
    """How near the probe is to the plane: 0 searching, 1 holding; smooth between."""
    if into_s < SEARCH_S or into_s > CYCLE_S:
        return 0.0
    rising = min((into_s - SEARCH_S) / APPROACH_S, 1.0)
    falling = min((CYCLE_S - into_s) / LEAVE_S, 1.0)
    part = max(min(rising, falling), 0.0)
    return part * part * (3 - 2 * part)


def screen(picture: Pixels, time_s: float) -> Pixels:
    """Put the sector on a scanner's screen: bar, text, grey scale, depth marks."""
    canvas = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    canvas[TOP_PX:] = picture[..., None]
    canvas[:TOP_PX] = (30, 34, 40)
    clock = f"{int(time_s // 60):02d}:{time_s % 60:04.1f}"
    _write(canvas, "SYNTHETIC EXAM  -  no patient", (18, 35), 0.62)
    _write(canvas, f"C5  12.0 cm  25 Hz   {clock}", (560, 35), 0.62)
    ramp = np.linspace(255, 0, 180).astype(np.uint8)
    canvas[TOP_PX + 30 : TOP_PX + 210, 14:26] = ramp[:, None, None]
    for mark in range(1, 11):
        row = TOP_PX + round(mark * (HEIGHT_PX - TOP_PX) / 10.7)
        canvas[row : row + 2, WIDTH_PX - 24 : WIDTH_PX - 24 + (12 if mark % 5 == 0 else 6)] = 200
    return canvas


def _write(canvas: Pixels, text: str, at: tuple[int, int], size: float) -> None:
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, (205, 210, 216), 1, cv2.LINE_AA)
