"""A picture is of the source that it came from, whatever the exam goes on with and when that is."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from exam.exam_made import picture, start
from exam.report_made import ITEMS
from exam.test_in_force import CARD, FIRST, LOADING, history, info_of, life_of, report_of
from exam.test_lifecycle import FILM, OTHER, status
from exam.test_running import BEGAN_S, Feed
from real_models import frame_of
from sonoassist.core.packets import Frame
from sonoassist.core.settings import Settings
from sonoassist.exam.dicom_out.header import SYNTHETIC_NOTE
from sonoassist.exam.dicom_out.stills import still_object
from sonoassist.exam.in_force import IN_FORCE, JUDGED, InForce, history_of, in_force_text
from sonoassist.exam.report import words
from sonoassist.exam.report.data import ReportOptions, gather
from sonoassist.exam.running import RunningExam
from sonoassist.exam.shots import said_of
from sonoassist.exam.store import ExamStore
from sonoassist.live.status import ModelState, Notices, View
from sonoassist.sources import open_source
from waiting import wait_until

MADE_UP = replace(FIRST, synthetic=True, source="phantom:1")
REAL = replace(FIRST, synthetic=False, source="b.mp4")


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


def begun(store: ExamStore, first: InForce, began_s: float) -> RunningExam:
    return RunningExam(
        store.create(start(items=ITEMS)),
        ITEMS,
        Notices(),
        began_s=began_s,
        clip_s=0.5,
        source_id="made",
        in_force=first,
    )


def taken(number: int, source_id: str = "made") -> Frame:
    return frame_of(picture(), number, source_id=source_id, captured_at_s=time.monotonic())


def marks(store: ExamStore, running: RunningExam) -> list[tuple[int, bool]]:
    """Frames of each recording, and whether it says that it is synthetic."""
    with store.open(running.view.exam_id) as exam:
        found = []
        for one in exam.recordings():
            with open_source(str(exam.media / one.file)) as source:
                found.append((one.frames, source.info.synthetic))
        return found


def recording(running: RunningExam, frames: int) -> Callable[[], bool]:
    def written() -> bool:
        recorder = running._recording._recorder
        return recorder is not None and recorder.figures().written == frames

    return written


@pytest.mark.parametrize(("first", "then"), [(MADE_UP, REAL), (REAL, MADE_UP)])
def test_a_recording_is_told_what_it_is_of_while_the_exam_is_busy(
    store: ExamStore, first: InForce, then: InForce
) -> None:
    """The first frames of the next source are captured before that is told, and seen after it."""
    running, free = begun(store, first, time.monotonic()), threading.Event()
    running.record(True)
    wait_until(lambda: running.view.recording_s is not None)
    for number in range(3):
        running.see(View(taken(number)))
    running._ask(lambda: wait_until(free.is_set))  # nothing new comes into the record
    early = [taken(number, "next") for number in (3, 4)]
    running.judge_by(then)
    running.join_source("next")
    for frame in (*early, taken(5, "next")):
        running.see(View(frame))
    wait_until(recording(running, 6))
    free.set()
    running.end()
    assert marks(store, running) == [(3, first.synthetic), (3, then.synthetic)]


@pytest.mark.parametrize(("first", "then"), [(MADE_UP, REAL), (REAL, MADE_UP)])
def test_a_frozen_picture_stays_what_it_is_when_the_exam_goes_on(
    store: ExamStore, first: InForce, then: InForce
) -> None:
    """It is captured, with the pictures of its freeze, behind the change of the source."""
    running = begun(store, first, BEGAN_S)
    view = Feed(running).hold("femur", 0.2)
    running.judge_by(then)
    running.join_source("next")
    moved = replace(view.frame, source_id="next", frame_id=99)
    strange = View(moved, replace(view.analysis, frame=moved), view.steady)  # type: ignore[type-var]
    running.capture(view, said_of(view), "lips", [view, strange])
    running.capture(strange, said_of(view), "femur")
    running.end()
    with store.open(running.view.exam_id) as exam:
        info, captures = exam.info(), {one.shot.item: one for one in exam.captures()}
        for item, one in (("lips", first), ("femur", then)):
            capture = captures[item]
            assert info.history.of(capture.capture_id, capture.shot.at_s) == one
            still = still_object(exam, info, capture, mask=False)
            assert (still.get("QualityControlImage") == "YES") is one.synthetic
            assert (SYNTHETIC_NOTE in still.ImageComments) is one.synthetic
            assert (still.get("LossyImageCompression") == "01") is one.source.endswith(".mp4")
        with open_source(str(exam.media / captures["lips"].clip)) as clip:
            assert clip.info.synthetic is first.synthetic
            assert len(list(clip)) == 1  # the strange one is of another source


def test_of_an_earlier_program_the_time_of_the_picture_tells_its_source() -> None:
    rows = [
        (0.0, IN_FORCE, in_force_text(MADE_UP)),
        (9.0, IN_FORCE, in_force_text(REAL)),
        (3.0, JUDGED, json.dumps({"capture": 1, "at_s": 9.0})),
    ]
    found = history_of(rows)
    assert found is not None
    assert found.of(1, 3.0) == replace(REAL, synthetic=True, source="phantom:1")
    assert found.watched(1, 3.0).synthetic
    assert not found.watched(2, 9.5).synthetic


def test_a_source_is_watched_while_no_model_is_there(store: ExamStore) -> None:
    held = ((0.0, replace(LOADING, synthetic=True)), (5.0, LOADING), (8.0, FIRST))
    found = history(*held)
    assert [found.at(at_s).synthetic for at_s in (1.0, 6.0, 9.0)] == [True, False, False]
    assert found.at(1.0).threshold == FIRST.threshold
    data = report_of(store, *held)
    assert not data.info.synthetic
    assert "Part of this exam is synthetic: no patient" in data.warnings


@pytest.mark.parametrize("same", [True, False])
def test_while_a_model_is_loaded_nobody_judges_the_next_source(
    store: ExamStore, same: bool
) -> None:
    made_up = CARD.model_copy(
        update={"name": "made-up", "title": "Made-up", "domain": "synthetic", "weights_sha256": "1"}
    )
    life, work = life_of(store, Settings())
    life.follow(status(replace(FILM, synthetic=True), card=made_up))
    work.do()
    assert life.running is not None
    exam_id = life.running.exam.exam_id
    life.join_next(True)
    loading = status(OTHER, model_state=ModelState.LOADING, card=None, engine="", device="")
    life.follow(loading)
    life.follow(loading)
    life.follow(status(OTHER, card=made_up if same else CARD))
    life.stop()
    found = info_of(store, exam_id).history
    assert [one.in_force.judges for one in found.moments] == [True, False, True]
    assert [one.in_force.synthetic for one in found.moments] == [True, False, False]
    with store.open(exam_id) as exam:
        data = gather(exam, ReportOptions(mask=False))
        told = [one.text for one in exam.events() if one.kind in ("model", "threshold", "engine")]
    doubted = [one for one in data.warnings if "trained on synthetic exams only" in one]
    assert len(doubted) == same
    later = [name for name, _ in words.model(data) if name.startswith("From ")]
    assert len(later) == (not same)
    assert told == ([] if same else [f"Model: {CARD.title} ({CARD.domain}), uncalibrated"])
