from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats
from sonoassist.core.planes import BACKGROUND_INDEX
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.cascade import FORWARD_ONLY, CascadeEngine, CascadeStep
from sonoassist.engines.scores import lead, softmax

NOTHING = np.zeros((1, 1, 64, 64), np.float32)


class Told(Engine):
    """Gives two probabilities it was told; counts the passes."""

    name, device = "told", "CPU"

    def __init__(self, precision: str, first: float, second: float) -> None:
        self.precision = precision
        shares = np.full(14, max(1 - first - second, 1e-6) / 12, np.float32)
        shares[:2] = first, second
        self.logits: Floats = np.log(shares).astype(np.float32)
        self.asked: list[Saliency] = []
        self.closed = 0

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        self.asked.append(saliency)
        return EngineOutput(self.logits, np.zeros((14, 2, 2), np.float32), None)

    def close(self) -> None:
        self.closed += 1


def cascade(quick: Told, middle: Told, exact: Told) -> CascadeEngine:
    return CascadeEngine([CascadeStep(quick, 0.8, FORWARD_ONLY), CascadeStep(middle, 0.06)], exact)


@given(st.floats(0, 1), st.floats(0, 1))
def test_lead(one: float, other: float) -> None:
    logits = np.full(14, -30.0, np.float32)
    logits[3], logits[7] = 10 * one, 10 * other
    shares = softmax(logits)
    assert lead(logits) == pytest.approx(abs(float(shares[3] - shares[7])), abs=1e-6)


@pytest.mark.parametrize(
    ("quick", "middle", "asked"),
    [
        ((0.95, 0.01), (0.9, 0.05), (1, 0, 0)),  # sure
        ((0.85, 0.1), (0.9, 0.05), (1, 1, 0)),  # the quick one in doubt
        ((0.85, 0.1), (0.5, 0.46), (1, 1, 1)),  # the next one too
    ],
)
def test_only_frames_in_doubt_go_on(
    quick: tuple[float, float], middle: tuple[float, float], asked: tuple[int, int, int]
) -> None:
    engines = Told("int8", *quick), Told("bf16", *middle), Told("f32", 0.5, 0.4)
    out = cascade(*engines).run(NOTHING, Saliency.NONE)
    assert tuple(len(engine.asked) for engine in engines) == asked
    last = [engine for engine in engines if engine.asked][-1]
    assert out.logits is last.logits


@pytest.mark.parametrize(
    ("winner", "quick", "asked"),
    [
        (BACKGROUND_INDEX, 0.95, (1, 0, 0)),  # surely the background
        (BACKGROUND_INDEX, 0.6, (1, 1, 0)),  # perhaps
        (0, 0.95, (1, 0, 0)),  # a plane: both passes are run next, whatever is said here
        (0, 0.5, (1, 0, 0)),
    ],
)
def test_a_glance_asks_further_only_about_the_background(
    winner: int, quick: float, asked: tuple[int, int, int]
) -> None:
    engines = Told("int8", quick, 0.04), Told("bf16", 0.9, 0.05), Told("f32", 0.9, 0.05)
    shares = engines[0].logits.copy()
    shares[[0, winner]] = shares[[winner, 0]]
    engines[0].logits = shares
    out = cascade(*engines).glance(NOTHING)
    assert tuple(len(engine.asked) for engine in engines) == asked
    assert out.logits is [engine for engine in engines if engine.asked][-1].logits


def test_the_backward_pass_leaves_out_what_cannot_do_it() -> None:
    engines = Told("int8", 0.95, 0.01), Told("bf16", 0.9, 0.05), Told("f32", 0.9, 0.05)
    made = cascade(*engines)
    made.run(NOTHING, Saliency.PLAIN)
    assert [engine.asked for engine in engines] == [[], [Saliency.PLAIN], []]
    assert made.precision == "int8+bf16"
    assert (made.runs, made.exact_runs) == (1, 0)


def test_scores_that_are_not_numbers_reach_the_exact_engine() -> None:
    quick, exact = Told("bf16", 0.9, 0.05), Told("f32", 0.5, 0.4)
    quick.logits = np.full(14, np.nan, np.float32)
    out = CascadeEngine([CascadeStep(quick, 0.06)], exact).run(NOTHING)
    assert out.logits is exact.logits


