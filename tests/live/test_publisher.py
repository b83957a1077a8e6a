"""What a session tells of its status, to whom, and when."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import count

import pytest
from live_fakes import MadeSource, Start, band_analyser

from sonoassist.core.errors import ModelError, SourceError, SourceLostError
from sonoassist.core.packets import LiveStats
from sonoassist.live.publisher import StatusPublisher
from sonoassist.live.status import Level, ModelState, Notices, PlayState, SessionStatus
from waiting import wait_until

STATS = LiveStats(0, 0, 0, 0.0, 0.0, 0.0, 0.0, ())
EMPTY = SessionStatus(
    PlayState.EMPTY, None, 0, 0.0, 0.0, "", ModelState.MISSING, "", None, "", "", STATS
)


class Told:
    """Keeps what it is told; by which thread, and whether two calls ever overlapped."""

    def __init__(self) -> None:
        self.all: list[SessionStatus] = []
        self.threads: set[str] = set()
        self.overlapped = False
        self._inside = threading.Lock()

    def __call__(self, status: SessionStatus) -> None:
        self.overlapped |= not self._inside.acquire(blocking=False)
        self.all.append(status)
        self.threads.add(threading.current_thread().name)
        self._inside.release()

    def states(self) -> list[PlayState]:
        return [one.play_state for one in self.all]

    def last_is(self, play: PlayState, model: ModelState | None = None) -> bool:
        last = self.all[-1] if self.all else None
        return last is not None and last.play_state is play and model in (None, last.model_state)


@pytest.fixture
def told() -> Told:
    return Told()


def test_who_subscribes_is_told_at_once_and_who_leaves_is_told_no_more(told: Told) -> None:
    now, reads = [EMPTY], count()
    publisher = StatusPublisher(lambda: replace(now[0], index=next(reads)), Notices())
    publisher.subscribe(told)
    publisher.subscribe(told)
    wait_until(lambda: told.all)
    now[0] = replace(EMPTY, play_state=PlayState.OPENING)
    publisher.changed()
    wait_until(lambda: told.last_is(PlayState.OPENING))
    # Once for each time that the status was read, though it was subscribed twice.
    assert len({one.index for one in told.all}) == len(told.all)
    publisher.unsubscribe(told)
    later = Told()
    now[0] = replace(EMPTY, play_state=PlayState.PLAYING)
    publisher.subscribe(later)
    wait_until(lambda: later.last_is(PlayState.PLAYING))
    assert told.last_is(PlayState.OPENING)
    publisher.stop()
    publisher.changed()
    assert "status" not in {thread.name for thread in threading.enumerate()}


def test_the_last_of_many_changes_is_always_told(told: Told) -> None:
    number = [0]
    publisher = StatusPublisher(lambda: replace(EMPTY, index=number[0]), Notices())
    publisher.subscribe(told)
    for number[0] in range(1, 2000):
        publisher.changed()
    wait_until(lambda: told.all and told.all[-1].index == 1999)
    indices = [one.index for one in told.all]
    assert indices == sorted(indices)
    publisher.stop()


def test_a_listener_that_fails_is_said_and_the_others_go_on(told: Told) -> None:
    def fails(_status: SessionStatus) -> None:
        raise ValueError("no way")

    notices = Notices()
    publisher = StatusPublisher(lambda: EMPTY, notices)
    publisher.subscribe(fails)
    publisher.subscribe(told)
    wait_until(lambda: told.all)
    publisher.stop()
    notice = notices.take()[0]
    assert notice.level is Level.ERROR
    assert "no way" in notice.title


def test_a_session_tells_each_change_of_source_and_model_but_not_each_frame(
    start: Start, told: Told
) -> None:
    source = MadeSource(200, fps=2000)
    session = start(film=[source], gone=[SourceError("there is no film")])
    session.subscribe(told)
    session.load_model(band_analyser)
    wait_until(lambda: told.last_is(PlayState.EMPTY, ModelState.READY))
    session.open("film")
    wait_until(lambda: told.last_is(PlayState.ENDED))
    assert told.all[-1].source is source.info
    session.seek(3)
    wait_until(lambda: told.last_is(PlayState.PAUSED))
    session.play()
    wait_until(lambda: told.last_is(PlayState.ENDED))
    session.close_source()
    wait_until(lambda: told.last_is(PlayState.EMPTY))
    session.open("gone")  # nothing is open that could go on
    wait_until(lambda: told.last_is(PlayState.FAILED))
    session.close_source()
    wait_until(lambda: told.last_is(PlayState.EMPTY))
    assert len(told.all) < 30
    assert told.threads == {"status"}
    assert not told.overlapped
    session.stop()
    assert "status" not in {thread.name for thread in threading.enumerate()}


def test_between_two_sources_nobody_is_told_that_there_is_none(start: Start, told: Told) -> None:
    session = start(film=[MadeSource(100_000, fps=25, spec=str(number)) for number in range(20)])
    session.open("film")
    wait_until(lambda: session.status().play_state is PlayState.PLAYING)
    session.subscribe(told)
    for number in range(1, 20):
        session.open("film")
        wait_until(
            lambda number=number: (
                told.all  # type: ignore[misc]
                and told.all[-1].source is not None
                and told.all[-1].source.spec == str(number)
            )
        )
    assert PlayState.EMPTY not in told.states()


def test_a_source_that_is_lost_and_comes_back_is_told(start: Start, told: Told) -> None:
    def lost(index: int) -> None:
        if index == 5:
            raise SourceLostError("the cable was pulled")

    session = start(cam=[MadeSource(kind="device", script=lost), MadeSource(kind="device")])
    session.subscribe(told)
    session.open("cam")
    wait_until(
        lambda: PlayState.LOST in told.states() and told.last_is(PlayState.PLAYING), "its return"
    )
    ids = {one.source.source_id for one in told.all if one.source is not None}
    assert len(ids) == 2


def test_a_model_asked_for_while_another_is_loaded_leaves_it_loading(
    start: Start, told: Told
) -> None:
    session, go = start(), threading.Event()
    wait = threading.Event()

    def slow() -> object:
        wait.set()
        go.wait()
        return band_analyser()

    def missing() -> object:
        raise ModelError("no model is installed")

    session.subscribe(told)
    session.load_model(slow)  # type: ignore[arg-type]
    assert wait.wait(60)
    session.load_model(missing)  # type: ignore[arg-type]
    go.set()
    wait_until(lambda: told.last_is(PlayState.EMPTY, ModelState.MISSING))
    assert ModelState.READY not in {one.model_state for one in told.all}


def test_who_watches_the_analysis_is_told_of_each_frame_before_its_result(start: Start) -> None:
    log = list[tuple[str, int]]()
    session = start(film=[MadeSource(40, fps=5000)])
    session.watch(lambda view: log.append(("result", view.frame.index)) if view.analysis else None)
    session.watch_analysis(lambda frame: log.append(("begun", frame.index)))
    session.set_every_frame(True)
    session.open("film")
    wait_until(lambda: session.status().play_state is PlayState.ENDED)
    assert log == []  # there is no model
    session.load_model(band_analyser)
    wait_until(lambda: log[-1:] == [("result", 39)])  # the frame that is held
    session.play()
    wait_until(lambda: len(log) == 82)
    assert log[2:] == [(what, index) for index in range(40) for what in ("begun", "result")]
