"""Going on with the processor when the graphics card fails, and back when it works again."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum

import numpy as np
import torch

from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats
from sonoassist.engines.base import Engine, EngineOutput, Saliency, check_batch

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0
"""A failed card is tried again after the first pause, then after twice that, up to this one. A
card that has worked for as long as the longest pause starts at the first one again."""

_SMALL_BATCH = 4
"""Pictures at once in the second attempt at a batch."""
_CLOSING_LIMIT_S = 5.0
"""Longest wait for a trial at closing time: a hung driver must not keep the program open."""

_FULL = ("out of memory", "alloc_failed")
_FAILING = (
    "cuda error",
    "cudnn",
    "cublas",
    "hip error",
    "device lost",
)
_DEAD = (
    "unspecified launch failure",
    "illegal memory access",
    "illegal instruction",
    "illegal address",
    "misaligned address",
    "invalid program counter",
    "invalid address space",
    "hardware stack error",
    "device-side assert",
    "launch timed out",
    "uncorrectable",
    "is lost",
    "cuda error: unknown error",
)


class CardTrouble(Enum):
    """What ails a card."""

    FULL = "ran out of memory"
    FAILING = "does not answer"
    DEAD = "stopped working"
    """CUDA answers every further call of this process with the same error."""


def trouble_of(error: BaseException) -> CardTrouble | None:
    """What the error says of the card; None for an error that is not the card's fault."""
    for cause in _causes(error):
        if isinstance(cause, torch.OutOfMemoryError):
            return CardTrouble.FULL
        if isinstance(cause, RuntimeError):
            found = _trouble_in(str(cause).lower())
            if found is not None:
                return found
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and those it came from; a failed capture of a graph hides the first one."""
    following: BaseException | None = error
    while following is not None:
        yield following
        following = following.__cause__ or following.__context__


def _trouble_in(text: str) -> CardTrouble | None:
    if any(words in text for words in _FULL):
        return CardTrouble.FULL
    if any(words in text for words in _DEAD):
        return CardTrouble.DEAD
    return CardTrouble.FAILING if any(words in text for words in _FAILING) else None


class FallbackEngine(Engine):
    """Runs on a preferred engine (a graphics card) and, while that one fails, on a spare one.

    A failed call is tried once more with freed memory, a batch in small pieces; then the spare
    runs it, so that every call gets its right result. After a pause the preferred engine is
    tried on a thread of its own, and takes over when it has worked: no frame waits for that.
    Errors that are not the card's fault (a bad input) are passed on.

    `name`, `precision` and `device` tell what ran the last call.

    Args:
        preferred: Runs until it fails. Closing it must free its memory; it may run afterwards.
        make_spare: Makes the engine that stands in; called once, at the first failure.
        clock: Seconds, rising.
    """

    def __init__(
        self,
        preferred: Engine,
        make_spare: Callable[[], Engine],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._preferred = preferred
        self._make_spare = make_spare
        self._clock = clock
        self._spare: Engine | None = None
        self._standing_in = False
        self._dead = False
        self._pauses = _Pauses(clock)
        self._trial: _Trial | None = None
        self._used: set[Saliency] = set()
        self._notices: deque[str] = deque()
        self._tell(preferred)

    def take_notices(self) -> list[str]:
        """What the user should know since the last call; may be called by any thread."""
        return [self._notices.popleft() for _ in range(len(self._notices))]

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """Run one input; see `Engine.run`."""

        def one(engine: Engine) -> list[EngineOutput]:
            return [engine.run(network_input, saliency)]

        return self._ask(one, one, network_input, saliency)[0]

    def run_batch(self, inputs: Floats, saliency: Saliency = Saliency.PLAIN) -> list[EngineOutput]:
        """Run many inputs; see `Engine.run_batch`."""
        check_batch(inputs)
        if not len(inputs):
            return []

        def in_pieces(engine: Engine) -> list[EngineOutput]:
            starts = range(0, len(inputs), _SMALL_BATCH)
            pieces = (engine.run_batch(inputs[i : i + _SMALL_BATCH], saliency) for i in starts)
            return [out for piece in pieces for out in piece]

        return self._ask(
            lambda engine: engine.run_batch(inputs, saliency), in_pieces, inputs[:1], saliency
        )

    def _ask(
        self,
        whole: Callable[[Engine], list[EngineOutput]],
        small: Callable[[Engine], list[EngineOutput]],
        sample: Floats,
        saliency: Saliency,
    ) -> list[EngineOutput]:
        self._used.add(saliency)
        self._look_at_trial()
        out = None
        if not self._standing_in:
            out = self._on_preferred(whole, small)
        if out is None:
            out = self._on_spare(whole)
            self._try_preferred(sample)
        return out

    def _on_preferred(
        self,
        whole: Callable[[Engine], list[EngineOutput]],
        small: Callable[[Engine], list[EngineOutput]],
    ) -> list[EngineOutput] | None:
        """The result, or None when the spare has to stand in."""
        out, trouble = self._attempt(whole)
        if trouble is not None and trouble is not CardTrouble.DEAD:
            self._free_preferred()
            out, trouble = self._attempt(small)
        if trouble is not None:
            self._stand_in(trouble)
        return out

    def _attempt(
        self, ask: Callable[[Engine], list[EngineOutput]]
    ) -> tuple[list[EngineOutput] | None, CardTrouble | None]:
        """The error is gone when this returns: its traceback would keep the card's memory."""
        try:
            out = ask(self._preferred)
        except (EngineError, RuntimeError) as error:
            trouble = trouble_of(error)
            if trouble is None:
                raise
            return None, trouble
        self._tell(self._preferred)
        return out, None

    def _stand_in(self, trouble: CardTrouble) -> None:
        self._standing_in = True
        self._pauses.broke()
        self._notices.append(
            f"The graphics card {trouble.value}: the analysis goes on with the processor"
        )
        self._note(trouble)

    def _note(self, trouble: CardTrouble) -> None:
        if trouble is CardTrouble.DEAD:
            self._dead = True
            self._notices.append("Restart the program to use the graphics card again")
        else:
            self._free_preferred()

    def _on_spare(self, whole: Callable[[Engine], list[EngineOutput]]) -> list[EngineOutput]:
        if self._spare is None:
            self._spare = self._make_spare()
        out = whole(self._spare)
        self._tell(self._spare)
        return out

    def _tell(self, engine: Engine) -> None:
        self.name, self.precision, self.device = engine.name, engine.precision, engine.device

    def _try_preferred(self, sample: Floats) -> None:
        """Start a trial with an input that the spare has just run well."""
        if not self._dead and self._trial is None and self._pauses.over():
            self._trial = _Trial(self._preferred, sample, frozenset(self._used))

    def _look_at_trial(self) -> None:
        if self._trial is None or not self._trial.ended:
            return
        worked, trouble = self._trial.worked, self._trial.trouble
        self._trial = None
        if worked:
            self._standing_in = False
            self._pauses.back()
            self._notices.append("The graphics card works again: the analysis is back on it")
        else:
            self._pauses.failed()
            self._note(trouble or CardTrouble.FAILING)

    def _free_preferred(self) -> None:
        with suppress(EngineError, RuntimeError):  # what it cannot free now it frees later
            self._preferred.close()

    def close(self) -> None:
        """Let go of the memory of both engines, and end a trial."""
        if self._trial is not None:
            self._trial.wait(_CLOSING_LIMIT_S)
        # A dead card answers with an error, and one that hangs would hang this thread too.
        if not self._dead and (self._trial is None or self._trial.ended):
            self._free_preferred()
        if self._spare is not None:
            self._spare.close()


