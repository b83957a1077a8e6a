"""The face: lips and nose from the front, and the median profile."""

from __future__ import annotations

import numpy as np

from sonoassist.phantom.canvas import (
    BONE,
    BRAIN,
    FAT,
    FLUID,
    LUNG,
    MEMBRANE,
    MUSCLE,
    SKULL,
    SOFT,
    THICK_BONE,
    Canvas,
    Tissue,
)
from sonoassist.phantom.shapes import At, Points, arc, curve, oval, rough


def lips(canvas: Canvas) -> Points:
    """Coronal lips and nose. Axes: u across the face, v from the nose to the chin."""
    rng = canvas.rng
    canvas.fill(rough(oval(26, 23), rng, 0.12), FLUID, soft_mm=2.0, opacity=0.9)
    for side in (-1, 1):  # cheeks, cut shallowly
        for at, a, b in (((side * 16.0, 4.0), 8.0, 11.0), ((side * 11.0, 12.0), 7.0, 6.0)):
            cheek = rough(oval(a, b, at, 0.35 * side), rng, 0.08)
            canvas.fill(cheek, SOFT.brighter(-3), soft_mm=1.4)
            canvas.grain(cheek, 3.0, 2.0)
    for at, a, b in (((0.0, -9.0), 5.4, 5.0), ((0.0, 0.2), 9.0, 3.5), ((0.0, 6.6), 7.6, 2.9)):
        canvas.fill(rough(oval(a, b, at), rng, 0.05), FAT.brighter(0), soft_mm=0.9)
    canvas.fill(rough(oval(8, 5, (0, 14)), rng, 0.05), SOFT.brighter(3), soft_mm=0.7)
    canvas.fill(oval(5.8, 3.4, (0, -4.6)), FAT.brighter(1), soft_mm=0.6)
    for side in (-1, 1):
        canvas.fill(oval(3.0, 2.6, (side * 4.4, -6)), FAT.brighter(2), soft_mm=0.5)
        canvas.fill(oval(1.8, 1.3, (side * 2.9, -5.6), 0.4 * side), FLUID, landmark=True)
        canvas.line(arc(9.5, 4.2, 90 - side * 10, 90 - side * 80, (0, 0)), 0.5, MEMBRANE)
    mouth = curve([(-8.6, 3.6), (-3, 3.4), (0, 3.9), (3, 3.4), (8.6, 3.6)])
    canvas.line(mouth, 1.5, FLUID.brighter(8), landmark=True)
    canvas.line(curve([(0, -2.6), (0, 1.4)]), 0.9, SOFT.brighter(-6), opacity=0.7)
    canvas.line(arc(6, 3, 200, 340, (0, 17)), 1.0, BONE, opacity=0.8)
    return np.concatenate([oval(5.4, 5.0, (0, -9)), oval(9, 3.5, (0, 0.2)), oval(7.6, 3, (0, 6.6))])


FACIAL_BONE = Tissue(17, 0.5, 2.6)
"""Thin: it hides less than the skull does."""
FACE = [
    (8.0, -24.5), (17.0, -20.0), (24.0, -12.0), (26.2, -5.0), (24.8, 0.0), (27.2, 3.0), (30.2, 5.2),
    (29.4, 6.8), (27.3, 7.4), (27.9, 9.2), (27.3, 10.3),
    (27.7, 11.6), (26.2, 13.2), (26.6, 16.0),
    (22.0, 19.0), (13.0, 20.0), (9.0, 25.0),
]  # fmt: skip
"""Forehead, bridge and tip of the nose, lips, chin and throat."""


def profile(canvas: Canvas) -> Points:
    """Median profile. Axes: u to the face, v to the feet."""
    rng = canvas.rng
    _trunk(canvas)
    rear = [
        (-6.0, 26.0),
        (-16.0, 21.0),
        (-26.0, 12.0),
        (-30.0, 0.0),
        (-27.0, -12.0),
        (-14.0, -23.0),
    ]
    flat = [(u - canvas.tilt * 0.75 * max(u - 22.5, 0), v) for u, v in FACE]  # beside the nose
    head = curve([*flat, *rear], closed=True)
    canvas.fill(head, SOFT.brighter(-5), soft_mm=0.5)
    canvas.grain(head, 2.5, 2.0)
    canvas.rim(head, 0.8, FAT.brighter(3), opacity=0.7)
    brain = curve([(21.5, -5), (19, -13), (9, -20.5), (-4, -22.5), (-17, -18), (-25, -8), (-26, 2),
                   (-20, 12), (-8, 15), (4, 8), (14, 3)], closed=True)  # fmt: skip
    canvas.fill(brain, BRAIN.brighter(3), soft_mm=0.6)
    canvas.grain(brain, 2.5, 2.5)
    vault = brain[4:60] * 1.05
    canvas.line(vault, 1.1, SKULL.brighter(13))
    canvas.line(arc(11, 9, 190, 350, (-3, -2)), 0.8, MEMBRANE.brighter(-8), opacity=0.5)
    canvas.fill(rough(oval(5, 4.5, (-14, 8)), rng, 0.1), SOFT, opacity=0.8, soft_mm=0.8)
    canvas.line(curve([(23.6, -0.6), (26.2, 2.4)]), 1.1, FACIAL_BONE, landmark=True)
    for at, a, b, turn in (
        ((20.5, 7.6), 4.2, 1.6, 0.1),
        ((20.0, 15.0), 4.0, 1.5, -0.6),
        ((10.0, 4.5), 6.0, 1.2, -0.4),
    ):
        canvas.fill(rough(oval(a, b, at, turn), rng, 0.08), FACIAL_BONE, opacity=0.45, soft_mm=0.8)
    canvas.fill(oval(5.0, 1.1, (18, 11)), FLUID.brighter(20), soft_mm=0.6, opacity=0.8)
    _eye(canvas, (16.5, 1.0))
    for at in ((-3.0, 20.0), (-5.0, 24.0), (-6.5, 28.0)):
        canvas.fill(oval(2.2, 1.3, at, 0.3), BONE)
    return np.concatenate([head, vault])


def _eye(canvas: Canvas, at: At) -> None:
    """Where the slice passes beside the nose it meets an orbit, with the lens to the front."""
    canvas.fill(oval(6.6, 6.2, at), FAT.brighter(1), beside=True)
    canvas.fill(oval(5.4, 5.2, at), FLUID, beside=True)
    canvas.fill(oval(1.5, 2.3, (at[0] + 3.1, at[1])), MEMBRANE.brighter(2), beside=True)
    canvas.fill(oval(0.8, 1.4, (at[0] + 3.1, at[1])), FLUID, beside=True)


def _trunk(canvas: Canvas) -> None:
    """Neck, chest with ribs, and a hand's worth of fluid before the face."""
    canvas.fill(rough(oval(46, 40, (4, 2)), canvas.rng, 0.05), FLUID, soft_mm=3)
    chest = curve([(-9, 20), (9, 24), (18, 34), (20, 45), (13, 55), (-4, 58), (-16, 53), (-20, 42),
                   (-16, 30)], closed=True)  # fmt: skip
    canvas.fill(chest, SOFT.brighter(-4))
    canvas.rim(chest, 0.9, FAT.brighter(2))
    canvas.fill(oval(11, 9, (4, 45)), LUNG.brighter(-4))
    canvas.fill(oval(7, 6, (7, 48)), MUSCLE)
    canvas.fill(oval(3, 2.2, (8, 47), 0.5), FLUID.brighter(12))
    for number in range(8):
        canvas.fill(oval(1.6, 1.1, (-14.0 - 0.3 * number, 30 + 2.9 * number)), THICK_BONE)
