from __future__ import annotations

import json
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from training_help import Listener, made_data, options, trainer

from sonoassist.core.errors import ModelError, OutputError, SourceError, UsageError
from sonoassist.model.weights_import import import_weights
from sonoassist.training.batches import Batches
from sonoassist.training.checkpoints import Checkpoints
from sonoassist.training.data import TrainingData
from sonoassist.training.learner import Learner, NotANumberError
from sonoassist.training.options import PatchStage, TrainOptions
from sonoassist.training.trainer import Trainer
from sonoassist.training.validation import ValidationScore


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> TrainingData:
    return made_data(tmp_path_factory.mktemp("data"))


@pytest.fixture
def real_scores() -> None:
    """Asks for real validations; the other tests are not about them."""


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "real_scores" not in request.fixturenames:
        score = ValidationScore(0.5, 1.0, 0.5, {"lips": 0.5}, {"lips": 0.5}, 2)
        monkeypatch.setattr("sonoassist.training.trainer.evaluate", lambda *_: score)


def weights(run: Trainer) -> dict[str, np.ndarray]:
    return run.learner.tensors()


def assert_same(one: Trainer, other: Trainer) -> None:
    a, b = weights(one), weights(other)
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def listener(run: Trainer) -> Listener:
    return run._watcher  # type: ignore[return-value]


@pytest.mark.usefixtures("real_scores")
@pytest.mark.parametrize("architecture", ["smallnet", "sononet16"])
def test_six_iterations_are_three_and_three(
    data: TrainingData, tmp_path: Path, architecture: str
) -> None:
    patches = (PatchStage(64, 4), PatchStage(72))
    run = options(architecture=architecture, patches=patches, val_every=3)
    straight = trainer(run, data, tmp_path / "straight")
    straight.run()
    three = trainer(
        options(architecture=architecture, patches=patches, val_every=3, iterations=3),
        data,
        tmp_path / "halves",
    )
    three.run()
    resumed = trainer(run, data, tmp_path / "halves")
    resumed.resume()
    assert resumed.done == 3
    resumed.run()
    assert_same(straight, resumed)
    assert straight.plateau == resumed.plateau
    assert listener(straight).losses[3:] == listener(resumed).losses
    logs = [
        (tmp_path / name / "log.csv").read_text().splitlines() for name in ("straight", "halves")
    ]
    assert len(logs[0]) == len(logs[1]) == 7
    assert [line.split(",")[:4] for line in logs[0]] == [line.split(",")[:4] for line in logs[1]]
    ours, theirs = (
        import_weights(tmp_path / n / "model.safetensors") for n in ("straight", "halves")
    )
    for name, values in ours.tensors.items():
        np.testing.assert_array_equal(values, theirs.tensors[name])


@pytest.mark.usefixtures("real_scores")
def test_it_learns(tmp_path: Path) -> None:
    data = made_data(tmp_path, test_share=0.25)
    run = options(
        architecture="sononet16",
        iterations=12,
        val_every=12,
        batch_planes=2,
        lr=0.05,
        seed=1,
        patches=(PatchStage(64),),
    )
    made = trainer(run, data, tmp_path / "run")
    outcome = made.run()
    losses = listener(made).losses
    assert np.mean(losses[-4:]) < 0.6 * np.mean(losses[:3])
    assert outcome.iterations == 12
    assert outcome.test is not None
    assert outcome.test.pictures == len(data.test)
    assert [path.name for path in outcome.files] == [
        "model.safetensors",
        "model-card.toml",
        "log.csv",
        "curves.png",
    ]


def test_it_stops_when_validation_no_longer_improves(data: TrainingData, tmp_path: Path) -> None:
    run = options(iterations=50, val_every=1, patience=1, drops=1)
    outcome = trainer(run, data, tmp_path).run()
    assert outcome.plateau
    assert outcome.iterations == 3


def test_the_last_two_checkpoints_are_kept(data: TrainingData, tmp_path: Path) -> None:
    trainer(options(val_every=1), data, tmp_path).run()
    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert names == ["iteration-00000005.safetensors", "iteration-00000006.safetensors"]


