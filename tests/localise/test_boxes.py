from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from real_models import EXACT, plane_frames, published_analyser, true_box
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats, Geometry, Prediction
from sonoassist.core.planes import BY_KEY, INDEX, PLANES, Polarity
from sonoassist.localise.boxes import box_of, evidence_of, found_box, localise
from sonoassist.model.box_rule import BoxRule, Method, Weight, paper_rule

RULE = paper_rule(BY_KEY["femur"])
INPUT = Geometry(Box(0, 0, 288, 224), 288, 224)


def blank(height: int = 60, width: int = 80) -> Floats:
    return np.zeros((height, width), np.float32)


def prediction_of(key: str, saliency: Floats | None) -> Prediction:
    probabilities = np.full(14, 0.01, np.float32)
    probabilities[INDEX[key]] = 0.87
    return Prediction(5, probabilities, np.zeros((14, 1, 1), np.float32), saliency)


def both_signs() -> Floats:
    """A bright structure at the left, a dark one (twice as strong) at the right."""
    saliency = blank()
    saliency[20:40, 10:25] = 1.0
    saliency[10:30, 50:70] = -2.0
    return saliency


BRIGHT, DARK = Box(10, 20, 25, 40), Box(50, 10, 70, 30)


@pytest.mark.parametrize("plane", [one for one in PLANES if not one.is_background])
def test_polarity(plane: object) -> None:
    evidence = evidence_of(both_signs(), paper_rule(plane), blank())
    bright, dark = evidence[20:40, 10:25].mean(), evidence[10:30, 50:70].mean()
    if plane.polarity is Polarity.POSITIVE:
        assert bright > 0.8
        assert dark == 0
    elif plane.polarity is Polarity.NEGATIVE:
        assert dark > 0.8
        assert bright == 0
    else:
        assert dark > bright > 0.3
    box = box_of(evidence, RULE)
    assert box is not None
    assert box.iou(BRIGHT if plane.polarity is Polarity.POSITIVE else DARK) > 0.7


@pytest.mark.parametrize("value", [0.0, -3.0])
def test_nothing_of_the_polarity(value: float) -> None:
    evidence = evidence_of(np.full((60, 80), value, np.float32), RULE, blank())
    assert not evidence.any()
    assert box_of(evidence, RULE) is None
    localisation = localise(
        prediction_of("femur", np.full((60, 80), value, np.float32)), INPUT, blank()
    )
    assert localisation.box is None


def test_flat_evidence_has_no_box() -> None:
    assert box_of(np.ones((60, 80), np.float32), RULE) is None


def test_saliency_that_is_no_number_has_no_box() -> None:
    assert box_of(evidence_of(np.full((60, 80), np.nan, np.float32), RULE, blank()), RULE) is None


def test_the_largest_component_wins_not_the_strongest() -> None:
    evidence = blank()
    evidence[5:10, 5:10] = 1.0
    evidence[30:50, 40:70] = 0.8
    assert box_of(evidence, RULE) == Box(40, 30, 70, 50)


def test_diagonal_neighbours_belong_together() -> None:
    evidence = blank()
    for step in range(10):
        evidence[10 + step, 20 + step] = 1.0
    assert box_of(evidence, RULE) == Box(20, 10, 30, 20)


def test_the_threshold_is_isodatas() -> None:
    """Isodata's threshold lies midway between the means of the two groups it makes."""
    evidence = blank()
    evidence[:] = 0.1
    evidence[10:20, 10:30] = 0.4  # below midway between 0.1 and 1.0
    evidence[40:50, 40:60] = 1.0
    assert box_of(evidence, RULE) == Box(40, 40, 60, 50)


def test_background_and_missing_saliency_have_no_box() -> None:
    for key, saliency in (("background", both_signs()), ("femur", None)):
        localisation = localise(prediction_of(key, saliency), INPUT, blank())
        assert (localisation.box, localisation.evidence) == (None, None)


def test_the_box_is_mapped_to_the_frame() -> None:
    saliency = np.zeros((224, 288), np.float32)
    saliency[100:140, 120:200] = 1
    geometry = Geometry(Box(81, 115, 874, 734), 288, 224)
    localisation = localise(prediction_of("femur", saliency), geometry, blank())
    assert localisation.frame_id == 5
    assert localisation.box is not None
    expected = geometry.to_frame(Box(120, 100, 200, 140))
    assert localisation.box.iou(expected) > 0.85
    assert localisation.evidence is not None
    assert localisation.evidence.max() == pytest.approx(1.0)
    assert not localisation.evidence.flags.writeable


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(8, 40), st.integers(8, 40)),
        elements=st.floats(-1e4, 1e4, width=32),
        fill=st.just(0.0),
    ),
    st.sampled_from(PLANES),
)
def test_boxes_stay_inside_the_input(saliency: Floats, plane: object) -> None:
    evidence = evidence_of(saliency, paper_rule(plane), 0 * saliency)
    assert evidence.min() >= 0
    assert evidence.max() <= 1
    box = box_of(evidence, RULE)
    if box is not None:
        left, top, right, bottom = dataclasses.astuple(box)
        assert 0 <= left < right <= saliency.shape[1]
        assert 0 <= top < bottom <= saliency.shape[0]


