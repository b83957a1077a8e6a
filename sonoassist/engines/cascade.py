"""A quick engine whose doubtful results are made again by a more exact one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats
from sonoassist.core.planes import BACKGROUND_INDEX
from sonoassist.engines.base import WARMED, Engine, EngineOutput, Saliency
from sonoassist.engines.scores import lead

EVERY_PASS = frozenset(Saliency)
FORWARD_ONLY = frozenset({Saliency.NONE})


@dataclass(frozen=True, slots=True)
class CascadeStep:
    """One engine of a cascade.

    Attributes:
        engine: What runs.
        sure_gap: Probability by which the winner must lead the second for its word to count.
        passes: What it is asked for.
        may_fail: It runs on a device that may be lost; the engines behind it go on then.
    """

    engine: Engine
    sure_gap: float
    passes: frozenset[Saliency] = field(default=EVERY_PASS)
    may_fail: bool = False


class CascadeEngine(Engine):
    """Asks the quickest engine first, and the next one when the two best classes are too near.

    Low precision shifts a probability by a little. Where the winner leads by more than that the
    label is the exact one; where it does not, the exact engine is asked. So no label depends on
    the precision, at the cost of a second pass on the few frames in doubt.

    Args:
        steps: Quickest first; at least one, which runs the forward pass.
        exact: The engine behind them, whose word is final.
    """

    def __init__(self, steps: Sequence[CascadeStep], exact: Engine) -> None:
        self._steps = tuple(steps)
        self._exact = exact
        self._news: list[str] = []
        self._tell()
        self.runs = 0
        self.exact_runs = 0
        self._traced: tuple[Engine, Floats] | None = None

    def _tell(self) -> None:
        """Say what runs: the device that all passes run on, where there is one."""
        whole = [step.engine for step in self._steps if step.may_fail]
        first = whole[0] if whole else self._exact
        self.name, self.device = first.name, first.device
        self.precision = "+".join(self._precisions())

    def _try(self, step: CascadeStep, ask: Callable[[Engine], EngineOutput]) -> EngineOutput | None:
        """What a step says; None where it is in doubt, or its device is lost."""
        try:
            out = ask(step.engine)
        except EngineError as error:
            if not self._lose(step.engine, error):
                raise
            return None
        return out if lead(out.logits) >= step.sure_gap else None

    def _lose(self, engine: Engine, error: EngineError) -> bool:
        """Go on without the device of an engine that failed; False where that may not fail."""
        lost = [one for one in self._steps if one.engine is engine and one.may_fail]
        if not lost:
            return False
        self._steps = tuple(one for one in self._steps if one not in lost)
        self._traced = None
        self._news.append(
            f"{engine.device} failed, the processor goes on in its place: {error.message}"
        )
        self._tell()
        return True

    def _run_step(
        self, step: CascadeStep, network_input: Floats, saliency: Saliency
    ) -> EngineOutput | None:
        return self._try(step, lambda engine: engine.run(network_input, saliency))

    def take_notices(self) -> list[str]:
        """See `Engine.take_notices`."""
        told, self._news = self._news, []
        return told

    def _precisions(self) -> list[str]:
        """Of each step, and of the exact engine where no step runs the backward pass."""
        found = [step.engine.precision for step in self._steps]
        boxed = any(Saliency.PLAIN in step.passes for step in self._steps)
        return found if boxed else [*found, self._exact.precision]

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """Run one input; see `Engine.run`."""
        self.runs += 1
        return self._ask(self._steps, network_input, saliency)

    def _ask(
        self, steps: Sequence[CascadeStep], network_input: Floats, saliency: Saliency
    ) -> EngineOutput:
        for step in steps:
            if saliency in step.passes:
                out = self._run_step(step, network_input, saliency)
                if out is not None:
                    return out
        self.exact_runs += 1
        return self._exact.run(network_input, saliency)

    def run_traced(self, network_input: Floats) -> EngineOutput:
        """See `Engine.run_traced`; engines that run the forward pass only are not asked."""
        self.runs += 1
        for step in self._steps:
            if Saliency.PLAIN in step.passes:
                out = self._try(step, lambda engine: engine.run_traced(network_input))
                if out is not None:
                    self._traced = step.engine, network_input
                    return out
        self.exact_runs += 1
        self._traced = self._exact, network_input
        return self._exact.run_traced(network_input)

    def backward(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> Floats:
        """See `Engine.backward`; another engine goes on where the device is lost since."""
        while True:
            engine = self._tracer(network_input)
            try:
                return engine.backward(network_input, saliency)
            except EngineError as error:
                if not self._lose(engine, error):
                    raise

    def _tracer(self, network_input: Floats) -> Engine:
        """The engine that gives, or gave, the label of an input."""
        if self._traced is None or self._traced[1] is not network_input:
            self.run_traced(network_input)
        assert self._traced is not None
        return self._traced[0]

    def glance(self, network_input: Floats) -> EngineOutput:
        """See `Engine.glance`: a plane named by the quickest engine is not asked about further."""
        self.runs += 1
        if not self._steps or self._steps[0].may_fail:
            return self._ask(self._steps, network_input, Saliency.NONE)
        quickest, *others = self._steps
        first = quickest.engine.run(network_input, Saliency.NONE)
        if not _is_background(first) or lead(first.logits) >= quickest.sure_gap:
            return first
        return self._ask(others, network_input, Saliency.NONE)

    def compile(self, shape: tuple[int, ...], saliency: Saliency) -> None:
        """See `Engine.compile`."""
        for engine in self._asked_for(saliency):
            engine.compile(shape, saliency)

    def is_compiled(self, shape: tuple[int, ...], saliency: Saliency) -> bool:
        """See `Engine.is_compiled`."""
        return all(engine.is_compiled(shape, saliency) for engine in self._asked_for(saliency))

    def _asked_for(self, saliency: Saliency) -> list[Engine]:
        """The engines that may run a pass."""
        return [step.engine for step in self._steps if saliency in step.passes] + [self._exact]

    def warm_up(self, network_input: Floats) -> None:
        """Make every engine ready, those too that a plain run would not ask."""
        for step in self._steps:
            for saliency in WARMED:
                if saliency in step.passes and step in self._steps:
                    self._run_step(step, network_input, saliency)
        self._exact.warm_up(network_input)

    def close(self) -> None:
        """Let go of all the engines."""
        self._traced = None
        for engine in (*(step.engine for step in self._steps), self._exact):
            engine.close()


def _is_background(out: EngineOutput) -> bool:
    return int(out.logits.argmax()) == BACKGROUND_INDEX
