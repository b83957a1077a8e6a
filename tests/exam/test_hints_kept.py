"""What could be better in a capture is kept with it, and said wherever the capture is."""

from __future__ import annotations

import csv
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from exam import exam_made
from made_analyses import analysis_of, shares_of
from real_models import frame_of
from sonoassist.core.flaws import Flaw, Hint, Hints
from sonoassist.core.packets import Box, Localisation
from sonoassist.core.planes import BY_KEY
from sonoassist.exam.capture_words import hint_words, item_of
from sonoassist.exam.plain import whole_exam
from sonoassist.exam.raw_tables import write_tables
from sonoassist.exam.report.data import ReportOptions, gather
from sonoassist.exam.report.html import as_html
from sonoassist.exam.report.pdf import as_pdf
from sonoassist.exam.report.tables import as_csv, as_json
from sonoassist.exam.schema import RecordError
from sonoassist.exam.shots import best_shot, hand_shot, said_of
from sonoassist.exam.store import ExamStore
from sonoassist.live.status import View
from sonoassist.temporal.best_frames import Candidate
from sonoassist.temporal.quality import Quality
from sonoassist.temporal.steady import SteadyLabel

HINTS: Hints = (Hint(Flaw.TOO_SMALL, 0.25), Hint(Flaw.MOVING, 0.5))


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


def test_kept_none_and_not_looked_at_are_three_things(store: ExamStore) -> None:
    with store.create(exam_made.start()) as exam:
        for hints in (HINTS, (), None):
            exam.add_capture(exam_made.shot(hints=hints), exam_made.picture())
        exam_id = exam.exam_id
    with store.open(exam_id) as exam:
        assert [one.shot.hints for one in exam.captures()] == [HINTS, (), None]


def test_a_box_that_comes_behind_brings_its_hints_or_leaves_those_there_are(
    store: ExamStore,
) -> None:
    with store.create(exam_made.start()) as exam:
        one = exam.add_capture(exam_made.shot(hints=HINTS), exam_made.picture())
        exam.put_box(one.capture_id, Box(1, 2, 3, 4))
        assert exam.capture(one.capture_id).shot.hints == HINTS
        exam.put_box(one.capture_id, Box(1, 2, 3, 4), ())
        assert exam.capture(one.capture_id).shot.hints == ()


def test_an_exam_of_an_earlier_program_is_read_and_written_on(store: ExamStore) -> None:
    with store.create(exam_made.start()) as exam:
        exam.add_capture(exam_made.shot(), exam_made.picture())
        exam_id, path = exam.exam_id, exam.folder / "exam.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE captures DROP COLUMN hints")
        database.execute("PRAGMA user_version = 3")
    database.close()
    with store.open(exam_id) as exam:
        assert [one.shot.hints for one in exam.captures()] == [None]
    with store.open(exam_id, write=True) as exam:
        exam.add_capture(exam_made.shot(hints=HINTS), exam_made.picture())
    with store.open(exam_id) as exam:
        assert [one.shot.hints for one in exam.captures()] == [None, HINTS]


@pytest.mark.parametrize("text", ["[", "[]", '{"moving": "much"}', '{"moving": 7}'])
def test_a_damaged_record_says_so(store: ExamStore, text: str) -> None:
    with store.create(exam_made.start()) as exam:
        exam.add_capture(exam_made.shot(), exam_made.picture())
        exam_id, path = exam.exam_id, exam.folder / "exam.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("UPDATE captures SET hints = ?", (text,))
    database.close()
    with store.open(exam_id) as exam, pytest.raises(RecordError, match="damaged"):
        exam.captures()


def test_a_picture_captured_by_hand_has_the_hints_of_its_picture() -> None:
    frame = frame_of(exam_made.picture(), time_s=1.0, captured_at_s=1.0)
    analysis = analysis_of(frame, shares_of("femur", 0.95), box=Box(10, 10, 30, 30))
    view = View(frame, analysis, SteadyLabel(0.7).update(analysis), HINTS)
    assert hand_shot(view, "femur", 1.0, said_of(view)).hints == HINTS
    unnamed = replace(view, steady=None)
    assert hand_shot(unnamed, "femur", 1.0, said_of(unnamed)).hints is None


@pytest.mark.parametrize("carried", [None, Box(0, 0, 9, 9)])
def test_no_picture_is_kept_with_hints_by_the_box_of_another_one(carried: Box | None) -> None:
    frame = frame_of(exam_made.picture(), time_s=1.0, captured_at_s=1.0)
    made = analysis_of(frame, shares_of("femur", 0.95))
    unsought = Localisation(frame.frame_id, carried, None, 0.2 if carried else 0.0, sought=False)
    analysis = replace(made, localisation=unsought)
    view = View(frame, analysis, SteadyLabel(0.7).update(analysis), HINTS)
    by_itself = tuple(one for one in HINTS if one.flaw is Flaw.MOVING)
    assert by_itself != HINTS
    assert hand_shot(view, "femur", 1.0, said_of(view)).hints == by_itself
    (item,) = [one for one in exam_made.ITEMS if one.key == "femur"]
    candidate = Candidate(analysis, BY_KEY["femur"], 0.95, Quality(0.5, 0.5), 1.0, 1, HINTS)
    assert best_shot(candidate, item, 1.0).hints == by_itself


def test_hints_at_another_plane_are_none_at_the_item_that_a_person_chose() -> None:
    shot = exam_made.shot("femur", plane="lvot", hints=HINTS)
    femur, lvot = (item_of(exam_made.shot(key), exam_made.ITEMS) for key in ("femur", "lvot"))
    assert hint_words(shot, femur) == ""
    assert hint_words(replace(shot, item="lvot"), lvot) == "too small, moving"
    assert hint_words(shot, None) == "too small, moving"


def test_all_that_tells_of_a_capture_tells_its_hints(store: ExamStore, tmp_path: Path) -> None:
    with store.create(exam_made.start()) as exam:
        exam.add_capture(exam_made.shot(hints=HINTS), exam_made.picture())
        write_tables(exam, tmp_path)
        data = gather(exam, ReportOptions())
        plain = whole_exam(exam, running=False)
    rows = list(csv.DictReader((tmp_path / "captures.csv").read_text().splitlines()))
    assert rows[0]["hints"] == "too small, moving"
    strengths = {"too_small": 0.25, "moving": 0.5}
    assert plain["captures"][0]["hints"] == strengths
    assert json.loads(as_json(data))["captures"][0]["hints"] == strengths
    (line,) = (one for one in csv.DictReader(as_csv(data).splitlines()) if one["item"] == "femur")
    assert line["hints"] == "too small, moving"
    assert "Could be better: too small, moving." in as_html(data)
    assert len(as_pdf(data)) > 1000


def test_no_output_tells_hints_at_another_plane_than_the_item_s(
    store: ExamStore, tmp_path: Path
) -> None:
    with store.create(exam_made.start()) as exam:
        shot = exam_made.shot("femur", plane="lvot", hints=HINTS)
        exam.add_capture(shot, exam_made.picture())
        write_tables(exam, tmp_path)
        data = gather(exam, ReportOptions())
        plain = whole_exam(exam, running=False)
    told = plain["captures"], json.loads(as_json(data))["captures"]
    assert [(one["chosen_by_hand"], one["hints"]) for (one,) in told] == [(True, None)] * 2
    rows = [*csv.DictReader((tmp_path / "captures.csv").read_text().splitlines())]
    rows += [row for row in csv.DictReader(as_csv(data).splitlines()) if row["item"] == "femur"]
    assert [row["hints"] for row in rows] == ["", ""]
    assert "Could be better" not in as_html(data)
