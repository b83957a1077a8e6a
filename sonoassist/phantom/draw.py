"""Framing a structure as operators do, and single pictures of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from sonoassist.core.errors import UsageError
from sonoassist.core.packets import Box, Pixels
from sonoassist.phantom.canvas import COVER, Layers, Section
from sonoassist.phantom.catalogue import BY_KEY, PLANE_KEYS, Structure
from sonoassist.phantom.elsewhere import mother
from sonoassist.phantom.scan import ProbeView, Scanner, Scatterers, draw_settings
from sonoassist.phantom.shapes import Map, Pose

PICTURE_PX = (792, 616)
"""Width and height of a single picture: as large as the field of view on a common screen."""


@dataclass(frozen=True, slots=True)
class Placing:
    """How a structure is shown: where it lies, and the view that frames it."""

    pose: Pose
    view: ProbeView
    wall_mm: float
    fluid: float


def place(
    structure: Structure, section: Section, rng: np.random.Generator, size: tuple[int, int]
) -> Placing:
    """Frame `structure` in a picture of `size` (width, height) as an operator would.

    The structure lies below the mother's tissue; what is small is zoomed at.
    """
    width_px, height_px = size
    turn = float(rng.choice(structure.turns_deg)) + float(rng.normal(0, structure.spread_deg / 2))
    age = float(rng.uniform(0.9, 1.15))
    pose = Pose(0, 0, math.radians(turn), age, bool(rng.random() < 0.5))
    half_x, half_z, mid_x, mid_z = _extent(pose, section)
    share = float(rng.uniform(*structure.share))
    wide_mm = 2 * max(half_x, half_z * width_px / height_px) / share
    wide_mm = float(np.clip(wide_mm, 48, 150))
    high_mm = wide_mm * height_px / width_px
    wall_mm = float(rng.uniform(10, max(high_mm * 0.38, 14)))
    deep = max(
        wall_mm + half_z + float(rng.uniform(1, 10)), high_mm * float(rng.uniform(0.42, 0.58))
    )
    top_mm = max(deep - high_mm * float(rng.uniform(0.46, 0.6)), -1.0)
    if deep - top_mm < half_z:
        top_mm = deep - half_z - 2
    left_mm = -wide_mm * float(rng.uniform(0.44, 0.56))
    pose = replace(pose, x_mm=float(rng.normal(0, 0.04 * wide_mm)) - mid_x, z_mm=deep - mid_z)
    half_angle = float(rng.uniform(0.34, 0.6) if structure.cardiac else rng.uniform(0.42, 0.72))
    view = ProbeView(
        radius_mm=float(rng.uniform(38, 60)),
        half_angle_rad=half_angle,
        depth_mm=top_mm + high_mm * float(rng.choice([0.97, 1.2])),
        left_mm=left_mm,
        top_mm=top_mm,
        mm_per_px=wide_mm / width_px,
        width_px=width_px,
        height_px=height_px,
    )
    return Placing(pose, view, wall_mm, float(rng.beta(1.2, 1.2)))


def _extent(pose: Pose, section: Section) -> tuple[float, float, float, float]:
    """Half width, half height and middle of the outline in the picture, mm."""
    x, z = pose.to_picture(section.outline[:, 0], section.outline[:, 1])
    half_x, half_z = float(np.ptp(x)) / 2, float(np.ptp(z)) / 2
    return half_x, half_z, float(x.min()) + half_x, float(z.min()) + half_z


def middle_of(pose: Pose, section: Section) -> tuple[float, float]:
    """Middle of the outline, mm."""
    _, _, x, z = _extent(pose, section)
    return x, z


def box_of(pose: Pose, section: Section, view: ProbeView) -> Box | None:
    """The outline's bounding rectangle in pixels of the picture, as far as it is shown."""
    x, z = pose.to_picture(section.outline[:, 0], section.outline[:, 1])
    column, row = view.to_px(x, z)
    left, right = np.clip([column.min(), column.max()], 0, view.width_px)
    top, bottom = np.clip([row.min(), row.max()], 0, view.height_px)
    if right - left < 1 or bottom - top < 1:
        return None
    return Box(float(left), float(top), float(right), float(bottom))


def laid(below: Layers, above: Layers, part: float = 1.0) -> Layers:
    """One section's maps over another's; `part` fades it in."""
    cover = above[..., COVER:] * np.float32(part)
    mixed: Layers = below + cover * (above - below)
    return mixed


def tissue_points(scanner: Scanner, pose: Pose, cover: Map) -> tuple[Map, Map]:
    """Points whose scatterers are seen: of the fetus where it covers, else of the mother."""
    u, v = pose.local(scanner.x, scanner.z)
    fetal = cover > 0.5
    return np.where(fetal, u * pose.scale, scanner.along), np.where(
        fetal, v * pose.scale, scanner.deep
    )


def draw_plane(
    kind: str, seed: int, *, size: tuple[int, int] = PICTURE_PX, near_miss: bool = False
) -> tuple[Pixels, Box | None]:
    """One still picture, without a scanner's screen round it.

    Args:
        kind: Key of a plane or of a background section.
        seed: Of anatomy, framing and settings.
        size: Width and height, px.
        near_miss: Out of the plane: landmarks missing, stretched, off centre.

    Returns:
        uint8 (height, width), and the box of the anatomy (None for a background section and a
        near miss).

    Raises:
        UsageError: There is no such kind.
    """
    structure = BY_KEY.get(kind)
    if structure is None:
        raise UsageError(f"the phantom cannot show '{kind}'", f"Choose from: {', '.join(BY_KEY)}")
    rng = np.random.default_rng((seed, 7))
    tilt = out_of_plane(rng) if near_miss else 0.0
    section = structure.section(seed, tilt=tilt, phase=float(rng.uniform(0, 1)))
    placing = place(structure, section, rng, size)
    pose = placing.pose
    if near_miss:
        pose = astray(pose, rng)
    scanner = Scanner(placing.view, draw_settings(rng, cardiac=structure.cardiac))
    around = mother(rng, placing.wall_mm, placing.fluid).at(scanner.along, scanner.deep - 90)
    fetus = section.sample(pose, scanner.x, scanner.z)
    points = tissue_points(scanner, pose, fetus[..., COVER])
    grey = scanner.picture(laid(around, fetus), Scatterers(seed).at(*points), rng)
    shown = kind in PLANE_KEYS and not near_miss
    return grey, box_of(pose, section, placing.view) if shown else None


def out_of_plane(rng: np.random.Generator) -> float:
    """How far a near miss is out of the plane: so far that an eye can tell (see `Canvas`)."""
    return float(rng.uniform(0.92, 1))


def astray(pose: Pose, rng: np.random.Generator) -> Pose:
    """Where the anatomy lies in a near miss: longer, and away from the middle."""
    return replace(
        pose,
        x_mm=pose.x_mm + float(rng.normal(0, 16)),
        z_mm=pose.z_mm + float(rng.uniform(-4, 12)),
        stretch=float(rng.choice([0.72, 0.8, 1.25, 1.4])),
    )
