"""One leg of an exam, ready to be scanned: its anatomy, its framing, its motion."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from sonoassist.core.flaws import Flaw
from sonoassist.core.packets import Box
from sonoassist.phantom.canvas import COVER, Layers, Section
from sonoassist.phantom.catalogue import BY_KEY
from sonoassist.phantom.draw import Placing, astray, box_of, laid, out_of_plane, place
from sonoassist.phantom.elsewhere import MOTHER_HALF_MM, mother
from sonoassist.phantom.flaws import FAST, lit_wrongly, placed_wrongly, spoiling
from sonoassist.phantom.plan import Leg
from sonoassist.phantom.scan import Scanner, ScanSettings
from sonoassist.phantom.shapes import Map, Pose

HEART_HZ = 2.3
CARDIAC_MHZ = 0.64
"""Heart settings go for many pictures a second: fewer, wider beams."""
PHASES = 8
"""Drawings of a beating heart, from filled to emptied."""
STEP_S = 0.02
"""Time over which it is seen how quickly the anatomy moves."""


class Scene:
    """What one leg shows.

    Args:
        leg: Of the exam.
        size: Width and height of the picture, px.
        settings: Of the scanner.
    """

    def __init__(self, leg: Leg, size: tuple[int, int], settings: ScanSettings) -> None:
        self.leg = leg
        self._structure = BY_KEY[leg.kind]
        rng = np.random.default_rng((leg.seed, 3))
        self._heart_hz = HEART_HZ * float(rng.uniform(0.92, 1.08))
        missed = leg.state == "near_miss"
        self._tilt = out_of_plane(rng) if missed else 0.0
        self._sections: dict[int, Section] = {}
        placing: Placing = place(self._structure, self._section(0.0), rng, size)
        self._spoiling = spoiling(leg)
        placing = self._spoiling.placed(placing, self._section(0.0))
        settings = self._spoiling.set(settings)
        self._pose = astray(placing.pose, rng) if missed else placing.pose
        self._mother = mother(rng, placing.wall_mm, placing.fluid)
        self._ways = rng.uniform(0, 6.3, 6)
        if self._structure.cardiac:
            settings = replace(
                settings,
                mhz=settings.mhz * CARDIAC_MHZ,
                dynamic_db=settings.dynamic_db * 0.86,
                compound=0.25,
            )
        self.scanner = Scanner(placing.view, settings)

    def _section(self, time_s: float) -> Section:
        phase = 0
        if self._structure.beats:
            filled = 0.5 - 0.5 * math.cos(2 * math.pi * self._heart_hz * time_s)
            phase = round(filled * (PHASES - 1))
        if phase not in self._sections:
            self._sections[phase] = self._structure.section(
                self.leg.seed, tilt=self._tilt, phase=phase / (PHASES - 1)
            )
        return self._sections[phase]

    def pose(self, time_s: float, away: float) -> Pose:
        """Where the section lies: trembling on a plane, swept past otherwise.

        Args:
            time_s: In the exam.
            away: 1 when the probe has not reached it yet or has left it, 0 on it.
        """
        into_s = time_s - self.leg.start_s
        still = self.leg.state in ("plane", "frozen")
        sweep = 0.0 if still else 1.0
        a, b, c, d, e, f = (float(way) for way in self._ways)
        dx = 0.35 * math.sin(7.1 * into_s + a) + 0.6 * math.sin(1.9 * into_s + b)
        dz = 0.3 * math.sin(6.3 * into_s + c) + 0.5 * math.sin(1.3 * into_s + d)
        dx += sweep * 12 * math.sin(0.8 * into_s + e) + 22 * away * math.cos(f)
        dz += sweep * 4 * math.sin(0.6 * into_s + f) + 8 * away * math.sin(e)
        shaken_mm = self._spoiling.shaken_mm(into_s)
        dx, dz = dx + shaken_mm[0], dz + shaken_mm[1]
        turn = 0.008 * math.sin(1.7 * into_s + e) + sweep * 0.2 * math.sin(0.7 * into_s + d)
        return replace(
            self._pose,
            x_mm=self._pose.x_mm + dx,
            z_mm=self._pose.z_mm + dz,
            angle_rad=self._pose.angle_rad + turn + 0.3 * away,
            stretch=self._pose.stretch * (1 - 0.25 * away),
        )

    def out_rad(self, time_s: float) -> float:
        """How far the slice has moved out of its plane (see `Scatterers.at`)."""
        into_s = time_s - self.leg.start_s
        if self.leg.state in ("plane", "frozen"):
            return 0.35 * math.sin(1.1 * into_s)
        return 2.5 * into_s

    def layers(self, scanner: Scanner, time_s: float, away: float, part: float) -> Layers:
        """The acoustic maps on the grid of `scanner`; `part` fades the fetus in."""
        drift_mm = self.drift_mm(time_s, away)
        around = self._mother.at(scanner.along + drift_mm, scanner.deep - MOTHER_HALF_MM[1])
        fetus = self._section(time_s).sample(self.pose(time_s, away), scanner.x, scanner.z)
        return laid(around, fetus, part)

    def drift_mm(self, time_s: float, away: float) -> np.float32:
        """How far the probe has slid along the skin."""
        pose = self.pose(time_s, away)
        drift: np.float32 = np.float32((self._pose.x_mm - pose.x_mm) * 0.5)
        return drift

    def points(
        self, scanner: Scanner, time_s: float, away: float, layers: Layers
    ) -> tuple[Map, Map]:
        """Points of the tissue whose scatterers each sample meets."""
        pose = self.pose(time_s, away)
        u, v = pose.local(scanner.x, scanner.z)
        fetal = layers[..., COVER] > 0.5
        along = scanner.along + self.drift_mm(time_s, away)
        return np.where(fetal, u, along), np.where(fetal, v, scanner.deep)

    def box(self, time_s: float, away: float) -> Box | None:
        """The anatomy's box in pixels of the picture, as far `away` as in `pose`."""
        return box_of(self.pose(time_s, away), self._section(time_s), self.scanner.view)

    def flaws(self, time_s: float, away: float) -> frozenset[Flaw]:
        """What is wrong with the picture, as far `away` as in `pose`."""
        pose, before = self.pose(time_s, away), self.pose(time_s - STEP_S, away)
        view = self.scanner.view
        placed = placed_wrongly(self._structure, self._section(time_s), pose, view)
        found = placed | lit_wrongly(self.scanner.settings)
        moved_mm = math.hypot(pose.x_mm - before.x_mm, pose.z_mm - before.z_mm)
        fast = moved_mm / STEP_S > FAST * view.width_px * view.mm_per_px
        return found | {Flaw.MOVING} if fast else found
