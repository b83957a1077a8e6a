"""What was mistyped is told with what was meant, and nothing opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonoassist import cli
from sonoassist.cli import COMMANDS


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sources: list[str] = []
    monkeypatch.setattr(
        "sonoassist.gui.app.run_window", lambda source, overrides: sources.append(source) or 0
    )
    return sources


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("analyze", "analyse"),
        ("retreive", "retrieve"),
        ("model", "models"),
        ("evalute", "evaluate"),
        ("trainscreens", "train-screens"),
        ("Practise", "practice"),
    ],
)
def test_a_mistyped_command(
    typed: str, meant: str, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([typed, "x.mp4"]) == 2
    said = capsys.readouterr().err
    assert f"no command or file called {typed}" in said
    assert f"Did you mean {meant}?" in said
    assert len(said.splitlines()) == 1
    assert not opened


@pytest.mark.parametrize("number", range(len(COMMANDS)))
def test_a_letter_too_few_is_seen_in_every_command(
    number: int, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    name = COMMANDS[number].name
    assert cli.run([name[:2] + name[3:]]) == 2
    assert f"Did you mean {name}?" in capsys.readouterr().err
    assert not opened


def test_a_file_of_that_name_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("analyze").mkdir()
    assert cli.run(["analyze"]) == 0
    assert opened == ["analyze"]


@pytest.mark.parametrize("source", ["heart.mp4", "device:0", "./analyze", "rtsp://host/analyse"])
def test_sources_are_no_commands(source: str, opened: list[str]) -> None:
    assert cli.run([source]) == 0
    assert opened == [source]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["analyse", "x", "--out", "y", "--treshold", "1"], "--threshold"),
        (["retrieve", "x", "--out", "y", "--no-masks"], "--no-mask"),
        (["models", "list", "--jason"], "--json"),
        (["models", "lst"], "list"),
        (["exam", "exprot", "last"], "export"),
        (["evaluate", "localization", "x"], "localisation"),
    ],
)
def test_a_mistyped_option_or_choice(
    words: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(words) == 2
    said = capsys.readouterr().err
    assert f"id you mean {meant}?" in said
    assert len(said.splitlines()) == 1


def test_what_is_like_nothing_is_told_plainly(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["models", "list", "--zzzzzz"]) == 2
    said = capsys.readouterr().err
    assert "--zzzzzz" in said
    assert "mean" not in said
