"""Large products through OpenVINO on the processor."""

from __future__ import annotations

from typing import Any

import numpy as np

from sonoassist.core.packets import Floats
from sonoassist.engines.openvino_api import compiled_for_latency, ops, ov
from sonoassist.engines.probes import Probe, ProbeSizes

CHAIN = 3
"""Products in a row, so that turning the input into the precision weighs little."""


def products(precision: str, sizes: ProbeSizes) -> list[Probe]:
    """A chain of matrix products and one of convolutions, at "f32" or "bf16"."""
    return [
        Probe("matrix product", CHAIN * sizes.matrix_flop, _Run(_matrices(sizes), precision)),
        Probe("convolution", CHAIN * sizes.convolution_flop, _Run(_pictures(sizes), precision)),
    ]


def thread_count() -> int:
    """How many threads OpenVINO multiplies with when it is left to itself."""
    x = ops.parameter([1, 1], np.float32)
    compiled = compiled_for_latency(ov.Model([ops.relu(x)], [x], "threads"), "f32")
    return int(compiled.get_property("INFERENCE_NUM_THREADS"))


class _Run:
    def __init__(self, model: Any, precision: str) -> None:
        shape = [int(side) for side in model.input(0).shape]
        self._input = _random(*shape)
        self._request = compiled_for_latency(model, precision).create_infer_request()

    def __call__(self) -> None:
        self._request.infer([self._input], share_inputs=True, share_outputs=True)


def _random(*shape: int) -> Floats:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def _matrices(sizes: ProbeSizes) -> Any:
    side = sizes.matrix
    # Scaled so that the products of products stay near one: odd numbers can be slow numbers.
    weight = _random(side, side) / np.float32(np.sqrt(side))
    x = node = ops.parameter([side, side], np.float32)
    for _ in range(CHAIN):
        node = ops.matmul(node, weight, False, False)
    return ov.Model([node], [x], "matrices")


def _pictures(sizes: ProbeSizes) -> Any:
    channels = sizes.channels
    weight = _random(channels, channels, 3, 3) / np.float32(np.sqrt(9 * channels))
    x = node = ops.parameter(
        [sizes.pictures, channels, sizes.height_px, sizes.width_px], np.float32
    )
    for _ in range(CHAIN):
        node = ops.convolution(node, weight, [1, 1], [1, 1], [1, 1], [1, 1])
    return ov.Model([node], [x], "pictures")
