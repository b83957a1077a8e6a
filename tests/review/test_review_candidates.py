from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review_made import made_result

from sonoassist.core.packets import Content, State, frozen
from sonoassist.core.planes import KEYS
from sonoassist.recordings.corrections import Corrections, Label
from sonoassist.recordings.records import STRIDE, FrameResult
from sonoassist.recordings.table import FrameTable
from sonoassist.retrieval.choosing import choose
from sonoassist.retrieval.table import ExamTable
from sonoassist.review.candidates import MOST, missing
from sonoassist.review.views import find_views
from sonoassist.temporal.quality import LEAST
from sonoassist.temporal.rules import APART_S, WANTED, Rule

sys.path.insert(0, str(Path(__file__).parents[1] / "retrieval"))

from tables_made import table_of as frame_table


def table_of(results: list[FrameResult], frames: int = 1000) -> FrameTable:
    table = FrameTable([index / 25 for index in range(frames)])
    table.add(results)
    return table


def femur(first: int, last: int, confidence: float, **more: float) -> list[FrameResult]:
    return [made_result(index, "femur", confidence, **more) for index in range(first, last)]


def background(first: int, last: int) -> list[FrameResult]:
    state = State.BACKGROUND
    return [made_result(index, "background", 0.98, state) for index in range(first, last)]


def test_best_first_and_apart() -> None:
    results = femur(100, 150, 0.8) + femur(400, 430, 0.95) + background(150, 400)
    peaks = find_views(table_of(results).snapshot(), Corrections()).candidates["femur"]
    assert 400 <= peaks[0].frame < 430
    assert peaks[0].confidence > 0.9
    assert peaks[0].sure
    times = [peak.time_s for peak in peaks]
    assert min(abs(a - b) for a in times for b in times if a != b) >= APART_S * 0.95
    assert [peak.confidence for peak in peaks] == sorted(
        (peak.confidence for peak in peaks), reverse=True
    )
    assert any(100 <= peak.frame < 150 for peak in peaks)


def test_one_wild_frame_is_no_match_for_a_steady_view() -> None:
    results = background(0, 300) + femur(400, 450, 0.9)
    results[100] = made_result(100, "femur", 0.99)
    peaks = find_views(table_of(results).snapshot(), Corrections()).candidates["femur"]
    assert 400 <= peaks[0].frame < 450
    assert 100 not in {peak.frame for peak in peaks}
    alone = find_views(table_of(results[:300]).snapshot(), Corrections()).candidates
    assert alone["femur"] == ()
    assert "femur" in missing(alone, Corrections())


def test_below_the_floor_nothing_is_found_and_above_it_a_guess_is_said_to_be_one() -> None:
    for share, count in ((LEAST - 0.01, 0), (LEAST + 0.02, 1)):
        results = background(0, 100)
        results += [made_result(at, "femur", share, State.UNSURE) for at in range(100, 150)]
        found = find_views(table_of(results).snapshot(), Corrections()).candidates["femur"]
        assert len(found) == count
        assert not any(peak.sure for peak in found)


def test_among_equals_the_sharpest_one() -> None:
    results = femur(100, 112, 0.9, quality=0.3)
    results[7] = made_result(107, "femur", 0.895, quality=0.8)
    peaks = find_views(table_of(results).snapshot(), Corrections()).candidates["femur"]
    assert peaks[0].frame == 107


def test_what_a_person_says_counts() -> None:
    table = table_of(femur(100, 130, 0.9) + background(130, 300))
    words = Corrections(labels=(Label(100, 129, "lips"), Label(200, 210, "femur")))
    found = find_views(table.snapshot(), words).candidates
    assert [peak.told for peak in found["femur"]] == [True]
    assert 200 <= found["femur"][0].frame <= 210
    assert 100 <= found["lips"][0].frame < 130
    left = missing(found, words)
    assert "femur" not in left
    assert "lips" not in left
    assert len(left) == 11
    assert "kidneys" not in missing(found, Corrections(best={"kidneys": 3}))


def test_doppler_damaged_and_unanalysed_frames_are_no_candidates() -> None:
    results = [
        made_result(10, "femur", 0.99, State.DOPPLER),
        made_result(20, "femur", 0.99, State.NO_SIGNAL),
        FrameResult(30, None, np.zeros(14, np.float32), None, np.nan),
        made_result(40, "femur", 0.5, State.UNSURE),
    ]
    found = find_views(table_of(results).snapshot(), Corrections()).candidates
    assert [peak.frame for peak in found["femur"]] == [40]
    assert not found["femur"][0].sure
    assert "femur" in missing(found, Corrections())
    assert found["lips"] == ()  # below the floor
    assert "background" not in found


def test_there_are_never_too_many() -> None:
    results = [one for at in range(0, 2000, 50) for one in femur(at, at + 15, 0.9)]
    found = find_views(table_of(results, 2000).snapshot(), Corrections()).candidates
    assert len(found["femur"]) == MOST


def test_among_equals_the_stillest_one_and_unknown_is_neither_good_nor_bad() -> None:
    results = femur(100, 112, 0.9)
    still = [0.2] * 12
    still[7] = still[8] = 0.9  # still on both sides: only frame 107
    results = [replace(one, stillness=share) for one, share in zip(results, still, strict=True)]
    assert best_frame(results) == 107
    results[7] = replace(results[7], stillness=np.nan)  # frame 108 is as still as 107 was
    assert best_frame(results) == 107
    results[8] = replace(results[8], stillness=0.2)
    results[3] = replace(results[3], quality=0.7)
    assert best_frame(results) == 103
    # Not measured it is taken for the middle of the others: no match, and no hindrance.
    results[3] = replace(results[3], quality=np.nan)
    results[9] = replace(results[9], quality=0.4)
    assert best_frame(results) not in (103, 109)


