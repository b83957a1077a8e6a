"""The bright straight line, on drawn ones."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats
from sonoassist.localise.bright_line import line_box

HEIGHT, WIDTH = 224, 288
EVERYWHERE = np.ones((HEIGHT, WIDTH), np.float32)


def tissue(seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    return (60 * rng.rayleigh(0.8, (HEIGHT, WIDTH))).astype(np.float32)


def shaft(picture: Floats, x: float, y: float, length: float, turn: float) -> Box:
    """Draw a bright bar; returns its box."""
    across, down = length / 2 * np.cos(turn), length / 2 * np.sin(turn)
    ends = [(round(x - across), round(y - down)), (round(x + across), round(y + down))]
    cv2.line(picture, ends[0], ends[1], 255, 10)
    xs, ys = zip(*ends, strict=True)
    return Box(min(xs) - 5, min(ys) - 5, max(xs) + 5, max(ys) + 5)


def as_input(picture: Floats) -> Floats:
    return (255 * (picture - picture.mean()) / picture.std()).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(
    x=st.floats(110, 180),
    y=st.floats(70, 150),
    length=st.floats(80, 150),
    turn=st.floats(-0.6, 0.6),
    seed=st.integers(0, 99),
)
def test_the_shaft_is_found(x: float, y: float, length: float, turn: float, seed: int) -> None:
    picture = tissue(seed)
    true = shaft(picture, x, y, length, turn)
    found = line_box(as_input(picture), EVERYWHERE)
    assert found is not None
    assert found.iou(true) > 0.45


def test_of_two_alike_the_evidence_decides() -> None:
    picture = tissue(3)
    boxes = shaft(picture, 140, 60, 120, 0.1), shaft(picture, 140, 160, 120, -0.1)
    for box in boxes:
        evidence = np.full((HEIGHT, WIDTH), 0.05, np.float32)
        middle = round((box.top + box.bottom) / 2)
        evidence[middle - 30 : middle + 30] = 1
        found = line_box(as_input(picture), evidence)
        assert found is not None
        assert found.iou(box) > 0.5


def test_the_longer_one_counts_where_the_evidence_is_the_same() -> None:
    picture = tissue(4)
    shaft(picture, 140, 60, 60, 0)
    longer = shaft(picture, 140, 160, 130, 0)
    found = line_box(as_input(picture), EVERYWHERE)
    assert found is not None
    assert found.iou(longer) > 0.5


def test_a_flat_picture_has_none() -> None:
    assert line_box(np.zeros((HEIGHT, WIDTH), np.float32), EVERYWHERE) is None


def test_where_nothing_speaks_for_a_line_there_is_none() -> None:
    picture = tissue(5)
    true = shaft(picture, 140, 110, 120, 0.1)
    assert line_box(as_input(picture), np.zeros((HEIGHT, WIDTH), np.float32)) is None
    elsewhere = np.zeros((HEIGHT, WIDTH), np.float32)
    elsewhere[:20] = 1
    found = line_box(as_input(picture), elsewhere)
    assert found is None or found.iou(true) == 0
