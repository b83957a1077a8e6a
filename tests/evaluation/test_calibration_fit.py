"""Temperature, lapse and threshold from labelled frames; figures of cases not fitted on."""

from __future__ import annotations

import numpy as np
import pytest

from sonoassist.core.errors import SourceError
from sonoassist.core.planes import BACKGROUND_INDEX, KEYS
from sonoassist.evaluation.calibration_fit import (
    CalibrationFit,
    ScoredFrame,
    fit_calibration,
)
from sonoassist.evaluation.folds import FOLDS, folds_of

PLANES = [number for number in range(14) if number != BACKGROUND_INDEX]


def drawn(count: int, temperature: float, seed: int = 0, lapse: float = 0.0) -> list[ScoredFrame]:
    """Frames of a network that is right as often as its softmax at this temperature says."""
    rng = np.random.default_rng(seed)
    frames = []
    for number in range(count):
        scores = rng.normal(0, 0.3, 14)
        scores[rng.choice(PLANES)] += rng.uniform(0, 12)
        wide = np.exp(scores / temperature)
        shares = (1 - lapse) * wide / wide.sum() + lapse / 14
        truth = (KEYS[rng.choice(14, p=shares / shares.sum())],)
        frames.append(ScoredFrame(f"d/{number // 2}", "d", scores.astype(np.float32), truth))
    return frames


def test_the_temperature_of_a_network_that_is_too_sure_is_found() -> None:
    found = fit_calibration(drawn(1200, 2.0), error_rate=0.2)
    assert found.calibration.temperature == pytest.approx(2.0, rel=0.15)
    assert found.calibration.lapse < 0.05
    whole = found.whole
    assert whole.after.nll < whole.before.nll
    assert whole.after.error < 0.5 * whole.before.error
    assert whole.after.accuracy == pytest.approx(whole.before.accuracy, abs=0.01)


def test_a_lapse_is_found() -> None:
    found = fit_calibration(drawn(1500, 1.0, lapse=0.2), error_rate=0.3)
    assert found.calibration.lapse == pytest.approx(0.2, abs=0.08)


def test_one_who_is_as_sure_as_right_stays_as_he_is() -> None:
    found = fit_calibration(drawn(400, 1.0), error_rate=0.2)
    rule = found.calibration
    if not found.whole.better:
        assert (rule.temperature, rule.lapse) == (1.0, 0.0)
    assert rule.temperature == pytest.approx(1.0, abs=0.25)


def test_the_threshold_keeps_the_error_rate_on_cases_not_fitted_on() -> None:
    frames = drawn(1200, 1.0)
    strict, loose = (fit_calibration(frames, error_rate=rate) for rate in (0.03, 0.10))
    for found, rate in ((strict, 0.03), (loose, 0.10)):
        assert found.after.error_rate <= rate
        assert found.after.threshold == found.calibration.threshold
    assert strict.calibration.threshold > loose.calibration.threshold
    assert strict.after.named < loose.after.named


def test_what_is_outside_is_not_named() -> None:
    frames = drawn(600, 1.5)
    wrong = [
        ScoredFrame(one.case, one.dataset, one.scores, one.truth, outside=True)
        if KEYS[int(one.scores.argmax())] not in one.truth
        else one
        for one in frames
    ]
    found = fit_calibration(wrong, error_rate=0.02)
    assert found.after.wrong == 0
    assert found.calibration.threshold == 0.5


def test_what_is_less_likely_than_not_is_never_named() -> None:
    assert fit_calibration(drawn(600, 1.0), error_rate=0.49).calibration.threshold == 0.5


def test_an_error_rate_that_cannot_be_kept_is_said() -> None:
    rng = np.random.default_rng(0)
    frames = [
        ScoredFrame(f"d/{n}", "d", rng.normal(0, 8, 14).astype(np.float32), ("femur",))
        for n in range(200)
    ]
    with pytest.raises(SourceError, match="at no threshold"):
        fit_calibration(frames, error_rate=0.01)


@pytest.mark.parametrize("frames", [drawn(20, 1.0), [], drawn(60, 1.0)[:8] * 10])
def test_too_few_frames_or_cases_are_refused(frames: list[ScoredFrame]) -> None:
    with pytest.raises(SourceError, match="too few"):
        fit_calibration(frames)


def test_each_data_set_has_its_own_figures() -> None:
    others = [
        ScoredFrame(f"e/{n}", "e", one.scores, one.truth) for n, one in enumerate(drawn(90, 3.0))
    ]
    found: CalibrationFit = fit_calibration([*drawn(300, 1.5), *others], error_rate=0.3)
    assert list(found.datasets) == ["d", "e"]
    assert [one.before.frames for one in found.datasets.values()] == [300, 90]
    assert fit_calibration(drawn(300, 1.5), error_rate=0.3).datasets == {}


def test_no_case_is_in_two_folds() -> None:
    cases = [f"p{number % 17}" for number in range(100)]
    folds = folds_of(cases)
    assert len(folds) == FOLDS
    assert sorted(int(row) for fold in folds for row in fold) == list(range(100))
    for case in set(cases):
        assert sum(any(cases[row] == case for row in fold) for fold in folds) == 1
