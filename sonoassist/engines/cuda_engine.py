"""The CUDA engine: recorded graphs, half precision, and copies beside the work."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

import numpy as np
import torch
from numpy.typing import NDArray

from sonoassist.core.errors import EngineError, ModelError
from sonoassist.core.packets import Floats
from sonoassist.engines.base import Engine, EngineOutput, Saliency, check_batch
from sonoassist.engines.cuda_device import CudaDevice, Device
from sonoassist.engines.cuda_graph import StaticGraph
from sonoassist.engines.cuda_lanes import GraphKind, Lane
from sonoassist.engines.torch_engine import DTYPES
from sonoassist.model.architecture import Architecture

MAX_BATCH = 32
"""Most pictures in one recorded graph; larger batches are cut."""

_LANES = 2
"""Batches on their way at once: while one is worked on, the next one is filled and uploaded."""
_KEPT = 8
"""Kinds of work kept recorded; at more the one longest unused is dropped."""


class CudaEngine(Engine):
    """Runs the static graph on a CUDA device.

    The work is recorded once for each kind of call (shape, number of pictures up to a power of
    two, saliency), when it is first asked for. After that a call is one copy up, one launch, one
    copy down.

    Args:
        spec: The network.
        tensors: Its folded weights.
        precision: "f16", "bf16" or "f32".
        device: Where it runs; None for the current CUDA device.

    Raises:
        EngineError: There is no CUDA device, or it lacks the precision.
    """

    name = "torch"

    def __init__(
        self,
        spec: Architecture,
        tensors: Mapping[str, NDArray[np.float32]],
        *,
        precision: str = "f16",
        device: Device | None = None,
    ) -> None:
        if precision not in DTYPES:
            known = ", ".join(DTYPES)
            raise EngineError(f"torch has no precision {precision!r} here", f"There are: {known}")
        self._host = device if device is not None else CudaDevice(precision)
        self.precision = precision
        self.device = self._host.name
        self._spec = spec
        self._lanes: OrderedDict[GraphKind, list[Lane]] = OrderedDict()
        dtype = DTYPES[precision]
        with self._reported(), torch.inference_mode():
            self._graph = StaticGraph(
                spec,
                tensors,
                self._host.torch_device,
                dtype,
                conv_relu=self._host.conv_relu(dtype),
            )

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """Run one input; see `Engine.run`."""
        return self.run_batch(network_input[:1], saliency)[0]

    def run_batch(self, inputs: Floats, saliency: Saliency = Saliency.PLAIN) -> list[EngineOutput]:
        """Run many inputs, up to `MAX_BATCH` at once; see `Engine.run_batch`."""
        check_batch(inputs)
        self._check_size(inputs)
        with self._reported(), torch.inference_mode():
            return self._run_pieces(inputs, saliency)

    def _check_size(self, inputs: Floats) -> None:
        try:
            self._spec.map_size(*inputs.shape[2:])
        except ModelError as error:
            raise EngineError(f"the engine failed: {error.message}", error.hint) from error

    def _run_pieces(self, inputs: Floats, saliency: Saliency) -> list[EngineOutput]:
        results: list[EngineOutput] = []
        sent: deque[Callable[[], list[EngineOutput]]] = deque()
        height_px, width_px = inputs.shape[2:]
        for number, start in enumerate(range(0, len(inputs), MAX_BATCH)):
            piece = inputs[start : start + MAX_BATCH]
            if len(sent) == _LANES:
                results += sent.popleft()()
            kind = GraphKind(height_px, width_px, _batch_size(len(piece)), saliency)
            sent.append(self._lane(kind, number % _LANES).send(piece))
        while sent:
            results += sent.popleft()()
        return results

    def _lane(self, kind: GraphKind, number: int) -> Lane:
        """A lane that is free: `number` alternates, and all but the last sent one have ended."""
        lanes = self._lanes.setdefault(kind, [])
        self._lanes.move_to_end(kind)
        while len(lanes) <= number:
            lanes.append(Lane(self._host, self._graph, kind))
        if len(self._lanes) > _KEPT:
            self._lanes.popitem(last=False)
        return lanes[number]

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:  # torch's own errors, out of memory among them
            self._drop()
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise EngineError(
                f"the graphics card failed: {first}", "Set the device to cpu"
            ) from error

    def _drop(self) -> None:
        """Forget what is recorded; it may be half made, and a lost device cannot free it."""
        with suppress(RuntimeError):
            self.close()

    def close(self) -> None:
        """Let go of recorded work and memory; the next run records anew."""
        self._lanes.clear()
        self._host.free()


def _batch_size(count: int) -> int:
    """The next power of two, so that few sizes are recorded; what is too much is left idle."""
    return 1 << (count - 1).bit_length()
