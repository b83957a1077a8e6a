from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_analyses import analysis_of, shares_of
from real_models import frame_of
from sonoassist.core.flaws import Flaw, Hint, from_json, to_json
from sonoassist.core.packets import Analysis, Box, Frame, Geometry, Localisation, State
from sonoassist.core.planes import INDEX, KEYS
from sonoassist.temporal.hint_meter import HELD_S, HintMeter, hints_of_picture
from sonoassist.temporal.hints import (
    FAST,
    Light,
    Placed,
    hints_of,
    own_hints,
    place_flaws,
    placed_again,
)

PLANES = [key for key in KEYS if key != "background"]
CROP = Box(100, 50, 500, 350)
WELL = Box(200, 125, 400, 275)
"""In the middle, half as wide as the picture: good for every plane."""
FAN = ((180.0, 50.0), (420.0, 50.0), (500.0, 350.0), (100.0, 350.0))
WIDER = ((60.0, 20.0), (540.0, 20.0), (540.0, 390.0), (60.0, 390.0))


def flaws(*args: object, **kwargs: object) -> set[Flaw]:
    return {one.flaw for one in hints_of(*args, **kwargs)}  # type: ignore[arg-type]


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("outline", [(), FAN, WIDER])
def test_a_well_placed_plane_gets_no_hint(plane: str, outline: tuple) -> None:
    light = Light(high=140, white=0.0)
    assert hints_of(Placed(plane, WELL, CROP, outline), light, motion_hz=0.02) == ()


def test_what_was_not_measured_gives_no_hint() -> None:
    assert hints_of(None) == ()
    assert hints_of(None, None, math.nan) == ()


def test_a_small_heart_is_small_and_a_thigh_of_that_size_is_not() -> None:
    box = Box(252, 170, 348, 194)  # 0.24 of the width
    assert flaws(Placed("4ch", box, CROP)) == {Flaw.TOO_SMALL}
    assert flaws(Placed("femur", box, CROP)) == set()


def test_a_plane_at_the_side_is_off_centre() -> None:
    assert flaws(Placed("abdominal", Box(110, 125, 310, 275), CROP)) == {Flaw.OFF_CENTRE}


def test_a_plane_at_the_edge_of_the_fan_is_cut_off_within_the_crop() -> None:
    leaning = Box(131, 120, 331, 270)  # its left side lies where the fan ends
    assert Flaw.CUT_OFF in flaws(Placed("abdominal", leaning, CROP, FAN))
    assert Flaw.CUT_OFF not in flaws(Placed("abdominal", leaning, CROP, WIDER))


def test_where_the_picture_goes_on_beyond_the_crop_nothing_is_cut_off() -> None:
    at_edge = Box(100, 125, 300, 275)
    assert Flaw.CUT_OFF not in flaws(Placed("brain_tv", at_edge, CROP, WIDER))
    assert Flaw.CUT_OFF in flaws(Placed("brain_tv", at_edge, CROP))


@pytest.mark.parametrize("plane", ["spine_cor", "spine_sag"])
@pytest.mark.parametrize("outline", [(), FAN])
def test_a_spine_may_fill_the_width(plane: str, outline: tuple) -> None:
    assert hints_of(Placed(plane, Box(100, 170, 500, 220), CROP, outline)) == ()
    high = Box(150, 50, 450, 100)
    assert Flaw.CUT_OFF in flaws(Placed(plane, high, CROP, outline))


def test_light_and_motion() -> None:
    assert flaws(None, Light(60, 0.0)) == {Flaw.TOO_DARK}
    assert flaws(None, Light(240, 0.2)) == {Flaw.TOO_BRIGHT}
    assert flaws(None, Light(140, 0.0), FAST * 1.5) == {Flaw.MOVING}


edges = st.tuples(
    st.floats(100, 480), st.floats(50, 330), st.floats(5, 400), st.floats(5, 300)
).map(lambda v: Box(v[0], v[1], min(v[0] + v[2], 500), min(v[1] + v[3], 350)))


