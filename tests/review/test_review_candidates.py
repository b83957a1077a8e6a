from __future__ import annotations

import numpy as np
from review_made import made_result

from sonoassist.packets import State
from sonoassist.planes import INDEX, PLANES
from sonoassist.review.candidates import APART_S, MOST, all_candidates, missing, smooth
from sonoassist.review.records import Corrections, FrameResult, Label
from sonoassist.review.table import Table


def table_of(results: list[FrameResult], frames: int = 1000) -> Table:
    table = Table([index / 25 for index in range(frames)])
    table.add(results)
    return table


def femur(first: int, last: int, confidence: float, **more: float) -> list[FrameResult]:
    return [made_result(index, "femur", confidence, **more) for index in range(first, last)]


def background(first: int, last: int) -> list[FrameResult]:
    state = State.BACKGROUND
    return [made_result(index, "background", 0.98, state) for index in range(first, last)]


def test_best_first_and_apart() -> None:
    results = femur(100, 150, 0.8) + femur(400, 430, 0.95) + background(150, 400)
    peaks = all_candidates(table_of(results).arrays(), Corrections())["femur"]
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
    peaks = all_candidates(table_of(results).arrays(), Corrections())["femur"]
    assert 400 <= peaks[0].frame < 450
    assert all(peak.frame != 100 for peak in peaks)


def test_among_equals_the_sharpest_one() -> None:
    results = femur(100, 112, 0.9, quality=0.3)
    results[7] = made_result(107, "femur", 0.895, quality=0.8)
    peaks = all_candidates(table_of(results).arrays(), Corrections())["femur"]
    assert peaks[0].frame == 107


def test_what_a_person_says_counts() -> None:
    table = table_of(femur(100, 130, 0.9) + background(130, 300))
    words = Corrections(labels=(Label(100, 129, "lips"), Label(200, 210, "femur")))
    found = all_candidates(table.arrays(), words)
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
    found = all_candidates(table_of(results).arrays(), Corrections())
    assert [peak.frame for peak in found["femur"]] == [40]
    assert not found["femur"][0].sure
    assert "femur" in missing(found, Corrections())
    assert found["lips"] == ()
    assert "background" not in found


def test_there_are_never_too_many() -> None:
    found = all_candidates(table_of(femur(0, 1000, 0.9)).arrays(), Corrections())
    assert len(found["femur"]) == MOST


def test_smoothing_is_the_mean_of_the_judged_frames_near_by() -> None:
    rng = np.random.default_rng(1)
    results = [
        made_result(int(index), "femur", float(rng.random()))
        for index in rng.choice(200, 90, replace=False)
    ]
    arrays = table_of(results, 200).arrays()
    found = smooth(arrays)
    for index in range(200):
        near = np.abs(arrays.times_s - arrays.times_s[index]) <= 0.2 + 1e-6
        near &= arrays.judged
        wanted = arrays.probabilities[near].mean(axis=0) if near.any() else np.zeros(len(PLANES))
        assert np.allclose(found[index], wanted, atol=1e-4)
    assert INDEX["femur"] >= 0
