from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from sonoassist.commands.retrieve_text import RetrievalBar, found_text, json_summary, table_text
from sonoassist.retrieval.exams import FailedExam
from sonoassist.retrieval.running import Result, RunSummary

ABOUT: dict[str, Any] = {
    "frames": 20321,
    "found": 12,
    "doubtful": ["lips"],
    "missing": ["rvot"],
    "damaged": [],
    "warnings": [],
    "files": ["x"],
    "recordings": ["x"],
    "formats": ["x"],
    "exam": "a.mp4",
}


def test_time_left_goes_by_the_bytes_of_all_exams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    with RetrievalBar(1000, 3) as display:
        assert display.line(1000.0) == "0 of 3 exams, 0.0 frames a second"
        display.begun("a", 200)
        display.begun("b", 400)
        display.progress("a", 50, 100)
        display.progress("b", 100, 400)
        # A fifth of all bytes in 10 seconds.
        assert display.line(1010.0) == "0 of 3 exams, 15.0 frames a second, 40 s left"
        display.finished("a", ABOUT)
        display.progress("b", 300, 400)
        assert display.line(1010.0) == "1 of 3 exams, 35.0 frames a second, 10 s left"
        display.again("b", "killed")
        display.begun("b", 400)
        display.progress("b", 400, 400)
        display.failed(FailedExam("b.mp4", "damaged"), "b")
        assert display.line(1000 + 7200.0).endswith("1 h 20 min left")
        display.begun("c", 400)
        display.finished("c", ABOUT)
        assert display.line(1100.0).startswith("3 of 3 exams")
        assert display.line(1100.0).endswith(" 0 s left")


def test_what_is_true_of_many_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    damaged = {**ABOUT, "warnings": ["not reliable"], "damaged": ["frame 3 is damaged", "so is 9"]}
    with RetrievalBar(10, 2) as display:
        for name in ("a", "b\n"):
            display.begun(name, 5)
            display.finished(name, damaged)
    said = capsys.readouterr().err
    assert said.count("not reliable") == 1
    assert said.count("frame 3 is damaged (and 1 more place)") == 2
    assert len(said.splitlines()) == 5


def test_planes_that_were_not_found_are_named() -> None:
    assert found_text(ABOUT) == "11 planes found; doubtful: Lips; missing: RVOT"
    assert found_text({**ABOUT, "found": 13, "doubtful": [], "missing": []}) == "13 planes found"


def test_the_table() -> None:
    summary = RunSummary(
        [Result("a", ABOUT, True), Result("x" * 60, {**ABOUT, "damaged": ["x"]}, False)],
        [FailedExam("b\n.mp4", "it is damaged")],
        stopped=True,
    )
    lines = table_text(summary, Path("out")).splitlines()
    assert lines[0].split() == ["exam", "frames", "found", "doubtful", "missing"]
    assert lines[1].split() == ["a", "20321", "11", "1", "1"]
    assert lines[2].endswith("done before, damaged in places")
    assert max(map(len, lines[:3])) < 110
    assert lines[3:] == [
        "1 could not be searched:",
        "  b .mp4: it is damaged",
        "stopped; the same command goes on from here",
        "written: out",
        "Research and training only. Not for diagnosis.",
    ]


def test_the_summary_for_programs() -> None:
    summary = RunSummary([Result("a", ABOUT, True)], [FailedExam("b.mp4", "damaged")])
    told = json_summary(summary, Path("out"))
    assert told["failed"] == [{"exam": "b.mp4", "reason": "damaged"}]
    assert told["exams"][0]["folder"] == str(Path("out") / "a")
    assert (told["exams"][0]["done_before"], told["stopped"]) == (False, False)
    assert "files" not in told["exams"][0]
