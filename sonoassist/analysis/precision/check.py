"""The check of a model's low precisions against f32, in steps of about one network pass.

First all of them race: which is quickest, and whether any is quicker than f32 at all, differs from
processor to processor, whatever instructions it has. Then they are compared with f32, quickest
first. It can be done at one go or behind the live picture: between two steps it calls `pause`,
which may wait, or end it by raising `CheckStopped`. What was found until then is kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import (
    AbstractContextManager,
    ExitStack,
    closing,
    contextmanager,
    nullcontext,
    suppress,
)
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sonoassist.analysis.precision.agreement import (
    Agreement,
    Comparison,
    Truth,
    compare,
    summary,
    truth_of,
)
from sonoassist.analysis.precision.calibration import calibration_pictures
from sonoassist.analysis.precision.check_notes import CheckNotes, drop_notes, keep_notes, read_notes
from sonoassist.analysis.precision.verdicts import PrecisionVerdict, keep_verdict
from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats, Prepared
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.rounding import ActivationStatistics
from sonoassist.model.card import Card

KEEP_EVERY = 8
"""Steps between two writings of what was found."""
PASSES = (Saliency.PLAIN, Saliency.NONE)
EXACT = "f32"
RACE_PICTURES = 4
"""Each engine races over so many pictures; its best counts, since other work only slows it."""
WORTH = 0.95
"""Time of a candidate, in that of f32, from which it is worth its rounding."""

Pause = Callable[[float], None]
"""Called with the seconds that the step before took."""
MakeCandidate = Callable[[str, ActivationStatistics], Engine]
SamePass = Callable[[str, Saliency], str]
"""Called with a candidate and a kind of pass; returns whose pass is the same work."""
PassTimes = dict[tuple[str, Saliency], float]
"""Seconds of the passes over one picture, by precision and kind of pass."""


def _its_own(name: str, _saliency: Saliency) -> str:
    return name


class RememberingEngine(Engine):
    """Another one's engine, with its results on the last picture.

    A cascade asks f32 about frames in doubt, and for passes that its quick engine does not have:
    what f32 says of that very picture is known already.

    Args:
        engine: Is left as it is when this one is closed.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._picture: Floats | None = None
        self._known: dict[Saliency, EngineOutput] = {}
        self.name, self.precision, self.device = engine.name, engine.precision, engine.device

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """See `Engine.run`."""
        if self._picture is not network_input:
            self._picture, self._known = network_input, {}
        if saliency not in self._known:
            self._known[saliency] = self._engine.run(network_input, saliency)
        return self._known[saliency]

    def compile(self, shape: tuple[int, ...], saliency: Saliency) -> None:
        """See `Engine.compile`."""
        self._engine.compile(shape, saliency)

    def is_compiled(self, shape: tuple[int, ...], saliency: Saliency) -> bool:
        """See `Engine.is_compiled`."""
        return self._engine.is_compiled(shape, saliency)


class CheckStopped(Exception):  # noqa: N818  (no error: the check goes on another time)
    """Raised by `pause` to end a check."""


@dataclass(frozen=True, slots=True)
class CheckParts:
    """What a check works with.

    Attributes:
        card: Of the model.
        exact: Runs f32; see `RememberingEngine`.
        measure: Measures what flows through the network; None where no candidate needs it.
        candidates: Precisions to try.
        make: Makes the engine of one of them.
        recording: Shows the pictures.
        race: Whether the candidates race with `exact` before they are tried; else they are tried
            in their order.
        same_pass: Tells which precision does the very same work in a pass as a candidate; it is
            timed once for both.
    """

    card: Card
    exact: Engine
    measure: Callable[[], Callable[[Any], ActivationStatistics]] | None
    candidates: Sequence[str]
    make: MakeCandidate
    recording: Path
    race: bool = True
    same_pass: SamePass = _its_own


class _Racers(dict[str, Engine]):
    """The engines of a race by name, each made when it is first asked for."""

    def __init__(self, known: Mapping[str, Engine], make: Callable[[str], Engine]) -> None:
        super().__init__(known)
        self._make = make

    def __missing__(self, name: str) -> Engine:
        return self.setdefault(name, self._make(name))


