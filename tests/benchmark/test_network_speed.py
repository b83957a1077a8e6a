"""Table IV with engines that move a clock."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench_made import CPU, GPU, FakeClock, FakeEngine, candidate, made_roof, made_timings, timing
from fake_weights import published_file
from sonoassist.benchmark.candidates import NAIVE, AvailableEngine, NetworkRunner
from sonoassist.benchmark.ceilings import Roof
from sonoassist.benchmark.figures import Noise, SpeedRow, make_rows, noise_of
from sonoassist.benchmark.networks import (
    MIN_BATCH_RUNS,
    BenchmarkPlan,
    NetworkBenchmark,
    TimedEntry,
    unfinished,
)
from sonoassist.benchmark.racing import WARM_RUNS, all_runs
from sonoassist.benchmark.weights import weights_for
from sonoassist.benchmark.work import Pass, work_of
from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.choose import EngineChoice, Tensors
from sonoassist.model.architecture import Architecture, architecture
from sonoassist.model.store import ModelStore

SMALLNET = architecture("smallnet")
NAIVE_CPU = NetworkRunner(NAIVE, "f32", CPU)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "user", tmp_path / "shipped")


class Garage:
    """Makes fake engines: the baseline takes 20 and 50 ms a picture, the others 5 and 10."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.made: list[FakeEngine] = []

    def naive(self, choice: EngineChoice, spec: Architecture, tensors: Tensors) -> Engine:
        return self._add(FakeEngine(self.clock, NAIVE_CPU, 20.0, 50.0))

    def engine(self, choice: EngineChoice, spec: Architecture, tensors: Tensors) -> Engine:
        runner = candidate(choice.engine, choice.precision).runner
        return self._add(FakeEngine(self.clock, runner, 5.0, 10.0))

    def _add(self, engine: FakeEngine) -> FakeEngine:
        self.made.append(engine)
        return engine

    def bench(self, plan: BenchmarkPlan, store: ModelStore) -> NetworkBenchmark:
        return NetworkBenchmark(
            plan, store, make=self.engine, make_naive=self.naive, clock=self.clock
        )


def plan(
    *candidates: AvailableEngine, runs: int = 6, batches: tuple[int, ...] = (1,)
) -> BenchmarkPlan:
    return BenchmarkPlan((SMALLNET,), candidates, batches, runs)


def by_pass(
    rows: tuple[SpeedRow, ...], runner: NetworkRunner, batch: int = 1
) -> dict[str, SpeedRow]:
    return {row.work: row for row in rows if (row.runner, row.batch) == (runner, batch)}


def test_table_4_on_a_fake_clock(store: ModelStore) -> None:
    garage, one = Garage(), candidate("openvino", "bf16")
    bench = garage.bench(plan(one, batches=(1, 4)), store)
    bench.run()
    rows = make_rows(bench.timings, Roof())
    naive, ours = by_pass(rows, NAIVE_CPU), by_pass(rows, one.runner)
    assert [naive[what].fps for what in naive] == pytest.approx([50.0, 1000 / 30, 20.0])
    assert [ours[what].fps for what in ours] == pytest.approx([200.0, 200.0, 100.0])
    assert [ours[what].times_naive for what in ours] == pytest.approx([4.0, 6.0, 5.0])
    assert ours["both"].times_naive_low == pytest.approx(5.0)
    assert np.isnan(ours["localisation"].p95_ms)
    four = by_pass(rows, one.runner, 4)
    assert four["detection"].median_ms == pytest.approx(20.0)
    assert four["detection"].fps == pytest.approx(200.0)
    assert four["detection"].runs == MIN_BATCH_RUNS
    assert ours["detection"].gflops == pytest.approx(work_of(SMALLNET, 224, 288).flop / 5e-3 / 1e9)
    assert bench.missing() == []
    assert bench.weights == {"smallnet": "random (seed 0)"}
    assert [engine.closed for engine in garage.made] == [1, 1]


def test_passes_of_the_engine(store: ModelStore) -> None:
    garage = Garage()
    garage.bench(plan(candidate("torch"), runs=1), store).run()
    asked = {saliency for engine in garage.made for _, saliency in engine.asked}
    assert asked == {Saliency.NONE, Saliency.PLAIN}


def test_installed_weights_are_used(store: ModelStore, tmp_path: Path) -> None:
    installed = store.add(published_file(tmp_path / "files"))
    found = weights_for(SMALLNET, store)
    assert found.about == "installed: smallnet"
    expected = store.load_tensors(installed)
    assert all(np.array_equal(found.tensors[name], expected[name]) for name in expected)
    assert weights_for(architecture("sononet16"), store).about == "random (seed 0)"


