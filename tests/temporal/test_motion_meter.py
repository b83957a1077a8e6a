"""How quickly a picture moves, grabbed at other rates than it is drawn at."""

from __future__ import annotations

import math

import numpy as np
import pytest

from made_analyses import at
from sonoassist.core.flaws import Flaw, Hint
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Floats, State, SteadyState
from sonoassist.core.planes import BY_KEY
from sonoassist.temporal.hint_meter import SIZE_PX
from sonoassist.temporal.hints import FAST
from sonoassist.temporal.motion_meter import APART_S, MotionMeter
from sonoassist.temporal.repeats import STANDS_S
from sonoassist.temporal.steady_hints import SteadyHints

CROP = Box(0, 0, 64, 48)
FEMUR = SteadyState(np.zeros(14, np.float32), BY_KEY["femur"], State.PLANE, 0.0)
RATES = [(25, 25), (50, 50), (60, 60), (50, 25), (60, 25), (60, 30), (30, 25), (60, 10), (12, 25)]
"""Grabbed and drawn in a second."""
WIDE, HIGH = SIZE_PX
FINE = 8
_SPECKLE = np.random.default_rng(0).normal(size=(HIGH, 4 * FINE * WIDE)).astype(np.float32)
_TISSUE = cv2.GaussianBlur(_SPECKLE, (0, 0), sigmaX=0.6 * FINE, sigmaY=0.6)
TISSUE = np.asarray(80 + 40 * _TISSUE / _TISSUE.std(), np.float32)
"""Finer across than the small pictures, so that it can be moved by less than a pixel."""


def picture(widths: float, noise: float = 0.0, seed: int = 0) -> Floats:
    """The tissue, moved across by so many widths of the picture."""
    left = round(widths * FINE * WIDE)
    part = TISSUE[:, left : left + FINE * WIDE].reshape(HIGH, WIDE, FINE).mean(axis=2)
    return np.asarray(
        part + noise * np.random.default_rng(seed).normal(size=part.shape), np.float32
    )


def speeds(grabbed_hz: int, drawn_hz: int, speed_hz: float, noise: float = 0.0) -> list[float]:
    """What is measured of two seconds at one speed, each grab with some noise of its own."""
    meter, found = MotionMeter(SIZE_PX), []
    for number in range(2 * grabbed_hz):
        drawn = number * drawn_hz // grabbed_hz
        small = picture(speed_hz * drawn / drawn_hz, noise, seed=number)
        found.append(meter.measure(at(number / grabbed_hz), CROP, small))
    return found[grabbed_hz // 3 :]


@pytest.mark.parametrize(("grabbed_hz", "drawn_hz"), RATES)
def test_the_speed_is_that_of_the_tissue_at_any_rates(grabbed_hz: int, drawn_hz: int) -> None:
    for speed_hz in (0.1, 0.2, 0.4):
        found = np.array(speeds(grabbed_hz, drawn_hz, speed_hz))
        assert np.median(found) == pytest.approx(speed_hz, rel=0.15)
        assert np.abs(found - speed_hz).max() < 0.63 * speed_hz
    assert max(speeds(grabbed_hz, drawn_hz, 0.0)) < 0.01


@pytest.mark.parametrize(
    ("grabbed_hz", "drawn_hz", "noise"),
    [(*rates, 0.0) for rates in RATES] + [(*rates, 2.0) for rates in RATES if rates[1] >= 25],
)
def test_moving_is_shown_and_slow_motion_is_not(
    grabbed_hz: int, drawn_hz: int, noise: float
) -> None:
    for speed_hz, shown in ((0.2, True), (0.08, False)):
        hints = SteadyHints()
        for number, found in enumerate(speeds(grabbed_hz, drawn_hz, speed_hz, noise)):
            own = (Hint(Flaw.MOVING, 0.5),) if found >= FAST else ()
            last = hints.update(FEMUR, own, at(number / grabbed_hz))
        assert bool(last) == shown


def test_grabs_of_one_picture_have_one_speed_so_that_none_is_preferred() -> None:
    found = speeds(60, 25, 0.4)
    shown = [number * 25 // 60 for number in range(120)][20:]
    for number in set(shown):
        assert len({speed for speed, one in zip(found, shown, strict=True) if one == number}) == 1


def test_a_picture_that_is_frozen_has_stopped() -> None:
    meter = MotionMeter(SIZE_PX)
    for number in range(25):
        moving = meter.measure(at(number / 25), CROP, picture(number * 0.02))
    assert moving == pytest.approx(0.5, rel=0.1)
    frozen = [meter.measure(at(1 + n / 50), CROP, picture(24 * 0.02)) for n in range(25)]
    assert frozen[-1] < 0.01
    assert sum(speed > FAST for speed in frozen) <= STANDS_S * 50 + 1
    # It goes on: a picture that stood for a while is no old one.
    again = [meter.measure(at(1.5 + n / 25), CROP, picture((24 + n) * 0.02)) for n in range(5)]
    assert again[-1] == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("change", ["source", "crop", "gap", "earlier", "still"])
def test_pictures_that_do_not_follow_tell_nothing(change: str) -> None:
    meter = MotionMeter(SIZE_PX)
    for number in range(5):
        meter.measure(at(number / 25), CROP, picture(number * 0.02))
    moments = {"gap": 0.2 + APART_S, "earlier": 0.05}
    fields = {"source": {"source_id": "another"}, "still": {"still": True}}
    frame = at(moments.get(change, 0.2), **fields.get(change, {}))
    crop = Box(0, 0, 32, 24) if change == "crop" else CROP
    assert math.isnan(meter.measure(frame, crop, picture(0.1)))
