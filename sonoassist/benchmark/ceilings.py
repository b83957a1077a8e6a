"""The most this computer can do: operations a second at each precision, and bytes a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from sonoassist.benchmark.candidates import AvailableEngine
from sonoassist.benchmark.racing import Race, all_runs
from sonoassist.core.processors import plan_threads
from sonoassist.engines.probes import CPU_SIZES, Probe, ProbeSizes, compute_probes

ROOF_RUNS = 4
"""Before each network."""
COPY = "copy"
COPY_FLOP_PER_BYTE = 10.0
"""How long copying takes beside computing, roughly; progress only."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The best that a large product reached.

    Attributes:
        engine: What ran it.
        precision: At which precision.
        device: Where.
        probe: "matrix product" or "convolution".
        gflops: 1e9 operations a second of the fastest run.
    """

    engine: str
    precision: str
    device: str
    probe: str
    gflops: float


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """The best that a large copy reached.

    Attributes:
        device: Where.
        gbytes_hz: 1e9 bytes a second, read and written.
    """

    device: str
    gbytes_hz: float


@dataclass(frozen=True, slots=True)
class Roof:
    """The machine's limits.

    Attributes:
        ceilings: Of computing.
        bandwidths: Of memory.
    """

    ceilings: tuple[Ceiling, ...] = ()
    bandwidths: tuple[Bandwidth, ...] = ()

    def best_of(self, other: Roof) -> Roof:
        """The higher one of each limit: what was reached once can be reached."""
        peaks: dict[tuple[str, str, str, str], Ceiling] = {}
        for one in sorted(self.ceilings + other.ceilings, key=lambda found: found.gflops):
            peaks[_name(one)] = one
        memory: dict[str, Bandwidth] = {}
        for each in sorted(self.bandwidths + other.bandwidths, key=lambda found: found.gbytes_hz):
            memory[each.device] = each
        order = dict.fromkeys(map(_name, self.ceilings + other.ceilings))
        return Roof(tuple(peaks[name] for name in order), tuple(memory.values()))

    def peak_gflops(self, device: str, precision: str) -> float:
        """The best of all engines on a device at a precision; NaN when nothing was measured."""
        found = [
            one.gflops
            for one in self.ceilings
            if (one.device, one.precision) == (device, precision)
        ]
        return max(found, default=float("nan"))

    def bandwidth_gbytes_hz(self, device: str) -> float:
        """Of a device's memory; NaN when it was not measured."""
        found = [one.gbytes_hz for one in self.bandwidths if one.device == device]
        return max(found, default=float("nan"))

    def attainable_gflops(self, device: str, precision: str, intensity: float) -> float:
        """What work of so many operations a byte can reach at most (the roofline)."""
        peak = self.peak_gflops(device, precision)
        return float(np.minimum(peak, intensity * self.bandwidth_gbytes_hz(device)))


def _name(one: Ceiling) -> tuple[str, str, str, str]:
    return one.engine, one.precision, one.device, one.probe


def measure_roof(
    candidates: Sequence[AvailableEngine],
    *,
    sizes: ProbeSizes | None = None,
    runs: int = ROOF_RUNS,
    on_work: Callable[[float], None] = lambda _gflop: None,
) -> Roof:
    """Run the large products of each candidate, and a large copy on each device.

    The figures are those of the fastest run: a ceiling is what can be reached, not what was
    left over by other programs.

    Args:
        candidates: What to run them with.
        sizes: Of the products and copies; by default those that fit the device.
        runs: Of each.
        on_work: Called after each run with its weight, see `probe_work`.
    """
    ceilings = []
    for one in _probed(candidates):
        probes = compute_probes(one.choice, sizes)
        for name, best_hz in _fastest(probes, runs, on_work).items():
            runner = one.runner
            ceilings.append(
                Ceiling(runner.engine, runner.precision, runner.device, name, best_hz / 1e9)
            )
    bandwidths = []
    for device, shown in {one.choice.device: one.runner.device for one in candidates}.items():
        for best_hz in _fastest([_copy(device, sizes)], runs, on_work).values():
            bandwidths.append(Bandwidth(shown, best_hz / 1e9))
    return Roof(tuple(ceilings), tuple(bandwidths))


def probe_work(
    candidates: Sequence[AvailableEngine], runs: int = ROOF_RUNS, sizes: ProbeSizes | None = None
) -> float:
    """Weight of all that `measure_roof` does, in GFLOP; progress is counted in it."""
    amounts = [
        probe.amount for one in _probed(candidates) for probe in compute_probes(one.choice, sizes)
    ]
    for device in {one.choice.device for one in candidates}:
        amounts.append(COPY_FLOP_PER_BYTE * _copy(device, sizes).amount)
    return sum(amounts) * all_runs(runs) / 1e9


def _probed(candidates: Sequence[AvailableEngine]) -> list[AvailableEngine]:
    """Those with a limit to measure: an int8 product alone is not how the engine runs int8."""
    return [one for one in candidates if not (one.runner.forward_only or one.runner.mixed)]


def _fastest(
    probes: Sequence[Probe], runs: int, on_work: Callable[[float], None]
) -> dict[str, float]:
    """Amount a second of the fastest run of each probe."""
    named = {probe.name: probe for probe in probes}

    def on_run(name: str) -> None:
        weight = COPY_FLOP_PER_BYTE if name == COPY else 1.0
        on_work(weight * named[name].amount / 1e9)

    race = Race(
        {name: probe.run for name, probe in named.items()},
        dict.fromkeys(named, runs),
        on_run=on_run,
    )
    race.run()
    return {
        name: 1e3 * named[name].amount / timing.best_ms for name, timing in race.timings().items()
    }


def _copy(device: str, sizes: ProbeSizes | None) -> Probe:
    if device == "cpu":
        return _processor_copy(sizes or CPU_SIZES)
    from sonoassist.engines import torch_probes
    from sonoassist.engines.probes import ACCELERATOR_SIZES

    return torch_probes.copy(device, sizes or ACCELERATOR_SIZES)


def _processor_copy(sizes: ProbeSizes) -> Probe:
    """A copy in memory with as many threads as a network has: one alone cannot fill the bus."""
    threads = plan_threads().inference
    # Of ones: fresh zeros are one and the same page of memory, read from the cache.
    source = np.ones(sizes.copied_bytes, np.uint8)
    target = np.empty_like(source)
    pairs = list(zip(np.array_split(target, threads), np.array_split(source, threads), strict=True))

    def run() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda pair: np.copyto(*pair), pairs))

    return Probe(COPY, 2.0 * sizes.copied_bytes, run)
