"""A lane: buffers on the host and on the device, and the recorded work between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats, frozen
from sonoassist.engines.base import EngineOutput, Saliency
from sonoassist.engines.cuda_device import Device, Trip, Work
from sonoassist.engines.cuda_graph import StaticGraph
from sonoassist.engines.cuda_preprocess import CropPreparer
from sonoassist.model.saliency import GraphOutput

ToInput = Callable[[Tensor], Tensor]


class Intake(Protocol):
    """What is uploaded for one picture, and how it becomes a network input on the device."""

    @property
    def height_px(self) -> int:
        """Height of the network input."""
        ...

    @property
    def width_px(self) -> int:
        """Width of the network input."""
        ...

    @property
    def item_shape(self) -> tuple[int, ...]:
        """Shape of one picture as it is uploaded."""
        ...

    @property
    def dtype(self) -> torch.dtype:
        """Its numbers."""
        ...

    def on(self, device: torch.device) -> ToInput:
        """Make what turns a batch as uploaded into network inputs, float32 (n, 1, h, w)."""
        ...


@dataclass(frozen=True, slots=True)
class InputIntake:
    """Network inputs, made on the host."""

    height_px: int
    width_px: int

    @property
    def item_shape(self) -> tuple[int, ...]:
        """(1, h, w)."""
        return 1, self.height_px, self.width_px

    @property
    def dtype(self) -> torch.dtype:
        """float32."""
        return torch.float32

    def on(self, device: torch.device) -> ToInput:
        """They stay as they are."""
        return lambda inputs: inputs


@dataclass(frozen=True, slots=True)
class CropIntake:
    """8-bit crops of one size, prepared on the device.

    Attributes:
        rows: Height of the crops.
        columns: Their width.
        channels: 1 or 3.
        height_px: Height of the network input.
        width_px: Its width.
        scale: Its standard deviation.
    """

    rows: int
    columns: int
    channels: int
    height_px: int
    width_px: int
    scale: float

    @property
    def item_shape(self) -> tuple[int, ...]:
        """(rows, columns, channels)."""
        return self.rows, self.columns, self.channels

    @property
    def dtype(self) -> torch.dtype:
        """uint8."""
        return torch.uint8

    def on(self, device: torch.device) -> ToInput:
        """They are resized and normalised."""
        return CropPreparer(
            self.rows, self.columns, self.height_px, self.width_px, self.scale, device
        )


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
        intake: What is uploaded.
        count: Pictures in a full batch.
        saliency: Which backward pass is run.
    """

    def __init__(
        self, device: Device, graph: StaticGraph, intake: Intake, count: int, saliency: Saliency
    ) -> None:
        self._device = device
        self._saliency = saliency
        host_in = device.host_buffer((count, *intake.item_shape), intake.dtype)
        device_in = host_in.to(device.torch_device, copy=True)
        shapes = _output_shapes(graph, intake, count, saliency)
        size = sum(math.prod(shape) for shape in shapes)
        host_out = _Outputs(device.host_buffer((size,), torch.float32), shapes)
        device_out = _Outputs(torch.zeros(size, device=device.torch_device), shapes)
        # Made before recording: tables cannot be uploaded while a graph is captured.
        to_input = intake.on(device.torch_device)

        def work() -> None:
            device_out.take(graph.run(to_input(device_in), saliency))

        recorded = device.record(work)
        self._trip = Trip(host_in, device_in, recorded, device_out.block, host_out.block)
        self._places: NDArray[np.generic] = host_in.numpy()
        self._results: list[Floats] = [part.numpy() for part in host_out.parts]
        self._arrived: Work = _at_once

    def send(self, items: Sequence[NDArray[np.generic]]) -> Callable[[], list[EngineOutput]]:
        """Start a batch of up to `count` pictures; call the result to wait for its outputs.

        A batch that is still on its way is waited for first, and its outputs are lost.
        """
        self._arrived()
        for place, item in zip(self._places, items, strict=False):
            np.copyto(place, item)
        self._arrived = self._device.send(self._trip)

        def fetch() -> list[EngineOutput]:
            self._arrived()
            return [self._output(index) for index in range(len(items))]

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


def _output_shapes(
    graph: StaticGraph, intake: Intake, count: int, saliency: Saliency
) -> list[tuple[int, ...]]:
    maps = graph.spec.map_size(intake.height_px, intake.width_px)
    classes = graph.spec.convs[-1].outputs
    shapes: list[tuple[int, ...]] = [(count,), (count, classes), (count, classes, *maps)]
    if saliency is not Saliency.NONE:
        shapes.append((count, intake.height_px, intake.width_px))
    return shapes
