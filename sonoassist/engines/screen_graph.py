"""The graph of the network that reads screens, put so that OpenVINO runs it quicker.

It is the same network with the same weights; only the order of its sums changes. Two things cost
more than they compute: the place of each pixel, which is the same for all screens, as two planes of
the input, and a copy that joins maps of few channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.engines.openvino_api import ops, ov
from sonoassist.preprocess.screen_network import HEIGHT_PX, WIDTH_PX, places

COLOURS = 3
MASK_RANK = 4
_TO_PLANES = (0, 3, 1, 2)

Values = NDArray[np.float32]


def quick_graph(model: Any) -> Any:
    """The network as a graph for screens whose pixels come as they lie in memory.

    Args:
        model: An `ov.Model` of the network as it is trained, whose parts are used up.

    Returns:
        An `ov.Model`: brightened grey levels 0 to 1, float32 (1, 192, 256, 3), to probabilities of
        the cells, (1, 1, 96, 128), and of the kinds of screens, (1, 7).

    Raises:
        RuntimeError: It is another network.
    """
    picture = ops.parameter([1, HEIGHT_PX, WIDTH_PX, COLOURS], np.float32)
    first = _Layer(_user(model.get_parameters()[0], "Convolution"))
    half = _first_maps(first, picture)
    joined = _user(first.end, "Concat")
    for target in first.end.output(0).get_target_inputs():
        target.replace_source_output(half)
    edges = _Layer(_user(joined, "Convolution"))
    for target in edges.end.output(0).get_target_inputs():
        target.replace_source_output(_edges(edges, joined, half))
    cells, contents = _logits(model)
    found = ops.sigmoid(cells), ops.softmax(contents, 1)
    return ov.Model([one.output(0) for one in found], [picture])


def _logits(model: Any) -> tuple[Any, Any]:
    """What the network gives: of the cells, which are a picture, and of the kinds of screens."""
    first, second = (one.input_value(0) for one in model.get_results())
    is_picture = first.get_partial_shape().rank.get_length() == MASK_RANK
    return (first, second) if is_picture else (second, first)


class _Layer:
    """A convolution with its bias and, where it has one, what is cut off below zero.

    Attributes:
        weights: float32 (outputs, inputs, height, width).
        bias: float32 (outputs,).
        end: The node whose output others use.
    """

    def __init__(self, convolution: Any) -> None:
        added = _user(convolution, "Add")
        self.weights = _constant(convolution.input_value(1).get_node())
        self.bias = _constant(added.input_value(1).get_node()).reshape(-1)
        users = [one.get_node() for one in added.output(0).get_target_inputs()]
        self.end = users[0] if users[0].get_type_name() == "Relu" else added


def _user(node: Any, kind: str) -> Any:
    """The node of a kind that uses another one's output."""
    for target in node.output(0).get_target_inputs():
        if target.get_node().get_type_name() == kind:
            return target.get_node()
    raise RuntimeError(f"no {kind} where one is expected")


def _constant(node: Any) -> Values:
    while node.get_type_name() == "Reshape":
        node = node.input_value(0).get_node()
    if node.get_type_name() != "Constant":
        raise RuntimeError("weights are expected")
    return np.array(node.data, np.float32)


def _first_maps(first: _Layer, picture: Any) -> Any:
    """The maps of the first layer: by the colours, and what the places add, which is known."""
    planes = ops.transpose(picture, ops.constant(np.array(_TO_PLANES)))
    colours = np.ascontiguousarray(first.weights[:, :COLOURS])
    known = _halved(places(), first.weights[:, COLOURS:]) + first.bias[:, None, None]
    by_colour = ops.convolution(planes, ops.constant(colours), [2, 2], [1, 1], [1, 1], [1, 1])
    return ops.relu(ops.add(by_colour, ops.constant(known[None].astype(np.float32)))).output(0)


def _halved(planes: Values, weights: Values) -> NDArray[np.float64]:
    """What a 3 x 3 convolution with a stride of 2 makes of planes, (outputs, rows, columns)."""
    _, rows, columns = planes.shape
    padded = np.pad(planes.astype(np.float64), ((0, 0), (1, 1), (1, 1)))
    total = np.zeros((len(weights), rows // 2, columns // 2))
    for down in range(3):
        for across in range(3):
            part = padded[:, down : down + rows : 2, across : across + columns : 2]
            total += np.einsum("oc,cyx->oyx", weights[:, :, down, across], part)
    return total


def _edges(edges: _Layer, joined: Any, half: Any) -> Any:
    """The maps of the layer that sees two kinds of maps: the sum of what it makes of each."""
    coarse = joined.input_value(0)
    count = int(coarse.get_shape()[1])
    parts = (coarse, edges.weights[:, :count]), (half, edges.weights[:, count:])
    by_coarse, by_fine = (
        ops.convolution(
            maps, ops.constant(np.ascontiguousarray(weights)), [1, 1], [1, 1], [1, 1], [1, 1]
        )
        for maps, weights in parts
    )
    bias = ops.constant(edges.bias.reshape(1, -1, 1, 1))
    return ops.relu(ops.add(ops.add(by_coarse, bias), by_fine)).output(0)
