"""The OpenVINO engine: the fastest one on Intel and AMD processors."""

from __future__ import annotations

import copy
import functools
import hashlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist import __version__
from sonoassist.core import paths
from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats, frozen
from sonoassist.engines import openvino_api, openvino_backward, openvino_graph, rounding
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.capabilities import capabilities, has_bf16, has_intel_graphics
from sonoassist.engines.compiled_cache import CompiledCache, cache_key
from sonoassist.engines.openvino_api import (
    CPU,
    GRAPHICS,
    compiled_for_latency,
    device_name,
    imported_for_latency,
    loaded_core,
    ov,
)
from sonoassist.engines.openvino_backward import build_backward
from sonoassist.engines.openvino_graph import (
    build_forward,
    build_int8_graph,
    build_statistics_graph,
    build_traced_forward,
)
from sonoassist.engines.rounding import ActivationStatistics, bf16_tensors, int8_tensors
from sonoassist.model.architecture import Architecture

_MODULES = (openvino_api, openvino_graph, openvino_backward, rounding)
"""What a compiled graph comes from."""
_HINTS = {"f32": "f32", "bf16": "bf16", "int8": "f32", "f16": "f16"}
"""What the operations outside of int8 are run in."""
_FORWARD, _TRACED = "forward", "traced"
"""Names of the graphs of the forward pass. Those of the backward pass are named by saliency and
the precision of the errors, e.g. "plain int8"."""


@dataclass
class _Graphs:
    """Compiled graphs that engines of one forward pass share.

    Attributes:
        requests: By height and width of the input and the graph's name.
        traced: The input whose traces the forward pass has left, and the request that has them;
            None without any.
    """

    requests: dict[tuple[int, int, str], Any] = field(default_factory=dict)
    traced: tuple[Floats, Any] | None = None


def compiled_folder() -> Path:
    """Where the compiled graphs of this user are kept."""
    return paths.cache() / "compiled"


def openvino_version() -> str:
    """Which OpenVINO computes."""
    return str(ov.get_version())


