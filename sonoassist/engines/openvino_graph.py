"""The saliency graph written in OpenVINO's operations, straight from the layer list.

No torch is needed to build or run it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.engines.base import Saliency
from sonoassist.engines.openvino_api import ops, ov
from sonoassist.engines.rounding import INT8_STEPS, KEPT_WIDE
from sonoassist.model.architecture import Architecture, Conv

Tensors = Mapping[str, NDArray[np.float32]]
Node = Any  # OpenVINO ships no type hints for its nodes


@dataclass
class _Tape:
    """What the backward pass needs of each layer: its input and its output, in order."""

    inputs: list[Node] = field(default_factory=list)
    outputs: list[Node] = field(default_factory=list)


def build_graph(
    spec: Architecture, tensors: Tensors, height_px: int, width_px: int, saliency: Saliency
) -> ov.Model:
    """Build the graph for one input size.

    Outputs, in order: logits (1, 14), score maps (1, 14, fh, fw) and, unless `saliency` is
    NONE, the saliency (1, 1, h, w) of the winning plane.
    """
    x = ops.parameter([1, 1, height_px, width_px], np.float32, name="input")
    tape = _Tape()
    maps = _forward(spec, tensors, x, tape)
    logits = ops.reduce_mean(maps, [2, 3], keep_dims=False)
    results = [logits, maps]
    if saliency is not Saliency.NONE:
        guided = saliency is Saliency.GUIDED
        results.append(_backward(spec, tensors, maps, logits, tape, guided))
    return ov.Model(results, [x], f"{spec.name}-{saliency.value}")


def build_int8_graph(
    spec: Architecture, tensors: Tensors, peaks: Sequence[float], height_px: int, width_px: int
) -> ov.Model:
    """Build the forward pass in int8 for one input size; outputs as `build_graph` without saliency.

    Args:
        spec: The network.
        tensors: Its weights, from `rounding.int8_tensors`.
        peaks: Greatest input of each convolution; what is above is cut off.
        height_px: Of the input.
        width_px: Of the input.
    """
    x = ops.parameter([1, 1, height_px, width_px], np.float32, name="input")
    maps = _forward(spec, tensors, x, _Tape(), peaks)
    logits = ops.reduce_mean(maps, [2, 3], keep_dims=False)
    return ov.Model([logits, maps], [x], f"{spec.name}-int8")


def build_statistics_graph(
    spec: Architecture, tensors: Tensors, height_px: int, width_px: int
) -> ov.Model:
    """Build the forward pass that gives, for each convolution, what flows into it.

    Outputs: for each convolution the mean of every channel (inputs,) and the greatest value ().
    """
    x = ops.parameter([1, 1, height_px, width_px], np.float32, name="input")
    tape = _Tape()
    _forward(spec, tensors, x, tape)
    results = []
    for layer, before in zip(spec.layers, tape.inputs, strict=True):
        if isinstance(layer, Conv):
            results.append(ops.reduce_mean(before, [0, 2, 3], keep_dims=False))
            results.append(ops.reduce_max(before, [0, 1, 2, 3], keep_dims=False))
    return ov.Model(results, [x], f"{spec.name}-statistics")


def _forward(
    spec: Architecture,
    tensors: Tensors,
    x: Node,
    tape: _Tape,
    peaks: Sequence[float] | None = None,
) -> Node:
    number = 0
    for layer in spec.layers:
        tape.inputs.append(x)
        if isinstance(layer, Conv):
            if peaks is not None and number >= KEPT_WIDE:
                x = _conv_int8(layer, tensors, number, x, peaks[number])
            else:
                x = _conv(layer, tensors, number, x)
            number += 1
        else:
            x = _pool(x)
        tape.outputs.append(x)
    return x


def _conv_int8(layer: Conv, tensors: Tensors, number: int, x: Node, peak: float) -> Node:
    """A convolution between two roundings, which OpenVINO turns into one in int8."""
    zero, high = np.float32(0), np.float32(max(peak, 1e-30))
    x = ops.fake_quantize(x, zero, high, zero, high, 256)
    weight = tensors[f"conv{number:02d}.weight"]
    side = np.maximum(np.abs(weight).max(axis=(1, 2, 3), keepdims=True), np.float32(1e-30))
    grid = ops.fake_quantize(ops.constant(weight), -side, side, -side, side, 2 * INT8_STEPS + 1)
    return _conv(layer, tensors, number, x, grid)


def _conv(layer: Conv, tensors: Tensors, number: int, x: Node, grid: Node | None = None) -> Node:
    weight, bias = tensors[f"conv{number:02d}.weight"], tensors[f"conv{number:02d}.bias"]
    weight = weight if grid is None else grid
    pads = [layer.padding] * 2
    x = ops.convolution(x, weight, [layer.stride] * 2, pads, pads, [1, 1])
    x = ops.add(x, bias.reshape(1, -1, 1, 1))
    return ops.relu(x) if layer.relu else x


def _pool(x: Node) -> Node:
    pooled = ops.max_pool(x, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2], "floor")
    return pooled.output(0)


def _backward(
    spec: Architecture, tensors: Tensors, maps: Node, logits: Node, tape: _Tape, guided: bool
) -> Node:
    error = ops.multiply(ops.relu(maps), _winner(logits))
    number = len(spec.convs)
    steps = list(zip(spec.layers, tape.inputs, tape.outputs, strict=True))
    for layer, before, after in reversed(steps):
        if not isinstance(layer, Conv):
            error = _unpool(error, before, after)
            continue
        number -= 1
        if layer.relu:
            error = _through_relu(error, after, guided)
        error = _through_conv(layer, tensors[f"conv{number:02d}.weight"], error, before)
    return error


def _winner(logits: Node) -> Node:
    """One for the winning class, zero for the others: (1, 14, 1, 1). The first of equals wins."""
    top = ops.topk(logits, np.int64(1), 1, "max", "value", index_element_type="i64", stable=True)
    classes = logits.get_output_shape(0)[1]
    numbers = ops.constant(np.arange(classes, dtype=np.int64).reshape(1, -1))
    chosen = ops.convert(ops.equal(numbers, top.output(1)), "f32")
    return ops.reshape(chosen, [1, classes, 1, 1], special_zero=False)


def _through_relu(error: Node, after: Node, guided: bool) -> Node:
    if guided:
        error = ops.relu(error)
    # Comparing keeps the channels-last layout; other ways to the mask cost a reordering each.
    return ops.select(ops.greater(after, np.float32(0)), error, np.float32(0))


def _through_conv(layer: Conv, weight: NDArray[np.float32], error: Node, before: Node) -> Node:
    if layer.stride == 1:
        # The transpose of a stride-1 convolution is a convolution with the kernel turned round.
        turned = np.ascontiguousarray(weight.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1])
        pads = [layer.kernel - 1 - layer.padding] * 2
        return ops.convolution(error, turned, [1, 1], pads, pads, [1, 1])
    return _through_strided_conv(layer, weight, error, before)


def _through_strided_conv(
    layer: Conv, weight: NDArray[np.float32], error: Node, before: Node
) -> Node:
    rows, columns = _size(before)
    error_rows, error_columns = _size(error)
    reached = [
        (size - 1) * layer.stride - 2 * layer.padding + layer.kernel
        for size in (error_rows, error_columns)
    ]
    pads = [layer.padding] * 2
    spread = ops.convolution_backprop_data(
        error, weight, [layer.stride] * 2, pads_begin=pads, pads_end=pads
    )
    # Rows and columns behind the last step of the stride were never looked at.
    return _pad(spread, rows - reached[0], columns - reached[1])


def _size(node: Node) -> tuple[int, int]:
    shape = node.shape if hasattr(node, "shape") else node.get_output_shape(0)
    return int(shape[2]), int(shape[3])


def _pad(node: Node, rows: int, columns: int) -> Node:
    if not rows and not columns:
        return node
    return ops.pad(node, [0, 0, 0, 0], [0, 0, rows, columns], "constant", np.float32(0))


def _unpool(error: Node, before: Node, after: Node) -> Node:
    """Give the error of each window to its maximum; of equal ones the first in row order."""
    rows, columns = _size(before)
    corners = [_corner(before, row, column) for row in (0, 1) for column in (0, 1)]
    shares, taken = [], None
    for corner in corners:
        hit = ops.equal(corner, after)
        first = hit if taken is None else ops.logical_and(hit, ops.logical_not(taken))
        taken = hit if taken is None else ops.logical_or(taken, hit)
        shares.append(ops.select(first, error, np.float32(0)))
    spread = ops.depth_to_space(ops.concat(shares, 1), "blocks_first", 2)
    return _pad(spread, rows % 2, columns % 2)


def _corner(node: Node, row: int, column: int) -> Node:
    rows, columns = _size(node)
    end = [2 * (rows // 2), 2 * (columns // 2)]
    return ops.slice(
        node,
        np.array([row, column], np.int64),
        np.array(end, np.int64),
        np.array([2, 2], np.int64),
        np.array([2, 3], np.int64),
    )
