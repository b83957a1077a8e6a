"""`benchmark` from the command line; the window is a fake at its border."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from analyse_help import noise_picture
from retrieve_help import film

from bench_made import PROGRAM
from fake_weights import published_file
from sonoassist import cli
from sonoassist.analysis.precision import choosing
from sonoassist.analysis.precision.choosing import candidates
from sonoassist.benchmark import ceilings
from sonoassist.benchmark.candidates import AvailableEngine, NetworkRunner
from sonoassist.benchmark.ceilings import Roof, probe_work
from sonoassist.benchmark.program import ProgramFigures
from sonoassist.benchmark.racing import all_runs
from sonoassist.benchmark.start import StartBenchmark
from sonoassist.benchmark.window_start import FIRST, SECOND, WindowStart
from sonoassist.commands import benchmark as command
from sonoassist.commands import common
from sonoassist.core.errors import UsageError
from sonoassist.core.paths import demo_exam
from sonoassist.engines import probes
from sonoassist.engines.probes import ProbeSizes
from sonoassist.engines.torch_engine import torch_has_bf16
from sonoassist.model.architecture import ARCHITECTURES
from sonoassist.render.encoder import VideoEncoder

Capture = pytest.CaptureFixture[str]

QUICK = ("--networks", "SmallNet", "--runs", "2", "--batch", "1")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONOASSIST_HOME", str(folder))
        assert cli.run(["models", "add", str(published_file(folder / "files"))]) == 0
    return folder


@pytest.fixture(autouse=True)
def _use_home(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(home))
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(command, "measure_roof", no_roof)
    monkeypatch.setattr(command, "WindowStartBenchmark", FakeStarts)
    monkeypatch.setattr(command, "StartBenchmark", NoStarts)
    for module in (probes, ceilings):  # how large the products are is not the question
        monkeypatch.setattr(module, "CPU_SIZES", ProbeSizes(128, 16, 28, 36, 1, 2**20))
    capsys.readouterr()


def no_roof(found: Sequence[AvailableEngine], runs: int, on_work: Callable[[float], None]) -> Roof:
    on_work(probe_work(found, runs))
    return Roof()


class NoStarts(StartBenchmark):
    """Starts nothing; see `test_start`."""

    def run(self) -> None:
        """Nothing is found."""


class FakeStarts:
    """Stands for what opens the window again and again."""

    def __init__(self, source: str, pairs: int, *, step: Callable[[], None]) -> None:
        self._pairs, self._step = pairs, step

    def run(self) -> None:
        for _ in range(2 * self._pairs):
            self._step()

    def found(self) -> tuple[WindowStart, ...]:
        return (
            WindowStart(FIRST, self._pairs, 0.5, 4.0),
            WindowStart(SECOND, self._pairs, 0.4, 3.0),
        )


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exam") / "exam.mp4"
    with VideoEncoder(path, 128, 96, 25.0) as encoder:
        for index in range(6):
            encoder.add(np.dstack([noise_picture(seed=index)] * 3), index / 25)
    return path


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float, dict[str, Any]]]:
    """Stands for what opens the window; holds what it was asked for."""
    asked: list[tuple[str, float, dict[str, Any]]] = []

    def measure_program(
        source: str, seconds: float, overrides: Mapping[str, Any]
    ) -> ProgramFigures:
        asked.append((source, seconds, dict(overrides)))
        return PROGRAM

    module = ModuleType(command.DRIVER)
    module.measure_program = measure_program  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, command.DRIVER, module)
    return asked


def benchmark(*words: object) -> int:
    return cli.run(["benchmark", *(str(word) for word in words)])


def printed(capsys: Capture) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    return data


def test_networks_for_real(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "measure_roof", ceilings.measure_roof)
    chosen = NetworkRunner("OpenVINO", "f32", "CPU")
    monkeypatch.setattr(command, "chosen_runner", lambda store, check: chosen)
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    out = tmp_path / "new" / "out"
    assert (
        benchmark(
            "networks",
            "--networks",
            "smallnet",
            "--runs",
            2,
            "--batch",
            "1,2",
            "--precisions",
            "f32",
            "--out",
            out,
            "--json",
        )
        == 0
    )
    told = printed(capsys)
    rows = told["networks"]["rows"]
    runners = {(row["engine"], row["precision"], row["batch"]) for row in rows}
    assert {("naive torch", "f32", 1), ("OpenVINO", "f32", 2), ("torch", "f32", 1)} <= runners
    assert all(row["fps"] > 0 for row in rows if row["work"] != "localisation")
    assert all(row["share"] > 0 for row in rows if row["work"] != "localisation")
    naive = [row["times_naive"] for row in rows if row["engine"] == "naive torch"]
    assert {value for value in naive if value is not None} == {1.0}
    assert told["networks"]["weights"] == {"smallnet": "random (seed 0)"}
    assert told["networks"]["threads"]["torch"] >= 1
    assert told["machine"]["cores"] >= 1
    assert told["program"] is None
    assert sorted(told["files"]) == sorted(str(path) for path in out.iterdir())
    assert "SmallNet, paper (GTX 1080)" in (out / "benchmark.txt").read_text()
    assert json.loads((out / "benchmark.json").read_text())["networks"]["rows"] == rows


def test_everything(
    exam: Path, window: list[Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "StartBenchmark", StartBenchmark)
    assert benchmark(*QUICK, "--source", exam, "--seconds", 5, "--engines", "torch") == 0
    text = capsys.readouterr().out
    assert window == [(str(exam), 5.0, {"engine": "torch"})]
    assert ("SmallNet, torch bf16 on CPU" in text) is torch_has_bf16()
    assert torch_has_bf16() or "left out: torch bf16 on cpu: torch has no bf16" in text
    assert "SmallNet, OpenVINO" not in text
    assert "SmallNet installed: smallnet" in text
    assert "sonoassist models list" in text
    assert "capture to painted" in text
    assert "exam.mp4 (128x96) as fast as it goes, smallnet, torch f32 on CPU" in text
    assert "(6 frames in" in text


def test_start(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "StartBenchmark", StartBenchmark)
    assert benchmark("start", "--runs", 1, "--json") == 0
    told = {one["what"]: one for one in printed(capsys)["start"]}
    assert told["bare Python"]["times_bare"] == 1.0
    assert told["sonoassist --help"]["heavy"] == []
    assert told["sonoassist models list"]["median_ms"] > 0


def test_starts_of_the_window(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert benchmark("start", "--runs", 2, "--json") == 0
    told = {one["what"]: one for one in printed(capsys)["windows"]}
    assert (told["first start"]["runs"], told["first start"]["label_s"]) == (2, 4.0)
    assert benchmark("start", "--runs", 2) == 0
    assert "First labelled frame s" in capsys.readouterr().out


def test_quick(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what would be chosen, and f32; networks of this test are small."""
    small = (ARCHITECTURES["smallnet"],)
    monkeypatch.setitem(command._QUICK, "networks", small)
    monkeypatch.setattr(choosing, "verdict_folder", lambda: tmp_path)  # not checked yet
    assert benchmark("--quick", "--runs", 1, "--json") == 0
    told = printed(capsys)
    rows = told["networks"]["rows"]
    assert {row["batch"] for row in rows} == {1}
    runners = {(row["engine"], row["precision"]) for row in rows}
    assert {("naive torch", "f32"), ("OpenVINO", "f32")} <= runners
    assert not any(engine == "torch" for engine, _ in runners)
    assert (told["program"], told["frames"], told["start"]) == (None, None, [])
    assert told["machine"]["instructions"]
    if candidates():
        assert [one["what"] for one in told["left_out"]] == ["quicker precisions"]
    assert benchmark("program", "--quick") == 2
    assert "--quick measures the networks only" in capsys.readouterr().err


