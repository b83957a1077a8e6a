"""The CUDA engine: recorded graphs, half precision, and copies beside the work."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from sonoassist.core.errors import EngineError, ModelError
from sonoassist.core.packets import Floats, Pixels
from sonoassist.engines.base import Engine, EngineOutput, Saliency, check_batch
from sonoassist.engines.cuda_device import CudaDevice, Device
from sonoassist.engines.cuda_graph import StaticGraph
from sonoassist.engines.cuda_lanes import CropIntake, InputIntake, Intake, Lane
from sonoassist.model.architecture import Architecture

MAX_BATCH = 32
"""Most pictures in one recorded graph; larger batches are cut."""

_LANES = 2
"""Batches on their way at once: while one is worked on, the next one is filled and uploaded."""
_KEPT = 8
"""Kinds of work kept recorded; at more the one longest unused is dropped."""
_DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


@dataclass(frozen=True, slots=True)
class _Kind:
    """What one recorded graph is for."""

    intake: Intake
    count: int
    saliency: Saliency


class CudaEngine(Engine):
    """Runs the static graph on a CUDA device.

    The work is recorded once for each kind of call (shape, number of pictures up to a power of
    two, saliency), when it is first asked for; this takes a second or so. After that a call is
    one copy up, one launch, one copy down.

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
        if precision not in _DTYPES:
            known = ", ".join(_DTYPES)
            raise EngineError(f"torch has no precision {precision!r} here", f"There are: {known}")
        self._host = device if device is not None else CudaDevice(precision)
        self.precision = precision
        self.device = self._host.name
        self._spec = spec
        self._lanes: OrderedDict[_Kind, list[Lane]] = OrderedDict()
        dtype = _DTYPES[precision]
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
        height_px, width_px = inputs.shape[2:]
        return self._run(InputIntake(height_px, width_px), list(inputs), saliency)

    def run_frames(
        self,
        crops: Sequence[Pixels],
        saliency: Saliency = Saliency.PLAIN,
        *,
        height_px: int = 224,
        width_px: int = 288,
        scale: float = 255.0,
    ) -> list[EngineOutput]:
        """Prepare crops on the device, as `preprocess.prepare` does, and run them.

        Args:
            crops: uint8, (h, w, 3) or (h, w), all of one shape; what `prepare` would cut out.
            saliency: Which backward pass is run.
            height_px: Height of the network input.
            width_px: Its width.
            scale: Standard deviation of the network input.

        Returns:
            One output for each crop, in order.

        Raises:
            EngineError: The crops are not of one shape or empty, or the engine failed.
        """
        if not len(crops):
            return []
        rows, columns, channels = _crop_shape(crops)
        intake = CropIntake(rows, columns, channels, height_px, width_px, scale)
        return self._run(intake, [crop.reshape(intake.item_shape) for crop in crops], saliency)

    def _run(
        self, intake: Intake, items: Sequence[NDArray[np.generic]], saliency: Saliency
    ) -> list[EngineOutput]:
        self._check_size(intake)
        with self._reported(), torch.inference_mode():
            return self._run_pieces(intake, items, saliency)

    def _check_size(self, intake: Intake) -> None:
        try:
            self._spec.map_size(intake.height_px, intake.width_px)
        except ModelError as error:
            raise EngineError(f"the engine failed: {error.message}", error.hint) from error

    def _run_pieces(
        self, intake: Intake, items: Sequence[NDArray[np.generic]], saliency: Saliency
    ) -> list[EngineOutput]:
        results: list[EngineOutput] = []
        sent: deque[Callable[[], list[EngineOutput]]] = deque()
        for number, piece in enumerate(_pieces(items)):
            if len(sent) == _LANES:
                results += sent.popleft()()
            kind = _Kind(intake, _batch_size(len(piece)), saliency)
            sent.append(self._lane(kind, number % _LANES).send(piece))
        while sent:
            results += sent.popleft()()
        return results

    def _lane(self, kind: _Kind, number: int) -> Lane:
        """A lane that is free: `number` alternates, and all but the last sent one have ended."""
        lanes = self._lanes.setdefault(kind, [])
        self._lanes.move_to_end(kind)
        while len(lanes) <= number:
            lanes.append(Lane(self._host, self._graph, kind.intake, kind.count, kind.saliency))
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


def _crop_shape(crops: Sequence[Pixels]) -> tuple[int, int, int]:
    shapes = {crop.shape for crop in crops}
    shape = crops[0].shape
    fits = len(shapes) == 1 and shape[2:] in ((), (1,), (3,)) and len(shape) in (2, 3)
    if not fits or not crops[0].size or any(crop.dtype != np.uint8 for crop in crops):
        raise EngineError("the engine failed: the crops are not 8-bit pictures of one size")
    return shape[0], shape[1], shape[2] if len(shape) == 3 else 1


def _pieces(items: Sequence[NDArray[np.generic]]) -> Iterator[Sequence[NDArray[np.generic]]]:
    for start in range(0, len(items), MAX_BATCH):
        yield items[start : start + MAX_BATCH]


def _batch_size(count: int) -> int:
    """The next power of two, so that few sizes are recorded; what is too much is left idle."""
    return 1 << (count - 1).bit_length()
