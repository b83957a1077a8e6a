"""A second look at the part of the screen where the picture is gives its edges more exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from preprocess.screens_made import screen
from real_models import plane_frames
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats, Pixels
from sonoassist.preprocess.bars import bar_bottom
from sonoassist.preprocess.closer_look import seen_closer
from sonoassist.preprocess.field_of_view import FieldOfView, field_of
from sonoassist.preprocess.screen_network import CONTENTS, MASK_HEIGHT, MASK_WIDTH, Reading
from sonoassist.preprocess.screen_reader import ScreenReader

WIDTH, HEIGHT = 1280, 960
NO_KIND = np.full(len(CONTENTS), 1 / len(CONTENTS), np.float32)


def lit(box: Box) -> Pixels:
    """A screen that is white where the picture is."""
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    pixels[int(box.top) : int(box.bottom), int(box.left) : int(box.right)] = 255
    return pixels


def read_light(pixels: Pixels) -> Reading:
    """What a network says that takes all that is white for the picture."""
    small = cv2.resize(pixels, (MASK_WIDTH, MASK_HEIGHT), interpolation=cv2.INTER_AREA)
    return Reading(np.asarray(small, np.float32) / 255, NO_KIND)


def read_nothing(_pixels: Pixels) -> Reading:
    return Reading(np.zeros((MASK_HEIGHT, MASK_WIDTH), np.float32), NO_KIND)


def first_look(mask: Floats) -> FieldOfView:
    found = field_of(Reading(mask, NO_KIND), WIDTH, HEIGHT)
    assert found is not None
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 900), st.integers(0, 700), st.integers(200, 380), st.integers(180, 260))
def test_a_small_picture_is_bounded_to_the_pixel(left: int, top: int, wide: int, high: int) -> None:
    """The first look is wrong by one cell on each side, ten pixels."""
    truth = Box(left, top, min(left + wide, WIDTH), min(top + high, HEIGHT))
    seen: NDArray[np.uint8] = np.ascontiguousarray(read_light(lit(truth)).mask > 0.5, np.uint8)
    for wrong in (cv2.dilate, cv2.erode):
        rough = np.asarray(wrong(seen, np.ones((3, 3), np.uint8)), np.float32)
        first = first_look(0.2 + 0.6 * rough)
        closer = seen_closer(first, lit(truth), read_light)
        assert closer.box.iou(truth) > max(first.box.iou(truth), 0.93)
        outline = closer.outline()
        assert outline[:, 0].min() == pytest.approx(closer.box.left, abs=1)
        assert outline[:, 1].max() == pytest.approx(closer.box.bottom, abs=1)


def test_what_a_closer_look_does_not_see_stays_as_it_was() -> None:
    truth = Box(300, 200, 700, 500)
    first = first_look(read_light(lit(truth)).mask)
    assert seen_closer(first, lit(truth), read_nothing).box.iou(first.box) > 0.95


def test_a_screen_of_a_few_pixels_is_not_looked_at_again() -> None:
    field = FieldOfView(Box(0, 0, 12, 9), 0.9, np.zeros((96, 128), np.float32), 12, 9)
    asked: list[Pixels] = []

    def read(pixels: Pixels) -> Reading:
        asked.append(pixels)
        return read_nothing(pixels)

    assert seen_closer(field, np.zeros((9, 12), np.uint8), read).box == field.box
    assert not asked


def test_small_fans_are_bounded_better_by_a_closer_look() -> None:
    reader, ious = ScreenReader(), []
    for seed in range(5):
        place = (700 + 60 * seed, 200 + 40 * seed)
        pixels, fan = screen((1920, 1080), place, 450, seed=seed)
        look = reader.look(pixels)
        closer = reader.closer(look, pixels).field
        assert look.field is not None
        assert closer is not None
        ious.append((look.field.box.iou(fan), closer.box.iou(fan)))
    first, second = np.asarray(ious).T
    assert (second > first).all()
    assert second.mean() > 0.96


@pytest.mark.real
def test_what_was_cut_off_at_the_bar_stays_off(test_data: Path) -> None:
    """Of small screens, whose cells are larger than what is between bar and picture."""
    reader, tops = ScreenReader(), []
    for frame in plane_frames(test_data):
        small = cv2.resize(frame.pixels, (640, 480), interpolation=cv2.INTER_AREA)
        pixels = np.asarray(small, np.uint8)
        look = reader.look(pixels)
        closer = reader.closer(look, pixels).field
        bar = bar_bottom(pixels)
        if closer is not None and look.field is not None and look.field.box.top == bar > 0:
            tops.append((bar, closer.box.top, closer.outline()[:, 1].min()))
    assert len(tops) >= 5
    assert all(min(box, outline) >= bar - 1e-6 for bar, box, outline in tops)
