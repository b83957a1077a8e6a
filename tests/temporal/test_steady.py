from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_analyses import analysis_of, at, shares_of
from sonoassist.core.packets import Floats, State, SteadyState
from sonoassist.core.planes import BY_KEY, INDEX, PLANES
from sonoassist.temporal.steady import (
    GAP_S,
    HOLD_BELOW,
    OUTSIDE_FROM_S,
    UNJUDGED_S,
    SteadyLabel,
)

THRESHOLD = 0.7


class Run:
    """Feeds a label with made-up analyses."""

    def __init__(self) -> None:
        self.label = SteadyLabel(THRESHOLD)

    def see(
        self,
        time_s: float,
        key: str,
        confidence: float = 0.9,
        state: State = State.PLANE,
        still: bool = False,
    ) -> SteadyState:
        frame = at(time_s, still=still)
        return self.label.update(analysis_of(frame, shares_of(key, confidence), state))

    def hold(self, start_s: float, end_s: float, fps: float, key: str) -> SteadyState:
        count = round((end_s - start_s) * fps)
        return [self.see(start_s + (n + 1) / fps, key) for n in range(count)][-1]


def test_a_sure_plane_is_named_at_once() -> None:
    seen = Run().see(0.0, "femur")
    assert (seen.plane, seen.state, seen.since_s) == (BY_KEY["femur"], State.PLANE, 0.0)


def test_below_the_threshold_nothing_is_named() -> None:
    seen = Run().see(0.0, "femur", THRESHOLD - 0.01)
    assert (seen.plane, seen.state) == (None, State.UNSURE)


def test_background_is_no_plane() -> None:
    seen = Run().see(0.0, "background", 0.95)
    assert (seen.plane, seen.state) == (None, State.BACKGROUND)


def test_a_named_plane_is_held_a_little_below_the_threshold() -> None:
    run = Run()
    run.see(0.0, "femur")
    for step in range(1, 60):
        held = run.see(step / 25, "femur", THRESHOLD - HOLD_BELOW + 0.02)
    assert held.plane is BY_KEY["femur"]
    assert held.since_s == 0.0
    for step in range(60, 120):
        lost = run.see(step / 25, "femur", THRESHOLD - HOLD_BELOW - 0.02)
    assert (lost.plane, lost.state) == (None, State.UNSURE)
    # Coming back takes the full threshold again.
    for step in range(120, 180):
        still_unsure = run.see(step / 25, "femur", THRESHOLD - 0.02)
    assert still_unsure.state is State.UNSURE
    for step in range(180, 240):
        back = run.see(step / 25, "femur", THRESHOLD + 0.02)
    assert back.plane is BY_KEY["femur"]


def test_only_the_held_plane_profits() -> None:
    run = Run()
    run.see(0.0, "femur")
    for step in range(1, 60):
        seen = run.see(step / 25, "lips", THRESHOLD - HOLD_BELOW + 0.02)
    assert (seen.plane, seen.state) == (None, State.UNSURE)


def test_one_odd_frame_changes_nothing() -> None:
    run = Run()
    run.hold(0.0, 1.0, 25, "femur")
    assert run.see(1.04, "lips").plane is BY_KEY["femur"]


@pytest.mark.parametrize(("view", "odd"), [("femur", "background"), ("background", "lips")])
def test_one_odd_frame_however_sure_changes_nothing(view: str, odd: str) -> None:
    run = Run()
    before = run.hold(0.0, 1.0, 25, view)
    seen = [run.see(1.04, odd, 0.9999), run.see(1.08, view)]
    assert {(one.plane, one.state) for one in seen} == {(before.plane, before.state)}


@pytest.mark.parametrize("fps", [5, 12, 25, 60])
def test_a_small_lead_that_each_frame_has_is_soon_believed(fps: float) -> None:
    run = Run()
    run.label.threshold = 0.5
    run.hold(0.0, 1.0, fps, "femur")
    shares = np.full(len(PLANES), 0.02 / (len(PLANES) - 2), np.float32)
    shares[INDEX["femur"]], shares[INDEX["lips"]] = 0.38, 0.6
    for step in range(max(round(0.33 * fps), 2)):
        seen = run.label.follow(1 + (step + 1) / fps, State.PLANE, shares)
    assert seen.plane is BY_KEY["lips"]


@pytest.mark.parametrize("fps", [5, 10, 25, 30, 60])
def test_a_new_view_takes_over_within_a_third_of_a_second(fps: float) -> None:
    run = Run()
    run.hold(0.0, 1.0, fps, "femur")
    seen = run.hold(1.0, 1.4, fps, "lips")
    assert seen.plane is BY_KEY["lips"]
    assert 1.0 < seen.since_s <= 1.0 + max(0.33, 1 / fps)


