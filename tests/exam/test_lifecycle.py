"""When exams begin and end, told made-up statuses; the records on disk are real."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from real_models import card_of
from sonoassist.core.packets import LiveStats
from sonoassist.core.settings import Settings
from sonoassist.exam.exam import Exam
from sonoassist.exam.lifecycle import ExamLifecycle
from sonoassist.exam.records import Event, ExamInfo, ExamStart
from sonoassist.exam.store import ExamStore
from sonoassist.live.status import (
    ModelState,
    Notices,
    PlayState,
    SessionStatus,
    View,
)
from sonoassist.sources.base import SourceInfo
from waiting import LIMIT_S, wait_until

FILM = SourceInfo("film", "/data/exam.mp4", "exam.mp4", "H.264", "video", 400, 300, 25.0, 500, 20.0)
OTHER = replace(FILM, source_id="other", spec="/data/other.mp4", label="other.mp4")
CAM = replace(FILM, source_id="cam", spec="device:Grabber", label="Grabber", kind="device")
BACK = replace(CAM, source_id="cam again")
STATS = LiveStats(0, 0, 0, 0.0, 0.0, 0.0, 0.0, ())


def status(
    source: SourceInfo | None = FILM, play: PlayState = PlayState.PLAYING, **more: Any
) -> SessionStatus:
    return replace(
        SessionStatus(
            play,
            source,
            0,
            0.0,
            0.0,
            "",
            ModelState.READY,
            "",
            card_of("sononet16"),
            "OpenVINO f32",
            "CPU",
            STATS,
        ),
        **more,
    )


EMPTY = status(None, PlayState.EMPTY)


@dataclass
class FakePictures:
    notices: Notices = field(default_factory=Notices)
    watchers: list[Callable[[View], None]] = field(default_factory=list)
    completed_watchers: list[Callable[[View], None]] = field(default_factory=list)

    def watch(self, watcher: Callable[[View], None]) -> None:
        self.watchers.append(watcher)

    def unwatch(self, watcher: Callable[[View], None]) -> None:
        self.watchers = [one for one in self.watchers if one != watcher]

    def want_box(self, view: View) -> None:
        pass

    def watch_completed(self, watcher: Callable[[View], None]) -> None:
        self.completed_watchers.append(watcher)

    def unwatch_completed(self, watcher: Callable[[View], None]) -> None:
        self.completed_watchers = [one for one in self.completed_watchers if one != watcher]


class Work:
    """Work that a test does when it wants it done, on a thread of its own."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, _name: str, work: Callable[[], None]) -> None:
        self.waiting.append(work)

    def do(self) -> None:
        while self.waiting:
            thread = threading.Thread(target=self.waiting.pop(0))
            thread.start()
            thread.join()


@pytest.fixture
def pictures() -> FakePictures:
    return FakePictures()


@pytest.fixture
def store(tmp_path: Path) -> ExamStore:
    return ExamStore(tmp_path / "exams")


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def life(
    pictures: FakePictures, store: ExamStore, settings: Settings, work: Work
) -> Iterator[ExamLifecycle]:
    made = ExamLifecycle(pictures, store, settings, work)
    yield made
    work.do()
    made.stop()


def titles(pictures: FakePictures) -> list[str]:
    return [notice.title for notice in pictures.notices.take()]


def info_of(store: ExamStore, exam_id: str) -> ExamInfo:
    with store.open(exam_id) as exam:
        return exam.info()


def events_of(store: ExamStore, exam_id: str) -> list[Event]:
    with store.open(exam_id) as exam:
        return list(exam.events())


def running_id(life: ExamLifecycle) -> str:
    assert life.running is not None
    return life.running.exam.exam_id


def test_boxes_that_come_late_reach_an_exam_until_it_is_written(
    life: ExamLifecycle, pictures: FakePictures, work: Work
) -> None:
    life.follow(status())
    work.do()
    life.follow(EMPTY)
    assert (len(pictures.watchers), len(pictures.completed_watchers)) == (0, 1)
    work.do()
    assert pictures.completed_watchers == []


def test_an_exam_lives_as_long_as_its_source(
    life: ExamLifecycle, pictures: FakePictures, store: ExamStore, work: Work
) -> None:
    told: list[bool] = []
    life.listen(lambda: told.append(life.running is not None))
    life.follow(EMPTY)
    life.follow(status(None, PlayState.OPENING))
    assert not life.busy
    life.follow(status())
    assert life.busy
    work.do()
    assert running_id(life) == life.last_exam_id
    assert len(pictures.watchers) == 1
    for play in (PlayState.PAUSED, PlayState.PLAYING, PlayState.ENDED):
        life.follow(status(play=play))
    assert (life.running is not None, told) == (True, [True])
    life.follow(EMPTY)
    assert life.running is None
    assert pictures.watchers == []
    work.do()
    assert store.ids() == [life.last_exam_id]
    info = info_of(store, life.last_exam_id)
    assert info.ended
    assert info.start.source == FILM.spec
    assert info.start.model["engine"] == "OpenVINO f32"
    assert told[0]
    assert set(told[1:]) == {False}


