from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from real_models import frame_of
from sonoassist.core.packets import Box, Geometry, Prediction, frozen
from sonoassist.core.planes import KEYS, PLANES


@st.composite
def boxes(draw: st.DrawFn, limit: float = 2000.0) -> Box:
    left, top = (draw(st.floats(-limit, limit)) for _ in range(2))
    width, height = (draw(st.floats(0.5, limit)) for _ in range(2))
    return Box(left, top, left + width, top + height)


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    return Geometry(draw(boxes()), draw(st.integers(64, 600)), draw(st.integers(64, 600)))


def edges(box: Box) -> tuple[float, ...]:
    return dataclasses.astuple(box)


@given(geometries(), boxes())
def test_to_frame_and_to_input_are_inverses(geometry: Geometry, box: Box) -> None:
    there_and_back = geometry.to_input(geometry.to_frame(box))
    # The error of one rounding, blown up by the largest zoom these geometries have.
    assert edges(there_and_back) == pytest.approx(edges(box), rel=1e-9, abs=1e-7)
    back_and_there = geometry.to_frame(geometry.to_input(box))
    assert edges(back_and_there) == pytest.approx(edges(box), rel=1e-9, abs=1e-7)


@given(geometries())
def test_the_whole_input_is_the_crop(geometry: Geometry) -> None:
    whole = Box(0, 0, geometry.input_width_px, geometry.input_height_px)
    assert edges(geometry.to_frame(whole)) == pytest.approx(edges(geometry.crop), rel=1e-12)


def test_geometry_by_hand() -> None:
    geometry = Geometry(Box(81, 115, 874, 734), 288, 224)
    box = geometry.to_frame(Box(144, 112, 288, 224))
    assert edges(box) == pytest.approx((477.5, 424.5, 874, 734))


@given(boxes(), boxes())
def test_iou_is_a_share_and_symmetric(one: Box, other: Box) -> None:
    assert 0.0 <= one.iou(other) <= 1.0 + 1e-12
    assert one.iou(other) == pytest.approx(other.iou(one))


@given(boxes())
def test_iou_with_itself_is_one(box: Box) -> None:
    assert box.iou(box) == pytest.approx(1.0)


@given(boxes(), st.floats(0, 100))
def test_iou_of_separate_boxes_is_zero(box: Box, gap: float) -> None:
    moved = Box(box.right + gap, box.top, box.right + gap + box.width, box.bottom)
    assert box.iou(moved) == 0.0


@given(boxes(limit=100), boxes(limit=100), geometries())
def test_iou_is_the_same_in_frame_and_input(one: Box, other: Box, geometry: Geometry) -> None:
    mapped = geometry.to_frame(one).iou(geometry.to_frame(other))
    assert mapped == pytest.approx(one.iou(other), abs=1e-6)


def test_iou_by_hand() -> None:
    assert Box(0, 0, 2, 2).iou(Box(1, 1, 3, 3)) == pytest.approx(1 / 7)
    assert Box(0, 0, 0, 0).iou(Box(0, 0, 0, 0)) == 0.0
    assert Box(0, 0, 2, 1).height == 1


def test_frames_cannot_be_changed() -> None:
    frame = frame_of(frozen(np.zeros((20, 30, 3), np.uint8)))
    assert (frame.width_px, frame.height_px) == (30, 20)
    with pytest.raises(ValueError, match="read-only"):
        frame.pixels[0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        frame.index = 2  # type: ignore[misc]


@given(st.integers(0, 13))
def test_the_prediction_names_the_winner(winner: int) -> None:
    probabilities = np.full(14, 0.02, np.float32)
    probabilities[winner] = 0.74
    prediction = Prediction(1, probabilities, np.zeros((14, 1, 1), np.float32), None)
    assert prediction.plane is PLANES[winner]
    assert prediction.confidence == pytest.approx(0.74)
    assert prediction.is_background == (KEYS[winner] == "background")