@pytest.mark.real
def test_boxes_of_the_13_planes(test_data: Path) -> None:
    analyser = published_analyser(test_data, crop="published", choice=EXACT)
    overlaps = []
    for frame in plane_frames(test_data):
        analysis = analyser.analyse(frame)
        assert analysis.localisation.box is not None
        box = analysis.geometry.to_input(analysis.localisation.box)
        assert box.iou(true_box(test_data, frame.name, "reference_box_input_px")) >= 0.95
        overlaps.append(box.iou(true_box(test_data, frame.name, "box_input_px")))
    assert len(overlaps) == 13
    assert np.mean(overlaps) >= 0.53
    assert sum(overlap >= 0.5 for overlap in overlaps) >= 8


@pytest.mark.parametrize(("weight", "found"), [(Weight.BRIGHT, BRIGHT), (Weight.DARK, DARK)])
def test_what_is_bright_or_dark_in_the_picture_can_weigh(weight: Weight, found: Box) -> None:
    picture = blank()
    picture[20:40, 10:25], picture[10:30, 50:70] = 200.0, -150.0
    everywhere = np.ones((60, 80), np.float32)
    rule = BoxRule(polarity=Polarity.ABSOLUTE, weight=weight)
    box = box_of(evidence_of(everywhere, rule, picture), rule)
    assert box is not None
    assert box.iou(found) > 0.8


def test_a_box_is_grown_about_its_centre_and_stays_in_the_picture() -> None:
    rule = BoxRule(polarity=Polarity.POSITIVE, grow_x=2.0, grow_y=0.5)
    evidence = blank()
    evidence[20:40, 10:30] = 1.0
    assert box_of(evidence, rule) == Box(0, 25, 40, 35)


def test_a_rule_says_its_method() -> None:
    """The same saliency and picture; the box goes around what the method says."""
    saliency = np.zeros((224, 288), np.float32)
    saliency[60:160, 90:200] = 1.0
    picture = np.zeros((224, 288), np.float32)
    cv2.ellipse(picture, ((145, 110), (150, 120), 0), 60, -1)
    cv2.ellipse(picture, ((145, 110), (150, 120), 0), 200, 4)
    cv2.line(picture, (100, 100), (190, 110), 255, 9)
    picture = (255 * (picture - picture.mean()) / picture.std()).astype(np.float32)
    geometry = Geometry(Box(0, 0, 288, 224), 288, 224)
    boxes = {}
    for method in Method:
        rule = BoxRule(method=method, polarity=Polarity.ABSOLUTE, blur_px=35)
        found = localise(prediction_of("femur", saliency), geometry, picture, {"femur": rule})
        assert found.box is not None
        boxes[method] = found.box
    assert boxes[Method.COMPONENT].iou(Box(90, 60, 200, 160)) > 0.7
    assert boxes[Method.WALL].iou(Box(70, 50, 220, 170)) > 0.8
    assert boxes[Method.LINE].iou(Box(96, 95, 195, 115)) > 0.6


@given(
    saliency=hnp.arrays(np.float32, (56, 72), elements=st.floats(-2, 2, width=32)),
    seed=st.integers(0, 9),
    method=st.sampled_from(Method),
)
@settings(max_examples=40, deadline=None)
def test_any_method_stays_inside_the_input(saliency: Floats, seed: int, method: Method) -> None:
    picture = np.random.default_rng(seed).normal(0, 255, (56, 72)).astype(np.float32)
    rule = BoxRule(method=method, polarity=Polarity.ABSOLUTE, blur_px=11)
    box = found_box(evidence_of(saliency, rule, picture), rule, picture)
    if box is not None:
        assert 0 <= box.left <= box.right <= 72
        assert 0 <= box.top <= box.bottom <= 56


def test_a_box_at_the_border_is_not_sure() -> None:
    saliency = np.zeros((224, 288), np.float32)
    geometry = Geometry(Box(50, 20, 626, 468), 288, 224)
    sure = {}
    for name, rows in (("inside", slice(60, 150)), ("border", slice(0, 90))):
        lit = saliency.copy()
        lit[rows, 100:180] = 1.0
        sure[name] = localise(prediction_of("profile", lit), geometry, 0 * saliency).sure
    assert sure == {"inside": True, "border": False}
