from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_analyses import at
from sonoassist.core.flaws import Flaw, Hint, Hints
from sonoassist.core.packets import State, SteadyState
from sonoassist.core.planes import BY_KEY
from sonoassist.temporal.steady_hints import AFTER_S, OVER_S, SteadyHints

SMALL: Hints = (Hint(Flaw.TOO_SMALL, 0.5),)
SHARES = np.zeros(14, np.float32)
FEMUR = SteadyState(SHARES, BY_KEY["femur"], State.PLANE, 0.0)
KIDNEYS = SteadyState(SHARES, BY_KEY["kidneys"], State.PLANE, 0.0)
NONE = SteadyState(SHARES, None, State.UNSURE, 0.0)


class Course:
    """Feeds hints at a rate of frames."""

    def __init__(self, fps: float = 25.0) -> None:
        self.steady, self.fps, self.time_s = SteadyHints(), fps, 0.0
        self.shown: Hints = ()

    def hold(self, seconds: float, hints: Hints | None, state: SteadyState = FEMUR) -> Hints:
        for _ in range(round(seconds * self.fps)):
            self.shown = self.steady.update(state, hints, at(self.time_s))
            self.time_s += 1 / self.fps
        return self.shown


@pytest.mark.parametrize("fps", [5.0, 12.5, 25.0, 60.0])
def test_a_hint_is_shown_when_it_has_stood_for_a_second(fps: float) -> None:
    course = Course(fps)
    assert course.hold(0.8 * AFTER_S, SMALL) == ()
    assert course.hold(0.6 * AFTER_S, SMALL) == SMALL


def test_it_goes_when_it_is_over() -> None:
    course = Course()
    course.hold(2, SMALL)
    assert course.hold(0.5 * OVER_S, ()) == SMALL
    assert course.hold(1.5 * OVER_S, ()) == ()


@given(st.integers(0, 2**31))
def test_it_does_not_blink(seed: int) -> None:
    rng, course = np.random.default_rng(seed), Course()
    course.hold(3, SMALL)
    changes, before = 0, course.shown
    for _ in range(100):
        now = course.hold(1 / 25, SMALL if rng.random() < 0.5 else ())
        changes += {one.flaw for one in now} != {one.flaw for one in before}
        before = now
    assert changes <= 1


def test_a_flash_is_never_shown() -> None:
    course = Course()
    course.hold(1, ())
    for _ in range(10):
        assert course.hold(0.3, SMALL) == ()
        assert course.hold(0.3, ()) == ()


def test_hints_go_with_their_plane() -> None:
    course = Course()
    course.hold(2, SMALL)
    assert course.hold(1 / 25, SMALL, KIDNEYS) == ()
    assert course.hold(2, SMALL, KIDNEYS) == SMALL
    assert course.hold(1 / 25, None, NONE) == ()


def test_a_frame_without_a_result_of_its_own_takes_nothing_away() -> None:
    course = Course()
    course.hold(2, SMALL)
    assert course.hold(1 / 25, None) == SMALL


def test_times_that_go_back_begin_anew() -> None:
    course = Course()
    course.hold(2, SMALL)
    course.time_s = 0.5
    assert course.hold(1 / 25, SMALL) == ()


def test_the_hints_of_a_still_are_shown_at_once() -> None:
    assert SteadyHints().update(FEMUR, SMALL, at(0.0, still=True)) == SMALL


def test_odd_frames_of_noise_show_none_and_take_nothing_away() -> None:
    course, noise = Course(), SteadyState(SHARES, None, State.NOISE, 0.0)
    for _ in range(10):
        course.hold(4 / course.fps, SMALL)
        assert course.hold(1 / course.fps, None, noise) == ()
    assert course.hold(1 / course.fps, SMALL) == SMALL
