"""From timings to the rows of the tables: frames a second, ratios to the baseline, roofline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sonoassist.benchmark.candidates import HEIGHT_PX, NAIVE, WIDTH_PX, NetworkRunner
from sonoassist.benchmark.ceilings import Roof
from sonoassist.benchmark.networks import TimedEntry
from sonoassist.benchmark.racing import Timing
from sonoassist.benchmark.work import Pass, work_of
from sonoassist.model.architecture import architecture

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """One line of the tables: a network, what runs it, a batch and a pass.

    Attributes:
        network: Key, e.g. "sononet32".
        title: E.g. "SonoNet-32".
        engine: E.g. "OpenVINO".
        precision: E.g. "bf16".
        device: E.g. "CPU".
        batch: Pictures at once.
        work: "detection", "localisation" or "both".
        runs: Timed runs behind it.
        median_ms: Of a batch; of the localisation: the difference of the medians of the others.
        p95_ms: 95th percentile of a batch; NaN for the localisation.
        best_ms: Fastest batch; NaN for the localisation.
        fps: Pictures a second, by the median; NaN where noise made a difference negative.
        times_naive: How many times as fast as the naive baseline on this device and batch: the
            median of the rounds; of the localisation: the ratio of the medians.
        times_naive_low: Least of the rounds; NaN for the localisation.
        times_naive_high: Most of the rounds; NaN for the localisation.
        gflop: 1e9 operations of a batch, counted.
        mbytes: 1e6 bytes that a batch has to move, counted.
        flop_per_byte: Their ratio.
        gflops: 1e9 operations a second that were reached.
        attainable_gflops: The most that this machine could reach with so many operations a byte.
        share: Reached part of it.
    """

    network: str
    title: str
    engine: str
    precision: str
    device: str
    batch: int
    work: str
    runs: int
    median_ms: float
    p95_ms: float
    best_ms: float
    fps: float
    times_naive: float
    times_naive_low: float
    times_naive_high: float
    gflop: float
    mbytes: float
    flop_per_byte: float
    gflops: float
    attainable_gflops: float
    share: float

    @property
    def runner(self) -> NetworkRunner:
        """What runs it."""
        return NetworkRunner(self.engine, self.precision, self.device)


@dataclass(frozen=True, slots=True)
class Noise:
    """How much the machine was disturbed: p95 over median of the naive baseline.

    Attributes:
        typical: Median over the networks, batches and passes; NaN without any.
        worst: The worst of them.
    """

    typical: float
    worst: float

    @property
    def verdict(self) -> str:
        """In words."""
        if not self.worst >= 1:
            return "not known"
        if self.worst < 1.1:
            return "quiet"
        if self.worst < 1.5:
            return "somewhat noisy: times are rough, ratios are good"
        return (
            "noisy, other work was running: measure again when it is quiet, even ratios are rough"
        )


def noise_of(timings: Mapping[TimedEntry, Timing]) -> Noise:
    """How noisy the baseline's runs were."""
    spreads = [
        timing.p95_ms / timing.median_ms
        for entry, timing in timings.items()
        if entry.runner.engine == NAIVE
    ]
    if not spreads:
        return Noise(NAN, NAN)
    return Noise(float(np.median(spreads)), max(spreads))


def make_rows(timings: Mapping[TimedEntry, Timing], roof: Roof) -> tuple[SpeedRow, ...]:
    """The rows of all timings, each network and runner with its passes in the paper's order."""
    groups = dict.fromkeys((each.network, each.runner, each.batch) for each in timings)
    return tuple(
        row
        for network, runner, batch in groups
        for row in _rows(timings, roof, network, runner, batch)
    )


def _rows(
    timings: Mapping[TimedEntry, Timing],
    roof: Roof,
    network: str,
    runner: NetworkRunner,
    batch: int,
) -> Iterator[SpeedRow]:
    naive = NetworkRunner(NAIVE, "f32", runner.device)
    for what in Pass:
        mine = _clocked(timings, network, runner, batch, what)
        if mine is None:
            continue
        theirs = _clocked(timings, network, naive, batch, what)
        yield _row(TimedEntry(network, runner, batch, what), mine, theirs, roof)


@dataclass(frozen=True, slots=True)
class _Clocked:
    """The median of a pass, and its timing where it was timed itself."""

    median_ms: float
    runs: int
    timing: Timing | None


def _clocked(
    timings: Mapping[TimedEntry, Timing],
    network: str,
    runner: NetworkRunner,
    batch: int,
    what: Pass,
) -> _Clocked | None:
    if what is not Pass.LOCALISATION:
        timing = timings.get(TimedEntry(network, runner, batch, what))
        return _Clocked(timing.median_ms, timing.runs, timing) if timing else None
    detection = timings.get(TimedEntry(network, runner, batch, Pass.DETECTION))
    both = timings.get(TimedEntry(network, runner, batch, Pass.BOTH))
    if detection is None or both is None:
        return None
    added_ms = both.median_ms - detection.median_ms
    return _Clocked(added_ms if added_ms > 0 else NAN, min(both.runs, detection.runs), None)


def _row(entry: TimedEntry, mine: _Clocked, theirs: _Clocked | None, roof: Roof) -> SpeedRow:
    spec, runner = architecture(entry.network), entry.runner
    work = work_of(spec, HEIGHT_PX, WIDTH_PX, entry.what, entry.batch, runner.precision)
    reached = work.flop / mine.median_ms / 1e6
    attainable = roof.attainable_gflops(runner.device, runner.precision, work.intensity)
    ratios = _ratios(mine, theirs)
    return SpeedRow(
        network=spec.name,
        title=spec.title,
        engine=runner.engine,
        precision=runner.precision,
        device=runner.device,
        batch=entry.batch,
        work=entry.what.value,
        runs=mine.runs,
        median_ms=mine.median_ms,
        p95_ms=mine.timing.p95_ms if mine.timing else NAN,
        best_ms=mine.timing.best_ms if mine.timing else NAN,
        fps=1e3 * entry.batch / mine.median_ms,
        times_naive=_times_naive(mine, theirs, ratios),
        times_naive_low=min(ratios, default=NAN),
        times_naive_high=max(ratios, default=NAN),
        gflop=work.flop / 1e9,
        mbytes=work.moved_bytes / 1e6,
        flop_per_byte=work.intensity,
        gflops=reached,
        attainable_gflops=attainable,
        share=reached / attainable,
    )


def _times_naive(mine: _Clocked, theirs: _Clocked | None, ratios: Sequence[float]) -> float:
    if ratios:
        return float(np.median(ratios))
    return theirs.median_ms / mine.median_ms if theirs else NAN


def _ratios(mine: _Clocked, theirs: _Clocked | None) -> Sequence[float]:
    if mine.timing is None or theirs is None or theirs.timing is None:
        return ()
    return mine.timing.ratios(theirs.timing)
