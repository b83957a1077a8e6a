"""The forward pass written in OpenVINO's operations, straight from the layer list.

No torch is needed to build or run it. The backward pass is a graph of its own, see
`openvino_backward`: what it needs of the forward pass is a byte or less for each unit, its trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.engines.openvino_api import ops, ov
from sonoassist.engines.rounding import HEADROOM, INT8_STEPS, KEPT_WIDE
from sonoassist.model.architecture import Architecture, Conv, Pool

Tensors = Mapping[str, NDArray[np.float32]]
Node = Any  # OpenVINO ships no type hints for its nodes

CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))
"""The places of a pooling window, in the order in which equal values are told apart."""


def traced_layers(spec: Architecture) -> tuple[int, ...]:
    """Numbers of the layers that leave a trace: pools, and ReLUs that no pool follows.

    Behind a ReLU a pool's trace says both: where the maximum lay, and whether the ReLU let it
    through.
    """
    following = (*spec.layers[1:], None)
    return tuple(
        number
        for number, (layer, after) in enumerate(zip(spec.layers, following, strict=True))
        if isinstance(layer, Pool) or (layer.relu and not isinstance(after, Pool))
    )


def build_forward(spec: Architecture, tensors: Tensors, height_px: int, width_px: int) -> ov.Model:
    """Build the forward pass for one input size.

    Outputs, in order: logits (1, 14), score maps (1, 14, fh, fw).
    """
    x = _input(height_px, width_px)
    maps = _forward(spec, tensors, x)[-1]
    return ov.Model([_logits(maps), maps], [x], f"{spec.name}-forward")


def build_traced_forward(
    spec: Architecture, tensors: Tensors, height_px: int, width_px: int
) -> ov.Model:
    """Build the forward pass that leaves what the backward pass needs.

    Outputs, in order: those of `build_forward`, then for each of `traced_layers` uint8
    (1, h, w, channels): of a ReLU 1 where it lets through; of a pool the corner of the maximum,
    1 to 4, or 0 where a ReLU before it lets nothing through.
    """
    x = _input(height_px, width_px)
    nodes = _forward(spec, tensors, x)
    traces = [_trace(spec, number, nodes) for number in traced_layers(spec)]
    return ov.Model([_logits(nodes[-1]), nodes[-1], *traces], [x], f"{spec.name}-traced")


def build_int8_graph(
    spec: Architecture, tensors: Tensors, peaks: Sequence[float], height_px: int, width_px: int
) -> ov.Model:
    """Build the forward pass in int8 for one input size; outputs as `build_forward`.

    Args:
        spec: The network.
        tensors: Its weights, from `rounding.int8_tensors`.
        peaks: Greatest input of each convolution; what is above `HEADROOM` times it is cut off.
        height_px: Of the input.
        width_px: Of the input.
    """
    x = _input(height_px, width_px)
    maps = _forward(spec, tensors, x, peaks)[-1]
    return ov.Model([_logits(maps), maps], [x], f"{spec.name}-int8")


def build_statistics_graph(
    spec: Architecture, tensors: Tensors, height_px: int, width_px: int
) -> ov.Model:
    """Build the forward pass that gives, for each convolution, what flows into it.

    Outputs: for each convolution the mean of every channel (inputs,) and the greatest value ().
    """
    x = _input(height_px, width_px)
    nodes = _forward(spec, tensors, x)
    results = []
    for layer, before in zip(spec.layers, [x, *nodes], strict=False):
        if isinstance(layer, Conv):
            results.append(ops.reduce_mean(before, [0, 2, 3], keep_dims=False))
            results.append(ops.reduce_max(before, [0, 1, 2, 3], keep_dims=False))
    return ov.Model(results, [x], f"{spec.name}-statistics")


def _input(height_px: int, width_px: int) -> Node:
    return ops.parameter([1, 1, height_px, width_px], np.float32, name="input")


def _logits(maps: Node) -> Node:
    return ops.reduce_mean(maps, [2, 3], keep_dims=False)


def _forward(
    spec: Architecture, tensors: Tensors, x: Node, peaks: Sequence[float] | None = None
) -> list[Node]:
    """What comes out of each layer."""
    number = 0
    nodes = []
    for layer in spec.layers:
        if isinstance(layer, Conv):
            if peaks is not None and number >= KEPT_WIDE:
                x = _conv_int8(layer, tensors, number, x, peaks[number])
            else:
                x = _conv(layer, tensors, number, x)
            number += 1
        else:
            x = _pool(x)
        nodes.append(x)
    return nodes


def _conv_int8(layer: Conv, tensors: Tensors, number: int, x: Node, peak: float) -> Node:
    """A convolution between two roundings, which OpenVINO turns into one in int8."""
    zero, high = np.float32(0), np.float32(max(HEADROOM * peak, 1e-30))
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


def _trace(spec: Architecture, number: int, nodes: Sequence[Node]) -> Node:
    """What is kept of one layer, channels last: so it lies in memory, and copies nothing."""
    layer, after = spec.layers[number], nodes[number]
    if isinstance(layer, Pool):
        before = spec.layers[number - 1]
        blocked = isinstance(before, Conv) and before.relu
        trace = _route(nodes[number - 1], after, blocked)
    else:
        # Comparing keeps the channels-last layout; other ways to the mask cost a reordering each.
        trace = ops.greater(after, np.float32(0))
    return ops.transpose(ops.convert(trace, "u8"), np.array([0, 2, 3, 1], np.int64))


def _route(before: Node, after: Node, blocked: bool) -> Node:
    """The corner of each window's maximum, from 1; of equal ones the first in row order."""
    route = ops.constant(np.float32(len(CORNERS)))
    for place in reversed(range(len(CORNERS) - 1)):
        hit = ops.equal(_corner(before, *CORNERS[place]), after)
        route = ops.select(hit, np.float32(place + 1), route)
    if not blocked:
        return route
    return ops.select(ops.greater(after, np.float32(0)), route, np.float32(0))


def _corner(node: Node, row: int, column: int) -> Node:
    rows, columns = (int(side) for side in node.get_output_shape(0)[2:])
    return ops.slice(
        node,
        np.array([row, column], np.int64),
        np.array([2 * (rows // 2), 2 * (columns // 2)], np.int64),
        np.array([2, 2], np.int64),
        np.array([2, 3], np.int64),
    )
