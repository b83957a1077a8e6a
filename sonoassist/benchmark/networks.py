"""Table IV: each network with every engine and precision, and the naive baseline beside them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sonoassist.benchmark.candidates import (
    HEIGHT_PX,
    NAIVE,
    SCALE,
    WIDTH_PX,
    AvailableEngine,
    LeftOut,
    NetworkRunner,
    make_candidate,
)
from sonoassist.benchmark.racing import Race, Timing, all_runs
from sonoassist.benchmark.weights import weights_for
from sonoassist.benchmark.work import Pass, work_of
from sonoassist.core.packets import Floats
from sonoassist.core.wording import counted
from sonoassist.engines.base import Engine, Saliency
from sonoassist.engines.choose import EngineChoice, Tensors
from sonoassist.evaluation.speed import noise_input
from sonoassist.model.architecture import Architecture
from sonoassist.model.store import ModelStore

MIN_BATCH_RUNS = 3
_SALIENCY = {Pass.DETECTION: Saliency.NONE, Pass.BOTH: Saliency.PLAIN}

MakeEngine = Callable[[EngineChoice, Architecture, Tensors], Engine]


@dataclass(frozen=True, slots=True)
class TimedEntry:
    """One thing that is timed.

    Attributes:
        network: Key, e.g. "sononet32".
        runner: What runs it.
        batch: Pictures at once.
        what: DETECTION or BOTH; the localisation is their difference.
    """

    network: str
    runner: NetworkRunner
    batch: int
    what: Pass

    @property
    def label(self) -> str:
        """E.g. "OpenVINO bf16 on CPU, batch 8, both"."""
        return f"{self.runner.label}, batch {self.batch}, {self.what.value}"


@dataclass(frozen=True, slots=True)
class BenchmarkPlan:
    """What is to be timed.

    Attributes:
        networks: In the order of the tables.
        candidates: What runs them; the naive baseline runs on each of their devices.
        batches: Pictures at once.
        runs: Timed runs of each entry of batch 1.
    """

    networks: tuple[Architecture, ...]
    candidates: tuple[AvailableEngine, ...]
    batches: tuple[int, ...]
    runs: int

    def runs_of(self, batch: int) -> int:
        """Timed runs of a batch: about as many pictures as the single ones are."""
        return min(self.runs, max(MIN_BATCH_RUNS, math.ceil(self.runs / batch)))

    def devices(self) -> dict[str, str]:
        """The devices of the candidates, and how they are shown."""
        return {one.choice.device: one.runner.device for one in self.candidates}

    def entries(self, network: str) -> list[TimedEntry]:
        """All that is timed of a network, in the order of the tables."""
        runners = [NetworkRunner(NAIVE, "f32", shown) for shown in self.devices().values()]
        runners += [one.runner for one in self.candidates]
        return [
            TimedEntry(network, runner, batch, what)
            for batch in self.batches
            for runner in runners
            for what in _SALIENCY
            if not (runner.mixed if what is Pass.DETECTION else runner.forward_only)
        ]

    def total_work(self) -> float:
        """Operations of all runs, in GFLOP; progress is counted in them."""
        return sum(
            _gflop(spec, entry) * all_runs(self.runs_of(entry.batch))
            for spec in self.networks
            for entry in self.entries(spec.name)
        )


def make_baseline(choice: EngineChoice, spec: Architecture, tensors: Tensors) -> Engine:
    """The naive engine on the device of `choice`."""
    from sonoassist.engines.naive import NaiveEngine

    return NaiveEngine(spec, tensors, device=choice.device)


class NetworkBenchmark:
    """Times networks one after the other, all engines of a network in turn.

    When `run` is stopped, what was measured until then is kept.

    Args:
        plan: What to time.
        store: Where installed weights are looked for.
        make: Makes the engine of a candidate.
        make_naive: Makes the baseline.
        clock: Gives seconds.
        on_work: Called after each run with its operations, in GFLOP.
        before: Called before each network.

    Attributes:
        timings: Of the entries measured so far.
        weights: Where the weights of each network are from.
        failed: Entries whose engine failed.
    """

    def __init__(
        self,
        plan: BenchmarkPlan,
        store: ModelStore,
        *,
        make: MakeEngine = make_candidate,
        make_naive: MakeEngine = make_baseline,
        clock: Callable[[], float] = time.perf_counter,
        on_work: Callable[[float], None] = lambda _gflop: None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self.plan = plan
        self.timings: dict[TimedEntry, Timing] = {}
        self.weights: dict[str, str] = {}
        self.failed: dict[TimedEntry, str] = {}
        self._store = store
        self._make, self._make_naive = make, make_naive
        self._clock, self._on_work, self._before = clock, on_work, before

    def run(self) -> None:
        """Time everything.

        Raises:
            ModelError: Installed weights are damaged.
        """
        for spec in self.plan.networks:
            self._before()
            weights = weights_for(spec, self._store)
            self.weights[spec.name] = weights.about
            engines = dict(self._engines(spec, weights.tensors))
            try:
                self._race(spec, engines)
            finally:
                for engine in engines.values():
                    engine.close()

    def missing(self) -> list[LeftOut]:
        """What of the plan was not measured, a line for a whole network or for an entry."""
        lines = []
        for spec in self.plan.networks:
            entries = self.plan.entries(spec.name)
            gone = [entry for entry in entries if entry not in self.timings]
            failed = [entry for entry in gone if entry in self.failed]
            lines += [
                LeftOut(f"{spec.title}, {entry.label}", self.failed[entry]) for entry in failed
            ]
            unreached = [entry for entry in gone if entry not in self.failed]
            if len(unreached) == len(entries):
                lines.append(
                    LeftOut(f"{spec.title}, all {counted(len(entries), 'row')}", "stopped before")
                )
                continue
            lines += [
                LeftOut(f"{spec.title}, {each.label}", "stopped before") for each in unreached
            ]
        return lines

    def _engines(
        self, spec: Architecture, tensors: Tensors
    ) -> Iterator[tuple[NetworkRunner, Engine]]:
        for device, shown in self.plan.devices().items():
            choice = EngineChoice("torch", "f32", device)
            yield NetworkRunner(NAIVE, "f32", shown), self._make_naive(choice, spec, tensors)
        for one in self.plan.candidates:
            yield one.runner, self._make(one.choice, spec, tensors)

    def _race(self, spec: Architecture, engines: Mapping[NetworkRunner, Engine]) -> None:
        entries = self.plan.entries(spec.name)
        inputs = {
            batch: noise_input(HEIGHT_PX, WIDTH_PX, SCALE, batch) for batch in self.plan.batches
        }
        race = Race(
            {each: _call(engines[each.runner], inputs[each.batch], each.what) for each in entries},
            {each: self.plan.runs_of(each.batch) for each in entries},
            clock=self._clock,
            on_run=lambda entry: self._on_work(_gflop(spec, entry)),
        )
        try:
            race.run()
        finally:
            self.timings |= race.timings()
            self.failed |= {entry: error.message for entry, error in race.failed.items()}


def _gflop(spec: Architecture, entry: TimedEntry) -> float:
    return work_of(spec, HEIGHT_PX, WIDTH_PX, entry.what, entry.batch).flop / 1e9


def _call(engine: Engine, inputs: Floats, what: Pass) -> Callable[[], object]:
    saliency = _SALIENCY[what]
    if len(inputs) == 1:
        return lambda: engine.run(inputs, saliency)
    return lambda: engine.run_batch(inputs, saliency)


def unfinished(plan: BenchmarkPlan, timings: Mapping[TimedEntry, Timing]) -> Sequence[TimedEntry]:
    """Entries that have fewer runs than were asked for."""
    return [entry for entry, timing in timings.items() if timing.runs < plan.runs_of(entry.batch)]
