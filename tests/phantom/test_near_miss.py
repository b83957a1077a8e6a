"""A near miss must be told from its plane by what it shows, not by a guess."""

from __future__ import annotations

import numpy as np
import pytest

from sonoassist.core.planes import DISPLAY_ORDER
from sonoassist.phantom.canvas import AMPLITUDE, BONE, FLUID, Canvas
from sonoassist.phantom.catalogue import BY_KEY
from sonoassist.phantom.draw import draw_plane, out_of_plane
from sonoassist.phantom.shapes import oval

PLANES = [plane.key for plane in DISPLAY_ORDER if not plane.is_background]


def painted(tilt: float, *, landmark: bool = False, beside: bool = False) -> float:
    canvas = Canvas(np.random.default_rng(1), tilt=tilt)
    canvas.fill(oval(30, 30), FLUID)
    canvas.fill(oval(5, 5), BONE, landmark=landmark, beside=beside)
    section = canvas.finish(oval(30, 30), warp_mm=0.0, lumps_db=0.0)
    layers = section.layers
    middle = layers[layers.shape[0] // 2, layers.shape[1] // 2]
    return float(middle[AMPLITUDE])


def test_a_landmark_goes_and_what_lies_beside_comes() -> None:
    plain = painted(0.0)
    assert painted(0.0, landmark=True) == pytest.approx(plain)
    assert painted(1.0, beside=True) == pytest.approx(plain)
    bare = painted(1.0, landmark=True)
    assert painted(0.0, beside=True) == pytest.approx(bare)
    assert plain > 3 * bare


def test_every_near_miss_is_far_enough_out() -> None:
    rng = np.random.default_rng(2)
    assert all(0.9 <= out_of_plane(rng) <= 1 for _ in range(100))


@pytest.mark.parametrize("key", PLANES)
def test_the_section_of_a_near_miss_is_another_picture(key: str) -> None:
    structure = BY_KEY[key]
    on, off = (structure.section(11, tilt=tilt).layers[..., AMPLITUDE] for tilt in (0.0, 1.0))
    changed = np.abs(on - off) > 0.3 * np.maximum(on, off).max()
    assert changed.any()


def test_a_near_miss_has_no_box() -> None:
    assert draw_plane("kidneys", 3)[1] is not None
    assert draw_plane("kidneys", 3, near_miss=True)[1] is None
