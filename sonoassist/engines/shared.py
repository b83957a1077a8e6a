"""One engine for all who run the same network the same way: each would take hundreds of megabytes.

The live picture, the review and the practice page each have an analyser of their own, often with
the same weights. They take turns; what one of them does not use any more stays for the others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable

from sonoassist.core.packets import Floats
from sonoassist.engines.base import Engine, EngineOutput, Saliency

Make = Callable[[], Engine]


class EngineShelf:
    """Holds engines while anybody uses them; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Hashable, _Held] = {}

    def lease(self, key: Hashable, make: Make) -> Engine:
        """An engine to be used as if it were one's own; `close` gives it back.

        Args:
            key: Of what is run, and how; the same key gives the same engine.
            make: Makes it, where nobody uses it yet.

        Raises:
            SonoAssistError: What `make` raises.
        """
        return _Lease(self, key, make)

    def __len__(self) -> int:
        """Number of engines in use."""
        with self._lock:
            return len(self._held)

    def _enter(self, key: Hashable, make: Make) -> _Held:
        with self._lock:
            held = self._held.setdefault(key, _Held())
            held.users += 1
        try:
            held.ready(make)
        except BaseException:
            self._leave(key, held)
            raise
        return held

    def _leave(self, key: Hashable, held: _Held) -> None:
        with self._lock:
            held.users -= 1
            last = held.users == 0
            if last and self._held.get(key) is held:
                del self._held[key]
        if last:
            held.close()


class _Held:
    """An engine, who uses it, and what each of them has not been told yet."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.users = 0
        self.engine: Engine | None = None
        self.untold: dict[int, list[str]] = {}

    def ready(self, make: Make) -> None:
        """Make it, once; others wait for that."""
        with self.turn:
            if self.engine is None:
                self.engine = make()

    def close(self) -> None:
        with self.turn:
            if self.engine is not None:
                self.engine.close()
                self.engine = None


class _Lease(Engine):
    """The engine as one of its users sees it."""

    def __init__(self, shelf: EngineShelf, key: Hashable, make: Make) -> None:
        self._shelf, self._key, self._make = shelf, key, make
        self._held: _Held | None = None
        self._do(lambda _engine: None)

    def _do(self, work: Callable[[Engine], object]) -> None:
        """Do something when it is this user's turn."""
        held = self._held
        if held is None:
            held = self._held = self._shelf._enter(self._key, self._make)
        with held.turn:
            held.untold.setdefault(id(self), [])
            engine = held.engine
            assert engine is not None  # it is closed behind its last user only
            work(engine)
            # An engine with a spare behind it may be another one from call to call.
            self.name, self.precision, self.device = engine.name, engine.precision, engine.device

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """See `Engine.run`."""
        found: list[EngineOutput] = []
        self._do(lambda engine: found.append(engine.run(network_input, saliency)))
        return found[0]

    def glance(self, network_input: Floats) -> EngineOutput:
        """See `Engine.glance`."""
        found: list[EngineOutput] = []
        self._do(lambda engine: found.append(engine.glance(network_input)))
        return found[0]

    def run_traced(self, network_input: Floats) -> EngineOutput:
        """See `Engine.run_traced`."""
        found: list[EngineOutput] = []
        self._do(lambda engine: found.append(engine.run_traced(network_input)))
        return found[0]

    def backward(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> Floats:
        """See `Engine.backward`; another user may have had a turn since `run_traced`."""
        found: list[Floats] = []
        self._do(lambda engine: found.append(engine.backward(network_input, saliency)))
        return found[0]

    def run_batch(self, inputs: Floats, saliency: Saliency = Saliency.PLAIN) -> list[EngineOutput]:
        """See `Engine.run_batch`."""
        found: list[EngineOutput] = []
        self._do(lambda engine: found.extend(engine.run_batch(inputs, saliency)))
        return found

    def warm_up(self, network_input: Floats) -> None:
        """See `Engine.warm_up`."""
        self._do(lambda engine: engine.warm_up(network_input))

    def take_notices(self) -> list[str]:
        """See `Engine.take_notices`; each user is told everything."""
        held = self._held
        if held is None or not held.turn.acquire(blocking=False):
            return []  # another one's turn: there is time for news after the next run
        try:
            news = held.engine.take_notices() if held.engine is not None else []
            for untold in held.untold.values():
                untold += news
            mine, held.untold[id(self)] = held.untold[id(self)], []
            return mine
        finally:
            held.turn.release()

    def close(self) -> None:
        """Give it back; the next run takes it again."""
        held, self._held = self._held, None
        if held is not None:
            with held.turn:
                held.untold.pop(id(self), None)
            self._shelf._leave(self._key, held)
