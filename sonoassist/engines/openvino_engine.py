"""The OpenVINO engine: the fastest one on Intel and AMD processors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.openvino_api import ov
from sonoassist.engines.openvino_graph import build_graph
from sonoassist.errors import EngineError
from sonoassist.model.architecture import Architecture
from sonoassist.packets import Floats, frozen


def supports_bf16() -> bool:
    """Whether this processor multiplies bf16 natively (elsewhere bf16 gains nothing)."""
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenVINOEngine(Engine):
    """Runs the static graph with OpenVINO on the CPU.

    A graph is compiled once for each input size and kind of saliency, when it is first asked
    for.

    Args:
        spec: The network.
        tensors: Its folded weights.
        precision: "f32" or "bf16".

    Raises:
        EngineError: The precision is not to be had here.
    """

    name = "OpenVINO"
    device = "CPU"

    def __init__(
        self,
        spec: Architecture,
        tensors: Mapping[str, NDArray[np.float32]],
        *,
        precision: str = "f32",
    ) -> None:
        if precision not in ("f32", "bf16"):
            raise EngineError(
                f"OpenVINO does not run {precision!r} on the CPU", "Use --precision f32 or bf16"
            )
        if precision == "bf16" and not supports_bf16():
            raise EngineError(
                "this processor has no bf16 instructions", "Use --precision auto or f32"
            )
        self.precision = precision
        self._spec = spec
        self._tensors = tensors
        self._core = ov.Core()
        self._requests: dict[tuple[int, int, Saliency], Any] = {}

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """Run one input; see `Engine.run`."""
        try:
            request = self._request(network_input.shape[2], network_input.shape[3], saliency)
            out = request.infer([network_input], share_inputs=True, share_outputs=True)
        except RuntimeError as error:
            first = str(error).strip().splitlines()[-1]
            raise EngineError(f"OpenVINO failed: {first}", "Try --engine torch") from error
        # The request owns its buffers and fills them again at the next frame: copy out.
        return EngineOutput(
            frozen(np.array(out[0][0])),
            frozen(np.array(out[1][0])),
            None if saliency is Saliency.NONE else frozen(np.array(out[2][0, 0])),
        )

    def _request(self, height_px: int, width_px: int, saliency: Saliency) -> Any:
        key = (height_px, width_px, saliency)
        if key not in self._requests:
            graph = build_graph(self._spec, self._tensors, height_px, width_px, saliency)
            settings = {
                "INFERENCE_PRECISION_HINT": self.precision,
                "PERFORMANCE_HINT": "LATENCY",
                "NUM_STREAMS": "1",
            }
            compiled = self._core.compile_model(graph, "CPU", settings)
            self._requests[key] = compiled.create_infer_request()
        return self._requests[key]

    def close(self) -> None:
        """Let go of the compiled graphs."""
        self._requests.clear()
