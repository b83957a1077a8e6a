from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box
from sonoassist.render.thumbnails import SIZE_PX, thumbnail, thumbnail_of_file

SHAPE = (SIZE_PX[1], SIZE_PX[0], 3)


@given(
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    grey=st.booleans(),
    corners=st.tuples(*[st.floats(-50, 800)] * 4),
)
def test_every_field_gives_a_picture_of_the_same_size(
    width: int, height: int, grey: bool, corners: tuple[float, float, float, float]
) -> None:
    picture = np.full((height, width) if grey else (height, width, 3), 77, np.uint8)
    small = thumbnail(picture, Box(*corners))
    assert small.shape == SHAPE
    assert (small == 77).all()
    assert not small.flags.writeable


def test_it_shows_the_middle_of_the_field_undistorted() -> None:
    picture = np.zeros((600, 800, 3), np.uint8)
    picture[200:400, 300:500] = (200, 100, 50)
    small = thumbnail(picture, Box(200, 150, 600, 450))
    inside = np.argwhere(small[..., 0] > 100)
    (top, left), (bottom, right) = inside.min(axis=0), inside.max(axis=0)
    assert abs((bottom - top) - (right - left)) <= 1
    assert abs((top + bottom) / 2 - SIZE_PX[1] / 2) <= 1
    assert tuple(small[72, 96]) == (200, 100, 50)


def test_a_still_on_disk_and_one_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[..., 2] = 250
    cv2.imwrite(str(path), picture)  # in OpenCV's order: red
    assert tuple(thumbnail_of_file(path, Box(0, 0, 80, 60))[5, 5]) == (250, 0, 0)
    assert thumbnail_of_file(tmp_path / "none.png", Box(0, 0, 80, 60)).shape == SHAPE
