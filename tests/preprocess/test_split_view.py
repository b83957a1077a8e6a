from __future__ import annotations

import numpy as np
import pytest
from screens_made import screen

from sonoassist.opencv import cv2
from sonoassist.phantom.exam import PhantomExam
from sonoassist.preprocess.split_view import is_split_view


def side_by_side(one: np.ndarray, other: np.ndarray, gap_px: int) -> np.ndarray:
    """Two pictures on a black screen of 960x720."""
    canvas = np.zeros((720, 960, 3), np.uint8)
    width = (960 - gap_px) // 2
    for number, picture in enumerate((one, other)):
        height = round(picture.shape[0] * width / picture.shape[1])
        left = number * (width + gap_px)
        canvas[150 : 150 + height, left : left + width] = cv2.resize(picture, (width, height))
    return canvas


@pytest.fixture(scope="module")
def exam() -> PhantomExam:
    return PhantomExam(3)


def test_single_pictures_are_none(exam: PhantomExam) -> None:
    for index in range(0, 2600, 260):
        assert not is_split_view(exam.frame(index).pixels)
    for bar in (True, False):
        assert not is_split_view(screen(bar=bar)[0])
    assert not is_split_view(np.zeros((480, 640), np.uint8))


def test_two_fans(exam: PhantomExam) -> None:
    one, other = exam.frame(100).pixels[56:], exam.frame(900).pixels[56:]
    for gap_px in (0, 8, 40):
        assert is_split_view(side_by_side(one, other, gap_px))
        assert is_split_view(side_by_side(one, other, gap_px)[..., 0].copy())


def test_two_rectangles_with_a_thin_line_between() -> None:
    speckle = screen(bar=False)[0][200:560, 300:660]
    for gap_px in (2, 12):
        assert is_split_view(side_by_side(speckle, speckle[::-1], gap_px))


def test_a_fan_that_a_shadow_parts_is_one_picture() -> None:
    picture = screen(bar=False)[0]
    corners = np.array([[470, 90], [490, 90], [540, 720], [420, 720]])
    cv2.fillPoly(picture, [corners], (2, 2, 2))
    assert not is_split_view(picture)
