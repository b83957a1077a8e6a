"""Limbs: the femur in full length, and cuts across and along other limbs.

Section axes of the femur: u along the bone, v away from the probe.
"""

from __future__ import annotations

import numpy as np

from sonoassist.phantom.canvas import (
    BONE,
    FAT,
    FLUID,
    MEMBRANE,
    MUSCLE,
    SOFT,
    THICK_BONE,
    Canvas,
)
from sonoassist.phantom.shapes import Points, arc, curve, moved, oval, rough


def femur(canvas: Canvas) -> Points:
    """A bright bar in the thigh, with muscle round it and the shadow behind."""
    rng = canvas.rng
    half = 16.5 * (1 - 0.4 * canvas.tilt)
    canvas.fill(rough(oval(52, 44, (4, 20)), rng, 0.06), FLUID, soft_mm=2, opacity=0.85)
    thigh = curve([(-30, -5), (-18, -7), (0, -7.5), (18, -6), (30, -3), (33, 6), (22, 15), (0, 18),
                   (-22, 19), (-40, 20), (-40, -2)], closed=True)  # fmt: skip
    thigh = rough(thigh, rng, 0.03)
    canvas.fill(thigh, SOFT.brighter(-2), soft_mm=0.5)
    canvas.grain(thigh, 3.0, 1.3, 5.0)
    canvas.line(thigh[: len(thigh) // 2], 0.9, FAT.brighter(3))
    _hip(canvas)
    bow = float(rng.uniform(0.3, 1.4))
    shaft = curve(
        [(-half, bow), (-half / 2, 0.25 * bow), (0, 0), (half / 2, 0.25 * bow), (half, bow)]
    )
    canvas.line(shaft, 3.6, MUSCLE.brighter(-6), soft_mm=0.6, opacity=0.8)
    canvas.line(shaft, 1.9, THICK_BONE.brighter(2 - 10 * canvas.tilt), soft_mm=0.35)
    for end in (-1, 1):
        canvas.fill(oval(2.6, 2.3, (end * (half + 2.6), bow + 0.7)), MUSCLE.brighter(-5))
    return np.concatenate([moved(shaft, (0, -1.5)), moved(shaft, (0, 1.7))])


def _hip(canvas: Canvas) -> None:
    rng = canvas.rng
    for _ in range(5):
        at = float(rng.uniform(-38, -24)), float(rng.uniform(2, 24))
        canvas.fill(oval(float(rng.uniform(2, 4)), 1.4, at, 0.5), BONE.brighter(-5), opacity=0.5)


def limb(canvas: Canvas) -> Points:
    """An arm or leg cut across: round, one or two bright bones, shadow."""
    rng = canvas.rng
    radius = float(rng.uniform(7, 13))
    outline = rough(oval(radius, radius * float(rng.uniform(0.75, 1))), rng, 0.05)
    canvas.fill(rough(oval(radius + 12, radius + 9), rng, 0.1), FLUID, soft_mm=2, opacity=0.9)
    canvas.fill(outline, SOFT)
    canvas.grain(outline, 3.0, 1.5)
    canvas.rim(outline, 0.9, FAT.brighter(2))
    for at in ((-2.0, 0.0), (2.6, 0.6))[: int(rng.integers(1, 3))]:
        canvas.fill(oval(1.8, 1.4, at), THICK_BONE)
    return outline


def hand(canvas: Canvas) -> Points:
    """Fingers: short rows of bright points in fluid."""
    rng = canvas.rng
    canvas.fill(rough(oval(26, 22), rng, 0.08), FLUID, soft_mm=2)
    canvas.fill(rough(oval(8, 7), rng, 0.05), SOFT.brighter(-2))
    for number in range(5):
        angle = -0.7 + 0.35 * number
        line = np.array(
            [[7 * np.cos(angle), 7 * np.sin(angle)], [17 * np.cos(angle), 17 * np.sin(angle)]]
        )
        canvas.line(line, 3.2, SOFT.brighter(1))
        for part in (0.1, 0.45, 0.8):
            at = line[0] + part * (line[1] - line[0])
            canvas.fill(oval(1.4, 0.8, tuple(at), angle), BONE)
    return oval(17, 14)


def cord(canvas: Canvas) -> Points:
    """Loops of the umbilical cord: rings of vessels in fluid."""
    rng = canvas.rng
    canvas.fill(rough(oval(34, 26), rng, 0.1), FLUID, soft_mm=2)
    for _ in range(int(rng.integers(4, 9))):
        at = float(rng.uniform(-22, 22)), float(rng.uniform(-16, 16))
        turn = float(rng.uniform(0, 3))
        canvas.fill(oval(float(rng.uniform(4, 9)), 3.6, at, turn), SOFT.brighter(-3))
        canvas.rim(oval(float(rng.uniform(2, 6)), 1.5, at, turn), 0.8, MEMBRANE)
        canvas.fill(oval(float(rng.uniform(2, 5)), 1.1, at, turn), FLUID.brighter(8))
    canvas.line(arc(30, 20, 190, 330), 0.6, MEMBRANE, opacity=0.7)
    return oval(30, 22)
