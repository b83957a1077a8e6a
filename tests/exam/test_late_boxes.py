"""Boxes that come behind their labels: a capture ends up with its own, or with none."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from made_analyses import analysis_of, shares_of
from real_models import frame_of
from sonoassist.core.packets import Box, Localisation, State
from sonoassist.exam import running
from sonoassist.exam.checklist import ItemState
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import ExamStart, How, Item
from sonoassist.exam.running import RunningExam
from sonoassist.exam.shots import said_of
from sonoassist.exam.store import ExamStore
from sonoassist.live.status import Notices, View
from sonoassist.temporal.steady import SteadyLabel
from waiting import LIMIT_S, wait_until

ITEMS = (Item("femur", "Femur", "femur"),)
BEGAN_S = 1000.0
FPS = 25.0
OWN = Box(20, 20, 60, 60)
MOVED = Box(30, 20, 70, 60)
PICTURE = np.random.default_rng(3).integers(0, 255, (96, 128, 3), np.uint8)


@dataclass
class Live:
    """A session whose labels go ahead of their boxes."""

    store: ExamStore
    wanted: list[View] = field(default_factory=list)
    label: SteadyLabel = field(default_factory=lambda: SteadyLabel(0.7))
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        start = ExamStart("", "a.mp4", "a.mp4", True, "list", ITEMS, {}, {})
        self.running = RunningExam(
            self.store.create(start),
            ITEMS,
            Notices(),
            began_s=BEGAN_S,
            clip_s=0.5,
            source_id="made",
            want_box=self.wanted.append,
        )

    def see(self, key: str, *, carried: bool = False) -> View:
        number = next(self.numbers)
        state = State.BACKGROUND if key == "background" else State.PLANE
        frame = frame_of(PICTURE, number, captured_at_s=BEGAN_S + 5 + number / FPS)
        made = analysis_of(frame, shares_of(key, 0.95), state, OWN)
        early = Localisation(
            frame.frame_id, MOVED if carried else None, None, 0.2 if carried else 0.0, sought=False
        )
        analysis = replace(made, localisation=early)
        view = View(frame, analysis, self.label.update(analysis))
        self.running.see(View(frame))
        self.running.see(view)
        wait_until(lambda: not self.running._views)
        return view

    def finish(self, view: View, box: Box | None = OWN) -> None:
        assert view.analysis is not None
        own = Localisation(view.frame.frame_id, box, None)
        self.running.complete(replace(view, analysis=replace(view.analysis, localisation=own)))
        wait_until(lambda: not self.running._completed)

    def record(self) -> Exam:
        self.running.end()
        return self.store.open(self.running.view.exam_id)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    made = Live(ExamStore(tmp_path / "exams"))
    yield made
    made.running.end()


def capture(live: Live, *, carried: bool) -> None:
    for key, count in (("background", 13), ("femur", 30), ("background", 15)):
        for _ in range(count):
            live.see(key, carried=carried and key == "femur")
    wait_until(lambda: live.running.view.lines[0].state is ItemState.BEST)


@pytest.mark.parametrize("carried", [False, True])
def test_the_box_of_a_best_frame_is_asked_for_and_kept(live: Live, carried: bool) -> None:
    capture(live, carried=carried)
    (wanted,) = live.wanted
    live.finish(wanted)
    (kept,) = live.record().captures()
    assert kept.shot.box == OWN


def test_a_carried_box_is_no_box_of_a_capture(live: Live) -> None:
    capture(live, carried=True)
    record = live.record()
    assert [one.shot.box for one in record.captures()] == [None]
    femur = [row for row in record.frames() if row.plane == "femur"]
    assert len(femur) == 30
    assert not any(row.boxed or row.box for row in femur)


def test_a_best_frame_whose_box_came_in_time_is_not_asked_about(live: Live) -> None:
    for _ in range(13):
        live.see("background")
    for _ in range(30):
        live.finish(live.see("femur"))
    for _ in range(15):
        live.see("background")
    wait_until(lambda: live.running.view.lines[0].state is ItemState.BEST)
    assert live.wanted == []
    record = live.record()
    assert [one.shot.box for one in record.captures()] == [OWN]
    rows = [row for row in record.frames() if row.plane == "femur"]
    assert len(rows) == 30  # each once, with the box that came behind it
    assert all(row.boxed and row.box == OWN and row.steady_plane == "femur" for row in rows[8:])


def test_a_box_that_comes_when_its_frame_is_kept_already_makes_no_second_row(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "SAVE_EVERY_S", 0.0)
    views = [live.see("femur") for _ in range(5)]
    wait_until(lambda: not live.running._rows and len(list(live.running.exam.frames())) == 5)
    live.finish(views[2])
    record = live.record()
    assert [row.index for row in record.frames()] == [view.frame.index for view in views]
    assert [row.box for row in record.frames()] == [None, None, OWN, None, None]
    assert record.frame_count() == 5


def test_a_capture_by_hand_gets_its_own_box(live: Live) -> None:
    view = [live.see("femur") for _ in range(20)][-1]
    live.running.capture(view, said_of(view))
    wait_until(lambda: len(live.wanted) == 1)
    live.finish(live.wanted[0])
    assert OWN in [one.shot.box for one in live.record().captures()]


def test_all_captures_of_one_picture_get_its_box(live: Live) -> None:
    view = [live.see("femur") for _ in range(20)][-1]
    for _ in range(2):
        live.running.capture(view, said_of(view))
    wait_until(lambda: len(live.wanted) == 2)
    live.finish(live.wanted[0])
    hand = [one for one in live.record().captures() if one.shot.how is How.HAND]
    assert [one.shot.box for one in hand] == [OWN, OWN]


def test_an_exam_that_ends_waits_for_the_box_of_its_last_picture(live: Live) -> None:
    for _ in range(30):
        view = live.see("femur")
    ending = threading.Thread(target=lambda: live.running.end(boxes_within_s=LIMIT_S))
    ending.start()
    wait_until(lambda: live.wanted)  # the best one of the view that its end has cut off
    for view in live.wanted:
        live.finish(view)
    ending.join()
    assert OWN in [one.shot.box for one in live.record().captures()]


def test_a_box_of_another_plane_is_not_taken(live: Live) -> None:
    capture(live, carried=False)
    (wanted,) = live.wanted
    assert wanted.analysis is not None
    other = analysis_of(wanted.frame, shares_of("lips", 0.95), State.PLANE, OWN)
    live.running.complete(replace(wanted, analysis=other))
    wait_until(lambda: not live.running._completed)
    assert [one.shot.box for one in live.record().captures()] == [None]


def test_where_nothing_stands_out_there_is_no_box(live: Live) -> None:
    capture(live, carried=False)
    live.finish(live.wanted[0], box=None)
    assert [one.shot.box for one in live.record().captures()] == [None]


def test_a_box_that_was_given_up_keeps_no_end_waiting(live: Live) -> None:
    capture(live, carried=True)
    (wanted,) = live.wanted
    live.running.complete(wanted)  # still without its own box
    ended = threading.Thread(target=lambda: live.running.end(boxes_within_s=10 * LIMIT_S))
    ended.start()
    ended.join(LIMIT_S)
    assert not ended.is_alive()
    (kept,) = live.record().captures()
    assert kept.shot.box is None


def test_a_box_that_was_asked_for_twice_is_waited_for_once_more(live: Live) -> None:
    view = [live.see("femur") for _ in range(20)][-1]
    for _ in range(2):
        live.running.capture(view, said_of(view))
    wait_until(lambda: len(live.wanted) == 2)
    live.running.complete(live.wanted[0])  # the first wish is given up
    live.finish(live.wanted[1])
    hand = [one for one in live.record().captures() if one.shot.how is How.HAND]
    assert [one.shot.box for one in hand] == [OWN, OWN]
