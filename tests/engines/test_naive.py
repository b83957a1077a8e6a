from __future__ import annotations

import numpy as np
import pytest

from real_models import random_tensors
from sonoassist.core.errors import EngineError
from sonoassist.engines.base import Saliency
from sonoassist.engines.naive import NaiveEngine
from sonoassist.engines.torch_engine import TorchEngine
from sonoassist.model.architecture import architecture

SMALLNET = architecture("smallnet")


@pytest.fixture(scope="module")
def naive() -> NaiveEngine:
    return NaiveEngine(SMALLNET, random_tensors("smallnet"))


@pytest.fixture(scope="module")
def inputs() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((3, 1, 112, 144), np.float32)


@pytest.mark.parametrize("saliency", [Saliency.NONE, Saliency.PLAIN])
def test_it_gives_what_the_engines_give(
    naive: NaiveEngine, inputs: np.ndarray, saliency: Saliency
) -> None:
    engine = TorchEngine(SMALLNET, random_tensors("smallnet"))
    together = naive.run_batch(inputs, saliency)
    for at, out in enumerate(together):
        expected = engine.run(inputs[at : at + 1], saliency)
        np.testing.assert_allclose(out.logits, expected.logits, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(out.score_maps, expected.score_maps, rtol=1e-3, atol=1e-4)
        if saliency is Saliency.NONE:
            assert out.saliency is None
        else:
            assert out.saliency is not None
            assert expected.saliency is not None
            # Another order of sums may let one unit of thousands pass its ReLU or not.
            apart = np.linalg.norm(out.saliency - expected.saliency)
            assert apart <= 0.05 * np.linalg.norm(expected.saliency)


def test_one_at_a_time_is_the_same(naive: NaiveEngine, inputs: np.ndarray) -> None:
    alone = naive.run(inputs[1:2])
    np.testing.assert_allclose(alone.logits, naive.run_batch(inputs)[1].logits, rtol=1e-4)
    assert not alone.logits.flags.writeable


def test_a_batch_of_an_engine_is_in_order(inputs: np.ndarray) -> None:
    engine = TorchEngine(SMALLNET, random_tensors("smallnet"))
    together = engine.run_batch(inputs, Saliency.NONE)
    assert len(together) == 3
    for at, out in enumerate(together):
        alone = engine.run(inputs[at : at + 1], Saliency.NONE)
        np.testing.assert_allclose(out.logits, alone.logits, rtol=1e-4, atol=1e-5)


def test_what_it_cannot_do(naive: NaiveEngine, inputs: np.ndarray) -> None:
    with pytest.raises(EngineError, match="no guided pass"):
        naive.run(inputs[:1], Saliency.GUIDED)
    with pytest.raises(EngineError, match="torch failed"):
        naive.run(np.zeros((1, 1, 4, 4), np.float32))
    with pytest.raises(EngineError, match="no device 'tpu'"):
        NaiveEngine(SMALLNET, random_tensors("smallnet"), device="tpu")
