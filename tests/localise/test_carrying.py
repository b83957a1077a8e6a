from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from real_models import frame_of
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import (
    Box,
    Content,
    Floats,
    Frame,
    Geometry,
    Localisation,
    Prepared,
    State,
)
from sonoassist.core.planes import PLANES
from sonoassist.localise.carrying import (
    MAX_AGE_S,
    NEXT_FRAME_S,
    CarriedBox,
    Found,
    Motion,
    TrackedAnatomy,
    carried,
)
from sonoassist.localise.sureness import is_sure
from sonoassist.recordings.records import FrameResult, analysis_of

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


def seen_after(zoom: float, turn_deg: float, right: float) -> Floats:
    """The picture after everything has grown and turned about the box's middle, and moved."""
    middle = ((BOX.left + BOX.right) / 2, (BOX.top + BOX.bottom) / 2)
    motion = cv2.getRotationMatrix2D(middle, -turn_deg, zoom)
    motion[0, 2] += right
    return np.asarray(cv2.warpAffine(SPECKLE, motion, (288, 224)), np.float32)


def prepared(picture: Floats, geometry: Geometry = GEOMETRY) -> Prepared:
    return Prepared(0, picture[None, None], geometry, Content.B_MODE)


def found(evidence: Floats | None = None) -> Found:
    box = GEOMETRY.to_frame(BOX)
    where = Localisation(3, box, evidence)
    frame = frame_of(PIXELS, index=3, time_s=1.0)
    return Found(frame, PLANES[0], prepared(SPECKLE), where)


def centre_shift(motion: Motion | None, box: Box) -> tuple[float, float]:
    assert motion is not None
    now = motion.of_box(box)
    return now.left + now.right - box.left - box.right, now.top + now.bottom - box.top - box.bottom


@settings(deadline=None, max_examples=40)
@given(st.floats(-8, 8), st.floats(-8, 8))
def test_the_shift_is_measured(right: float, down: float) -> None:
    motion = TrackedAnatomy(SPECKLE, BOX).motion_to(moved_by(right, down, noise=5))
    assert centre_shift(motion, BOX) == pytest.approx((2 * right, 2 * down), abs=0.6)


@settings(deadline=None, max_examples=60)
@given(
    st.floats(0, 287),
    st.floats(0, 223),
    st.floats(0.1, 288),
    st.floats(0.1, 224),
)
def test_any_box_can_be_measured(left: float, top: float, wide: float, high: float) -> None:
    box = Box(left, top, min(left + wide, 288), min(top + high, 224))
    motion = TrackedAnatomy(SPECKLE, box).motion_to(SPECKLE)
    assert centre_shift(motion, box) == pytest.approx((0, 0), abs=0.2)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.85, 1.15), st.floats(-10, 10), st.floats(-6, 6))
def test_size_and_turn_are_measured(zoom: float, turn_deg: float, right: float) -> None:
    motion = TrackedAnatomy(SPECKLE, BOX).motion_to(seen_after(zoom, turn_deg, right))
    assert motion is not None
    assert motion.zoom == pytest.approx(zoom, abs=0.02)
    assert motion.turn_deg == pytest.approx(turn_deg, abs=1)
    assert motion.shift_px(BOX) == pytest.approx(abs(right), abs=0.5)


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
    assert (now.box.width, now.box.height) == pytest.approx((old.width, old.height), rel=0.01)
    assert now.evidence is not None
    rows, columns = np.nonzero(now.evidence > 0.5)
    assert (columns.min(), rows.min()) == pytest.approx((83, 58), abs=1)


@pytest.mark.parametrize(
    "fields",
    [
        {"time_s": 1.0},
        {"time_s": 1.0 + NEXT_FRAME_S + 0.01},
        {"time_s": 1.0 + MAX_AGE_S + 0.01},
        {"time_s": 0.9},
        {"time_s": 1.04, "source_id": "another"},
        {"time_s": 1.04, "still": True},
    ],
)
def test_what_does_not_follow_gets_no_old_box(fields: dict[str, object]) -> None:
    frame = frame_of(PIXELS, index=4, **fields)
    assert carried(found(), frame, prepared(SPECKLE)) is None
    late_is_fine = fields.get("time_s") == 1.0 + NEXT_FRAME_S + 0.01
    assert (CarriedBox(found()).moved_to(frame, prepared(SPECKLE)) is not None) is late_is_fine


def test_another_crop_or_another_picture_gets_no_old_box() -> None:
    frame = frame_of(PIXELS, index=4, time_s=1.04)
    other = Geometry(Box(0, 0, 576, 448), 288, 224)
    assert carried(found(), frame, prepared(SPECKLE, other)) is None
    unlike = np.random.default_rng(9).standard_normal((224, 288)).astype(np.float32)
    assert carried(found(), frame, prepared(unlike)) is None
    assert carried(found(), frame, prepared(moved_by(40, 0))) is None
    flat = np.zeros((224, 288), np.float32)
    assert carried(found(), frame, prepared(flat)) is None


def step(index: int, time_s: float) -> Frame:
    return frame_of(PIXELS, index=index, time_s=time_s)