def test_a_second_training_in_the_same_folder_is_refused(
    data: TrainingData, tmp_path: Path
) -> None:
    trainer(options(iterations=1), data, tmp_path).run()
    with pytest.raises(UsageError, match="holds a training already"):
        trainer(options(iterations=1), data, tmp_path).run()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"architecture": "sononet16"}, "architecture smallnet, not sononet16"),
        ({"seed": 4}, "seed 0, not 4"),
        ({"lr": 0.5}, "lr 0.01, not 0.5"),
        ({"patches": (PatchStage(64),)}, "patches 96, not 64"),
    ],
)
def test_other_settings_are_refused_by_name(
    data: TrainingData, tmp_path: Path, change: dict[str, object], named: str
) -> None:
    trainer(options(iterations=1), data, tmp_path).run()
    with pytest.raises(UsageError, match=named):
        trainer(options(**change), data, tmp_path).resume()


def test_other_data_is_refused(data: TrainingData, tmp_path: Path) -> None:
    from training_help import write_exams

    trainer(options(iterations=1), data, tmp_path / "run").run()
    write_exams(tmp_path / "exams", cases=5)
    with pytest.raises(UsageError, match="made with data"):
        trainer(options(), made_data(tmp_path), tmp_path / "run").resume()


@pytest.mark.parametrize("name", ["iteration", "plateau", "best", "python", "numpy"])
@pytest.mark.parametrize("value", ["x", -1])
def test_a_damaged_state_is_refused_in_one_line(
    data: TrainingData, tmp_path: Path, name: str, value: object
) -> None:
    checkpoints = Checkpoints(tmp_path)
    trainer(options(iterations=1, val_every=1), data, tmp_path).run()
    whole = checkpoints.newest(lambda line: None)
    checkpoints.save(1, whole.tensors, {**whole.state, name: value})
    with pytest.raises(ModelError, match="the state in iteration-00000001"):
        trainer(options(iterations=1, val_every=1), data, tmp_path).resume()