@pytest.mark.parametrize(
    ("wish", "source", "begins"),
    [
        ("always", FILM, True),
        ("always", CAM, True),
        ("always", replace(FILM, kind="folder"), False),
        ("live", FILM, False),
        ("live", CAM, True),
        ("never", CAM, False),
    ],
)
def test_the_settings_say_of_which_sources_exams_are_kept(
    life: ExamLifecycle, settings: Settings, wish: str, source: SourceInfo, begins: bool
) -> None:
    settings.exam_with_source = wish  # type: ignore[assignment]
    life.follow(status(source))
    assert life.busy is begins


def test_settings_changed_while_a_source_is_open_count_at_once(
    life: ExamLifecycle, settings: Settings, work: Work
) -> None:
    settings.exam_with_source = "never"
    life.follow(status())
    settings.exam_with_source = "always"
    life.reconsider()
    work.do()
    assert life.running is not None


def test_the_exam_waits_for_the_model_whose_card_it_keeps(
    life: ExamLifecycle, store: ExamStore, work: Work
) -> None:
    life.follow(status(model_state=ModelState.LOADING, card=None))
    assert not life.busy
    life.follow(status(card=card_of("sononet32")))
    work.do()
    assert info_of(store, running_id(life)).start.model["name"] == card_of("sononet32").name
    life.follow(status(card=card_of("smallnet")))
    life.follow(status(card=card_of("smallnet")))
    exam_id = running_id(life)
    life.stop()
    assert [one.kind for one in events_of(store, exam_id)].count("model") == 1


def test_without_a_model_an_exam_begins_all_the_same(life: ExamLifecycle, work: Work) -> None:
    life.follow(status(model_state=ModelState.MISSING, card=None))
    work.do()
    assert life.running is not None


def test_another_source_is_another_exam(life: ExamLifecycle, store: ExamStore, work: Work) -> None:
    life.follow(status(FILM))
    work.do()
    first = running_id(life)
    life.follow(status(None, PlayState.OPENING))
    assert running_id(life) == first  # it may fail
    life.follow(status(OTHER))
    assert life.running is None
    assert len(work.waiting) == 1  # the first is written before the second begins
    work.do()
    assert running_id(life) != first
    assert info_of(store, first).ended
    assert info_of(store, running_id(life)).start.source == OTHER.spec


def test_a_live_source_that_is_lost_and_comes_back_goes_on_in_its_exam(
    life: ExamLifecycle, store: ExamStore, work: Work
) -> None:
    life.follow(status(CAM))
    work.do()
    exam_id = running_id(life)
    life.follow(status(CAM, PlayState.LOST))
    life.follow(status(BACK))
    assert running_id(life) == exam_id
    assert not work.waiting
    life.stop()
    assert "Grabber is back" in [one.text for one in events_of(store, exam_id)]


@pytest.mark.parametrize("play", [PlayState.FAILED, PlayState.EMPTY])
def test_a_source_that_fails_or_is_closed_ends_the_exam(
    life: ExamLifecycle, work: Work, play: PlayState
) -> None:
    life.follow(status())
    work.do()
    life.follow(status(None, play))
    assert life.running is None


def test_a_source_closed_while_its_exam_is_made_leaves_an_exam_that_has_ended(
    life: ExamLifecycle, store: ExamStore, work: Work
) -> None:
    life.follow(status())
    life.follow(EMPTY)
    work.do()
    assert life.running is None
    assert [info_of(store, one).ended for one in store.ids()] == [True]


def test_another_source_while_the_exam_of_the_first_is_made(
    life: ExamLifecycle, store: ExamStore, work: Work
) -> None:
    life.follow(status(FILM))
    life.follow(status(OTHER))
    work.do()
    assert info_of(store, running_id(life)).start.source == OTHER.spec
    assert len(store.ids()) == 2


def test_what_is_ended_by_hand_begins_again_by_hand_or_with_another_source(
    life: ExamLifecycle, store: ExamStore, work: Work
) -> None:
    life.follow(status(CAM))
    work.do()
    life.toggle()
    work.do()
    for one in (status(CAM), status(CAM, PlayState.LOST), status(BACK)):
        life.follow(one)
    assert (life.running, life.busy) == (None, False)
    life.toggle()
    work.do()
    assert life.running is not None
    life.toggle()
    work.do()
    life.follow(EMPTY)  # closed and opened again: it is wanted anew
    life.follow(status(CAM))
    work.do()
    assert life.running is not None
    assert len(store.ids()) == 3


def test_an_exam_asked_for_while_the_last_one_is_written_begins_behind_it(
    life: ExamLifecycle, store: ExamStore, work: Work
) -> None:
    life.follow(status())
    work.do()
    life.toggle()
    life.toggle()
    work.do()
    assert life.running is not None
    life.toggle()
    work.do()
    assert life.running is None  # the wish was granted once
    assert len(store.ids()) == 2


def test_a_second_press_while_the_exam_is_made_asks_for_no_other(
    life: ExamLifecycle, store: ExamStore, settings: Settings, work: Work
) -> None:
    settings.exam_with_source = "never"
    life.follow(status())
    life.toggle()
    life.toggle()
    work.do()
    life.toggle()
    work.do()
    assert life.running is None
    assert len(store.ids()) == 1


