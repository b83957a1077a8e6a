"""`sonoassist practice`: bad use is one line, good use reaches the window."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sonoassist import cli
from sonoassist.core import paths
from sonoassist.gui import app
from sonoassist.practice.answers import Word
from sonoassist.practice.history import PracticeHistory, history_file
from sonoassist.practice.question_set import QuestionSet, text_of
from sonoassist.practice.scores import Attempt, QuestionOutcome
from sonoassist.practice.set_store import write_set
from sonoassist.practice.wish import PracticeWish
from sonoassist.recordings.identity import identity_of


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.mp4"], "there is no file"),
        (["--questions", "0"], "between 1 and 100"),
        (["--nickname", "  "], "nickname is empty"),
        (["--nickname", "x" * 40], "at most 24"),
        (["device:0"], "practised on"),
        (["--questions", "many"], "is no number"),
    ],
)
def test_bad_use_is_one_line(
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if arguments == ["device:0"]:
        from sonoassist.practice import opening
        from sonoassist.sources.base import SourceInfo

        class Live:
            info = SourceInfo("x", "device:0", "Camera", "", "device", 10, 10, 25.0, None, None)

            def close(self) -> None: ...

        monkeypatch.setattr(opening, "open_source", lambda _spec: Live())
    assert cli.run(["practice", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_picture_is_no_exam(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    icon = next((paths.resources() / "screenshots").glob("*.png"))
    assert cli.run(["practice", str(icon)]) == 2
    assert "does not move" in capsys.readouterr().err


def test_the_wish_reaches_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def run_window(source: str | None = None, **more: Any) -> int:
        asked.append({"source": source, **more})
        return 0

    monkeypatch.setattr(app, "run_window", run_window)
    demo = str(paths.demo_exam())
    assert cli.run(["practice", demo, "--nickname", " Ada ", "--questions", "3"]) == 0
    assert cli.run(["practice", demo, "--class", "--threshold", "0.6"]) == 0
    first, second = asked
    assert first["practice"] == PracticeWish(demo, "Ada", 3, False)
    assert second["practice"] == PracticeWish(demo, "class", 10, True)
    assert second["overrides"] == {"threshold": 0.6}
    assert first["source"] is None


def test_a_question_set_reaches_the_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo, asked = paths.demo_exam(), []
    assert demo is not None
    questions = QuestionSet(identity_of(demo).content, ("lips", "4ch"), ("rvot",))
    write_set(tmp_path / "set.json", questions)
    monkeypatch.setattr(app, "run_window", lambda **more: asked.append(more["practice"]) or 0)
    assert cli.run(["practice", str(demo), "--questions", str(tmp_path / "set.json")]) == 0
    assert asked == [PracticeWish(str(demo), asked=questions)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "No such file"),
        ("[", "no JSON"),
        ('{"version": 1, "recording": 5, "planes": ["lips"]}', "no text"),
        (text_of(QuestionSet("f" * 32, ("lips",))), "another recording"),
    ],
)
def test_a_bad_question_set_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, said: str
) -> None:
    path = tmp_path / "set.json"
    if text is not None:
        path.write_text(text)
    assert cli.run(["practice", str(paths.demo_exam()), "--questions", str(path)]) == 2
    error = capsys.readouterr().err
    assert (said in error, str(path) in error, error.count("\n")) == (True, True, 1)


def test_all_trainees_are_told_without_a_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    history = PracticeHistory(history_file())
    number = history.begin("Bo", "e", Word.TRUTH, class_mode=False, asked=1, seed=0)
    history.add(number, 0, Attempt("femur", QuestionOutcome.FOUND, "femur", points=80.0))
    table = tmp_path / "all.csv"
    assert cli.run(["practice", "--csv", str(table)]) == 0
    assert capsys.readouterr().err == f"1 trainee in {table}\n"
    assert table.read_text().splitlines()[1].startswith("Bo,1,1,1,80.0,,")
    assert cli.run(["practice", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["trainee"], row["planes"]["femur"], row["planes"]["lips"]) == ("Bo", 80.0, None)
    assert cli.run(["practice", "exam.mp4", "--json"]) == 2
    capsys.readouterr()
    assert cli.run(["practice", "--csv", str(history_file() / "all.csv")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
