"""A recording opened as a source: the same planes at the same times."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from recording_help import TICK_S, make_exam, psnr_db, record

from real_models import published_analyser
from sonoassist.cli import run
from sonoassist.core import paths
from sonoassist.core.packets import Analysis, Frame, State
from sonoassist.exam.exam import Exam
from sonoassist.exam.recorder import Recorder
from sonoassist.exam.records import FrameRow
from sonoassist.exam.replay import replay
from sonoassist.sources import open_source
from sparse_source import SparseSource
from waiting import wait_until

pytestmark = pytest.mark.usefixtures("networks_once")

PART = 6
"""Every so manyth frame of the montage is recorded, at its own time."""
EVERY = 18
"""Every so manyth frame of the montage is analysed: each scene has four or more of these."""
FRAMES = 237
BEGAN_S = 31.5


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exam]:
    with make_exam(tmp_path_factory.mktemp("exams")) as made:
        yield made


@pytest.fixture(scope="module")
def live(exam: Exam, test_data: Path) -> dict[int, Analysis]:
    """A sixth of the frames of the montage, recorded; of some the results, kept in the record."""
    analyser = published_analyser(test_data)
    found = {}
    recorder = Recorder(exam, pytest.fail, spare_bytes=0)
    with SparseSource(str(test_data / "exam" / "montage.mp4"), PART) as source:
        for frame in source:
            record(recorder, [(frame, BEGAN_S + frame.time_s)])
            if frame.index % EVERY == 0:
                found[frame.index] = analyser.analyse(frame)
    recorder.stop()
    exam.add_frames([row_of(one) for one in found.values()])
    return found


@pytest.fixture(scope="module")
def scenes(test_data: Path) -> set[int]:
    """Frames that show one scene; those between are blends of two."""
    told = json.loads((test_data / "exam" / "montage.json").read_text())["segments"]
    return {n for one in told for n in range(one["first_frame"], one["last_frame"] + 1)}


def row_of(analysis: Analysis) -> FrameRow:
    frame, prediction = analysis.frame, analysis.prediction
    return FrameRow(
        BEGAN_S + frame.time_s,
        frame.index,
        frame.time_s,
        analysis.state,
        prediction.plane.key,
        prediction.confidence,
        "",
        analysis.shown_box,
        prediction.probabilities,
    )


@pytest.mark.real
def test_the_same_planes(
    exam: Exam, live: dict[int, Analysis], scenes: set[int], test_data: Path
) -> None:
    """On 99 % of the frames that show one scene, and always where both times a plane is named.

    Between the scenes two pictures lie over each other, and which of the two wins there is
    changed by noise of a single grey level.
    """
    analyser = published_analyser(test_data)
    same: dict[int, bool] = {}
    worst_db = np.inf
    times = []
    with open_source(str(exam.media / "recording-1.mp4")) as source:
        for frame in source:
            times.append(frame.time_s)
            index = PART * frame.index  # in the montage
            if index % EVERY == 0:
                before = live[index]
                again = analyser.analyse(frame)
                alike = again.prediction.plane is before.prediction.plane
                same[index] = alike
                assert alike or not (before.state is again.state is State.PLANE)
            if index % (4 * EVERY) == 0:
                worst_db = min(worst_db, psnr_db(live[index].frame.pixels, frame.pixels))
    assert len(times) == FRAMES
    np.testing.assert_allclose(times, PART * np.arange(FRAMES) / 25, atol=TICK_S)
    assert worst_db > 38
    assert np.mean([alike for index, alike in same.items() if index in scenes]) >= 0.99
    assert np.mean(list(same.values())) >= 0.95


@pytest.mark.real
def test_the_results_lie_beside_the_video(exam: Exam, live: dict[int, Analysis]) -> None:
    (recording,) = exam.recordings()
    assert (recording.frames, recording.ended, recording.began_s) == (FRAMES, True, BEGAN_S)
    found = replay(exam, recording)
    numbers = [None if row is None else row.index for row in found.rows]
    assert numbers == [None if index % EVERY else index for index in range(0, PART * FRAMES, PART)]
    for index, analysis in live.items():
        row = found.rows[index // PART]
        assert row is not None
        assert (row.plane, row.box) == (analysis.prediction.plane.key, analysis.shown_box)


def test_analyse_reads_a_recording_whole_or_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command, as a user would; the bundled model is chosen by the file's own word."""
    monkeypatch.setenv("SONOASSIST_HOME", str(tmp_path / "home"))
    demo = paths.demo_exam()
    assert demo is not None
    with open_source(str(demo)) as source:
        frames = [frame for frame, _ in zip(source, range(24), strict=False)]
    cut = tmp_path / "cut.mp4"
    with make_exam(paths.exams(), synthetic=True) as exam:
        path = exam.media / "recording-1.mp4"
        record_and_look(exam, frames, path, cut)
    whole = analysed(path, tmp_path, frames, capsys)
    there = analysed(cut, tmp_path, frames, capsys)
    assert len(whole) == 24
    assert 16 <= len(there) < 24
    assert there == whole[: len(there)]


def record_and_look(exam: Exam, frames: list[Frame], path: Path, cut: Path) -> None:
    """Record; `cut` is how the file looks on the disk before it is finished."""
    recorder = Recorder(exam, pytest.fail, spare_bytes=0)
    record(recorder, [(frame, 3.0 + frame.time_s) for frame in frames], synthetic=True)
    wait_until(lambda: recorder.figures().written == len(frames))
    shutil.copy(path, cut)
    recorder.stop()
    assert exam.recordings()[0].frames == len(frames)


def analysed(
    path: Path, folder: Path, frames: list[Frame], capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """The planes of the frames, which are checked to be at their times."""
    out = folder / f"out-{path.stem}"
    # The crop of a recording is settled by looks at all of it: a piece of it may get another.
    words = ["--engine", "torch", "--precision", "f32", "--crop", "full", "--json"]
    assert run(["analyse", str(path), "--out", str(out), *words]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["domain"], told["damaged"]) == ("synthetic", [])
    with (out / "analysis.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows] == list(range(len(rows)))
    times = [float(row["time_s"]) for row in rows]
    np.testing.assert_allclose(times, [one.time_s for one in frames[: len(rows)]], atol=2 * TICK_S)
    return [row["plane"] for row in rows]
