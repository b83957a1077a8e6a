from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from preprocess.screens_made import screen
from real_models import frame_of, plane_frames
from sonoassist.core.errors import SourceError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Content, Prepared
from sonoassist.preprocess.content import MIN_CHROMA, MIN_SHARE, content_of
from sonoassist.preprocess.crop import PUBLISHED_CROP
from sonoassist.preprocess.prepare import prepare
from sonoassist.sources import open_source


def ready(pixels: NDArray[np.uint8], crop: Box | None = None, **size: int) -> Prepared:
    height, width = pixels.shape[:2]
    known = {"height_px": 224, "width_px": 288, **size}
    return prepare(frame_of(pixels, 7), crop or Box(0, 0, width, height), **known)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([(224, 288), (100, 131)]))
def test_mean_and_deviation_are_exact(seed: int, colour: bool, size: tuple[int, int]) -> None:
    shape = (300, 400, 3) if colour else (300, 400)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    prepared = ready(pixels, height_px=size[0], width_px=size[1])
    given_input = prepared.network_input
    assert given_input.shape == (1, 1, *size)
    assert given_input.dtype == np.float32
    assert not given_input.flags.writeable
    assert given_input.mean(dtype=np.float64) == pytest.approx(0.0, abs=1e-3)
    assert given_input.std(dtype=np.float64) == pytest.approx(255.0, rel=1e-5)
    assert (prepared.frame_id, prepared.geometry.input_width_px) == (7, size[1])


def test_the_scale_of_the_card_counts() -> None:
    pixels = screen()[0]
    frame, crop = frame_of(pixels), Box(0, 0, 960, 720)
    small = prepare(frame, crop, height_px=224, width_px=288, scale=1.0)
    assert small.network_input.std() == pytest.approx(1.0, rel=1e-4)


def test_nothing_is_resized_at_the_input_size() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (224, 288, 3), np.uint8)
    grey = pixels.astype(np.float64).mean(axis=2)
    expected = 255 * (grey - grey.mean()) / grey.std()
    assert ready(pixels).network_input[0, 0] == pytest.approx(expected, abs=1e-3)


def test_only_the_crop_counts() -> None:
    pixels = screen()[0]
    crop = Box(200, 150, 776, 598)
    changed = pixels.copy()
    changed[:150] = 0
    changed[:, 776:] = 255
    same = ready(pixels, crop).network_input
    np.testing.assert_array_equal(ready(changed, crop).network_input, same)
    assert ready(pixels, crop).geometry.crop == crop


def test_grey_and_equal_channels_are_the_same() -> None:
    grey = np.random.default_rng(3).integers(0, 256, (300, 400), np.uint8)
    colour = np.dstack([grey] * 3)
    one, other = ready(grey).network_input, ready(colour).network_input
    np.testing.assert_allclose(one, other, atol=1e-3)


