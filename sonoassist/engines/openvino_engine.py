"""The OpenVINO engine: the fastest one on Intel and AMD processors."""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist import __version__
from sonoassist.core import paths
from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats, frozen
from sonoassist.engines import openvino_api, openvino_graph, rounding
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.capabilities import capabilities, has_bf16
from sonoassist.engines.compiled_cache import CompiledCache, cache_key
from sonoassist.engines.openvino_api import (
    compiled_for_latency,
    imported_for_latency,
    loaded_core,
    ov,
)
from sonoassist.engines.openvino_graph import (
    build_graph,
    build_int8_graph,
    build_statistics_graph,
)
from sonoassist.engines.rounding import ActivationStatistics, bf16_tensors, int8_tensors
from sonoassist.model.architecture import Architecture

_MODULES = (openvino_api, openvino_graph, rounding)
"""What a compiled graph comes from."""
_HINTS = {"f32": "f32", "bf16": "bf16", "int8": "f32"}
"""What the operations outside of int8 are run in."""


def compiled_folder() -> Path:
    """Where the compiled graphs of this user are kept."""
    return paths.cache() / "compiled"


def openvino_version() -> str:
    """Which OpenVINO computes."""
    return str(ov.get_version())


class OpenVINOEngine(Engine):
    """Runs the static graph with OpenVINO on the CPU.

    A graph is compiled once for each input size and kind of saliency, when it is first asked
    for, and kept on disk for the next start.

    Args:
        spec: The network.
        tensors: Its folded weights.
        precision: "f32", "bf16" or "int8" (forward pass only).
        statistics: What flows through the network; int8 needs it, bf16 is nearer to f32 with it.
        cache: Where compiled graphs are kept; by default in the user's cache folder.

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
        cache: CompiledCache | None = None,
    ) -> None:
        _check(precision, statistics)
        self.precision = precision
        self._spec = spec
        self._statistics = statistics
        if statistics is not None and precision != "f32":
            rounded = bf16_tensors if precision == "bf16" else int8_tensors
            tensors = rounded(tensors, statistics)
        self._tensors = tensors
        self._cache = cache or CompiledCache(compiled_folder())
        self._about: list[bytes] = []
        self._requests: dict[tuple[int, int, Saliency], Any] = {}

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """Run one input; see `Engine.run`."""
        try:
            request = self._request(network_input.shape, saliency)
            out = request.infer([network_input], share_inputs=True, share_outputs=True)
        except RuntimeError as error:
            raise _failed(error) from error
        # The request owns its buffers and fills them again at the next frame: copy out.
        return EngineOutput(
            frozen(np.array(out[0][0])),
            frozen(np.array(out[1][0])),
            None if saliency is Saliency.NONE else frozen(np.array(out[2][0, 0])),
        )

    def compile(self, shape: tuple[int, ...], saliency: Saliency) -> None:
        """Make the graph of one input size and pass ready; another thread may run others."""
        try:
            self._request(shape, saliency)
        except RuntimeError as error:
            raise _failed(error) from error

    def is_compiled(self, shape: tuple[int, ...], saliency: Saliency) -> bool:
        """See `Engine.is_compiled`."""
        return (shape[2], shape[3], saliency) in self._requests

    def _request(self, shape: tuple[int, ...], saliency: Saliency) -> Any:
        key = (shape[2], shape[3], saliency)
        request = self._requests.get(key)
        if request is None:
            request = self._compiled(*key).create_infer_request()
            self._requests[key] = request
        return request

    def _compiled(self, height_px: int, width_px: int, saliency: Saliency) -> Any:
        """The compiled graph, from the disk where it has been made before."""
        hint = _HINTS[self.precision]
        name = self._cache_key(height_px, width_px, saliency)
        kept = self._cache.read(name)
        if kept is not None:
            try:
                return imported_for_latency(kept, hint)
            except RuntimeError:
                self._cache.drop(name)
        compiled = compiled_for_latency(self._graph(height_px, width_px, saliency), hint)
        with suppress(RuntimeError, MemoryError):  # it runs all the same
            self._cache.keep(name, compiled.export_model().getvalue())
        return compiled

    def _cache_key(self, height_px: int, width_px: int, saliency: Saliency) -> str:
        if not self._about:
            self._about = [_this_build(), *_weights(self._tensors)]
            if self._statistics is not None:
                self._about.append(np.asarray(self._statistics.peaks, np.float64).tobytes())
        what = f"{self.precision} {self._spec} {height_px} {width_px} {saliency.value}"
        return cache_key([*self._about, what.encode()])

    def _graph(self, height_px: int, width_px: int, saliency: Saliency) -> ov.Model:
        if self.precision != "int8":
            return build_graph(self._spec, self._tensors, height_px, width_px, saliency)
        if saliency is not Saliency.NONE or self._statistics is None:
            # Boxes of an int8 backward pass are wrong (mean IoU 0.68 with those of f32).
            raise EngineError("int8 runs the forward pass only", "Set the precision to bf16 or f32")
        return build_int8_graph(
            self._spec, self._tensors, self._statistics.peaks, height_px, width_px
        )

    def close(self) -> None:
        """Let go of the compiled graphs."""
        self._requests.clear()


def _check(precision: str, statistics: ActivationStatistics | None) -> None:
    if precision not in _HINTS:
        raise EngineError(
            f"OpenVINO does not run {precision!r} on the CPU", "Set the precision to auto or f32"
        )
    if precision == "bf16" and not has_bf16():
        raise EngineError(
            "this processor has no bf16 instructions", "Set the precision to auto or f32"
        )
    if precision == "int8" and statistics is None:
        raise EngineError("int8 needs calibration pictures", "Set the precision to auto or f32")


@functools.cache
def _this_build() -> bytes:
    """What a compiled graph depends on beside its weights: the code that made it, and the machine.

    Where a build has no source files its version stands for them.
    """
    try:
        code = "".join(inspect.getsource(module) for module in _MODULES)
    except OSError:
        code = __version__
    machine = f"{loaded_core().get_property('CPU', 'FULL_DEVICE_NAME')} {sorted(capabilities())}"
    return f"{openvino_version()} {machine} {_HINTS} {code}".encode()


def _weights(tensors: Mapping[str, NDArray[np.float32]]) -> Iterator[bytes]:
    for name in sorted(tensors):
        yield name.encode()
        yield hashlib.sha256(tensors[name].tobytes()).digest()


def _failed(error: RuntimeError) -> EngineError:
    return EngineError(
        f"OpenVINO failed: {str(error).strip().splitlines()[-1]}", "Set the engine to torch"
    )


class StatisticsMeter:
    """Measures what flows through a network in f32, one picture after the other.

    Args:
        spec: The network.
        tensors: Its folded weights.
        shape: Of the inputs, (1, 1, h, w).

    Raises:
        EngineError: OpenVINO failed.
    """

    def __init__(
        self,
        spec: Architecture,
        tensors: Mapping[str, NDArray[np.float32]],
        shape: tuple[int, ...],
    ) -> None:
        try:
            graph = build_statistics_graph(spec, tensors, *shape[2:])
            self._request = compiled_for_latency(graph, "f32").create_infer_request()
        except RuntimeError as error:
            raise _failed(error) from error

    def measure(self, network_input: Floats) -> ActivationStatistics:
        """The statistics of one picture, float32 (1, 1, h, w).

        Raises:
            EngineError: OpenVINO failed.
        """
        try:
            out = self._request.infer([network_input], share_inputs=True, share_outputs=True)
        except RuntimeError as error:
            raise _failed(error) from error
        found = [np.array(out[number]) for number in range(len(out))]
        return ActivationStatistics(
            tuple(frozen(means) for means in found[::2]), tuple(map(float, found[1::2]))
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
    meter = StatisticsMeter(spec, tensors, inputs[0].shape)
    return ActivationStatistics.over([meter.measure(one) for one in inputs])
