"""The views of a recording that Review shows: from both sides, and those of `retrieve`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from review_made import EXAM, made_analyser, made_result, write_recording

from sonoassist.core.packets import State
from sonoassist.core.planes import BY_KEY, INDEX
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.corrections import Corrections, Label
from sonoassist.recordings.records import STRIDE, FrameResult, RunState
from sonoassist.recordings.table import FrameTable
from sonoassist.retrieval.analysing import analyse_exam
from sonoassist.retrieval.choosing import choose
from sonoassist.retrieval.exams import Part, RecordedExam
from sonoassist.review import candidates
from sonoassist.review.candidates import MOST
from sonoassist.review.session import ReviewSession
from sonoassist.review.views import RecordingViews, find_views
from sonoassist.temporal.rules import WANTED, Course, Rule, Scales
from waiting import wait_until

Parts = tuple[tuple[str, int, float], ...]
SOFT_START: Parts = (("background", 75, 0.95), ("femur", 75, 0.95), ("background", 75, 0.95))


def results_of(parts: Parts) -> list[FrameResult]:
    each = [(key, share) for key, count, share in parts for _ in range(count)]
    return [
        made_result(index, key, share, State.BACKGROUND if key == "background" else State.PLANE)
        for index, (key, share) in enumerate(each)
    ]


def views_of(results: list[FrameResult], count: int) -> RecordingViews:
    table = FrameTable([index / 25 for index in range(count)])
    table.add(results)
    return find_views(table.snapshot(), Corrections())


def painted(views: RecordingViews, key: str, frame: int) -> float:
    columns, _known = views.strips.columns(frame, frame + 1, 1)
    return float(columns[0, INDEX[key]]) / 255


def test_a_view_begins_where_it_begins_and_one_odd_frame_does_not_part_it() -> None:
    results = results_of(SOFT_START)
    results[110] = made_result(110, "lips", 0.99)
    views = views_of(results, 225)
    peak = views.candidates["femur"][0]
    assert (peak.first, peak.last) == (75, 149)
    assert painted(views, "femur", 110) > 0.85
    assert painted(views, "lips", 110) < 0.1
    assert painted(views, "femur", 75) > 0.85
    assert painted(views, "femur", 74) < 0.1
    word = views.word(110)
    assert word is not None
    assert word.plane is BY_KEY["femur"]


def test_while_the_analysis_runs_it_is_what_is_known_so_far() -> None:
    results = results_of(SOFT_START)
    views = views_of(results[::STRIDE], 225)
    peak = views.candidates["femur"][0]
    assert 75 <= peak.first <= peak.last <= 149
    assert peak.frame % STRIDE == 0
    columns, known = views.strips.columns(0, 225, 225)
    assert np.flatnonzero(known).tolist() == list(range(0, 225, STRIDE))
    assert not columns[~known].any()
    assert views.word(peak.frame) is not None
    assert views.word(peak.frame + 1) is None
    assert not any(views_of([], 225).candidates.values())


def test_what_is_no_b_mode_picture_shows_nothing() -> None:
    results = results_of(SOFT_START)
    results[110] = made_result(110, "femur", 0.99, State.DOPPLER)
    views = views_of(results, 225)
    assert views.word(110) is None
    assert painted(views, "femur", 110) == 0.0


def test_a_label_of_a_person_does_not_change_what_the_network_says() -> None:
    table = FrameTable([index / 25 for index in range(225)])
    table.add(results_of(SOFT_START))
    plain = find_views(table.snapshot(), Corrections())
    said = find_views(table.snapshot(), Corrections(labels=(Label(80, 140, "lips"),)))
    assert np.array_equal(said.shares, plain.shares)
    assert said.candidates["lips"][0].told
    assert said.around(100, "lips") == (80, 140)


def test_the_name_while_it_plays_is_that_of_the_view() -> None:
    views = views_of(results_of(SOFT_START), 225)
    named = views.steady(100, 0.5)
    assert named is not None
    assert (named.plane, named.state, named.since_s) == (BY_KEY["femur"], State.PLANE, 3.0)
    unsure = views.steady(100, 0.99)
    assert unsure is not None
    assert (unsure.plane, unsure.state) == (None, State.UNSURE)
    nothing = views.steady(10, 0.5)
    assert nothing is not None
    assert (nothing.plane, nothing.state, nothing.since_s) == (None, State.BACKGROUND, 0.0)


def test_a_frame_lies_in_the_view_of_a_candidate_or_in_none() -> None:
    views = views_of(results_of(SOFT_START), 225)
    assert views.around(80, "lips") == (75, 149)
    assert views.around(10, "lips") is None
    assert views.around(10, "femur") is None


def test_every_view_has_a_line_however_many_there_are_and_the_best_ones_are_offered() -> None:
    many = MOST + 8
    parts = (("background", 50, 0.95), ("femur", 50, 0.95)) * many
    views = views_of(results_of(parts), 100 * many)
    ends = [(at + 50, at + 99) for at in range(0, 100 * many, 100)]
    assert sorted((one.first, one.last) for one in views.views["femur"]) == ends
    assert [views.around(first + 20, "lips") for first, _last in ends] == ends
    assert views.candidates["femur"] == views.views["femur"][:MOST]


def test_labels_have_a_line_each_however_many_there_are() -> None:
    table = FrameTable([index / 25 for index in range(2000)])
    table.add(results_of((("background", 2000, 0.95),)))
    ends = [(at, at + 20) for at in range(0, 2000, 100)]
    labels = tuple(Label(first, last, "femur") for first, last in ends)
    views = find_views(table.snapshot(), Corrections(labels=labels))
    assert sorted((one.first, one.last) for one in views.views["femur"]) == ends
    assert [views.around(first + 10, "femur") for first, _last in ends] == ends
    assert len(views.candidates["femur"]) == MOST < len(ends)


@pytest.mark.parametrize("state", [State.NOISE, State.DOPPLER, None])
def test_a_frame_without_a_class_begins_no_view(state: State | None) -> None:
    results = results_of(SOFT_START)
    for at in (10, 110):
        results[at] = made_result(at, "lips", 0.99, state)
    views = views_of(results, 225)
    assert views.candidates["femur"][0].first == 75
    assert began_s(views, 120) == 3.0
    assert began_s(views, 20) == 0.0


def test_a_view_of_which_not_all_is_analysed_begins_where_it_begins() -> None:
    views = views_of(results_of(SOFT_START)[::2], 225)
    assert began_s(views, 140) == 76 / 25
    assert began_s(views, 72) == 0.0
    assert began_s(views, 200) == 150 / 25


def began_s(views: RecordingViews, frame: int) -> float:
    steady = views.steady(frame, 0.5)
    assert steady is not None
    return steady.since_s


def test_what_is_steady_is_so_since_its_line_begins() -> None:
    results = results_of(SOFT_START)
    results += [made_result(225 + at, "femur", 0.3 + at / 100, State.UNSURE) for at in range(60)]
    views = views_of(results, 285)
    for frame in range(285):
        word = views.word(frame)
        assert word is not None
        line = views.around(frame, word.plane.key)
        if line is not None:
            assert began_s(views, frame) == line[0] / 25


def test_views_say_whether_all_of_the_recording_was_looked_at() -> None:
    results = results_of(SOFT_START)
    assert views_of(results[::STRIDE], 225).surveyed
    assert not views_of(results[:200], 225).surveyed
    assert not views_of([], 225).surveyed


def test_frames_are_measured_once_where_nobody_said_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured: list[int] = []

    class Counted(Scales):
        def __init__(self, course: Course) -> None:
            measured.append(len(course))
            super().__init__(course)

    monkeypatch.setattr(candidates, "Scales", Counted)
    views_of(results_of(SOFT_START), 225)
    assert measured == [225]


def kept_files(home: Path) -> dict[str, str]:
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*.sqlite"))
    }


def reviewed(path: Path, store: CorrectionStore) -> RecordingViews:
    session = ReviewSession.open(str(path), store, lambda: None)
    session.begin(made_analyser())
    wait_until(lambda: session.progress().state is RunState.DONE, "the analysis")
    views = find_views(session.table.snapshot(), session.review.corrections)
    session.close()
    return views


def test_review_and_retrieve_have_the_same_views_and_kept_results_stay_as_they_are(
    tmp_path: Path,
) -> None:
    path = write_recording(tmp_path / "exam.mp4", EXAM)
    store = CorrectionStore(tmp_path / "home" / "reviews")
    views = reviewed(path, store)
    before = kept_files(tmp_path / "home")
    assert before
    again = reviewed(path, store)
    assert kept_files(tmp_path / "home") == before
    assert again.candidates == views.candidates
    table = analyse_exam(RecordedExam(path, (Part(path),)), made_analyser(), "").table
    picked = choose(table, Rule.BEST)
    assert picked["femur"]
    for key in WANTED:
        assert len(views.candidates[key]) >= len(picked[key])
        for peak, pick in zip(views.candidates[key], picked[key], strict=False):
            assert (peak.frame, peak.first, peak.last) == (
                int(table.frame[pick.row]),
                int(table.frame[pick.first_row]),
                int(table.frame[pick.last_row]),
            )
            assert peak.confidence == pytest.approx(pick.score)
