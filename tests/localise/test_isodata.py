"""The threshold beside that of scikit-image, which it stands for."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.filters import threshold_isodata

from sonoassist.core.opencv import cv2
from sonoassist.localise.isodata import isodata


def maps() -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    found = []
    for blur in (0.0, 2.0, 5.0, 12.0):
        for kind in ("normal", "exponential", "rayleigh"):
            made = np.abs(getattr(rng, kind)(size=(224, 288))).astype(np.float32)
            made = cv2.GaussianBlur(made, (0, 0), blur) if blur else made
            found += [made / made.max(), 1e-6 * made, made - 40]
    steps = np.repeat(np.float32([0, 0.25, 1]), [5, 3, 2])
    return [*found, steps, np.float32([[0, 1]])]


def test_it_is_that_of_scikit_image_to_the_last_bit() -> None:
    levels = [(isodata(one), float(threshold_isodata(one))) for one in maps()]
    assert len(levels) == 38
    for ours, theirs in levels:
        assert ours == theirs


def test_it_is_midway_between_the_means_of_both_sides() -> None:
    values = maps()[4]
    level = isodata(values)
    middle = (values[values <= level].mean() + values[values > level].mean()) / 2
    assert level == pytest.approx(middle, abs=float(np.ptp(values)) / 256)
