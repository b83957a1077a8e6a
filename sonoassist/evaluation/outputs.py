"""The results as files: text, JSON, CSV tables and the report."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from sonoassist.core.files import ensure_folder, output_error, write_text
from sonoassist.core.packets import Box
from sonoassist.core.planes import KEYS
from sonoassist.evaluation import paper
from sonoassist.evaluation.bootstrap import Score
from sonoassist.evaluation.calibration import Calibration
from sonoassist.evaluation.classes import title
from sonoassist.evaluation.classification import Classification
from sonoassist.evaluation.hints import HintMeasure
from sonoassist.evaluation.html_report import as_html
from sonoassist.evaluation.localisation import LocalisationMeasure
from sonoassist.evaluation.localisers import BothLocalisers
from sonoassist.evaluation.results import Results
from sonoassist.evaluation.retrieval import Retrieval
from sonoassist.evaluation.speed import Speed
from sonoassist.evaluation.steadiness import LabelCourse, Steadiness
from sonoassist.evaluation.text_report import as_text

SUMMARY = "evaluation.json"
FILES = frozenset(
    {
        SUMMARY,
        "evaluation.txt",
        "report.html",
        "frames.csv",
        "classification.csv",
        "confusion.csv",
        "calibration.csv",
        "retrieval.csv",
        "localisation.csv",
        "localisers.csv",
        "steadiness.csv",
        "hints.csv",
        "speed.csv",
    }
)
"""All that a run can write."""
_EDGES = ("left_px", "top_px", "right_px", "bottom_px")
_NOT_IN_JSON = ("frames", "wrong_labels", "wrong_boxes")


def as_json(results: Results) -> dict[str, Any]:
    """The results as plain data; figures that are not defined are null."""
    data: dict[str, Any] = {
        field.name: plain(getattr(results, field.name))
        for field in dataclasses.fields(results)
        if field.name not in _NOT_IN_JSON
    }
    data["frames"] = len(results.frames)
    data["paper"] = plain(paper.figures())
    if results.classification is not None:
        share = results.classification.backgrounds_per_plane
        data["classification"]["backgrounds_per_plane"] = plain(share)
    if results.speed is not None:
        for name in ("detection_fps", "localisation_fps", "both_fps", "analysis_fps"):
            data["speed"][name] = plain(getattr(results.speed, name))
    return data


def plain(value: Any) -> Any:
    """Data classes as objects, arrays as lists, what is not a finite number as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value]
    return value


def write_results(results: Results, folder: Path) -> list[Path]:
    """Write all files; each is whole or not there.

    What an older run left behind goes, since its tables would be taken for ones of this run.

    Returns:
        The files.

    Raises:
        OutputError: The folder cannot be written to.
    """
    texts = {
        "evaluation.txt": as_text(results),
        SUMMARY: json.dumps(as_json(results), indent=1, ensure_ascii=False) + "\n",
        **tables(results),
        "report.html": as_html(results),
    }
    ensure_folder(folder)
    older = (folder / SUMMARY).is_file()
    for name, text in texts.items():
        write_text(folder / name, text)
    if older:
        _remove(folder, FILES - texts.keys())
    return [folder / name for name in texts]


