"""Axial sections of the fetal head: transventricular and transcerebellar plane.

Section axes: u to the forehead, v to the far side of the head.
"""

from __future__ import annotations

from sonoassist.phantom.canvas import (
    BRAIN,
    FAT,
    FLUID,
    MEMBRANE,
    SKULL,
    SOFT,
    Canvas,
)
from sonoassist.phantom.shapes import Points, curve, oval, rough

LONG_MM, SHORT_MM = 31.0, 24.5
"""Outer half axes of the skull at 20 weeks."""


def skull(canvas: Canvas) -> Points:
    """Scalp, bone and brain tissue; returns the skull's outline."""
    rng = canvas.rng
    short = SHORT_MM * float(rng.uniform(0.94, 1.04))
    outline = rough(oval(LONG_MM, short), rng, 0.008)
    thick = float(rng.uniform(0.8, 1.2))
    canvas.fill(outline * 1.07, FAT.brighter(-9), soft_mm=0.8)
    canvas.fill(outline, SKULL)
    canvas.fill(outline * ((LONG_MM - thick) / LONG_MM), BRAIN)
    canvas.grain(outline * 0.92, 3.0, 2.6, 1.5)
    # The near half is veiled by echoes going to and fro between skull and probe.
    veil = curve([(-26, -2), (-20, -14), (0, -21), (20, -14), (26, -2), (0, -5)], closed=True)
    canvas.fill(veil, BRAIN.brighter(5), soft_mm=3.0, opacity=float(rng.uniform(0.2, 0.8)))
    return outline


def midline(canvas: Canvas, rear_mm: float) -> None:
    """Falx from `rear_mm` to the forehead, parted by the cavum septi pellucidi."""
    canvas.line(
        curve([(rear_mm, 0.3), (-2, -0.2), (8, 0)]), 0.45, MEMBRANE.brighter(-6), opacity=0.75
    )
    canvas.line(curve([(18.5, 0), (24, 0.2), (28, 0)]), 0.45, MEMBRANE.brighter(-3), landmark=True)
    canvas.fill(oval(4.6, 1.7, (13.2, 0)), FLUID, soft_mm=0.2, landmark=True)
    for side in (-1.9, 1.9):
        wall = curve([(8.8, side * 0.7), (13, side), (17.8, side * 0.8)])
        canvas.line(wall, 0.6, MEMBRANE.brighter(-3), landmark=True)


def sulci(canvas: Canvas, number: int) -> None:
    """Short echoes of folds and vessels."""
    rng = canvas.rng
    for _ in range(number):
        u, v = float(rng.uniform(-20, 22)), float(rng.uniform(-17, 17))
        if (u / 27) ** 2 + (v / 20) ** 2 < 0.9 and abs(v) > 4:
            long = float(rng.uniform(1, 4.5))
            bow = [(u - long, v), (u, v + float(rng.uniform(-0.8, 0.8))), (u + long, v)]
            canvas.line(curve(bow), 0.5, SOFT.brighter(2), opacity=float(rng.uniform(0.3, 0.8)))


def brain_tv(canvas: Canvas) -> Points:
    """Transventricular: midline, cavum, far ventricle with choroid plexus."""
    outline = skull(canvas)
    for side in (-1, 1):  # the near side is mostly hidden
        seen = 0.35 if side < 0 else 1.0
        canvas.fill(
            oval(5.5, 2.2, (15, side * 5.5), -0.35 * side),
            FLUID.brighter(12),
            opacity=seen * 0.8,
            landmark=True,
        )
        horn = [(-24, 9), (-20, 14.5), (-10, 15), (0, 11), (3, 8), (-8, 7.5), (-18, 6.5)]
        bent = curve([(u, side * v) for u, v in horn], closed=True)
        canvas.fill(bent, FLUID.brighter(10), opacity=seen)
        lower, upper = bent[4:30], bent[34:]
        canvas.line(lower, 0.6, MEMBRANE.brighter(-3), opacity=seen * 0.8)
        canvas.line(upper, 0.6, MEMBRANE.brighter(-2), opacity=seen)
        plexus = rough(oval(7.5, 2.9, (-9, side * 11.2), -0.12 * side), canvas.rng, 0.12)
        canvas.fill(plexus, SOFT.brighter(4), opacity=seen, soft_mm=0.5)
    midline(canvas, -28)
    canvas.line(curve([(-2, 15.5), (4, 16.8), (11, 15.5)]), 0.7, SOFT.brighter(5), opacity=0.8)
    sulci(canvas, 18)
    canvas.fray(outline * 0.9)
    return outline


def brain_cb(canvas: Canvas) -> Points:
    """Transcerebellar: dumb-bell of the cerebellum, cisterna magna, thalami, cavum."""
    outline = skull(canvas)
    canvas.fill(oval(9, 13, (-20, 0)), BRAIN.brighter(4), soft_mm=1.5)
    canvas.fill(
        curve([(-22, -13), (-28, -5), (-28.6, 0), (-28, 5), (-22, 13), (-21.5, 0)], closed=True),
        FLUID.brighter(6),
        landmark=True,
    )
    for side in (-1, 1):
        canvas.fill(oval(5.4, 4.6, (2, side * 5.2), 0.4 * side), BRAIN.brighter(-6), soft_mm=0.8)
        canvas.line(
            curve([(-5, side * 7), (2, side * 10.4), (9, side * 7)]),
            0.6,
            SOFT.brighter(2),
            opacity=0.7,
        )
        lobe = rough(oval(4.9, 6.4, (-17.5, side * 6.3), -0.25 * side), canvas.rng, 0.04)
        canvas.fill(lobe, BRAIN.brighter(6), landmark=True)
        canvas.grain(lobe, 2.5, 1.4, 0.6)
        canvas.rim(lobe, 0.7, MEMBRANE.brighter(-4), opacity=0.65 * (1 - canvas.tilt))
    canvas.fill(oval(3.0, 2.4, (-17.5, 0)), SOFT.brighter(7), landmark=True)
    canvas.line(curve([(-13, 0), (-8, 0.2), (8, 0)]), 0.5, MEMBRANE.brighter(-6))
    midline(canvas, -3)
    sulci(canvas, 18)
    canvas.fray(outline * 0.9)
    return outline
