"""`sonoassist review`: what is opened, and what is refused before the window comes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sonoassist.cli import run
from sonoassist.commands.common import exam_spec
from sonoassist.exam.store import ExamStore

sys.path.insert(0, str(Path(__file__).parents[1] / "exam"))

from exam_made import start


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))


def test_a_file_or_a_kept_exam(tmp_path: Path) -> None:
    file = tmp_path / "exam.mp4"
    file.touch()
    assert exam_spec(str(file)) == str(file)
    with ExamStore.default().create(start()) as exam:
        assert exam_spec("last") == exam_spec(exam.exam_id) == f"exam:{exam.exam_id}"


def test_neither_gives_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["review", "nothing"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "nothing" in lines[0]
