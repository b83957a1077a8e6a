"""The report for machines: a row for each checklist item, and all of it as JSON."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import Any

import numpy as np

from sonoassist.core.packets import Box
from sonoassist.exam.capture_words import (
    capture_words,
    chosen_by_hand,
    hint_values,
    hint_words,
    item_of,
    own_share,
    why_words,
)
from sonoassist.exam.checklist import Line
from sonoassist.exam.in_force_values import (
    JUDGED_COLUMNS,
    history_values,
    judged_cells,
    judged_values,
)
from sonoassist.exam.records import Capture
from sonoassist.exam.report import words
from sonoassist.exam.report.data import ReportData
from sonoassist.exam.report.stills import Still
from sonoassist.exam.report.timeline import ReportTimeline

JSON_FORMAT = 1
COLUMNS = (
    "item",
    "label",
    "plane",
    "required",
    "state",
    "reviewed",
    "confidence",
    "quality",
    "time_s",
    "captures",
    "rejected",
    "ticked",
    "note",
    "why",
    "still",
    "chosen_by_hand",
    "network_plane",
    "network_confidence",
    "said",
    "hints",
    *JUDGED_COLUMNS,
)


def as_csv(data: ReportData) -> str:
    """The checklist, one row an item; empty where there is nothing."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(data, line) for line in data.lines)
    return text.getvalue()


def _row(data: ReportData, line: Line) -> dict[str, object]:
    row: dict[str, object] = {
        "item": line.item.key,
        "label": line.item.label,
        "plane": line.item.plane,
        "required": int(line.item.required),
        "state": line.state.value,
        "reviewed": int(line.state.done),
        "captures": line.captures,
        "rejected": line.rejected,
        "ticked": int(line.ticked),
        "note": line.note,
    }
    if line.shown is not None:
        shot, still = line.shown.shot, data.still_of(line)
        row |= {
            "confidence": f"{shot.confidence:.4f}" if own_share(shot, line.item) else "",
            "quality": f"{shot.quality:.4f}",
            "time_s": f"{shot.at_s:.3f}",
            "why": why_words(shot),
            "still": _file(still),
            "chosen_by_hand": int(chosen_by_hand(shot, line.item)),
            "network_plane": shot.plane,
            "network_confidence": f"{shot.confidence:.4f}" if shot.plane else "",
            "said": capture_words(shot, line.item),
            "hints": hint_words(shot, line.item),
            **judged_cells(data.info.history, line.shown),
        }
    return row


def as_json(data: ReportData) -> str:
    """All of the report but the pictures; times are seconds since the exam began."""
    whole = data.completeness
    content = {
        "format": JSON_FORMAT,
        "title": words.TITLE,
        "notice": words.FOOTER,
        "made_by": f"SonoAssist {data.version}",
        "made_at": data.made_at,
        "warnings": list(data.warnings),
        "exam": _exam(data),
        "completeness": {
            "found": whole.found,
            "done": whole.done,
            "not_reviewed": data.not_reviewed,
            "total": whole.total,
            "missing": [item.key for item in whole.missing],
        },
        "checklist": [_item(data, line) for line in data.lines],
        "captures": [_capture(data, one) for one in data.captures],
        "recordings": [asdict(one) for one in data.recordings],
        "events": [{**asdict(one), "text": words.event_text(data, one)} for one in data.events],
        "frames": data.frames,
        "timeline": _timeline(data.timeline),
        "options": asdict(data.options),
    }
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _exam(data: ReportData) -> dict[str, object]:
    """What is known of it; where the source lies on this computer is nobody else's business."""
    info, start = data.info, data.info.start
    return {
        "exam_id": info.exam_id,
        "study_id": start.study_id,
        "started_at": info.started_at,
        "ended_at": info.ended_at,
        "length_s": info.length_s,
        "note": info.note,
        "source": words.source_name(data, start.in_force),
        "synthetic": info.synthetic,
        "preset": start.preset,
        "model": start.model,
        "settings": start.settings,
        "in_force": [
            {**one, "source": words.source_name(data, held.in_force)}
            for one, held in zip(history_values(info.history), info.history.moments, strict=True)
        ],
        "changes_kept": info.history.followed,
    }


def _item(data: ReportData, line: Line) -> dict[str, object]:
    still = data.still_of(line)
    return {
        "item": line.item.key,
        "label": line.item.label,
        "plane": line.item.plane,
        "required": line.item.required,
        "state": line.state.value,
        "reviewed": line.state.done,
        "capture": line.shown.capture_id if line.shown is not None else None,
        "captures": line.captures,
        "rejected": line.rejected,
        "ticked": line.ticked,
        "note": line.note,
        "still": _file(still) or None,
        "said": capture_words(line.shown.shot, line.item) if line.shown is not None else "",
    }


def _capture(data: ReportData, one: Capture) -> dict[str, object]:
    shot, item = one.shot, item_of(one.shot, data.info.start.items)
    still = next((still for still in data.stills if still.capture == one), None)
    return {
        "capture": one.capture_id,
        "item": shot.item,
        "how": shot.how.value,
        "judgement": one.judgement.value,
        "at_s": shot.at_s,
        "frame": shot.index,
        "time_s": shot.time_s,
        "plane": shot.plane,
        "confidence": shot.confidence,
        "chosen_by_hand": chosen_by_hand(shot, item),
        "saw": shot.saw.value,
        "said": capture_words(shot, item),
        "quality": shot.quality,
        "why": why_words(shot),
        "hints": hint_values(shot, item),
        "box_px": _edges(shot.box),
        "field_px": _edges(shot.field),
        **judged_values(data.info.history, one),
        "clip": one.clip,
        "still": _file(still) or None,
        "trouble": still.trouble if still is not None else "",
    }


def _edges(box: Box | None) -> list[float] | None:
    return [box.left, box.top, box.right, box.bottom] if box is not None else None


def _file(still: Still | None) -> str:
    return still.file if still is not None and still.picture is not None else ""


def _timeline(line: ReportTimeline) -> dict[str, Any]:
    known = [[None if np.isnan(v) else round(float(v), 3) for v in row] for row in line.levels]
    rows = {plane.key: levels for plane, levels in zip(line.planes, known, strict=True)}
    held = [{"from_s": from_s, "threshold": one} for from_s, one in line.thresholds]
    return {
        "length_s": line.length_s,
        # None where no single one held.
        "threshold": held[0]["threshold"] if len(held) == 1 else None,
        "thresholds": held,
        "confidence": rows,
    }
