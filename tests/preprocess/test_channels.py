from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sonoassist.core.packets import Pixels
from sonoassist.preprocess.channels import extremes, grey_of, strongest, weakest


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_the_same_as_numpy(pixels: Pixels) -> None:
    np.testing.assert_array_equal(strongest(pixels), pixels.max(axis=2))
    np.testing.assert_array_equal(weakest(pixels), pixels.min(axis=2))
    for both, one in zip(extremes(pixels), (strongest, weakest), strict=True):
        np.testing.assert_array_equal(both, one(pixels))


@pytest.mark.parametrize("part", [np.s_[2:7, 1:5], np.s_[::2, ::-1]])
def test_parts_of_a_picture(part: tuple[slice, slice]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 3), np.uint8)[part]
    pixels.setflags(write=False)
    np.testing.assert_array_equal(strongest(pixels), pixels.max(axis=2))
    np.testing.assert_array_equal(weakest(pixels), pixels.min(axis=2))


def test_grey_stays_as_it_is() -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert strongest(grey) is grey
    assert weakest(grey) is grey


def test_the_mean_is_numpys() -> None:
    colours = np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8)
    colours[0, :4] = [[255, 255, 255], [0, 0, 0], [255, 254, 254], [0, 0, 1]]
    found = grey_of(colours)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, colours.astype(np.float32).mean(axis=2))
    np.testing.assert_array_equal(grey_of(colours[..., 0]), colours[..., 0].astype(np.float32))
