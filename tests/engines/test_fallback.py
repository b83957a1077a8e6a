from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats
from sonoassist.engines import fallback
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.fallback import CardTrouble, FallbackEngine, trouble_of
from waiting import LIMIT_S, wait_until

FULL = torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has ...")
DEAD = RuntimeError("CUDA error: unspecified launch failure\nCUDA kernel errors might be ...")
BUSY = RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED")
BAD = EngineError("torch failed: Calculated padded input size per channel: (1 x 1)")

FULL_NOTICE = "The graphics card ran out of memory: the analysis goes on with the processor"
BACK_NOTICE = "The graphics card works again: the analysis is back on it"


class Fake(Engine):
    """Answers with the mean of the input; fails as told.

    Attributes:
        trouble: Raised by every run while it is set.
        largest: More pictures at once are too many for its memory.
        gate: Where set, runs wait for it.
    """

    def __init__(self, name: str, device: str) -> None:
        self.name, self.device, self.precision = name, device, "f16" if name == "card" else "f32"
        self.trouble: Exception | None = None
        self.largest = 1000
        self.gate: threading.Event | None = None
        self.calls: list[tuple[int, Saliency, str]] = []
        self.closed = 0

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        return self.run_batch(network_input, saliency)[0]

    def run_batch(self, inputs: Floats, saliency: Saliency = Saliency.PLAIN) -> list[EngineOutput]:
        self.calls.append((len(inputs), saliency, threading.current_thread().name))
        if self.gate is not None:
            assert self.gate.wait(LIMIT_S)
        if self.trouble is not None:
            raise self.trouble
        if len(inputs) > self.largest:
            raise FULL
        return [EngineOutput(np.full(14, one.mean(), np.float32), one, one[0]) for one in inputs]

    def close(self) -> None:
        self.closed += 1


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Bench:
    """A fallback engine between two fakes."""

    def __init__(self) -> None:
        self.card, self.processor, self.clock = Fake("card", "GPU"), Fake("plain", "CPU"), Clock()
        self.spares_made = 0
        self.engine = FallbackEngine(self.card, self._spare, clock=self.clock)

    def _spare(self) -> Engine:
        self.spares_made += 1
        return self.processor

    def run(self, value: float = 1.0, saliency: Saliency = Saliency.PLAIN) -> None:
        out = self.engine.run(np.full((1, 1, 4, 5), value, np.float32), saliency)
        assert out.logits[0] == np.float32(value)

    def on_card(self) -> bool:
        told = (self.engine.name, self.engine.precision, self.engine.device)
        assert told in (("card", "f16", "GPU"), ("plain", "f32", "CPU"))
        return told[0] == "card"

    def trial_ended(self) -> bool:
        trial = self.engine._trial
        return trial is not None and trial.ended

    def try_again(self, after_s: float) -> None:
        """Let the time pass, and run until the trial that starts then has ended."""
        self.clock.now_s += after_s
        self.run()
        wait_until(self.trial_ended, "the end of the trial")
        self.run()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    if made.card.gate is not None:
        made.card.gate.set()
    made.engine.close()


def inputs(count: int) -> Floats:
    return np.arange(count, dtype=np.float32).reshape(-1, 1, 1, 1) * np.ones((1, 1, 4, 5), "f4")


def wrapped(cause: Exception) -> EngineError:
    error = EngineError("the graphics card failed: ...", "Try --device cpu")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (FULL, CardTrouble.FULL),
        (wrapped(FULL), CardTrouble.FULL),
        (RuntimeError("CUDA error: out of memory"), CardTrouble.FULL),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), CardTrouble.FULL),
        (wrapped(DEAD), CardTrouble.DEAD),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), CardTrouble.DEAD),
        (RuntimeError("CUDA error: device-side assert triggered"), CardTrouble.DEAD),
        (RuntimeError("CUDA error: the launch timed out and was terminated"), CardTrouble.DEAD),
        (BUSY, CardTrouble.FAILING),
        (RuntimeError("CUDA error: all CUDA-capable devices are busy"), CardTrouble.FAILING),
        (BAD, None),
        (wrapped(RuntimeError("Given groups=1, weight of size [32, 1, 7, 7]")), None),
        (RuntimeError("the timestamps do not rise"), None),
        (ValueError("CUDA error: not one of torch"), None),
    ],
)
def test_what_an_error_says_of_the_card(error: Exception, expected: CardTrouble | None) -> None:
    assert trouble_of(error) is expected


