from __future__ import annotations

import weakref
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from made_analyses import analysis_of, shares_of
from real_models import frame_of
from sonoassist.core.flaws import Flaw, Hint, Hints
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Box, Localisation, Provenance, State
from sonoassist.core.planes import KEYS
from sonoassist.temporal.best_frames import NEAR, REFUSED_S, SETTLED_S, BestFrames, Candidate
from sonoassist.temporal.quality import GAIN, LEAST
from sonoassist.temporal.steady import UNJUDGED_S, SteadyLabel
from sonoassist.temporal.view_choice import MOST
from sonoassist.temporal.view_slices import FRAMES, SLICES

FPS = 25.0
RNG = np.random.default_rng(5)
CRISP = RNG.integers(0, 255, (112, 144), np.uint8)
BLURRED = np.asarray(np.kron(CRISP[::8, ::8], np.ones((8, 8), np.uint8)), np.uint8)


class Exam:
    """Feeds made-up frames through the steady label and the best-frame rule."""

    def __init__(self) -> None:
        self.best = BestFrames()
        self.label = SteadyLabel(0.7)
        self.now_s = 0.0
        self.found: list[Candidate] = []
        self.maker: Provenance | None = None

    def see(
        self,
        key: str,
        confidence: float,
        pixels: np.ndarray = CRISP,
        still: bool = False,
        hints: Hints | None = None,
        unjudged: State | None = None,
    ) -> None:
        state = State.BACKGROUND if key == "background" else State.PLANE
        if state is State.PLANE and confidence < 0.7:
            state = State.UNSURE
        state = unjudged or state
        frame = frame_of(
            pixels,
            time_s=self.now_s,
            captured_at_s=100 + self.now_s,
            still=still,
            index=round(self.now_s * FPS),
        )
        analysis = analysis_of(frame, shares_of(key, confidence), state)
        analysis = replace(analysis, provenance=self.maker)
        self.found += self.best.update(analysis, self.label.update(analysis), hints)
        self.now_s += 1 / FPS

    def hold(self, key: str, seconds: float, confidence: float = 0.95, **more: object) -> None:
        for _ in range(round(seconds * FPS)):
            self.see(key, confidence, **more)  # type: ignore[arg-type]

    def end(self) -> list[Candidate]:
        self.found += self.best.flush()
        return self.found


def test_a_view_gives_one_frame_when_it_ends() -> None:
    exam = Exam()
    exam.hold("background", 1)
    exam.hold("femur", 1)
    assert exam.found == []
    exam.hold("background", 1)
    assert [one.plane.key for one in exam.found] == ["femur"]
    assert exam.end() == exam.found


def test_a_view_that_goes_on_gives_a_frame_before_it_ends() -> None:
    exam = Exam()
    exam.hold("femur", SETTLED_S + 1)
    assert [one.plane.key for one in exam.found] == ["femur"]


def test_the_highest_confidence_wins_however_sharp_the_others_are() -> None:
    exam = Exam()
    exam.hold("femur", 1.5, 0.80)
    exam.hold("femur", 0.4, 0.99, pixels=BLURRED)
    exam.hold("femur", 1.5, 0.80)
    best = exam.end()[-1]
    assert best.confidence > 0.8 + NEAR
    assert 1.5 <= best.analysis.frame.time_s < 1.9


SMALL: Hints = (Hint(Flaw.TOO_SMALL, 0.3),)


def test_among_equals_one_with_fewer_hints_wins_also_over_a_sharper_one() -> None:
    exam = Exam()
    exam.hold("femur", 2, 0.99, hints=SMALL)
    good_at_s = exam.now_s
    exam.hold("femur", 0.2, 0.99, pixels=BLURRED, hints=())
    exam.hold("femur", 2, 0.99, hints=SMALL)
    best = exam.end()[-1]
    assert good_at_s <= best.analysis.frame.time_s < good_at_s + 0.2
    assert best.hints == ()
    assert "fewer hints than other frames about as sure" in best.why


def test_hints_never_count_against_a_clearly_surer_frame() -> None:
    exam = Exam()
    exam.hold("femur", 2, 0.80, hints=())
    exam.hold("femur", 1, 0.95, hints=SMALL)
    exam.hold("femur", 2, 0.80, hints=())
    best = exam.end()[-1]
    assert best.hints == SMALL
    assert best.confidence > 0.8 + NEAR
    assert "hints" not in best.why


