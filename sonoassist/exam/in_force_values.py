"""What pictures were judged by as plain values, for machines: shares stay fractions."""

from __future__ import annotations

from typing import Any

from sonoassist.exam.in_force import History, InForce

Values = dict[str, Any]


def history_values(history: History) -> list[Values]:
    """What held when; times are seconds since the exam began. Sources are left out."""
    return [
        {
            "from_s": one.at_s,
            "threshold": one.in_force.threshold,
            "threshold_whose": one.in_force.whose.value,
            "model": dict(one.in_force.model),
            "calibrated": one.in_force.calibrated,
            "crop": one.in_force.crop,
            "label": one.in_force.label,
            "localiser": one.in_force.localiser,
            "synthetic": one.in_force.synthetic,
        }
        for one in history.moments
    ]


def judged_values(one: InForce) -> Values:
    """What a capture was judged by."""
    return {
        "threshold": one.threshold,
        "threshold_whose": one.whose.value,
        "model": str(one.model.get("name", "")),
        "weights_sha256": one.weights_sha256,
        "calibrated": one.calibrated,
    }


def judged_cells(one: InForce) -> dict[str, str]:
    """The same as cells of a table, without the weights."""
    return {
        "threshold": f"{one.threshold:.4f}",
        "threshold_whose": one.whose.value,
        "model": str(one.model.get("name", "")),
        "calibrated": str(int(one.calibrated)),
    }
