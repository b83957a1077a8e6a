"""Where all results of a recording are kept, no engine is made for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recordings.made import COUNT, PARTS
from review.review_made import BrightEngine, write_recording
from sonoassist.analysis import analyser as analyser_module
from sonoassist.cli import run
from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats
from sonoassist.engines.base import Saliency
from sonoassist.engines.lazy import UNMADE, LazyEngine

INPUT = np.zeros((1, 1, 224, 288), np.float32)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[BrightEngine]:
    """All engines that are made, by whichever command."""
    engines: list[BrightEngine] = []

    def make(*_: object, **__: object) -> BrightEngine:
        engines.append(BrightEngine())
        return engines[-1]

    monkeypatch.setattr(analyser_module, "engine_for", make)
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    return engines


def analyse(video: Path, folder: Path, *more: str) -> int:
    return run(["analyse", str(video), "--out", str(folder / "table"), "--crop", "full", *more])


@pytest.mark.usefixtures("plain_screens")
def test_once_all_is_kept_none_is_made(
    tmp_path: Path, made: list[BrightEngine], capsys: pytest.CaptureFixture[str]
) -> None:
    video = write_recording(tmp_path / "exam.mp4", PARTS)
    assert analyse(video, tmp_path, "--json") == 0
    (engine,) = made
    assert engine.runs >= COUNT
    first = json.loads(capsys.readouterr().out)
    assert first["engine"] == "bright"
    assert analyse(video, tmp_path, "--json") == 0
    told = capsys.readouterr()
    again = json.loads(told.out)
    assert (again["engine"], again["device"]) == (UNMADE, "")
    untold = {"engine": "", "device": "", "times_real": None}  # nothing is made, and nothing timed
    assert {**again, **untold} == {**first, **untold}
    assert "engine:" not in told.err
    assert analyse(video, tmp_path) == 0
    assert "no engine was needed" in capsys.readouterr().err
    assert len(made) == 1


@pytest.mark.usefixtures("plain_screens")
def test_what_is_wrong_with_an_engine_is_said_where_one_is_needed(
    tmp_path: Path,
    made: list[BrightEngine],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refused(*_: object, **__: object) -> BrightEngine:
        raise EngineError("that engine is not to be had here", "Choose another")

    video = write_recording(tmp_path / "exam.mp4", PARTS)
    with monkeypatch.context() as patch:
        patch.setattr(analyser_module, "engine_for", refused)
        assert analyse(video, tmp_path) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == "sonoassist: error: that engine is not to be had here. Choose another"
    assert not (tmp_path / "table" / "analysis.csv").exists()
    assert analyse(video, tmp_path) == 0
    monkeypatch.setattr(analyser_module, "engine_for", refused)
    assert analyse(video, tmp_path) == 0
    assert len(made) == 1


class Counted(BrightEngine):
    def __init__(self) -> None:
        super().__init__()
        self.closed = 0

    def take_notices(self) -> list[str]:
        return ["news"]

    def close(self) -> None:
        self.closed += 1


def test_an_engine_is_made_by_the_first_picture_and_told_once() -> None:
    engines: list[Counted] = []
    told: list[str] = []

    def make() -> Counted:
        engines.append(Counted())
        return engines[-1]

    lazy = LazyEngine(make, "auto", lambda engine: told.append(f"{engine.name} {engine.precision}"))
    lazy.close()
    assert (lazy.name, lazy.precision, lazy.device) == (UNMADE, "auto", "")
    assert not lazy.is_compiled(INPUT.shape, Saliency.PLAIN)
    assert lazy.take_notices() == []
    assert engines == []
    first: Floats = lazy.run(INPUT).logits
    assert (lazy.glance(INPUT).logits == first).all()
    assert len(lazy.run_batch(np.repeat(INPUT, 2, axis=0))) == 2
    assert told == ["bright f32"]
    assert (lazy.name, lazy.precision, lazy.device) == ("bright", "f32", "CPU")
    assert lazy.take_notices() == ["news"]
    lazy.close()
    lazy.close()
    assert [one.closed for one in engines] == [1]
    lazy.run(INPUT)
    assert len(engines) == 2


def test_what_runs_is_told_behind_every_pass() -> None:
    """An engine with a spare behind it may be another one from call to call."""
    made = Counted()
    lazy = LazyEngine(lambda: made, "auto")
    passes: list[Callable[[], object]] = [
        lambda: lazy.run(INPUT),
        lambda: lazy.glance(INPUT),
        lambda: lazy.run_traced(INPUT),
        lambda: lazy.backward(INPUT),
        lambda: lazy.run_batch(INPUT),
    ]
    for number, ask in enumerate(passes):
        made.device = f"spare {number}"
        ask()
        assert lazy.device == f"spare {number}"
