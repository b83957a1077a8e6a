"""Axial sections of the chest: four chambers, both outflow tracts, three vessels.

Section axes: u to the fetus's left, v from the breastbone to the spine. The heart has axes of
its own: p from its base to its apex, q across to the left ventricle's free wall.
"""

from __future__ import annotations

import math

import numpy as np

from sonoassist.phantom.abdomen import vertebra, wall
from sonoassist.phantom.canvas import (
    BLOOD,
    BONE,
    FAT,
    GRISTLE,
    LUNG,
    MEMBRANE,
    MUSCLE,
    SOFT,
    Canvas,
    Tissue,
)
from sonoassist.phantom.shapes import At, Points, arc, curve, moved, oval, rough

AXIS_RAD = -math.pi / 4
"""The apex points to the left and to the front."""
CENTRE_MM = (2.5, -2.0)
SEPTUM = Tissue(2, 0.02, 1.3)
HEART_MUSCLE = Tissue(-5, 0.02, 1.05)
CHAMBER = Tissue(-24, -0.02, 0.6)


def chest(canvas: Canvas, size: float = 1.0) -> None:
    """Skin, ribs, lungs, spine and descending aorta; `size` against the heart."""
    rng = canvas.rng
    a, b = 23.0 * size, 21.0 * size
    wall(canvas, a, b, LUNG)
    for side in (0, 180):
        for start in (-55, -12, 28):
            first = side + start + float(rng.uniform(-8, 8))
            rib = arc(a - 1.9, b - 1.9, first, first + float(rng.uniform(18, 36)))
            canvas.line(rib, 1.4, BONE.brighter(-1), opacity=0.9)
    canvas.fill(oval(5, 2, (0, -18 * size)), BONE.brighter(-7), opacity=0.6)
    vertebra(canvas, (0, 16.4 * size), -math.pi / 2)
    canvas.rim(oval(2.1, 2.1, (3.6, 10.6 * size)), 0.7, MEMBRANE.brighter(-3))
    canvas.fill(oval(1.9, 1.9, (3.6, 10.6 * size)), CHAMBER)


def _placed(points: Points) -> Points:
    return moved(points, CENTRE_MM, AXIS_RAD)


class _Heart:
    """Draws in the heart's own axes."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.outline = _placed(
            curve([(13.5, 1), (9, 8), (0, 10.6), (-9, 9), (-13, 2), (-12, -5), (-6, -10), (2, -10),
                   (9.5, -6)], closed=True)
        )  # fmt: skip
        canvas.fill(self.outline * 1.03, GRISTLE.brighter(3), soft_mm=0.5)
        canvas.fill(self.outline, HEART_MUSCLE, soft_mm=0.5)
        canvas.grain(self.outline, 2.0, 1.3)
        canvas.rim(self.outline, 0.6, FAT.brighter(-2), opacity=0.6)

    def chamber(self, at: At, a: float, b: float, turn: float = 0.0, beat: float = 0.0) -> None:
        """A cavity; `beat` is the part by which it shrinks as the heart empties."""
        size = 1 - beat * self.canvas.phase
        shape = oval(a * (1 - 0.5 * beat * self.canvas.phase), b * size, at, turn)
        self.canvas.fill(
            _placed(rough(shape, self.canvas.rng, 0.035)),
            CHAMBER,
            soft_mm=0.45,
            opacity=1 - 0.75 * self.canvas.tilt,
        )

    def wall(
        self, corners: list[At], width: float, tissue: Tissue, *, landmark: bool = False
    ) -> None:
        """A septum, a valve or a vessel's wall."""
        self.canvas.line(_placed(curve(corners)), width, tissue, landmark=landmark)

    def vessel(self, corners: list[At], width: float) -> None:
        """A tube cut lengthwise: bright walls, dark inside."""
        path = _placed(curve(corners))
        self.canvas.line(path, width + 1.3, MEMBRANE.brighter(-5), landmark=True)
        self.canvas.line(path, width, CHAMBER, landmark=True)


def four_chambers(canvas: Canvas) -> Points:
    """Four chambers, septum, crux with valves that open and close."""
    chest(canvas)
    heart = _Heart(canvas)
    heart.chamber((4.6, 3.7), 7.2, 3.4, 0.12, 0.45)
    heart.chamber((3.8, -4.6), 6.6, 3.4, -0.2, 0.45)
    heart.chamber((-7.2, 4.4), 4.3, 4.2, 0.0, -0.12)
    heart.chamber((-7.0, -4.6), 4.5, 4.3, 0.0, -0.12)
    heart.wall([(12, 0.4), (6, -0.4), (-2, 0)], 1.9, SEPTUM)
    heart.wall([(-2, 0), (-4.6, 0.2)], 1.0, MEMBRANE.brighter(-2))
    heart.wall([(-9.5, 0.8), (-11.6, 0)], 1.0, MEMBRANE.brighter(-3))
    heart.wall([(-5.0, 0.6), (-7.2, 1.8), (-9.3, 1.2)], 0.6, MEMBRANE.brighter(-4))
    opened = 4.6 * (1 - canvas.phase)
    for side, back in ((1, 0.0), (-1, 0.9)):
        middle = -2 + back + opened
        heart.wall([(-1.8 + back, side * 0.6), (middle, side * 3.4)], 0.8, MEMBRANE, landmark=True)
        heart.wall([(-1.8, side * 8.2), (middle, side * 4.8)], 0.8, MEMBRANE, landmark=True)
    heart.wall([(6.5, -2.2), (7.5, -6.2)], 1.1, SEPTUM)  # moderator band
    return heart.outline