class OpenVINOEngine(Engine):
    """Runs the static graphs with OpenVINO, on the processor or on Intel graphics.

    The backward pass is a graph of its own, that goes on from what the forward pass left. A graph
    is compiled once for each input size, when it is first asked for, and kept on disk for the
    next start.

    Args:
        spec: The network.
        tensors: Its folded weights.
        precision: "f32", "bf16" or "int8" (forward pass only); of both passes, or, in the form
            "f32/int8", of the forward pass and of the errors that go back.
        statistics: What flows through the network; int8 needs it, bf16 is nearer to f32 with it.
        cache: Where compiled graphs are kept; by default in the user's cache folder.
        graphics: Run on Intel graphics, in "f32" or "f16".

    Raises:
        EngineError: The precision or the device is not to be had here.
    """

    name = "OpenVINO"

    def __init__(
        self,
        spec: Architecture,
        tensors: Mapping[str, NDArray[np.float32]],
        *,
        precision: str = "f32",
        statistics: ActivationStatistics | None = None,
        cache: CompiledCache | None = None,
        graphics: bool = False,
    ) -> None:
        self._forward, _, errors = precision.partition("/")
        self._errors = errors or self._forward
        if graphics:
            self._runs_on, self.device = GRAPHICS, _graphics(precision)
        else:
            self._runs_on, self.device = CPU, CPU
            _check(self._forward, self._errors, statistics, mixed=bool(errors))
        self.precision = precision
        self._spec = spec
        self._statistics = statistics
        if statistics is not None and self._forward != "f32":
            rounded = bf16_tensors if self._forward == "bf16" else int8_tensors
            tensors = rounded(tensors, statistics)
        self._tensors = tensors
        self._cache = cache or CompiledCache(compiled_folder())
        self._about: list[bytes] = []
        self._graphs = _Graphs()

    def with_errors(self, errors: str) -> OpenVINOEngine:
        """An engine of the same forward pass, whose errors go back in another precision.

        The two share their compiled graphs: closing one closes both.

        Raises:
            EngineError: The precision is not to be had here.
        """
        _check(self._forward, errors, self._statistics, mixed=True)
        other = copy.copy(self)
        other._errors = errors
        other.precision = f"{self._forward}/{errors}"
        return other

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """Run one input; see `Engine.run`."""
        if saliency is Saliency.NONE:
            return self._run_forward(network_input, _FORWARD)[0]
        ahead = self.run_traced(network_input)
        return replace(ahead, saliency=self.backward(network_input, saliency))

    def run_traced(self, network_input: Floats) -> EngineOutput:
        """See `Engine.run_traced`."""
        self._graphs.traced = None  # until it has been run to its end
        out, request = self._run_forward(network_input, _TRACED)
        self._graphs.traced = network_input, request
        return out

    def backward(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> Floats:
        """See `Engine.backward`."""
        try:
            # First: the backward pass reads what this very request for the forward pass has left.
            forward = self._request(network_input.shape, _TRACED)
            request = self._request(network_input.shape, self._backward_name(saliency))
            if not self._has_traced(network_input, forward):
                self.run_traced(network_input)
            out = request.infer(share_outputs=True)
        except RuntimeError as error:
            raise _failed(error) from error
        return frozen(np.array(out[0][0, 0]))

    def _has_traced(self, network_input: Floats, request: Any) -> bool:
        traced = self._graphs.traced
        return traced is not None and traced[0] is network_input and traced[1] is request

    def _run_forward(self, network_input: Floats, name: str) -> tuple[EngineOutput, Any]:
        try:
            request = self._request(network_input.shape, name)
            out = request.infer([network_input], share_inputs=True, share_outputs=True)
        except RuntimeError as error:
            raise _failed(error) from error
        # The request owns its buffers and fills them again at the next frame: copy out.
        result = EngineOutput(frozen(np.array(out[0][0])), frozen(np.array(out[1][0])), None)
        return result, request

    def compile(self, shape: tuple[int, ...], saliency: Saliency) -> None:
        """Make the graphs of one input size and pass ready; another thread may run others."""
        try:
            for name in self._names(saliency):
                self._request(shape, name)
        except RuntimeError as error:
            raise _failed(error) from error

    def is_compiled(self, shape: tuple[int, ...], saliency: Saliency) -> bool:
        """See `Engine.is_compiled`."""
        return all((*shape[2:], name) in self._graphs.requests for name in self._names(saliency))

    def _names(self, saliency: Saliency) -> tuple[str, ...]:
        """The graphs that a pass takes, in the order in which they run."""
        if saliency is Saliency.NONE:
            return (_FORWARD,)
        return _TRACED, self._backward_name(saliency)

    def _backward_name(self, saliency: Saliency) -> str:
        return f"{saliency.value} {self._errors}"

    def _request(self, shape: tuple[int, ...], name: str) -> Any:
        key = (shape[2], shape[3], name)
        request = self._graphs.requests.get(key)
        if request is None:
            request = self._compiled(*key).create_infer_request()
            if name not in (_FORWARD, _TRACED):
                _go_on_from(self._request(shape, _TRACED), request)
            self._graphs.requests[key] = request
        return request

    def _compiled(self, height_px: int, width_px: int, name: str) -> Any:
        """The compiled graph, from the disk where it has been made before."""
        hint = _HINTS[self._forward if name in (_FORWARD, _TRACED) else self._errors]
        kept_as = self._cache_key(height_px, width_px, name)
        kept = self._cache.read(kept_as)
        if kept is not None:
            try:
                return imported_for_latency(kept, hint, self._runs_on)
            except RuntimeError:
                self._cache.drop(kept_as)
        graph = self._graph(height_px, width_px, name)
        compiled = compiled_for_latency(graph, hint, self._runs_on)
        with suppress(RuntimeError, MemoryError):  # it runs all the same
            self._cache.keep(kept_as, compiled.export_model().getvalue())
        return compiled

    def _cache_key(self, height_px: int, width_px: int, name: str) -> str:
        if not self._about:
            self._about = [_this_build(), self.device.encode(), *_weights(self._tensors)]
            if self._statistics is not None:
                self._about.append(np.asarray(self._statistics.peaks, np.float64).tobytes())
        precision = self._forward if name in (_FORWARD, _TRACED) else self._errors
        what = f"{precision} {self._spec} {height_px} {width_px} {name}"
        return cache_key([*self._about, what.encode()])

    def _graph(self, height_px: int, width_px: int, name: str) -> ov.Model:
        parts = (self._spec, self._tensors, height_px, width_px)
        if self._forward == "int8":
            if name != _FORWARD or self._statistics is None:
                # Masks in int8 spoil the boxes (mean IoU 0.8 with those of f32, 0.5 at worst).
                raise EngineError("int8 runs the forward pass only", "Set the precision to auto")
            peaks = self._statistics.peaks
            return build_int8_graph(self._spec, self._tensors, peaks, height_px, width_px)
        if name == _FORWARD:
            return build_forward(*parts)
        if name == _TRACED:
            return build_traced_forward(*parts)
        guided = name.startswith(Saliency.GUIDED.value)
        return build_backward(*parts, guided=guided, int8=self._errors == "int8")

    def close(self) -> None:
        """Let go of the compiled graphs."""
        self._graphs.requests.clear()
        self._graphs.traced = None


def _go_on_from(forward: Any, backward: Any) -> None:
    """The backward pass reads what the forward pass has written, without copying it."""
    for number in range(len(forward.model_outputs)):
        backward.set_input_tensor(number, forward.get_output_tensor(number))


def _graphics(precision: str) -> str:
    """The name of this computer's Intel graphics; checks that it can be used."""
    if not has_intel_graphics():
        raise EngineError("there is no Intel graphics here", "Set the device to auto")
    if precision not in ("f32", "f16"):
        raise EngineError(
            f"OpenVINO does not run {precision!r} on graphics", "Set the precision to auto or f32"
        )
    try:
        return device_name(GRAPHICS)
    except RuntimeError as error:
        raise _failed(error) from error


def _check(
    forward: str, errors: str, statistics: ActivationStatistics | None, *, mixed: bool
) -> None:
    for one in (forward, errors):
        if one not in _HINTS or one == "f16":
            raise EngineError(
                f"OpenVINO does not run {one!r} on the CPU", "Set the precision to auto or f32"
            )
    if "bf16" in (forward, errors) and not has_bf16():
        raise EngineError(
            "this processor has no bf16 instructions", "Set the precision to auto or f32"
        )
    if forward == "int8" and mixed:
        raise EngineError("int8 runs the forward pass only", "Set the precision to auto")
    if forward == "int8" and statistics is None:
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
