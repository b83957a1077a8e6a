from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.filters import threshold_isodata

from sonoassist.core.opencv import cv2
from sonoassist.localise.isodata import isodata


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 20), st.sampled_from([0.0, 0.5, 0.95]))
def test_it_is_that_of_scikit_image_to_the_last_bit(seed: int, power: float, empty: float) -> None:
    """Blurred spots on an empty ground, as what a network looks at."""
    rng = np.random.default_rng(seed)
    spots = rng.random((56, 72), np.float32) ** np.float32(power) * (rng.random((56, 72)) >= empty)
    blurred = cv2.GaussianBlur(spots.astype(np.float32), (9, 9), 0)
    found = np.asarray(blurred / blurred.max(), np.float32)
    assert isodata(found) == float(threshold_isodata(found))


@pytest.mark.parametrize("values", [[0, 1], [-3, 2, 2, 2], [0, 0, 0, 1e-20], [1, 1e20, 2e20]])
def test_few_values(values: list[float]) -> None:
    few = np.array(values, np.float32)
    assert isodata(few) == float(threshold_isodata(few))


def test_a_threshold_parts_two_groups() -> None:
    groups = np.repeat(np.array([10, 12, 90, 92], np.float32), 25)
    assert 50 < isodata(groups) < 52
