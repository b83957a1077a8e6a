"""What the probe passes between the planes, and the mother's tissue round everything."""

from __future__ import annotations

import numpy as np

from sonoassist.phantom.abdomen import kidney, vertebra, wall
from sonoassist.phantom.canvas import (
    BONE,
    FAT,
    FLUID,
    LIVER,
    LUNG,
    MEMBRANE,
    MUSCLE,
    SOFT,
    Canvas,
    Section,
    Tissue,
)
from sonoassist.phantom.head import skull, sulci
from sonoassist.phantom.shapes import Points, arc, oval, rough

MOTHER_HALF_MM = (105.0, 90.0)
"""The mother's tissue is drawn flat: along the probe's face, and downwards."""


def nothing(canvas: Canvas) -> Points:
    """No fetus in the picture."""
    return oval(1, 1)


def head_aslant(canvas: Canvas) -> Points:
    """A head without midline or landmarks: too high, too low or too steep."""
    outline = skull(canvas)
    sulci(canvas, 26)
    for side in (-1, 1):
        if canvas.rng.random() < 0.4:  # orbits
            canvas.fill(oval(5.5, 5, (18, side * 9)), FLUID.brighter(10))
            canvas.rim(oval(5.5, 5, (18, side * 9)), 1.0, BONE, 0.3)
    return outline


def chest_aslant(canvas: Canvas) -> Points:
    """A chest cut lengthwise or aslant: ribs as a row of dots with shadows, lung, liver."""
    rng = canvas.rng
    outline = rough(oval(38, 19), rng, 0.04)
    canvas.fill(outline, LUNG)
    canvas.grain(outline, 2.5, 2.0)
    canvas.rim(outline, 1.0, FAT.brighter(2))
    liver = rough(oval(17, 14, (16, 2)), rng, 0.06)
    canvas.fill(liver, LIVER.brighter(-2), soft_mm=0.7)
    canvas.line(arc(15, 15, 110, 250, (14, 1)), 0.7, MEMBRANE.brighter(-4))
    canvas.fill(rough(oval(6, 5, (-8, 4)), rng, 0.1), FLUID.brighter(12), soft_mm=0.8, opacity=0.8)
    for u in np.arange(-28, 18, float(rng.uniform(4, 5))):
        v = -15.5 * np.sqrt(max(1 - (u / 38) ** 2, 0.05))
        canvas.fill(oval(1.3, 1.1, (float(u), float(v))), BONE.brighter(3))
    return outline


def pelvis(canvas: Canvas) -> Points:
    """Low in the trunk: bladder between the hip bones."""
    rng = canvas.rng
    outline = wall(canvas, 21, 20, SOFT)
    canvas.fill(rough(oval(6.5, 5.5, (7, 0)), rng, 0.05), FLUID)
    for side in (-1, 1):
        canvas.line(arc(8, 8, side * 30, side * 95, (-3, side * 6)), 1.8, BONE)
    vertebra(canvas, (-14, 0))
    return outline


def one_kidney(canvas: Canvas) -> Points:
    """A trunk cut lengthwise through one kidney."""
    outline = rough(oval(36, 17), canvas.rng, 0.04)
    canvas.fill(outline, SOFT)
    canvas.grain(outline, 3.0, 2.0)
    canvas.rim(outline, 0.9, FAT.brighter(2))
    kidney(canvas, (4, -3), 0.1)
    return outline


def mother(rng: np.random.Generator, wall_mm: float, fluid: float) -> Section:
    """Belly wall, womb, placenta, fluid, and the far wall.

    Args:
        rng: Of everything uneven.
        wall_mm: Thickness of what lies between the probe and the fluid.
        fluid: Share of fluid in the womb, 0 (tissue everywhere) to 1.
    """
    half_u, half_v = MOTHER_HALF_MM
    canvas = Canvas(rng, MOTHER_HALF_MM, 0.45)
    u = np.linspace(-half_u, half_u, 90)
    everything = _layer(rng, u, -half_v - 2, 2 * half_v, 0)
    canvas.fill(everything, FLUID.brighter((1 - fluid) * float(rng.uniform(20, 40))))
    _far_side(canvas, u, float(rng.uniform(78, 120)) - half_v)
    _lumps(canvas, fluid)
    front = _layer(rng, u, -half_v - 2, wall_mm + 2, 1.5)
    canvas.fill(front, SOFT.brighter(float(rng.uniform(-6, 1))), soft_mm=0.7)
    canvas.shade(wall_mm + 2 - half_v, 0.12)
    canvas.grain(front, 4.0, 3.0, 5.0)
    for depth in np.sort(rng.uniform(1.5, wall_mm, int(rng.integers(4, 9)))):
        strip = _layer(rng, u, depth - half_v, float(rng.uniform(0.4, 1.6)), 1.0)
        kind = Tissue(float(rng.uniform(-10, 5)), 0.02, float(rng.uniform(0.9, 1.3)))
        canvas.fill(strip, kind, soft_mm=0.6, opacity=float(rng.uniform(0.4, 0.9)))
    canvas.line(front[90:], 0.9, MEMBRANE, soft_mm=0.4, opacity=float(rng.uniform(0.3, 0.9)))
    return canvas.finish(everything, 1.5, 2.5)


def _layer(
    rng: np.random.Generator, u: Points, top_mm: float, thick_mm: float, wave_mm: float
) -> Points:
    """A strip along the probe's face with wavy edges: its upper edge, then its lower one back."""
    edges = []
    for _ in range(2):
        wave = sum(
            np.sin(u / long + rng.uniform(0, 6.3)) * long / 40 for long in rng.uniform(9, 38, 3)
        )
        edges.append(wave * wave_mm)
    upper = np.stack([u, top_mm + edges[0]], axis=1)
    lower = np.stack([u, top_mm + thick_mm + edges[0] * 0.4 + edges[1]], axis=1)
    return np.concatenate([upper, lower[::-1]])


def _far_side(canvas: Canvas, u: Points, top_mm: float) -> None:
    rng = canvas.rng
    far = _layer(rng, u, top_mm, 120, 4)
    canvas.fill(far, SOFT.brighter(float(rng.uniform(-8, 2))), soft_mm=0.8)
    canvas.grain(far, 6.0, 5.0, 3.0)
    canvas.line(far[:90], 1.0, MEMBRANE, soft_mm=0.5, opacity=float(rng.uniform(0.1, 0.9)))


def _lumps(canvas: Canvas, fluid: float) -> None:
    """Placenta, other limbs and folds, nearer or farther."""
    rng = canvas.rng
    for _ in range(int(rng.integers(2, 4 + round(4 * (1 - fluid))))):
        at = float(rng.uniform(-80, 80)), float(rng.uniform(-60, 40))
        blob = rough(oval(float(rng.uniform(10, 30)), float(rng.uniform(7, 18)), at), rng, 0.12)
        canvas.fill(blob, SOFT.brighter(float(rng.uniform(-9, 4))), soft_mm=1.2)
        canvas.grain(blob, 3.5, 2.5, 2.0)
        if rng.random() < 0.5:
            canvas.rim(blob, 0.9, MUSCLE.brighter(9), opacity=0.7)
