"""A fine-tuning is judged by the model that it began with."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_help import Listener, made_data, options, trainer

from fake_weights import published_file
from sonoassist.model.folding import Tensors
from sonoassist.model.weights_import import import_weights
from sonoassist.training.curves import NAME, ticks
from sonoassist.training.data import TrainingData
from sonoassist.training.options import (
    LR_FINE_TUNING,
    VAL_EVERY_FINE_TUNING,
    WARM_UP_FINE_TUNING,
    WARM_UP_LR,
    TrainOptions,
)
from sonoassist.training.parallel import Ranks, choose_device
from sonoassist.training.schedule import Plateau
from sonoassist.training.trainer import Trainer
from sonoassist.training.validation import ValidationScore


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> TrainingData:
    return made_data(tmp_path_factory.mktemp("data"), test_share=0.25)


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory) -> Tensors:
    return import_weights(published_file(tmp_path_factory.mktemp("weights"))).tensors


def tuner(run: TrainOptions, data: TrainingData, out: Path, folded: Tensors) -> Trainer:
    return Trainer(run, data, out, Ranks(0, 1, choose_device("cpu")), Listener(), folded)


def log(out: Path) -> list[dict[str, str]]:
    with (out / "log.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_start_is_measured_first_and_stands_in_the_log(
    data: TrainingData, tmp_path: Path, folded: Tensors
) -> None:
    run = tuner(options(start="mine", lr=1e-9, iterations=3, val_every=2), data, tmp_path, folded)
    outcome = run.run()
    assert outcome.start is not None
    rows = log(tmp_path)
    assert [row["iteration"] for row in rows] == ["0", "1", "2", "3"]
    assert rows[0]["loss"] == ""
    assert float(rows[0]["val_loss"]) == pytest.approx(outcome.start.loss, rel=1e-4)
    assert float(rows[2]["val_loss"]) == pytest.approx(outcome.start.loss, rel=1e-2)
    assert [row["val_loss"] != "" for row in rows] == [True, False, True, True]
    assert outcome.start_test is not None
    assert (tmp_path / NAME).is_file()


def test_a_rate_that_destroys_the_model_keeps_the_start(
    data: TrainingData, tmp_path: Path, folded: Tensors, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tuner(options(start="mine", lr=1e-6, iterations=2, val_every=1), data, tmp_path, folded)
    told: list[tuple[int, bool]] = []
    good = ValidationScore(0.9, 0.1, 0.9, {}, {}, 9)
    bad = ValidationScore(0.3, 9.0, 0.1, {}, {}, 9)
    answers = iter([good, bad, bad])
    monkeypatch.setattr("sonoassist.training.trainer.evaluate", lambda *_: next(answers, bad))
    monkeypatch.setattr(run._watcher, "validated", lambda at, _score, best: told.append((at, best)))
    outcome = run.run()
    assert told == [(0, False), (1, False), (2, False)]
    assert (outcome.start, outcome.start_kept, outcome.best_iteration) == (good, True, 0)
    assert not (tmp_path / "model.safetensors").exists()
    assert not (tmp_path / "model-card.toml").exists()


def test_only_what_is_better_than_the_start_is_best() -> None:
    plateau, run = Plateau(), options(start="mine")
    plateau.begin_at(0.2, 1.0)
    assert not plateau.update(1, 0.3, 0.1, run)
    assert not plateau.update(2, 0.2, 1.0, run)
    assert plateau.best_iteration == 0
    assert plateau.update(3, 0.1, 2.0, run)


def test_a_resumed_run_still_knows_its_start(
    data: TrainingData, tmp_path: Path, folded: Tensors
) -> None:
    words = {"start": "mine", "lr": 1e-4, "val_every": 1}
    first = tuner(options(iterations=2, **words), data, tmp_path / "a", folded).run()
    resumed = tuner(options(iterations=4, **words), data, tmp_path / "a", folded)
    resumed.resume()
    again = resumed.run()
    straight = tuner(options(iterations=4, **words), data, tmp_path / "b", folded).run()
    assert again.start == first.start == straight.start
    assert (again.validation, again.best_iteration) == (
        straight.validation,
        straight.best_iteration,
    )
    assert [row["val_loss"] for row in log(tmp_path / "a")] == [
        row["val_loss"] for row in log(tmp_path / "b")
    ]


def test_from_random_weights_nothing_is_measured_first(data: TrainingData, tmp_path: Path) -> None:
    outcome = trainer(options(iterations=3, val_every=2), data, tmp_path).run()
    assert outcome.start is None
    rows = log(tmp_path)
    assert [row["iteration"] for row in rows] == ["1", "2", "3"]
    assert rows[-1]["val_loss"] != ""  # the last validation is in the log


def test_the_defaults_are_others_from_a_model() -> None:
    scratch = TrainOptions(architecture="sononet16")
    tuned = TrainOptions(architecture="sononet16", start="mine")
    assert (scratch.first_lr, scratch.warm_up_iterations) == (0.1, 500)
    assert (tuned.first_lr, tuned.warm_up_iterations) == (LR_FINE_TUNING, WARM_UP_FINE_TUNING)
    rates = [Plateau().lr(n, tuned) for n in range(1, WARM_UP_FINE_TUNING + 3)]
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(LR_FINE_TUNING / WARM_UP_FINE_TUNING)
    assert rates[-1] == rates[-3] == LR_FINE_TUNING
    high = TrainOptions(architecture="sononet16", start="mine", lr=0.05)
    assert Plateau().lr(1, high) == WARM_UP_LR
    assert VAL_EVERY_FINE_TUNING > 0


@given(st.floats(-6, 10), st.floats(1e-6, 1e5), st.booleans())
def test_ticks_are_true(low: float, wide: float, whole: bool) -> None:
    """Each is written as it is, stands in the panel, and their distances are equal."""
    high = low + wide
    found = ticks(low, high, whole=whole)
    assert len(found) <= 11
    assert len(found) >= 2 or whole or wide < 1e-3
    assert found == sorted(set(found))
    slack = 1e-6 * max(abs(low), abs(high), 1)
    for value in found:
        assert low - slack <= value <= high + slack
        if whole:
            assert value == round(value)
    steps = np.diff(found)
    if len(steps):
        assert np.ptp(steps) <= 1e-6 * max(abs(low), abs(high), 1)


@pytest.mark.parametrize("last", [1, 7, 37, 200, 2350, 20000])
def test_ticks_of_iterations_are_iterations(last: int) -> None:
    found = ticks(0.0, float(last), whole=True)
    assert found[0] == 0
    assert all(f"{value:.0f}" == f"{value:g}" for value in found if value < 1e5)
    assert 2 <= len(found) <= 11
