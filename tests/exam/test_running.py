"""An exam while it goes on, fed with made-up results; the record on disk is the real one."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from made_analyses import analysis_of, shares_of
from real_models import frame_of
from sonoassist.core.errors import OutputError
from sonoassist.core.packets import Box, State
from sonoassist.exam.checklist import ItemState, Line
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import ExamStart, How, Item, Judgement, Seen
from sonoassist.exam.running import RunningExam
from sonoassist.exam.shots import Said, said_of
from sonoassist.exam.store import ExamStore
from sonoassist.live.status import Notice, Notices, View
from sonoassist.temporal.best_frames import REFUSED_S
from sonoassist.temporal.steady import SteadyLabel
from waiting import wait_until

ITEMS = (
    Item("femur", "Femur", "femur"),
    Item("lips", "Lips", "lips"),
    Item("bladder", "Bladder", "", False),
)
BEGAN_S = 1000.0
FPS = 25.0
RNG = np.random.default_rng(3)
PICTURE = RNG.integers(0, 255, (96, 128, 3), np.uint8)


class Feed:
    """Makes views as a live session would and hands them to the exam."""

    def __init__(self, running: RunningExam) -> None:
        self.running = running
        self.label = SteadyLabel(0.7)
        self.numbers = itertools.count()
        self.last: View | None = None

    def see(self, key: str, confidence: float = 0.95) -> View:
        number = next(self.numbers)
        state = State.BACKGROUND if key == "background" else State.PLANE
        frame = frame_of(PICTURE, number, captured_at_s=BEGAN_S + 5 + number / FPS)
        self.running.see(View(frame))
        analysis = analysis_of(frame, shares_of(key, confidence), state, Box(20, 20, 60, 60))
        self.last = View(frame, analysis, self.label.update(analysis))
        self.running.see(self.last)
        # Slower than a real exam would be: here every view shall be looked at.
        wait_until(lambda: not self.running._views)
        return self.last

    def hold(self, key: str, seconds: float, confidence: float = 0.95) -> View:
        return [self.see(key, confidence) for _ in range(round(seconds * FPS))][-1]


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


@pytest.fixture
def notices() -> Notices:
    return Notices()


@pytest.fixture
def running(store: ExamStore, notices: Notices) -> Iterator[RunningExam]:
    start = ExamStart("", "a.mp4", "a.mp4", True, "list", ITEMS, {}, {})
    exam = RunningExam(
        store.create(start), ITEMS, notices, began_s=BEGAN_S, clip_s=0.5, source_id="made"
    )
    yield exam
    exam.end()


def line(running: RunningExam, key: str) -> Line:
    return next(one for one in running.view.lines if one.item.key == key)


def shown_of(running: RunningExam, key: str) -> int | None:
    shown = line(running, key).shown
    return shown.capture_id if shown is not None else None


def wait_for(running: RunningExam, key: str, state: ItemState) -> Line:
    wait_until(lambda: line(running, key).state is state)
    return line(running, key)


def record(store: ExamStore, running: RunningExam) -> Exam:
    running.end()
    return store.open(running.view.exam_id)


def test_the_checklist_fills_itself_and_everything_is_on_disk(
    store: ExamStore, running: RunningExam
) -> None:
    feed = Feed(running)
    feed.hold("background", 0.5)
    feed.hold("femur", 1.2)
    feed.hold("background", 0.6)
    found = wait_for(running, "femur", ItemState.BEST)
    assert line(running, "lips").state is ItemState.MISSING
    assert found.shown is not None
    assert list(running.view.thumbnails) == [found.shown.capture_id]
    with record(store, running) as exam:
        (capture,) = exam.captures()
        assert (capture.shot.plane, capture.shot.how) == ("femur", How.AUTO)
        assert "highest steady confidence" in capture.shot.why
        assert capture.shot.box == Box(20, 20, 60, 60)
        assert capture.shot.at_s == pytest.approx(5 + capture.shot.index / FPS)
        assert (exam.media / capture.still).stat().st_size > 1000
        assert (exam.media / capture.clip).suffix == ".mp4"
        rows = list(exam.frames())
        assert [row.index for row in rows] == list(range(len(rows)))
        assert len(rows) == round(2.3 * FPS)
        assert {row.steady_plane for row in rows} == {"", "femur"}
        assert exam.info().ended


def test_a_better_frame_takes_the_place_of_an_automatic_capture_and_its_files_go(
    running: RunningExam,
) -> None:
    feed = Feed(running)
    feed.hold("femur", 0.8, 0.8)
    feed.hold("background", 0.6)
    first = wait_for(running, "femur", ItemState.BEST).shown
    feed.hold("femur", 1.0, 0.99)
    feed.hold("background", 0.6)
    wait_until(lambda: line(running, "femur").shown != first)
    second = line(running, "femur").shown
    assert first is not None
    assert second is not None
    assert second.shot.confidence > first.shot.confidence
    assert line(running, "femur").captures == 1
    assert not (running.exam.media / first.still).exists()


def test_when_its_view_ends_the_choice_over_all_of_it_is_what_is_kept(
    store: ExamStore, running: RunningExam
) -> None:
    feed = Feed(running)
    feed.hold("femur", 1.6, 0.970)
    first = wait_for(running, "femur", ItemState.BEST).shown  # for the time being
    feed.hold("femur", 1.0, 0.979)
    feed.hold("background", 0.6)
    wait_until(lambda: line(running, "femur").shown != first)
    with record(store, running) as exam:
        (capture,) = exam.captures()
        assert capture.shot.index >= 1.6 * FPS


def test_what_a_person_kept_of_a_view_under_way_stays_when_it_ends(
    store: ExamStore, running: RunningExam
) -> None:
    feed = Feed(running)
    feed.hold("femur", 1.6, 0.970)
    first = wait_for(running, "femur", ItemState.BEST).shown
    assert first is not None
    running.keep("femur", first.capture_id)
    wait_for(running, "femur", ItemState.KEPT)
    feed.hold("femur", 1.0, 0.979)
    feed.hold("background", 0.6)
    with record(store, running) as exam:
        assert [one.capture_id for one in exam.captures()] == [first.capture_id]


def test_what_a_person_kept_stays(running: RunningExam) -> None:
    feed = Feed(running)
    feed.hold("femur", 0.8, 0.8)
    feed.hold("background", 0.6)
    wait_for(running, "femur", ItemState.BEST)
    running.keep("femur", shown_of(running, "femur"))
    kept = wait_for(running, "femur", ItemState.KEPT).shown
    feed.hold("femur", 1.0, 0.99)
    feed.hold("background", 0.6)
    running.note("a wish behind the views")
    wait_until(lambda: running.exam.info().note != "")
    assert kept is not None
    shown = line(running, "femur").shown
    assert shown is not None
    assert shown.capture_id == kept.capture_id
    assert line(running, "femur").captures == 1


def test_a_rejected_capture_is_missing_until_another_view_comes(running: RunningExam) -> None:
    feed = Feed(running)
    feed.hold("femur", 0.8)
    feed.hold("background", 0.6)
    first = wait_for(running, "femur", ItemState.BEST).shown
    running.reject("femur", shown_of(running, "femur"))
    wait_for(running, "femur", ItemState.REJECTED)
    feed.hold("background", 2.2)
    feed.hold("femur", 0.8)
    feed.hold("background", 0.6)
    second = wait_for(running, "femur", ItemState.BEST)
    assert second.shown != first
    assert (second.captures, second.rejected) == (1, 1)


def test_a_refusal_after_the_view_has_ended_brings_the_next_best_of_it(
    running: RunningExam,
) -> None:
    feed = Feed(running)
    feed.hold("femur", 6.0)
    feed.hold("background", 0.6)
    first = wait_for(running, "femur", ItemState.BEST).shown
    running.reject("femur", shown_of(running, "femur"))
    wait_until(lambda: line(running, "femur").rejected == 1)
    second = wait_for(running, "femur", ItemState.BEST).shown
    assert first is not None
    assert second is not None
    assert abs(second.shot.at_s - first.shot.at_s) > REFUSED_S


@pytest.mark.parametrize("seconds", [0.12, 1.0])
def test_when_what_replaced_a_best_frame_is_refused_too_the_next_best_comes(
    running: RunningExam, seconds: float
) -> None:
    """Whether its view is long enough to name its plane, or a person alone says what it is."""
    feed = Feed(running)
    feed.hold("femur", 6.0)
    feed.hold("background", 3.0)
    first = wait_for(running, "femur", ItemState.BEST).shown
    view = feed.hold("femur", seconds, 0.75)
    assert bool(said_of(view).plane) == (seconds == 1.0)
    running.replace(view, said_of(view), "femur")
    by_hand = wait_for(running, "femur", ItemState.KEPT).shown
    running.reject("femur", shown_of(running, "femur"))
    second = wait_for(running, "femur", ItemState.BEST).shown
    assert first is not None
    assert by_hand is not None
    assert second is not None
    assert second.shot.how is How.AUTO
    assert all(abs(second.shot.at_s - one.shot.at_s) > REFUSED_S for one in (first, by_hand))
    assert second.shot.why.startswith("next best after a refused one, steady confidence")


def test_a_best_frame_under_a_refused_picture_by_hand_stays_and_no_worse_one_takes_its_place(
    running: RunningExam,
) -> None:
    feed = Feed(running)
    feed.hold("femur", 6.0)
    feed.hold("background", 3.0)
    first = wait_for(running, "femur", ItemState.BEST).shown
    view = feed.hold("femur", 0.12, 0.75)
    running.capture(view, said_of(view), "femur")
    wait_for(running, "femur", ItemState.KEPT)
    running.reject("femur", shown_of(running, "femur"))
    wait_for(running, "femur", ItemState.BEST)
    assert first is not None
    assert shown_of(running, "femur") == first.capture_id
    feed.hold("background", 3.0)
    feed.hold("femur", 2.0, 0.75)
    feed.hold("background", 0.6)
    running.source_stands()
    running.keep("femur", first.capture_id)
    wait_for(running, "femur", ItemState.KEPT)
    assert shown_of(running, "femur") == first.capture_id


def test_a_picture_captured_by_hand_is_kept_for_its_plane(running: RunningExam) -> None:
    feed = Feed(running)
    view = feed.hold("lips", 0.5)
    running.capture(view, said_of(view))
    shown = wait_for(running, "lips", ItemState.KEPT).shown
    assert shown is not None
    assert (shown.shot.how, shown.shot.index) == (How.HAND, view.frame.index)
    assert shown.judgement is Judgement.KEPT


def test_a_picture_of_no_plane_goes_where_the_user_wants_it(
    store: ExamStore, running: RunningExam
) -> None:
    view = Feed(running).hold("background", 0.3)
    assert said_of(view) == Said(saw=Seen.BACKGROUND)
    running.capture(view, said_of(view), "bladder")
    running.capture(view, said_of(view))
    shown = wait_for(running, "bladder", ItemState.KEPT).shown
    assert shown is not None
    assert (shown.shot.plane, shown.shot.confidence, shown.shot.box) == ("", 0.0, None)
    with record(store, running) as exam:
        assert sorted(one.shot.item for one in exam.captures()) == ["", "bladder"]


def test_the_picture_on_screen_takes_the_place_of_the_one_that_is_there(
    running: RunningExam,
) -> None:
    feed = Feed(running)
    feed.hold("femur", 0.8)
    feed.hold("background", 0.6)
    wait_for(running, "femur", ItemState.BEST)
    view = feed.hold("femur", 0.4, 0.75)
    running.replace(view, said_of(view), "femur")
    shown = wait_for(running, "femur", ItemState.KEPT).shown
    assert shown is not None
    assert shown.shot.index == view.frame.index
    # What was there is rejected, not lost.
    wait_until(lambda: line(running, "femur").rejected == 1)
    assert line(running, "femur").captures == 1


def test_an_item_without_a_plane_is_ticked_and_unticked(running: RunningExam) -> None:
    running.keep("bladder", None)
    wait_for(running, "bladder", ItemState.TICKED)
    running.reject("bladder", None)
    wait_for(running, "bladder", ItemState.MISSING)


def test_keeping_nothing_says_so(running: RunningExam, notices: Notices) -> None:
    running.keep("femur", None)
    said: list[Notice] = []
    wait_until(lambda: said.extend(notices.take()) or said)
    assert "no picture of Femur" in said[0].title


def test_a_frame_looked_at_twice_is_kept_once_with_its_last_result(
    store: ExamStore, running: RunningExam
) -> None:
    view = Feed(running).see("femur", 0.9)
    again = analysis_of(view.frame, shares_of("lips", 0.8))
    running.see(View(view.frame, again, view.steady))
    with record(store, running) as exam:
        assert [row.plane for row in exam.frames()] == ["lips"]


def test_a_view_that_still_lasts_when_the_source_stands_counts(
    store: ExamStore, running: RunningExam
) -> None:
    Feed(running).hold("femur", 0.7)
    assert line(running, "femur").state is ItemState.MISSING
    running.source_stands()
    shown = wait_for(running, "femur", ItemState.BEST).shown
    assert shown is not None
    with record(store, running) as exam:
        assert exam.capture(shown.capture_id).clip.endswith(".mp4")


def test_recording(store: ExamStore, running: RunningExam) -> None:
    feed = Feed(running)
    feed.hold("background", 0.2)
    running.record(True)
    wait_until(lambda: running.view.recording_s is not None)
    feed.hold("femur", 1.0)
    running.record(False)
    wait_until(lambda: running.view.recording_s is None)
    with record(store, running) as exam:
        (one,) = exam.recordings()
        assert (one.frames, one.ended, one.trouble) == (25, True, "")
        assert (exam.media / one.file).stat().st_size > 1000


def test_a_full_disk_is_said_once_and_nothing_is_lost_when_there_is_room_again(
    store: ExamStore,
    running: RunningExam,
    notices: Notices,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real: Callable[..., None] = Exam.add_frames
    full = [True]

    def add(self: Exam, *frames: object) -> None:
        if full[0]:
            raise OutputError("the exam cannot be kept: database or disk is full", "Free some")
        real(self, *frames)

    monkeypatch.setattr(Exam, "add_frames", add)
    feed = Feed(running)
    feed.hold("femur", 0.4)
    wait_until(lambda: running.view.trouble != "")
    feed.hold("femur", 0.4)
    full[0] = False
    wait_until(lambda: running.view.trouble == "")
    said = [one.title for one in notices.take()]
    assert said.count("The exam cannot be kept: database or disk is full") == 1
    with record(store, running) as exam:
        assert [row.index for row in exam.frames()] == list(range(20))


def test_a_capture_that_cannot_be_kept_is_said_and_the_next_one_works(
    running: RunningExam, notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Exam, *_: object, **__: object) -> None:
        raise OutputError("cannot write /x/.bladder-1.png: No space left on device")

    view = Feed(running).hold("femur", 0.3)
    with monkeypatch.context() as patch:
        patch.setattr(Exam, "add_capture", refuse)
        running.capture(view, said_of(view))
        said: list[str] = []
        wait_until(lambda: said.extend(one.title for one in notices.take()) or len(said) == 2)
    assert said == [
        "The picture on screen was not captured",
        "The exam cannot be kept: No space left on device",
    ]
    running.capture(view, said_of(view))
    wait_for(running, "femur", ItemState.KEPT)
    assert running.view.trouble == ""


def test_ending_twice_is_no_error(running: RunningExam) -> None:
    running.end()
    running.end()


def test_a_judgement_of_a_picture_that_was_replaced_meanwhile_does_not_count(
    running: RunningExam, notices: Notices
) -> None:
    feed = Feed(running)
    feed.hold("femur", 0.8, 0.8)
    feed.hold("background", 0.6)
    first = wait_for(running, "femur", ItemState.BEST).shown
    feed.hold("femur", 1.0, 0.99)
    feed.hold("background", 0.6)
    wait_until(lambda: line(running, "femur").shown != first)
    assert first is not None
    running.keep("femur", first.capture_id)
    said: list[str] = []
    wait_until(lambda: said.extend(one.title for one in notices.take()) or said)
    assert said == ["Another picture of Femur has just come"]
    assert line(running, "femur").state is ItemState.BEST


def test_while_a_capture_is_looked_at_nothing_takes_its_place(running: RunningExam) -> None:
    feed = Feed(running)
    feed.hold("femur", 0.8, 0.8)
    feed.hold("background", 0.6)
    first = shown_of(running, "femur") or wait_for(running, "femur", ItemState.BEST).shown
    running.hold("femur")
    feed.hold("femur", 1.0, 0.99)
    feed.hold("background", 0.6)
    running.note("behind the views")
    wait_until(lambda: running.exam.info().note != "")
    assert first is not None
    assert line(running, "femur").captures == 1
    before = shown_of(running, "femur")
    running.hold("")
    feed.hold("femur", 1.0, 0.99)
    feed.hold("background", 0.6)
    wait_until(lambda: shown_of(running, "femur") != before)


def test_a_capture_that_is_refused_while_it_is_looked_at_makes_room(running: RunningExam) -> None:
    feed = Feed(running)
    feed.hold("femur", 6.0, 0.9)
    feed.hold("background", 0.6)
    first = wait_for(running, "femur", ItemState.BEST).shown
    assert first is not None
    running.hold("femur")
    running.reject("femur", first.capture_id)
    wait_until(lambda: line(running, "femur").rejected == 1)
    second = wait_for(running, "femur", ItemState.BEST).shown
    assert second is not None
    assert second.capture_id != first.capture_id
    # Now that one is looked at, and stays.
    feed.hold("femur", 1.0, 0.99)
    feed.hold("background", 0.6)
    running.note("behind the views")
    wait_until(lambda: running.exam.info().note != "")
    assert shown_of(running, "femur") == second.capture_id


def test_pictures_of_another_source_are_not_taken_and_of_one_that_is_back_are(
    store: ExamStore, running: RunningExam
) -> None:
    view = Feed(running).hold("femur", 0.2)
    other = replace(view.frame, source_id="another patient", frame_id=999)
    stranger = View(other, replace(view.analysis, frame=other), view.steady)  # type: ignore[type-var]
    running.record(True)
    wait_until(lambda: running.view.recording_s is not None)
    running.see(View(other))
    running.see(stranger)
    running.join_source("back again")
    back = replace(view.frame, source_id="back again", frame_id=5)
    running.see(View(back))
    with record(store, running) as exam:
        assert exam.frame_count() == 5
        assert [one.frames for one in exam.recordings()] == [1]


def test_a_picture_from_before_the_exam_is_not_captured(
    store: ExamStore, running: RunningExam, notices: Notices
) -> None:
    view = Feed(running).see("femur")
    old = View(replace(view.frame, captured_at_s=BEGAN_S - 1), view.analysis, view.steady)
    running.capture(old, said_of(old), "femur", [old])
    said: list[str] = []
    wait_until(lambda: said.extend(one.title for one in notices.take()) or said)
    assert said == ["The picture on screen is from before this exam"]
    with record(store, running) as exam:
        assert exam.captures() == ()


def test_a_best_frame_that_met_a_full_disk_comes_again(
    running: RunningExam, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed(running)

    def refuse(self: Exam, *_: object, **__: object) -> None:
        raise OutputError("cannot write x.png: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Exam, "add_capture", refuse)
        feed.hold("femur", 0.8)
        feed.hold("background", 0.6)
        wait_until(lambda: running.view.trouble != "")
    feed.hold("femur", 0.8)
    feed.hold("background", 0.6)
    wait_for(running, "femur", ItemState.BEST)


def test_everything_ends_though_the_last_captures_cannot_be_kept(
    store: ExamStore, running: RunningExam, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Exam, *_: object, **__: object) -> None:
        raise OutputError("cannot write x.png: No space left on device")

    running.record(True)
    wait_until(lambda: running.view.recording_s is not None)
    Feed(running).hold("femur", 0.7)
    with monkeypatch.context() as patch:
        patch.setattr(Exam, "add_capture", refuse)
        running.end()
    assert not {"clips", "recorder", "exam"} & {one.name for one in threading.enumerate()}
    with store.open(running.view.exam_id) as exam:
        assert exam.info().ended
        assert [one.ended for one in exam.recordings()] == [True]


def test_the_lamp_of_a_recording_never_lies(
    running: RunningExam, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Exam, *_: object) -> None:
        raise OutputError("cannot write: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Exam, "add_event", refuse)
        running.record(True)
        wait_until(lambda: running.view.recording_s is not None)
        running.record(False)
        wait_until(lambda: running.view.recording_s is None)
    running.record(True)
    wait_until(lambda: running.view.recording_s is not None)


# -- undo and redo ------------------------------------------------------------------------------


def undone(running: RunningExam, title: str) -> None:
    wait_until(lambda: running.view.next_undo == title, f"{title!r} can be undone")


def test_what_a_person_did_is_undone_and_told(running: RunningExam, notices: Notices) -> None:
    feed = Feed(running)
    feed.hold("background", 0.5)
    feed.hold("femur", 1.2)
    feed.hold("background", 0.6)
    wait_for(running, "femur", ItemState.BEST)
    running.keep("femur", shown_of(running, "femur"))
    undone(running, "Femur kept")
    running.reject("femur", shown_of(running, "femur"))
    undone(running, "Femur rejected")
    wait_for(running, "femur", ItemState.REJECTED)
    running.keep("bladder", None)
    undone(running, "Bladder ticked")
    notices.take()
    for title, left in (
        ("Bladder ticked", "Femur rejected"),
        ("Femur rejected", "Femur kept"),
        ("Femur kept", ""),
    ):
        assert running.view.next_undo == title
        running.undo()
        undone(running, left)
        wait_until(lambda title=title: running.view.next_redo == title)  # type: ignore[misc]
    assert line(running, "femur").state is ItemState.BEST
    assert line(running, "bladder").state is ItemState.MISSING
    running.undo()
    told: list[str] = []
    wait_until(lambda: told.extend(one.title for one in notices.take()) or len(told) == 4)
    assert told == [
        "Undone: Bladder ticked",
        "Undone: Femur rejected",
        "Undone: Femur kept",
        "There is nothing to undo",
    ]
    running.redo()
    undone(running, "Femur kept")
    assert line(running, "femur").state is ItemState.KEPT


def test_a_swap_and_a_capture_by_hand_are_one_step_each(
    store: ExamStore, running: RunningExam
) -> None:
    feed = Feed(running)
    view = feed.hold("femur", 1.0)
    running.capture(view, said_of(view))
    undone(running, "Captured for Femur")
    first = shown_of(running, "femur")
    view = feed.hold("femur", 0.5)
    running.replace(view, said_of(view), "femur")
    undone(running, "Femur replaced")
    second = shown_of(running, "femur")
    assert second != first
    running.undo()
    undone(running, "Captured for Femur")
    assert shown_of(running, "femur") == first
    running.redo()
    undone(running, "Femur replaced")
    assert shown_of(running, "femur") == second
    running.undo()
    running.undo()
    undone(running, "")
    with record(store, running) as exam:
        by_hand = [one for one in exam.captures() if one.shot.how is How.HAND]
        assert by_hand == []
        assert {path.suffix for path in exam.media.iterdir()} <= {".png", ".mp4"}
        named = {name for one in exam.captures() for name in (one.still, one.clip) if name}
        assert {path.name for path in exam.media.iterdir()} == named  # nothing is left behind


def test_deleting_and_moving_can_be_undone(running: RunningExam) -> None:
    feed = Feed(running)
    view = feed.hold("femur", 1.0)
    running.capture(view, said_of(view))
    undone(running, "Captured for Femur")
    capture = shown_of(running, "femur")
    assert capture is not None
    running.move(capture, "lips")
    undone(running, "Picture moved to Lips")
    assert shown_of(running, "lips") == capture
    running.delete("lips", capture)
    undone(running, "Lips deleted")
    assert shown_of(running, "lips") is None
    running.undo()
    undone(running, "Picture moved to Lips")
    assert shown_of(running, "lips") == capture
    running.undo()
    undone(running, "Captured for Femur")
    assert (shown_of(running, "femur"), shown_of(running, "lips")) == (capture, None)


def test_note_and_study_can_be_undone(running: RunningExam) -> None:
    running.note("breech")
    undone(running, "Note changed")
    running.set_study_id("S-1")
    undone(running, "Study changed")
    running.undo()
    undone(running, "Note changed")
    info = running.exam.info()
    assert (info.note, info.start.study_id) == ("breech", "")
    running.undo()
    undone(running, "")
    assert running.exam.info().note == ""
