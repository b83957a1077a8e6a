"""What the phantom can show: the 13 planes, and the sections that are none of them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sonoassist.phantom import abdomen, elsewhere, face, head, heart, limbs, spine
from sonoassist.phantom.canvas import Canvas, Section
from sonoassist.phantom.shapes import Points

SIDES = (0.0, 180.0)
FRONT = (0.0, 90.0, -90.0)
"""The chest: its spine below or beside, where its shadow spares the heart."""
ANY = (0.0, 90.0, 180.0, -90.0)


@dataclass(frozen=True, slots=True)
class Structure:
    """One plane or background section of the phantom.

    Attributes:
        key: Of `sonoassist.core.planes`, or the name of a background section.
        depict: Paints it and returns the outline that its box encloses.
        share: Part of the picture's width (or height, where that is more) that operators give to
            the box: from, to.
        turns_deg: How it usually lies, clockwise.
        spread_deg: How far it may be turned from that.
        beats: Whether it moves with the heart.
        cardiac: Whether operators look at it with a heart setting: narrow sector, more contrast.
    """

    key: str
    depict: Callable[[Canvas], Points]
    share: tuple[float, float]
    turns_deg: tuple[float, ...] = (0.0,)
    spread_deg: float = 20.0
    beats: bool = False
    cardiac: bool = False

    def section(self, seed: int, *, tilt: float = 0.0, phase: float = 0.0) -> Section:
        """Draw it; the same seed gives the same anatomy in every phase of the heart."""
        rng = np.random.default_rng((seed, zlib.crc32(self.key.encode())))
        canvas = Canvas(rng, tilt=tilt, phase=phase)
        outline = self.depict(canvas)
        return canvas.finish(outline, warp_mm=0.8 + 0.7 * tilt)


PLANES: tuple[Structure, ...] = (
    Structure("3vv", heart.three_vessels, (0.3, 0.46), (0.0, 45.0, -45.0), 40, True, True),
    Structure("4ch", heart.four_chambers, (0.4, 0.62), FRONT, 35, True, True),
    Structure("abdominal", abdomen.abdominal, (0.5, 0.72), (0.0, 180.0, 180.0), 35),
    Structure("brain_cb", head.brain_cb, (0.52, 0.7), (0.0,), 18),
    Structure("brain_tv", head.brain_tv, (0.5, 0.7), (0.0,), 18),
    Structure("femur", limbs.femur, (0.32, 0.5), SIDES[:1], 15),
    Structure("kidneys", abdomen.kidneys, (0.4, 0.56), (90.0,), 30),
    Structure("lips", face.lips, (0.2, 0.34), (0.0, 90.0, -90.0), 30),
    Structure("lvot", heart.left_outflow, (0.36, 0.52), (45.0,), 40, True, True),
    Structure("profile", face.profile, (0.5, 0.74), (-35.0, -60.0, -80.0), 20),
    Structure("rvot", heart.right_outflow, (0.34, 0.5), FRONT, 35, True, True),
    Structure("spine_cor", spine.spine_cor, (0.5, 0.68), SIDES[:1], 12),
    Structure("spine_sag", spine.spine_sag, (0.55, 0.72), SIDES[:1], 12),
)
BACKGROUND: tuple[Structure, ...] = (
    Structure("nothing", elsewhere.nothing, (0.02, 0.02)),
    Structure("limb", limbs.limb, (0.15, 0.35), ANY, 45),
    Structure("hand", limbs.hand, (0.2, 0.35), ANY, 45),
    Structure("cord", limbs.cord, (0.4, 0.7), ANY, 45),
    Structure("head_aslant", elsewhere.head_aslant, (0.4, 0.75), ANY, 45),
    Structure("chest_aslant", elsewhere.chest_aslant, (0.5, 0.9), SIDES, 25),
    Structure("pelvis", elsewhere.pelvis, (0.35, 0.6), ANY, 45),
    Structure("one_kidney", elsewhere.one_kidney, (0.5, 0.8), SIDES, 20),
)
BY_KEY: dict[str, Structure] = {one.key: one for one in (*PLANES, *BACKGROUND)}
PLANE_KEYS: tuple[str, ...] = tuple(one.key for one in PLANES)
BACKGROUND_KEYS: tuple[str, ...] = tuple(one.key for one in BACKGROUND)
