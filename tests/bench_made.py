"""Made-up timings and reports, and engines that only move a clock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from sonoassist.benchmark.candidates import NAIVE, AvailableEngine, LeftOut, NetworkRunner
from sonoassist.benchmark.ceilings import Bandwidth, Ceiling, Roof
from sonoassist.benchmark.figures import make_rows, noise_of
from sonoassist.benchmark.frames import WholeFrames
from sonoassist.benchmark.machine import Machine
from sonoassist.benchmark.networks import TimedEntry
from sonoassist.benchmark.program import ProgramFigures
from sonoassist.benchmark.racing import Timing
from sonoassist.benchmark.report import Networks, Report
from sonoassist.benchmark.start import StartUp
from sonoassist.benchmark.work import Pass
from sonoassist.core.packets import Floats
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.choose import EngineChoice

CPU = "CPU"
GPU = "NVIDIA H100"
BASE_MS = {
    "sononet64": (230.0, 560.0), "sononet32": (70.0, 170.0), "sononet16": (24.0, 60.0),
    "smallnet": (9.0, 20.0),
}  # fmt: skip
FACTORS = {
    NetworkRunner(NAIVE, "f32", CPU): 1.0,
    NetworkRunner("OpenVINO", "f32", CPU): 0.65,
    NetworkRunner("OpenVINO", "bf16", CPU): 0.36,
    NetworkRunner("torch", "f32", CPU): 0.9,
    NetworkRunner("torch", "bf16", CPU): 0.55,
}
ON_GPU = {
    NetworkRunner(NAIVE, "f32", GPU): 0.04,
    NetworkRunner("torch", "f32", GPU): 0.03,
    NetworkRunner("torch", "bf16", GPU): 0.015,
    NetworkRunner("torch", "f16", GPU): 0.014,
}
CHOSEN = NetworkRunner("OpenVINO", "bf16", CPU)


class FakeClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def spend(self, taken_ms: float) -> None:
        self.now_s += taken_ms / 1e3


class FakeEngine(Engine):
    """Takes a known time for each picture, and notes what it was asked for."""

    device = CPU

    def __init__(
        self, clock: FakeClock, runner: NetworkRunner, forward_ms: float, both_ms: float
    ) -> None:
        self.name, self.precision = runner.engine, runner.precision
        self.asked: list[tuple[int, Saliency]] = []
        self.closed = 0
        self._clock, self._forward_ms, self._both_ms = clock, forward_ms, both_ms

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        assert network_input.shape == (1, 1, 224, 288)
        self.asked.append((len(network_input), saliency))
        self._clock.spend(self._forward_ms if saliency is Saliency.NONE else self._both_ms)
        empty = np.zeros((14, 14, 18), np.float32)
        return EngineOutput(np.zeros(14, np.float32), empty, None)

    def close(self) -> None:
        self.closed += 1


def candidate(engine: str, precision: str = "f32", device: str = "cpu") -> AvailableEngine:
    shown = {"openvino": "OpenVINO"}.get(engine, engine)
    return AvailableEngine(
        EngineChoice(engine, precision, device),
        NetworkRunner(shown, precision, CPU if device == "cpu" else GPU),
    )


def timing(median_ms: float, spread: float = 0.04, turns: int = 4, seed: int = 0) -> Timing:
    rng = np.random.default_rng(seed)
    return Timing(
        tuple(
            tuple(float(median_ms * (1 + spread * value)) for value in rng.standard_normal(3))
            for _ in range(turns)
        )
    )


def made_timings(
    networks: Iterable[str] = BASE_MS, batches: Iterable[int] = (1, 8), *, gpu: bool = False
) -> dict[TimedEntry, Timing]:
    """Those of a quiet machine with two cores, and of a GPU that is much faster."""
    factors = {**FACTORS, **(ON_GPU if gpu else {})}
    return {
        TimedEntry(network, runner, batch, what): timing(factor * base_ms * batch**0.9, seed=number)
        for network in networks
        for batch in batches
        for number, (runner, factor) in enumerate(factors.items())
        for what, base_ms in zip((Pass.DETECTION, Pass.BOTH), BASE_MS[network], strict=True)
    }


def made_roof(*, gpu: bool = False) -> Roof:
    peaks = {("f32", CPU): 220.0, ("bf16", CPU): 610.0}
    if gpu:
        peaks |= {("f32", GPU): 48_000.0, ("bf16", GPU): 640_000.0, ("f16", GPU): 620_000.0}
    return Roof(
        tuple(
            Ceiling("torch", precision, device, "matrix product", peak)
            for (precision, device), peak in peaks.items()
        ),
        (Bandwidth(CPU, 24.0), *([Bandwidth(GPU, 2900.0)] if gpu else [])),
    )


def made_networks(*, gpu: bool = False, **choice: Any) -> Networks:
    timings = made_timings(gpu=gpu, **choice)
    roof = made_roof(gpu=gpu)
    return Networks(
        rows=make_rows(timings, roof),
        weights={each.network: "random (seed 0)" for each in timings},
        noise=noise_of(timings),
        roof=roof,
        threads={"openvino": 2, "torch": 2},
        chosen=CHOSEN,
        runs=12,
    )


MACHINE = Machine(
    version="0.1.0",
    date="2026-08-01T12:00:00+02:00",
    name="bench",
    system="Linux-6.1-x86_64",
    processor="AMD EPYC",
    instructions=("AVX2",),
    limits=(),
    cores=2,
    memory_gb=24.6,
    load=0.1,
    gpu=(),
    python="3.12.1",
    packages=(("torch", "2.13.0"), ("openvino", "not installed")),
)
PROGRAM = ProgramFigures(
    source="exam.mp4",
    width_px=960,
    height_px=720,
    seconds=20.0,
    captured_hz=24.9,
    analysed_hz=21.5,
    boxes_hz=6.2,
    label_p50_ms=48.3,
    label_p95_ms=71.9,
    painted_hz=21.4,
    dropped=68,
    latency_p50_ms=61.2,
    latency_p95_ms=90.4,
    paint_p50_ms=4.1,
    paint_p95_ms=7.7,
    cpu_cores=1.71,
    label_course_ms=((0.0, 48.1, 70.2), (10.0, 48.6, 72.3)),
    memory_mb=tuple((float(second), 400.0 + second) for second in range(21)),
    stages_ms=(("preprocess", 3.0, 4.2), ("inference", 40.1, 55.0)),
    planes_share=0.21,
    engine="OpenVINO",
    precision="bf16",
    model="sononet32-synthetic",
)
FRAMES = WholeFrames(
    source="exam.mp4",
    live=False,
    width_px=960,
    height_px=720,
    frames=410,
    seconds=20.0,
    fps=20.5,
    stages_ms=(("read", 2.2, 3.0), ("inference", 40.0, 52.0)),
    planes_share=0.2,
    engine="OpenVINO",
    precision="bf16",
    device=CPU,
    model="sononet32-synthetic",
)
START = (
    StartUp("bare Python", 10, 12.0, 14.0, 1.0, 40, ()),
    StartUp("sonoassist models list", 10, 480.0, 520.0, 40.0, 900, ("cv2",)),
)


def made_report(*, gpu: bool = False, **fields: Any) -> Report:
    """A report with every part."""
    known = {
        "networks": made_networks(gpu=gpu),
        "frames": FRAMES,
        "program": PROGRAM,
        "start": START,
        "left_out": (LeftOut("torch f16 on cpu", "torch has no fast f16 on the CPU"),),
    }
    return Report(machine=MACHINE, **{**known, **fields})
