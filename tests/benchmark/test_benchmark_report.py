from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from bench_made import PROGRAM, made_networks, made_report, made_timings
from sonoassist.benchmark.candidates import NAIVE, LeftOut, NetworkRunner
from sonoassist.benchmark.ceilings import Roof
from sonoassist.benchmark.drawing import LogAxis, colour, short, tick
from sonoassist.benchmark.figures import SpeedRow, make_rows
from sonoassist.benchmark.outputs import as_json, write_report
from sonoassist.benchmark.picture import SHADES, WIDTH_PX, colours_of, draw_report
from sonoassist.benchmark.text import as_text
from sonoassist.core.errors import OutputError
from sonoassist.core.opencv import cv2


def lines_of(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


def has_colour(picture: np.ndarray, shade: str) -> bool:
    return bool((picture == np.array(colour(shade), np.uint8)).all(axis=2).any())


def test_the_text_has_ours_beside_the_papers() -> None:
    text = as_text(made_report())
    (paper,) = lines_of(text, "SonoNet-32, paper (GTX 1080)")
    assert paper.split()[-3:] == ["125.4", "35.8", "27.9"]
    ours = lines_of(text, "SonoNet-32, OpenVINO bf16 on CPU *")
    assert len(ours) == 6  # two batches: frames a second, times, shares of the roof
    assert "2.7" in ours[0]
    assert "12 runs" in text
    assert "the speed does not depend on their values" in text
    assert "left out: torch f16 on cpu: torch has no fast f16" in text
    assert "capture to painted" in text
    assert "20.5 frames a second (410 frames" in text
    assert "400 MB at 0 s" in text
    assert "420 MB at 20 s" in text
    assert "Not for diagnosis" in text


def test_tables_are_aligned() -> None:
    for block in as_text(made_report(gpu=True)).split("\n\n"):
        rules = [line for line in block.splitlines() if line and set(line) == {"-"}]
        assert len({len(rule) for rule in rules}) <= 1


def test_a_stopped_run_says_so() -> None:
    networks = dataclasses.replace(made_networks(), unfinished=("SmallNet, batch 1, both",))
    report = made_report(
        networks=networks, missing=(LeftOut("start", "stopped before its end"),), stopped=True
    )
    text = as_text(report)
    assert "STOPPED before the end" in text
    assert "missing: start: stopped before its end" in text
    assert "fewer runs than asked for: SmallNet" in text
    assert report.empty is False
    nothing = made_report(networks=None, frames=None, program=None, start=())
    assert nothing.empty


def test_short_memory_of_a_short_run() -> None:
    line = "capture to label, median / 95th percentile: 48 / 70 ms from 0 s, 49 / 72 ms from 10 s"
    assert line in as_text(made_report(program=PROGRAM))
    program = dataclasses.replace(PROGRAM, label_course_ms=((0.0, 48.1, 70.2),))
    assert "from 0 s" not in as_text(made_report(program=program))
    program = dataclasses.replace(PROGRAM, memory_mb=((0.0, 300.0),))
    assert "memory: 300 MB at 0 s" in as_text(made_report(program=program))


def test_round_trip(tmp_path: Path) -> None:
    report = made_report(gpu=True)
    files = write_report(report, tmp_path / "new" / "out")
    assert [file.name for file in files] == ["benchmark.txt", "benchmark.json", "benchmark.png"]
    assert sorted(files) == sorted((tmp_path / "new" / "out").iterdir())
    assert files[0].read_text() == as_text(report)
    told = json.loads(files[1].read_text())
    assert told == as_json(report)
    nan = float("nan")
    read = [
        SpeedRow(**{name: nan if value is None else value for name, value in row.items()})
        for row in told["networks"]["rows"]
    ]
    assert report.networks is not None
    assert list(map(repr, read)) == list(map(repr, report.networks.rows))
    assert told["paper"]["gtx_1080_fps"]["sononet64"]["both"] == 16.7
    assert told["networks"]["noise"]["verdict"] == "quiet"
    picture = cv2.imread(str(files[2]))
    assert np.array_equal(picture, draw_report(report))


def test_an_older_picture_does_not_stay(tmp_path: Path) -> None:
    write_report(made_report(), tmp_path)
    files = write_report(made_report(networks=None), tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert [file.name for file in files] == ["benchmark.txt", "benchmark.json"]


def test_an_older_picture_that_cannot_go(tmp_path: Path) -> None:
    (tmp_path / "benchmark.png").mkdir()
    with pytest.raises(OutputError, match=r"benchmark\.png"):
        write_report(made_report(networks=None), tmp_path)


def test_the_picture_has_a_bar_for_each_engine() -> None:
    picture = draw_report(made_report())
    assert picture.shape[1] == WIDTH_PX
    for precision in ("f32", "bf16"):
        assert has_colour(picture, SHADES["OpenVINO", True][precision])
        assert not has_colour(picture, SHADES["torch", False][precision])
    assert has_colour(draw_report(made_report(gpu=True)), SHADES["torch", False]["f16"])


def test_a_faster_engine_has_the_longer_bar() -> None:
    picture = draw_report(made_report(networks=made_networks(networks=["sononet32"])))
    longest = {}
    for engine, precision in ((NAIVE, "f32"), ("OpenVINO", "f32"), ("OpenVINO", "bf16")):
        shade = np.array(colour(SHADES[engine, True][precision]), np.uint8)
        longest[engine, precision] = int((picture == shade).all(axis=2).sum(axis=0).max())
    assert list(longest.values()) == sorted(longest.values())
    assert len(set(longest.values())) == 3


def test_fewer_networks_make_a_smaller_picture() -> None:
    heights = [
        draw_report(made_report(networks=made_networks(networks=names))).shape[0]
        for names in (
            ["smallnet"],
            ["smallnet", "sononet16"],
            ["smallnet", "sononet16", "sononet64"],
        )
    ]
    assert heights[0] == heights[1] < heights[2]
    without = dataclasses.replace(made_networks(networks=["smallnet"]), roof=Roof())
    assert draw_report(made_report(networks=without)).shape[0] < heights[0]


def test_no_picture_without_rows() -> None:
    with pytest.raises(ValueError, match="without rows"):
        draw_report(made_report(networks=None))


def test_a_batch_alone_has_no_mark_of_the_paper() -> None:
    alone = made_networks(networks=["smallnet"], batches=[8])
    assert "paper (GTX 1080)" not in as_text(made_report(networks=alone, frames=None))
    assert draw_report(made_report(networks=alone)).any()


def test_missing_passes_are_dashes() -> None:
    timings = {
        entry: timing
        for entry, timing in made_timings(["smallnet"], [1]).items()
        if entry.what.value == "detection"
    }
    rows = make_rows(timings, Roof())
    networks = dataclasses.replace(made_networks(), rows=rows)
    (line,) = lines_of(as_text(made_report(networks=networks)), "SmallNet, torch bf16")[:1]
    assert line.split()[-4:] == ["-"] * 4
    assert draw_report(made_report(networks=networks)).any()


def test_colours_differ() -> None:
    runners = [NetworkRunner("other", "int8", f"device {number}") for number in range(5)]
    runners += [NetworkRunner(NAIVE, "f32", "CPU"), NetworkRunner("torch", "f16", "GPU")]
    assert len(set(colours_of(runners).values())) == len(runners)
    assert len(colours_of([NetworkRunner("x", "y", str(number)) for number in range(12)])) == 12


def test_log_axis() -> None:
    axis = LogAxis(1.0, 100.0, 0.0, 200.0)
    assert [axis.at(value) for value in (0.1, 1, 10, 100, 1000)] == [0, 0, 100, 200, 200]
    assert list(axis.ticks()) == [1, 2, 5, 10, 20, 50, 100]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.52, "0.52"),
        (8.44, "8.4"),
        (9.96, "10"),
        (125.4, "125"),
        (999.6, "1.0k"),
        (2793.0, "2.8k"),
        (620_000.0, "620k"),
        (1.2e6, "1.2M"),
    ],
)
def test_short_numbers(value: float, text: str) -> None:
    assert short(value) == text


def test_ticks() -> None:
    assert [tick(value) for value in (0.5, 20, 5000, 1e6)] == ["0.5", "20", "5k", "1M"]
    assert math.isclose(LogAxis(1, 10, 0, 1).at(math.sqrt(10)), 0.5)
