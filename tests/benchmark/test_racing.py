from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_made import FakeClock
from sonoassist.benchmark.racing import TURN, WARM_RUNS, Race, Timing, all_runs, turn_sizes
from sonoassist.core.errors import EngineError


class Runner:
    """Takes the times of a list, one after the other, and notes whose turn it was."""

    def __init__(self, clock: FakeClock, name: str, seen: list[str], *taken_ms: float) -> None:
        self._clock, self._name, self._seen, self._taken_ms = clock, name, seen, taken_ms
        self.calls = 0

    def __call__(self) -> None:
        self._seen.append(self._name)
        self._clock.spend(self._taken_ms[self.calls % len(self._taken_ms)])
        self.calls += 1


@given(st.integers(0, 200))
def test_turns_add_up(runs: int) -> None:
    sizes = turn_sizes(runs)
    assert sum(sizes) == runs
    assert all(0 < size <= TURN for size in sizes)
    assert list(sizes) == sorted(sizes, reverse=True)


def test_statistics() -> None:
    timing = Timing(((10.0, 20.0, 30.0), (40.0, 50.0)))
    assert timing.runs == 5
    assert timing.median_ms == 30.0
    assert timing.p95_ms == pytest.approx(48.0)
    assert timing.best_ms == 10.0
    assert timing.ratios(Timing(((40.0, 40.0, 40.0), (90.0,)))) == (2.0, 2.0)


def test_turns_are_taken_in_turn_and_warm_runs_do_not_count() -> None:
    clock, seen = FakeClock(), []
    slow = Runner(clock, "slow", seen, *[1000.0] * (WARM_RUNS + 1), *[20.0] * 3, *[20.0] * 3)
    fast = Runner(clock, "fast", seen, 5.0)
    told: list[str] = []
    race = Race(
        {"slow": slow, "fast": fast},
        {"slow": 5, "fast": 4},
        clock=clock,
        on_run=told.append,
    )
    race.run()
    found = race.timings()
    assert found["slow"].turns_ms == (pytest.approx((20.0,) * 3), pytest.approx((20.0,) * 2))
    assert found["fast"].runs == 4
    assert found["fast"].median_ms == pytest.approx(5.0)
    warm = ["slow"] * WARM_RUNS + ["fast"] * WARM_RUNS
    first = ["slow"] * 4 + ["fast"] * 4
    second = ["fast"] * 2 + ["slow"] * 3  # backwards, and each with a run that does not count
    assert seen == told == warm + first + second
    assert [told.count(name) for name in ("slow", "fast")] == [all_runs(5), all_runs(4)]


def test_without_settling() -> None:
    clock, seen = FakeClock(), []
    race = Race({"one": Runner(clock, "one", seen, 1.0)}, {"one": 4}, settle=False, clock=clock)
    race.run()
    assert len(seen) == WARM_RUNS + 4


@pytest.mark.parametrize("good_runs", [0, WARM_RUNS, WARM_RUNS + 1 + TURN])
def test_who_fails_is_out_and_the_others_go_on(good_runs: int) -> None:
    clock, seen = FakeClock(), []
    other = Runner(clock, "other", seen, 2.0)
    left = [good_runs]

    def failing() -> None:
        if not left[0]:
            raise EngineError("no memory left")
        left[0] -= 1

    race = Race({"bad": failing, "other": other}, {"bad": 6, "other": 6}, clock=clock)
    race.run()
    assert set(race.timings()) == {"other"}
    assert race.timings()["other"].runs == 6
    assert race.failed["bad"].message == "no memory left"


def test_a_stop_keeps_the_whole_turns() -> None:
    clock, seen = FakeClock(), []
    stop_after = WARM_RUNS + (1 + TURN) + 2

    def stopping() -> None:
        seen.append("stopping")
        clock.spend(1.0)
        if seen.count("stopping") == stop_after:
            raise KeyboardInterrupt

    calls: dict[str, Callable[[], object]] = {
        "stopping": stopping,
        "other": Runner(clock, "other", seen, 3.0),
        "third": Runner(clock, "third", seen, 4.0),
    }
    race = Race(calls, dict.fromkeys(calls, 9), clock=clock)
    with pytest.raises(KeyboardInterrupt):
        race.run()
    found = race.timings()
    assert found["stopping"].turns_ms == (pytest.approx((1.0,) * TURN),)
    assert found["third"].runs == 2 * TURN  # its second turn came first, going backwards
    assert Race(calls, dict.fromkeys(calls, 9)).timings() == {}