def test_a_later_view_about_as_sure_takes_the_place_of_one_with_more_hints_and_not_back() -> None:
    exam = Exam()
    for hints in (SMALL, (), SMALL):
        exam.hold("femur", 2, 0.95, hints=hints)
        exam.hold("background", 1)
    assert [one.hints for one in exam.end()] == [SMALL, ()]


def test_among_equals_the_sharp_one_wins() -> None:
    exam = Exam()
    exam.hold("femur", 2, 0.99, pixels=BLURRED)
    sharp_at_s = exam.now_s
    exam.hold("femur", 0.2, 0.99)
    exam.hold("femur", 2, 0.99, pixels=BLURRED)
    best = exam.end()[-1]
    assert sharp_at_s < best.analysis.frame.time_s < sharp_at_s + 0.2
    assert best.quality.sharpness > 0.5
    assert best.equals > 10
    assert "sharpest and stillest" in best.why


def test_among_equals_the_still_one_wins() -> None:
    exam = Exam()
    for shift in range(30):
        exam.see("femur", 0.99, np.ascontiguousarray(np.roll(CRISP, 3 * shift, 1)))
    still_from_s = exam.now_s
    exam.hold("femur", 0.3, 0.99)
    for shift in range(30):
        exam.see("femur", 0.99, np.ascontiguousarray(np.roll(CRISP, 3 * shift, 0)))
    best = exam.end()[-1]
    assert still_from_s <= best.analysis.frame.time_s <= still_from_s + 0.3 + 1 / FPS
    assert best.quality.stillness == pytest.approx(1.0)


def test_a_passing_glimpse_and_an_unsure_view_give_nothing() -> None:
    exam = Exam()
    exam.hold("background", 1)
    exam.hold("femur", 0.16)
    exam.hold("background", 1)
    exam.hold("lips", 2, 0.6)
    exam.hold("background", 1)
    assert exam.end() == []


def test_a_worse_view_of_the_same_plane_is_not_proposed() -> None:
    exam = Exam()
    exam.hold("femur", 1, 0.97)
    exam.hold("background", 1)
    exam.hold("femur", 1, 0.85)
    exam.hold("background", 1)
    assert len(exam.end()) == 1
    exam.hold("femur", 1, 0.999)
    assert len(exam.end()) == 2


def test_a_rejected_frame_and_its_neighbours_do_not_come_back_but_another_view_does() -> None:
    exam = Exam()
    exam.hold("femur", 1, 0.97)
    exam.hold("background", 0.3)
    first = exam.found[0]
    exam.best.refuse("femur", first.analysis.frame.captured_at_s)
    exam.hold("femur", 0.6, 0.97)
    exam.hold("background", 0.4)
    assert len(exam.end()) == 1
    exam.hold("background", REFUSED_S)
    exam.hold("femur", 1, 0.80)
    exam.hold("background", 0.4)
    assert len(exam.end()) == 2


def test_pictures_of_a_folder_are_views_of_their_own() -> None:
    exam = Exam()
    for key in ("femur", "lips", "femur"):
        exam.see(key, 0.9 if key == "lips" else 0.95, still=True)
    assert [one.plane.key for one in exam.end()] == ["femur", "lips"]
    assert all(one.quality.stillness == 1.0 for one in exam.found)


def test_a_flat_picture_is_not_sharp() -> None:
    exam = Exam()
    exam.hold("femur", 1, pixels=np.full((112, 144), 90, np.uint8))
    assert exam.end()[0].quality.sharpness == 0.0


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.floats(0.5, 1.0)), min_size=1, max_size=30))
@example([("3vv", 0.75), ("3vv", 0.75), ("3vv", 0.75), ("3vv", 0.765625)])
def test_each_proposal_is_better_than_the_one_before(views: list[tuple[str, float]]) -> None:
    exam = Exam()
    for key, confidence in views:
        exam.hold(key, 0.5, confidence)
    best: dict[str, Candidate] = {}
    for one in exam.end():
        assert not one.plane.is_background
        assert one.confidence >= 0.5
        before = best.get(one.plane.key)
        if before is not None:
            gain = one.confidence - before.confidence
            sharper = one.quality.together - before.quality.together
            surer = gain > NEAR / 2 and sharper >= -GAIN
            final = abs(_began_s(one) - _began_s(before)) < 1e-6  # over all of the same view
            better = gain > NEAR or (abs(gain) <= NEAR and (sharper > GAIN or surer))
            assert better or (final and gain >= -NEAR)
        best[one.plane.key] = one


