"""Axial sections of the trunk below the heart: abdominal plane and kidneys.

Section axes: u from the spine to the belly, v across.
"""

from __future__ import annotations

import math

import numpy as np

from sonoassist.phantom.canvas import (
    BLOOD,
    BONE,
    FAT,
    FLUID,
    GRISTLE,
    LIVER,
    MEMBRANE,
    MUSCLE,
    SOFT,
    THICK_BONE,
    Canvas,
    Tissue,
)
from sonoassist.phantom.shapes import Points, arc, curve, moved, oval, rough


def vertebra(canvas: Canvas, at: tuple[float, float], turn_rad: float = 0.0) -> None:
    """Three centres of bone round the canal; -u of the vertebra is the skin of the back."""
    canvas.fill(moved(oval(4.6, 4.4), at, turn_rad), MUSCLE, soft_mm=0.8)
    canvas.fill(moved(oval(1.5, 1.7), at, turn_rad), GRISTLE.brighter(-8), soft_mm=0.4)
    canvas.fill(moved(oval(1.6, 1.9, (2.9, 0)), at, turn_rad), THICK_BONE, soft_mm=0.5)
    for side in (-1, 1):
        bar = moved(oval(0.85, 1.9, (-1.9, side * 2.3), 0.7 * side), at, turn_rad)
        canvas.fill(bar, THICK_BONE, soft_mm=0.4)


def wall(canvas: Canvas, a_mm: float, b_mm: float, inner: Tissue) -> Points:
    """Skin, muscle and what fills the trunk; returns the skin's outline."""
    outline = rough(oval(a_mm, b_mm), canvas.rng, 0.02)
    canvas.fill(outline, FAT.brighter(2), soft_mm=0.4)
    canvas.fill(outline * ((a_mm - 1.1) / a_mm), MUSCLE.brighter(-1), soft_mm=0.4)
    core = outline * ((a_mm - 2.4) / a_mm)
    canvas.fill(core, inner, soft_mm=0.5)
    canvas.grain(core, 1.6, 1.5)
    return outline


def ribs(canvas: Canvas, a_mm: float, b_mm: float, seen: float) -> None:
    """Parts of ribs along the trunk's wall, mirrored on both sides."""
    for side in (-1, 1):
        start = float(canvas.rng.uniform(60, 80))
        arcs = arc(
            a_mm - 2.0, b_mm - 2.0, side * start, side * (start + canvas.rng.uniform(45, 85))
        )
        canvas.line(arcs, 1.3, BONE.brighter(-2), opacity=seen)


def abdominal(canvas: Canvas) -> Points:
    """Round outline, liver, stomach, umbilical vein, spine with three bright points."""
    rng = canvas.rng
    a, b = 25.5, 24.5 * float(rng.uniform(0.94, 1.04))
    outline = wall(canvas, a, b, LIVER)
    ribs(canvas, a, b, 0.8)
    stomach = rough(oval(6.4, 4.6, (3.5, 11.5), float(rng.uniform(-0.6, 0.6))), rng, 0.06)
    canvas.fill(stomach, FLUID, landmark=True)
    vein = curve([(14, -0.5), (8, -1.5), (3, -4), (-1, -8.5), (-2.5, -11.5)])
    canvas.line(vein, 4.2, MEMBRANE.brighter(-5), opacity=0.6, landmark=True)
    canvas.line(vein, 2.8, BLOOD.brighter(2), soft_mm=0.5, landmark=True)
    for _ in range(5):
        at = float(rng.uniform(-8, 14)), float(rng.uniform(-17, 4))
        turn = float(rng.uniform(0, 3))
        canvas.fill(oval(float(rng.uniform(1.5, 3)), 0.6, at, turn), BLOOD.brighter(6), opacity=0.7)
    for at in ((-12.6, 3.2), (-11.4, -3.6)):
        canvas.fill(oval(1.8, 1.7, at), MEMBRANE.brighter(-4), opacity=0.6)
        canvas.fill(oval(1.5, 1.4, at), BLOOD.brighter(-4))
    canvas.fray(outline * 0.9)
    vertebra(canvas, (-18.8, 0))
    return outline


def kidney(canvas: Canvas, at: tuple[float, float], turn_rad: float) -> Points:
    """One kidney: dark cortex and pyramids, capsule, bright sinus with a slit of urine."""
    outline = rough(oval(7.2, 5.6, at, turn_rad), canvas.rng, 0.03)
    canvas.fill(outline, SOFT.brighter(-4), landmark=True)
    canvas.grain(outline, 3.0 * (1 - canvas.tilt), 1.2)
    canvas.rim(outline, 0.8, FAT.brighter(-1), 0.6 * (1 - canvas.tilt))
    for number in range(7):
        turn = number / 7 * 2 * math.pi
        spot = oval(1.1, 0.9, (4.3 * math.cos(turn), 3.3 * math.sin(turn)))
        canvas.fill(moved(spot, at, turn_rad), SOFT.brighter(-13), opacity=0.8, landmark=True)
    sinus = moved(rough(oval(3.2, 1.8), canvas.rng, 0.1), at, turn_rad)
    canvas.fill(sinus, FAT.brighter(3), landmark=True)
    canvas.fill(moved(oval(1.8, 0.7), at, turn_rad), FLUID.brighter(6), landmark=True)
    return outline


def kidneys(canvas: Canvas) -> Points:
    """Both kidneys beside the spine."""
    rng = canvas.rng
    a, b = 22.5, 24.0
    outline = wall(canvas, a, b, SOFT.brighter(-1))
    for _ in range(14):  # bowel
        at = float(rng.uniform(0, 15)), float(rng.uniform(-14, 14))
        loop = rough(
            oval(float(rng.uniform(1.5, 3.5)), 1.5, at, float(rng.uniform(0, 3))), rng, 0.1
        )
        canvas.fill(loop, SOFT.brighter(float(rng.uniform(-7, 5))), soft_mm=0.6, opacity=0.8)
    canvas.fill(oval(1.5, 1.5, (-8, 1.5)), BLOOD.brighter(-4))
    canvas.fray(outline * 0.9)
    parts = [
        kidney(canvas, (-7.5 + float(rng.uniform(-1, 1)), side * 10.2), side * 0.5)
        for side in (-1, 1)
    ]
    for side in (-1, 1):  # a slice too low meets the wings of the pelvis
        wing = curve([(-13.5, side * 5.5), (-8, side * 12.5), (0, side * 17)])
        canvas.line(wing, 2.0, THICK_BONE, beside=True)
    vertebra(canvas, (-15.4, 0))
    return np.concatenate(parts)
