"""An engine that runs in f32 at once, and quicker as soon as it is known that it may."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import numpy as np

from sonoassist.analysis.precision.check import CheckStopped
from sonoassist.core.errors import window_text
from sonoassist.core.packets import Floats
from sonoassist.engines.base import WARMED, Engine, EngineOutput, Saliency

_log = logging.getLogger(__name__)

QUIET_S = 0.25
"""Without a frame for so long, nobody is waiting for the processor."""
SHARE_OF_BUSY = 0.2
"""Share of the time that the check takes while frames keep coming."""
_LOOK_S = 0.02


class Upgrade(Protocol):
    """Finds the quicker engine."""

    def __call__(self, pause: Callable[[float], None], turn: threading.Lock) -> Engine | None:
        """Check, then make the engine; None where f32 is the best there is.

        Args:
            pause: To be called between two steps with the seconds the step before took; waits
                until the processor is wanted less, or raises `CheckStopped`.
            turn: To be held while a pass runs.

        Raises:
            CheckStopped: It was ended.
            SonoAssistError: It cannot be found out now.
        """
        ...


class UpgradingEngine(Engine):
    """Runs an exact engine, and beside it the check whose verdict brings a quicker one.

    The first frame waits for one graph only, that of both passes. Behind it, on a thread of its
    own, the forward pass is compiled, the check is done in steps while no frame waits, and the
    quicker engine takes over between two frames. Closing ends the check; what it has found is
    kept, and it goes on when the engine is made the next time.

    Args:
        exact: Runs from the start.
        upgrade: Finds the quicker engine, on the thread.
        keeps_exact: Whether the quicker engine holds the exact one and closes it.
        asked: A precision that was asked for by name, which has to be said when it cannot be had.
        clock: Seconds, rising.
    """

    def __init__(
        self,
        exact: Engine,
        upgrade: Upgrade,
        *,
        keeps_exact: bool,
        asked: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exact = self._now = exact
        self._upgrade = upgrade
        self._keeps_exact = keeps_exact
        self._asked = asked
        self._news: deque[str] = deque()
        self._wanted = False
        self._clock = clock
        self._turn = threading.Lock()
        self._stop = threading.Event()
        self._last_run_s = clock()
        self._thread: threading.Thread | None = None
        self._shape: tuple[int, ...] = ()
        self._tell()

    # --- used by the owner ------------------------------------------------------------------

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """Run one input; see `Engine.run`."""
        found: list[EngineOutput] = []
        self._run(lambda engine: found.append(_ready_pass(engine, network_input, saliency)))
        return found[0]

    def glance(self, network_input: Floats) -> EngineOutput:
        """See `Engine.glance`."""
        if not self._now.is_compiled(network_input.shape, Saliency.NONE):
            return self.run(network_input, Saliency.NONE)
        found: list[EngineOutput] = []
        self._run(lambda engine: found.append(engine.glance(network_input)))
        return found[0]

    def run_traced(self, network_input: Floats) -> EngineOutput:
        """See `Engine.run_traced`."""
        found: list[EngineOutput] = []
        self._run(lambda engine: found.append(engine.run_traced(network_input)))
        return found[0]

    def backward(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> Floats:
        """See `Engine.backward`; another engine may have taken over since `run_traced`."""
        found: list[Floats] = []
        self._run(lambda engine: found.append(engine.backward(network_input, saliency)))
        return found[0]

    def run_batch(self, inputs: Floats, saliency: Saliency = Saliency.PLAIN) -> list[EngineOutput]:
        """See `Engine.run_batch`."""
        found: list[EngineOutput] = []
        self._run(lambda engine: found.extend(engine.run_batch(inputs, saliency)))
        return found

    def compile(self, shape: tuple[int, ...], saliency: Saliency) -> None:
        """See `Engine.compile`."""
        self._now.compile(shape, saliency)

    def is_compiled(self, shape: tuple[int, ...], saliency: Saliency) -> bool:
        """See `Engine.is_compiled`."""
        return self._now.is_compiled(shape, saliency)

    def warm_up(self, network_input: Floats) -> None:
        """Make what the first frame needs ready, and begin with the rest behind it."""
        self.run(network_input, Saliency.PLAIN)
        self._shape = network_input.shape
        if self._thread is None and self._now is self._exact:
            self._stop.clear()
            self._thread = threading.Thread(target=self._work, name="precision", daemon=True)
            self._thread.start()

    def take_notices(self) -> list[str]:
        """See `Engine.take_notices`."""
        told = [self._news.popleft() for _ in range(len(self._news))]
        return [*told, *self._now.take_notices()]

    def close(self) -> None:
        """End the check, and let go of the engines' memory."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._now.close()

    @property
    def settled(self) -> bool:
        """Whether the check has ended, or has not begun."""
        return self._thread is None or not self._thread.is_alive()

    def _run(self, ask: Callable[[Engine], object]) -> None:
        self._wanted = True  # from before it is this frame's turn: the check makes way
        try:
            with self._turn:
                ask(self._now)
        finally:
            self._last_run_s = self._clock()
            self._wanted = False
        self._tell()

    def _tell(self) -> None:
        now = self._now
        self.name, self.precision, self.device = now.name, now.precision, now.device

    # --- on the thread ----------------------------------------------------------------------

    def _work(self) -> None:
        # What fails here is no fault of the exact engine: it stays, and the next start tries again.
        try:
            self._exact.compile(self._shape, Saliency.NONE)
            quicker = self._upgrade(self._pause, self._turn)
            if quicker is not None:
                self._take_over(quicker)
        except CheckStopped:
            return
        except Exception as error:  # noqa: BLE001  (the top of the thread: said, f32 goes on)
            _log.warning("the check of low precision failed", exc_info=True)
            if self._asked:
                self._news.append(
                    f"{self._asked} cannot be used, f32 runs instead: {window_text(error)}"
                )

    def _take_over(self, quicker: Engine) -> None:
        try:
            for saliency in Saliency:
                if saliency in WARMED or self._exact.is_compiled(self._shape, saliency):
                    self._pause(0.0)
                    quicker.compile(self._shape, saliency)
            if not self._keeps_exact:  # of another device, which may have more to prepare
                quicker.warm_up(np.zeros(self._shape, np.float32))
        except BaseException:
            quicker.close()
            raise
        with self._turn:
            old, self._now = self._now, quicker
        if not self._keeps_exact:
            old.close()

    def _pause(self, took_s: float) -> None:
        """Wait until no frame is waited for, or as long as leaves the frames most of the time."""
        until_s = self._clock() + took_s * (1 - SHARE_OF_BUSY) / SHARE_OF_BUSY
        while not self._stop.is_set() and self._clock() < until_s:
            if not self._wanted and self._clock() - self._last_run_s >= QUIET_S:
                break
            self._stop.wait(_LOOK_S)
        if self._stop.is_set():
            raise CheckStopped


def _ready_pass(engine: Engine, network_input: Floats, saliency: Saliency) -> EngineOutput:
    """Run a pass; until the forward pass is compiled, the traced one, which says the same."""
    if saliency is Saliency.NONE and not engine.is_compiled(network_input.shape, saliency):
        return engine.run_traced(network_input)
    return engine.run(network_input, saliency)
