"""The backward pass (Eq. 4) written in OpenVINO's operations, a graph of its own.

It starts from what the forward pass left (`openvino_graph.build_traced_forward`). Its convolutions
can run in int8: the pass is linear in the error, so the error is divided by its own largest value
before each of them, which is a scale of that very frame in a graph that never changes. Masks need
precision, errors hardly any: with the masks of f32 the boxes agree with those of an exact pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.engines.openvino_api import ops, ov
from sonoassist.engines.openvino_graph import CORNERS, traced_layers
from sonoassist.engines.rounding import KEPT_WIDE
from sonoassist.model.architecture import Architecture, Conv, Pool

Tensors = Mapping[str, NDArray[np.float32]]
Node = Any  # OpenVINO ships no type hints for its nodes

_LEVELS = 256
"""Steps of an int8 number. With 255, which is symmetrical, OpenVINO shifts the zero, and the
many small errors with it (correlation of the saliency 0.91 in place of 0.998)."""
_LOW, _HIGH = np.float32(-128 / 127), np.float32(1)
_TINY = np.float32(1e-30)
_WEIGHT_HEADROOM = np.float32(2)
"""Weights take half of the range of int8. Processors without VNNI add two products in 16 bits, and
what does not fit is cut off there: with the whole range the saliency of SonoNet-16 came out up to a
fifth too strong or too weak (correlation 0.966 in the worst of 29 pictures, and 0.995 with half of
it, as with VNNI). The steps twice as large cost nothing that could be measured.
"""


def build_backward(
    spec: Architecture,
    tensors: Tensors,
    height_px: int,
    width_px: int,
    *,
    guided: bool,
    int8: bool,
) -> ov.Model:
    """Build the backward pass of the winning plane for one input size.

    Inputs: the outputs of `build_traced_forward`, in their order. Output: the saliency
    (1, 1, h, w).

    Args:
        spec: The network.
        tensors: Its weights.
        height_px: Of the network's input.
        width_px: Of the network's input.
        guided: Pass positive errors only (Eq. 2).
        int8: Run the convolutions in int8, but for the one that gives the saliency.
    """
    sizes = [(height_px, width_px), *spec.sizes(height_px, width_px)]
    logits = ops.parameter([1, spec.convs[-1].outputs], np.float32)
    maps = ops.parameter([1, spec.convs[-1].outputs, *sizes[-1]], np.float32)
    traces = {
        number: ops.parameter([1, *sizes[number + 1], _channels(spec, number)], np.uint8)
        for number in traced_layers(spec)
    }
    rules = _Rules(guided, int8)
    error = ops.multiply(ops.relu(maps), _winner(logits))
    for step in _steps(spec, sizes, traces):
        if isinstance(step.layer, Pool):
            error = _through_pool(error, step, rules)
        else:
            error = _through_conv(error, step.layer, step, tensors, rules)
    parameters = [logits, maps, *traces.values()]
    return ov.Model([rules.undone(error)], parameters, f"{spec.name}-backward")


def _channels(spec: Architecture, number: int) -> int:
    """Channels behind a layer; a pool has those of the convolution before it."""
    return next(
        layer.outputs for layer in reversed(spec.layers[: number + 1]) if isinstance(layer, Conv)
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """One layer on the way back.

    Attributes:
        layer: It.
        number: Of the convolution among the convolutions; -1 for a pool.
        size: Height and width before the layer.
        trace: What the forward pass left of it (1, channels, h, w); None without one.
        relu: Whether a ReLU's word is in the trace.
    """

    layer: Conv | Pool
    number: int
    size: tuple[int, int]
    trace: Node | None
    relu: bool


def _steps(
    spec: Architecture, sizes: list[tuple[int, int]], traces: Mapping[int, Node]
) -> Iterator[_Step]:
    number = len(spec.convs)
    for place in reversed(range(len(spec.layers))):
        layer = spec.layers[place]
        number -= isinstance(layer, Conv)
        kept = traces.get(place)
        trace = None if kept is None else ops.transpose(kept, np.array([0, 3, 1, 2], np.int64))
        gate = layer if isinstance(layer, Conv) else spec.layers[place - 1]
        relu = trace is not None and isinstance(gate, Conv) and gate.relu
        yield _Step(layer, number if isinstance(layer, Conv) else -1, sizes[place], trace, relu)


@dataclass
class _Rules:
    """How errors go back, and by what they were divided on the way."""

    guided: bool
    int8: bool
    divisors: list[Node] = field(default_factory=list)

    def normalised(self, error: Node) -> Node:
        """The error in [-1, 1], where it is to be rounded."""
        if not self.int8:
            return error
        peak = ops.reduce_max(ops.abs(error), [1, 2, 3], keep_dims=True)
        divisor = ops.maximum(peak, _TINY)
        self.divisors.append(divisor)
        return ops.multiply(error, ops.divide(np.float32(1), divisor))

    def undone(self, saliency: Node) -> Node:
        """The saliency in the size that it has without any division."""
        factor = None
        for divisor in self.divisors:
            factor = divisor if factor is None else ops.multiply(factor, divisor)
        return saliency if factor is None else ops.multiply(saliency, factor)


def _winner(logits: Node) -> Node:
    """One for the winning class, zero for the others: (1, 14, 1, 1). The first of equals wins."""
    top = ops.topk(logits, np.int64(1), 1, "max", "value", index_element_type="i64", stable=True)
    classes = logits.get_output_shape(0)[1]
    numbers = ops.constant(np.arange(classes, dtype=np.int64).reshape(1, -1))
    chosen = ops.convert(ops.equal(numbers, top.output(1)), "f32")
    return ops.reshape(chosen, [1, classes, 1, 1], special_zero=False)


def _through_pool(error: Node, step: _Step, rules: _Rules) -> Node:
    """Give the error of each window to its maximum."""
    if step.relu:
        error = _passed(error, ops.greater(step.trace, np.uint8(0)), rules)
    # No error grows by being spread, and here it is a quarter of the size.
    error = rules.normalised(error)
    shares = [
        ops.select(ops.equal(step.trace, np.uint8(place + 1)), error, np.float32(0))
        for place in range(len(CORNERS))
    ]
    spread = ops.depth_to_space(ops.concat(shares, 1), "blocks_first", 2)
    return _pad(spread, step.size[0] % 2, step.size[1] % 2)


def _passed(error: Node, open_: Node, rules: _Rules) -> Node:
    """What a ReLU lets back."""
    error = ops.relu(error) if rules.guided else error
    return ops.select(open_, error, np.float32(0))


def _through_conv(error: Node, layer: Conv, step: _Step, tensors: Tensors, rules: _Rules) -> Node:
    weight = tensors[f"conv{step.number:02d}.weight"]
    if step.relu:
        error = _passed(error, ops.convert(step.trace, "boolean"), rules)
    if layer.stride != 1:
        return _through_strided_conv(error, layer, weight, step.size)
    # The transpose of a stride-1 convolution is a convolution with the kernel turned round.
    turned: Node = np.ascontiguousarray(weight.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1])
    if rules.int8 and step.number >= KEPT_WIDE:
        if step.trace is not None or not layer.relu:  # else the pool behind it has done so
            error = rules.normalised(error)
        error, turned = _in_int8(error, turned)
    pads = [layer.kernel - 1 - layer.padding] * 2
    return ops.convolution(error, turned, [1, 1], pads, pads, [1, 1])


def _in_int8(error: Node, weight: NDArray[np.float32]) -> tuple[Node, Node]:
    """Both rounded to steps, so that OpenVINO runs their convolution in int8."""
    error = ops.fake_quantize(error, _LOW, _HIGH, _LOW, _HIGH, _LEVELS)
    side = _WEIGHT_HEADROOM * np.maximum(np.abs(weight).max(axis=(1, 2, 3), keepdims=True), _TINY)
    steps = ops.fake_quantize(ops.constant(weight), -side, side, -side, side, _LEVELS - 1)
    return error, steps


def _through_strided_conv(
    error: Node, layer: Conv, weight: NDArray[np.float32], size: tuple[int, int]
) -> Node:
    reached = [
        (int(side) - 1) * layer.stride - 2 * layer.padding + layer.kernel
        for side in error.get_output_shape(0)[2:]
    ]
    pads = [layer.padding] * 2
    spread = ops.convolution_backprop_data(
        error, weight, [layer.stride] * 2, pads_begin=pads, pads_end=pads
    )
    # Rows and columns behind the last step of the stride were never looked at.
    return _pad(spread, size[0] - reached[0], size[1] - reached[1])


def _pad(node: Node, rows: int, columns: int) -> Node:
    if not rows and not columns:
        return node
    return ops.pad(node, [0, 0, 0, 0], [0, 0, rows, columns], "constant", np.float32(0))
