"""A scanner that stands still is told from a probe that is held still."""

from __future__ import annotations

import numpy as np
import pytest

from real_models import frame_of
from sonoassist.core.packets import Box, Pixels
from sonoassist.preprocess.freeze import FROZEN_AFTER_S, FreezeDetector
from sonoassist.preprocess.prepare import prepare

FPS = 25
RNG = np.random.default_rng(4)
TISSUE = np.asarray(np.kron(RNG.integers(20, 230, (60, 80)), np.ones((8, 8))), np.uint8)


def flags(pictures: list[Pixels], *, still: bool = False) -> list[bool]:
    detector, found = FreezeDetector(), []
    for index, pixels in enumerate(pictures):
        frame = frame_of(pixels, time_s=index / FPS, index=index, still=still)
        made = prepare(frame, Box(0, 0, 640, 480), height_px=224, width_px=288)
        found.append(detector.see(frame, made, 255.0))
    return found


def coded(picture: Pixels, noise: float) -> Pixels:
    return np.clip(picture + RNG.normal(0, noise, picture.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_one_picture_that_stays_is_frozen_after_a_while(noise: float) -> None:
    found = flags([coded(TISSUE, noise) for _ in range(30)])
    began = found.index(True)
    assert began / FPS == pytest.approx(FROZEN_AFTER_S, abs=1.5 / FPS)
    assert all(found[began:])


def test_a_picture_that_creeps_is_not_frozen() -> None:
    assert not any(flags([np.roll(TISSUE, index // 2, axis=1) for index in range(40)]))


def test_each_picture_shown_some_times_is_not_frozen() -> None:
    pictures = [np.roll(TISSUE, 3 * (index // 4), axis=0) for index in range(40)]
    assert not any(flags(pictures))


def test_the_flag_ends_with_the_freeze() -> None:
    found = flags([TISSUE] * 20 + [np.roll(TISSUE, 5, axis=1)] * 8)
    assert found[19]
    assert not any(found[20:])


def test_stills_are_never_frozen() -> None:
    assert not any(flags([TISSUE] * 30, still=True))
