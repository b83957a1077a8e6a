"""The one place that imports OpenVINO.

Its package reports its use to its maker as soon as it is imported, on a thread of its own. A
program that sits beside patients' pictures sends nothing to anyone: the reporting package is
kept out, which OpenVINO takes as "not installed".
"""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino as ov  # noqa: E402  (the reporting has to be kept out first)
from openvino import opset13 as ops  # noqa: E402

from sonoassist.core.processors import is_limited, plan_threads  # noqa: E402

CPU, GRAPHICS = "CPU", "GPU"
"""OpenVINO's names of devices; by the second it means Intel graphics only."""

__all__ = [
    "CPU",
    "GRAPHICS",
    "compiled_for_latency",
    "compiles_bf16",
    "device_name",
    "has_graphics_device",
    "imported_for_latency",
    "loaded_core",
    "ops",
    "ov",
]


def loaded_core() -> Any:
    """An `ov.Core` whose CPU plugin is loaded, on a thread that has ended.

    The plugin gives the thread that loads it a stack of its own for signal handlers, and frees it
    when it is unloaded, maybe on another thread. The first thread would then handle its next
    signal, such as Ctrl-C, on memory that is gone, and the process would die without a word.

    Raises:
        RuntimeError: OpenVINO's own error.
    """
    made: list[Any] = []
    errors: list[BaseException] = []

    def load() -> None:
        try:
            core = ov.Core()
            core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
            made.append(core)
        except BaseException as error:  # noqa: BLE001 (a thread's top: raised by the caller)
            errors.append(error)

    thread = threading.Thread(target=load, name="openvino")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return made[0]


def has_graphics_device() -> bool:
    """Whether OpenVINO finds Intel graphics, with a driver, on this computer."""
    return any(name.split(".")[0] == GRAPHICS for name in loaded_core().available_devices)


def device_name(device: str) -> str:
    """What a device is called by its maker, e.g. "Intel(R) Iris(R) Xe Graphics (iGPU)".

    Raises:
        RuntimeError: OpenVINO's own error.
    """
    return str(loaded_core().get_property(device, "FULL_DEVICE_NAME"))


def compiled_for_latency(model: Any, precision: str, device: str = CPU) -> Any:
    """A model compiled to answer one input as soon as can be, with all its threads at work on it.

    Args:
        model: An `ov.Model`.
        precision: "f32", "bf16" or "f16", of the operations that are not in int8.
        device: `CPU` or `GRAPHICS`.

    Raises:
        RuntimeError: OpenVINO's own error.
        UsageError: The limit of threads is not understood.
    """
    return loaded_core().compile_model(model, device, _settings(precision, device))


def compiles_bf16() -> bool:
    """Whether a small graph of the kinds of our networks' layers can be compiled in bf16."""
    picture = ops.parameter([1, 8, 16, 16], np.float32)
    weights = ops.constant(np.ones((8, 8, 3, 3), np.float32))
    layer = ops.convolution(picture, weights, [1, 1], [1, 1], [1, 1], [1, 1])
    pooled = ops.max_pool(ops.relu(layer), [2, 2], [1, 1], [0, 0], [0, 0], [2, 2])
    flat = ops.reshape(pooled.output(0), ops.constant(np.array([1, 512])), special_zero=False)
    product = ops.matmul(
        flat, ops.constant(np.ones((512, 4), np.float32)), transpose_a=False, transpose_b=False
    )
    try:
        compiled_for_latency(ov.Model([product], [picture]), "bf16")
    except RuntimeError:
        return False
    return True


def imported_for_latency(graph: bytes, precision: str, device: str = CPU) -> Any:
    """A model that was compiled before, from the bytes of its `export_model`.

    Args:
        graph: The bytes, from this version of OpenVINO on this kind of processor.
        precision: As it was compiled with.
        device: For which it was compiled.

    Raises:
        RuntimeError: OpenVINO's own error.
        UsageError: The limit of threads is not understood.
    """
    return loaded_core().import_model(graph, device, _settings(precision, device))


def _settings(precision: str, device: str) -> dict[str, str]:
    settings = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    if device != CPU:
        return settings
    settings["NUM_STREAMS"] = "1"
    # Its threads would each stay on a core of their own, also while another thread of ours is busy
    # there: with the window beside it a third fewer labels a second on two cores.
    settings["ENABLE_CPU_PINNING"] = "NO"
    plan = plan_threads()
    if is_limited(plan):  # else it knows better which of the machine's cores to take
        settings["INFERENCE_NUM_THREADS"] = str(plan.inference)
    return settings
