from __future__ import annotations

import numpy as np
import pytest

from real_models import random_tensors
from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats
from sonoassist.engines import torch_engine
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.torch_engine import TorchEngine, torch_has_bf16
from sonoassist.model.architecture import architecture

SIZE = (100, 130)
RELATIVE = {"f32": 0.02, "bf16": 0.1}


def batch(count: int = 5, seed: int = 0) -> Floats:
    x = np.random.default_rng(seed).standard_normal((count, 1, *SIZE), np.float32)
    return x * np.float32(255)


def mixed_tensors(x: Floats) -> dict[str, np.ndarray]:
    """SmallNet whose winner differs from picture to picture of `x`."""
    tensors = random_tensors("smallnet", seed=1)
    plain = TorchEngine(architecture("smallnet"), tensors)
    mean = np.mean([plain.run(one[None], Saliency.NONE).logits for one in x], axis=0)
    tensors["conv05.bias"] = (tensors["conv05.bias"] - mean).astype(np.float32)
    return tensors


def close(ours: Floats | None, theirs: Floats | None, relative: float) -> bool:
    assert ours is not None
    assert theirs is not None
    assert ours.shape == theirs.shape
    return float(np.linalg.norm(ours - theirs)) <= relative * float(np.linalg.norm(theirs))


class OneByOne(Engine):
    """Uses the batch of the base class."""

    name, precision, device = "one", "f32", "CPU"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.shapes: list[tuple[int, ...]] = []

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        assert network_input.flags.c_contiguous
        self.shapes.append(network_input.shape)
        return self._engine.run(network_input, saliency)


@pytest.mark.parametrize("precision", ["f32", *(["bf16"] if torch_has_bf16() else [])])
@pytest.mark.parametrize("saliency", list(Saliency))
def test_a_batch_equals_singles(precision: str, saliency: Saliency) -> None:
    x = batch() * np.float32([1, 2, 5, 1, 3]).reshape(-1, 1, 1, 1)
    engine = TorchEngine(architecture("smallnet"), mixed_tensors(x), precision=precision)
    singles = [engine.run(one[None], saliency) for one in x]
    together = engine.run_batch(x, saliency)
    winners = {int(out.logits.argmax()) for out in singles}
    assert len(winners) > 1
    for ours, theirs in zip(together, singles, strict=True):
        assert close(ours.logits, theirs.logits, RELATIVE[precision])
        assert close(ours.score_maps, theirs.score_maps, RELATIVE[precision])
        if saliency is Saliency.NONE:
            assert ours.saliency is None
        else:
            assert close(ours.saliency, theirs.saliency, RELATIVE[precision])


def test_each_picture_has_the_saliency_of_its_own_plane() -> None:
    x = batch()
    engine = TorchEngine(architecture("smallnet"), mixed_tensors(x))
    turned = engine.run_batch(x[::-1])
    for ours, theirs in zip(engine.run_batch(x), turned[::-1], strict=True):
        assert close(ours.saliency, theirs.saliency, RELATIVE["f32"])
    first, second = engine.run_batch(x)[:2]
    assert not close(first.saliency, second.saliency, 0.5)


def test_large_batches_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    x = batch(5)
    engine = TorchEngine(architecture("smallnet"), random_tensors("smallnet"))
    whole = engine.run_batch(x)
    monkeypatch.setattr(torch_engine, "_AT_ONCE", 2)
    for ours, theirs in zip(engine.run_batch(x), whole, strict=True):
        assert close(ours.saliency, theirs.saliency, RELATIVE["f32"])


def test_the_base_class_runs_one_after_the_other() -> None:
    real = TorchEngine(architecture("smallnet"), random_tensors("smallnet"))
    engine = OneByOne(real)
    x = batch(6)[::2]
    outputs = engine.run_batch(x, Saliency.NONE)
    assert engine.shapes == [(1, 1, *SIZE)] * 3
    for ours, theirs in zip(outputs, real.run_batch(x, Saliency.NONE), strict=True):
        assert close(ours.logits, theirs.logits, 1e-5)
        assert ours.saliency is None


@pytest.mark.parametrize("wrapped", [False, True])
def test_inputs_need_not_be_contiguous(wrapped: bool) -> None:
    real = TorchEngine(architecture("smallnet"), random_tensors("smallnet"))
    engine: Engine = OneByOne(real) if wrapped else real
    x = batch(6)
    view = x[::2, :, ::-1, ::-1]
    assert not view.flags.c_contiguous
    for ours, theirs in zip(
        engine.run_batch(view), real.run_batch(np.ascontiguousarray(view)), strict=True
    ):
        assert close(ours.saliency, theirs.saliency, RELATIVE["f32"])


@pytest.mark.parametrize("wrapped", [False, True])
def test_no_inputs_no_outputs_and_bad_shapes(wrapped: bool) -> None:
    real = TorchEngine(architecture("smallnet"), random_tensors("smallnet"))
    engine: Engine = OneByOne(real) if wrapped else real
    assert engine.run_batch(batch(0)) == []
    for bad in (batch(1)[0], batch(2).reshape(1, 2, *SIZE), np.float32(1).reshape(())):
        with pytest.raises(EngineError, match="n x 1 x height x width"):
            engine.run_batch(bad)


def test_results_of_a_batch_are_the_callers_own() -> None:
    engine = TorchEngine(architecture("smallnet"), random_tensors("smallnet"))
    first = engine.run_batch(batch(2, seed=1))
    kept = [np.array(out.saliency) for out in first]
    engine.run_batch(batch(2, seed=2))
    for out, before in zip(first, kept, strict=True):
        assert out.saliency is not None
        assert not out.saliency.flags.writeable
        np.testing.assert_array_equal(out.saliency, before)