class _Pauses:
    """When to try again: the pause doubles with each failure."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next_s = FIRST_PAUSE_S
        self._until_s = 0.0
        self._back_at_s = clock()

    def broke(self) -> None:
        """The card that worked failed: one that had worked for long starts anew."""
        if self._clock() - self._back_at_s >= LONGEST_PAUSE_S:
            self._next_s = FIRST_PAUSE_S
        self.failed()

    def failed(self) -> None:
        self._until_s = self._clock() + self._next_s
        self._next_s = min(2 * self._next_s, LONGEST_PAUSE_S)

    def back(self) -> None:
        self._back_at_s = self._clock()

    def over(self) -> bool:
        return self._clock() >= self._until_s


class _Trial:
    """Runs an engine once on a thread of its own, in every way that it is used.

    Recording graphs anew takes time; it is done here, so that no frame waits for it.

    Args:
        engine: To be left alone until the trial has ended.
        sample: float32, (1, 1, h, w); copied.
        ways: Kinds of saliency to run.
    """

    def __init__(self, engine: Engine, sample: Floats, ways: frozenset[Saliency]) -> None:
        self._engine = engine
        self._sample = np.array(sample)
        self._ways = ways
        self.worked = False
        self.trouble: CardTrouble | None = None
        # A daemon: a driver that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="engine-trial", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether `worked` and `trouble` tell the result."""
        return not self._thread.is_alive()

    def wait(self, limit_s: float) -> None:
        """Wait for the end, but not longer than this."""
        self._thread.join(limit_s)

    def _run(self) -> None:
        try:
            for saliency in self._ways:
                self._engine.run(self._sample, saliency)
            self.worked = True
        except Exception as error:  # noqa: BLE001  (the top of the thread: kept for the owner)
            self.trouble = trouble_of(error)