@given(edges, st.sampled_from(PLANES), st.floats(0, 255), st.floats(0, 1), st.floats(0, 9))
def test_strengths_lie_between_0_and_1_and_are_kept(
    box: Box, plane: str, high: float, white: float, motion: float
) -> None:
    found = hints_of(Placed(plane, box, CROP, FAN), Light(high, white), motion)
    assert all(0 < one.strength <= 1 for one in found)
    assert [one.flaw for one in found] == [flaw for flaw in Flaw if flaw in flaws_in(found)]
    kept = from_json(to_json(found))
    assert kept == tuple(Hint(one.flaw, round(one.strength, 3)) for one in found)


def flaws_in(found: tuple[Hint, ...]) -> set[Flaw]:
    return {one.flaw for one in found}


@given(st.lists(st.tuples(edges, st.sampled_from(PLANES)), min_size=1, max_size=8))
def test_many_at_once_are_counted_as_one_by_one(some: list[tuple[Box, str]]) -> None:
    boxes = np.array([[b.left, b.top, b.right, b.bottom] for b, _ in some])
    crops = np.tile([CROP.left, CROP.top, CROP.right, CROP.bottom], (len(some), 1))
    planes = np.array([INDEX[plane] for _, plane in some])
    counted = place_flaws(boxes, crops, planes)
    assert counted.tolist() == [len(hints_of(Placed(plane, box, CROP))) for box, plane in some]


def test_without_box_or_crop_nothing_is_known() -> None:
    boxes = np.array([[np.nan] * 4, [0, 0, 1, 1]])
    crops = np.array([[0, 0, 9, 9], [np.nan] * 4], np.float64)
    assert np.isnan(place_flaws(boxes, crops, np.array([0, 1]))).all()


def test_none_is_kept_as_none_and_nonsense_is_refused() -> None:
    assert to_json(None) is None
    assert from_json(None) is None
    assert from_json("{}") == ()
    assert from_json('{"of_a_newer_program": 0.5}') == ()
    for text in ("[]", '{"moving": 2}', '{"moving": "x"}', '{"moving": true}', 5):
        with pytest.raises((TypeError, ValueError)):
            from_json(text)


# --- measured in pictures ---------------------------------------------------------------------

RNG = np.random.default_rng(3)
TISSUE = np.asarray(
    np.kron(RNG.integers(30, 140, (40, 50)), np.ones((10, 10))), np.uint8
)  # (400, 500)


def seen(pixels: np.ndarray, time_s: float, box: Box | None = WELL, **more: object):
    frame = frame_of(pixels, time_s=time_s, captured_at_s=time_s, index=round(time_s * 25))
    made = analysis_of(frame, shares_of("abdominal"), box=box)
    geometry = Geometry(CROP, 288, 224, WIDER)
    return replace(made, geometry=geometry, **more)


FAR = Box(120, 60, 480, 340)


def at(time_s: float, like: Analysis) -> Frame:
    return replace(like.frame, time_s=time_s)


def test_a_picture_that_moves_is_told_from_one_that_is_held() -> None:
    meter = HintMeter()
    assert meter.measure(seen(TISSUE, 0.0)) == ()
    assert meter.measure(seen(TISSUE, 0.04)) == ()
    moved = np.roll(TISSUE, 8, axis=1)  # 0.02 of the width in 0.08 s
    (hint,) = meter.measure(seen(moved, 0.08)) or ()
    assert hint.flaw is Flaw.MOVING


def test_motion_is_by_time_and_not_by_frames() -> None:
    quick, slow = HintMeter(), HintMeter()
    moved = np.roll(TISSUE, 8, axis=1)
    for meter, apart_s in ((quick, 0.08), (slow, 0.24)):
        meter.measure(seen(TISSUE, 0.0))
        found = meter.measure(seen(moved, apart_s)) or ()
        assert {one.flaw for one in found} == ({Flaw.MOVING} if meter is quick else set())


def test_a_brighter_picture_is_not_a_moving_one() -> None:
    meter = HintMeter()
    meter.measure(seen(TISSUE, 0.0))
    assert meter.measure(seen(np.asarray(TISSUE * 1.2, np.uint8), 0.08)) == ()


def test_dark_and_bright_pictures() -> None:
    for factor, flaw in ((0.4, Flaw.TOO_DARK), (2.0, Flaw.TOO_BRIGHT)):
        lit = np.clip(TISSUE * factor, 0, 255).astype(np.uint8)
        found = HintMeter().measure(seen(lit, 0.0)) or ()
        assert {one.flaw for one in found} == {flaw}