def test_the_first_of_two_errors_counts() -> None:
    """A capture that fails ends with an error of its own, which hides the real one."""
    with pytest.raises(RuntimeError) as caught:  # noqa: PT012
        try:
            raise FULL
        finally:
            raise RuntimeError("operation failed due to a previous error during capture")
    assert trouble_of(wrapped(caught.value)) is CardTrouble.FULL


def test_a_card_that_works_is_all_there_is(bench: Bench) -> None:
    for value in (1, 2, 3):
        bench.run(value)
    assert bench.on_card()
    assert bench.spares_made == 0
    assert bench.engine.take_notices() == []


@pytest.mark.parametrize("cause", [FULL, BUSY, wrapped(FULL)])
def test_a_failing_card_is_freed_and_tried_once_more(bench: Bench, cause: Exception) -> None:
    bench.card.trouble = cause
    close = bench.card.close

    def freed() -> None:
        close()
        bench.card.trouble = None

    bench.card.close = freed  # type: ignore[method-assign]
    bench.run(5)
    assert bench.on_card()
    assert bench.spares_made == 0
    assert bench.engine.take_notices() == []


def test_the_spare_stands_in_and_says_so(bench: Bench) -> None:
    bench.card.trouble = FULL
    bench.run(5)
    assert len(bench.card.calls) == 2
    assert bench.card.closed
    assert not bench.on_card()
    assert bench.engine.take_notices() == [FULL_NOTICE]
    for value in (6, 7):
        bench.run(value)
    assert len(bench.card.calls) == 2  # left alone during the pause
    assert bench.engine.take_notices() == []
    assert bench.spares_made == 1


def test_a_batch_that_is_too_large_is_run_in_pieces(bench: Bench) -> None:
    bench.card.largest = 5
    outputs = bench.engine.run_batch(inputs(10))
    assert [out.logits[0] for out in outputs] == list(range(10))
    assert [count for count, _, _ in bench.card.calls] == [10, 4, 4, 2]
    assert bench.on_card()
    assert bench.engine.take_notices() == []


def test_a_batch_loses_nothing_when_the_spare_stands_in(bench: Bench) -> None:
    bench.card.largest = 0
    outputs = bench.engine.run_batch(inputs(10), Saliency.GUIDED)
    assert [out.logits[0] for out in outputs] == list(range(10))
    assert bench.processor.calls[0][:2] == (10, Saliency.GUIDED)
    assert not bench.on_card()
    assert bench.engine.run_batch(inputs(0)) == []


def test_no_frame_waits_for_the_trial(bench: Bench) -> None:
    bench.card.trouble = FULL
    bench.run()
    bench.card.trouble, bench.card.gate = None, threading.Event()
    bench.clock.now_s += fallback.FIRST_PAUSE_S
    for value in (1, 2, 3):  # the card hangs, the frames go on
        bench.run(value)
        assert not bench.on_card()
    wait_until(lambda: len(bench.card.calls) == 3, "the trial")
    bench.card.gate.set()
    wait_until(bench.trial_ended, "the end of the trial")
    bench.engine.take_notices()
    bench.run(4)
    assert bench.on_card()
    assert bench.engine.take_notices() == [BACK_NOTICE]


def test_a_trial_runs_all_that_was_in_use_on_a_thread_of_its_own(bench: Bench) -> None:
    bench.run(saliency=Saliency.NONE)
    bench.card.trouble = FULL
    bench.run(saliency=Saliency.PLAIN)
    bench.card.trouble = None
    bench.card.calls.clear()
    bench.clock.now_s += fallback.FIRST_PAUSE_S
    bench.run()
    wait_until(bench.trial_ended, "the end of the trial")
    assert {saliency for _, saliency, _ in bench.card.calls} == {Saliency.NONE, Saliency.PLAIN}
    assert {thread for _, _, thread in bench.card.calls} == {"engine-trial"}


def pauses(bench: Bench, step_s: float = 0.5) -> Callable[[], float]:
    def next_trial_after_s() -> float:
        begun_s, calls = bench.clock.now_s, len(bench.card.calls)
        while bench.engine._trial is None:
            bench.clock.now_s += step_s
            bench.run()
        wait_until(bench.trial_ended, "the end of the trial")
        assert len(bench.card.calls) == calls + 1
        waited_s = bench.clock.now_s - begun_s
        bench.run()  # takes note of the result
        return waited_s

    return next_trial_after_s


