"""`sonoassist train` from a folder of exams to a model that the program runs."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from sonoassist.analysis.analyser import build_analyser
from sonoassist.cli import run
from sonoassist.core.opencv import cv2
from sonoassist.engines.choose import EngineChoice
from sonoassist.engines.torch_engine import torch_has_bf16
from sonoassist.model.store import ModelStore
from sonoassist.model.weights_import import import_weights
from sonoassist.sources import open_source
from waiting import wait_until

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))

from training_help import train, write_exams
from training_processes import OwnProcess, start_train, train_and_exit

from real_models import Tensors

SMALL = (
    "--architecture",
    "smallnet",
    "--patch",
    "64",
    "--batch-planes",
    "1",
    "--crop",
    "full",
    "--batch-background",
    "2",
    "--val-every",
    "2",
    "--device",
    "cpu",
    "--workers",
    "1",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "argv", ["sonoassist", "train", "exams", "--out", "run"])
    return tmp_path / "home"


@pytest.fixture
def exams(tmp_path: Path) -> Path:
    return write_exams(tmp_path / "exams", cases=5)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> None:
    lines = capsys.readouterr().err.splitlines()
    errors = [line for line in lines if line.startswith("sonoassist: error:")]
    assert len(errors) == 1, lines
    assert lines[-1] == errors[0]
    for word in words:
        assert word in errors[0]


def test_from_exams_to_a_model_that_runs(
    exams: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert train(exams, "--out", out, "--iterations", 3, *SMALL, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["iterations"], told["domain"], told["stopped"]) == (3, "own", False)
    assert told["train_pictures"]["femur"] == told["train_pictures"]["background"] > 0
    assert told["test"]["pictures"] == 6
    card = (out / "model-card.toml").read_text(encoding="utf-8")
    for words in (
        "sonoassist train exams --out run",
        "seed = 0",
        'patches = "64"',
        "[test.recall]",
    ):
        assert words in card
    assert cv2.imread(str(out / "curves.png")).shape == (1260, 1200, 3)
    assert (out / "log.csv").read_text().splitlines()[0].startswith("iteration,loss,lr,patch_px")

    assert run(["models", "add", str(out / "model.safetensors"), "--name", "mine"]) == 0
    model = ModelStore.default().get("mine")
    assert (model.card.domain, model.card.architecture, model.card.crop) == (
        "own",
        "smallnet",
        "full",
    )
    assert "Validation: accuracy" in model.card.notes
    exact = EngineChoice(precision="f32")
    analyser = build_analyser(ModelStore.default(), model="mine", engine=exact)
    with open_source(str(exams / "case0" / "femur-0.png")) as source:
        frame = source.read()
        assert frame is not None
        analysis = analyser.analyse(frame)
    analyser.close()
    assert np.isclose(analysis.prediction.probabilities.sum(), 1, atol=1e-5)

    tuned = tmp_path / "tuned"
    assert train(exams, "--out", tuned, "--from", "mine", "--iterations", 1, *SMALL) == 0
    assert train(exams, "--out", tuned, "--iterations", 2, "--resume", *SMALL) == 2
    refused(capsys, "start", "mine")


def test_bad_input_gives_one_line(
    exams: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    single = write_exams(tmp_path / "single", cases=1)
    assert train(single, "--out", out, *SMALL) == 2
    refused(capsys, "one case only", "--test-share 0")
    assert train(exams, "--out", out, "--strict", *SMALL) == 2
    refused(capsys, "no training picture of: 3vv")
    assert train(tmp_path / "none", "--out", out, *SMALL) == 2
    refused(capsys, "there is no data set")
    assert train(exams, "--out", out, "--resume", *SMALL) == 2
    refused(capsys, "no checkpoint")
    assert train(exams, "--out", out, *SMALL, "--patch", "9") == 2
    refused(capsys, "9 px")
    assert train(exams, "--out", out, "--from", "nothing", *SMALL) == 2
    refused(capsys, "nothing")
    assert train(exams, "--out", out, *SMALL, "--amp", "f16") == 2
    refused(capsys, "f16 needs a CUDA device")
    for words in (
        ("--seed", "-1"),
        ("--seed", "4294967296"),
        ("--background", "-1"),
        ("--drops", "-1"),
        ("--per-plane", "0"),
        ("--warm-up", "-5"),
        ("--save-minutes", "nan"),
        ("--patch", "112:0,224"),
        ("--validation-share", "1"),
        ("--drop-at", "9,3"),
    ):
        assert train(exams, "--out", out, *SMALL, *words) == 2, words
        refused(capsys, words[0].strip("-").split("-")[0])


def test_two_trainings_do_not_share_a_folder(
    exams: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    with FileLock(str(tmp_path / "run" / "run.lock")):
        assert train(exams, "--out", tmp_path / "run", "--iterations", 1, *SMALL) == 2
    refused(capsys, "another training writes into")
    assert train(exams, "--out", tmp_path / "run", "--iterations", 1, *SMALL) == 0


def test_a_folder_that_cannot_be_used_is_refused_before_the_data_is_prepared(
    exams: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "no such data"  # would be the first thing to be said, were it looked at
    assert train(missing, "--out", tmp_path / "run", "--resume", *SMALL) == 2
    refused(capsys, "no checkpoint")
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert train(missing, "--out", tmp_path / "file" / "run", *SMALL) == 2
    refused(capsys, "file")
    assert train(exams, "--out", tmp_path / "run", "--iterations", 1, *SMALL) == 0
    capsys.readouterr()
    assert train(missing, "--out", tmp_path / "run", *SMALL) == 2
    refused(capsys, "holds a training already", "--resume")


def test_bad_rows_are_listed_and_the_rest_is_used(
    exams: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (exams / "case2" / "lips-0.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with (exams / "case1" / "labels.csv").open("a", encoding="utf-8") as table:
        table.write("femur-0.png,,elbow\n")
    assert train(exams, "--out", tmp_path / "run", "--iterations", 1, *SMALL) == 0
    said = capsys.readouterr().err
    assert "lips-0.png" in said
    assert "elbow" in said


def checkpoints(out: Path) -> list[str]:
    return sorted(path.name for path in out.glob("checkpoints/iteration-*"))


def wait_for_new(out: Path, before: list[str], process: OwnProcess) -> None:
    """Until there are two checkpoints, one of them new, or the process has ended."""

    def there() -> bool:
        return checkpoints(out) != before and len(checkpoints(out)) >= 2

    wait_until(lambda: there() or not process.running, "two checkpoints")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def train_together(folder: Path, *words: object) -> list[tuple[int, str]]:
    """The command in two processes, as torchrun starts it; status of each and what it wrote."""
    port = str(free_port())
    running = [
        start_train(
            folder / f"{rank}.txt",
            *words,
            environment={
                "RANK": rank,
                "LOCAL_RANK": rank,
                "WORLD_SIZE": "2",
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": port,
                "GLOO_SOCKET_IFNAME": "lo",
            },
        )
        for rank in ("0", "1")
    ]
    return [process.ended() for process in running]


def test_two_processes_train_one_network_by_command(exams: Path, tmp_path: Path) -> None:
    alone, together = tmp_path / "alone", tmp_path / "together"
    words = [exams, *SMALL, "--iterations", "3", "--lr", "0.001"]
    assert train(*words, "--out", alone) == 0
    ends = train_together(tmp_path, *words, "--out", together)
    assert [status for status, _ in ends] == [0, 0], ends
    assert "test: accuracy" in ends[0][1]
    assert ends[1][1] == ""  # the second one says nothing
    one, other = (import_weights(out / "model.safetensors").tensors for out in (alone, together))
    for name, values in one.items():
        np.testing.assert_allclose(other[name], values, atol=2e-4, err_msg=name)
    assert "model-card.toml" in {path.name for path in together.iterdir()}

    for status, text in train_together(tmp_path, *words, "--out", together):
        assert status == 2
        assert "Traceback" not in text
        assert "holds a training already" in text


def train_killed_at(part: str, out: str, *words: str) -> None:
    """In a process of its own: SIGKILL falls at one part of writing the second checkpoint."""
    real_fsync, real_replace = os.fsync, Path.replace

    def kill_in(at: str) -> None:
        if part == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def fsync(handle: int) -> None:
        if any(Path(out).glob("checkpoints/.iteration-00000002*")):
            kill_in("before it is on disk")
        real_fsync(handle)

    def replace(self: Path, target: Path) -> Path:
        second = "iteration-00000002" in str(target)
        if second:
            kill_in("before it is renamed")
        made = real_replace(self, target)
        if second:
            kill_in("after it is renamed")
        return made

    os.fsync, Path.replace = fsync, replace  # type: ignore[method-assign, assignment]
    train_and_exit(*words)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Tensors:
    """What a training of three steps comes to that nobody disturbs."""
    folder = tmp_path_factory.mktemp("straight")
    exams = write_exams(folder / "exams", cases=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOASSIST_HOME", str(folder / "home"))
        words = [exams, "--out", folder / "run", *SMALL, "--save-minutes", "0"]
        assert train(*words, "--iterations", "3") == 0
    return dict(import_weights(folder / "run" / "model.safetensors").tensors)


@pytest.mark.parametrize(
    ("part", "left"),
    [("before it is on disk", 1), ("before it is renamed", 1), ("after it is renamed", 2)],
)
def test_killed_inside_a_checkpoint(
    exams: Path, tmp_path: Path, straight: Tensors, part: str, left: int
) -> None:
    out = tmp_path / "run"
    words = [
        str(word)
        for word in (exams, "--out", out, *SMALL, "--save-minutes", "0", "--iterations", "3")
    ]
    killed = OwnProcess(tmp_path / "killed.txt", train_killed_at, part, str(out), *words)
    status, said = killed.ended()
    assert status == -signal.SIGKILL, said
    assert len(checkpoints(out)) == left
    assert train(*words, "--resume") == 0
    for name, values in import_weights(out / "model.safetensors").tensors.items():
        np.testing.assert_array_equal(values, straight[name], err_msg=name)
    assert not list(out.glob("checkpoints/.*"))


@pytest.mark.parametrize("architecture", ["sononet64", "sononet32", "sononet16", "smallnet"])
def test_all_networks_learn_in_mixed_precision_and_go_on(
    tmp_path: Path, architecture: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The large ones in bf16 only where the processor has it: emulated, they take minutes."""
    small = architecture in ("smallnet", "sononet16")
    amp = "bf16" if torch_has_bf16() or small else "off"
    exams = write_exams(tmp_path / "exams", cases=3, each=1)
    out = tmp_path / "run"
    words = [
        exams,
        "--out",
        out,
        *SMALL,
        "--architecture",
        architecture,
        "--amp",
        amp,
        "--lr",
        "0.001",
    ]
    assert train(*words, "--iterations", 1) == 0
    emulated = amp == "bf16" and not torch_has_bf16()
    assert ("they are emulated" in capsys.readouterr().err) is emulated
    assert train(*words, "--iterations", 2, "--resume") == 0
    weights = import_weights(out / "model.safetensors")
    assert weights.architecture.name == architecture
    assert all(np.isfinite(values).all() for values in weights.tensors.values())


def test_killed_while_it_writes_and_then_asked_to_end(
    exams: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A checkpoint a step: SIGKILL falls between two of them or into one."""
    out = tmp_path / "run"
    words = [exams, "--out", out, *SMALL, "--save-minutes", "0", "--val-every", "1000"]
    for number, sent in enumerate((signal.SIGKILL, signal.SIGTERM)):
        again = ["--resume"] if number else []
        before = checkpoints(out)
        process = start_train(tmp_path / "said.txt", *words, "--iterations", "5000", *again)
        wait_for_new(out, before, process)
        process.send_signal(sent)
        status, said = process.ended()
        assert status == (-9 if sent == signal.SIGKILL else 128 + 15), said
    assert "everything is saved. Go on with: sonoassist" in said
    assert "--resume" in said
    last = int(checkpoints(out)[-1][10:18])
    assert train(*words, "--iterations", last + 2, "--resume") == 0
    # What was killed twice and resumed twice is what runs through, bit for bit.
    straight = tmp_path / "straight"
    words[2] = straight
    assert train(*words, "--iterations", last + 2) == 0
    ours, theirs = (folder / "model.safetensors" for folder in (out, straight))
    one, other = import_weights(ours).tensors, import_weights(theirs).tensors
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)
