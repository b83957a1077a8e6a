"""`phantom --screens`, `evaluate screens` and `train-screens`."""

from __future__ import annotations

import csv
import hashlib
import json
import shlex
import sys
from pathlib import Path

import pytest
from analyse_help import assert_refused

from sonoassist.cli import run
from sonoassist.datasets.screens import read_screens
from sonoassist.preprocess.screen_network import FILE, ScreenNetwork, network_file
from sonoassist.preprocess.screen_reader import ScreenReader

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Capture = pytest.CaptureFixture[str]

COUNT = 12


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Screens of seeds that no training has seen."""
    folder = tmp_path_factory.mktemp("screens") / "made"
    words = ["phantom", "--screens", str(COUNT), "--seed", "700000", "--size", "640x480"]
    assert run([*words, "--out", str(folder)]) == 0
    return folder


def test_phantom_screens_are_written_with_their_truth(screens: Path, capsys: Capture) -> None:
    found = read_screens(screens)
    assert len(found.truths) == COUNT
    assert found.problems == ()
    assert len({one.content for one in found.truths}) >= 4
    assert run(["phantom", "--screens", "2", "--out", str(screens)]) == 2
    assert "holds a truth.csv already" in capsys.readouterr().err


def test_the_shipped_network_reads_unseen_phantom_screens(
    screens: Path, tmp_path: Path, capsys: Capture
) -> None:
    capsys.readouterr()
    out = tmp_path / "out"
    assert run(["evaluate", "screens", str(screens), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["pictures"] == COUNT
    assert told["iou_mean"] > 0.8
    assert told["iou_90_share"] > 0.6
    assert told["content_right_share"] > 0.75
    assert set(told["content_recall"]) >= {"b_mode"}
    assert told["origins"]["phantom"]["pictures"] == COUNT
    speed = told["speed"]
    assert speed["looks_in_a_pass"] == pytest.approx(speed["pass_ms"] / speed["look_ms"])
    assert speed["looks_in_a_pass"] > 3  # by far: one look is to cost a twentieth of a pass
    assert json.loads((out / "screens.json").read_text())["pictures"] == COUNT
    assert run(["evaluate", "screens", str(screens)]) == 0
    printed = capsys.readouterr().out
    assert "phantom" in printed
    assert "looks in a pass" in printed


@pytest.mark.real
def test_real_screens(test_data: Path, capsys: Capture) -> None:
    folder = test_data / "scanner_screens"
    capsys.readouterr()
    assert run(["evaluate", "screens", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["pictures"] == 44
    assert told["iou_mean"] >= REAL_IOU_MEAN
    assert told["iou_90_share"] >= REAL_IOU_90
    assert told["content_right_share"] >= REAL_CONTENT


REAL_IOU_MEAN, REAL_IOU_90, REAL_CONTENT = 0.95, 0.93, 0.93


def test_a_table_with_mistakes(screens: Path, tmp_path: Path, capsys: Capture) -> None:
    with (screens / "truth.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:3]
    rows[0]["content"] = "film"
    rows[1]["image"] = "gone.png"
    for row in rows:
        path = screens / row["image"]
        if path.is_file():
            (tmp_path / row["image"]).write_bytes(path.read_bytes())
    with (tmp_path / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert run(["evaluate", "screens", str(tmp_path), "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["pictures"] == 1
    assert "line 2: content is none of" in captured.err
    assert "there is no picture gone.png" in captured.err
    assert_refused(run(["evaluate", "screens", str(tmp_path / "no")]), capsys, "truth.csv")
    words = ["evaluate", "screens", str(tmp_path), str(screens)]
    assert_refused(run(words), capsys, "one folder")


def test_train_screens_writes_a_network_that_reads(tmp_path: Path, capsys: Capture) -> None:
    words = ["--screens", "8", "--iterations", "2", "--batch", "2", "--seed", "3"]
    assert run(["train-screens", "--out", str(tmp_path), *words]) == 0
    card = (tmp_path / "card.toml").read_text(encoding="utf-8")
    assert "--iterations 2" in card
    reader = ScreenReader(lambda: ScreenNetwork(tmp_path / FILE))
    from sonoassist.phantom.screens.draw import draw_screen

    reader.look(draw_screen(0, size=(320, 240)).pixels)
    assert_refused(
        run(["train-screens", "--out", str(tmp_path), "--screens", "0"]), capsys, "too small"
    )


FEW = ("--screens", "8", "--iterations", "1", "--batch", "2", "--seed", "3")


def test_train_screens_goes_on_from_a_network_and_says_from_which(
    tmp_path: Path,
) -> None:
    """It may be the very file that is written over, and be called whatever a file may be."""
    first, out = tmp_path / 'my "best" \\ one.onnx', tmp_path / "out"
    first.write_bytes(network_file().read_bytes())
    digest = hashlib.sha256(first.read_bytes()).hexdigest()
    assert run(["train-screens", "--out", str(out), *FEW, "--start", str(first)]) == 0
    card = tomllib.loads((out / "card.toml").read_text(encoding="utf-8"))
    assert card["started_from"] == f"{first.name}, SHA-256 {digest}"
    words = shlex.split(card["command"])
    assert words[words.index("--start") + 1] == first.name
    assert card["seed"] == 3
    before = hashlib.sha256((out / FILE).read_bytes()).hexdigest()
    again = ["--start", str(out / FILE), "--force"]
    assert run(["train-screens", "--out", str(out), *FEW, *again]) == 0
    card = tomllib.loads((out / "card.toml").read_text(encoding="utf-8"))
    assert card["started_from"] == f"{FILE}, SHA-256 {before}"
    assert hashlib.sha256((out / FILE).read_bytes()).hexdigest() != before


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot read"), (b"no network", "holds no network that reads screens")],
)
def test_a_start_that_is_none_is_told_before_screens_are_drawn(
    content: bytes | None,
    said: str,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def draw(*_: object) -> None:
        raise AssertionError("screens are drawn")

    monkeypatch.setattr("sonoassist.training.screens.pictures.draw_pictures", draw)
    start, out = tmp_path / "start.onnx", tmp_path / "out"
    if content is not None:
        start.write_bytes(content)
    words = ["train-screens", "--out", str(out), *FEW, "--start", str(start)]
    assert_refused(run(words), capsys, said)
    assert not out.exists()