@given(st.lists(st.integers(1, 7), min_size=1, max_size=6), st.sampled_from([10.0, 25.0, 30.0]))
def test_smoothing_goes_by_time_not_by_frames(drops: list[int], fps: float) -> None:
    """Frames that are dropped, or come at another rate, change neither label nor shares much."""
    every, some = Run(), Run()
    step, left = 0, list(drops)
    for key, until in (("femur", fps), ("lips", 2 * fps)):
        kept = 0
        while step < until:
            step += 1
            one = every.see(step / fps, key)
            kept += 1
            if not left or kept > left[0] or step >= until:
                two, kept, left = some.see(step / fps, key), 0, left[1:]
        assert one.plane is two.plane is BY_KEY[key]
        np.testing.assert_allclose(one.probabilities, two.probabilities, atol=0.1)


def test_the_smoothed_shares_add_up() -> None:
    run = Run()
    run.see(0.0, "femur")
    assert run.see(0.1, "lips").probabilities.sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("next_s", [10.0 + GAP_S + 0.01, 9.9, 0.0])
def test_gaps_and_jumps_back_start_anew(next_s: float) -> None:
    run = Run()
    run.hold(9.0, 10.0, 25, "femur")
    seen = run.see(next_s, "lips")
    assert seen.plane is BY_KEY["lips"]
    assert seen.since_s == next_s
    np.testing.assert_array_equal(seen.probabilities, shares_of("lips"))


def test_another_source_starts_anew() -> None:
    run = Run()
    run.hold(0.0, 1.0, 25, "femur")
    frame = at(1.04, source_id="another")
    seen = run.label.update(analysis_of(frame, shares_of("lips")))
    assert (seen.plane, seen.since_s) == (BY_KEY["lips"], 1.04)


def test_reset_forgets_everything() -> None:
    run = Run()
    run.hold(0.0, 1.0, 25, "femur")
    run.label.reset()
    assert run.see(1.04, "lips").plane is BY_KEY["lips"]


def test_each_still_stands_alone() -> None:
    run = Run()
    for index, key in enumerate(("femur", "lips", "femur")):
        assert run.see(index * 0.1, key, still=True).plane is BY_KEY[key]


@pytest.mark.parametrize("state", [State.DOPPLER, State.NO_SIGNAL])
def test_what_is_not_analysed_is_said_and_not_smoothed(state: State) -> None:
    run = Run()
    run.hold(0.0, 1.0, 25, "femur")
    seen = run.see(1.04, "lips", state=state)
    assert (seen.plane, seen.state, seen.since_s) == (None, state, 1.04)
    back = run.see(1.08, "kidneys")
    assert (back.plane, back.since_s) == (BY_KEY["kidneys"], 1.08)
    np.testing.assert_array_equal(back.probabilities, shares_of("kidneys"))


@given(
    st.lists(
        st.tuples(
            st.floats(0, 2), st.sampled_from(["femur", "lips", "background"]), st.floats(0.5, 1)
        ),
        max_size=30,
    )
)
def test_a_plane_is_only_named_when_it_leads(steps: list[tuple[float, str, float]]) -> None:
    run, time_s = Run(), 0.0
    for gap_s, key, confidence in steps:
        time_s += gap_s
        seen = run.see(time_s, key, confidence)
        assert (seen.plane is None) == (seen.state is not State.PLANE)
        assert seen.since_s <= time_s
        if seen.plane is not None:
            share = seen.probabilities[INDEX[seen.plane.key]]
            assert share == seen.probabilities.max()
            assert share >= THRESHOLD - HOLD_BELOW


@given(
    st.lists(
        st.tuples(st.floats(0, 1.5), st.lists(st.floats(0.001, 1), min_size=14, max_size=14)),
        min_size=1,
        max_size=30,
    )
)
def test_no_share_is_higher_than_in_some_frame(steps: list[tuple[float, list[float]]]) -> None:
    """However sure the filter is of its view, the shares are means of what frames say."""
    label, time_s, frames = SteadyLabel(THRESHOLD), 0.0, []
    for gap_s, weights in steps:
        time_s += gap_s
        shares = np.asarray(weights, np.float32) / np.float32(sum(weights))
        frames.append(shares)
        seen = label.follow(time_s, State.PLANE, shares)
        assert (seen.probabilities <= np.max(frames, axis=0) + 1e-5).all()
        assert (seen.probabilities >= np.min(frames, axis=0) - 1e-5).all()
        assert seen.probabilities.sum() == pytest.approx(1, abs=1e-4)


def test_what_was_weak_all_along_is_not_named_for_one_sure_frame() -> None:
    run = Run()
    for step in range(50):
        run.see(step / 25, "femur", 0.4)
    assert run.see(2.0, "femur", 0.99).plane is None