def test_no_plane_no_hints() -> None:
    for state in State:
        found = HintMeter().measure(seen(TISSUE // 3, 0.0, state=state))
        assert (found is not None) == (state is State.PLANE)


def test_a_frame_that_nobody_has_looked_for_a_box_on_has_the_hints_of_the_one_before() -> None:
    meter = HintMeter()
    small = Box(280, 190, 320, 210)
    first = meter.measure(seen(TISSUE, 0.0, box=small)) or ()
    assert {one.flaw for one in first} == {Flaw.TOO_SMALL}
    unsought = Localisation(0, None, None, sought=False)
    assert meter.measure(seen(TISSUE, 0.04, localisation=unsought)) == first
    sought = Localisation(0, None, None)
    assert meter.measure(seen(TISSUE, 0.08, localisation=sought)) == ()


ASIDE = Box(110, 60, 150, 80)
UNSOUGHT = Localisation(0, None, None, sought=False)


def of(source_id: str, made: Analysis) -> Analysis:
    return replace(made, frame=replace(made.frame, source_id=source_id))


@pytest.mark.parametrize(
    "later",
    [
        seen(TISSUE, HELD_S + 0.04, localisation=UNSOUGHT),
        seen(TISSUE, -0.04, localisation=UNSOUGHT),
        of("the next patient's", seen(TISSUE, 0.04, localisation=UNSOUGHT)),
        replace(seen(TISSUE, 0.04, localisation=UNSOUGHT), geometry=Geometry(FAR, 288, 224, WIDER)),
        seen(TISSUE, 0.04, localisation=Localisation(0, None, None)),
    ],
    ids=["age", "earlier", "source", "crop", "looked for"],
)
def test_a_box_of_another_place_or_time_gives_no_hints(later: Analysis) -> None:
    meter = HintMeter()
    assert meter.measure(seen(TISSUE, 0.0, box=ASIDE))
    assert meter.measure(later) == ()
    at_once = replace(later, localisation=UNSOUGHT)
    assert meter.measure(replace(at_once, frame=at(later.frame.time_s + 0.04, like=later))) == ()


@pytest.mark.parametrize("state", [one for one in State if one is not State.PLANE])
def test_a_box_goes_with_its_plane(state: State) -> None:
    meter = HintMeter()
    assert meter.measure(seen(TISSUE, 0.0, box=ASIDE))
    meter.measure(seen(TISSUE, 0.04, state=state))
    assert meter.measure(seen(TISSUE, 0.08, localisation=UNSOUGHT)) == ()


def test_a_box_that_comes_behind_its_label_is_that_of_the_next_frames() -> None:
    meter = HintMeter()
    early = seen(TISSUE, 0.0, localisation=UNSOUGHT)
    hints = meter.measure(early)
    done = meter.complete(hints, seen(TISSUE, 0.0, box=ASIDE)) or ()
    assert {one.flaw for one in done} >= {Flaw.TOO_SMALL, Flaw.OFF_CENTRE}
    assert meter.measure(seen(TISSUE, 0.04, localisation=UNSOUGHT)) == done
    assert meter.complete(None, early) is None


def test_on_record_a_frame_has_no_hints_by_the_box_of_another_one() -> None:
    hints = (Hint(Flaw.TOO_SMALL, 0.5), Hint(Flaw.TOO_DARK, 0.1), Hint(Flaw.MOVING, 0.2))
    own, carried = seen(TISSUE, 0.0), Localisation(0, ASIDE, None, age_s=0.04, sought=False)
    assert own_hints(hints, own) == hints
    for other in (UNSOUGHT, carried):
        assert own_hints(hints, replace(own, localisation=other)) == hints[1:]
    assert own_hints(None, own) is None


def test_a_box_that_comes_behind_changes_only_what_it_tells() -> None:
    before = (Hint(Flaw.TOO_SMALL, 0.5), Hint(Flaw.MOVING, 0.2))
    assert placed_again(before, seen(TISSUE, 0.0)) == (Hint(Flaw.MOVING, 0.2),)


def test_a_picture_by_itself() -> None:
    found = hints_of_picture(TISSUE, "4ch", Box(280, 190, 320, 210), CROP)
    assert {one.flaw for one in found} == {Flaw.TOO_SMALL}
