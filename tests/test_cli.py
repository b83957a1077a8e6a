from __future__ import annotations

import argparse
import importlib
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sonoassist
from sonoassist import cli
from sonoassist.cli import COMMANDS, Command, run
from sonoassist.core.errors import SonoAssistError
from sonoassist.engines import choose
from sonoassist.engines.hardware import Hardware

ROOT = Path(sonoassist.__file__).parents[1]
HEAVY = ("torch", "PyQt6", "cv2", "numpy", "openvino", "pydantic", "av", "skimage", "tqdm")


def program(*words: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own; None takes a variable away."""
    known = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    clean = {name: value for name, value in known.items() if value is not None}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, env=clean
    )


@pytest.mark.parametrize("words", [[], *([command.name] for command in COMMANDS)])
def test_help_of_every_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run([*words, "--help"])
    assert caught.value.code == 0
    assert "usage: sonoassist" in capsys.readouterr().out


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["-h"])
    text = capsys.readouterr().out
    assert all(command.name in text and command.about in text for command in COMMANDS)
    assert "Not for diagnosis" in text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_what_a_command_does_is_written_once(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    module = f"sonoassist.commands.{command.name.replace('-', '_')}"
    importlib.import_module(module).register(commands)
    assert list(commands.choices) == [command.name]
    assert commands._choices_actions == []  # no line of its own for the list of commands
    said = commands.choices[command.name].description or ""
    assert said.lower().rstrip(".") != command.about.lower()
    with pytest.raises(SystemExit):
        run([command.name, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert " ".join((said or command.about).split()).lower() in shown.lower()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["--version"])
    assert capsys.readouterr().out == f"SonoAssist {sonoassist.__version__}\n"


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["demo", "--help"], ["exam", "show", "--help"]]
)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    done = program(
        "-c",
        f"import sys\nfrom sonoassist.cli import run\n"
        f"try:\n    run({words!r})\nexcept SystemExit:\n    pass\n"
        f"sys.exit(' '.join(set(sys.modules) & set({HEAVY!r})))",
    )
    assert done.stderr.strip() == ""
    assert "SonoAssist" in done.stdout or "usage: sonoassist" in done.stdout


def test_the_window_knows_every_engine_precision_and_device(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []
    monkeypatch.setattr(
        "sonoassist.gui.app.run_window", lambda source, overrides: seen.append(overrides) or 0
    )
    ways = itertools.product(choose.ENGINES, choose.PRECISIONS, choose.DEVICES)
    everything = Hardware(tuple(choose.EngineChoice(*words) for words in ways))
    monkeypatch.setattr("sonoassist.engines.hardware.find_hardware", lambda: everything)
    with pytest.raises(SystemExit):
        run(["window", "--help"])
    text = capsys.readouterr().out
    lists = {"engine": choose.ENGINES, "precision": choose.PRECISIONS, "device": choose.DEVICES}
    for option, known in lists.items():
        told = " ".join(text.rsplit(f"--{option} NAME", 1)[1].split("--")[0].split())
        assert set(told.replace(" or ", ", ").split(", ")) == set(known)
        for name in known:
            assert run([f"--{option}", name]) == 0
            assert seen[-1] == {option: name}
        assert run([f"--{option}", "other"]) == 2
        said = capsys.readouterr().err
        assert f"invalid choice: 'other' (choose from {', '.join(known)})" in said


def test_what_this_computer_does_not_have_is_refused_before_the_window(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        "sonoassist.gui.app.run_window", lambda *_, **__: opened.append("window") or 0
    )
    laptop = Hardware((choose.EngineChoice("openvino", "f32", "cpu"),))
    monkeypatch.setattr("sonoassist.engines.hardware.find_hardware", lambda: laptop)
    for words in (["--device", "cuda"], ["demo", "--engine", "torch", "--precision", "bf16"]):
        assert run(words) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words[-1] in line
        assert "It has: " in line
    assert opened == []
    assert run(["--device", "cpu"]) == 0


def test_without_a_display_the_window_names_analyse() -> None:
    nowhere: dict[str, str | None] = dict.fromkeys(
        ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    )
    done = program("-m", "sonoassist", "film.mp4", **nowhere)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("sonoassist: error:")
    assert "display" in line
    assert "sonoassist analyse" in line


@pytest.mark.parametrize(
    "words",
    [
        ["analyse"],
        ["analyse", "a.mp4"],
        ["analyse", "a.mp4", "--out", "x", "--threshold", "2"],
        ["analyse", "a.mp4", "--out", "x", "--threshold", "much"],
        ["analyse", "a.mp4", "--out", "x", "--engine", "abacus"],
        ["analyse", "a.mp4", "--out", "x", "--frames", "some"],
        ["models"],
        ["models", "dance"],
        ["exam"],
        ["exam", "dance"],
        ["exam", "show"],
        ["exam", "export", "last"],
        ["exam", "send"],
        ["devices", "--no-such-option"],
    ],
)
def test_bad_use_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("sonoassist: error: ")
    assert "--help" in line
    assert "_share" not in line
    assert captured.out == ""


def test_ctrl_c(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_run", interrupt)
    assert run([]) == 130
    assert capsys.readouterr().err == "sonoassist: stopped\n"


def test_a_source_alone_means_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(
        "sonoassist.gui.app.run_window",
        lambda source, overrides: seen.append([source, overrides]) or 0,
    )
    assert run(["film.mp4"]) == 0
    assert run(["--crop", "full", "film.mp4"]) == 0
    assert run([]) == 0
    assert seen == [["film.mp4", {}], ["film.mp4", {"crop": "full"}], [None, {}]]


def test_a_reader_that_has_gone() -> None:
    done = subprocess.run(
        f"{sys.executable} -m sonoassist --help | true",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "Traceback" not in done.stderr


@given(st.text(), st.text())
def test_errors_are_one_line(message: str, hint: str) -> None:
    assert len(str(SonoAssistError(message, hint)).splitlines()) <= 1