def test_progress_says_how_long_it_will_take(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common, "PLAIN_EVERY_S", 0.0)
    assert benchmark("networks", *QUICK, "--engines", "openvino", "--precisions", "f32") == 0
    lines = capsys.readouterr().err.splitlines()
    told = [line for line in lines if line.endswith("s left")]
    assert len(told) >= 2 * all_runs(2)
    assert "100 % done, 0 s left" in told[-1]


def test_program(exam: Path, window: list[Any], capsys: Capture) -> None:
    assert benchmark("program", "--source", exam, "--precisions", "f32", "--json") == 0
    told = printed(capsys)
    assert told["program"]["painted_hz"] == PROGRAM.painted_hz
    assert told["frames"]["frames"] == 6
    assert told["frames"]["precision"] == "f32"
    assert told["networks"] is None
    assert window == [(str(exam), 20.0, {"precision": "f32"})]


def test_the_demo_is_played_by_default(window: list[Any], capsys: Capture) -> None:
    assert benchmark("program", "--seconds", 0.2, "--precisions", "f32") == 0
    ((source, *_),) = window
    assert source == str(demo_exam())
    assert "Without the window: exam.mp4" in capsys.readouterr().out


def without_window(monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    if why == "display":
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
            monkeypatch.delenv(name, raising=False)
    else:
        monkeypatch.setitem(sys.modules, command.DRIVER, None)


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("display", "there is no display to open a window on"),
        ("build", "this build cannot measure its window"),
    ],
)
def test_without_the_window(
    why: str, told: str, exam: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    without_window(monkeypatch, why)
    assert benchmark("program", "--source", exam) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert told in line
    one = ("--engines", "openvino", "--precisions", "f32")
    assert benchmark(*QUICK, *one, "--source", exam) == 0
    text = capsys.readouterr().out
    assert f"left out: program, the window: {told}" in text
    assert "as fast as it goes" in text


def test_missing_libraries_of_the_window(
    exam: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_qt(name: str) -> ModuleType:
        raise ImportError("libEGL.so.1: cannot open shared object file", name="PyQt6.QtGui")

    monkeypatch.setattr(command.importlib, "import_module", no_qt)
    with pytest.raises(UsageError, match=r"libEGL\.so\.1"):
        command._driver()


def test_libraries_that_are_missed_late(
    exam: Path, window: list[Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_qt(*_: object) -> None:
        raise ImportError("libEGL.so.1: cannot open shared object file")

    monkeypatch.setattr(sys.modules[command.DRIVER], "measure_program", no_qt)
    assert benchmark("program", "--source", exam) == 2
    assert "libEGL.so.1" in capsys.readouterr().err


def test_a_build_without_the_demo(
    window: list[Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "demo_exam", lambda: None)
    assert benchmark("program") == 2
    assert "--source" in capsys.readouterr().err
    assert window == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["networks", "--networks", "sononet8"], "no network called 'sononet8'"),
        (["networks", "--networks", ","], "is not a list"),
        (["networks", "--engines", "abacus"], "no engine called 'abacus'"),
        (["networks", "--precisions", "int4"], "no precision called 'int4'"),
        (
            ["networks", "--engines", "openvino", "--precisions", "f16"],
            "openvino cannot be measured here: OpenVINO does not run 'f16'",
        ),
        (["networks", "--batch", "0"], "0 is not a number above 0"),
        (["networks", "--batch", "1,x"], "x is not a number above 0"),
        (["networks", "--batch", "1000000"], "more than 256"),
        (["--runs", "0"], "0 is not a number above 0"),
        (["--seconds", "0"], "0 is not a number of seconds"),
        (["--seconds", "long"], "long is not a number of seconds"),
        (["--seconds", "inf"], "inf is not a number of seconds"),
        (["everything"], "invalid choice"),
        (["program", "--source", "no-such-file.mp4"], "no-such-file.mp4"),
        (["--source", "no-such-file.mp4"], "no-such-file.mp4"),
        (["start", "--source", "no-such-file.mp4"], "no-such-file.mp4"),
    ],
)
def test_bad_use_is_one_line(words: list[str], told: str, capsys: Capture) -> None:
    assert benchmark(*words) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("sonoassist: error: ")
    assert told in line
    assert captured.out == ""


def test_out_is_a_file(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "taken"
    file.write_text("mine")
    assert benchmark("networks", *QUICK, "--out", file) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot write" in line
    assert file.read_text() == "mine"


def test_openvino_that_is_not_here(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonoassist.engines.choose.has_openvino", lambda: False)
    assert benchmark("networks", *QUICK, "--engines", "openvino") == 2
    assert "OpenVINO is not installed" in capsys.readouterr().err


def test_a_stop_keeps_what_is_finished(
    tmp_path: Path, exam: Path, window: list[Any], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command.NetworkBenchmark, "run", stop)
    out = tmp_path / "out"
    assert benchmark(*QUICK, "--source", exam, "--out", out) == 130
    captured = capsys.readouterr()
    assert "stopped" in captured.err
    assert "STOPPED before the end" in captured.out
    assert re.search(r"missing: SmallNet, all \d+ rows", captured.out)
    assert "capture to painted" in captured.out
    assert {path.name for path in out.iterdir()} == {"benchmark.txt", "benchmark.json"}


def test_a_stop_before_anything_writes_nothing(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command.StartBenchmark, "run", stop)
    assert benchmark("all", *QUICK, "--out", tmp_path / "out") == 130
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("sonoassist: stopped\n")
    assert not (tmp_path / "out").exists()  # nor an empty folder


def test_when_every_engine_fails(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise UsageError("no memory left")

    monkeypatch.setattr("sonoassist.benchmark.racing.Race._warm_up", failing)
    assert benchmark("networks", *QUICK) == 2
    captured = capsys.readouterr()
    assert "nothing could be measured" in captured.err
    assert "no memory left" in captured.err
    assert captured.out == ""


def test_a_recorded_exam(capsys: Capture, tmp_path: Path) -> None:
    exam = film(tmp_path / "exam.mp4", frames=40)  # pieces of it may lie over each other
    words = ("--recording", str(exam), "--seconds", "0.1", "--precisions", "f32", "--json")
    assert cli.run(["benchmark", *words, "--out", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)["recorded"]
    assert found["times_real"] > 0
    assert found["times_in_turn"] > 0
    assert found["precision"] == "f32"
    assert "times real time" in (tmp_path / "benchmark.txt").read_text()


@pytest.mark.parametrize("words", [["networks"], ["--quick"]])
def test_a_recorded_exam_is_measured_alone(words: list[str], capsys: Capture) -> None:
    assert cli.run(["benchmark", *words, "--recording", "a.mp4"]) == 2
    assert f"Leave out {words[0]}" in capsys.readouterr().err


def test_what_is_no_recording_is_refused(tmp_path: Path, capsys: Capture) -> None:
    for name in ("missing.mp4", "exam:missing"):
        assert cli.run(["benchmark", "--recording", name]) == 2
    (tmp_path / "text.mp4").write_text("no video")
    assert cli.run(["benchmark", "--recording", str(tmp_path / "text.mp4")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3
