"""Boxes are kept with the localiser's number: other boxes need another number."""

from __future__ import annotations

import numpy as np
import pytest

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats
from sonoassist.core.planes import Polarity
from sonoassist.localise import LOCALISER, METHODS
from sonoassist.localise.boxes import evidence_of, found_box
from sonoassist.model.box_rule import BoxRule, Method

HEIGHT, WIDTH = 224, 288
WITHIN_PX = 1.5
FOUND_BY = {Method.COMPONENT: (LOCALISER, 1), Method.WALL: (METHODS, 3), Method.LINE: (METHODS, 3)}
"""The number of what finds boxes, and the one under which it finds those below."""
FOUND: dict[tuple[Method, int], tuple[float, float, float, float]] = {
    (Method.COMPONENT, 0): (135.0, 90.0, 262.0, 190.0),
    (Method.COMPONENT, 1): (135.0, 90.0, 262.0, 190.0),
    (Method.COMPONENT, 2): (134.0, 89.0, 262.0, 191.0),
    (Method.WALL, 0): (138.2, 92.3, 261.7, 187.7),
    (Method.WALL, 1): (139.0, 93.5, 261.0, 188.1),
    (Method.WALL, 2): (139.6, 90.6, 260.2, 189.7),
    (Method.LINE, 0): (29.0, 36.0, 129.0, 71.0),
    (Method.LINE, 1): (20.0, 35.0, 120.0, 70.0),
    (Method.LINE, 2): (11.0, 39.0, 110.0, 74.0),
}
"""What is found on pictures that never change. Where it has to be changed, so has the number:
else boxes of two kinds lie side by side in what is kept."""


def drawn(seed: int) -> tuple[Floats, Floats]:
    """An input with a bright bar and a ring, and a saliency about the one or the other."""
    rng = np.random.default_rng(seed)
    picture = (60 * rng.rayleigh(0.8, (HEIGHT, WIDTH))).astype(np.float32)
    x, y = (int(value) for value in rng.integers((60, 50), (90, 70)))
    cv2.line(picture, (x - 45, y - 12), (x + 45, y + 12), 255, 9)
    cv2.ellipse(picture, (200, 140), (60, 45), float(10 * seed), 0, 360, 255, 6)
    saliency = np.zeros((HEIGHT, WIDTH), np.float32)
    saliency[y - 25 : y + 30, x - 55 : x + 60] = 1.0
    saliency[90:190, 135:262] = 0.4 + 0.3 * seed
    scaled = 255 * (picture - picture.mean()) / picture.std()
    return scaled.astype(np.float32), saliency * rng.random((HEIGHT, WIDTH), np.float32)


def found(method: Method, seed: int) -> Box | None:
    picture, saliency = drawn(seed)
    rule = BoxRule(method=method, polarity=Polarity.ABSOLUTE)
    return found_box(evidence_of(saliency, rule, picture), rule, picture)


@pytest.mark.parametrize("method", Method)
def test_the_same_saliency_gives_the_same_box_under_one_number(method: Method) -> None:
    number, known = FOUND_BY[method]
    assert number == known
    for seed in range(3):
        box = found(method, seed)
        assert box is not None
        edges = (box.left, box.top, box.right, box.bottom)
        assert edges == pytest.approx(FOUND[method, seed], abs=WITHIN_PX)
