from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.seen import about, one
from sonoassist.core.packets import State
from sonoassist.engines.scores import probabilities, softmax
from sonoassist.evaluation.bootstrap import Draws
from sonoassist.evaluation.failures import Failures
from sonoassist.evaluation.observed import Observation, Observed
from sonoassist.evaluation.outputs import write_results
from sonoassist.evaluation.results import measure
from sonoassist.evaluation.score_effects import (
    ScoreReading,
    measure_effect,
    measure_outside,
    plain_softmax,
)
from sonoassist.model.score_rules import ScoreCalibration

DRAWS = Draws(resamples=100)
READING = ScoreReading(temperature=1.5, lapse=0.04, tells_outside=True)


@given(
    st.lists(st.floats(-8, 8), min_size=14, max_size=14),
    st.floats(0.5, 4),
    st.floats(0, 0.2),
)
def test_the_plain_softmax_is_found_again(
    scores: list[float], temperature: float, lapse: float
) -> None:
    logits = np.array(scores, np.float32)
    rule = ScoreCalibration(temperature=temperature, lapse=lapse, error_rate=0.03)
    made = np.array([probabilities(logits, rule)], np.float64)
    found = plain_softmax(made, ScoreReading(temperature, lapse))
    np.testing.assert_allclose(found[0], softmax(logits), atol=2e-3)


def calibrated(frames: list[Observation]) -> list[Observation]:
    rule = ScoreCalibration(temperature=1.5, lapse=0.04, error_rate=0.03)
    return [
        replace(each, probabilities=probabilities(np.log(each.probabilities + 1e-6), rule))
        for each in frames
    ]


def test_before_is_what_it_was_without_calibration() -> None:
    plain = [one("femur", "femur", index=n, confidence=0.97) for n in range(8)]
    plain += [one("femur", "lips", index=9, confidence=0.97)]
    found = measure_effect(calibrated(plain), READING)
    assert found is not None
    assert found.before.confidence == pytest.approx(0.97, abs=1e-3)
    assert found.after.confidence < found.before.confidence
    assert found.before.accuracy == found.after.accuracy == pytest.approx(8 / 9)
    assert found.after.nll < found.before.nll


def test_an_uncalibrated_model_has_no_before_and_after() -> None:
    assert measure_effect([one("femur", "femur")], ScoreReading()) is None


def seen() -> list[Observation]:
    return [
        one("background", "femur", case="a", state=State.OUTSIDE),
        one("background", "femur", case="a"),
        one("background", "background", case="b"),
        one("background", "lips", case="b", confidence=0.5, state=State.UNSURE),
        one("femur", "femur", case="b"),
        one("femur", "femur", case="b"),
        one("femur", "femur", case="c", state=State.OUTSIDE),
        # Neither is lost to the rule: one is unsure, one would be wrong, one is no picture.
        one("femur", "femur", case="c", confidence=0.5, state=State.UNSURE),
        one("femur", "lips", case="c", state=State.OUTSIDE),
        one("femur", "femur", case="c", state=State.DOPPLER),
    ]


def test_how_many_are_held_back_and_how_many_lost() -> None:
    found = measure_outside(seen(), READING, 0.7, DRAWS)
    assert found is not None
    assert (found.named.value, found.named_without.value) == (0.25, 0.5)
    assert found.lost.value == pytest.approx(1 / 3)
    assert (found.others, found.planes) == (4, 3)


def test_without_a_rule_or_without_other_pictures_there_are_no_rates() -> None:
    assert measure_outside(seen(), ScoreReading(), 0.7, DRAWS) is None
    planes = [each for each in seen() if each.truth == ("femur",)]
    assert measure_outside(planes, READING, 0.7, DRAWS) is None


def written(folder: Path, frames: list[Observation], reading: ScoreReading) -> list[str]:
    results = measure(about(reading=reading), [], Observed(frames), Failures(), ("classification",))
    write_results(results, folder)
    return [
        (folder / name).read_text(encoding="utf-8") for name in ("evaluation.txt", "report.html")
    ]


def test_both_are_told_or_it_is_said_why_not(tmp_path: Path) -> None:
    for text in written(tmp_path / "1", calibrated(seen()), READING):
        assert "calibrated (temperature 1.5, lapse 0.04)" in text
        assert "rightly named, lost as outside" in text
        assert "not measured" not in text
    for text in written(tmp_path / "2", seen(), ScoreReading()):
        assert "not measured; the model has none" in text
        assert "not measured; the model does not tell them" in text
    planes = [each for each in seen() if each.truth == ("femur",)]
    for text in written(tmp_path / "3", planes, READING):
        assert "not measured; the data has no frame without a plane" in text
