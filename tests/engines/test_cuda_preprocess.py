from __future__ import annotations

import platform
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from real_models import frame_of, plane_frames
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box
from sonoassist.engines.cuda_preprocess import CropPreparer, CropResizer
from sonoassist.preprocess.crop import PUBLISHED_CROP
from sonoassist.preprocess.prepare import prepare

CPU = torch.device("cpu")
EXACT = platform.machine() in ("x86_64", "AMD64")  # elsewhere OpenCV may use other kernels
LARGEST_DIFFERENCE = 0 if EXACT else 1
SIZES = st.integers(1, 90)


def resized(crop: NDArray[np.uint8], height: int, width: int) -> NDArray[np.int64]:
    with_channels = crop.reshape(*crop.shape[:2], -1)
    resizer = CropResizer(*crop.shape[:2], height, width, CPU)
    out = resizer(torch.from_numpy(with_channels.copy())[None])[0].numpy()
    return out.reshape(height, width, *crop.shape[2:]).astype(np.int64)


def by_opencv(crop: NDArray[np.uint8], height: int, width: int) -> NDArray[np.int64]:
    out = cv2.resize(crop, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(out).reshape(height, width, *crop.shape[2:]).astype(np.int64)


def assert_same(crop: NDArray[np.uint8], height: int, width: int) -> None:
    difference = np.abs(resized(crop, height, width) - by_opencv(crop, height, width))
    assert difference.max() <= LARGEST_DIFFERENCE


def noise(rows: int, columns: int, channels: tuple[int, ...] = (), seed: int = 0) -> np.ndarray:
    shape = (rows, columns, *channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize(
    "size",
    [(619, 793), (448, 576), (224, 288), (100, 130), (735, 975), (537, 333), (672, 864), (56, 72)],
)
def test_resizing_is_opencvs(size: tuple[int, int], channels: tuple[int, ...]) -> None:
    assert_same(noise(*size, channels), 224, 288)


@given(rows=SIZES, columns=SIZES, height=SIZES, width=SIZES, seed=st.integers(0, 9))
@settings(max_examples=200, deadline=None)
def test_resizing_is_opencvs_at_any_size(
    rows: int, columns: int, height: int, width: int, seed: int
) -> None:
    assert_same(noise(rows, columns, seed=seed), height, width)


def both_prepared(
    crop: NDArray[np.uint8], scale: float = 255.0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rows, columns = crop.shape[:2]
    crop.flags.writeable = False
    theirs = prepare(
        frame_of(crop), Box(0, 0, columns, rows), height_px=112, width_px=144, scale=scale
    )
    preparer = CropPreparer(rows, columns, 112, 144, scale, CPU)
    ours = preparer(torch.from_numpy(crop.reshape(rows, columns, -1).copy())[None])
    return ours.numpy(), theirs.network_input


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("scale", [255.0, 1.0])
def test_inputs_are_those_of_the_processor(channels: tuple[int, ...], scale: float) -> None:
    crop = noise(301, 417, channels) // 3 + np.uint8(40)
    ours, theirs = both_prepared(crop, scale)
    assert ours.shape == theirs.shape == (1, 1, 112, 144)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, atol=(2e-5 if EXACT else 0.05) * scale)


def test_a_flat_crop_is_not_blown_up() -> None:
    crop = np.full((50, 60), 80, np.uint8)
    crop[3:9, 3:9] = 81
    ours, theirs = both_prepared(crop)
    np.testing.assert_allclose(ours, theirs, atol=0.01)
    flat, _ = both_prepared(np.full((50, 60), 7, np.uint8))
    assert not flat.any()


def test_each_crop_of_a_batch_is_normalised_by_itself() -> None:
    crops = np.stack([noise(60, 70, (3,), seed) // (seed + 1) for seed in range(4)])
    preparer = CropPreparer(60, 70, 112, 144, 255.0, CPU)
    together = preparer(torch.from_numpy(crops))
    for crop, ours in zip(crops, together, strict=True):
        np.testing.assert_allclose(ours[None].numpy(), both_prepared(crop.copy())[0], atol=1e-3)


@pytest.mark.real
def test_real_pictures(test_data: Path) -> None:
    box = PUBLISHED_CROP
    for frame in plane_frames(test_data):
        pixels = frame.pixels[int(box.top) : int(box.bottom), int(box.left) : int(box.right)]
        assert_same(pixels, 224, 288)
        theirs = prepare(frame, box, height_px=224, width_px=288).network_input
        preparer = CropPreparer(*pixels.shape[:2], 224, 288, 255.0, CPU)
        with_channels = pixels.reshape(*pixels.shape[:2], -1)
        ours = preparer(torch.from_numpy(with_channels.copy())[None]).numpy()
        np.testing.assert_allclose(ours, theirs, atol=2e-5 * 255 if EXACT else 15)
