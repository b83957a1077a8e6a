"""A lane: buffers on the host and on the device, and the recorded work between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats, frozen
from sonoassist.engines.base import EngineOutput, Saliency
from sonoassist.engines.cuda_device import Device, Trip, Work
from sonoassist.engines.cuda_graph import StaticGraph
from sonoassist.model.saliency import GraphOutput


@dataclass(frozen=True, slots=True)
class GraphKind:
    """What one recorded graph is for.

    Attributes:
        height_px: Height of the network inputs.
        width_px: Their width.
        count: Pictures in a full batch.
        saliency: Which backward pass is run.
    """

    height_px: int
    width_px: int
    count: int
    saliency: Saliency


class _Outputs:
    """All results of a batch in one block of memory, so that they come down in one copy.

    Attributes:
        block: float32, all parts one after the other.
        parts: Views into it: check, logits, score maps and, where asked for, saliency. The check
            (n,) is finite only if every number of that picture is.
    """

    def __init__(self, block: Tensor, shapes: Sequence[tuple[int, ...]]) -> None:
        pieces = torch.split_with_sizes(block, [math.prod(shape) for shape in shapes])
        self.block = block
        self.parts = [part.view(shape) for part, shape in zip(pieces, shapes, strict=True)]

    def take(self, out: GraphOutput) -> None:
        """Copy the results of the graph in."""
        check, *results = self.parts
        for part, result in zip(results, out, strict=False):
            part.copy_(result)
        check.copy_(out.logits.sum(dim=1))  # a score map that is not finite shows in its mean
        if len(results) > 2:
            check.add_(out.saliency.sum(dim=(1, 2)))


class Lane:
    """The way of a batch through the device; carries one batch at a time.

    Args:
        device: Where the work runs.
        graph: The work.
        kind: Of the batches.
    """

    def __init__(self, device: Device, graph: StaticGraph, kind: GraphKind) -> None:
        self._device = device
        input_shape = (kind.count, 1, kind.height_px, kind.width_px)
        host_in = device.host_buffer(input_shape, torch.float32)
        device_in = host_in.to(device.torch_device, copy=True)
        shapes = _output_shapes(graph, kind)
        size = sum(math.prod(shape) for shape in shapes)
        host_out = _Outputs(device.host_buffer((size,), torch.float32), shapes)
        device_out = _Outputs(torch.zeros(size, device=device.torch_device), shapes)

        def work() -> None:
            device_out.take(graph.run(device_in, kind.saliency))

        recorded = device.record(work)
        self._trip = Trip(host_in, device_in, recorded, device_out.block, host_out.block)
        self._places: Floats = host_in.numpy()
        self._results: list[Floats] = [part.numpy() for part in host_out.parts]
        self._arrived: Work = _at_once

    def send(self, inputs: Floats) -> Callable[[], list[EngineOutput]]:
        """Start a batch of up to `count` inputs; call the result to wait for its outputs.

        A batch that is still on its way is waited for first, and its outputs are lost.

        Args:
            inputs: float32, (n, 1, h, w).
        """
        self._arrived()
        np.copyto(self._places[: len(inputs)], inputs)
        self._arrived = self._device.send(self._trip)

        def fetch() -> list[EngineOutput]:
            self._arrived()
            return [self._output(index) for index in range(len(inputs))]

        return fetch

    def _output(self, index: int) -> EngineOutput:
        """Copied out, since the next batch comes into the same memory."""
        check, *results = (part[index] for part in self._results)
        if not np.isfinite(check):
            raise EngineError(
                "the network gives values beyond the range of this precision",
                "Set the precision to bf16 or f32",
            )
        copies = [frozen(result.copy()) for result in results]
        return EngineOutput(copies[0], copies[1], copies[2] if len(copies) > 2 else None)


def _at_once() -> None:
    """Nothing is on its way."""


def _output_shapes(graph: StaticGraph, kind: GraphKind) -> list[tuple[int, ...]]:
    maps = graph.spec.map_size(kind.height_px, kind.width_px)
    count, classes = kind.count, graph.spec.convs[-1].outputs
    shapes: list[tuple[int, ...]] = [(count,), (count, classes), (count, classes, *maps)]
    if kind.saliency is not Saliency.NONE:
        shapes.append((count, kind.height_px, kind.width_px))
    return shapes
