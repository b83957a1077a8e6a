"""Noise under a smooth gain is no anatomy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from real_models import frame_of, plane_frames
from sonoassist.core.packets import Box, Pixels
from sonoassist.preprocess.crop import PUBLISHED_CROP
from sonoassist.preprocess.prepare import prepare
from sonoassist.preprocess.structure import LEAST_STRUCTURE, structure_of

WHOLE = Box(0, 0, 576, 448)


def structure(pixels: Pixels, crop: Box = WHOLE) -> float:
    return structure_of(prepare(frame_of(pixels), crop, height_px=224, width_px=288), 255.0)


@pytest.mark.parametrize("seed", range(4))
def test_noise_has_none_whatever_its_gain(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:1:448j, -1:1:576j]
    gain = 20 + 150 * y**2 * (1 - 0.4 * x**2)
    noise = np.clip(gain * rng.rayleigh(0.8, (448, 576)), 0, 255).astype(np.uint8)
    assert structure(noise) < LEAST_STRUCTURE


def test_one_blob_in_the_noise_is_structure() -> None:
    rng = np.random.default_rng(1)
    noise = rng.rayleigh(40, (448, 576))
    noise[120:260, 180:340] *= 3
    assert structure(np.clip(noise, 0, 255).astype(np.uint8)) > LEAST_STRUCTURE


@pytest.mark.real
def test_real_planes_have_it(test_data: Path) -> None:
    values = [structure(frame.pixels, PUBLISHED_CROP) for frame in plane_frames(test_data)]
    assert min(values) > LEAST_STRUCTURE + 0.1