def _began_s(one: Candidate) -> float:
    return one.analysis.frame.time_s - one.steady_s


def test_below_the_floor_nothing_is_proposed_whatever_threshold_the_user_set() -> None:
    for confidence, count in ((LEAST - 0.02, 0), (LEAST + 0.1, 1)):
        best, label, found = BestFrames(), SteadyLabel(0.05), []
        shares = np.full(len(KEYS), (1 - confidence) / (len(KEYS) - 1), np.float32)
        shares[KEYS.index("femur")] = confidence
        for number in range(25):
            frame = frame_of(CRISP, time_s=number / FPS, index=number)
            analysis = analysis_of(frame, shares, State.PLANE)
            found += best.update(analysis, label.update(analysis))
        assert len([*found, *best.flush()]) == count


def test_when_its_view_ends_the_choice_is_made_over_all_of_it() -> None:
    """Each frame a little surer and a little less sharp: none may creep away from the sharp one."""
    exam = Exam()
    steps = 9
    for step in range(steps):
        blurred = np.asarray(cv2.GaussianBlur(CRISP, (0, 0), 1.08 + 0.03 * step), np.uint8)
        exam.hold("femur", 0.4, 0.980 + 0.002 * step, pixels=blurred)
    exam.hold("background", 1)
    best = exam.end()[-1]
    assert best.quality.sharpness > 0.9 - 2 * GAIN  # at the end it is 0.68
    assert best.analysis.frame.time_s < 0.4 * steps / 2


def test_the_final_choice_takes_the_place_of_what_the_view_offered_meanwhile() -> None:
    exam = Exam()
    exam.hold("femur", SETTLED_S + 0.6, 0.970)
    assert len(exam.found) == 1
    exam.hold("femur", 0.6, 0.979)  # surer by less than would be worth another proposal
    assert len(exam.found) == 1
    exam.hold("background", 1)
    assert [one.plane.key for one in exam.end()] == ["femur", "femur"]
    assert exam.found[-1].confidence > exam.found[0].confidence
    exam.hold("femur", 1, 0.980)  # another view has to be better by more
    assert len(exam.end()) == 2


def test_where_the_view_offered_its_best_already_nothing_comes_twice() -> None:
    exam = Exam()
    exam.hold("femur", SETTLED_S + 2)
    exam.hold("background", 1)
    assert len(exam.end()) == 1


def test_of_a_view_whose_frame_was_rejected_the_rest_may_be_chosen() -> None:
    exam = Exam()
    exam.hold("femur", 0.6, 0.99)
    exam.hold("femur", 4, 0.90)
    first = exam.found[0]
    exam.best.refuse("femur", first.analysis.frame.captured_at_s)
    exam.hold("femur", 1, 0.90)
    exam.hold("background", 1)
    others = [one for one in exam.end() if one is not first]
    assert others
    for one in others:
        apart_s = one.analysis.frame.captured_at_s - first.analysis.frame.captured_at_s
        assert apart_s > REFUSED_S


def test_what_a_person_keeps_meanwhile_is_not_pushed_out_by_the_end_of_its_view() -> None:
    """The exam does not take it and says so; then it may be proposed again, and is not taken."""
    exam = Exam()
    exam.hold("femur", SETTLED_S + 0.6, 0.970)
    exam.best.forget("femur")
    exam.hold("femur", 0.6, 0.979)
    exam.hold("background", 1)
    assert len({id(one.analysis.frame) for one in exam.end()}) == len(exam.found)


def test_of_a_view_with_odd_frames_of_noise_the_choice_is_made_over_all_of_it() -> None:
    exam = Exam()
    for step in range(50):
        exam.hold("femur", 4 / FPS, 0.95 if step < 49 else 0.979, pixels=BLURRED)
        exam.see("femur", 0.95, unjudged=State.OUTSIDE)
    exam.hold("background", 1)
    assert 1 <= len(exam.end()) <= 2
    assert exam.found[-1].steady_s > 9


