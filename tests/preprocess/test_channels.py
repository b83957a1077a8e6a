from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sonoassist.core.packets import Pixels
from sonoassist.preprocess.channels import strongest, weakest


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_the_same_as_numpy(pixels: Pixels) -> None:
    np.testing.assert_array_equal(strongest(pixels), pixels.max(axis=2))
    np.testing.assert_array_equal(weakest(pixels), pixels.min(axis=2))


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