def test_a_plane_that_flickers_about_the_threshold_is_named_once() -> None:
    run, seen = Run(), []
    for step in range(75):
        confidence = 0.75 if step % 5 < 3 else 0.6
        seen.append(run.see(step / 25, "femur", confidence).plane)
    assert seen == [BY_KEY["femur"]] * len(seen)


def test_background_does_not_alternate_with_unsure() -> None:
    run, states = Run(), []
    for step in range(100):
        key, confidence = ("background", 0.6) if step % 4 else ("lips", 0.6)
        states.append(run.see(step / 25, key, confidence, State.UNSURE).state)
    assert set(states[10:]) == {State.BACKGROUND}


@pytest.mark.parametrize("at_s", [0.3, 0.6, 0.9])
def test_after_a_pause_within_the_view_the_first_frame_counts_in_full(at_s: float) -> None:
    run = Run()
    run.hold(0.0, 1.0, 25, "femur")
    seen = run.see(1.0 + at_s, "lips")
    assert seen.plane is BY_KEY["lips"]
    assert seen.probabilities[INDEX["lips"]] > THRESHOLD


def test_a_frame_of_noise_is_said_and_left_out_of_its_view() -> None:
    run = Run()
    run.hold(0.0, 1.0, 25, "femur")
    seen = run.see(1.04, "lips", state=State.NOISE)
    assert (seen.plane, seen.state) == (None, State.NOISE)
    back = run.see(1.08, "lips", 0.99)  # a lone odd frame as any other
    assert back.plane is not BY_KEY["lips"]
    assert run.hold(1.08, 1.2, 25, "femur").plane is BY_KEY["femur"]


UNJUDGED = (State.NOISE, State.OUTSIDE)


@pytest.mark.parametrize("fps", [5, 25, 60])
@pytest.mark.parametrize("state", UNJUDGED)
@pytest.mark.parametrize("seconds", [UNJUDGED_S + 0.25, 2 * GAP_S, 10.0])
def test_after_more_than_a_moment_of_noise_everything_begins_anew(
    state: State, fps: int, seconds: float
) -> None:
    run = Run()
    run.hold(0.0, 2.0, fps, "abdominal")
    count = round(seconds * fps)
    for step in range(count):
        seen = run.see(2 + (step + 1) / fps, "lips", state=state)
        # Outside of what the model knows takes a moment to be said.
        held = state is State.OUTSIDE and (step + 1) / fps < OUTSIDE_FROM_S - 1e-6
        assert seen.plane is (BY_KEY["abdominal"] if held else None)
    at_s = 2 + (count + 1) / fps
    seen = run.see(at_s, "femur", 0.95)
    assert (seen.plane, seen.since_s) == (BY_KEY["femur"], at_s)
    np.testing.assert_array_equal(seen.probabilities, shares_of("femur", 0.95))


@pytest.mark.parametrize("fps", [5, 25, 60])
def test_outside_is_said_when_it_has_lasted(fps: int) -> None:
    run = Run()
    before = run.hold(0.0, 2.0, fps, "abdominal")
    for step in range(1, fps + 1):
        seen = run.see(2 + step / fps, "lips", state=State.OUTSIDE)
        if step / fps < OUTSIDE_FROM_S - 1e-6:
            assert (seen.plane, seen.state) == (before.plane, before.state)
            assert (seen.since_s, seen.box) == (before.since_s, None)
        else:
            assert (seen.plane, seen.state) == (None, State.OUTSIDE)


@pytest.mark.parametrize("fps", [5, 25])
def test_a_view_near_the_limit_of_what_the_model_knows_stands_still(fps: int) -> None:
    """Two of three pictures are outside, at random, for at most a quarter of a second."""
    run, rng = Run(), np.random.default_rng(5)
    run.hold(0.0, 1.0, fps, "femur")
    seen, since_s = [], 0.0
    for step in range(1, 10 * fps):
        outside = rng.random() < 2 / 3 and since_s + 1 / fps <= 0.25
        since_s = since_s + 1 / fps if outside else 0.0
        state = State.OUTSIDE if outside else State.PLANE
        seen.append(run.see(1 + step / fps, "femur", 0.9, state))
    assert {one.plane for one in seen} == {BY_KEY["femur"]}
    assert {one.since_s for one in seen} == {1 / fps}


def test_the_first_picture_and_one_after_a_moment_of_noise_are_said_as_they_are() -> None:
    assert Run().see(0.0, "femur", state=State.OUTSIDE).state is State.OUTSIDE
    run = Run()
    run.hold(0.0, 1.0, 25, "femur")
    for step in range(1, 20):
        assert run.see(1 + step / 25, "femur", state=State.NOISE).state is State.NOISE
    assert run.see(1.8, "femur", state=State.OUTSIDE).state is State.OUTSIDE


