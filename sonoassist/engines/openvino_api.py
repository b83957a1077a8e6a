"""The one place that imports OpenVINO.

Its package reports its use to its maker as soon as it is imported, on a thread of its own. A
program that sits beside patients' pictures sends nothing to anyone: the reporting package is
kept out, which OpenVINO takes as "not installed".
"""

from __future__ import annotations

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino as ov  # noqa: E402  (the reporting has to be kept out first)
from openvino import opset13 as ops  # noqa: E402

__all__ = ["ops", "ov"]
