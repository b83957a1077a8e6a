"""The one place that imports OpenVINO.

Its package reports its use to its maker as soon as it is imported, on a thread of its own. A
program that sits beside patients' pictures sends nothing to anyone: the reporting package is
kept out, which OpenVINO takes as "not installed".
"""

from __future__ import annotations

import sys
from typing import Any

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino as ov  # noqa: E402  (the reporting has to be kept out first)
from openvino import opset13 as ops  # noqa: E402

__all__ = ["compiled_for_latency", "ops", "ov"]


def compiled_for_latency(model: Any, precision: str) -> Any:
    """A model compiled to answer one input as soon as can be, with all cores at work on it.

    Args:
        model: An `ov.Model`.
        precision: "f32" or "bf16", of the operations that are not in int8.

    Raises:
        RuntimeError: OpenVINO's own error.
    """
    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
    }
    return ov.Core().compile_model(model, "CPU", settings)
