"""What a record says of threshold, model and source is what was so at each moment."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.exam_made import picture, shot, start
from exam.report_made import ITEMS, MODEL, SETTINGS
from exam.test_lifecycle import FILM, OTHER, FakePictures, Work, status
from exam.test_running import BEGAN_S, Feed
from real_models import card_of, frame_of
from sonoassist.commands.exam_text import show_text
from sonoassist.core.settings import Settings
from sonoassist.exam.dicom_out.report import _algorithm
from sonoassist.exam.exam import Exam
from sonoassist.exam.in_force import History, InForce, Moment, Whose, in_force_text, judged_by
from sonoassist.exam.in_force_words import (
    calibrated_course,
    change_events,
    threshold_course,
)
from sonoassist.exam.lifecycle import ExamLifecycle
from sonoassist.exam.looking_over import judging, look_over, turning
from sonoassist.exam.plain import whole_exam
from sonoassist.exam.raw_tables import write_tables
from sonoassist.exam.recorder import Recorder
from sonoassist.exam.records import ExamInfo, Judgement
from sonoassist.exam.report import words
from sonoassist.exam.report.data import ReportData, ReportOptions, gather
from sonoassist.exam.report.html import as_html
from sonoassist.exam.report.pdf import as_pdf
from sonoassist.exam.report.tables import as_csv, as_json
from sonoassist.exam.running import RunningExam
from sonoassist.exam.schema import RecordError
from sonoassist.exam.shots import said_of
from sonoassist.exam.store import ExamStore
from sonoassist.exam.undo import Steps
from sonoassist.live.status import ModelState, Notices
from sonoassist.model.score_rules import ScoreCalibration
from sonoassist.sources.base import SYNTHETIC_MARK
from waiting import wait_until

CARD = card_of("sononet16")
CALIBRATED = CARD.model_copy(
    update={
        "name": "sononet32",
        "title": "SonoNet-32",
        "weights_sha256": "ab" * 32,
        "calibration": ScoreCalibration(temperature=1.5, threshold=0.62, error_rate=0.03),
    }
)
A, B = "aa" * 32, "bb" * 32


def held(threshold: float = 0.5, whose: Whose = Whose.MODEL, **model: Any) -> InForce:
    known = {"name": "one", "title": "One", "domain": "published", "weights_sha256": A}
    return InForce(threshold, whose, {**known, "calibrated": True, **model}, source="a.mp4")


FIRST = held()
YOURS = held(0.4, Whose.USER)
OTHER_MODEL = held(0.7, Whose.UNCALIBRATED, title="Two", weights_sha256=B, calibrated=False)
LOADING = InForce(0.7, source="a.mp4")


def history(*moments: tuple[float, InForce]) -> History:
    return History(tuple(Moment(at_s, one) for at_s, one in moments), followed=True)


# --- in words ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moments", "threshold", "calibrated"),
    [
        ([(0, FIRST)], "50 % (the model's)", "calibrated"),
        ([(0, LOADING), (7, FIRST)], "50 % (the model's)", "calibrated"),
        ([(0, LOADING)], "", ""),
        (
            [(0, FIRST), (190.4, YOURS)],
            "50 % (the model's), from 03:10 40 % (yours)",
            "calibrated",
        ),
        (
            [(0, FIRST), (9, OTHER_MODEL), (20, FIRST)],
            "50 % (the model's), from 00:09 70 % (uncalibrated model), from 00:20 50 % (the "
            "model's)",
            "calibrated, from 00:09 uncalibrated, from 00:20 calibrated",
        ),
        (
            [(one, held(0.2 + 0.05 * one, Whose.USER)) for one in range(8)],
            "20 % to 55 %, changed 7 times",
            "calibrated",
        ),
        # It is a setting, as it is: rounded down it would be another one.
        ([(0, held(0.625, Whose.USER))], "62.5 % (yours)", "calibrated"),
        (
            [(one, held(0.025 + 0.1 * one, Whose.USER)) for one in range(8)],
            "2.5 % to 72.5 %, changed 7 times",
            "calibrated",
        ),
        # Another crop is no other threshold.
        ([(0, FIRST), (5, replace(FIRST, crop="full"))], "50 % (the model's)", "calibrated"),
    ],
)
def test_a_value_is_told_with_the_time_from_which_on_it_held(
    moments: list[tuple[float, InForce]], threshold: str, calibrated: str
) -> None:
    found = history(*moments)
    assert threshold_course(found) == threshold
    assert calibrated_course(found) == calibrated


def test_of_an_exam_that_kept_no_changes_only_its_start_is_told() -> None:
    info = ExamInfo("e", "", "", 9.0, "", start(settings={"threshold": 0.7}))
    assert not info.history.followed
    assert threshold_course(info.history) == "70 % at its start"
    assert calibrated_course(info.history) == "uncalibrated at its start"


def test_events_tell_what_changed_and_nothing_else() -> None:
    assert dict(change_events(FIRST, YOURS)) == {"threshold": "Threshold: 40 % (yours)"}
    assert dict(change_events(FIRST, OTHER_MODEL)) == {
        "model": "Model: Two (published), uncalibrated",
        "threshold": "Threshold: 70 % (uncalibrated model)",
    }
    assert list(change_events(FIRST, FIRST)) == []


def test_a_picture_belongs_to_the_model_that_has_judged_it() -> None:
    moments = history((0, LOADING), (5, FIRST), (9, YOURS), (12, OTHER_MODEL)).moments
    assert judged_by(moments, 10, A) == moments[2]
    assert judged_by(moments, 11.9, B) == moments[3]  # taken while it was loaded
    assert judged_by(moments, 13, A) == moments[2]  # a freeze, judged by the one before
    assert judged_by(moments, 2, A) == moments[1]
    assert judged_by(moments, 2, "") == moments[0]
    assert judged_by(moments, 13, "c" * 64) == moments[3]


texts = st.text(max_size=10)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1e6),
            st.builds(
                InForce,
                st.floats(0, 1),
                st.sampled_from(Whose),
                st.dictionaries(texts, texts | st.booleans(), max_size=3),
                texts,
                texts,
                texts,
                texts,
                texts,
                st.booleans(),
            ),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_what_is_kept_is_what_was_so(moments: list[tuple[float, InForce]]) -> None:
    from sonoassist.exam.in_force import IN_FORCE, history_of

    rows = [(at_s, IN_FORCE, in_force_text(one)) for at_s, one in moments]
    found = history_of(rows)
    assert found is not None
    assert [one.at_s for one in found.moments] == [at_s for at_s, _ in moments]
    assert [one.in_force.threshold for one in found.moments] == [o.threshold for _, o in moments]
    assert [one.in_force.whose for one in found.moments] == [one.whose for _, one in moments]


# --- in the record ----------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


def info_of(store: ExamStore, exam_id: str) -> ExamInfo:
    with store.open(exam_id) as exam:
        return exam.info()


def life_of(store: ExamStore, settings: Settings) -> tuple[ExamLifecycle, Work]:
    work = Work()
    return ExamLifecycle(FakePictures(), store, settings, work), work


def test_what_changes_in_an_exam_is_in_its_record_while_it_goes_on(store: ExamStore) -> None:
    """As it would be found behind a kill: nothing is ended, nothing closed."""
    settings = Settings(exam_with_source="never")
    life, work = life_of(store, settings)
    life.follow(status(model_state=ModelState.LOADING, card=None, engine="", device=""))
    life.toggle()
    work.do()
    assert life.running is not None
    exam_id = life.running.exam.exam_id
    life.follow(status(card=CALIBRATED))
    settings.threshold = 0.4
    life.reconsider()
    life.follow(status(model_state=ModelState.LOADING, card=None, engine="", device=""))
    life.follow(status(card=CARD))
    settings.threshold, settings.crop = None, "full"
    life.reconsider()
    life.reconsider()
    wait_until(lambda: len(info_of(store, exam_id).history.moments) == 5)
    found = info_of(store, exam_id)
    assert found.start.model == {"engine": "", "device": ""}
    assert "threshold" not in found.start.settings  # nobody's
    assert [(one.in_force.threshold, one.in_force.whose) for one in found.history.effective] == [
        (0.62, Whose.MODEL),
        (0.4, Whose.USER),
        (0.4, Whose.USER),
        (0.7, Whose.UNCALIBRATED),
    ]
    assert [one.in_force.calibrated for one in found.history.effective] == [
        True,
        True,
        False,
        False,
    ]
    assert found.history.first.model["name"] == "sononet32"
    with store.open(exam_id) as exam:
        told = [(one.kind, one.text) for one in exam.events()]
    assert ("threshold", "Threshold: 40 % (yours)") in told
    assert ("model", f"Model: {CARD.title} ({CARD.domain}), uncalibrated") in told
    assert ("crop", "Crop: full") in told
    assert not any("{" in text for _, text in told)
    life.stop()
    assert info_of(store, exam_id).ended


def test_an_exam_that_goes_on_with_a_real_source_is_not_synthetic(store: ExamStore) -> None:
    life, work = life_of(store, Settings())
    life.follow(status(replace(FILM, synthetic=True)))
    work.do()
    assert life.running is not None
    exam_id = life.running.exam.exam_id
    life.join_next(True)
    life.follow(status(OTHER))
    life.stop()
    info = info_of(store, exam_id)
    assert info.start.synthetic
    assert not info.synthetic
    assert [one.in_force.source for one in info.history.moments] == [FILM.spec, OTHER.spec]
    with store.open(exam_id) as exam:
        hidden = gather(exam, ReportOptions(mask=True))
        shown = gather(exam, ReportOptions(mask=False))
        listed = show_text(exam, running=False)
    assert "exam.mp4 (synthetic), then other.mp4 (real)\n" in listed
    assert "Part of this exam is synthetic: no patient" in hidden.warnings
    assert words.source(shown) == "exam.mp4 (synthetic), then other.mp4 (real)"
    assert "other.mp4" in as_json(shown)
    assert "other.mp4" not in as_json(hidden)
    assert OTHER.spec not in as_json(shown)


def test_a_capture_has_what_it_was_judged_by(store: ExamStore) -> None:
    """The frozen picture is from before the threshold was lowered, the choice from behind."""
    running = RunningExam(
        store.create(start(items=ITEMS)),
        ITEMS,
        Notices(),
        began_s=BEGAN_S,
        clip_s=0.5,
        source_id="made",
        in_force=FIRST,
    )
    feed = Feed(running)
    view = feed.hold("femur", 0.4)
    running.capture(view, said_of(view))
    running.judge_by(YOURS)
    running.judge_by(YOURS)
    running.capture(view, said_of(view), "lips")
    running.end()
    with store.open(running.view.exam_id) as exam:
        found, captures = exam.info().history, exam.captures()
    assert [one.in_force for one in found.moments] == [FIRST, YOURS]
    by_item = {one.shot.item: found.of(one.capture_id, one.shot.at_s) for one in captures}
    assert by_item == {"femur": FIRST, "lips": YOURS}


@pytest.mark.parametrize(("synthetic", "files"), [(True, 1), (False, 2)])
def test_a_file_of_a_recording_is_of_one_kind_of_source(
    store: ExamStore, synthetic: bool, files: int
) -> None:
    first = replace(FIRST, synthetic=True)
    with store.create(start()) as exam:
        exam.add_moment(Moment(0.0, first))
        exam.add_moment(Moment(1.0, replace(first, source="b.mp4", synthetic=synthetic)))
        recorder = Recorder(exam, lambda _: None, spare_bytes=0)
        for number in range(20):
            source_id = "made" if number < 10 else "other"
            frame = frame_of(picture(), number, source_id=source_id)
            assert recorder.add(frame, 0.1 * number, synthetic=synthetic or number < 10)
        recorder.stop()
        marked = [
            SYNTHETIC_MARK in (exam.media / one.file).read_bytes().decode("latin-1")
            for one in exam.recordings()
        ]
    assert marked == [True, False][:files]


def broken(text: str) -> Callable[[sqlite3.Connection], None]:
    def act(database: sqlite3.Connection) -> None:
        database.execute("UPDATE events SET text = ? WHERE kind = 'in_force'", (text,))

    return act


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        in_force_text(FIRST).replace("0.5", "7"),
        in_force_text(FIRST).replace("0.5", "9" * 400),
        in_force_text(FIRST)[:-1],
    ],
)
def test_a_damaged_moment_is_told_in_words(store: ExamStore, text: str) -> None:
    with store.create(start()) as exam:
        exam.add_moment(Moment(0.0, FIRST))
        exam_id = exam.exam_id
    with sqlite3.connect(store.folder / exam_id / "exam.sqlite") as database:
        broken(text)(database)
    database.close()
    with store.open(exam_id) as exam, pytest.raises(RecordError, match="is damaged"):
        exam.info()


# --- in reports -------------------------------------------------------------------------------


def made(store: ExamStore, *moments: tuple[float, InForce]) -> Exam:
    exam = store.create(start(items=ITEMS, model=MODEL, settings=SETTINGS, synthetic=False))
    for at_s, one in moments:
        exam.add_moment(Moment(at_s, one))
    for item, at_s in (("femur", 3.0), ("lips", 12.0)):
        exam.add_capture(shot(item, at_s), picture(), judgement=Judgement.KEPT)
    return exam


def report_of(store: ExamStore, *moments: tuple[float, InForce]) -> ReportData:
    with made(store, *moments) as exam:
        return gather(exam, ReportOptions(mask=False))


def captions(data: ReportData) -> dict[str, str]:
    return {one.capture.shot.item: " ".join(words.caption(data, one)) for one in data.stills}


def test_a_report_tells_each_capture_by_what_it_was_judged(store: ExamStore) -> None:
    data = report_of(store, (0.0, FIRST), (10.0, OTHER_MODEL))
    assert dict(words.head(data))["Threshold"] == (
        "50 % (the model's), from 00:10 70 % (uncalibrated model)"
    )
    said = captions(data)
    assert said["femur"].endswith(
        "Threshold 50 % (the model's); model One (published), calibrated."
    )
    assert said["lips"].endswith(
        "Threshold 70 % (uncalibrated model); model Two (published), uncalibrated."
    )
    assert "calibrated, from 00:10 uncalibrated." in words.about_confidence(data)
    assert dict(words.model(data))["From 00:10"].startswith("Two (published), uncalibrated; ")
    assert [one for one in data.warnings if "another model named" in one]
    assert "below the threshold of its time" in words.legend(data.timeline)
    assert data.timeline.shade(0.6, 3.0) > 0.6
    assert data.timeline.shade(0.6, 11.0) < 0.36
    page = as_html(data)
    assert "50 % (the model&#x27;s), from 00:10 70 %" in page
    assert as_pdf(data).startswith(b"%PDF")
    rows = {one["item"]: one for one in csv.DictReader(io.StringIO(as_csv(data)))}
    assert (rows["femur"]["threshold"], rows["femur"]["calibrated"]) == ("0.5000", "1")
    assert (rows["lips"]["threshold_whose"], rows["lips"]["calibrated"]) == ("uncalibrated", "0")
    whole = json.loads(as_json(data))
    by_item = {one["item"]: one for one in whole["captures"]}
    assert (by_item["femur"]["threshold"], by_item["lips"]["threshold"]) == (0.5, 0.7)
    assert [one["from_s"] for one in whole["exam"]["in_force"]] == [0.0, 10.0]
    assert whole["timeline"]["threshold"] is None
    assert whole["exam"]["changes_kept"] is True


def test_nothing_is_said_of_changes_where_there_were_none(store: ExamStore) -> None:
    data = report_of(store, (0.0, LOADING), (1.0, FIRST))
    assert dict(words.head(data))["Threshold"] == "50 % (the model's)"
    assert "threshold" not in " ".join(captions(data).values()).lower()
    assert not [one for one in data.warnings if "another model" in one]
    assert "of 50 %" in words.legend(data.timeline)
    assert dict(words.model(data))["Model"] == "One"


def test_an_older_exam_says_what_is_known(store: ExamStore) -> None:
    data = report_of(store)
    assert dict(words.head(data))["Threshold"] == "70 % at its start"
    assert "uncalibrated at its start." in words.about_confidence(data)
    assert dict(words.settings(data))["Threshold"] == "70 % at its start"


def test_tables_and_plain_values_tell_the_same(store: ExamStore, tmp_path: Path) -> None:
    with made(store, (0.0, FIRST), (10.0, OTHER_MODEL)) as exam:
        values = whole_exam(exam, running=False)
        write_tables(exam, tmp_path)
    with (tmp_path / "captures.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(one["threshold"]) for one in rows] == [0.5, 0.7]
    assert [one["threshold"] for one in values["captures"]] == [0.5, 0.7]
    assert [one["calibrated"] for one in values["captures"]] == [True, False]
    assert [one["threshold_whose"] for one in values["in_force"]] == ["model", "uncalibrated"]


def test_dicom_names_the_model_and_the_threshold_of_the_capture() -> None:
    parameters = " ".join(str(one.TextValue) for one in _algorithm(OTHER_MODEL)[2:])
    assert "model title: Two" in parameters
    assert "model uncalibrated" in parameters
    assert "threshold: 70 % (uncalibrated model)" in parameters


def test_events_for_people_are_of_other_kinds(store: ExamStore) -> None:
    """A judgement after the end is an event of its own, and no line about what is in force."""
    with made(store, (0.0, FIRST)) as exam:
        exam_id, number = exam.exam_id, exam.captures()[0].capture_id
    steps = Steps()
    for change in (judging(number, Judgement.REJECTED), turning(back=True)):
        look_over(store, exam_id, steps, [change])
    with store.open(exam_id) as exam:
        assert exam.info().history.moments == (Moment(0.0, FIRST),)
        assert {"judged", "undo"} <= {one.kind for one in exam.events()}
        assert exam.capture(number).judgement is Judgement.KEPT
