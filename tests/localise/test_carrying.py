from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from real_models import frame_of
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Content, Floats, Geometry, Localisation, Prepared
from sonoassist.core.planes import PLANES
from sonoassist.localise.carrying import MAX_AGE_S, Found, carried, measured_shift

GEOMETRY = Geometry(Box(100, 50, 676, 498), 288, 224)  # two frame pixels to a pixel of the input
BOX = Box(80, 60, 180, 150)
RNG = np.random.default_rng(0)
SPECKLE = cv2.GaussianBlur(RNG.standard_normal((224, 288)).astype(np.float32), (0, 0), 2) * 255
PIXELS = np.zeros((500, 700), np.uint8)


def moved_by(right: float, down: float, noise: float = 0.0) -> Floats:
    motion = np.array([[1, 0, right], [0, 1, down]], np.float32)
    picture = cv2.warpAffine(SPECKLE, motion, (288, 224), borderMode=cv2.BORDER_REFLECT)
    more = noise * RNG.standard_normal(picture.shape)
    return np.asarray(picture + more, np.float32)


def prepared(picture: Floats, geometry: Geometry = GEOMETRY) -> Prepared:
    return Prepared(0, picture[None, None], geometry, Content.B_MODE)


def found(evidence: Floats | None = None) -> Found:
    box = GEOMETRY.to_frame(BOX)
    where = Localisation(3, box, evidence)
    frame = frame_of(PIXELS, index=3, time_s=1.0)
    return Found(frame, PLANES[0], prepared(SPECKLE), where)


@settings(deadline=None, max_examples=40)
@given(st.floats(-8, 8), st.floats(-8, 8))
def test_the_shift_is_measured(right: float, down: float) -> None:
    shift = measured_shift(SPECKLE, moved_by(right, down, noise=5), BOX)
    assert shift == pytest.approx((right, down), abs=0.3)


@settings(deadline=None, max_examples=60)
@given(
    st.floats(0, 287), st.floats(0, 223), st.floats(0.1, 288), st.floats(0.1, 224),
)  # fmt: skip
def test_any_box_can_be_measured(left: float, top: float, wide: float, high: float) -> None:
    box = Box(left, top, min(left + wide, 288), min(top + high, 224))
    assert measured_shift(SPECKLE, SPECKLE, box) == pytest.approx((0, 0), abs=0.1)


def test_the_box_goes_with_its_anatomy() -> None:
    evidence = np.zeros((224, 288), np.float32)
    evidence[60:150, 80:180] = 1.0
    start = found(evidence)
    now = carried(start, frame_of(PIXELS, index=4, time_s=1.04), prepared(moved_by(3, -2)))
    assert now is not None
    assert now.frame_id == 4
    assert now.age_s == pytest.approx(0.04)
    assert now.box is not None
    old = GEOMETRY.to_frame(BOX)
    assert (now.box.left, now.box.top) == pytest.approx((old.left + 6, old.top - 4), abs=1)
    assert (now.box.width, now.box.height) == pytest.approx((old.width, old.height))
    assert now.evidence is not None
    rows, columns = np.nonzero(now.evidence > 0.5)
    assert (columns.min(), rows.min()) == pytest.approx((83, 58), abs=1)


@pytest.mark.parametrize(
    "fields",
    [
        {"time_s": 1.0},
        {"time_s": 1.0 + MAX_AGE_S + 0.01},
        {"time_s": 0.9},
        {"time_s": 1.04, "source_id": "another"},
        {"time_s": 1.04, "still": True},
    ],
)
def test_what_does_not_follow_gets_no_old_box(fields: dict[str, object]) -> None:
    frame = frame_of(PIXELS, index=4, **fields)
    assert carried(found(), frame, prepared(SPECKLE)) is None


def test_another_crop_or_another_picture_gets_no_old_box() -> None:
    frame = frame_of(PIXELS, index=4, time_s=1.04)
    other = Geometry(Box(0, 0, 576, 448), 288, 224)
    assert carried(found(), frame, prepared(SPECKLE, other)) is None
    unlike = np.random.default_rng(9).standard_normal((224, 288)).astype(np.float32)
    assert carried(found(), frame, prepared(unlike)) is None
    assert carried(found(), frame, prepared(moved_by(40, 0))) is None
    flat = np.zeros((224, 288), np.float32)
    assert carried(found(), frame, prepared(flat)) is None