def test_the_pause_doubles_up_to_a_minute(bench: Bench) -> None:
    bench.card.trouble = BUSY
    bench.run()
    next_trial_after_s = pauses(bench)
    assert [next_trial_after_s() for _ in range(6)] == [5, 10, 20, 40, 60, 60]
    assert bench.engine.take_notices() == [
        "The graphics card does not answer: the analysis goes on with the processor"
    ]
    bench.card.trouble = None
    assert next_trial_after_s() == 60
    assert bench.on_card()
    bench.card.trouble = BUSY  # at once: it has not been well
    bench.run()
    assert next_trial_after_s() == 60
    bench.card.trouble = None
    next_trial_after_s()
    bench.clock.now_s += fallback.LONGEST_PAUSE_S  # well for a minute
    bench.card.trouble = BUSY
    bench.run()
    assert next_trial_after_s() == fallback.FIRST_PAUSE_S


@pytest.mark.parametrize("cause", [DEAD, wrapped(DEAD)])
def test_a_dead_card_is_left_alone(bench: Bench, cause: Exception) -> None:
    bench.card.trouble = cause
    bench.run(5)
    assert len(bench.card.calls) == 1
    assert not bench.on_card()
    assert bench.engine.take_notices() == [
        "The graphics card stopped working: the analysis goes on with the processor",
        "Restart the program to use the graphics card again",
    ]
    bench.card.trouble = None
    bench.clock.now_s += 1000
    bench.run()
    assert bench.engine._trial is None
    bench.engine.close()
    assert (len(bench.card.calls), bench.card.closed) == (1, 0)


def test_a_card_that_dies_in_a_trial(bench: Bench) -> None:
    bench.card.trouble = FULL
    bench.run()
    bench.engine.take_notices()
    bench.card.trouble = DEAD
    bench.try_again(fallback.FIRST_PAUSE_S)
    assert not bench.on_card()
    assert bench.engine.take_notices() == ["Restart the program to use the graphics card again"]
    bench.clock.now_s += 1000
    bench.run()
    assert bench.engine._trial is None


@pytest.mark.parametrize("error", [BAD, RuntimeError("The size of tensor a must match")])
def test_a_bad_input_is_not_the_cards_fault(bench: Bench, error: Exception) -> None:
    bench.card.trouble = error
    with pytest.raises(type(error)) as caught:
        bench.run()
    assert caught.value is error
    assert bench.spares_made == 0
    bench.card.trouble = None
    bench.run()
    assert bench.on_card()
    with pytest.raises(EngineError, match="n x 1 x height x width"):
        bench.engine.run_batch(np.zeros((4, 5), np.float32))


def test_errors_of_the_spare_are_passed_on_and_start_no_trial(bench: Bench) -> None:
    bench.card.trouble = FULL
    bench.run()
    bench.clock.now_s += 1000
    bench.processor.trouble = BAD
    with pytest.raises(EngineError) as caught:
        bench.run()
    assert caught.value is BAD
    assert bench.engine._trial is None


def test_the_memory_of_the_failed_call_is_free_before_the_second(bench: Bench) -> None:
    """A traceback would keep what the failed call had made."""
    held: list[int] = []

    class Block:
        def __init__(self) -> None:
            held.append(1)

        def __del__(self) -> None:
            held.pop()

    seen: list[int] = []

    def run(network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        seen.append(len(held))
        block = Block()
        raise torch.cuda.OutOfMemoryError(f"CUDA out of memory beside {block}")

    bench.card.run = run  # type: ignore[method-assign]
    bench.run()
    assert seen == [0, 0]


def test_closing_waits_for_a_trial_and_frees_both(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fallback, "_CLOSING_LIMIT_S", LIMIT_S)
    bench.card.trouble = FULL
    bench.run()
    gate = bench.card.gate = threading.Event()
    bench.clock.now_s += fallback.FIRST_PAUSE_S
    bench.run()
    trial = bench.engine._trial
    assert trial is not None
    closed, wait = bench.card.closed, trial.wait

    def waited(limit_s: float) -> None:
        gate.set()  # the trial goes on only once it is waited for
        wait(limit_s)

    monkeypatch.setattr(trial, "wait", waited)
    bench.engine.close()
    assert trial.ended
    assert bench.card.closed == closed + 1
    assert bench.processor.closed == 1
    bench.engine.close()


def test_closing_does_not_wait_for_a_driver_that_hangs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fallback, "_CLOSING_LIMIT_S", 0.05)
    bench.card.trouble = FULL
    bench.run()
    bench.card.gate = threading.Event()
    bench.clock.now_s += fallback.FIRST_PAUSE_S
    bench.run()
    closed = bench.card.closed
    bench.engine.close()
    assert bench.card.closed == closed  # it belongs to the trial
    assert bench.processor.closed == 1