@pytest.mark.parametrize("shape", [(16, 16), (16, 16, 3), (6000, 20)])
def test_odd_sizes(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    assert np.isfinite(ready(pixels).network_input).all()


def test_a_crop_without_pixels() -> None:
    with pytest.raises(SourceError, match="outside"):
        ready(np.zeros((100, 100), np.uint8), Box(200, 0, 300, 100))


@pytest.mark.parametrize("level", [0, 77, 255])
def test_a_flat_picture_is_no_signal(level: int) -> None:
    prepared = ready(np.full((100, 100, 3), level, np.uint8))
    assert prepared.content is Content.NO_SIGNAL
    assert not prepared.network_input.any()


def test_grey_pictures_are_b_mode() -> None:
    pixels = screen()[0]
    assert ready(pixels).content is Content.B_MODE
    assert content_of(pixels[..., 0]) is Content.B_MODE


def test_a_tinted_picture_is_b_mode() -> None:
    grey = screen()[0].astype(np.float32)
    sepia = (grey * (1.0, 0.75, 0.45)).astype(np.uint8)
    assert content_of(sepia) is Content.B_MODE


def test_colour_laid_over_grey_is_doppler() -> None:
    pixels = screen()[0]
    pixels[300:380, 430:530] = (220, 40, 20)
    pixels[380:420, 430:530] = (20, 60, 230)
    assert content_of(pixels) is Content.DOPPLER
    assert ready(pixels).content is Content.DOPPLER


def test_calipers_are_not_doppler() -> None:
    pixels = screen()[0]
    cv2.line(pixels, (380, 300), (560, 420), (255, 255, 0), 2)
    cv2.putText(pixels, "BPD 48 mm", (300, 500), 0, 0.8, (255, 230, 0), 2)
    assert content_of(pixels) is Content.B_MODE


@pytest.mark.parametrize("size_px", [(975, 735), (414, 358), (288, 224)])
def test_writing_is_not_doppler_however_much_there_is(size_px: tuple[int, int]) -> None:
    """Scores of another program, blue and green, right over the tissue."""
    pixels = np.ascontiguousarray(cv2.resize(screen()[0], size_px))
    height_px = size_px[1]
    for line, colour in enumerate(((0, 0, 255), (0, 255, 0), (255, 60, 0))):
        place, size = (0, round((0.15 + 0.2 * line) * height_px)), 0.8 * height_px / 358
        stroke_px = max(round(height_px / 179), 1)
        cv2.putText(pixels, "NonHeart: 99.8", place, 0, size, colour, stroke_px, cv2.LINE_AA)
    chroma = pixels.max(axis=2).astype(int) - pixels.min(axis=2)
    assert (chroma > MIN_CHROMA).mean() > MIN_SHARE  # else there is nothing to be told apart
    assert content_of(pixels) is Content.B_MODE


def test_a_small_flow_beside_writing_is_doppler() -> None:
    pixels = np.ascontiguousarray(cv2.resize(screen()[0], (414, 358)))
    cv2.putText(pixels, "NonHeart: 99.8", (0, 60), 0, 0.8, (0, 255, 0), 2, cv2.LINE_AA)
    assert content_of(pixels) is Content.B_MODE
    cv2.ellipse(pixels, (210, 200), (34, 12), 30, 0, 180, (220, 40, 20), -1)
    cv2.ellipse(pixels, (210, 200), (34, 12), 30, 180, 360, (20, 60, 230), -1)
    assert content_of(pixels) is Content.DOPPLER


@pytest.mark.parametrize("both_ways", [True, False])
@pytest.mark.parametrize("wide_px", [10, 14, 18, 30])
def test_thin_vessels_are_doppler(wide_px: int, both_ways: bool) -> None:
    """A cord or the vessels of a brain: thinner than thick writing, and of the colours of flow."""
    pixels = np.ascontiguousarray(cv2.resize(screen()[0], (798, 621)))
    for number in range(4):
        across = 100 + 150 * number
        path = np.array([[across, 100], [across + 70, 250], [across + 20, 400], [across + 90, 560]])
        towards = number % 2 == 0 and both_ways
        colour = (220, 30, 20) if towards else (20, 40, 220)
        cv2.polylines(pixels, [path.astype(np.int32)], False, colour, wide_px)
    assert content_of(pixels) is Content.DOPPLER
    small = np.asarray(cv2.resize(pixels, (288, 224)), np.uint8)
    assert content_of(small) is Content.DOPPLER


@pytest.mark.parametrize("colour", [(255, 60, 0), (0, 0, 255), (255, 220, 0), (0, 255, 0)])
def test_writing_in_one_colour_is_not_doppler(colour: tuple[int, int, int]) -> None:
    pixels = np.ascontiguousarray(cv2.resize(screen()[0], (414, 358)))
    for line in range(3):
        place = (0, round((0.15 + 0.2 * line) * 358))
        cv2.putText(pixels, "NonHeart: 99.8", place, 0, 0.8, colour, 2, cv2.LINE_AA)
    assert content_of(pixels) is Content.B_MODE


@pytest.mark.real
def test_real_doppler_is_found_and_text_on_real_pictures_is_not(test_data: Path) -> None:
    truth = csv.DictReader((test_data / "scanner_screens" / "truth.csv").read_text().splitlines())
    fields = {
        row["image"]: tuple(
            round(float(row[f"{side}_px"])) for side in ("top", "bottom", "left", "right")
        )
        for row in truth
        if row["content"] == "colour_doppler"
    }
    assert len(fields) >= 5
    for name, (top, bottom, left, right) in fields.items():
        pixels = np.asarray(Image.open(test_data / "scanner_screens" / name).convert("RGB"))
        seen = np.ascontiguousarray(pixels[top:bottom, left:right])
        assert content_of(seen) is Content.DOPPLER, name
        small = np.asarray(cv2.resize(seen, (288, 224)), np.uint8)
        assert content_of(small) is Content.DOPPLER, name
    for name in ("heart_freehand", "no_heart_freehand"):
        with open_source(str(test_data / "video" / f"{name}.mp4")) as source:
            frames = [frame for frame in source if frame.index % 20 == 0]
        assert {content_of(frame.pixels) for frame in frames} == {Content.B_MODE}


@pytest.mark.real
def test_the_published_input(test_data: Path) -> None:
    """The same steps as the published program: crop, 8-bit resize, mean, normalise."""
    for frame in plane_frames(test_data):
        cut = frame.pixels[115:734, 81:874]
        grey = cv2.resize(cut, (288, 224)).astype(np.float64).mean(axis=2)
        expected = 255 * (grey - grey.mean()) / grey.std()
        prepared = prepare(frame, PUBLISHED_CROP, height_px=224, width_px=288)
        np.testing.assert_allclose(prepared.network_input[0, 0], expected, atol=0.01)
        assert prepared.content is Content.B_MODE