def test_without_a_source_or_a_store_the_key_begins_nothing(
    pictures: FakePictures, settings: Settings, work: Work, life: ExamLifecycle
) -> None:
    life.toggle()
    life.follow(EMPTY)
    life.toggle()
    assert titles(pictures) == ["Nothing is open"]
    keeps_none = ExamLifecycle(pictures, None, settings, work)
    keeps_none.start()
    keeps_none.follow(status())
    keeps_none.toggle()
    assert work.waiting == []


def test_a_checklist_that_is_missing_is_said_once(
    life: ExamLifecycle, pictures: FakePictures, settings: Settings, work: Work
) -> None:
    settings.checklist = "none of this name"
    life.follow(status())
    life.follow(status())
    assert not work.waiting
    (said,) = titles(pictures)
    assert "none of this name" in said


def test_a_store_that_refuses_is_said_once_and_the_next_source_is_tried(
    pictures: FakePictures, settings: Settings, work: Work, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    life = ExamLifecycle(pictures, ExamStore(tmp_path / "file" / "exams"), settings, work)
    life.follow(status())
    work.do()
    life.follow(status())
    assert titles(pictures) == ["No exam is kept"]
    assert not life.busy
    life.follow(status(OTHER))
    assert life.busy


def test_stopping_ends_the_exam_and_nothing_follows(
    life: ExamLifecycle, store: ExamStore, work: Work
) -> None:
    told: list[None] = []
    life.listen(lambda: told.append(None))
    life.follow(status())
    work.do()
    life.stop()
    assert info_of(store, life.last_exam_id).ended
    count = len(told)
    life.follow(status(OTHER))
    life.toggle()
    assert work.waiting == []
    assert (life.running, len(told)) == (None, count)


def test_an_exam_asked_for_when_everything_is_stopped_is_not_made(
    life: ExamLifecycle, store: ExamStore, work: Work
) -> None:
    life.follow(status())
    life.stop()
    work.do()
    assert life.running is None
    assert store.ids() == []


def test_stopping_waits_for_an_exam_that_is_being_made(
    life: ExamLifecycle, store: ExamStore, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    making, go, stopped = threading.Event(), threading.Event(), threading.Event()

    def create(self: ExamStore, start: ExamStart) -> Exam:
        exam = real(self, start)
        making.set()
        assert go.wait(LIMIT_S)
        return exam

    def stop() -> None:
        life.stop()
        stopped.set()

    real = ExamStore.create
    monkeypatch.setattr(ExamStore, "create", create)
    life.follow(status())
    threads = [threading.Thread(target=work.do), threading.Thread(target=stop)]
    threads[0].start()
    assert making.wait(LIMIT_S)
    threads[1].start()
    wait_until(lambda: life._stopped)
    assert not stopped.is_set()  # the record of an exam lies there that has not ended
    go.set()
    for thread in threads:
        thread.join()
    assert [info_of(store, one).ended for one in store.ids()] == [True]


def test_stopping_waits_for_an_exam_that_is_still_being_written(
    life: ExamLifecycle, store: ExamStore, work: Work
) -> None:
    life.follow(status())
    work.do()
    life.follow(EMPTY)
    assert len(work.waiting) == 1
    life.stop()
    assert info_of(store, life.last_exam_id).ended


def test_many_threads_at_once_leave_one_exam_running_at_most(
    pictures: FakePictures, store: ExamStore, settings: Settings
) -> None:
    threads: list[threading.Thread] = []

    def start(_name: str, work: Callable[[], None]) -> None:
        threads.append(threading.Thread(target=work))
        threads[-1].start()

    life = ExamLifecycle(pictures, store, settings, start)
    life.follow(status())

    def press() -> None:
        for _ in range(10):
            life.toggle()

    pressing = [threading.Thread(target=press) for _ in range(3)]
    for one in pressing:
        one.start()
    for source in (FILM, OTHER, CAM, BACK, FILM):
        life.follow(status(source))
        assert len(pictures.watchers) <= 1
    for one in pressing:
        one.join()
    wait_until(lambda: not life.busy)
    life.stop()
    for thread in threads:
        thread.join()
    assert pictures.watchers == []
    assert all(info_of(store, one).ended for one in store.ids())


@pytest.mark.parametrize("goes_on", [True, False])
def test_another_source_ends_the_exam_unless_it_is_to_go_on_with_it(
    life: ExamLifecycle, store: ExamStore, work: Work, goes_on: bool
) -> None:
    life.follow(status(CAM))
    work.do()
    first = running_id(life)
    life.join_next(goes_on)
    life.follow(status(OTHER))
    work.do()
    assert (running_id(life) == first) is goes_on
    assert info_of(store, first).ended is not goes_on
    if goes_on:  # it was asked of one source only
        life.follow(status(CAM))
        work.do()
        assert running_id(life) != first
        assert "The exam goes on with other.mp4" in [one.text for one in events_of(store, first)]