def test_more_than_a_moment_of_noise_ends_a_view() -> None:
    exam = Exam()
    exam.hold("femur", 0.6)
    exam.hold("femur", UNJUDGED_S - 1 / FPS, unjudged=State.NOISE)
    assert exam.found == []
    exam.hold("femur", 3 / FPS, unjudged=State.NOISE)
    assert len(exam.found) == 1


@pytest.mark.parametrize("refused", [1, 2])
def test_after_refusals_the_rest_of_the_view_is_chosen_from_however_long_it_went_on(
    refused: int,
) -> None:
    """The frame that is refused is surer than all else by more than counts as about as sure."""
    exam = Exam()
    exam.hold("femur", 1.0, 0.970)
    exam.see("femur", 0.999)
    exam.hold("femur", 9.0, 0.970)
    gone = []
    for number in range(refused):
        assert len(exam.found) == number + 1
        gone.append(exam.found[-1].analysis.frame.captured_at_s)
        exam.best.refuse("femur", gone[-1])
        if number + 1 < refused:
            exam.hold("femur", 2 / FPS, 0.970)
    best = exam.end()[-1]
    assert len(exam.found) == refused + 1
    assert all(abs(best.analysis.frame.captured_at_s - one) > REFUSED_S for one in gone)


def test_however_long_a_view_is_few_pictures_are_held() -> None:
    best, label = BestFrames(), SteadyLabel(0.7)
    pictures: list[weakref.ref[np.ndarray]] = []
    for step in range(1500):
        pixels = np.full((16, 16), step % 256, np.uint8)
        pictures.append(weakref.ref(pixels))
        frame = frame_of(pixels, time_s=step / FPS, captured_at_s=step / FPS, index=step)
        analysis = analysis_of(frame, shares_of("femur", 0.75 + 0.2 * step / 1500))
        hints = (Hint(Flaw.TOO_SMALL, 0.3),) * (step % 3)
        best.update(analysis, label.update(analysis), hints)
    del pixels, frame, analysis
    held = sum(one() is not None for one in pictures)
    assert held <= MOST + SLICES * FRAMES + 3  # of what was taken, and the last ones


def test_hints_and_sharpness_are_told_of_those_frames_that_they_are_true_of() -> None:
    exam = Exam()
    exam.hold("femur", 1, 0.98, hints=SMALL)
    exam.see("femur", 0.98, pixels=BLURRED, hints=())
    exam.hold("femur", 1, 0.98, hints=SMALL)
    best = exam.end()[-1]
    assert best.equals == 1
    assert "fewer hints than other frames about as sure" in best.why
    assert "sharpest" not in best.why
    exam = Exam()
    exam.hold("femur", 1, 0.98, hints=SMALL)
    exam.hold("femur", 3 / FPS, 0.98, hints=())
    exam.hold("femur", 1, 0.98, hints=SMALL)
    assert "fewer hints than other frames about as sure; the sharpest and stillest of 3 such" in (
        exam.end()[-1].why
    )


def test_frames_that_only_led_up_to_the_surest_do_not_count_as_about_as_sure() -> None:
    exam = Exam()
    for step in range(100):
        exam.see("femur", 0.8 + 0.0015 * step)
    assert exam.end()[-1].equals <= NEAR / 0.0015 + 2


def test_a_refusal_after_its_view_has_ended_proposes_the_next_best_of_it() -> None:
    exam = Exam()
    exam.hold("femur", 2.4, 0.90)
    exam.hold("femur", 1.6, 0.97)
    exam.hold("femur", 4.0, 0.92)
    exam.hold("background", 1.0)
    gone = [exam.found[-1].analysis.frame.captured_at_s]
    assert exam.found[-1].confidence == pytest.approx(0.97, abs=0.01)
    for _ in range(2):
        (found,) = exam.best.refuse("femur", gone[-1])
        assert found.plane.key == "femur"
        at_s = found.analysis.frame.captured_at_s
        assert all(abs(at_s - one) > REFUSED_S for one in gone)
        gone.append(at_s)
    assert exam.best.refuse("femur", gone[-1]) == []


def test_a_refusal_takes_the_next_best_of_all_views_that_have_ended() -> None:
    exam = Exam()
    for seconds, confidence in ((1.0, 0.97), (1.0, 0.80), (1.0, 0.90)):
        exam.hold("femur", seconds, confidence)
        exam.hold("background", REFUSED_S)
    refused = []
    for confidence in (0.90, 0.80):
        refused.append(exam.found[-1].analysis.frame.captured_at_s)
        exam.found += exam.best.refuse("femur", refused[-1])
        assert exam.found[-1].confidence == pytest.approx(confidence, abs=0.01)
    assert exam.best.refuse("lips", refused[-1]) == []


