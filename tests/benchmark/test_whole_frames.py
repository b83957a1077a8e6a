from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import psutil
import pytest

from bench_made import CPU, FakeClock, FakeEngine
from real_models import card_of, frame_of
from sonoassist.analysis.analyser import Analyser, AnalyserOptions
from sonoassist.benchmark.candidates import NetworkRunner
from sonoassist.benchmark.frames import measure_frames
from sonoassist.benchmark.machine import look_at_machine
from sonoassist.benchmark.text import machine_line
from sonoassist.core.errors import DamagedFrameError, SonoAssistError, SourceError
from sonoassist.core.packets import Frame
from sonoassist.core.processors import processor_name
from sonoassist.sources.base import Source, SourceInfo


class FakeSource(Source):
    """Gives frames and errors; reading takes 4 ms."""

    def __init__(self, clock: FakeClock, given: Iterable[Frame | SonoAssistError]) -> None:
        super().__init__()
        self._clock, self._given = clock, iter(given)

    @property
    def info(self) -> SourceInfo:
        return SourceInfo("1", "spec", "fake.mp4", "", "video", 96, 72, 25.0, 9, 1.0)

    def read(self) -> Frame | None:
        self._clock.spend(4.0)
        one = next(self._given, None)
        if isinstance(one, SonoAssistError):
            raise one
        return one

    def close(self) -> None: ...


def pictures(count: int) -> list[Frame]:
    rng = np.random.default_rng(0)
    return [
        frame_of(rng.integers(0, 256, (72, 96), np.uint8), index=index) for index in range(count)
    ]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def analyser(clock: FakeClock) -> Analyser:
    engine = FakeEngine(clock, NetworkRunner("OpenVINO", "bf16", CPU), 6.0, 16.0)
    return Analyser(engine, card_of("smallnet"), AnalyserOptions())


def test_to_the_end_of_the_source(clock: FakeClock, analyser: Analyser) -> None:
    given = [*pictures(2), DamagedFrameError("spoilt"), *pictures(1)]
    steps: list[int] = []
    found = measure_frames(
        FakeSource(clock, given), analyser, 60.0, clock=clock, step=lambda: steps.append(1)
    )
    assert (found.frames, len(steps)) == (3, 3)
    assert found.seconds == pytest.approx(3 * 0.020 + 0.004)  # the spoilt one was read too
    assert found.fps == pytest.approx(3 / 0.064)
    stages = {stage: (middle, high) for stage, middle, high in found.stages_ms}
    assert list(stages) == ["read", "preprocess", "inference", "localise"]
    assert stages["read"] == (pytest.approx(4.0), pytest.approx(7.6))
    assert (found.source, found.width_px, found.height_px) == ("fake.mp4", 96, 72)
    assert (found.engine, found.precision, found.model) == ("OpenVINO", "bf16", "smallnet")
    assert found.planes_share == 0.0  # all classes alike: nothing sure


def test_to_the_end_of_the_time(clock: FakeClock, analyser: Analyser) -> None:
    found = measure_frames(FakeSource(clock, pictures(50)), analyser, 0.1, clock=clock)
    assert found.frames == 5


def test_a_source_without_frames(clock: FakeClock, analyser: Analyser) -> None:
    with pytest.raises(SourceError, match=r"no frame of fake\.mp4"):
        measure_frames(FakeSource(clock, []), analyser, 1.0, clock=clock)
    endless = (DamagedFrameError("spoilt") for _ in range(10**6))
    with pytest.raises(SourceError, match="no frame"):
        measure_frames(FakeSource(clock, endless), analyser, 1.0, clock=clock)


def test_this_machine() -> None:
    machine = look_at_machine()
    assert machine.cores >= 1
    packages = dict(machine.packages)
    assert packages["torch"].startswith("2.")
    assert machine.date[4] == "-"


def test_the_processor(tmp_path: Path) -> None:
    told = tmp_path / "cpuinfo"
    told.write_text("processor\t: 0\nmodel name\t: AMD EPYC: 9 \nmodel name\t: other\n")
    assert processor_name(told) == "AMD EPYC: 9"
    assert processor_name(tmp_path / "none", ask=lambda: "Apple M9") == "Apple M9"
    assert processor_name(tmp_path / "none", ask=lambda: "")
    told.write_text("Hardware: a board\n")
    assert processor_name(told)


def test_a_system_that_tells_little(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no such program")

    monkeypatch.setattr(psutil, "virtual_memory", refuse)
    monkeypatch.setattr("sonoassist.core.processors.subprocess.run", refuse)
    monkeypatch.setattr("sonoassist.benchmark.machine.PACKAGES", ("no-such-package",))
    machine = look_at_machine()
    assert machine.memory_gb is None
    assert machine.packages == (("no-such-package", "not installed"),)
    assert "memory unknown" in machine_line(machine)
    assert processor_name(tmp_path / "none")
