"""The ellipse of a bright wall, on drawn ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats
from sonoassist.localise.boxes import grown
from sonoassist.localise.ellipse import Ellipse, wall_ellipse

WIDTH, HEIGHT = 288, 224


def drawn(ellipse: Ellipse, seed: int = 0, size: tuple[int, int] = (HEIGHT, WIDTH)) -> Floats:
    """Grey tissue in dark fluid behind a bright wall, with speckle; a network input."""
    rng = np.random.default_rng(seed)
    picture = np.full(size, 20, np.float32)
    turn = np.degrees(ellipse.turn_rad)
    about = ((ellipse.x, ellipse.y), (2 * ellipse.long, 2 * ellipse.short), turn)
    cv2.ellipse(picture, about, 90, -1)
    cv2.ellipse(picture, about, 200, 4)
    picture *= rng.rayleigh(0.8, size).astype(np.float32)
    return (255 * (picture - picture.mean()) / picture.std()).astype(np.float32)


ellipses = st.builds(
    Ellipse,
    x=st.floats(115, 175),
    y=st.floats(90, 135),
    long=st.floats(62, 72),
    short=st.floats(52, 62),
    turn_rad=st.floats(-0.6, 0.6),
)


@settings(max_examples=25, deadline=None)
@given(
    ellipse=ellipses,
    shift=st.tuples(st.floats(-12, 12), st.floats(-12, 12)),
    size=st.floats(0.8, 1.2),
)
def test_the_wall_is_found_from_a_start_nearby(
    ellipse: Ellipse, shift: tuple[float, float], size: float
) -> None:
    wide, high = size * ellipse.long, size * ellipse.short
    x, y = ellipse.x + shift[0], ellipse.y + shift[1]
    start = Box(x - wide, y - high, x + wide, y + high)
    found = wall_ellipse(drawn(ellipse), start).box
    assert found.iou(ellipse.box) > 0.8
    assert found.iou(ellipse.box) > start.iou(ellipse.box) - 0.1


def clipped(box: Box) -> Box:
    """As much of it as the picture shows."""
    return Box(max(box.left, 0), max(box.top, 0), min(box.right, WIDTH), min(box.bottom, HEIGHT))


def mean_overlap(ellipse: Ellipse, start: Box, inner: float = 0.0) -> float:
    """Over some pictures; with `inner` a faint ring of so much of its size lies in it."""
    overlaps = []
    for seed in range(10):
        picture = drawn(ellipse, seed)
        if inner:
            axes = (2 * inner * ellipse.long, 2 * inner * ellipse.short)
            turn = np.degrees(ellipse.turn_rad)
            ring = cv2.ellipse(np.zeros_like(picture), ((ellipse.x, ellipse.y), axes, turn), 1, 3)
            picture += 60 * ring
        found = clipped(wall_ellipse(picture, start).box)
        overlaps.append(found.iou(clipped(ellipse.box)))
    return float(np.mean(overlaps))


@pytest.mark.parametrize(
    ("x", "y"), [(45, 112), (243, 112), (144, 40), (144, 184)], ids=["left", "right", "top", "down"]
)
def test_what_runs_out_at_a_side_is_found_as_far_as_it_is_seen(x: float, y: float) -> None:
    """The saliency shows a part of what is in the picture."""
    ellipse = Ellipse(x, y, 75, 62, 0.2)
    assert mean_overlap(ellipse, grown(clipped(ellipse.box), 0.8, 0.8, WIDTH, HEIGHT)) > 0.74


def test_what_is_larger_than_the_picture_is_not_taken_for_something_small_in_it() -> None:
    ellipse = Ellipse(148, 110, 155, 122, 0.1)
    assert mean_overlap(ellipse, grown(clipped(ellipse.box), 0.7, 0.7, WIDTH, HEIGHT)) > 0.75


def test_a_large_wall_is_found_though_something_in_it_has_a_rim_too() -> None:
    ellipse = Ellipse(144, 112, 95, 76, 0.1)
    start = grown(ellipse.box, 0.66, 0.66, WIDTH, HEIGHT)
    assert mean_overlap(ellipse, start, inner=0.6) > 0.7


@given(ellipse=ellipses)
def test_the_box_holds_the_ellipse_and_touches_it(ellipse: Ellipse) -> None:
    angles = np.linspace(0, 2 * np.pi, 2000)
    across, down = ellipse.long * np.cos(angles), ellipse.short * np.sin(angles)
    cosine, sine = np.cos(ellipse.turn_rad), np.sin(ellipse.turn_rad)
    x = ellipse.x + across * cosine - down * sine
    y = ellipse.y + across * sine + down * cosine
    box = ellipse.box
    edges = [box.left, box.top, box.right, box.bottom]
    assert edges == pytest.approx([x.min(), y.min(), x.max(), y.max()], abs=0.01)


def test_one_picture_gives_one_box() -> None:
    picture, start = drawn(Ellipse(140, 110, 70, 55, 0.2)), Box(80, 60, 200, 160)
    assert wall_ellipse(picture, start) == wall_ellipse(picture, start)


def test_lengths_follow_the_size_of_the_input() -> None:
    large = Ellipse(280, 220, 140, 110, 0.2)
    picture = drawn(large, size=(2 * HEIGHT, 2 * WIDTH))
    assert wall_ellipse(picture, Box(170, 130, 390, 330)).box.iou(large.box) > 0.85


def test_a_flat_picture_leaves_the_start_about_where_it_is() -> None:
    start = Box(90, 70, 200, 150)
    found = wall_ellipse(np.zeros((HEIGHT, WIDTH), np.float32), start).box
    assert found.iou(start) > 0.6
