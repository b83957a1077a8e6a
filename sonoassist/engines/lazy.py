"""An engine that is made when the first picture needs it: where all is known already, none is."""

from __future__ import annotations

from collections.abc import Callable

from sonoassist.core.packets import Floats
from sonoassist.engines.base import Engine, EngineOutput, Saliency

UNMADE = "none"
"""Name of an engine that was not needed so far."""


class LazyEngine(Engine):
    """Stands for an engine until it is needed.

    Until then `name` is `UNMADE`, `device` "", and `precision` what was asked for, be it "auto".

    Args:
        make: Makes the engine, ready to run; called once, or again behind `close`.
        precision: As asked for.
        on_made: Told of the engine when it is made.
    """

    def __init__(
        self,
        make: Callable[[], Engine],
        precision: str,
        on_made: Callable[[Engine], None] = lambda engine: None,
    ) -> None:
        self._make, self._on_made = make, on_made
        self._made: Engine | None = None
        self.name, self.precision, self.device = UNMADE, precision, ""

    def _do(self) -> Engine:
        if self._made is None:
            self._made = self._make()
            self._tell()
            self._on_made(self)
        return self._made

    def _tell(self) -> None:
        """An engine with a spare behind it may be another one from call to call."""
        if self._made is not None:
            made = self._made
            self.name, self.precision, self.device = made.name, made.precision, made.device

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """See `Engine.run`."""
        found = self._do().run(network_input, saliency)
        self._tell()
        return found

    def glance(self, network_input: Floats) -> EngineOutput:
        """See `Engine.glance`."""
        found = self._do().glance(network_input)
        self._tell()
        return found

    def run_traced(self, network_input: Floats) -> EngineOutput:
        """See `Engine.run_traced`."""
        found = self._do().run_traced(network_input)
        self._tell()
        return found

    def backward(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> Floats:
        """See `Engine.backward`."""
        found = self._do().backward(network_input, saliency)
        self._tell()
        return found

    def compile(self, shape: tuple[int, ...], saliency: Saliency) -> None:
        """See `Engine.compile`."""
        self._do().compile(shape, saliency)

    def is_compiled(self, shape: tuple[int, ...], saliency: Saliency) -> bool:
        """See `Engine.is_compiled`."""
        return self._made is not None and self._made.is_compiled(shape, saliency)

    def warm_up(self, network_input: Floats) -> None:
        """See `Engine.warm_up`; it is made for that."""
        self._do().warm_up(network_input)

    def run_batch(self, inputs: Floats, saliency: Saliency = Saliency.PLAIN) -> list[EngineOutput]:
        """See `Engine.run_batch`."""
        found = self._do().run_batch(inputs, saliency)
        self._tell()
        return found

    def take_notices(self) -> list[str]:
        """See `Engine.take_notices`."""
        return self._made.take_notices() if self._made is not None else []

    def close(self) -> None:
        """See `Engine.close`."""
        made, self._made = self._made, None
        if made is not None:
            made.close()