@pytest.mark.parametrize("state", UNJUDGED)
def test_odd_frames_of_noise_leave_a_view_as_steady_as_it_was(state: State) -> None:
    run, seen = Run(), []
    for step in range(250):
        odd = step % 5 == 4
        seen.append(run.see(step / 25, "femur", 0.95, state if odd else State.PLANE))
    assert {one.since_s for one in seen if one.state is State.PLANE} == {0.0}
    assert {one.plane for one in seen if one.state is not state} == {BY_KEY["femur"]}


def test_noise_does_not_take_the_hold_of_a_plane() -> None:
    run = Run()
    run.see(0.0, "femur")
    for step in range(1, 60):
        run.see(step / 25, "femur", THRESHOLD - HOLD_BELOW + 0.02)
    run.see(60 / 25, "femur", state=State.NOISE)
    held = run.see(61 / 25, "femur", THRESHOLD - HOLD_BELOW + 0.02)
    assert (held.plane, held.since_s) == (BY_KEY["femur"], 0.0)


def test_the_longer_the_noise_the_sooner_a_new_view_is_named() -> None:
    needed = []
    for missed in (0, 6, 9):
        run = Run()
        run.hold(0.0, 1.0, 25, "femur")
        for step in range(missed):
            run.see(1 + (step + 1) / 25, "lips", state=State.NOISE)
        times_s = (1 + (missed + count) / 25 for count in range(1, 25))
        named = (run.see(at_s, "lips", 0.8).plane is BY_KEY["lips"] for at_s in times_s)
        needed.append(list(named).index(True))
    assert needed[0] > needed[1] >= needed[2]


@pytest.mark.parametrize("rate_hz", [12, 25])
def test_from_one_plane_to_one_that_is_little_surer_the_label_is_never_unsure(rate_hz: int) -> None:
    """Belief tells which of two it is, not which mean is a little higher meanwhile."""
    label = SteadyLabel(0.5)
    said = []
    for step in range(4 * rate_hz):
        share = 0.6 if step < 0.4 * rate_hz else 0.48
        shares = np.zeros(len(PLANES), np.float32)
        shares[INDEX["femur"]], shares[INDEX["lips"]] = share, 1 - share
        said.append(label.follow(step / rate_hz, State.PLANE, shares).plane)
    assert None not in said
    assert said[0] is BY_KEY["femur"]


def two_shares(leads: str, share: float, follows: str, other_share: float) -> Floats:
    rest = (1 - share - other_share) / (len(PLANES) - 2)
    shares = np.full(len(PLANES), rest, np.float32)
    shares[INDEX[leads]], shares[INDEX[follows]] = share, other_share
    return shares


@pytest.mark.parametrize("length", [2, 3, 4, 5])
@pytest.mark.parametrize(("first", "other"), [("lips", "background"), ("background", "lips")])
def test_what_is_as_often_taken_for_the_background_does_not_come_and_go(
    length: int, first: str, other: str
) -> None:
    label = SteadyLabel(0.5)
    said = []
    for number in range(100):
        leads, follows = (first, other) if number // length % 2 == 0 else (other, first)
        shares = two_shares(leads, 0.52, follows, 0.43)
        seen = label.update(analysis_of(at(number / 25), shares))
        said.append((seen.state, seen.plane))
    changes = sum(one != after for one, after in itertools.pairwise(said))
    assert changes <= 1
    assert said[0][1] is (BY_KEY["lips"] if first == "lips" else None)
    assert State.UNSURE not in [state for state, _ in said]


@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize("share", [0.52, 0.6, 0.8])
def test_what_is_one_of_two_planes_is_no_background(length: int, share: float) -> None:
    label = SteadyLabel(0.5)
    for number in range(25):
        label.update(analysis_of(at(number / 25), shares_of("background", 0.95)))
    states = []
    for number in range(25, 75):
        pair = ("lvot", "rvot") if number // length % 2 == 0 else ("rvot", "lvot")
        shares = two_shares(pair[0], share, pair[1], 0.95 - share)
        states.append(label.update(analysis_of(at(number / 25), shares)).state)
    assert State.BACKGROUND not in states[5:]


@pytest.mark.parametrize("rate_hz", [5, 8, 10, 25])
@pytest.mark.parametrize(("share", "plane_share"), [(0.6, 0.3), (0.55, 0.4)])
def test_a_background_that_stays_is_taken_however_little_surer_it_is(
    rate_hz: int, share: float, plane_share: float
) -> None:
    label = SteadyLabel(0.5)
    for number in range(rate_hz):
        label.update(analysis_of(at(number / rate_hz), shares_of("lips", 0.9)))
    shares = two_shares("background", share, "lips", plane_share)
    for number in range(rate_hz, 2 * rate_hz + 1):
        seen = label.update(analysis_of(at(number / rate_hz), shares))
    assert seen.state is State.BACKGROUND