def test_an_engine_that_fails_is_told(store: ModelStore) -> None:
    class Failing(FakeEngine):
        def run_batch(
            self, inputs: Floats, saliency: Saliency = Saliency.PLAIN
        ) -> list[EngineOutput]:
            raise EngineError("no memory left", "Buy some")

    garage, one = Garage(), candidate("openvino", "f32")

    def failing(choice: EngineChoice, spec: Architecture, tensors: Tensors) -> Engine:
        return Failing(garage.clock, one.runner, 5.0, 10.0)

    bench = NetworkBenchmark(
        plan(one, batches=(1, 2)),
        store,
        make=failing,
        make_naive=garage.naive,
        clock=garage.clock,
    )
    bench.run()
    assert [(gone.what, gone.why) for gone in bench.missing()] == [
        ("SmallNet, OpenVINO f32 on CPU, batch 2, detection", "no memory left"),
        ("SmallNet, OpenVINO f32 on CPU, batch 2, both", "no memory left"),
    ]
    assert by_pass(make_rows(bench.timings, Roof()), NAIVE_CPU, 2)["both"].fps == pytest.approx(20)


def test_a_stop_keeps_what_was_measured(store: ModelStore) -> None:
    garage = Garage()
    both = BenchmarkPlan(
        (SMALLNET, architecture("sononet16"), architecture("sononet32")),
        (candidate("torch"),),
        (1,),
        6,
    )
    runs = [0]
    whole, round_ = 4 * all_runs(6), 4 * (WARM_RUNS + 1 + 3)

    def on_work(_gflop: float) -> None:
        runs[0] += 1
        if runs[0] == whole + round_ + 2:  # the first network, and more than a round of the second
            raise KeyboardInterrupt

    bench = NetworkBenchmark(
        both,
        store,
        make=garage.engine,
        make_naive=garage.naive,
        clock=garage.clock,
        on_work=on_work,
    )
    with pytest.raises(KeyboardInterrupt):
        bench.run()
    rows = make_rows(bench.timings, Roof())
    assert {row.network for row in rows} == {"smallnet", "sononet16"}
    assert {each.network for each in unfinished(both, bench.timings)} == {"sononet16"}
    assert [gone.what for gone in bench.missing()] == ["SonoNet-32, all 4 rows"]
    assert all(engine.closed == 1 for engine in garage.made)


def test_plan() -> None:
    gpu = candidate("torch", "f16", "cuda")
    wanted = plan(candidate("torch"), gpu, runs=30, batches=(1, 8))
    assert [wanted.runs_of(batch) for batch in (1, 2, 8, 64)] == [30, 15, 4, MIN_BATCH_RUNS]
    assert plan(runs=2).runs_of(8) == 2
    labels = dict.fromkeys(entry.runner.label for entry in wanted.entries("smallnet"))
    assert list(labels) == [
        "naive torch f32 on CPU",
        f"naive torch f32 on {GPU}",
        "torch f32 on CPU",
        f"torch f16 on {GPU}",
    ]
    once = work_of(SMALLNET, 224, 288, Pass.DETECTION).flop / 1e9
    single = plan(candidate("torch"), runs=30)
    assert single.total_work() == pytest.approx(2 * 3 * once * all_runs(30))
    assert wanted.total_work() > 2 * single.total_work()


def test_all_work_that_is_told_is_what_was_planned(store: ModelStore) -> None:
    """Else the time left would be wrong."""
    garage, done = Garage(), []
    wanted = plan(candidate("torch"), runs=6, batches=(1, 4))
    NetworkBenchmark(
        wanted,
        store,
        make=garage.engine,
        make_naive=garage.naive,
        clock=garage.clock,
        on_work=done.append,
    ).run()
    assert sum(done) == pytest.approx(wanted.total_work())


def test_ratios_are_to_the_baseline_of_the_same_device() -> None:
    rows = make_rows(made_timings(["smallnet"], gpu=True), made_roof(gpu=True))
    naive = by_pass(rows, NetworkRunner(NAIVE, "f32", GPU))
    assert naive["both"].times_naive == 1.0
    ours = by_pass(rows, NetworkRunner("torch", "bf16", GPU))
    assert ours["both"].times_naive == pytest.approx(0.04 / 0.015, rel=0.05)
    assert ours["both"].attainable_gflops == pytest.approx(
        2900 * ours["both"].flop_per_byte
    )  # below the ridge of so fast a device the memory is the limit


def test_a_difference_lost_in_the_noise_is_no_figure() -> None:
    one = candidate("torch").runner
    timings = {
        TimedEntry("smallnet", one, 1, Pass.DETECTION): timing(10.0, spread=0),
        TimedEntry("smallnet", one, 1, Pass.BOTH): timing(9.0, spread=0),
    }
    rows = by_pass(make_rows(timings, Roof()), one)
    assert np.isnan(rows["localisation"].fps)
    assert np.isnan(rows["both"].times_naive)
    assert np.isnan(rows["both"].share)


@pytest.mark.parametrize(
    ("worst", "word"),
    [(1.05, "quiet"), (1.3, "somewhat"), (2.0, "measure again"), (float("nan"), "not known")],
)
def test_noise_in_words(worst: float, word: str) -> None:
    assert word in Noise(1.0, worst).verdict


def test_noise_is_that_of_the_baseline() -> None:
    timings = {
        TimedEntry("smallnet", NAIVE_CPU, 1, Pass.DETECTION): timing(10.0, spread=0),
        TimedEntry("smallnet", candidate("torch").runner, 1, Pass.DETECTION): timing(
            10.0, spread=0.5
        ),
    }
    assert noise_of(timings) == Noise(1.0, 1.0)
    assert np.isnan(noise_of({}).worst)