def left_outflow(canvas: Canvas) -> Points:
    """The aorta leaves the left ventricle; the septum runs on into its wall."""
    chest(canvas, 0.88)
    heart = _Heart(canvas)
    heart.chamber((2.6, -5.8), 5.8, 3.2, -0.12, 0.25)
    heart.chamber((-6.6, 7.4), 3.0, 1.8, 0.2, -0.12)
    heart.vessel([(-1.0, 1.4), (-6, 0.0), (-10.5, -1.6), (-14, -4)], 3.8)
    heart.chamber((4.2, 2.6), 8.2, 3.0, 0.12, 0.2)
    heart.chamber((-2.5, 1.2), 5.0, 1.9, 0.22)
    heart.wall([(12, 0.0), (5, -1.0), (-2, -0.9), (-6.5, -2.4)], 1.2, SEPTUM.brighter(6))
    heart.wall([(-1.8, 3.6), (-6, 1.9), (-9, -0.4)], 0.9, MEMBRANE.brighter(-1))
    heart.wall([(-2.2, 3.8), (1.5, 5.4 - 1.5 * canvas.phase)], 0.7, MEMBRANE)
    ring = [oval(8.4, 3.8, (4.5, 3.1), 0.16), oval(6.5, 3.0, (-7.5, -1.0), 0.3)]
    return _placed(np.concatenate(ring))


def right_outflow(canvas: Canvas) -> Points:
    """The pulmonary artery leaves the right ventricle and crosses before the aorta."""
    chest(canvas, 0.88)
    rng = canvas.rng
    body = rough(oval(12.5, 10.5, (1.5, -3.5), -0.4), rng, 0.04)
    canvas.fill(body, HEART_MUSCLE, soft_mm=0.5)
    canvas.rim(body, 0.6, FAT.brighter(-2), opacity=0.5)
    empty = 1 - 0.25 * canvas.phase
    canvas.fill(rough(oval(6.6, 3.6 * empty, (-2.0, -10), -0.25), rng, 0.04), CHAMBER)
    trunk = curve([(2.8, -9.6), (5.6, -5), (4.8, 1), (3.8, 8.5)])
    branch = curve([(4.8, -0.5), (1.5, 3.2), (-4.0, 4.4)])
    for path, width in ((trunk, 4.4), (branch, 2.6)):
        canvas.line(path, width + 1.4, MEMBRANE.brighter(-2), landmark=True)
    for path, width in ((trunk, 4.4), (branch, 2.6)):
        canvas.line(path, width, CHAMBER, landmark=True)
    canvas.line(curve([(1.6, -7.2), (4.2, -6.6), (7, -7.6)]), 0.6, MEMBRANE, landmark=True)
    for at, radius in (((-0.6, -2.6), 2.9), ((-6.2, 0.4), 2.0)):
        canvas.rim(oval(radius, radius, at), 0.8, MEMBRANE.brighter(-2))
        canvas.fill(oval(radius - 0.3, radius - 0.3, at), CHAMBER)
    return np.concatenate(
        [oval(6.6, 3.6, (-2, -10)), oval(2.5, 8, (5, 0)), oval(2, 2, (-6.2, 0.4))]
    )


def three_vessels(canvas: Canvas) -> Points:
    """Pulmonary artery, aorta and vena cava in a row, each smaller than the one before."""
    chest(canvas, 1.0)
    rng = canvas.rng
    bed = rough(oval(12.5, 8.5, (0.0, -5.5), -0.25), rng, 0.06)
    canvas.fill(bed, SOFT.brighter(-3), soft_mm=1.0)
    pulse = 1 + 0.12 * canvas.phase
    canvas.fill(rough(oval(8, 3.2, (0, -12.5)), rng, 0.06), MUSCLE.brighter(-5), soft_mm=0.7)
    trunk = curve([(5.6, -8.5), (5.4, -5), (4.9, -1), (4.0, 5.5)])
    canvas.line(trunk, 5.6, MEMBRANE.brighter(-8), opacity=0.6, landmark=True)
    canvas.line(trunk, 4.4, CHAMBER, soft_mm=0.45, landmark=True)
    row = (((5.2, -6.6), 4.0, 3.2), ((-0.8, -4.6), 2.6, 2.5), ((-5.4, -2.6), 1.7, 1.6))
    for at, a, b in row:
        canvas.rim(oval(a, b * pulse, at, 0.5), 0.9, MEMBRANE.brighter(-7), 0.6 * (1 - canvas.tilt))
        canvas.fill(oval(a, b * pulse, at, 0.5), CHAMBER, soft_mm=0.45, landmark=True)
    canvas.rim(oval(1.3, 1.3, (-2.2, 2.6)), 0.7, MEMBRANE)  # the windpipe
    canvas.fill(oval(0.8, 0.8, (-2.2, 2.6)), BLOOD)
    return np.concatenate(
        [oval(4, 4, (5.4, -6)), oval(2, 2, (-5.4, -2.6)), oval(2.5, 2.5, (4.0, 4))]
    )
