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
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Content, Pixels
from sonoassist.preprocess.bars import bar_bottom
from sonoassist.preprocess.crop import PUBLISHED_CROP, centred_crop
from sonoassist.preprocess.field_of_view import FieldOfView, below, field_of
from sonoassist.preprocess.framing import auto_crop, framed
from sonoassist.preprocess.screen_network import MASK_HEIGHT, MASK_WIDTH, Reading, thinned
from sonoassist.preprocess.screen_reader import ScreenReader

ASPECT = 288 / 224
READER = ScreenReader()


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
    assert_inside(auto_crop(pixels, ASPECT, READER), pixels)


@settings(max_examples=40, deadline=None)
@given(st.integers(16, 700), st.integers(16, 700), st.integers(0, 2**32 - 1))
def test_auto_crop_stays_inside_any_size(width: int, height: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = np.zeros((height, width), np.uint8)
    top, left = rng.integers(0, height), rng.integers(0, width)
    pixels[top:, left:] = rng.integers(0, 256, pixels[top:, left:].shape)
    assert_inside(auto_crop(pixels, ASPECT, READER), pixels)


@pytest.mark.parametrize("size", [(16, 16), (16, 400), (400, 16), (734, 974), (480, 640)])
@pytest.mark.parametrize("level", [0, 8, 255])
def test_flat_pictures(size: tuple[int, int], level: int) -> None:
    for shape in (size, (*size, 3)):
        pixels = np.full(shape, level, np.uint8)
        assert_inside(auto_crop(pixels, ASPECT, READER), pixels)


def test_nothing_is_found_on_a_black_screen() -> None:
    pixels = np.zeros((480, 640), np.uint8)
    look = READER.look(pixels)
    assert look.field is None
    assert look.content is Content.NO_SIGNAL
    assert not look.sure


def reading(mask: NDArray[np.float32]) -> Reading:
    return Reading(mask, np.full(7, 1 / 7, np.float32))


@settings(max_examples=60)
@given(
    st.integers(0, MASK_WIDTH - 20),
    st.integers(0, MASK_HEIGHT - 20),
    st.integers(16, MASK_WIDTH),
    st.integers(16, MASK_HEIGHT),
    st.integers(100, 2000),
    st.integers(100, 1500),
)
def test_the_box_of_a_mask_is_that_of_its_cells(
    left: int, top: int, wide: int, high: int, width_px: int, height_px: int
) -> None:
    mask = np.zeros((MASK_HEIGHT, MASK_WIDTH), np.float32)
    mask[top : top + high, left : left + wide] = 1
    right, bottom = min(left + wide, MASK_WIDTH), min(top + high, MASK_HEIGHT)
    found = field_of(reading(mask), width_px, height_px)
    assert found is not None
    sx, sy = width_px / MASK_WIDTH, height_px / MASK_HEIGHT
    expected = Box(left * sx, top * sy, right * sx, bottom * sy)
    assert found.box.iou(expected) > 0.999
    assert found.sureness > 0.9
    corners = found.outline()
    assert corners[:, 0].min() == pytest.approx(found.box.left, abs=1.5 * sx)
    assert corners[:, 1].max() == pytest.approx(found.box.bottom, abs=1.5 * sy)
    assert (corners >= -1e-6).all()
    assert (corners[:, 0] <= width_px + 1e-6).all()


def test_the_largest_part_of_a_mask_counts_and_doubt_lowers_the_sureness() -> None:
    mask = np.zeros((MASK_HEIGHT, MASK_WIDTH), np.float32)
    mask[40:90, 40:120], mask[2:14, 2:20] = 1, 1
    found = field_of(reading(mask), 256, 192)
    assert found is not None
    assert found.box.left == pytest.approx(80, abs=2)
    assert found.sureness < 0.96
    weak = field_of(reading(mask * np.float32(0.6)), 256, 192)
    assert weak is not None
    assert weak.sureness < found.sureness - 0.2
    assert field_of(reading(np.zeros_like(mask)), 256, 192) is None


def test_a_part_that_is_too_small_is_no_picture_alone_or_beside_others() -> None:
    mask = np.zeros((MASK_HEIGHT, MASK_WIDTH), np.float32)
    mask[10:20, 10:24] = 1  # 140 of 12,288 cells: 0.0114
    assert field_of(reading(mask), 256, 192) is None
    mask[40:50, 10:24] = 1
    assert field_of(reading(mask), 256, 192) is None
    mask[40:50, 10:25] = 1
    found = field_of(reading(mask), 256, 192)
    assert found is not None
    assert found.box.iou(Box(20, 80, 50, 100)) > 0.9
    mask[10:20, 10:24] = 0
    alone = field_of(reading(mask), 256, 192)
    assert alone is not None
    assert alone.box == found.box
    assert found.sureness < alone.sureness == pytest.approx(1)


def test_pixels_that_are_thinned_out_already_give_the_same_look() -> None:
    pixels, _fan = screen((960, 720), (480, 90), 560)
    one, other = READER.look(pixels), READER.look(pixels, thin=thinned(pixels))
    assert one.field is not None
    assert other.field is not None
    assert (one.content, one.certainty, one.field.box) == (
        other.content,
        other.certainty,
        other.field.box,
    )


@given(
    st.floats(0, 500), st.floats(0, 400), st.floats(60, 900), st.floats(60, 600), st.floats(0.7, 2)
)
def test_a_framing_lies_in_the_frame_and_keeps_most_of_the_field(
    left: float, top: float, wide: float, high: float, aspect: float
) -> None:
    whole = Box(0, 0, 1400, 1000)
    area = Box(left, top, left + wide, top + high)
    for on_screen in (True, False):
        crop = framed(area, whole, aspect, on_screen=on_screen)
        assert_inside(crop, np.zeros((1000, 1400), np.uint8))
        inner = centred_crop(area, aspect)
        assert crop.width * crop.height >= 0.8 * inner.width * inner.height


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
    look = READER.look(pixels)
    assert look.field is not None
    assert look.field.box.iou(fan) > 0.9
    assert look.content is Content.B_MODE
    crop = auto_crop(pixels, ASPECT, READER)
    assert_inside(crop, pixels)
    assert crop.iou(fan) > 0.6


@pytest.mark.parametrize("bar", [True, False])
def test_a_bar_tells_a_whole_screen(bar: bool) -> None:
    for size, apex, radius in (((960, 720), (480, 90), 560), ((1920, 1080), (1100, 120), 880)):
        assert (bar_bottom(screen(size, apex, radius, bar=bar)[0]) > 0) is bar
    assert bar_bottom(np.zeros((9, 20), np.uint8)) == 0


@pytest.mark.parametrize("row", [0, 20, 60, 71, 90, 140, 143, 400])
def test_a_bar_is_sought_only_where_it_matters(row: int) -> None:
    """From a row on the same bar is found, and none that ends above it."""
    for seed in range(3):
        pixels, _fan = screen((960, 720), (480, 90), 560, seed=seed)
        whole, part = bar_bottom(pixels), bar_bottom(pixels, from_row=row)
        assert part == (whole if whole >= row else 0)


def test_a_whole_screen_is_framed_as_the_published_one() -> None:
    """Its picture's frame is known: rows 75 to 734, all columns."""
    frame = Box(0, 75, 975, 734)
    crop = framed(frame, Box(0, 0, 975, 735), ASPECT, on_screen=True)
    assert crop.iou(PUBLISHED_CROP) > 0.95


def test_a_picture_that_fills_the_frame_is_hardly_cut() -> None:
    noise = np.random.default_rng(0).rayleigh(60, (448, 576)).astype(np.float32)
    pixels = np.clip(cv2.GaussianBlur(noise, (0, 0), 2), 30, 255).astype(np.uint8)
    assert auto_crop(pixels, ASPECT, READER).iou(Box(0, 0, 576, 448)) > 0.9


def as_it_comes(pixels: Pixels, way: str) -> tuple[Pixels, float, float]:
    """A published screen as a grabber or a file may give it; its scale, and what is left of it."""
    if way == "jpeg":
        _, coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 40])
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8), 1.0, 0.0
    scale = {"small": 640 / 975, "large": 1.3, "bars": 1080 / 735}.get(way, 1.0)
    size = (round(975 * scale), round(735 * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8)
    if way != "bars":
        return scaled, scale, 0.0
    left = (1920 - size[0]) // 2
    wide = np.zeros((size[1], 1920, 3), np.uint8)
    wide[:, left : left + size[0]] = scaled
    return wide, scale, float(left)


@pytest.mark.real
@pytest.mark.parametrize("way", ["native", "jpeg", "small", "large", "bars"])
def test_the_published_crop_is_found_however_its_screen_comes(test_data: Path, way: str) -> None:
    overlaps = []
    for frame in plane_frames(test_data):
        pixels, scale, left = as_it_comes(frame.pixels, way)
        crop = PUBLISHED_CROP
        edges = (crop.left, crop.top, crop.right, crop.bottom)
        x0, y0, x1, y1 = (edge * scale for edge in edges)
        found = auto_crop(pixels, ASPECT, READER)
        overlaps.append(found.iou(Box(x0 + left, y0, x1 + left, y1)))
    assert np.mean(overlaps) > 0.95
    assert sum(overlap < 0.9 for overlap in overlaps) <= 1


def test_a_line_in_the_tissue_is_no_bar() -> None:
    """Only what the network doubts is cut off, and only near the upper edge."""
    mask = np.zeros((MASK_HEIGHT, MASK_WIDTH), np.float32)
    mask[8:90, 10:120] = 0.98
    for doubt, row, expected in ((0.98, 45, 40), (0.3, 45, 45), (0.3, 200, 40), (0.3, 20, 40)):
        unsure = mask.copy()
        unsure[8:9] = doubt
        field = FieldOfView(Box(40, 40, 480, 450), 0.95, unsure, 512, 480)
        assert below(field, row).box.top == expected


@pytest.mark.real
def test_muscles_lose_nothing_to_their_bright_fascia(test_data: Path) -> None:
    """Long bright lines across the whole picture; none of them ends a bar."""
    tops = []
    for path in sorted((test_data / "not_fetal").glob("*.png")):
        pixels = np.ascontiguousarray(np.asarray(cv2.imread(str(path)))[..., ::-1])
        field = READER.look(pixels).field
        tops.append(1.0 if field is None else field.box.top / len(pixels))
    assert len(tops) > 10
    assert np.median(tops) < 0.03
    assert np.mean([top > 0.1 for top in tops]) < 0.2
