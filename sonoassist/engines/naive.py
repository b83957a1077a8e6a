"""The naive baseline: the network as one would run it first, to which speeds are compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats, frozen
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.torch_engine import torch_devices
from sonoassist.model.architecture import Architecture
from sonoassist.model.networks import load_network
from sonoassist.model.saliency import GraphOutput, autograd_saliency
from sonoassist.model.torch_threads import limit_torch_threads


class NaiveEngine(Engine):
    """Torch eager in f32; the backward pass (Eq. 4) by autograd.

    Its batch norms are folded, as those of every other engine.

    Args:
        spec: The network.
        tensors: Its folded weights.
        device: "cpu", "cuda" or "mps".

    Raises:
        EngineError: The device is not to be had here.
    """

    name = "naive torch"
    precision = "f32"

    def __init__(
        self,
        spec: Architecture,
        tensors: Mapping[str, NDArray[np.float32]],
        *,
        device: str = "cpu",
    ) -> None:
        if device not in torch_devices():
            raise EngineError(f"torch has no device {device!r} here", "Use cpu")
        limit_torch_threads()
        self.device = torch.cuda.get_device_name() if device == "cuda" else device.upper()
        self._device = torch.device(device)
        self._network = load_network(spec, tensors).to(self._device)

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """Run one input; see `Engine.run`. There is no guided pass."""
        return self.run_batch(network_input, saliency)[0]

    def run_batch(self, inputs: Floats, saliency: Saliency = Saliency.PLAIN) -> list[EngineOutput]:
        """Run a batch at once; see `Engine.run_batch`. There is no guided pass."""
        if saliency is Saliency.GUIDED:
            raise EngineError("the naive baseline has no guided pass")
        x = torch.from_numpy(np.array(inputs, dtype=np.float32)).to(self._device)
        try:
            out = self._forward(x) if saliency is Saliency.NONE else self._both(x)
        except RuntimeError as error:  # torch's own errors, out of memory among them
            first = str(error).splitlines()[0]
            raise EngineError(f"torch failed: {first}", "Try a smaller batch") from error
        return out

    @torch.no_grad()
    def _forward(self, x: torch.Tensor) -> list[EngineOutput]:
        maps = self._network.scores(x)
        return _outputs(GraphOutput(maps.mean(dim=(2, 3)), maps, x.new_empty(0)))

    def _both(self, x: torch.Tensor) -> list[EngineOutput]:
        return _outputs(autograd_saliency(self._network, x))


def _outputs(out: GraphOutput) -> list[EngineOutput]:
    logits, maps, saliency = (frozen(each.cpu().numpy()) for each in out)
    return [
        EngineOutput(logits[at], maps[at], saliency[at] if saliency.size else None)
        for at in range(len(logits))
    ]
