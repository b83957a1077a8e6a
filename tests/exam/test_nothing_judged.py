"""Where nothing judged a picture, or nobody knows by what, nothing is said of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from exam.exam_made import picture, shot, start
from exam.report_made import ITEMS
from exam.test_in_force import FIRST, LOADING
from sonoassist.commands.exam_text import show_text
from sonoassist.exam.dicom_out.report import _algorithm
from sonoassist.exam.exam import Exam
from sonoassist.exam.in_force import Moment
from sonoassist.exam.in_force_values import JUDGED_COLUMNS
from sonoassist.exam.plain import whole_exam
from sonoassist.exam.raw_tables import write_tables
from sonoassist.exam.records import Judgement, Seen
from sonoassist.exam.report import words
from sonoassist.exam.report.data import ReportOptions, gather
from sonoassist.exam.report.html import as_html
from sonoassist.exam.report.tables import as_csv, as_json
from sonoassist.exam.store import ExamStore

NOTHING = dict.fromkeys(("threshold", "threshold_whose", "model", "weights_sha256", "calibrated"))
CELLS = dict.fromkeys(JUDGED_COLUMNS, "")


@pytest.fixture
def exam(tmp_path: Path) -> Iterator[Exam]:
    begun = start(items=ITEMS, model={"engine": "", "device": ""}, settings={"crop": "default"})
    with ExamStore(tmp_path / "exams").create(begun) as made:
        yield made


def capture(exam: Exam, saw: Seen) -> None:
    one = shot("femur", 3.0, plane="", confidence=0.0, saw=saw)
    exam.add_capture(one, picture(), judgement=Judgement.KEPT)


@pytest.mark.parametrize(
    ("moments", "saw"),
    [
        ([LOADING], Seen.UNKNOWN),
        ([LOADING], Seen.NOT_ANALYSED),
        ([LOADING, FIRST], Seen.NOT_ANALYSED),
        ([FIRST], Seen.NOT_ANALYSED),
        ([], Seen.UNKNOWN),
    ],
)
def test_a_picture_that_nobody_judged_has_no_threshold_and_no_model(
    exam: Exam, tmp_path: Path, moments: list[object], saw: Seen
) -> None:
    for place, one in enumerate(moments):
        exam.add_moment(Moment(4.0 * place, one))  # type: ignore[arg-type]
    capture(exam, saw)
    data = gather(exam, ReportOptions())
    (row,) = (one for one in csv.DictReader(io.StringIO(as_csv(data))) if one["item"] == "femur")
    write_tables(exam, tmp_path)
    with (tmp_path / "captures.csv").open(encoding="utf-8") as file:
        (raw,) = csv.DictReader(file)
    for cells in (row, raw):
        assert {name: cells[name] for name in CELLS} == CELLS
    whole = json.loads(as_json(data))
    for values in (whole, whole_exam(exam, running=False)):
        (one,) = values["captures"]
        assert {name: one[name] for name in NOTHING} == NOTHING


def test_a_picture_that_was_judged_has_them(exam: Exam) -> None:
    exam.add_moment(Moment(0.0, FIRST))
    capture(exam, Seen.UNSURE)
    (one,) = whole_exam(exam, running=False)["captures"]
    assert (one["threshold"], one["model"], one["calibrated"]) == (0.5, "one", True)


@pytest.mark.parametrize("kept", [True, False])
def test_without_a_model_no_threshold_is_told_of_the_exam(exam: Exam, kept: bool) -> None:
    """Also where an earlier program has begun it before its model was there."""
    if kept:
        exam.add_moment(Moment(0.0, LOADING))
    data = gather(exam, ReportOptions())
    assert "Threshold" not in dict(words.head(data))
    assert dict(words.settings(data)) == {"Crop": "default"}
    assert dict(words.model(data)) == {"Model": "not known"}
    assert words.about_confidence(data).startswith("Confidence is the network's own. ")
    assert "threshold" not in show_text(exam, running=False)
    assert "hreshold" not in as_html(data)
    timeline = json.loads(as_json(data))["timeline"]
    assert timeline["threshold"] is None
    # The shades need one.
    assert data.timeline.shade(0.71) >= 0.6
    assert data.timeline.shade(0.69) <= 0.35
    assert "pale below 70 %." in words.legend(data.timeline)
    (held,) = whole_exam(exam, running=False)["in_force"]
    assert (held["threshold"], held["calibrated"]) == (None, None)
    parameters = _algorithm(data.info.history.first)
    assert "calibrated" not in str(parameters)
