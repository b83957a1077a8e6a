"""Timing several things fairly on a machine that does other work beside them.

Each gets a few runs, then the next one, round after round: what disturbs the machine for a
while then disturbs all of them, and the ratios between them stay true.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import numpy as np

from sonoassist.core.errors import SonoAssistError

TURN = 3
"""Runs in a row before the next one has its turn."""
WARM_RUNS = 2
"""Runs before the first round: what is compiled or cached is so by then."""

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the runs of one thing took.

    Attributes:
        turns_ms: Milliseconds of each run, grouped by turn, in order.
    """

    turns_ms: tuple[tuple[float, ...], ...]

    @property
    def runs_ms(self) -> tuple[float, ...]:
        """Milliseconds of all runs in order."""
        return tuple(one for turn in self.turns_ms for one in turn)

    @property
    def runs(self) -> int:
        """How many runs there were."""
        return len(self.runs_ms)

    @property
    def median_ms(self) -> float:
        """Median over all runs."""
        return float(np.median(self.runs_ms))

    @property
    def p95_ms(self) -> float:
        """95th percentile over all runs."""
        return float(np.percentile(self.runs_ms, 95))

    @property
    def best_ms(self) -> float:
        """The fastest run."""
        return min(self.runs_ms)

    def ratios(self, other: Timing) -> tuple[float, ...]:
        """How many times as long the other one took, of each round both had a turn in."""
        pairs = zip(self.turns_ms, other.turns_ms, strict=False)
        return tuple(float(np.median(theirs) / np.median(mine)) for mine, theirs in pairs)


class Race(Generic[Name]):
    """Runs contestants in turn.

    When `run` is stopped, by Ctrl-C for one, the turns finished until then are kept.

    Args:
        contestants: What to run, by name.
        runs: Timed runs of each contestant.
        settle: Begin each turn with a run that does not count, which brings back into the
            caches what the contestant before has driven out.
        clock: Gives seconds.
        on_run: Called with the name after each run, timed or not.

    Attributes:
        failed: Why a contestant is out, by name.
    """

    def __init__(
        self,
        contestants: Mapping[Name, Callable[[], object]],
        runs: Mapping[Name, int],
        *,
        settle: bool = True,
        clock: Callable[[], float] = time.perf_counter,
        on_run: Callable[[Name], None] = lambda _name: None,
    ) -> None:
        self._contestants = dict(contestants)
        self._sizes = {name: turn_sizes(runs[name]) for name in contestants}
        self._settle, self._clock, self._on_run = settle, clock, on_run
        self._turns: dict[Name, list[tuple[float, ...]]] = {name: [] for name in contestants}
        self.failed: dict[Name, SonoAssistError] = {}

    def timings(self) -> dict[Name, Timing]:
        """What was measured so far; who failed or had no whole turn yet is not in it."""
        return {
            name: Timing(tuple(turns))
            for name, turns in self._turns.items()
            if turns and name not in self.failed
        }

    def run(self) -> None:
        """Warm all up, then run the rounds; who fails is out and the others go on."""
        for name in self._contestants:
            self._guarded(name, partial(self._warm_up, name))
        for number in range(max(map(len, self._sizes.values()), default=0)):
            for name in self._order(number):
                self._guarded(name, partial(self._turn, name, number))

    def _order(self, number: int) -> Sequence[Name]:
        """Every other round goes backwards, so that nobody always follows the same one."""
        names = [name for name, sizes in self._sizes.items() if number < len(sizes)]
        return names[::-1] if number % 2 else names

    def _guarded(self, name: Name, work: Callable[[], None]) -> None:
        if name in self.failed:
            return
        try:
            work()
        except SonoAssistError as error:
            self.failed[name] = error

    def _warm_up(self, name: Name) -> None:
        for _ in range(WARM_RUNS):
            self._contestants[name]()
            self._on_run(name)

    def _turn(self, name: Name, number: int) -> None:
        call = self._contestants[name]
        if self._settle:
            call()
            self._on_run(name)
        size = self._sizes[name][number]
        self._turns[name].append(tuple(self._timed(name, call) for _ in range(size)))

    def _timed(self, name: Name, call: Callable[[], object]) -> float:
        begun_s = self._clock()
        call()
        taken_ms = 1e3 * (self._clock() - begun_s)
        self._on_run(name)
        return taken_ms


def all_runs(runs: int, *, settle: bool = True) -> int:
    """How many runs a contestant makes for so many timed ones."""
    return WARM_RUNS + runs + (len(turn_sizes(runs)) if settle else 0)


def turn_sizes(runs: int) -> tuple[int, ...]:
    """So many runs as turns of `TURN`; the last one takes what is left."""
    whole, rest = divmod(runs, TURN)
    return (TURN,) * whole + ((rest,) if rest else ())
