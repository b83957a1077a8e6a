"""How quickly a recording is analysed; the network is a fake that takes what it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from recordings.made import COUNT, made_analyser, made_recording
from recordings.troubled import Item, TroubledSource
from sonoassist.benchmark.machine import look_at_machine
from sonoassist.benchmark.recorded import PIECE, PLACES, RecordedSpeed, _pieces, measure_recorded
from sonoassist.benchmark.report import Report
from sonoassist.benchmark.text import as_text
from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.recordings import recording as recording_module
from sonoassist.recordings.recording import Recording, look_into_file


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return made_recording(tmp_path_factory.mktemp("recording"))


class Ticking:
    """A clock by which each look at it takes a millisecond."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 0.001
        return self.now_s


def test_both_ways_see_the_same_frames(recording: Recording) -> None:
    analyser, steps = made_analyser(), list[int]()
    found = measure_recorded(
        recording, analyser, 0.25, clock=Ticking(), step=lambda: steps.append(1)
    )
    assert len(steps) == 2  # a piece takes some 0.14 s by that clock, most of it in turn
    assert found.frames == 2 * PIECE
    assert (found.source, found.model, found.precision) == ("exam.mp4", "sononet16", "f32")
    assert [stage for stage, _, _ in found.stages_ms] == [
        "read",
        "prepare",
        "measure the picture",
        "inference",
        "localise",
    ]
    # A tick a frame: all else of that way is not by this clock.
    assert found.fps == pytest.approx(1 / 0.001)
    assert found.times_real == pytest.approx(found.fps / 25, rel=0.02)
    assert found.times_in_turn_low <= found.times_in_turn <= found.times_in_turn_high
    assert found.planes_share > 0


@pytest.mark.parametrize("count", [1, PIECE, PIECE + 1, 1000])
def test_pieces_are_taken_from_all_over(count: int) -> None:
    pieces = _pieces(count)
    assert pieces[0].start == 0
    assert pieces[-1].stop == count
    assert len(pieces) == min(PLACES, max(count - PIECE, 0) + 1)
    assert {len(one) for one in pieces} == {min(count, PIECE)}


def test_a_recording_of_which_nothing_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items: list[Item] = [lambda: DamagedFrameError("it is damaged")] * COUNT  # type: ignore[list-item]
    path = tmp_path / "holed.mp4"
    path.write_bytes(b"stands for a recording")
    monkeypatch.setattr(recording_module, "open_source", lambda _: TroubledSource(path, items))
    with pytest.raises(SourceError, match="cannot be read"):
        measure_recorded(look_into_file(path), made_analyser(), 1.0)


def test_it_is_told() -> None:
    stages = (("read", 1.0, 2.0), ("inference", 10.0, 12.0))
    found = RecordedSpeed(
        "exam.mp4",
        960,
        720,
        320,
        86.0,
        3.44,
        stages,
        1.2,
        1.1,
        1.3,
        0.04,
        "OpenVINO",
        "int8+bf16",
        "CPU",
        "sononet32",
    )
    report = Report(look_at_machine(), recorded=found)
    assert not report.empty
    text = as_text(report)
    assert "exam.mp4 (960x720), sononet32, OpenVINO int8+bf16 on CPU" in text
    assert "86.0 frames a second with the stages side by side, 3.4 times real time" in text
    assert "1.20 [1.10, 1.30] times as quick as\none after the other (320 frames, 4.0 %" in text
