"""The rules of a question, on an exam of 10 frames a second made up by hand.

frames  0..29  background      30..69  femur (3.9 s)      70..99  background
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from practice_made import analysis_of_labels, answers_of

from sonoassist.core.planes import KEYS
from sonoassist.practice.answers import Answers, ExamAnalysis
from sonoassist.practice.exercise import Called, Exercise, Phase, Question
from sonoassist.practice.scores import Attempt, QuestionOutcome

EXAM = answers_of(("background", 30), ("femur", 40), ("background", 30))
KNOWN = EXAM.with_analysis(analysis_of_labels(EXAM.labels, {45: 0.9, 55: 0.7, 75: 0.6}))


def exercise(answers: Answers = KNOWN, count: int = 1, **more: bool) -> Exercise:
    return Exercise(answers, [Question(answers.views[0], 10, 79)] * count, **more)


def score(one: Exercise) -> Attempt:
    assert one.hand_in()
    assert one.phase is Phase.SCORED
    return one.attempts[-1]


def test_a_view_named_and_frozen_is_found() -> None:
    one = exercise()
    assert (one.phase, one.index, one.said) == (Phase.PLAYING, 10, None)
    one.show(50)
    assert one.name("femur") is Called.ANSWER
    assert (one.phase, one.said) == (Phase.ANSWERED, "femur")
    one.show(55)
    assert one.freeze()
    # 60 + 20 (2.9 - 1.9 s left of it) ... 2 s of 3.9 s: 20 x 1.9 / 2.9; gap 0.2: 20 x 0.6.
    assert score(one) == Attempt(
        "femur",
        QuestionOutcome.FOUND,
        "femur",
        pytest.approx(2.0),
        55,
        45,
        10,
        pytest.approx(0.2),
        (),
        pytest.approx(60 + 20 * 1.9 / 2.9 + 12),
    )
    assert one.reveal()
    assert not one.next()
    assert one.phase is Phase.FINISHED


def test_another_plane_is_wrong_and_none_of_them_is_too() -> None:
    for said, called in (("lips", Called.ANSWER), ("background", Called.NONE)):
        one = exercise()
        one.show(40)
        assert one.name(said) is called
        one.freeze()
        attempt = score(one)
        assert (attempt.outcome, attempt.said, attempt.points) == (QuestionOutcome.WRONG, said, 0)


def test_the_last_name_counts_with_its_own_time() -> None:
    one = exercise()
    one.show(35)
    one.name("lips")
    one.show(60)
    one.name("femur")
    one.freeze()
    attempt = score(one)
    assert (attempt.outcome, attempt.time_s) == (QuestionOutcome.FOUND, pytest.approx(3.0))


def test_a_view_that_passes_is_missed() -> None:
    one = exercise()
    one.show(79)
    one.played_out()
    assert one.phase is Phase.SCORED
    assert one.attempts == [Attempt("femur", QuestionOutcome.MISSED, best_frame=45)]


def test_a_name_just_behind_the_view_still_counts() -> None:
    one = exercise()
    one.show(74)
    assert one.name("femur") is Called.ANSWER
    one.freeze()
    attempt = score(one)
    assert (attempt.outcome, attempt.time_s) == (QuestionOutcome.FOUND, pytest.approx(4.4))


def test_with_a_name_the_end_freezes_and_the_frame_can_still_be_looked_for() -> None:
    one = exercise()
    one.show(40)
    one.name("femur")
    one.show(79)
    one.played_out()
    assert one.phase is Phase.FROZEN
    assert not one.thaw()  # nothing is left to play
    one.show(45)
    attempt = score(one)
    assert (attempt.frame, attempt.distance_frames, attempt.confidence_gap) == (45, 0, 0)
    assert attempt.time_s == pytest.approx(1.0)


def test_naming_a_plane_in_the_background_is_a_false_alarm_and_the_question_goes_on() -> None:
    one = exercise()
    one.show(20)
    assert one.name("lips") is Called.FALSE_ALARM
    assert one.name("femur") is Called.FALSE_ALARM
    assert one.name("lips") is Called.FALSE_ALARM  # once for each plane
    assert (one.phase, one.said, one.false_alarms) == (Phase.PLAYING, None, ("lips", "femur"))
    one.show(45)
    one.name("femur")
    one.freeze()
    attempt = score(one)
    assert attempt.false_alarms == ("lips", "femur")
    # 60 + 20 x 2.4 / 2.9 for 1.5 s + 20 for the best frame, 10 taken.
    assert attempt.points == pytest.approx(60 + 20 * 2.4 / 2.9 + 20 - 10)


def test_just_before_the_view_a_name_counts_without_any_time() -> None:
    one = exercise()
    one.show(27)
    assert one.name("femur") is Called.ANSWER
    one.show(45)
    one.freeze()
    assert score(one).time_s == 0


def test_where_nothing_is_known_no_name_counts() -> None:
    exam = answers_of(("?", 30), ("femur", 40))
    one = exercise(exam)
    one.show(15)
    assert one.name("lips") is Called.NOT_COUNTED
    assert one.false_alarms == ()


def test_none_of_them_does_not_tell_where_the_view_begins() -> None:
    """Before the view and in it the same is answered, and looks the same."""
    one = exercise()
    for frame in (20, 26, 27, 29, 30, 31, 40):
        one.show(frame)
        assert one.said is None
        assert one.name("background") is Called.NONE
        assert (one.phase, one.said) == (Phase.PLAYING, "background")


def test_none_of_them_handed_in_before_the_view_goes_on() -> None:
    one = exercise()
    one.show(20)
    one.freeze()
    one.name("background")
    assert not one.hand_in()
    assert one.none_handed_in() is Called.NONE
    assert (one.phase, one.false_alarms) == (Phase.PLAYING, ())


def test_none_of_them_of_an_earlier_frame_is_not_handed_in() -> None:
    for frame in (20, 40):
        one = exercise()
        one.show(frame)
        one.name("background")
        one.show(frame + 1)
        one.freeze()
        assert not one.hand_in()
        assert one.none_handed_in() is Called.REFUSED
        assert one.phase is Phase.FROZEN


def test_none_of_them_is_not_called_right_where_a_plane_is_or_nothing_is_known() -> None:
    for stretch in (("lips", 3), ("?", 3)):
        exam = answers_of(("background", 20), stretch, ("background", 17), ("femur", 30))
        one = Exercise(exam, [Question(exam.views[0], 10, 69)])
        one.show(21)
        one.freeze()
        one.name("background")
        assert one.none_handed_in() is Called.NOT_COUNTED
        assert one.phase is Phase.PLAYING


def test_what_the_exam_shows_for_a_moment_is_no_false_alarm() -> None:
    exam = answers_of(("background", 20), ("lips", 3), ("background", 17), ("femur", 30))
    one = Exercise(exam, [Question(exam.views[0], 10, 69)])
    for frame in (21, 22, 24):  # in it, and just behind it
        one.show(frame)
        assert one.name("lips") is Called.NOT_COUNTED
    assert one.name("kidneys") is Called.FALSE_ALARM
    one.show(30)
    assert one.name("lips") is Called.FALSE_ALARM


def test_time_is_what_passes_on_screen() -> None:
    for speed, time_s in ((0.5, 4.0), (1.0, 2.0), (2.0, 1.0)):
        one = exercise()
        one.speed = speed
        for frame in range(10, 51):
            one.show(frame)
        one.name("femur")
        one.freeze()
        assert score(one).time_s == pytest.approx(time_s)


def test_a_view_without_a_moment_behind_it_waits_for_the_answer() -> None:
    exam = answers_of(("background", 30), ("femur", 40))
    one = Exercise(exam, [Question(exam.views[0], 10, 69)])
    one.show(69)
    one.played_out()
    assert (one.phase, one.at_end) == (Phase.FROZEN, True)
    assert not one.thaw()
    assert one.name("femur") is Called.ANSWER
    attempt = score(one)
    assert (attempt.outcome, attempt.time_s) == (QuestionOutcome.FOUND, pytest.approx(3.9))


def test_the_model_is_no_yardstick_where_it_does_not_see_the_plane() -> None:
    unseen = EXAM.with_analysis(analysis_of_labels(EXAM.labels, dict.fromkeys(range(100), 0.04)))
    for frame, points in ((35, 100), (25, 80)):
        one = exercise(unseen)
        one.show(35)
        one.name("femur")
        one.freeze()
        one.show(frame)
        attempt = score(one)
        assert (attempt.best_frame, attempt.confidence_gap) == (None, None)
        assert attempt.points == pytest.approx(points)


def test_a_frame_that_the_model_did_not_judge_is_not_scored() -> None:
    probabilities = np.array(KNOWN.analysis.probabilities)  # type: ignore[union-attr]
    probabilities[50] = 0.0  # damaged
    judged = ExamAnalysis(probabilities, KNOWN.labels, "made up")
    one = exercise(EXAM.with_analysis(judged))
    one.show(35)
    one.name("femur")
    one.freeze()
    one.show(50)
    attempt = score(one)
    assert (attempt.best_frame, attempt.distance_frames) == (45, 5)
    assert attempt.confidence_gap is None
    assert attempt.points == pytest.approx(100)


def test_stepping_back_does_not_shorten_the_time() -> None:
    one = exercise()
    one.show(60)
    one.freeze()
    one.show(32)
    one.name("femur")
    attempt = score(one)
    assert (attempt.time_s, attempt.frame, attempt.distance_frames) == (pytest.approx(3.0), 32, -13)


def test_a_frozen_picture_needs_a_name_and_can_be_played_on() -> None:
    one = exercise()
    one.show(40)
    one.freeze()
    assert not one.hand_in()
    assert one.phase is Phase.FROZEN
    assert one.thaw()
    assert one.phase is Phase.PLAYING
    one.freeze()
    assert one.give_up()
    assert one.attempts[0].outcome is QuestionOutcome.MISSED


def test_without_an_analysis_no_frame_of_the_view_is_scored() -> None:
    # Inside name and time are all there is, so 80 of 80; outside 80 of 100.
    for frame, outside, points in ((45, 0, 100), (75, 6, 80), (25, -5, 80)):
        one = exercise(EXAM)
        one.show(35)
        one.name("femur")
        one.freeze()
        one.show(frame)
        attempt = score(one)
        assert (attempt.best_frame, attempt.distance_frames) == (None, None)
        assert attempt.outside_frames == outside
        assert attempt.confidence_gap is None
        assert attempt.points == pytest.approx(points)


def test_nothing_is_taken_after_the_score() -> None:
    one = exercise(count=2)
    one.show(40)
    one.name("femur")
    assert not one.hand_in()  # not frozen
    assert not one.reveal()
    one.freeze()
    assert one.hand_in()
    assert one.name("lips") is Called.REFUSED
    assert not one.next()  # not before the reveal
    assert one.reveal()
    assert one.next()
    assert (one.number, one.phase, one.said, one.false_alarms) == (1, Phase.PLAYING, None, ())
    assert one.index == 10


def test_a_class_votes_and_the_share_of_the_right_ones_is_the_score() -> None:
    one = exercise(class_mode=True)
    one.show(79)
    one.played_out()
    assert one.phase is Phase.FROZEN  # a class may always vote
    for plane in ("femur", "femur", "spine_sag", "background"):
        assert one.name(plane) is Called.ANSWER
    attempt = score(one)
    assert one.verdict is not None
    assert (one.verdict.total, one.verdict.agreement, one.verdict.right) == (4, 0.5, 0.5)
    assert (attempt.outcome, attempt.said, attempt.points) == (QuestionOutcome.FOUND, "femur", 50)
    assert attempt.votes == {"femur": 2, "spine_sag": 1, "background": 1}


_MOVES = st.one_of(
    st.tuples(st.just("show"), st.integers(0, 99)),
    st.tuples(st.just("name"), st.sampled_from(KEYS)),
    st.tuples(
        st.sampled_from(
            ["freeze", "thaw", "played_out", "hand_in", "none_handed_in", "reveal", "next"]
        )
    ),
    st.tuples(st.just("give_up")),
)


@given(st.lists(_MOVES, max_size=60), st.booleans())
def test_whatever_is_pressed_each_question_is_scored_once(
    moves: list[tuple[object, ...]], class_mode: bool
) -> None:
    one = exercise(count=3, class_mode=class_mode)
    for move in moves:
        getattr(one, str(move[0]))(*move[1:])
        done = one.phase in (Phase.SCORED, Phase.REVEALED)
        assert len(one.attempts) == (3 if one.phase is Phase.FINISHED else one.number + done)
        assert all(0 <= attempt.points <= 100 for attempt in one.attempts)
        assert one.question.start <= one.index <= one.question.end
