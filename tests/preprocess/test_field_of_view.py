from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from preprocess.screens_made import screen
from real_models import plane_frames
from sonoassist.opencv import cv2
from sonoassist.packets import Box
from sonoassist.preprocess.crop import PUBLISHED_CROP
from sonoassist.preprocess.field_of_view import auto_crop, find_picture_area

ASPECT = 288 / 224


def assert_inside(crop: Box, pixels: NDArray[np.uint8]) -> None:
    height, width = pixels.shape[:2]
    assert 0 <= crop.left < crop.right <= width
    assert 0 <= crop.top < crop.bottom <= height
    assert all(edge == int(edge) for edge in dataclasses.astuple(crop))


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(16, 90), st.integers(16, 90))
        | st.tuples(st.integers(16, 60), st.integers(16, 60), st.just(3)),
        elements=st.sampled_from([0, 3, 20, 40, 128, 255]),
        fill=st.sampled_from([0, 60, 255]),
    )
)
def test_auto_crop_stays_inside_any_picture(pixels: NDArray[np.uint8]) -> None:
    assert_inside(auto_crop(pixels, ASPECT), pixels)


@settings(max_examples=40, deadline=None)
@given(st.integers(16, 700), st.integers(16, 700), st.integers(0, 2**32 - 1))
def test_auto_crop_stays_inside_any_size(width: int, height: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = np.zeros((height, width), np.uint8)
    top, left = rng.integers(0, height), rng.integers(0, width)
    pixels[top:, left:] = rng.integers(0, 256, pixels[top:, left:].shape)
    assert_inside(auto_crop(pixels, ASPECT), pixels)


@pytest.mark.parametrize("size", [(16, 16), (16, 400), (400, 16), (734, 974), (480, 640)])
@pytest.mark.parametrize("level", [0, 8, 255])
def test_flat_pictures(size: tuple[int, int], level: int) -> None:
    for shape in (size, (*size, 3)):
        pixels = np.full(shape, level, np.uint8)
        assert_inside(auto_crop(pixels, ASPECT), pixels)


def test_nothing_is_found_on_a_black_screen() -> None:
    pixels = np.zeros((480, 640), np.uint8)
    assert find_picture_area(pixels) is None
    pixels[200:220, 300:320] = 200  # a logo
    assert find_picture_area(pixels) is None


@pytest.mark.parametrize("bar", [True, False])
@pytest.mark.parametrize(
    ("size", "apex", "radius"),
    [
        ((960, 720), (480, 90), 560),
        ((1280, 960), (500, 130), 700),
        ((1920, 1080), (1100, 120), 880),
        ((640, 480), (320, 60), 380),
    ],
)
def test_a_fan_is_found(
    size: tuple[int, int], apex: tuple[float, float], radius: float, bar: bool
) -> None:
    pixels, fan = screen(size, apex, radius, bar=bar)
    found = find_picture_area(pixels)
    assert found is not None
    # Opening by 15 of 320 pixels rounds off the corners of the fan.
    close = 0.06 * fan.width
    assert dataclasses.astuple(found) == pytest.approx(dataclasses.astuple(fan), abs=close)
    assert found.iou(fan) > 0.9
    crop = auto_crop(pixels, ASPECT)
    assert_inside(crop, pixels)
    assert crop.iou(fan) > 0.6


def test_the_framing_of_the_published_crop_is_copied() -> None:
    pixels, fan = screen()
    crop = auto_crop(pixels, ASPECT)
    assert crop.width / crop.height == pytest.approx(ASPECT, rel=0.01)
    assert fan.top < crop.top < fan.top + 0.25 * fan.height
    assert abs((crop.left + crop.right) - (fan.left + fan.right)) < 0.04 * fan.width


def test_a_picture_that_fills_the_frame_is_hardly_cut() -> None:
    noise = np.random.default_rng(0).rayleigh(60, (448, 576)).astype(np.float32)
    pixels = np.clip(cv2.GaussianBlur(noise, (0, 0), 2), 30, 255).astype(np.uint8)
    assert auto_crop(pixels, ASPECT).iou(Box(0, 0, 576, 448)) > 0.95


@pytest.mark.real
def test_published_screens_are_found(test_data: Path) -> None:
    overlaps = [auto_crop(f.pixels, ASPECT).iou(PUBLISHED_CROP) for f in plane_frames(test_data)]
    assert min(overlaps) > 0.6
    assert np.mean(overlaps) > 0.8
