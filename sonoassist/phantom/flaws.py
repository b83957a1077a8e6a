"""Pictures of planes with something wrong in them, and the truth of what is wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from sonoassist.core.flaws import Flaw
from sonoassist.phantom.canvas import Section
from sonoassist.phantom.catalogue import PLANE_KEYS, Structure
from sonoassist.phantom.draw import Placing, middle_of
from sonoassist.phantom.plan import ExamPlan, Leg
from sonoassist.phantom.scan import ProbeView, ScanSettings
from sonoassist.phantom.shapes import Map, Pose

HOLD_S = 1.6
"""Length of a leg; the probe comes over in its first part."""
OUTSIDE = 0.03
"""Share of the outline's points outside of the field of view from which a plane is cut off."""
SMALL = 0.75
"""Of the least size that operators give to a structure: smaller is too small."""
DARK_DB, BRIGHT_DB = -33.0, -13.0
"""Level of soft tissue below white (`ScanSettings.gain_db`) up to, and from, which it is wrong."""
ASIDE = 0.2
"""Share of the picture's width, or height, between the middles of anatomy and picture."""
SHAKE_HZ = 2.6
FAST = 0.3
"""Widths of the picture that the anatomy moves a second: from then on it is moving."""
LONGER = ("spine_cor", "spine_sag")
"""Structures that may reach out of the picture at both sides."""


@dataclass(frozen=True, slots=True)
class Spoiling:
    """What an operator does wrong.

    Attributes:
        flaw: It; None for nothing.
        zoom: Millimetres in the picture become so many times more.
        aside: Shares of the picture's width and height by which the structure is moved.
        gain_db: Level of soft tissue below white; None leaves the scanner's.
        shake_mm: Amplitude of the probe's shaking.
    """

    flaw: Flaw | None = None
    zoom: float = 1.0
    aside: tuple[float, float] = (0.0, 0.0)
    gain_db: float | None = None
    shake_mm: float = 0.0

    def placed(self, placing: Placing, section: Section) -> Placing:
        """The same structure, framed wrongly."""
        if self.zoom == 1.0 and self.aside == (0.0, 0.0):
            return placing
        view = placing.view
        x, z = middle_of(placing.pose, section)
        column, row = view.to_px(np.float32(x), np.float32(z))
        mm_per_px = view.mm_per_px * self.zoom
        across, down = self.aside
        left_mm = x - (float(column) + across * view.width_px) * mm_per_px
        top_mm = max(z - (float(row) + down * view.height_px) * mm_per_px, -1.0)
        # What is looked at from further away lies deeper.
        deeper_mm = top_mm + (float(row) + down * view.height_px) * mm_per_px - z
        wider = replace(
            view,
            left_mm=left_mm,
            top_mm=top_mm,
            mm_per_px=mm_per_px,
            depth_mm=max(view.depth_mm, top_mm + view.height_px * mm_per_px * 0.97),
        )
        return replace(placing, view=wider, pose=moved(placing.pose, deeper_mm))

    def set(self, settings: ScanSettings) -> ScanSettings:
        """The scanner's settings, chosen wrongly."""
        if self.gain_db is None:
            return settings
        return replace(settings, gain_db=self.gain_db)

    def shaken_mm(self, into_s: float) -> tuple[float, float]:
        """Where the probe has shaken to after so many seconds: across and down."""
        turn = 2 * math.pi * SHAKE_HZ * into_s
        return self.shake_mm * math.sin(turn), 0.6 * self.shake_mm * math.sin(1.3 * turn)


def moved(pose: Pose, deeper_mm: float) -> Pose:
    """The pose so much deeper."""
    return replace(pose, z_mm=pose.z_mm + deeper_mm)


def spoiling(leg: Leg) -> Spoiling:
    """What is done wrong in a leg; by its seed."""
    if leg.flaw is None:
        return Spoiling()
    rng = np.random.default_rng((leg.seed, 17))
    side, way = float(rng.choice([-1, 1])), float(rng.uniform(0, 1))
    match leg.flaw:
        case Flaw.CUT_OFF if way < 0.5:
            return Spoiling(leg.flaw, zoom=float(rng.uniform(0.42, 0.55)))
        case Flaw.CUT_OFF:
            return Spoiling(leg.flaw, aside=(side * float(rng.uniform(0.4, 0.48)), 0.0))
        case Flaw.TOO_SMALL:
            return Spoiling(leg.flaw, zoom=float(rng.uniform(1.5, 2.6)))
        case Flaw.OFF_CENTRE:
            return Spoiling(leg.flaw, zoom=1.2, aside=(side * float(rng.uniform(0.22, 0.3)), 0.0))
        case Flaw.TOO_DARK:
            return Spoiling(leg.flaw, gain_db=float(rng.uniform(-41, DARK_DB)))
        case Flaw.TOO_BRIGHT:
            return Spoiling(leg.flaw, gain_db=float(rng.uniform(BRIGHT_DB, -5)))
        case Flaw.MOVING:
            return Spoiling(leg.flaw, shake_mm=float(rng.uniform(7, 11)))


def lit_wrongly(settings: ScanSettings) -> frozenset[Flaw]:
    """What is wrong with the level of grey."""
    if settings.gain_db <= DARK_DB:
        return frozenset({Flaw.TOO_DARK})
    return frozenset({Flaw.TOO_BRIGHT}) if settings.gain_db >= BRIGHT_DB else frozenset()


def placed_wrongly(
    structure: Structure, section: Section, pose: Pose, view: ProbeView
) -> frozenset[Flaw]:
    """What is wrong with where and how large the outline lies in the picture.

    A spine is longer than most pictures are wide: it may reach out of them.
    """
    x, z = pose.to_picture(section.outline[:, 0], section.outline[:, 1])
    column, row = view.to_px(x, z)
    across, down = column / view.width_px, row / view.height_px
    found = set()
    if structure.key not in LONGER and 1 - float(_inside(view, x, z).mean()) > OUTSIDE:
        found.add(Flaw.CUT_OFF)
    if max(float(np.ptp(across)), float(np.ptp(down))) < SMALL * structure.share[0]:
        found.add(Flaw.TOO_SMALL)
    middles = (float(np.clip([part.min(), part.max()], 0, 1).mean()) for part in (across, down))
    if max(abs(middle - 0.5) for middle in middles) > ASIDE:
        found.add(Flaw.OFF_CENTRE)
    return frozenset(found)


def _inside(view: ProbeView, x: Map, z: Map) -> Map:
    """Which points in mm lie in the picture and in the sector."""
    column, row = view.to_px(x, z)
    deep = np.hypot(x, z + view.radius_mm) - view.radius_mm
    angle = np.abs(np.arctan2(x, z + view.radius_mm))
    seen = (angle <= view.half_angle_rad) & (deep >= 0) & (deep <= view.depth_mm)
    seen &= (column >= 0) & (column <= view.width_px) & (row >= 0) & (row <= view.height_px)
    return np.asarray(seen)


def plan_flawed(seed: int) -> ExamPlan:
    """An exam of all 13 planes, each held well once and once with each flaw, in random order."""
    rng = np.random.default_rng((seed, 19))
    todo = [(plane, flaw) for plane in PLANE_KEYS for flaw in (None, *Flaw)]
    legs: list[Leg] = []
    for number, place in enumerate(rng.permutation(len(todo))):
        plane, flaw = todo[int(place)]
        leg_seed = int(rng.integers(2**31))
        legs.append(Leg(number * HOLD_S, (number + 1) * HOLD_S, plane, "plane", leg_seed, flaw))
    return ExamPlan(seed, tuple(legs))
