"""What pictures were judged by as plain values, for machines: shares stay fractions."""

from __future__ import annotations

from typing import Any

from sonoassist.exam.in_force import History, InForce
from sonoassist.exam.records import Capture, Seen

Values = dict[str, Any]


def history_values(history: History) -> list[Values]:
    """What held when; times are seconds since the exam began. Sources are left out."""
    return [
        {
            "from_s": one.at_s,
            **_threshold(one.in_force, history),
            "model": dict(one.in_force.model),
            "calibrated": one.in_force.calibrated if one.in_force.judges else None,
            "crop": one.in_force.crop,
            "label": one.in_force.label,
            "localiser": one.in_force.localiser,
            "synthetic": one.in_force.synthetic,
        }
        for one in history.moments
    ]


def _threshold(one: InForce, history: History) -> Values:
    """None while there was no model: nothing was judged by it."""
    told = one.judges or not history.followed
    return {
        "threshold": one.threshold if told else None,
        "threshold_whose": one.whose.value if told else None,
    }


def judged_values(history: History, capture: Capture) -> Values:
    """What a capture was judged by; None where nothing has judged it."""
    one = _judged_by(history, capture)
    if one is None:
        return dict.fromkeys(_JUDGED)
    known = (
        one.threshold,
        one.whose.value,
        str(one.model.get("name", "")),
        one.weights_sha256,
        one.calibrated,
    )
    return dict(zip(_JUDGED, known, strict=True))


_JUDGED = ("threshold", "threshold_whose", "model", "weights_sha256", "calibrated")


def judged_cells(history: History, capture: Capture) -> dict[str, str]:
    """The same as cells of a table, without the weights; empty where nothing has judged it."""
    one = _judged_by(history, capture)
    if one is None:
        return dict.fromkeys(JUDGED_COLUMNS, "")
    known = (
        "" if one.threshold is None else f"{one.threshold:.4f}",
        one.whose.value,
        str(one.model.get("name", "")),
        str(int(one.calibrated)),
    )
    return dict(zip(JUDGED_COLUMNS, known, strict=True))


JUDGED_COLUMNS = ("threshold", "threshold_whose", "model", "calibrated")


def _judged_by(history: History, capture: Capture) -> InForce | None:
    one = history.of(capture.capture_id, capture.shot.at_s)
    return one if one.judges and capture.shot.saw is not Seen.NOT_ANALYSED else None