def _remove(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise output_error(folder / name, error) from error


def tables(results: Results) -> dict[str, str]:
    """Name of each CSV file and what is in it."""
    made = {"frames.csv": _frames(results)}
    if results.classification is not None:
        made["classification.csv"] = _classification(results.classification)
        made["confusion.csv"] = _confusion(results.classification)
    if results.calibration is not None:
        made["calibration.csv"] = _calibration(results.calibration)
    if results.retrieval is not None:
        made["retrieval.csv"] = _retrieval(results.retrieval)
    if results.localisation is not None:
        made["localisation.csv"] = _localisation(results.localisation)
    if results.localisers is not None:
        made["localisers.csv"] = _localisers(results.localisers)
    if results.steadiness is not None:
        made["steadiness.csv"] = _steadiness(results.steadiness)
    if results.hints is not None:
        made["hints.csv"] = _hints(results.hints)
    if results.speed is not None:
        made["speed.csv"] = _speed(results.speed)
    return made


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return f"{value:.6f}" if isinstance(value, float) else value


def _columns(*names: str) -> list[str]:
    return [column for name in names for column in (name, f"{name}_low", f"{name}_high")]


def _cells(*scores: Score) -> list[object]:
    return [value for score in scores for value in (score.value, score.low, score.high)]


def _frames(results: Results) -> str:
    header = (
        "dataset",
        "case",
        "file",
        "frame",
        "time_s",
        "truth",
        "predicted",
        "confidence",
        "right",
        "state",
        "iou",
        *_EDGES,
        *(f"true_{edge}" for edge in _EDGES),
        *(f"p_{key}" for key in KEYS),
    )
    rows = (
        [
            one.dataset,
            one.case,
            one.path.name,
            one.index,
            one.time_s,
            "|".join(one.truth),
            one.named,
            one.confidence,
            int(one.right) if one.truth else "",
            one.state.value,
            one.iou if one.true_box else "",
            *_edges(one.box),
            *_edges(one.true_box),
            *(float(p) for p in one.probabilities),
        ]
        for one in results.frames
    )
    return _csv(header, rows)


def _edges(box: Box | None) -> Sequence[object]:
    return (box.left, box.top, box.right, box.bottom) if box else [None] * 4


def _classification(found: Classification) -> str:
    rows: list[list[object]] = [
        [title(one.group), *_cells(one.precision, one.recall, one.f1), one.count, "", "", ""]
        for one in found.classes
    ]
    averages = _cells(found.precision, found.recall, found.f1)
    rows.append(["average", *averages, found.frames, *_cells(found.accuracy)])
    header = ["class", *_columns("precision", "recall", "f1"), "images", *_columns("accuracy")]
    return _csv(header, rows)


def _confusion(found: Classification) -> str:
    header = ["true", *(title(group) for group in found.columns)]
    lines = zip(found.classes, found.confusion.tolist(), strict=True)
    return _csv(header, ([title(one.group), *line] for one, line in lines))


def _calibration(found: Calibration) -> str:
    """A line for each bin, then one for all: its error is the expected calibration error."""
    rows: list[list[object]] = [
        [b.low, b.high, b.confidence, b.accuracy, b.count, abs(b.confidence - b.accuracy), "", ""]
        for b in found.bins
    ]
    whole = [found.confidence, found.accuracy, found.frames]
    rows.append([0.0, 1.0, *whole, *_cells(found.error)])
    header = ["low", "high", "confidence", "accuracy", "frames", *_columns("error")]
    return _csv(header, rows)


def _retrieval(found: Retrieval) -> str:
    header = ["dataset", "case", "file", "plane", "frame", "time_s", "confidence", "shows", "right"]
    rows = (
        [
            one.dataset,
            one.case,
            one.file,
            one.plane,
            one.frame,
            one.time_s,
            one.confidence,
            "|".join(one.shows),
            int(one.right),
        ]
        for one in found.retrieved
    )
    return _csv(header, rows)


def _localisation(found: LocalisationMeasure) -> str:
    rows: list[list[object]] = []
    named = [(title(one.group), one.named, one.all) for one in found.planes]
    for name, right, every in [*named, ("average", found.named, found.all)]:
        for which, boxes in (("named", right), ("all", every)):
            figures = _cells(boxes.mean, boxes.std, boxes.correct)
            rows.append([name, which, *figures, boxes.count])
    return _csv(["class", "frames_of", *_columns("mean_iou", "std_iou", "correct"), "images"], rows)


def _localisers(found: BothLocalisers) -> str:
    header = [
        "class",
        "frames",
        "plane_mean_iou",
        "plane_correct",
        "paper_mean_iou",
        "paper_correct",
    ]
    named = [*((title(one.group), one) for one in found.planes), ("all frames", found.all)]
    return _csv(
        header,
        (
            [name, one.count, one.plane.mean, one.plane.correct, one.paper.mean, one.paper.correct]
            for name, one in named
        ),
    )


def _steadiness(found: Steadiness) -> str:
    header = [
        "label",
        "changes",
        "least_changes",
        "minutes",
        "changes_a_minute",
        "right",
        "frames",
        "accuracy",
        "delay_median_s",
        "delay_95_s",
        "never",
        "views",
    ]

    def row(name: str, course: LabelCourse) -> list[object]:
        return [
            name,
            course.changes,
            course.least_changes,
            course.minutes,
            course.changes_a_minute,
            course.right,
            course.frames,
            course.accuracy,
            course.delay_s(0.5),
            course.delay_s(0.95),
            course.never,
            course.views,
        ]

    return _csv(header, [row("raw", found.raw), row("steady", found.steady)])


def _hints(found: HintMeasure) -> str:
    header = [
        "flaw",
        *_columns("precision", "recall", "recall_of_all"),
        "hints",
        "frames",
        "of_all",
    ]
    rows: list[list[object]] = [
        [
            one.flaw.value,
            *_cells(one.precision, one.recall, one.recall_of_all),
            one.hints,
            one.flawed,
            one.flawed_of_all,
        ]
        for one in found.flaws
    ]
    return _csv(header, rows)


def _speed(found: Speed) -> str:
    added_ms = found.both_ms - found.detection_ms
    rows: list[list[object]] = [
        ["detection", found.detection_ms, found.detection_fps],
        ["localisation", added_ms, found.localisation_fps],
        ["both", found.both_ms, found.both_fps],
        ["whole frame", found.analysis_ms, found.analysis_fps],
    ]
    rows += ([f"of it: {stage}", each_ms, None] for stage, each_ms in found.stages_ms)
    return _csv(["pass", "median_ms", "fps"], rows)