def test_all_engines_are_warmed_up_and_closed() -> None:
    engines = Told("int8", 0.95, 0.01), Told("bf16", 0.9, 0.05), Told("f32", 0.9, 0.05)
    made = cascade(*engines)
    made.warm_up(NOTHING)
    assert [set(engine.asked) for engine in engines] == [
        {Saliency.NONE},
        {Saliency.NONE, Saliency.PLAIN},
        {Saliency.NONE, Saliency.PLAIN},
    ]
    made.close()
    assert [engine.closed for engine in engines] == [1, 1, 1]


class Lost(Told):
    """On a device that is lost after some passes."""

    device = "Made graphics"
    passes = 1

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        if len(self.asked) >= self.passes:
            raise EngineError("it was unplugged")
        return super().run(network_input, saliency)


def test_where_a_device_is_lost_the_processor_goes_on_and_says_so() -> None:
    quick, exact = Lost("f16", 0.95, 0.01), Told("f32", 0.9, 0.05)
    made = CascadeEngine([CascadeStep(quick, 0.06, may_fail=True)], exact)
    assert (made.device, made.precision) == ("Made graphics", "f16")
    assert made.run_traced(NOTHING).logits is quick.logits
    assert made.take_notices() == []
    for out in (made.run(NOTHING), made.run_traced(NOTHING), made.glance(NOTHING)):
        assert out.logits is exact.logits
    assert (made.device, made.precision) == ("CPU", "f32")
    (said,) = made.take_notices()
    assert "Made graphics failed" in said
    assert "it was unplugged" in said
    assert made.take_notices() == []


def test_a_processor_that_fails_is_no_device_that_is_lost() -> None:
    made = CascadeEngine([CascadeStep(Lost("bf16", 0.95, 0.01), 0.06)], Told("f32", 0.9, 0.05))
    made.run(NOTHING)
    with pytest.raises(EngineError, match="unplugged"):
        made.run(NOTHING)


def test_a_device_that_is_lost_already_does_not_keep_the_program_from_starting() -> None:
    quick, exact = Lost("f16", 0.95, 0.01), Told("f32", 0.9, 0.05)
    quick.passes = 0
    made = CascadeEngine([CascadeStep(quick, 0.06, may_fail=True)], exact)
    made.warm_up(NOTHING)
    assert set(exact.asked) == {Saliency.NONE, Saliency.PLAIN}
    assert len(made.take_notices()) == 1


def test_the_box_is_found_by_the_engine_that_gave_the_label() -> None:
    """Its masks are those of its own forward pass."""
    quick, middle, exact = (
        Told("int8", 0.95, 0.01),
        Told("bf16", 0.5, 0.46),
        Told("f32", 0.9, 0.05),
    )
    made = cascade(quick, middle, exact)
    assert made.run_traced(NOTHING).logits is exact.logits
    with pytest.raises(EngineError, match="no saliency"):
        made.backward(NOTHING)  # those told engines have none; the exact one was asked for it
    assert quick.asked == []
    assert exact.asked == [Saliency.NONE, Saliency.PLAIN]


class Boxing(Told):
    """Has a saliency of its own, and names another class of one picture."""

    def __init__(self, precision: str, first: float, second: float, place: int) -> None:
        super().__init__(precision, first, second)
        self.saliency: Floats = np.full((2, 2), place, np.float32)
        self.doubtful: Floats | None = None

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        out = super().run(network_input, saliency)
        logits = np.zeros(14, np.float32) if network_input is self.doubtful else out.logits
        return EngineOutput(logits, out.score_maps, self.saliency)


def test_a_box_is_of_the_engine_of_its_own_label_where_several_take_turns() -> None:
    quick, exact = Boxing("bf16", 0.95, 0.01, 1), Boxing("f32", 0.9, 0.05, 2)
    made = CascadeEngine([CascadeStep(quick, 0.06)], exact)
    one, other = NOTHING.copy(), NOTHING.copy()
    quick.doubtful = one  # so the exact engine names it
    made.run_traced(one)
    made.run_traced(other)  # by another user
    np.testing.assert_array_equal(made.backward(one), exact.saliency)
    np.testing.assert_array_equal(made.backward(other), quick.saliency)


class LostBoxing(Boxing, Lost):
    """Fails in its second pass."""


def test_where_a_device_is_lost_between_label_and_box_the_processor_finds_it() -> None:
    quick, exact = LostBoxing("f16", 0.95, 0.01, 1), Boxing("f32", 0.9, 0.05, 2)
    made = CascadeEngine([CascadeStep(quick, 0.06, may_fail=True)], exact)
    made.run_traced(NOTHING)
    np.testing.assert_array_equal(made.backward(NOTHING), exact.saliency)
    (said,) = made.take_notices()
    assert "it was unplugged" in said
    assert made.device == "CPU"
