"""The sources of an exam are named once, the same everywhere, and not at all where hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from exam.exam_made import start
from exam.test_in_force import FIRST, held
from sonoassist.commands.exam_text import show_text
from sonoassist.exam.exam import Exam
from sonoassist.exam.in_force import InForce, Moment
from sonoassist.exam.report import words
from sonoassist.exam.report.data import ReportData, ReportOptions, gather
from sonoassist.exam.report.html import as_html
from sonoassist.exam.report.tables import as_json
from sonoassist.exam.source_words import goes_on_text, is_back_text, renamed_event, sources_words
from sonoassist.exam.store import ExamStore


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


def watching(source: str, label: str, synthetic: bool = False) -> InForce:
    return replace(FIRST, source=source, source_label=label, synthetic=synthetic)


def reported(exam: Exam, mask: bool) -> ReportData:
    return gather(exam, ReportOptions(mask=mask))


def exam_of(store: ExamStore, held_then: Sequence[InForce]) -> Exam:
    exam = store.create(start(model={}, settings={}))
    for number, one in enumerate(held_then):
        exam.add_moment(Moment(float(number), one))
    return exam


def test_a_source_that_comes_again_is_said_again_everywhere(store: ExamStore) -> None:
    one, other = watching("a.mp4", "a.mp4", synthetic=True), watching("b.mp4", "b.mp4")
    with exam_of(store, [one, replace(one, crop="full"), other, one]) as exam:
        said = words.source(reported(exam, mask=False))
        shown = show_text(exam, running=False)
        assert said == sources_words(exam.info().history)
    assert said == "a.mp4 (synthetic), then b.mp4 (real), then a.mp4 (synthetic)"
    assert said in [line.removeprefix("source").strip() for line in shown.splitlines()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (goes_on_text("Meier_Anna.mp4"), "The exam goes on with another source"),
        (goes_on_text("Meier is back"), "The exam goes on with another source"),
        (is_back_text("Meier Anna"), "The source is back"),
        (is_back_text("exam.mp4"), "a recording is back"),
    ],
)
def test_a_masked_report_of_an_exam_that_kept_no_history_has_no_name(
    store: ExamStore, text: str, said: str
) -> None:
    with store.create(start(synthetic=False)) as exam:
        exam.add_event(5.0, "source", text)
        exam.add_event(6.0, "note", "Not of a source")
        hidden, shown = reported(exam, mask=True), reported(exam, mask=False)
    for written in (as_json(hidden), as_html(hidden)):
        assert "Meier" not in written
        assert "exam.mp4" not in written
    told = [words.event_text(hidden, one) for one in hidden.events]
    assert said in told
    assert "Not of a source" in told
    assert text in as_json(shown)


def test_a_name_that_is_part_of_another_does_not_show_the_rest(store: ExamStore) -> None:
    sources = [watching("Meier", "Meier"), watching("Meier_Anna.mp4", "Meier_Anna.mp4")]
    with exam_of(store, sources) as exam:
        exam.add_event(1.0, "source", goes_on_text("Meier_Anna.mp4"))
        hidden = reported(exam, mask=True)
    assert "The exam goes on with a recording" in [
        words.event_text(hidden, one) for one in hidden.events
    ]
    assert "Anna" not in as_json(hidden)


def test_what_may_be_named_keeps_its_name() -> None:
    names = {"Grabber": "Grabber"}
    assert renamed_event(is_back_text("Grabber"), names) == "Grabber is back"
    assert renamed_event(goes_on_text("Grabber"), names) == "The exam goes on with Grabber"


def test_the_engines_of_an_exam_are_told_with_their_times(store: ExamStore) -> None:
    """At a first start a quicker engine takes over after seconds."""
    engines = [held(engine=one, device="CPU") for one in ("OpenVINO f32", "OpenVINO bf16")]
    with exam_of(store, []) as exam:
        for at_s, one in zip((0.0, 3.0), engines, strict=True):
            exam.add_moment(Moment(at_s, one))
        rows = dict(words.model(reported(exam, mask=True)))
    assert rows["Engine"] == "OpenVINO f32, from 00:03 OpenVINO bf16"
    assert rows["Device"] == "CPU"


def test_what_is_not_known_of_a_model_has_no_row(store: ExamStore) -> None:
    with store.create(start(model={"engine": "", "device": ""})) as exam:
        assert words.model(reported(exam, mask=True)) == [("Model", "not known")]
