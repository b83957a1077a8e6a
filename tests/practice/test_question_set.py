"""Question sets: what is read, what is refused in one line, and what they change in an exercise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from practice_made import answers_of

from sonoassist.core.errors import OutputError
from sonoassist.practice.choosing import next_exercise
from sonoassist.practice.exercise import Called, Exercise, Phase, Question
from sonoassist.practice.question_set import (
    ASKABLE,
    QuestionOrder,
    QuestionSet,
    QuestionSetError,
    absent_sentence,
    question_set_of,
    text_of,
)
from sonoassist.practice.scores import QuestionOutcome, by_plane
from sonoassist.practice.set_store import LARGEST_BYTES, SetStore, read_set, write_set

CONTENT, OTHER = "0123456789abcdef" * 2, "f" * 32
VALUES: dict[str, Any] = {"version": 1, "recording": CONTENT, "planes": ["femur", "lips"]}
EXAM = answers_of(
    ("background", 30),
    ("lips", 20),
    ("background", 30),
    ("femur", 20),
    ("background", 30),
    ("4ch", 20),
    ("background", 30),
    ("lips", 20),
    ("background", 30),
)


def text_with(**more: object) -> str:
    return json.dumps({**VALUES, **more})


@st.composite
def question_sets(draw: st.DrawFn) -> QuestionSet:
    planes = draw(st.permutations(ASKABLE))
    asked = draw(st.integers(1, len(planes)))
    absent = draw(st.integers(asked, len(planes)))
    order = draw(st.sampled_from(QuestionOrder))
    return QuestionSet(CONTENT, tuple(planes[:asked]), tuple(planes[asked:absent]), order)


# -- the text ------------------------------------------------------------------------------


@given(question_sets())
def test_what_is_written_is_read_again(questions: QuestionSet) -> None:
    assert question_set_of(text_of(questions)) == questions


def test_order_and_absent_planes_may_be_left_out() -> None:
    assert question_set_of(text_with()) == QuestionSet(CONTENT, ("femur", "lips"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no table of fields"),
        ("null", "no table of fields"),
        ("{}", 'lacks the field "version"'),
        ('{"version": 1, "version": 1}', "a field twice"),
        (text_with(version=2), "newer SonoAssist"),
        (text_with(version=2, more=1), "newer SonoAssist"),
        (text_with(version=True), "no version"),
        (text_with(version=0), "no version"),
        (text_with(version="1"), "no version"),
        (text_with(teacher="Ann"), "unknown field 'teacher'"),
        (text_with(recording=None), "no text"),
        (text_with(recording="../../etc"), "names no recording"),
        (text_with(recording=CONTENT.upper()), "names no recording"),
        (text_with(planes=[]), "asks no plane"),
        (text_with(planes="femur"), "no list of planes"),
        (text_with(planes=[1]), "no list of planes"),
        (text_with(planes=["background"]), "unknown plane 'background'"),
        (text_with(planes=["a\nb"]), "unknown plane"),
        (text_with(planes=["lips", "lips"]), "lips twice"),
        (text_with(absent=["lips"]), "lips twice"),
        (text_with(absent=["rvot", "rvot"]), "rvot twice"),
        (text_with(absent={"rvot": 1}), "no list of planes"),
        (text_with(order="random"), '"order"'),
        (text_with(order=[]), '"order"'),
    ],
)
def test_a_bad_set_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(QuestionSetError) as caught:
        question_set_of(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(ASKABLE),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["version", "recording", "planes", "absent", "order", "more"]), _ANY
    )
)
def test_no_set_of_any_origin_breaks_the_reader(changes: dict[str, object]) -> None:
    try:
        made = question_set_of(text_with(**changes))
    except QuestionSetError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017  (either may be right)
    else:
        assert question_set_of(text_of(made)) == made


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8")))
def test_no_file_of_any_origin_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(data)
    with pytest.raises(QuestionSetError) as caught:
        read_set(path, CONTENT)
    assert len(str(caught.value).splitlines()) == 1


# -- the files -----------------------------------------------------------------------------


def test_a_set_is_kept_for_its_recording_alone(tmp_path: Path) -> None:
    store, questions = SetStore(tmp_path / "sets"), QuestionSet(CONTENT, ("lips",), ("rvot",))
    assert store.read(CONTENT) is None
    store.write(questions)
    assert store.read(CONTENT) == questions
    assert store.read(OTHER) is None
    assert [one.name for one in (tmp_path / "sets").iterdir()] == [f"{CONTENT}.json"]
    store.forget(CONTENT)
    store.forget(CONTENT)  # nobody minds
    assert store.read(CONTENT) is None


def test_the_users_own_sets_are_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path))
    assert SetStore().path_of(CONTENT) == tmp_path / "practice" / "sets" / f"{CONTENT}.json"
    with pytest.raises(ValueError, match="no content"):
        SetStore().path_of("../../settings")


def test_the_set_of_another_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    write_set(path, QuestionSet(OTHER, ("lips",)))
    with pytest.raises(QuestionSetError, match="another recording"):
        read_set(path, CONTENT)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "No such file"),
        (b"\xff\xfe\x00", "it is no text"),
        (b" " * (LARGEST_BYTES + 1), "too large"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, data: bytes | None, said: str) -> None:
    path = tmp_path / "set.json"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(QuestionSetError, match=said) as caught:
        read_set(path, CONTENT)
    assert str(path) in str(caught.value)


def test_what_cannot_be_written_is_said_and_leaves_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "sets"
    folder.write_text("in the way")
    with pytest.raises(OutputError):
        SetStore(folder).write(QuestionSet(CONTENT, ("lips",)))
    assert folder.read_text() == "in the way"


# -- the exercise --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_a_set_is_asked_in_its_order_each_plane_once(seed: int) -> None:
    asked = QuestionSet(CONTENT, ("4ch", "rvot", "lips"))  # no RVOT in the exam
    questions = next_exercise(EXAM, {"lips": 1.0}, 1, seed, asked)
    assert [one.view.plane for one in questions] == ["4ch", "lips"]


@pytest.mark.parametrize("seed", range(6))
def test_weak_planes_first_stays_within_the_set(seed: int) -> None:
    asked = QuestionSet(CONTENT, ("lips", "femur"), order=QuestionOrder.WEAK_FIRST)
    questions = next_exercise(EXAM, {"4ch": 1.0, "femur": 0.9}, 9, seed, asked)
    assert sorted(one.view.plane for one in questions) == ["femur", "lips", "lips"]
    (only,) = next_exercise(EXAM, {"4ch": 1.0, "femur": 0.9}, 1, seed, asked)
    assert only.view.plane == "femur"


def exercise(*stretches: tuple[str, int], absent: tuple[str, ...]) -> Exercise:
    answers = answers_of(*stretches)
    view = next(one for one in answers.views if one.plane == "femur")
    end = len(answers.labels) - 1
    return Exercise(answers, [Question(view, 0, end)], absent=absent)


@pytest.mark.parametrize("label", ["background", "rvot", "?"])
def test_an_absent_plane_is_a_false_alarm_whatever_the_exam_shows(label: str) -> None:
    stretches = (("background", 20), (label, 3), ("background", 20), ("femur", 30))
    one = exercise(*stretches, absent=("rvot",))
    one.show(21)
    assert one.name("rvot") is Called.FALSE_ALARM
    if label != "background":  # it is that mark which makes the difference
        other = exercise(*stretches, absent=())
        other.show(21)
        assert other.name("rvot") is Called.NOT_COUNTED


def test_an_absent_plane_is_no_answer_in_the_view_either() -> None:
    one = exercise(("background", 30), ("femur", 30), ("background", 20), absent=("rvot",))
    one.show(40)
    assert one.name("rvot") is Called.FALSE_ALARM
    assert (one.phase, one.said, one.false_alarms) == (Phase.PLAYING, None, ("rvot",))
    assert one.name("femur") is Called.ANSWER
    assert one.name("rvot") is Called.FALSE_ALARM  # the answer that was given stands
    assert one.said == "femur"
    one.freeze()
    assert one.hand_in()
    attempt = one.attempts[0]
    assert (attempt.outcome, attempt.false_alarms) == (QuestionOutcome.FOUND, ("rvot",))
    assert [score.plane for score in by_plane(one.attempts)] == ["femur"]  # RVOT is left out


@pytest.mark.parametrize(("absent", "called"), [(("rvot",), Called.NONE), ((), Called.NOT_COUNTED)])
def test_none_of_them_is_right_where_an_absent_plane_seems_to_be(
    absent: tuple[str, ...], called: Called
) -> None:
    one = exercise(
        ("background", 20), ("rvot", 3), ("background", 20), ("femur", 30), absent=absent
    )
    one.show(21)
    one.freeze()
    one.name("background")
    assert one.none_handed_in() is called


def test_how_many_are_absent_is_said() -> None:
    assert absent_sentence(()) == ""
    assert absent_sentence(["lips"]) == "1 plane is absent in this exam, by the teacher's set."
    assert absent_sentence(["lips", "rvot"]).startswith("2 planes are absent in this exam")
