"""The OpenVINO engine: the fastest one on Intel and AMD processors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.openvino_api import compiled_for_latency, loaded_core, ov
from sonoassist.engines.openvino_graph import (
    build_graph,
    build_int8_graph,
    build_statistics_graph,
)
from sonoassist.engines.rounding import ActivationStatistics, bf16_tensors, int8_tensors
from sonoassist.errors import EngineError
from sonoassist.model.architecture import Architecture
from sonoassist.packets import Floats, frozen

_HINTS = {"f32": "f32", "bf16": "bf16", "int8": "f32"}
"""What the operations outside of int8 are run in."""


def openvino_version() -> str:
    """Which OpenVINO computes."""
    return str(ov.get_version())


def supports_bf16() -> bool:
    """Whether this processor multiplies bf16 natively (elsewhere bf16 gains nothing)."""
    return "BF16" in _capabilities()


def supports_int8() -> bool:
    """Whether this processor multiplies int8 natively."""
    return "INT8" in _capabilities()


def _capabilities() -> list[str]:
    return list(loaded_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))


class OpenVINOEngine(Engine):
    """Runs the static graph with OpenVINO on the CPU.

    A graph is compiled once for each input size and kind of saliency, when it is first asked
    for.

    Args:
        spec: The network.
        tensors: Its folded weights.
        precision: "f32", "bf16" or "int8" (forward pass only).
        statistics: What flows through the network; int8 needs it, bf16 is nearer to f32 with it.

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
        statistics: ActivationStatistics | None = None,
    ) -> None:
        _check(precision, statistics)
        self.precision = precision
        self._spec = spec
        self._statistics = statistics
        if statistics is not None and precision != "f32":
            rounded = bf16_tensors if precision == "bf16" else int8_tensors
            tensors = rounded(tensors, statistics)
        self._tensors = tensors
        self._requests: dict[tuple[int, int, Saliency], Any] = {}

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """Run one input; see `Engine.run`."""
        try:
            request = self._request(network_input.shape[2], network_input.shape[3], saliency)
            out = request.infer([network_input], share_inputs=True, share_outputs=True)
        except RuntimeError as error:
            raise _failed(error) from error
        # The request owns its buffers and fills them again at the next frame: copy out.
        return EngineOutput(
            frozen(np.array(out[0][0])),
            frozen(np.array(out[1][0])),
            None if saliency is Saliency.NONE else frozen(np.array(out[2][0, 0])),
        )

    def _request(self, height_px: int, width_px: int, saliency: Saliency) -> Any:
        key = (height_px, width_px, saliency)
        if key not in self._requests:
            graph = self._graph(height_px, width_px, saliency)
            self._requests[key] = compiled_for_latency(
                graph, _HINTS[self.precision]
            ).create_infer_request()
        return self._requests[key]

    def _graph(self, height_px: int, width_px: int, saliency: Saliency) -> ov.Model:
        if self.precision != "int8":
            return build_graph(self._spec, self._tensors, height_px, width_px, saliency)
        if saliency is not Saliency.NONE or self._statistics is None:
            # Boxes of an int8 backward pass are wrong (mean IoU 0.68 with those of f32).
            raise EngineError("int8 runs the forward pass only", "Use --precision bf16 or f32")
        return build_int8_graph(
            self._spec, self._tensors, self._statistics.peaks, height_px, width_px
        )

    def close(self) -> None:
        """Let go of the compiled graphs."""
        self._requests.clear()


def _check(precision: str, statistics: ActivationStatistics | None) -> None:
    if precision not in _HINTS:
        raise EngineError(
            f"OpenVINO does not run {precision!r} on the CPU", "Use --precision f32, bf16 or int8"
        )
    if precision == "bf16" and not supports_bf16():
        raise EngineError("this processor has no bf16 instructions", "Use --precision auto or f32")
    if precision == "int8" and statistics is None:
        raise EngineError("int8 needs calibration pictures", "Use --precision auto or f32")


def _failed(error: RuntimeError) -> EngineError:
    return EngineError(
        f"OpenVINO failed: {str(error).strip().splitlines()[-1]}", "Try --engine torch"
    )


def measure_statistics(
    spec: Architecture, tensors: Mapping[str, NDArray[np.float32]], inputs: Sequence[Floats]
) -> ActivationStatistics:
    """What flows through a network, run in f32 over some pictures.

    Args:
        spec: The network.
        tensors: Its folded weights.
        inputs: Network inputs, float32 (1, 1, h, w) each, of one size; at least one.

    Raises:
        EngineError: OpenVINO failed.
    """
    try:
        graph = build_statistics_graph(spec, tensors, *inputs[0].shape[2:])
        request = compiled_for_latency(graph, "f32").create_infer_request()
        found = [_outputs(request, network_input) for network_input in inputs]
    except RuntimeError as error:
        raise _failed(error) from error
    return ActivationStatistics(
        tuple(_mean([row[2 * number] for row in found]) for number in range(len(spec.convs))),
        tuple(
            max(float(row[2 * number + 1]) for row in found) for number in range(len(spec.convs))
        ),
    )


def _mean(arrays: Sequence[Floats]) -> Floats:
    return frozen(np.asarray(np.mean(np.stack(arrays), axis=0, dtype=np.float64), np.float32))


def _outputs(request: Any, network_input: Floats) -> list[Floats]:
    out = request.infer([network_input], share_inputs=True, share_outputs=True)
    return [np.array(out[number]) for number in range(len(out))]