@dataclass(slots=True)
class PrecisionCheck:
    """Finds the quickest precision that gives the results of f32.

    Attributes:
        parts: What it works with.
        folder: Where notes and the verdict are kept.
        key: Their name.
        pause: Called between two steps.
        turn: Held while a pass runs, so that engines that share the processor take turns.
        clock: Seconds, for the race.
    """

    parts: CheckParts
    folder: Path
    key: str
    pause: Pause = lambda _took_s: None
    turn: AbstractContextManager[Any] = field(default_factory=nullcontext)
    clock: Callable[[], float] = time.perf_counter
    _notes: CheckNotes = field(default_factory=CheckNotes, init=False)
    _steps: int = field(default=0, init=False)
    _certain: bool = field(default=True, init=False)

    def run(self) -> PrecisionVerdict:
        """Do the check, or what is left of it, and keep the verdict.

        A candidate that fails is passed over; the verdict then counts for this time only.

        Raises:
            CheckStopped: `pause` has ended it; what was found is kept.
            SourceError: The recording shows nothing to check with.
            EngineError: f32 failed.
        """
        self._notes = read_notes(self.folder, self.key)
        try:
            verdict = self._run()
        except CheckStopped:
            keep_notes(self.folder, self.key, self._notes)
            raise
        if self._certain:
            keep_verdict(self.folder, self.key, verdict)
            drop_notes(self.folder, self.key)
        return verdict

    def _run(self) -> PrecisionVerdict:
        parts = self.parts
        began_s = time.perf_counter()

        def after_each() -> None:
            nonlocal began_s
            self.pause(time.perf_counter() - began_s)
            began_s = time.perf_counter()

        pictures = calibration_pictures(parts.recording, parts.card, after_each=after_each)
        self._cut_to(len(pictures))
        statistics = self._measure(pictures)
        parts.exact.compile(pictures[0].network_input.shape, Saliency.PLAIN)
        order = self._order(statistics, pictures)
        found: dict[str, Agreement] = {}
        for name in order:
            try:
                found[name] = self._try(name, statistics, pictures)
            except EngineError:
                self._certain = False  # it may work the next time
                continue
            if found[name].good:
                break  # slower ones would not be taken
        best_s = {name: min(each) for name, each in self._notes.passes_s.items() if each}
        return PrecisionVerdict(statistics, found, best_s)

    def _cut_to(self, count: int) -> None:
        """Notes of more pictures than there are now are of a program that took others."""
        notes = self._notes
        counts = [len(notes.statistics), len(notes.truths), *map(len, notes.comparisons.values())]
        if max(counts) > count:
            self._notes = CheckNotes()

    def _measure(self, pictures: Sequence[Prepared]) -> ActivationStatistics:
        if self.parts.measure is None:
            return ActivationStatistics((), ())
        known = self._notes.statistics
        if len(known) < len(pictures):
            measure = self.parts.measure()
            for picture in pictures[len(known) :]:
                with self._step():
                    known.append(measure(picture.network_input))
        return ActivationStatistics.over(known)

    def _order(
        self, statistics: ActivationStatistics, pictures: Sequence[Prepared]
    ) -> Sequence[str]:
        """The candidates that are worth a try, quickest first."""
        if not self.parts.race:
            return self.parts.candidates
        times = self._notes.passes_s
        with ExitStack() as stack:

            def made(name: str) -> Engine:
                return stack.enter_context(closing(self.parts.make(name, statistics)))

            engines = _Racers({EXACT: self.parts.exact}, made)
            for number, picture in enumerate(pictures[:RACE_PICTURES]):
                took_s: PassTimes = {}
                for name in (EXACT, *self.parts.candidates):
                    if len(times.setdefault(name, [])) > number:
                        continue
                    # One that fails does so again when it is tried, and is passed over there.
                    with suppress(EngineError):
                        times[name].append(
                            self._raced(name, engines, picture.network_input, took_s)
                        )
        limit_s = WORTH * min(times[EXACT], default=math.inf)
        quick = [one for one in self.parts.candidates if min(times[one], default=0.0) <= limit_s]
        return sorted(quick, key=lambda name: min(times[name], default=0.0))

    def _raced(
        self, name: str, engines: _Racers, network_input: Floats, took_s: PassTimes
    ) -> float:
        """Seconds of a pass with and one without saliency; an exam has much of both.

        Args:
            name: Of the candidate.
            engines: What runs.
            network_input: float32 (1, 1, h, w).
            took_s: Passes over this picture that have been timed; gets those that are now.
        """
        total_s = 0.0
        for saliency in PASSES:
            runner = self.parts.same_pass(name, saliency)
            if (runner, saliency) not in took_s:
                took_s[runner, saliency] = self._timed(engines[runner], network_input, saliency)
            total_s += took_s[runner, saliency]
        return total_s

    def _timed(self, engine: Engine, network_input: Floats, saliency: Saliency) -> float:
        """Seconds of a pass."""
        fresh = network_input.copy()  # nobody has looked at this one yet, and may remember it
        if not engine.is_compiled(fresh.shape, saliency):
            engine.compile(fresh.shape, saliency)
            self.pause(0.0)
        with self._step():
            began_s = self.clock()
            engine.run(fresh, saliency)
            return self.clock() - began_s

    def _try(
        self, name: str, statistics: ActivationStatistics, pictures: Sequence[Prepared]
    ) -> Agreement:
        known = self._notes.comparisons.setdefault(name, [])
        left = pictures[len(known) :]
        if left and summary(known).may_pass:
            quick = self.parts.make(name, statistics)
            try:
                for saliency in PASSES:
                    quick.compile(pictures[0].network_input.shape, saliency)
                    self.pause(0.0)
                for picture in left:
                    if not summary(known).may_pass:
                        break
                    truth = self._truth(len(known), picture)
                    self._ask(quick, truth, picture, known)
            finally:
                quick.close()
        return summary(known)

    def _ask(self, quick: Engine, truth: Truth, picture: Prepared, known: list[Comparison]) -> None:
        """Have a candidate look at a picture, in two steps, and note what it says."""
        device = quick.device
        with self._step():
            found = quick.run(picture.network_input, Saliency.PLAIN)
        with self._step():
            ahead = quick.run(picture.network_input, Saliency.NONE)
            if quick.device != device:  # another engine has stood in for it
                raise EngineError(f"{device} failed while it was checked")
            known.append(compare(found, ahead, truth, picture, self.parts.card))

    def _truth(self, number: int, picture: Prepared) -> Truth:
        """What f32 says of a picture, right before a candidate is asked about it."""
        known = self._notes.truths
        if number == len(known):
            with self._step():
                known.append(truth_of(self.parts.exact, picture, self.parts.card))
        return known[number]

    @contextmanager
    def _step(self) -> Iterator[None]:
        """One pass: taking its turn, followed by a pause."""
        with self.turn:
            began_s = time.perf_counter()
            yield
            took_s = time.perf_counter() - began_s
        self._steps += 1
        if self._steps % KEEP_EVERY == 0:
            keep_notes(self.folder, self.key, self._notes)
        self.pause(took_s)
