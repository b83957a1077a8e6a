from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as nnf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from real_models import random_tensors
from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats
from sonoassist.engines.base import Saliency
from sonoassist.engines.openvino_engine import OpenVINOEngine, measure_statistics
from sonoassist.engines.rounding import (
    KEPT_WIDE,
    bf16_tensors,
    int8_tensors,
    to_bf16,
    to_int8,
)
from sonoassist.model.architecture import architecture

SPEC = architecture("smallnet")
HEIGHT_PX, WIDTH_PX = 96, 128


def pictures(count: int = 4) -> list[Floats]:
    rng = np.random.default_rng(3)
    size = (count, 1, 1, HEIGHT_PX, WIDTH_PX)
    return list((rng.standard_normal(size) * 255).astype(np.float32))


@given(hnp.arrays(np.float32, 40, elements=st.floats(-(2.0**99), 2.0**99, width=32)))
def test_bf16_is_what_torch_rounds_to(values: NDArray[np.float32]) -> None:
    expected = torch.from_numpy(values.copy()).bfloat16().float().numpy()
    assert np.array_equal(to_bf16(values), expected)


@given(
    hnp.arrays(np.float32, (3, 2, 3, 3), elements=st.floats(-1024, 1024, width=16)),
    st.integers(0, 2),
)
def test_int8_weights_lie_on_255_steps(weight: NDArray[np.float32], empty: int) -> None:
    weight = weight.copy()
    weight[empty] = 0
    rounded = to_int8(weight)
    step = np.abs(weight).max(axis=(1, 2, 3), keepdims=True) / 127
    assert np.abs(rounded - weight).max() <= step.max() * 0.501
    assert not rounded[empty].any()
    again = to_int8(rounded)
    assert np.allclose(again, rounded, rtol=1e-5, atol=1e-30)


def test_statistics_are_those_of_the_first_layers() -> None:
    tensors, inputs = random_tensors("smallnet"), pictures()
    found = measure_statistics(SPEC, tensors, inputs)
    assert len(found.means) == len(found.peaks) == len(SPEC.convs)
    stacked = torch.from_numpy(np.concatenate(inputs))
    assert float(found.means[0][0]) == pytest.approx(float(stacked.mean()), abs=1e-2)
    assert found.peaks[0] == pytest.approx(float(stacked.max()))
    weight = torch.from_numpy(tensors["conv00.weight"])
    bias = torch.from_numpy(tensors["conv00.bias"])
    after = nnf.conv2d(stacked, weight, bias, stride=2).relu()
    pooled = nnf.max_pool2d(after, 2)
    assert np.allclose(found.means[1], pooled.mean((0, 2, 3)), rtol=1e-3)
    assert found.peaks[1] == pytest.approx(float(pooled.max()), rel=1e-4)


def test_the_corrected_bias_takes_the_mean_error_back() -> None:
    tensors = random_tensors("smallnet")
    found = measure_statistics(SPEC, tensors, pictures())
    for rounded in (bf16_tensors(tensors, found), int8_tensors(tensors, found)):
        for number in range(KEPT_WIDE, len(SPEC.convs)):
            weight, bias = f"conv{number:02d}.weight", f"conv{number:02d}.bias"
            assert not np.array_equal(rounded[weight], tensors[weight])
            means = found.means[number]
            true = tensors[weight].sum((2, 3)) @ means + tensors[bias]
            ours = rounded[weight].sum((2, 3)) @ means + rounded[bias]
            assert np.allclose(ours, true, rtol=1e-4, atol=1e-2 * np.abs(true).mean())
    assert np.array_equal(rounded["conv00.weight"], tensors["conv00.weight"])


def errors(precision: str, *, corrected: bool) -> list[float]:
    """Error of the class scores in a low precision, picture by picture, with and without."""
    tensors, inputs = random_tensors("smallnet", seed=5), pictures(8)
    statistics = measure_statistics(SPEC, tensors, inputs[:4])
    exact = OpenVINOEngine(SPEC, tensors)
    quick = OpenVINOEngine(SPEC, tensors, precision=precision, statistics=statistics)
    if not corrected:
        rounded = dict(int8_tensors(tensors, statistics))
        rounded.update({name: tensors[name] for name in tensors if name.endswith("bias")})
        quick._tensors = rounded
    return [
        float(
            np.linalg.norm(quick.run(x, Saliency.NONE).logits - exact.run(x, Saliency.NONE).logits)
        )
        for x in inputs[4:]
    ]


def test_int8_is_near_f32_and_nearer_with_the_correction() -> None:
    with_it, without = errors("int8", corrected=True), errors("int8", corrected=False)
    assert np.mean(with_it) < 0.7 * np.mean(without)


def test_int8_has_no_backward_pass() -> None:
    tensors = random_tensors("smallnet")
    statistics = measure_statistics(SPEC, tensors, pictures(1))
    engine = OpenVINOEngine(SPEC, tensors, precision="int8", statistics=statistics)
    out = engine.run(pictures(1)[0], Saliency.NONE)
    assert out.saliency is None
    assert out.score_maps.shape == (14, *SPEC.map_size(HEIGHT_PX, WIDTH_PX))
    with pytest.raises(EngineError, match="forward pass only"):
        engine.run(pictures(1)[0], Saliency.PLAIN)
