"""Commands that write a folder: a failed one leaves none behind, and nothing goes unsaid."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from sonoassist import cli
from sonoassist.cli import COMMANDS, _parser
from sonoassist.core.files import no_empty_folder_left
from sonoassist.core.paths import demo_exam

BAD = {
    "analyse": [["{bad}"], ["{missing}"], ["{good}", "--crop", "1,2"], ["{good}", "--model", "no"]],
    "retrieve": [["{bad}"], ["{missing}"], ["{empty}"], ["{good}", "--model", "no"]],
    "exam export": [["no-such-exam"]],
    "exam report": [["no-such-exam"]],
    "train": [
        ["{bad}"],
        ["{missing}"],
        ["{empty}"],
        ["{empty}", "--from", "no"],
        ["{empty}", "--lr", "99"],
    ],
    "train-screens": [["--screens", "0"], ["--seed", "-1"]],
    "evaluate": [["all", "{bad}"], ["all", "{missing}"], ["screens", "{empty}"]],
    "benchmark": [["--source", "{missing}", "program"], ["--quick", "start"]],
    "phantom": [
        ["--seed", "-1"],
        ["--exams", "0"],
        ["--size", "3x3"],
        ["--fps", "-1"],
        ["--screens", "0"],
    ],
}
"""Of every command that takes `--out`: what it cannot do."""
CASES = [(name, words) for name, many in BAD.items() for words in many]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))


def leaves(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, set[str]]]:
    """Each command below a parser that does something, with its options."""
    inner = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    for action in inner:
        for word, deeper in action.choices.items():
            yield from leaves(deeper, f"{name} {word}".strip())
    if not inner:
        yield name, {text for action in parser._actions for text in action.option_strings}


def test_all_commands_that_write_a_folder_are_tried() -> None:
    found = set()
    for command in COMMANDS:
        every = dict(leaves(_parser(command.name), ""))
        found |= {name for name, options in every.items() if "--out" in options}
    assert found == set(BAD)


@pytest.mark.parametrize(("name", "words"), CASES)
def test_a_failed_command_leaves_no_folder(name: str, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    (tmp_path / "empty").mkdir()
    good = demo_exam()
    assert good is not None
    places = {
        "bad": tmp_path / "bad.mp4",
        "missing": tmp_path / "no.mp4",
        "empty": tmp_path / "empty",
        "good": good,
    }
    given = [word.format(**places) for word in words]
    out = tmp_path / "new" / "deeper"
    assert cli.run([*name.split(), *given, "--out", str(out)]) == 2
    assert not (tmp_path / "new").exists()


def test_a_folder_with_something_in_it_stays_and_so_does_an_older_one(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    old.mkdir()

    def fail(folder: Path) -> None:
        with no_empty_folder_left(folder):
            (folder / "deeper").mkdir(parents=True)
            raise OSError("full")

    for folder in (new, old):
        with pytest.raises(OSError, match="full"):
            fail(folder / "in")
    assert not new.exists()
    assert old.is_dir()
    assert not any(old.iterdir())
    with no_empty_folder_left(new / "in"):
        (new / "in").mkdir(parents=True)
        (new / "in" / "kept.txt").write_text("x")
    assert (new / "in" / "kept.txt").is_file()


QUICK = ("--seconds", "26", "--fps", "1", "--size", "320x240")


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((*QUICK,), ("exam.mp4", "truth.csv")),
        ((*QUICK, "--exams", "2"), ("exam-1/exam.mp4",)),
        (("--screens", "2", "--size", "320x240"), ("truth.csv",)),
    ],
)
def test_phantom_writes_over_nothing_unless_told(
    words: tuple[str, ...],
    names: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    for name in names:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("mine")
    assert cli.run(["phantom", "--out", str(out), *words]) == 2
    assert "--force" in capsys.readouterr().err
    assert {(out / name).read_text() for name in names} == {"mine"}
    assert len([path for path in out.rglob("*") if path.is_file()]) == len(names)
    assert cli.run(["phantom", "--out", str(out), *words, "--force"]) == 0
    assert all((out / name).read_bytes() != b"mine" for name in names)
