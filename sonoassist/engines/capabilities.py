"""Which numbers this processor multiplies natively."""

from __future__ import annotations

import functools
import importlib.util
import sys


def has_openvino() -> bool:
    """Whether the openvino package is installed."""
    return importlib.util.find_spec("openvino") is not None


def has_bf16() -> bool:
    """Whether bf16 is multiplied natively.

    Elsewhere OpenVINO gains nothing by it, and torch emulates it on one thread, a hundred times
    slower than f32. Where OpenVINO is not there to tell, it is taken for missing.
    """
    return "BF16" in capabilities()


def has_int8() -> bool:
    """Whether int8 is multiplied quicker than f32; likewise."""
    return "INT8" in capabilities()


@functools.cache
def has_intel_graphics() -> bool:
    """Whether OpenVINO runs networks on Intel graphics here."""
    if not has_openvino():
        return False
    try:
        from sonoassist.engines.openvino_api import has_graphics_device

        return has_graphics_device()
    except (ImportError, OSError, RuntimeError):
        return False


def has_apple_graphics() -> bool:
    """Whether torch runs networks on Apple's graphics here; imports torch on a Mac."""
    system: str = sys.platform
    if system != "darwin":
        return False
    from sonoassist.engines.torch_engine import torch_devices

    return "mps" in torch_devices()


@functools.cache
def capabilities() -> frozenset[str]:
    """What OpenVINO says that it can use here, e.g. "FP32", "INT8", "BF16".

    It says what the processor has, also where its instructions are limited (by
    `ONEDNN_MAX_CPU_ISA`, say) and graphs in bf16 cannot be compiled: so that one is tried.
    """
    if not has_openvino():
        return frozenset()
    try:
        from sonoassist.engines.openvino_api import compiles_bf16, loaded_core

        told = frozenset(loaded_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
        return told if "BF16" not in told or compiles_bf16() else told - {"BF16"}
    except (ImportError, OSError, RuntimeError):
        return frozenset()  # it is installed and does not work: torch does without it
