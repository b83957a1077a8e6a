"""Choosing an engine. The choice is reported, and nothing falls back silently."""

from __future__ import annotations

import ctypes.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.errors import EngineError
from sonoassist.engines.base import Engine
from sonoassist.engines.capabilities import has_openvino
from sonoassist.model.architecture import Architecture

ENGINES = ("auto", "torch", "openvino")
MIXED = ("f32/int8", "f32/bf16", "bf16/int8")
"""Precision of the forward pass, and of the errors that go back in the backward pass."""
PRECISIONS = ("auto", "f32", "bf16", "f16", "int8", *MIXED)
DEVICES = ("auto", "cpu", "cuda", "mps", "gpu")
"""The last one is Intel graphics."""

_DRIVER_SIGNS = ("/proc/driver/nvidia", "/usr/lib/wsl/lib/libcuda.so.1")

Tensors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """What the user asked for; "auto" leaves it to the program."""

    engine: str = "auto"
    precision: str = "auto"
    device: str = "auto"


def make_engine(choice: EngineChoice, spec: Architecture, tensors: Tensors) -> Engine:
    """Make the engine asked for.

    With everything on "auto": CUDA where there is one, else OpenVINO, else torch on the CPU; in
    f32, since a lower precision on the CPU has to be checked for each model (see `precision`).

    Raises:
        EngineError: What was asked for is not to be had here.
    """
    if runs_openvino(choice):
        return _openvino(choice, spec, tensors)
    return _torch(choice, spec, tensors)


def runs_openvino(choice: EngineChoice) -> bool:
    """Whether OpenVINO is what runs.

    Raises:
        EngineError: What was asked for is not to be had here.
    """
    _check("engine", choice.engine, ENGINES)
    _check("precision", choice.precision, PRECISIONS)
    _check("device", choice.device, DEVICES)
    return _wants_openvino(choice)


def _check(what: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise EngineError(f"there is no {what} called {given!r}", f"Known: {', '.join(known)}")


def _wants_openvino(choice: EngineChoice) -> bool:
    if choice.engine == "openvino":
        if not has_openvino():
            raise EngineError("OpenVINO is not installed", "Set the engine to torch")
        if choice.device not in ("auto", "cpu", "gpu"):
            raise EngineError(
                f"the OpenVINO engine does not run on {choice.device}", "Set the device to auto"
            )
        return True
    if choice.device == "gpu":
        if choice.engine == "torch" or not has_openvino():
            raise EngineError("only OpenVINO runs on gpu", "Set engine and device to auto")
        return True
    if choice.engine == "torch" or choice.device not in ("auto", "cpu"):
        return False
    if choice.precision == "f16":
        return False
    if choice.precision in ("int8", *MIXED) and has_openvino():
        return True  # nothing else runs it, whatever card there is
    return has_openvino() and not (choice.device == "auto" and _has_accelerator())


def _has_accelerator() -> bool:
    """Whether torch sees a GPU. Looks for a driver first, since importing torch takes seconds."""
    if not has_driver():
        return False
    from sonoassist.engines.torch_engine import torch_devices

    return torch_devices()[0] == "cuda"


def has_driver() -> bool:
    """Whether an NVIDIA driver is installed."""
    system: str = sys.platform
    if system == "win32":
        return ctypes.util.find_library("nvcuda") is not None
    if system == "linux":
        # The second is where Linux inside of Windows finds the driver of its host.
        return any(Path(sign).exists() for sign in _DRIVER_SIGNS)
    return False  # NVIDIA makes no driver for others


def _openvino(choice: EngineChoice, spec: Architecture, tensors: Tensors) -> Engine:
    from sonoassist.engines.openvino_engine import OpenVINOEngine

    precision = "f32" if choice.precision == "auto" else choice.precision
    return OpenVINOEngine(spec, tensors, precision=precision, graphics=choice.device == "gpu")


def runs_cuda(choice: EngineChoice) -> bool:
    """Whether a graphics card is what runs; imports torch where that is not known without."""
    if choice.device != "auto":
        return choice.device == "cuda" and choice.engine != "openvino"
    return choice.engine != "openvino" and _has_accelerator()


def _torch(choice: EngineChoice, spec: Architecture, tensors: Tensors) -> Engine:
    from sonoassist.engines.torch_engine import TorchEngine, torch_devices

    if choice.precision in ("int8", *MIXED):
        raise EngineError(
            f"{choice.precision} runs with OpenVINO only",
            "Set the device to cpu, or the precision to auto",
        )
    device = torch_devices()[0] if choice.device == "auto" else choice.device
    precision = choice.precision
    if precision == "auto":
        precision = "f32"  # half precision is taken only where it is asked for
    if device == "cuda" and "cuda" in torch_devices():
        return _cuda(precision, spec, tensors)
    return TorchEngine(spec, tensors, device=device, precision=precision)


def _cuda(precision: str, spec: Architecture, tensors: Tensors) -> Engine:
    """The graphics card, with the processor behind it for when the card fails."""
    from sonoassist.engines.cuda_engine import CudaEngine
    from sonoassist.engines.fallback import FallbackEngine

    card = CudaEngine(spec, tensors, precision=precision)
    return FallbackEngine(card, lambda: make_engine(EngineChoice(device="cpu"), spec, tensors))
