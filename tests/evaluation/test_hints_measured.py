from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from evaluation.seen import about, one, picture
from sonoassist.core.flaws import Flaw
from sonoassist.core.packets import Box, State
from sonoassist.evaluation.bootstrap import Draws
from sonoassist.evaluation.failures import Failures
from sonoassist.evaluation.hints import FlawHints, HintLook, HintMeasure, measure_hints
from sonoassist.evaluation.observed import Observation, Observed
from sonoassist.evaluation.outputs import write_results
from sonoassist.evaluation.results import Results, measure
from sonoassist.recordings.records import FrameResult

DRAWS = Draws(resamples=100)
NONE: frozenset[Flaw] = frozenset()
SMALL = frozenset({Flaw.TOO_SMALL})


def row(found: HintMeasure, flaw: Flaw) -> FlawHints:
    return next(line for line in found.flaws if line.flaw is flaw)


def seen() -> list[Observation]:
    return [
        one("femur", "femur", case="a", flaws=SMALL, hints=[Flaw.TOO_SMALL]),
        one("femur", "femur", case="a", flaws=SMALL, hints=[]),
        one("femur", "femur", case="b", flaws=NONE, hints=[Flaw.TOO_SMALL]),
        one("femur", "femur", case="b", flaws=NONE, hints=[]),
        one("femur", "femur", case="c", flaws=NONE, hints=[]),
        # Of a frame whose plane is not named, or wrongly, no hint counts.
        one("femur", "lips", case="c", flaws=SMALL, hints=[Flaw.TOO_SMALL]),
        one("femur", "femur", case="c", flaws=SMALL, state=State.UNSURE, confidence=0.5),
        # Of the background, and where nobody tells what is wrong, nothing is counted.
        one("background", "femur", case="c", flaws=NONE, hints=[Flaw.MOVING]),
        one("femur", "femur", case="c", hints=[Flaw.MOVING]),
    ]


def test_precision_and_recall() -> None:
    found = measure_hints(seen(), DRAWS)
    assert found is not None
    small = row(found, Flaw.TOO_SMALL)
    assert (small.precision.value, small.recall.value) == (0.5, 0.5)
    assert small.recall_of_all.value == 0.25
    assert (small.hints, small.flawed, small.flawed_of_all) == (2, 2, 4)
    assert found.quiet.value == pytest.approx(2 / 3)
    assert (found.faultless, found.frames, found.frames_of_all) == (3, 5, 7)
    moving = row(found, Flaw.MOVING)
    assert np.isnan(moving.precision.value)
    assert np.isnan(moving.recall.value)


def test_data_that_does_not_tell_has_no_measure() -> None:
    assert measure_hints([one("femur", "femur", hints=[])], DRAWS) is None


def results(frames: list[Observation]) -> Results:
    wanted = ("hints",)
    return measure(about(), [], Observed(frames), Failures(), wanted)


def test_all_files_tell_it(tmp_path: Path) -> None:
    write_results(results(seen()), tmp_path)
    text = (tmp_path / "evaluation.txt").read_text(encoding="utf-8")
    assert "Too small" in text
    assert "Of 3 rightly named frames with nothing wrong 66.7" in text
    assert "<h2>Hints</h2>" in (tmp_path / "report.html").read_text(encoding="utf-8")
    known = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))["hints"]
    assert [line["flaw"] for line in known["flaws"]] == [flaw.value for flaw in Flaw]
    rows = list(csv.DictReader((tmp_path / "hints.csv").read_text().splitlines()))
    assert {line["flaw"]: line["precision"] for line in rows}["too_small"] == "0.500000"


def test_what_the_data_cannot_tell_is_said_with_the_reason(tmp_path: Path) -> None:
    write_results(results([one("femur", "femur")]), tmp_path)
    for name in ("evaluation.txt", "report.html"):
        assert "Hints: not measured" in (tmp_path / name).read_text(encoding="utf-8")


def test_looking_at_a_kept_result_is_as_looking_at_a_fresh_one() -> None:
    """Only the picture and the result count."""
    frame = picture()
    shares = one("femur", "femur").probabilities
    result = FrameResult(0, State.PLANE, shares, Box(30, 22, 34, 26), 0.5, crop=Box(0, 0, 64, 48))
    found = HintLook().hints(frame, result, None)
    assert found is not None
    assert Flaw.TOO_SMALL in {hint.flaw for hint in found}
    unsure = FrameResult(0, State.UNSURE, shares, None, 0.5)
    assert HintLook().hints(frame, unsure, None) is None
