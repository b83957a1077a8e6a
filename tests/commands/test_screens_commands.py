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
from sonoassist.preprocess.screen_network import CARD, FILE, ScreenNetwork, network_file
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


REAL_IOU_MEAN, REAL_IOU_90, REAL_CONTENT = 0.98, 0.97, 0.97


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
    card = tomllib.loads((out / CARD).read_text(encoding="utf-8"))
    assert card["before"] == [{"file": first.name, "sha256": digest}]
    assert card["sha256"] == sum_of(out / FILE)
    words = shlex.split(card["command"])
    assert words[words.index("--start") + 1] == first.name
    assert card["seed"] == 3
    before, told = sum_of(out / FILE), card["command"]
    again = ["--start", str(out / FILE), "--force"]
    assert run(["train-screens", "--out", str(out), *FEW, *again]) == 0
    card = tomllib.loads((out / CARD).read_text(encoding="utf-8"))
    (start,) = card["before"]
    assert (start["file"], start["sha256"], start["command"]) == (FILE, before, told)
    assert start["before"] == [{"file": first.name, "sha256": digest}]
    assert sum_of(out / FILE) == card["sha256"] != before


def sum_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_train_screens_writes_the_mean_of_networks(tmp_path: Path, capsys: Capture) -> None:
    files = []
    for seed in ("3", "4"):
        out = tmp_path / seed
        words = ["--screens", "4", "--iterations", "1", "--batch", "2", "--seed", seed]
        assert run(["train-screens", "--out", str(out), *words]) == 0
        files.append(out / FILE)
    (files[1].parent / CARD).unlink()
    mean = tmp_path / "mean"
    assert run(["train-screens", "--out", str(mean), "--average", *map(str, files)]) == 0
    card = tomllib.loads((mean / CARD).read_text(encoding="utf-8"))
    assert "seed" not in card
    assert card["command"].endswith(f"--average {FILE} {FILE}")
    assert [one["sha256"] for one in card["before"]] == [sum_of(one) for one in files]
    assert "--seed 3" in card["before"][0]["command"]
    assert "command" not in card["before"][1]
    from sonoassist.phantom.screens.draw import draw_screen

    ScreenReader(lambda: ScreenNetwork(mean / FILE)).look(draw_screen(0, size=(320, 240)).pixels)
    capsys.readouterr()
    words = ["--average", *map(str, files), "--start", str(files[0]), "--force"]
    assert_refused(run(["train-screens", "--out", str(mean), *words]), capsys, "no --start")
    missing = ["--average", str(files[0]), str(tmp_path / "none.onnx"), "--force"]
    assert_refused(run(["train-screens", "--out", str(mean), *missing]), capsys, "cannot read")
    assert sum_of(mean / FILE) == card["sha256"]


def test_the_card_that_is_shipped_is_of_the_network_that_is_shipped() -> None:
    card = tomllib.loads((network_file().parent / CARD).read_text(encoding="utf-8"))
    assert card["sha256"] == sum_of(network_file())
    assert "no real picture" in card["trained_on"]


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