def test_nothing_to_resume(data: TrainingData, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no checkpoint"):
        trainer(options(), data, tmp_path).resume()


def test_a_damaged_checkpoint_is_passed_over(data: TrainingData, tmp_path: Path) -> None:
    straight = trainer(options(val_every=1), data, tmp_path / "a")
    straight.run()
    trainer(options(val_every=1, iterations=4), data, tmp_path / "b").run()
    newest = Checkpoints(tmp_path / "b").paths()[0]
    newest.write_bytes(newest.read_bytes()[:-100])
    (newest.parent / ".iteration-00000009-abc.safetensors").write_bytes(b"half")
    resumed = trainer(options(val_every=1), data, tmp_path / "b")
    resumed.resume()
    assert resumed.done == 3
    assert "damaged or cut off" in listener(resumed).notes[0]
    resumed.run()
    assert_same(straight, resumed)
    assert not list(newest.parent.glob(".*"))


@contextmanager
def full_disk(most_bytes: int) -> Iterator[None]:
    """Files cannot grow beyond a size, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_at_the_end(data: TrainingData, tmp_path: Path) -> None:
    trainer(options(iterations=2), data, tmp_path).run()
    before = {path.name: path.read_bytes() for path in Checkpoints(tmp_path).paths()}
    resumed = trainer(options(iterations=3), data, tmp_path)
    resumed.resume()
    with full_disk(20_000), pytest.raises(OutputError, match=r"iteration-00000002.*Free some"):
        resumed.run()
    assert {path.name: path.read_bytes() for path in Checkpoints(tmp_path).paths()} == before
    assert not list((tmp_path / "checkpoints").glob(".*"))
    # Nothing that was learnt is lost: with room again, saving goes on where it failed.
    resumed.run()
    straight = trainer(options(iterations=3), data, tmp_path / "straight")
    straight.run()
    assert_same(straight, resumed)


def test_a_full_disk_on_the_way_does_not_end_the_training(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trainer(options(iterations=4), data, tmp_path)
    real, calls = Checkpoints.save, []

    def save(self: Checkpoints, iteration: int, *rest: object) -> Path:
        calls.append(iteration)
        with full_disk(20_000 if iteration == 2 else 10**9):
            return real(self, iteration, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Checkpoints, "save", save)
    outcome = run.run()
    assert calls == [2, 4, 4]
    assert outcome.iterations == 4
    assert any("cannot write" in note and "goes on" in note for note in listener(run).notes)


def test_the_oldest_checkpoint_makes_room(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sonoassist.training import checkpoints as module

    trainer(options(val_every=1, iterations=2), data, tmp_path).run()
    real, failures = module.write_bytes, [OutputError("no space")]

    def write(path: Path, content: bytes) -> None:
        if failures:
            raise failures.pop()
        real(path, content)

    monkeypatch.setattr(module, "write_bytes", write)
    Checkpoints(tmp_path).save(3, {}, {})
    assert [path.name[-13:-12] for path in Checkpoints(tmp_path).paths()] == ["3", "2"]


def test_a_loss_that_is_not_a_number(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trainer(options(val_every=2), data, tmp_path)
    real = Learner.step

    def step(self: Learner, batch, lr):  # type: ignore[no-untyped-def]
        if batch.iteration == 4:
            batch.inputs[:] = np.nan
        return real(self, batch, lr)

    monkeypatch.setattr(Learner, "step", step)
    with pytest.raises(ModelError, match=r"iteration 4; the last good checkpoint is iteration-0+2"):
        run.run()
    assert [path.stem[-1] for path in Checkpoints(tmp_path).paths()] == ["2"]
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 4


def test_a_rate_that_is_much_too_high_ends_in_the_same_message(
    data: TrainingData, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"is not a number at iteration|no numbers"):
        trainer(options(lr=9.9, iterations=60, val_every=1), data, tmp_path).run()
    for path in Checkpoints(tmp_path).paths():
        assert path.stat().st_size > 0


def test_weights_that_are_no_numbers_are_not_saved(data: TrainingData, tmp_path: Path) -> None:
    run = trainer(options(), data, tmp_path)
    next(run.learner.network.parameters()).data.fill_(float("inf"))
    with pytest.raises(NotANumberError):
        run.learner.tensors()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_behind_the_iteration_and_saves(
    data: TrainingData, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(number)
    run = trainer(options(), data, tmp_path / "a")
    real = Learner.step

    def step(self: Learner, batch, lr):  # type: ignore[no-untyped-def]
        if batch.iteration == 3 and self is run.learner:
            signal.raise_signal(number)
        return real(self, batch, lr)

    monkeypatch.setattr(Learner, "step", step)
    outcome = run.run()
    assert (outcome.iterations, outcome.signal) == (3, number)
    assert signal.getsignal(number) is before
    resumed = trainer(options(), data, tmp_path / "a")
    resumed.resume()
    resumed.run()
    straight = trainer(options(), data, tmp_path / "b")
    straight.run()
    assert_same(straight, resumed)


def test_all_random_state_is_in_the_checkpoint(data: TrainingData, tmp_path: Path) -> None:
    trainer(options(iterations=2), data, tmp_path).run()
    found = Checkpoints(tmp_path).newest(pytest.fail)
    assert {"python", "numpy", "iteration", "settings", "plateau"} <= found.state.keys()
    assert "random.torch" in found.tensors
    json.dumps(found.state)


def test_options_that_may_change(data: TrainingData, tmp_path: Path) -> None:
    trainer(options(iterations=2), data, tmp_path).run()
    changed: TrainOptions = options(iterations=3, workers=2, save_every_s=1.0)
    resumed = trainer(changed, data, tmp_path)
    resumed.resume()
    assert resumed.run().iterations == 3


@pytest.mark.usefixtures("real_scores")
def test_the_best_weights_are_those_of_the_schedule_however_often_it_ends(
    data: TrainingData, tmp_path: Path
) -> None:
    """An end between two validations has a model of its own; more iterations do not know it."""
    straight = trainer(options(iterations=6, val_every=4), data, tmp_path / "a")
    straight.run()
    trainer(options(iterations=3, val_every=4), data, tmp_path / "b").run()
    (tmp_path / "b" / "model.safetensors").unlink()
    resumed = trainer(options(iterations=6, val_every=4), data, tmp_path / "b")
    resumed.resume()
    resumed.run()
    ours, theirs = (import_weights(tmp_path / n / "model.safetensors") for n in ("a", "b"))
    for name, values in ours.tensors.items():
        np.testing.assert_array_equal(values, theirs.tensors[name], err_msg=name)
    assert straight.best == resumed.best


def test_the_best_weights_come_back_from_the_checkpoint_alone(
    data: TrainingData, tmp_path: Path
) -> None:
    trainer(options(iterations=2, val_every=2), data, tmp_path).run()
    model = tmp_path / "model.safetensors"
    before = import_weights(model).tensors
    model.unlink()
    resumed = trainer(options(iterations=3, val_every=2), data, tmp_path)
    resumed.resume()
    resumed.run()
    for name, values in import_weights(model).tensors.items():
        np.testing.assert_array_equal(values, before[name], err_msg=name)


def test_a_log_that_cannot_be_written_does_not_cost_the_checkpoint(
    data: TrainingData, tmp_path: Path
) -> None:
    (tmp_path / "log.csv").mkdir()  # as a program that holds the file open on Windows
    run = trainer(options(iterations=2), data, tmp_path)
    assert run.run().iterations == 2
    assert len(Checkpoints(tmp_path).paths()) == 1
    assert any("the checkpoint is written all the same" in note for note in listener(run).notes)


def test_repeated_requests_to_end_do_not_disturb_the_saving(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Checkpoints.save

    def save(self: Checkpoints, *rest: object) -> Path:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.raise_signal(number)
        return real(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Checkpoints, "save", save)
    run = trainer(options(iterations=3, val_every=9), data, tmp_path)
    assert run.run().signal == signal.SIGTERM
    assert len(Checkpoints(tmp_path).paths()) == 1
    assert sum("stopping" in note for note in listener(run).notes) == 1


def test_all_checkpoints_damaged(data: TrainingData, tmp_path: Path) -> None:
    trainer(options(iterations=2, val_every=1), data, tmp_path).run()
    for path in Checkpoints(tmp_path).paths():
        path.write_bytes(b"broken")
    with pytest.raises(ModelError, match=r"all checkpoints in .* are damaged"):
        trainer(options(), data, tmp_path).resume()


def test_a_damaged_checkpoint_never_takes_the_place_of_a_whole_one(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sonoassist.training import checkpoints as module

    trainer(options(iterations=2, val_every=1), data, tmp_path).run()
    newest, whole = Checkpoints(tmp_path).paths()
    newest.write_bytes(b"broken")
    checkpoints = Checkpoints(tmp_path)
    assert checkpoints.newest(lambda line: None).path == whole

    def refuse(path: Path, content: bytes) -> None:
        raise OutputError("no space")

    monkeypatch.setattr(module, "write_bytes", refuse)
    with pytest.raises(OutputError):
        checkpoints.save(3, {}, {})
    assert checkpoints.paths() == [whole]


def test_weights_that_are_no_numbers_never_become_the_model(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    score = ValidationScore(0.9, float("nan"), 0.9, {"lips": 0.9}, {"lips": 0.9}, 2)
    monkeypatch.setattr("sonoassist.training.trainer.evaluate", lambda *_: score)
    with pytest.raises(ModelError, match=r"iteration 2 gives no number; the last good"):
        trainer(options(val_every=2), data, tmp_path).run()
    assert not (tmp_path / "model.safetensors").exists()


def test_a_picture_that_has_gone_costs_nothing_that_is_learnt(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trainer(options(iterations=6, val_every=9), data, tmp_path)
    real = Learner.step

    def step(self: Learner, batch, lr):  # type: ignore[no-untyped-def]
        if batch.iteration == 3:
            raise SourceError("cannot read case.npz: it has gone")
        return real(self, batch, lr)

    monkeypatch.setattr(Learner, "step", step)
    with pytest.raises(SourceError):
        run.run()
    assert [path.stem[-1] for path in Checkpoints(tmp_path).paths()] == ["2"]


def test_too_little_memory_on_the_device_is_said(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(self: Learner, batch, lr):  # type: ignore[no-untyped-def]
        raise torch.OutOfMemoryError("40 GiB")

    monkeypatch.setattr(Learner, "step", step)
    with pytest.raises(UsageError, match="too small for this batch"):
        trainer(options(), data, tmp_path).run()


def test_the_step_is_nesterovs_at_the_rate_of_the_schedule(
    data: TrainingData, tmp_path: Path
) -> None:
    """Against the rule written out: v = 0.9 v + g; w -= lr (g + 0.9 v)."""
    learner = trainer(options(lr=0.5), data, tmp_path).learner
    weight = next(learner.network.parameters())
    velocity = torch.zeros_like(weight)
    for lr in (0.02, 0.003):
        before = weight.detach().clone()
        with Batches(data.train, options(), 1) as batches:
            learner.step(batches.get(), lr)
        assert weight.grad is not None
        velocity = 0.9 * velocity + weight.grad
        expected = before - lr * (weight.grad + 0.9 * velocity)
        torch.testing.assert_close(weight.detach(), expected)