@pytest.mark.parametrize(("seconds", "confidence"), [(0.16, 0.95), (0.6, 0.75), (0.6, 0.90)])
def test_what_is_refused_while_another_view_of_it_is_under_way_leaves_the_best_of_all(
    seconds: float, confidence: float
) -> None:
    """Whether the other one is no worse, worse, or so short that none of its frames counts."""
    exam = Exam()
    exam.hold("femur", 6, 0.97)
    exam.hold("background", REFUSED_S)
    first = exam.found[-1]
    exam.hold("femur", seconds, confidence)
    exam.found += exam.best.refuse("femur", _at(first))
    assert len(exam.found) == 2
    exam.hold("background", 1)
    second = exam.end()[-1]
    assert second.confidence == pytest.approx(0.97, abs=0.01)
    assert abs(_at(second) - _at(first)) > REFUSED_S
    assert len(exam.found) == 2


def test_what_is_refused_is_left_to_a_view_under_way_that_has_a_better_one() -> None:
    exam = Exam()
    exam.hold("femur", 6, 0.80)
    exam.hold("background", REFUSED_S)
    exam.hold("femur", 0.6, 0.95)
    assert exam.best.refuse("femur", _at(exam.found[0])) == []
    exam.hold("femur", SETTLED_S + 0.2, 0.80)
    assert [round(one.confidence, 1) for one in exam.found] == [0.8, 0.9]


def test_what_a_view_under_way_offered_in_vain_is_offered_again_when_the_better_one_goes() -> None:
    exam = Exam()
    exam.hold("femur", 1, 0.97)
    exam.hold("background", REFUSED_S)
    exam.hold("femur", 2, 0.90)
    exam.hold("femur", SETTLED_S + 0.2, 0.80)
    assert len(exam.found) == 1
    assert exam.best.refuse("femur", _at(exam.found[0])) == []
    exam.hold("femur", 2 / FPS, 0.80)
    assert len(exam.found) == 2
    assert exam.found[-1].confidence == pytest.approx(0.88, abs=0.03)


def test_what_was_not_taken_comes_before_a_worse_view() -> None:
    exam = Exam()
    exam.hold("femur", 1, 0.97)
    exam.hold("background", 1)
    exam.best.forget("femur")
    exam.hold("femur", 2, 0.80)
    exam.hold("femur", SETTLED_S + 0.2, 0.75)
    assert [round(one.confidence, 2) for one in exam.found] == [0.97, 0.97]
    exam.hold("background", 1)
    assert len(exam.end()) == 2


def test_where_another_one_stands_a_refusal_brings_nothing_and_no_worse_one_later() -> None:
    exam = Exam()
    exam.hold("femur", 6, 0.97)
    exam.hold("background", REFUSED_S)
    by_hand_s = _at(exam.found[0]) + 20
    assert exam.best.refuse("femur", by_hand_s, another_stands=True) == []
    exam.hold("femur", 2, 0.75)
    exam.hold("background", 1)
    assert len(exam.end()) == 1


def test_a_second_choice_says_that_it_is_one() -> None:
    exam = Exam()
    exam.hold("femur", 2.4, 0.90)
    exam.hold("femur", 1.6, 0.97)
    exam.hold("femur", 4.0, 0.90)
    exam.hold("background", 1.0)
    assert exam.found[-1].why.startswith("highest steady confidence 96 %, steady for")
    (second,) = exam.best.refuse("femur", _at(exam.found[-1]))
    assert second.why.startswith("next best after a refused one, steady confidence 9")
    # So does what another view offers that is no better, and not one that is better than all.
    exam.best.refuse("femur", _at(second))
    exam.hold("background", REFUSED_S)
    exam.hold("femur", 1, 0.93)
    exam.hold("background", 1.0)
    assert exam.found[-1].why.startswith("next best after a refused one, steady confidence 9")
    exam.hold("background", REFUSED_S)
    exam.hold("femur", 1, 0.999)
    exam.hold("background", 1.0)
    assert exam.end()[-1].why.startswith("highest steady confidence 99 %")


