"""f32 at once, and the quicker engine as soon as its check has passed."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from real_models import card_of, random_tensors
from sonoassist.analysis.precision import choosing
from sonoassist.analysis.precision.check import CheckStopped
from sonoassist.analysis.precision.choosing import Workshop, candidates, engine_from
from sonoassist.analysis.precision.upgrading import UpgradingEngine
from sonoassist.core import paths
from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats, frozen
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.choose import EngineChoice
from waiting import LIMIT_S, wait_until

INPUT = np.zeros((1, 1, 8, 8), np.float32)
SHAPE = INPUT.shape
Pause = Callable[[float], None]


class FakeEngine(Engine):
    """Says which engine it is; a pass has to be compiled before it counts as ready."""

    device = "CPU"

    def __init__(self, precision: str, number: float = 0.0) -> None:
        self.name = self.precision = precision
        self.number = number
        self.asked: list[Saliency] = []
        self.compiled: set[Saliency] = set()
        self.closed = 0
        self.failing = False

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        self.asked.append(saliency)
        self.compiled.add(saliency)
        logits = frozen(np.full(14, self.number, np.float32))
        maps = frozen(np.zeros((14, 2, 2), np.float32))
        return EngineOutput(logits, maps, None if saliency is Saliency.NONE else maps[0])

    def run_traced(self, network_input: Floats) -> EngineOutput:
        return replace(self.run(network_input, Saliency.PLAIN), saliency=None)

    def compile(self, shape: tuple[int, ...], saliency: Saliency) -> None:
        if self.failing:
            raise EngineError("it cannot be compiled")
        self.compiled.add(saliency)

    def is_compiled(self, shape: tuple[int, ...], saliency: Saliency) -> bool:
        return saliency in self.compiled

    def take_notices(self) -> list[str]:
        return [f"of {self.precision}"]

    def close(self) -> None:
        self.closed += 1


@contextmanager
def upgrading(
    exact: Engine, upgrade: Callable[[Pause, threading.Lock], Engine | None], **more: bool
) -> Iterator[UpgradingEngine]:
    engine = UpgradingEngine(exact, upgrade, keeps_exact=more.get("keeps_exact", True))
    try:
        yield engine
    finally:
        engine.close()
    assert not [one for one in threading.enumerate() if one.name == "precision"]


def test_results_come_before_the_check_and_the_quicker_engine_behind_it() -> None:
    exact, quick = FakeEngine("f32", 1.0), FakeEngine("int8", 2.0)
    passed = threading.Event()

    def upgrade(_pause: Pause, _turn: threading.Lock) -> Engine:
        assert passed.wait(LIMIT_S)
        return quick

    with upgrading(exact, upgrade) as engine:
        engine.warm_up(INPUT)
        assert exact.asked == [Saliency.PLAIN]  # the first frame waits for one graph only
        assert engine.run(INPUT).logits[0] == 1.0
        assert (engine.precision, engine.settled) == ("f32", False)
        passed.set()
        wait_until(lambda: engine.settled)
        assert quick.compiled == {Saliency.PLAIN, Saliency.NONE}  # no frame waits for that either
        assert engine.run(INPUT).logits[0] == 2.0
        assert engine.precision == "int8"
        assert engine.take_notices() == ["of int8"]
        assert exact.closed == 0
    assert quick.closed == 1


def test_the_exact_engine_is_let_go_where_the_quicker_one_does_not_hold_it() -> None:
    exact, quick = FakeEngine("f32"), FakeEngine("f16")
    with upgrading(exact, lambda _pause, _turn: quick, keeps_exact=False) as engine:
        engine.warm_up(INPUT)
        wait_until(lambda: engine.settled)
        assert exact.closed == 1


def test_until_the_forward_pass_is_compiled_the_traced_one_stands_for_it() -> None:
    exact = FakeEngine("f32")
    with upgrading(exact, lambda _pause, _turn: None) as engine:
        exact.failing = True  # it never gets ready
        engine.warm_up(INPUT)
        wait_until(lambda: engine.settled)
        for out in (engine.glance(INPUT), engine.run(INPUT, Saliency.NONE)):
            assert out.saliency is None
        assert set(exact.asked) == {Saliency.PLAIN}
        exact.failing = False
        exact.compile(SHAPE, Saliency.NONE)
        engine.glance(INPUT)
        assert exact.asked[-1] is Saliency.NONE


@pytest.mark.parametrize("outcome", [None, EngineError("no memory"), CheckStopped()])
def test_without_a_quicker_engine_f32_goes_on(outcome: Exception | None) -> None:
    def upgrade(_pause: Pause, _turn: threading.Lock) -> Engine | None:
        if outcome is not None:
            raise outcome
        return None

    with upgrading(FakeEngine("f32", 1.0), upgrade) as engine:
        engine.warm_up(INPUT)
        wait_until(lambda: engine.settled)
        assert engine.run(INPUT).logits[0] == 1.0
        assert engine.precision == "f32"


def test_closing_ends_the_check_at_its_next_step() -> None:
    begun = threading.Event()
    ended: list[bool] = []

    def upgrade(pause: Pause, _turn: threading.Lock) -> Engine | None:
        begun.set()
        try:
            while True:
                pause(1e9)  # as if each step took for ever
        except CheckStopped:
            ended.append(True)
            raise

    with upgrading(FakeEngine("f32"), upgrade) as engine:
        engine.warm_up(INPUT)
        assert begun.wait(LIMIT_S)
    assert ended == [True]


def test_while_frames_keep_coming_the_check_leaves_them_most_of_the_time() -> None:
    now_s = [0.0]
    steps: list[float] = []

    def upgrade(pause: Pause, _turn: threading.Lock) -> Engine | None:
        for _ in range(3):
            pause(1.0)
            steps.append(now_s[0])
        return None

    exact = FakeEngine("f32")
    engine = UpgradingEngine(exact, upgrade, keeps_exact=True, clock=lambda: now_s[0])
    engine.warm_up(INPUT)
    while not engine.settled:
        engine.run(INPUT)  # a frame each tenth of a second
        now_s[0] += 0.1
    engine.close()
    # A step of one second is followed by at least four for the frames.
    assert all(later - earlier >= 3.9 for earlier, later in itertools.pairwise(steps))


def test_a_pass_that_lasts_is_not_taken_for_a_pause() -> None:
    """A slow network: the check must not queue up behind the frame that is being worked on."""
    now_s = [0.0]
    steps: list[float] = []

    class Slow(FakeEngine):
        def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
            now_s[0] += 0.5  # as long as two pauses
            tick.wait(0.002)
            return super().run(network_input, saliency)

    def upgrade(pause: Pause, turn: threading.Lock) -> Engine | None:
        for _ in range(3):
            pause(1.0)
            with turn:
                steps.append(now_s[0])
        return None

    tick = threading.Event()
    engine = UpgradingEngine(Slow("f32"), upgrade, keeps_exact=True, clock=lambda: now_s[0])
    engine.warm_up(INPUT)
    while not engine.settled:
        engine.run(INPUT)
    engine.close()
    assert all(later - earlier >= 3.4 for earlier, later in itertools.pairwise(steps))


def test_a_precision_asked_for_by_name_is_not_dropped_without_a_word() -> None:
    def upgrade(_pause: Pause, _turn: threading.Lock) -> Engine | None:
        raise EngineError("no memory")

    for asked, told in (("int8", 1), ("", 0)):
        engine = UpgradingEngine(FakeEngine("f32"), upgrade, keeps_exact=True, asked=asked)
        engine.warm_up(INPUT)
        wait_until(lambda engine=engine: engine.settled)
        news = [one for one in engine.take_notices() if "cannot be used" in one]
        assert len(news) == told
        engine.close()


def test_any_error_of_the_check_leaves_f32_at_work() -> None:
    def upgrade(_pause: Pause, _turn: threading.Lock) -> Engine | None:
        raise MemoryError

    with upgrading(FakeEngine("f32", 1.0), upgrade) as engine:
        engine.warm_up(INPUT)
        wait_until(lambda: engine.settled)
        assert engine.run(INPUT).logits[0] == 1.0


def test_a_pass_and_a_step_of_the_check_take_turns() -> None:
    running = threading.Lock()
    met: list[str] = []

    class Alone(FakeEngine):
        def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
            if not running.acquire(blocking=False):
                met.append("a pass within a step")
                return super().run(network_input, saliency)
            try:
                return super().run(network_input, saliency)
            finally:
                running.release()

    frames = threading.Event()

    def upgrade(pause: Pause, turn: threading.Lock) -> Engine | None:
        for _ in range(200):
            with turn:
                if not running.acquire(blocking=False):
                    met.append("a step within a pass")
                    continue
                running.release()
            pause(0.0)
        frames.set()
        return None

    with upgrading(Alone("f32"), upgrade) as engine:
        engine.warm_up(INPUT)
        while not frames.is_set():
            engine.run(INPUT)
            engine.run_batch(np.concatenate([INPUT, INPUT]))
    assert met == []


@pytest.mark.skipif(not candidates(), reason="this processor runs f32 only")
def test_a_real_network_begins_in_f32_and_goes_on_where_it_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way: two starts that are cut off, one that ends, one that finds the verdict."""
    shop = Workshop(
        card_of("smallnet"), random_tensors("smallnet"), paths.demo_exam(), tmp_path / "verdicts"
    )
    picture = np.random.default_rng(0).standard_normal((1, 1, 224, 288), np.float32)
    choice = EngineChoice("openvino", "auto", "cpu")
    assert candidates()
    for _ in range(2):
        engine = engine_from(shop, choice, at_once=True)
        assert isinstance(engine, UpgradingEngine)
        engine.warm_up(picture)
        assert engine.precision == "f32"
        assert np.isfinite(engine.run(picture).logits).all()
        engine.close()
    assert not list(shop.folder.glob("*[0-9a-f].npz"))
    engine = engine_from(shop, choice, at_once=True)
    assert isinstance(engine, UpgradingEngine)
    engine.warm_up(picture)
    wait_until(lambda: engine.settled, "the check")
    exact = engine._exact.run(picture)
    found = engine.run(picture)
    assert int(found.logits.argmax()) == int(exact.logits.argmax())
    engine.close()
    last = engine_from(shop, choice, at_once=True)
    assert not isinstance(last, UpgradingEngine)
    monkeypatch.setattr(choosing, "verdict_folder", lambda: shop.folder)
    assert choosing.has_verdict(shop.card) is True
    last.close()
