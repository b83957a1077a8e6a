"""`evaluate calibration --fit` says figures of cases not fitted on, and can be undone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evaluation.test_calibration_fit import drawn
from evaluation.test_outside_fit import HEARTS, KNOWN, MUSCLE
from fake_weights import published_file
from sonoassist import cli
from sonoassist.core.planes import BACKGROUND_INDEX
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.evaluation.calibration_fit import ERROR_RATE
from sonoassist.evaluation.outside_fit import Measured
from sonoassist.evaluation.score_gathering import Gathered
from sonoassist.model.card import Card
from sonoassist.model.score_history import SCORE_HISTORY
from sonoassist.model.store import ModelStore

Given = Callable[..., None]


class PlainAnalyser:
    def close(self) -> None:
        pass


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Given:
    """A model, data of a layout, and what the model says of it."""
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    ModelStore.default().add(published_file(tmp_path), "mine")
    (tmp_path / "x.png").write_bytes(b"")

    def make(layout: str = "exams", others: list[Measured] | None = None) -> None:
        frames = (LabelledFrame("a", tmp_path / "x.png", 0, ("femur",)),)
        for name, answer in (
            ("sonoassist.commands.evaluate.read_dataset", Dataset("truth", layout, frames)),
            ("sonoassist.analysis.analyser.build_analyser", PlainAnalyser()),
            ("sonoassist.evaluation.score_gathering.uncalibrated", PlainAnalyser()),
            ("sonoassist.evaluation.score_gathering.gather_labelled", gathered()),
            ("sonoassist.evaluation.score_gathering.gather_others", others or []),
        ):
            monkeypatch.setattr(name, lambda *_, answer=answer, **__: answer)

    return make


def gathered(temperature: float = 2.0) -> list[Gathered]:
    found = []
    for one, known in zip(drawn(900, temperature), KNOWN * 3, strict=True):
        plane = int(one.scores.argmax()) != BACKGROUND_INDEX
        measures = known.measures if plane else None
        found.append(Gathered(one.case, one.dataset, one.scores, one.truth, measures))
    return found


def card() -> Card:
    return ModelStore.default().get("mine").card


def calibration(*words: str) -> int:
    return cli.run(["evaluate", "calibration", *words])


def test_the_help_names_the_error_rate_in_force(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.run(["evaluate", "--help"])
    assert f"(default {ERROR_RATE:g})" in " ".join(capsys.readouterr().out.split())


FIT = ("data", "--fit", "--model", "mine", "--error-rate", "0.2")


def test_a_model_is_calibrated_and_that_can_be_undone(
    given: Given, capsys: pytest.CaptureFixture[str]
) -> None:
    given()
    assert card().calibration is None
    assert calibration(*FIT) == 0
    said = capsys.readouterr().out
    assert "fitted on other cases" in said
    assert "negative log-likelihood" in said
    assert "calibration mine --undo" in said
    found = card().calibration
    assert found is not None
    assert found.temperature == pytest.approx(2.0, rel=0.2)
    assert found.error_rate == 0.2
    assert found.fitted_on == "truth (1)"
    assert card().outside is None
    assert calibration("mine", "--undo") == 0
    assert card().calibration is None
    assert SCORE_HISTORY.kept(ModelStore.default().get("mine").folder) == []


def test_each_fit_is_undone_by_itself(given: Given) -> None:
    given()
    assert calibration(*FIT) == 0
    first = card().calibration
    assert calibration(*FIT[:-1], "0.3") == 0
    assert card().calibration != first
    assert calibration("mine", "--undo") == 0
    assert card().calibration == first


def test_pictures_of_other_kinds_say_what_is_outside(
    given: Given, capsys: pytest.CaptureFixture[str]
) -> None:
    given(others=[*MUSCLE, *HEARTS])
    assert calibration(*FIT, "--other-kinds", "muscle", "hearts", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["model"] == "mine"
    assert told["outside"]["let_through"] < 0.2
    assert told["whole"]["after"]["nll"] < told["whole"]["before"]["nll"]
    rule = card().outside
    assert rule is not None
    assert rule.fitted_on == "muscle, hearts"
    assert np.mean([one.measures.lack(rule) > 0 for one in MUSCLE]) > 0.8


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("classification", "data", "--fit"), "--fit goes with calibration"),
        (("calibration", "data", "--error-rate", "0.1"), "--error-rate goes with --fit"),
        (("calibration", "mine", "more", "--undo"), "the name of one model"),
        (("calibration", "mine", "--undo"), "nothing to undo"),
        (("calibration", "sononet32-synthetic", "--undo"), "comes with the program"),
        ((*("calibration", *FIT), "--other-kinds", "here"), "in none of the pictures"),
    ],
)
def test_bad_use(
    given: Given, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    given()
    assert cli.run(["evaluate", *words]) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]
    assert card().calibration is None


def test_data_of_another_domain_is_refused(
    given: Given, capsys: pytest.CaptureFixture[str]
) -> None:
    given(layout="phantom")
    assert calibration(*FIT) == 2
    assert "truth is synthetic" in capsys.readouterr().err
    assert calibration(*FIT, "--other-domain") == 0


def test_a_model_says_whether_it_is_calibrated(
    given: Given, capsys: pytest.CaptureFixture[str]
) -> None:
    given()
    assert cli.run(["models", "info", "mine"]) == 0
    said = capsys.readouterr().out
    assert "uncalibrated" in said
    assert "not told apart" in said
    assert calibration(*FIT) == 0
    capsys.readouterr()
    assert cli.run(["models", "info", "mine"]) == 0
    assert "at most 20 % of what is named was wrong" in capsys.readouterr().out
    assert cli.run(["models", "info", "mine", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["calibration"]["error_rate"] == 0.2