def test_a_box_is_followed_for_half_a_second_without_drifting_away() -> None:
    box = CarriedBox(found(np.ones((224, 288), np.float32)))
    old = GEOMETRY.to_frame(BOX)
    for index in range(1, 13):
        frame = step(3 + index, 1 + 0.04 * index)
        now = box.moved_to(frame, prepared(moved_by(2.5 * index, -1.5 * index, noise=10)))
        assert now is not None
        assert now.box is not None
        assert (now.frame_id, now.evidence, now.sought) == (frame.frame_id, None, False)
        assert now.age_s == pytest.approx(0.04 * index)
        corner = (now.box.left - old.left, now.box.top - old.top)
        assert corner == pytest.approx((5 * index, -3 * index), abs=1.5)
    assert box.moved_to(step(16, 1.52), prepared(moved_by(30, -18))) is None


def test_a_box_grows_with_its_anatomy() -> None:
    now = CarriedBox(found()).moved_to(step(4, 1.2), prepared(seen_after(1.15, 5, 2)))
    assert now is not None
    assert now.box is not None
    old = GEOMETRY.to_frame(BOX)
    assert now.box.width / old.width == pytest.approx(1.15, abs=0.02)
    assert now.box.height / old.height == pytest.approx(1.15, abs=0.02)


def test_a_lost_box_stays_lost() -> None:
    box = CarriedBox(found())
    assert box.moved_to(step(4, 1.04), prepared(moved_by(1, 0))) is not None
    unlike = np.random.default_rng(9).standard_normal((224, 288)).astype(np.float32)
    assert box.moved_to(step(5, 1.08), prepared(unlike)) is None
    assert box.moved_to(step(6, 1.12), prepared(moved_by(1, 0))) is None


@pytest.mark.parametrize(
    "picture",
    [
        SPECKLE[:, ::-1].copy(),
        SPECKLE[::-1].copy(),
        -SPECKLE,
        np.zeros((224, 288), np.float32),
        seen_after(1.5, 0, 0),
        seen_after(1.0, 40, 0),
        moved_by(70, 0),
    ],
    ids=["mirrored", "upside down", "inverted", "flat", "too large", "turned too far", "too far"],
)
def test_what_is_not_the_same_view_gets_no_box(picture: Floats) -> None:
    assert CarriedBox(found()).moved_to(step(4, 1.12), prepared(picture)) is None


def test_a_box_leaves_the_picture_no_further_than_half() -> None:
    edge = Localisation(3, GEOMETRY.to_frame(Box(0, 60, 60, 150)), None)
    box = CarriedBox(replace(found(), localisation=edge))
    places = []
    for index in range(1, 12):
        now = box.moved_to(step(3 + index, 1 + 0.04 * index), prepared(moved_by(-4 * index, 0)))
        places.append(None if now is None else now.box)
    assert places[3] is not None
    assert places[3].left == pytest.approx(GEOMETRY.crop.left)
    assert places[3].width == pytest.approx(2 * (60 - 16), abs=3)
    assert places[-1] is None


def test_another_kind_of_picture_or_no_box_is_not_carried() -> None:
    doppler = replace(prepared(SPECKLE), content=Content.DOPPLER)
    assert CarriedBox(found()).moved_to(step(4, 1.04), doppler) is None
    nothing = replace(found(), localisation=Localisation(3, None, None))
    assert CarriedBox(nothing).moved_to(step(4, 1.04), prepared(SPECKLE)) is None


def test_a_carried_box_is_as_sure_as_it_was_and_not_at_the_border() -> None:
    """The one that was doubted stays so; one that has gone to the border is doubted there."""
    later = step(4, 1.04)
    still, gone = prepared(SPECKLE), prepared(moved_by(8, 0))
    for was in (True, False):
        began = found()
        began = replace(began, localisation=replace(began.localisation, sure=was))
        moved = CarriedBox(began).moved_to(later, still)
        assert moved is not None
        assert moved.sure == (was and is_sure(moved.box, GEOMETRY.crop, began.plane))
    edge = Box(288 - 80, 60, 288 - 5, 150)
    at_edge = Found(
        frame_of(PIXELS, index=3, time_s=1.0),
        PLANES[0],
        prepared(SPECKLE),
        Localisation(3, GEOMETRY.to_frame(edge), None),
    )
    moved = CarriedBox(at_edge).moved_to(later, gone)
    assert moved is not None
    assert not moved.sure


def test_kept_boxes_are_as_sure_as_found_ones() -> None:
    shares = np.full(14, 0.01, np.float32)
    shares[0] = 0.87
    for box in (GEOMETRY.to_frame(Box(100, 60, 170, 120)), GEOMETRY.to_frame(Box(0, 60, 70, 120))):
        kept = FrameResult(3, State.PLANE, shares, box, 0.5, crop=GEOMETRY.crop)
        analysis = analysis_of(frame_of(PIXELS, index=3), kept, GEOMETRY.crop)
        assert analysis is not None
        assert analysis.localisation.sure == kept.sure == (box.left > GEOMETRY.crop.left + 5)
