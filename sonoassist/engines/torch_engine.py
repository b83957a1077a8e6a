"""The torch engine: the CPU everywhere, MPS where there is one; and what torch has here."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats, frozen
from sonoassist.engines.base import Engine, EngineOutput, Saliency, check_batch
from sonoassist.model.architecture import Architecture
from sonoassist.model.networks import load_network
from sonoassist.model.saliency import GraphOutput, SaliencyGraph
from sonoassist.model.torch_threads import limit_torch_threads

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}
_SHOWN = {"cpu": "CPU", "mps": "Apple GPU"}
_AT_ONCE = 16
"""Pictures run together; more gain nothing and take memory."""


def torch_devices() -> list[str]:
    """Devices torch can run on here, best first: "cuda", "mps", "cpu"."""
    found = ["cuda"] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def torch_has_bf16() -> bool:
    """Whether torch multiplies bf16 on this processor, rather than emulate it.

    Not the same question as `has_bf16`: torch has limits of its own (`ONEDNN_MAX_CPU_ISA`, a build
    without oneDNN) that OpenVINO does not know.
    """
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def torch_precisions(device: str) -> list[str]:
    """What torch runs natively on a device of `torch_devices`."""
    if device == "cuda":
        from sonoassist.engines.cuda_device import BF16_CAPABILITY

        # torch's own question counts emulation as support.
        native = torch.cuda.get_device_capability()[0] >= BF16_CAPABILITY
        return ["f32", "f16", *(["bf16"] if native else [])]
    return ["f32", "f16"] if device == "mps" else ["f32", *(["bf16"] if torch_has_bf16() else [])]


class TorchEngine(Engine):
    """Runs the static graph with torch.

    Args:
        spec: The network.
        tensors: Its folded weights.
        device: "cpu" or "mps"; `CudaEngine` runs on "cuda".
        precision: "f32", "bf16" or "f16" (half precision on the CPU is bf16 only).

    Raises:
        EngineError: The device or precision is not to be had here.
    """

    name = "torch"

    def __init__(
        self,
        spec: Architecture,
        tensors: Mapping[str, NDArray[np.float32]],
        *,
        device: str = "cpu",
        precision: str = "f32",
    ) -> None:
        _check(device, precision)
        limit_torch_threads()
        self.precision = precision
        self.device = device.upper()
        self._device = torch.device(device)
        self._dtype = DTYPES[precision]
        network = load_network(spec, tensors).to(self._device, self._dtype)
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._graphs = {
            Saliency.NONE: SaliencyGraph(network, backward=False),
            Saliency.PLAIN: SaliencyGraph(network),
            Saliency.GUIDED: SaliencyGraph(network, guided=True),
        }

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """Run one input; see `Engine.run`."""
        return self.run_batch(network_input[:1], saliency)[0]

    def run_batch(self, inputs: Floats, saliency: Saliency = Saliency.PLAIN) -> list[EngineOutput]:
        """Run many inputs, several at once; see `Engine.run_batch`."""
        check_batch(inputs)
        starts = range(0, len(inputs), _AT_ONCE)
        pieces = [self._run_piece(inputs[i : i + _AT_ONCE], saliency) for i in starts]
        return [out for piece in pieces for out in piece]

    def _run_piece(self, inputs: Floats, saliency: Saliency) -> list[EngineOutput]:
        try:
            with torch.inference_mode():
                x = torch.from_numpy(np.array(inputs, dtype=np.float32, order="C"))
                out: GraphOutput = self._graphs[saliency](x.to(self._device, self._dtype))
                return [_picture(out, i, saliency) for i in range(len(inputs))]
        except RuntimeError as error:  # torch's own errors, out of memory among them
            first = str(error).splitlines()[0]
            raise EngineError(f"torch failed: {first}", "Set the device to cpu") from error

    def close(self) -> None:
        """Give cached memory of the device back."""
        if self._device.type == "mps":
            torch.mps.empty_cache()


def _check(device: str, precision: str) -> None:
    if device not in torch_devices():
        known = ", ".join(torch_devices())
        raise EngineError(f"torch has no device {device!r} here", f"There are: {known}")
    if precision in torch_precisions(device):
        return
    if (device, precision) == ("cpu", "bf16"):
        why = "torch has no bf16 instructions on this processor"
    else:
        why = f"torch has no fast {precision} on the {_SHOWN[device]}"
    raise EngineError(why, "Set the precision to auto or f32")


def _picture(out: GraphOutput, index: int, saliency: Saliency) -> EngineOutput:
    return EngineOutput(
        _numpy(out.logits[index]),
        _numpy(out.score_maps[index]),
        None if saliency is Saliency.NONE else _numpy(out.saliency[index]),
    )


def _numpy(tensor: torch.Tensor) -> Floats:
    array: Floats = frozen(tensor.float().cpu().numpy().copy())
    return array