def best_frame(results: list[FrameResult]) -> int:
    return find_views(table_of(results).snapshot(), Corrections()).candidates["femur"][0].frame


def test_stillness_against_a_frame_that_was_not_analysed_says_nothing_of_an_earlier_one() -> None:
    """Frame 104 was still; that frame 116 moved against 115 is nothing against it."""
    results = [made_result(at, "femur", 0.9) for at in (100, 101, 102, 103, 104, 120, 121)]
    known = [replace(one, stillness=0.5) for one in results]
    known[4], known[5] = replace(known[4], stillness=0.9), replace(known[5], stillness=0.0)
    known[3] = replace(known[3], stillness=0.6)
    assert best_frame(known) == 104


@pytest.mark.parametrize("fps", [25.0, 30.0, 8.0])
def test_every_sixteenth_frame_is_enough_for_candidates(fps: float) -> None:
    table = FrameTable([at / fps for at in range(2000)])
    shows = {"femur": (320, 480), "lips": (1216, 1232)}
    results = []
    for at in range(0, 2000, STRIDE):
        key = next((key for key, (low, high) in shows.items() if low <= at < high), "background")
        results.append(made_result(at, key, 0.9))
    table.add(results)
    found = find_views(table.snapshot(), Corrections()).candidates
    for key, (low, high) in shows.items():
        assert low <= found[key][0].frame < high
        assert found[key][0].sure
    assert len(missing(found, Corrections())) == 11


def test_a_label_of_one_frame_that_the_model_doubts_comes_first() -> None:
    results = femur(0, 200, 0.9) + background(200, 400)
    words = Corrections(labels=(Label(300, 300, "femur"), Label(100, 120, "background")))
    first, *others = find_views(table_of(results).snapshot(), words).candidates["femur"]
    assert (first.frame, first.told) == (300, True)
    assert first.confidence == pytest.approx(0.02 / 13, abs=1e-3)
    assert others
    assert not any(one.told or 100 <= one.frame <= 120 for one in others)


def test_stretches_that_a_person_labelled_are_views_of_their_own() -> None:
    results = femur(0, 60, 0.6) + femur(60, 200, 0.9) + background(200, 260)
    words = Corrections(labels=(Label(10, 30, "femur"), Label(40, 42, "femur")))
    peaks = find_views(table_of(results).snapshot(), words).candidates["femur"]
    assert [peak.told for peak in peaks[:3]] == [True, True, False]
    assert sorted(peak.frame > 35 for peak in peaks[:2]) == [False, True]
    assert min(abs(peaks[2].time_s - one.time_s) for one in peaks[:2]) >= APART_S


@st.composite
def courses(draw: st.DrawFn) -> ExamTable:
    """A recording, analysed whole; planes come and go in it."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(1, 400))
    logits = np.zeros((count, len(KEYS)))
    for _ in range(draw(st.integers(0, 8))):
        low = int(rng.integers(0, count))
        logits[low : low + int(rng.integers(1, 80)), int(rng.integers(len(KEYS)))] += 6
    logits += rng.normal(0, draw(st.floats(0, 1.5)), logits.shape)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    steps_s = rng.choice([0.04, 0.04, 0.04, 1.5], count) if draw(st.booleans()) else 0.04
    stillness = rng.random(count)
    stillness[0] = 1.0
    return frame_table(
        shares,
        time_s=np.cumsum(np.broadcast_to(steps_s, count)),
        content=[list(Content)[at] for at in rng.choice(len(Content), count, p=CONTENT_SHARES)],
        sharpness=rng.random(count),
        stillness=stillness,
    )


CONTENT_SHARES = [0.96, *[0.04 / (len(Content) - 1)] * (len(Content) - 1)]
STATES = {Content.B_MODE: State.PLANE, Content.DOPPLER: State.DOPPLER}


@settings(deadline=None)
@given(courses())
def test_the_first_candidate_is_the_frame_that_retrieve_picks(table: ExamTable) -> None:
    reviewed = FrameTable(table.time_s)
    kinds = list(Content)
    reviewed.add(
        [
            FrameResult(
                at,
                STATES.get(kinds[table.content[at]], State.NO_SIGNAL),
                frozen(table.probabilities[at].copy()),
                None,
                float(table.sharpness[at]),
                float(table.stillness[at]),
            )
            for at in range(len(table))
        ]
    )
    views = find_views(reviewed.snapshot(), Corrections())
    found = views.candidates
    picked = choose(table, Rule.BEST, MOST)
    for key in WANTED:
        assert [peak.frame for peak in found[key]] == [one.row for one in picked[key]]
        assert [peak.confidence for peak in found[key]] == [one.score for one in picked[key]]
        for peak, one in zip(found[key], picked[key], strict=True):
            shown = slice(peak.first, peak.last + 1)
            assert one.begin_s <= table.time_s[shown][0] <= table.time_s[shown][-1] <= one.end_s
            assert peak.first <= peak.frame <= peak.last
            # What is painted is what the rule went by.
            steady = views.shares[peak.frame, KEYS.index(key)]
            assert steady == pytest.approx(one.steady_confidence, abs=1e-6)