def test_of_a_view_under_way_too_a_second_choice_says_that_it_is_one() -> None:
    exam = Exam()
    exam.hold("femur", 0.6, 0.99)
    exam.hold("femur", 4, 0.90)
    exam.best.refuse("femur", _at(exam.found[0]))
    exam.hold("femur", 1, 0.90)
    exam.hold("background", 1)
    assert all(one.why.startswith("next best after a refused") for one in exam.end()[1:])


def test_a_late_box_that_costs_a_frame_its_place_is_heeded() -> None:
    exam = Exam()
    exam.hold("femur", 1, 0.97)
    exam.hold("background", REFUSED_S)
    for _ in range(2):
        exam.hold("femur", 1, 0.90, hints=())
        exam.hold("background", REFUSED_S)
    left = [one for one in exam.best._reserves["femur"] if one.confidence < 0.95]
    small = Box(1, 2, 4, 5)
    localisation = Localisation(left[0].analysis.frame.frame_id, small, None)
    exam.best.complete(replace(left[0].analysis, localisation=localisation))
    (found,) = exam.best.refuse("femur", _at(exam.found[0]))
    assert found.hints == ()
    assert _at(found) == _at(left[1])


def test_however_many_planes_and_views_the_pictures_held_have_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    most = 8
    monkeypatch.setattr("sonoassist.temporal.reserves.MOST_BYTES", most * CRISP.nbytes)
    exam = Exam()
    pictures: list[weakref.ref[np.ndarray]] = []
    for key in KEYS[:6]:
        for step in range(round(6 * FPS)):
            pixels = np.roll(CRISP, step)
            pictures.append(weakref.ref(pixels))
            exam.see(key, 0.95, pixels)
    exam.hold("background", 1)
    exam.found.clear()
    del pixels
    assert sum(one() is not None for one in pictures) <= most


def test_a_box_that_comes_after_the_view_has_ended_goes_with_what_is_proposed_later() -> None:
    exam = Exam()
    exam.hold("femur", 6, 0.95)
    exam.hold("background", 1)
    first = exam.found[-1].analysis.frame.captured_at_s
    (probe,) = exam.best.refuse("femur", first)
    exam = Exam()
    exam.hold("femur", 6, 0.95)
    exam.hold("background", 1)
    left = [one for one in exam.best._reserves["femur"] if one is not exam.found[-1]]
    second = next(one for one in left if _at(one) == pytest.approx(_at(probe), abs=1e-6))
    box = Box(1, 2, 30, 40)
    localisation = Localisation(second.analysis.frame.frame_id, box, None)
    exam.best.complete(replace(second.analysis, localisation=localisation))
    (found,) = exam.best.refuse("femur", _at(exam.found[-1]))
    assert found.analysis.own_box == box


def _at(one: Candidate) -> float:
    return one.analysis.frame.captured_at_s


def test_scores_of_another_network_are_not_compared_with_those_before() -> None:
    exam = Exam()
    exam.maker = Provenance("one", "288x224 255", "full")
    exam.hold("femur", 1, 0.97)
    exam.hold("background", 1)
    exam.maker = Provenance("other", "288x224 255", "full")
    exam.hold("femur", 1, 0.80)
    exam.hold("background", REFUSED_S)
    assert [round(one.confidence, 2) for one in exam.end()] == [0.97, 0.8]
    # By one network the better one stands; and what another one has found is no second choice.
    exam.hold("femur", 1, 0.75)
    exam.hold("background", 1)
    assert len(exam.end()) == 2
    found = exam.best.refuse("femur", _at(exam.found[-1]))
    assert [round(one.confidence, 2) for one in found] == [0.75]


@pytest.mark.parametrize(
    ("change", "proposals"),
    [
        ({"weights_sha256": "other"}, 2),
        ({"network_input": "288x224 255; T 1.2 lapse 0"}, 2),
        ({"precision": "int8", "localiser": 2}, 1),
    ],
)
def test_a_view_is_chosen_from_by_one_network(change: dict[str, object], proposals: int) -> None:
    exam = Exam()
    exam.maker = Provenance("one", "288x224 255", "full", "f32")
    exam.hold("femur", 0.6, 0.97)
    exam.maker = replace(exam.maker, **change)  # type: ignore[arg-type]
    exam.hold("femur", 0.6, 0.80)
    exam.hold("background", 1)
    assert len(exam.end()) == proposals
