"""What comes with the program: a model for synthetic exams, and one such exam."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from analyse_help import analyse, summary, table, write_picture
from safetensors.numpy import load

from sonoassist import cli
from sonoassist.core import paths
from sonoassist.datasets.phantom_exams import read
from sonoassist.gui.loading import bundled_model
from sonoassist.model.store import ModelStore
from sonoassist.phantom.catalogue import PLANE_KEYS
from sonoassist.phantom.draw import draw_plane

NAME = "sononet32-synthetic"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_sononet32_in_half_precision_comes_with_the_program() -> None:
    store = ModelStore.default()
    model = store.get(synthetic=True)
    assert (model.name, model.bundled) == (NAME, True)
    assert (model.card.domain, model.card.architecture) == ("synthetic", "sononet32")
    assert "sonoassist train" in model.card.notes
    assert "seed" in model.card.notes
    assert model.size_bytes < 9_000_000
    stored = load(model.weights_path.read_bytes())
    assert {values.dtype for values in stored.values()} == {np.dtype(np.float16)}
    assert all(values.dtype == np.float32 for values in store.load_tensors(model).values())


def test_it_names_what_the_phantom_shows(tmp_path: Path) -> None:
    """Pictures that no training has seen: other seeds, and drawn without an exam round them."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for key in PLANE_KEYS:
        for seed in (901, 902):
            write_picture(folder / f"{key}-{seed}.png", draw_plane(key, seed)[0])
    assert analyse(folder, tmp_path / "out", "--crop", "full") == 0
    rows = table(tmp_path / "out")
    right = [row["plane"] == row["source"].split("-")[0] for row in rows]
    assert len(right) == 26
    assert np.mean(right) >= 0.65


def test_it_finds_the_planes_of_the_demo_exam(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from sonoassist.cli import run

    path = paths.demo_exam()
    assert path is not None
    words = ["evaluate", "all", str(path.parent), "--every", "18", "--json"]
    assert run(words) == 0
    told = summary(capsys)
    assert told["classification"]["f1"]["value"] >= 0.8
    assert told["about"]["note"] == ""


def test_real_pictures_are_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "a.png"
    write_picture(picture, np.random.default_rng(0).integers(0, 256, (120, 160), np.uint8))
    assert analyse(picture, tmp_path / "out", "--crop", "full") == 0
    said = capsys.readouterr().err
    assert "warning: Model trained on synthetic exams only" in said
    assert analyse(picture, tmp_path / "out", "--crop", "full", "--json") == 0
    assert "not reliable" in summary(capsys)["domain_warning"]
    exam = paths.demo_exam()
    assert analyse(exam, tmp_path / "out", "--frames", "2") == 0
    assert "not reliable" not in capsys.readouterr().err


def test_the_demo_is_the_bundled_exam_with_the_bundled_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[tuple[str, dict[str, str], bool]] = []

    def run_window(source: str, *, overrides: dict[str, str], bundled_model: bool) -> int:
        opened.append((source, overrides, bundled_model))
        return 0

    monkeypatch.setattr("sonoassist.gui.app.run_window", run_window)
    assert cli.run(["demo"]) == 0
    assert cli.run(["demo", "--model", "sononet16"]) == 0
    exam = str(paths.demo_exam())
    assert opened == [(exam, {}, True), (exam, {"model": "sononet16"}, True)]
    assert bundled_model(ModelStore.default()) == NAME


def test_the_demo_exam_has_truth_for_every_frame() -> None:
    path = paths.demo_exam()
    assert path is not None
    data = read(path.parent, None)
    assert data.problems == ()
    assert {key for frame in data.frames for key in frame.accepted} == {*PLANE_KEYS, "background"}
