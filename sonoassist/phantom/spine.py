"""The spine, lengthwise: sagittal (curved row under the skin) and coronal (parallel rows).

Section axes: u from the neck to the sacrum, v from the back inwards (sagittal) or across.
"""

from __future__ import annotations

import numpy as np

from sonoassist.phantom.canvas import (
    BONE,
    FAT,
    FLUID,
    GRISTLE,
    LIVER,
    LUNG,
    MEMBRANE,
    MUSCLE,
    SOFT,
    THICK_BONE,
    Canvas,
)
from sonoassist.phantom.shapes import Points, curve, moved, oval, rough

HALF_MM = 34.0
"""Half the length of the spine shown."""


def _bow(canvas: Canvas) -> tuple[float, float]:
    return float(canvas.rng.uniform(0.002, 0.0055)), float(canvas.rng.uniform(-0.00008, 0.00008))


def spine_sag(canvas: Canvas) -> Points:
    """Sagittal: skin line, arches, canal, vertebral bodies, the trunk in their shadow."""
    rng = canvas.rng
    bend, twist = _bow(canvas)
    along = np.linspace(-HALF_MM, HALF_MM, 30)

    def back(u: Points, v: float) -> Points:
        return np.stack([u, v + bend * u**2 + twist * u**3], axis=1)

    wide = np.linspace(-HALF_MM - 30, HALF_MM + 14, 40)
    belly = back(wide[::-1], 30) * np.array([1.0, 0.8])
    canvas.fill(np.concatenate([back(wide, -6.5), belly]), LIVER.brighter(-3), soft_mm=0.5)
    _inside_of_the_trunk(canvas)
    canvas.line(back(wide, -6.3), 0.9, FAT.brighter(3))
    canvas.fill(np.concatenate([back(along, -5.6), back(along[::-1], 4.5)]), MUSCLE.brighter(2))
    canvas.fill(np.concatenate([back(along, -1.1), back(along[::-1], 1.3)]), GRISTLE.brighter(-12))
    canvas.line(back(along, 0.1), 0.5, SOFT)
    canvas.line(back(along, -1.5), 0.6, MEMBRANE.brighter(1))
    canvas.line(back(along, 1.6), 0.6, MEMBRANE)
    pitch = float(rng.uniform(2.9, 3.5))
    for u in np.arange(-HALF_MM, HALF_MM, pitch):
        arch = back(np.array([u]), -2.6)[0]
        body = back(np.array([u + 0.4]), 3.0)[0]
        grown = 1.0 - 0.25 * abs(u) / HALF_MM
        canvas.fill(
            oval(0.85 * grown, 0.8, tuple(arch), 0.5), THICK_BONE.brighter(-2), landmark=True
        )
        canvas.fill(
            oval(1.0 * grown, 1.25 * grown, tuple(body)), THICK_BONE.brighter(-1), landmark=True
        )
    return np.concatenate([back(along, -4.0), back(along, 4.6)])


def _inside_of_the_trunk(canvas: Canvas) -> None:
    rng = canvas.rng
    canvas.fill(rough(oval(15, 9, (-14, 15)), rng, 0.05), LUNG.brighter(-2), soft_mm=1)
    canvas.fill(oval(7, 4, (-12, 17)), FLUID.brighter(16), soft_mm=1, opacity=0.6)
    canvas.fill(rough(oval(4, 2.5, (12, 15)), rng, 0.1), FLUID.brighter(8), opacity=0.6)


def spine_cor(canvas: Canvas) -> Points:
    """Coronal: three rows converging at the sacrum, ribs leaving in the chest."""
    rng = canvas.rng
    bend, _ = _bow(canvas)
    bend *= 0.35
    trunk = curve([(-40, -8), (-33, -15), (-10, -17), (14, -15), (34, -11), (42, -2), (40, 8),
                   (26, 15), (4, 17.5), (-20, 17), (-38, 10)], closed=True)  # fmt: skip
    canvas.fill(rough(trunk, rng, 0.015), LIVER.brighter(-2), soft_mm=0.5)
    canvas.rim(trunk, 0.9, FAT.brighter(1))
    _ribs(canvas, bend)
    along = np.linspace(-HALF_MM, HALF_MM, 30)
    open_mm = 3.0 * np.sqrt(np.clip((HALF_MM + 4 - along) / (2 * HALF_MM), 0.03, 1))
    near = np.stack([along, bend * along**2 - open_mm], axis=1)
    far = np.stack([along, bend * along**2 + open_mm], axis=1)
    canvas.fill(np.concatenate([near, far[::-1]]), GRISTLE.brighter(-6), soft_mm=0.5)
    canvas.line(near, 1.8, MEMBRANE.brighter(-3), opacity=0.8)
    canvas.line(far, 1.8, MEMBRANE.brighter(-4), opacity=0.8)
    pitch = float(rng.uniform(2.8, 3.4))
    for u in np.arange(-HALF_MM, HALF_MM, pitch):
        half = float(np.interp(u, along, open_mm))
        mid = bend * u * u
        for v, size in ((mid - half, 0.95), (mid + half, 0.95)):
            canvas.fill(oval(size, 0.8, (u, v)), THICK_BONE.brighter(-1), landmark=True)
        canvas.fill(oval(0.8, 0.55, (u + 0.3, mid)), BONE.brighter(-4), opacity=0.6, landmark=True)
    return np.concatenate([moved(near, (0, -1.2)), moved(far, (0, 1.2))])


def _ribs(canvas: Canvas, bend: float) -> None:
    for number in range(11):
        u = -27 + 3.4 * number
        mid = bend * u * u
        for side in (-1, 1):
            long = 12.5 - 0.35 * abs(number - 5)
            rib = curve(
                [(u, mid + side * 3.6), (u + 1.2, mid + side * 8), (u + 3, mid + side * long)]
            )
            canvas.line(rib, 1.0, BONE.brighter(-6), opacity=0.35 if side < 0 else 0.7)
