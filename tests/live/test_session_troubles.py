"""What a session does when something breaks: sources that vanish, engines that fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from live_fakes import BandEngine, MadeSource, Script, Start, band_analyser, band_in

from real_models import published_analyser, true_plane
from sonoassist.core.errors import (
    EngineError,
    ModelError,
    SonoAssistError,
    SourceError,
    SourceLostError,
)
from sonoassist.live import keeping_up
from sonoassist.live.session import LiveSession
from sonoassist.live.status import Level, ModelState, Notice, PlayState
from sonoassist.sources import open_source
from waiting import LIMIT_S, wait_until


def lost_at(last: int) -> Script:
    def script(index: int) -> None:
        if index == last:
            raise SourceLostError("the cable is out")

    return script


def ready(session: LiveSession, engine: BandEngine | None = None) -> None:
    session.load_model(lambda: band_analyser(engine))
    wait_until(lambda: session.status().model_state is ModelState.READY)


def test_a_lost_source_comes_back(start: Start) -> None:
    before = MadeSource(5, kind="stream", spec="grabber", script=lost_at(5))
    after = MadeSource(5, kind="stream", spec="grabber", first_band=3)
    session = start(grabber=[before, SourceError("not yet"), SourceError("not yet"), after])
    ready(session)
    session.open("grabber")
    wait_until(lambda: len(session._capture._opener.opened) == 4)
    assert before.closed
    wait_until(lambda: session.status().play_state is PlayState.PLAYING)
    # What was before is let go of in the moment when the source is back.
    wait_until(lambda: {one.frame.source_id for one in session.history()} == {after.info.source_id})
    view = session.newest()
    assert view is not None
    assert view.frame.source_id == after.info.source_id
    gone, back = session.notices.take()
    assert (gone.level, gone.title) == (Level.WARNING, "the cable is out")
    assert (back.level, back.title) == (Level.INFO, "grabber is back")


@pytest.mark.parametrize("named", ["device:0", "device:Grabber", " DEVICE:Grabber "])
def test_what_is_said_of_a_source_is_said_of_the_one_that_is_open(start: Start, named: str) -> None:
    before, after = (
        MadeSource(5, kind="device", spec="device:Grabber", script=script)
        for script in (lost_at(5), lambda _index: None)
    )
    after._info = replace(after.info, warnings=("it has no rate",))
    session = start(**{named: [before, SourceError("not yet"), after]})
    session.open(named)
    said: list[Notice] = []
    wait_until(lambda: said.extend(session.notices.take()) or len(said) == 3)
    assert [one.title for one in said] == [
        "the cable is out",
        "device:Grabber: it has no rate",
        "device:Grabber is back",
    ]
    assert {one.about for one in said} == {"device:Grabber"}


def test_what_is_said_of_a_source_that_did_not_open_is_said_of_its_name(start: Start) -> None:
    session = start()
    session.open("./scan.mp4")
    said: list[Notice] = []
    wait_until(lambda: said.extend(session.notices.take()) or bool(said))
    assert [one.about for one in said] == ["./scan.mp4"]


def test_while_lost_the_last_picture_stays_and_the_state_says_why(start: Start) -> None:
    session = start(grabber=[MadeSource(5, kind="stream", script=lost_at(5))])
    ready(session)
    session.open("grabber")
    wait_until(lambda: session.status().play_state is PlayState.LOST)
    assert session.status().play_message in ("the cable is out", "there is no grabber")
    assert session.newest() is not None
    session.play()
    session.step(1)
    session.seek(2)
    session.pause()
    opened = len(session._capture._opener.opened)
    wait_until(lambda: len(session._capture._opener.opened) > opened + 2)
    assert session.status().play_state is PlayState.LOST


def test_a_live_source_that_ends_is_lost(start: Start) -> None:
    class Ending(MadeSource):
        def read(self) -> object:
            return None

    session = start(grabber=[Ending(kind="device")])
    session.open("grabber")
    wait_until(lambda: session.status().play_state is PlayState.LOST)
    assert "has ended" in session.notices.take()[0].title


def test_a_stalled_source_says_so_and_goes_on(start: Start) -> None:
    session = start(grabber=[MadeSource(3, kind="stream")])
    session.open("grabber")
    wait_until(lambda: session.status().play_message == "nothing new")
    assert session.status().play_state is PlayState.PLAYING
    assert session.status().signal_age_s >= 0
    assert session.notices.take() == []


@pytest.mark.parametrize("error", [EngineError("out of memory"), ZeroDivisionError("a bug")])
def test_a_failing_analysis_shows_raw_frames_and_recovers(start: Start, error: Exception) -> None:
    engine, failing = BandEngine(), threading.Event()

    def before() -> None:
        if failing.is_set():
            raise error

    engine.before = before
    session = start(film=[MadeSource(1_000_000, fps=100)])
    ready(session, engine)
    failing.set()
    session.open("film")
    wait_until(lambda: session.status().model_state is ModelState.FAILED)
    assert str(error) in session.status().model_message
    wait_until(lambda: len(session.history()) > 10)  # every raw picture is passed on
    assert all(view.analysis is None for view in session.history())
    view = session.newest()
    assert view is not None
    assert view.analysis is None
    (notice,) = session.notices.take()
    assert notice.level is Level.ERROR
    assert str(error) in notice.title
    assert ("Traceback" in notice.details) == isinstance(error, ZeroDivisionError)
    failing.clear()
    wait_until(lambda: session.status().model_state is ModelState.READY)
    wait_until(lambda: session.history()[-1].analysis is not None)
    status = session.status()
    assert (status.engine, status.device, status.model_message) == ("band f32", "CPU", "")
    assert session.notices.take() == []


def test_a_late_analysis_gives_way_to_the_raw_picture(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, gate, blocked = BandEngine(), threading.Event(), threading.Event()
    first = threading.Event()

    def before() -> None:
        if engine.runs == 1:
            blocked.set()
            assert gate.wait(LIMIT_S)

    def script(index: int) -> None:
        if index == 1:  # the first result is there before the second frame comes
            assert first.wait(LIMIT_S)
        if index == 2:
            assert blocked.wait(LIMIT_S)

    engine.before = before
    session = start(grabber=[MadeSource(3, kind="stream", script=script)])
    ready(session, engine)
    monkeypatch.setattr(keeping_up, "LATE_S", LIMIT_S)  # not late yet
    seen: list[int] = []
    session.watch(lambda view: seen.append(view.frame.index))
    session.open("grabber")
    wait_until(lambda: session.showing().result is not None)
    first.set()
    wait_until(lambda: 2 in seen)  # later than the status says so
    view = session.newest()
    assert view is not None
    assert (view.frame.index, view.analysis is None) == (0, False)
    monkeypatch.setattr(keeping_up, "LATE_S", -1.0)  # late from now on
    session._keeping_up._interval_s = 0.0
    showing = session.showing()
    assert showing.view is not None
    assert (showing.view.frame.index, showing.view.analysis) == (2, None)
    assert showing.result is view
    gate.set()
    wait_until(lambda: session.newest().analysis is not None)
    assert session.newest().frame.index == 2


def test_without_a_model_the_pictures_are_shown(start: Start) -> None:
    def loader() -> object:
        raise ModelError("no model is installed", "Install one")

    session = start(film=[MadeSource(500, fps=25)])
    session.load_model(loader)
    session.open("film")
    wait_until(lambda: len(session.history()) > 2)
    assert all(view.analysis is None for view in session.history())
    assert session.status().model_state is ModelState.MISSING
    assert session.status().stats.analysed == 0
    assert session.notices.take() == []  # a missing model is a page of its own, not an alarm
    ready(session)
    wait_until(lambda: session.newest().analysis is not None)
    assert session.status().card is not None


@pytest.mark.parametrize(
    "error", [ModelError("the weights are damaged", "Add it again"), EngineError("no such engine")]
)
def test_a_model_that_cannot_be_loaded(start: Start, error: SonoAssistError) -> None:
    engine = BandEngine()
    session = start(film=[MadeSource(500, fps=25)])
    ready(session, engine)

    def loader() -> object:
        raise error

    session.load_model(loader)
    wait_until(lambda: session.status().model_state is ModelState.FAILED)
    assert engine.closed.is_set()  # the old one is let go of before a new one is made
    assert session.status().model_message == str(error)
    assert [notice.title for notice in session.notices.take()] == [error.message]
    session.open("film")
    wait_until(lambda: session.newest() is not None)
    assert session.newest().analysis is None


def test_another_model_looks_at_the_held_frame_afresh(start: Start) -> None:
    class Shifted(BandEngine):
        def run(self, network_input: np.ndarray, *args: object) -> object:
            return super().run(np.roll(network_input, 6, axis=3), *args)

    session = start(film=[MadeSource(100, fps=25)])
    ready(session)
    session.open("film")
    session.pause()
    session.seek(3)
    wait_until(lambda: session.newest() and session.newest().frame.index == 3)
    wait_until(lambda: session.newest().analysis is not None)
    session.load_model(lambda: band_analyser(Shifted()))
    wait_until(lambda: session.newest().analysis.prediction.plane_index == 4)
    view = session.newest()
    assert view.frame.index == 3
    assert int(np.argmax(view.steady.probabilities)) == 4


def test_no_result_of_the_old_source_after_a_new_one(start: Start) -> None:
    engine, gate, blocked = BandEngine(), threading.Event(), threading.Event()

    def before() -> None:
        blocked.set()
        assert gate.wait(LIMIT_S)

    engine.before = before
    new = MadeSource(30, fps=200, spec="new", first_band=7)
    session = start(old=[MadeSource(30, fps=200, spec="old")], new=[new])
    session.set_every_frame(True)
    ready(session, engine)
    session.open("old")
    assert blocked.wait(LIMIT_S)
    session.open("new")

    def new_is_open() -> bool:
        source = session.status().source
        return source is not None and source.spec == "new"

    wait_until(new_is_open)
    gate.set()
    seen = []

    def ended() -> bool:
        seen.append(session.newest())
        return session.status().stats.analysed == 30

    wait_until(ended)
    everything = [*session.history(), *(view for view in seen if view is not None)]
    assert {view.frame.source_id for view in everything} == {new.info.source_id}
    assert all(
        view.analysis is None or view.analysis.prediction.plane_index == band_in(view.frame.pixels)
        for view in everything
    )


def stopped(session: LiveSession) -> bool:
    """Stop from another thread, so that a session that hangs fails the test."""
    stopping = threading.Thread(target=session.stop, daemon=True)
    stopping.start()
    stopping.join(LIMIT_S)
    return not stopping.is_alive()


def no_workers() -> bool:
    names = {thread.name for thread in threading.enumerate()}
    return not names & {"capture", "analysis"}


def test_stop_ends_both_threads_whatever_they_do(start: Start) -> None:
    def wait_playing(session: LiveSession) -> None:
        wait_until(lambda: session.newest() is not None)

    def wait_paused(session: LiveSession) -> None:
        session.pause()
        wait_until(lambda: session.status().play_state is PlayState.PAUSED)

    def wait_lost(session: LiveSession) -> None:
        wait_until(lambda: session.status().play_state is PlayState.LOST)

    cases: list[tuple[MadeSource, Callable[[LiveSession], None]]] = [
        (MadeSource(10_000, fps=25), wait_playing),
        (MadeSource(10_000, fps=0.001), wait_playing),  # the next frame is due in an hour
        (MadeSource(10_000, fps=25), wait_paused),
        (MadeSource(5, kind="stream", script=lost_at(5)), wait_lost),
        (MadeSource(5, kind="stream"), wait_playing),
    ]
    for source, reach in cases:
        engine = BandEngine()
        session = start(thing=[source])
        ready(session, engine)
        session.open("thing")
        reach(session)
        assert stopped(session)
        assert no_workers()
        assert source.closed
        assert engine.closed.is_set()
        session.stop()  # twice does no harm


def test_stop_ends_an_opening_that_hangs() -> None:
    hanging = threading.Event()

    def opener(spec: str, stop: threading.Event) -> MadeSource:
        hanging.set()
        assert stop.wait(LIMIT_S)
        raise SourceError("given up")

    session = LiveSession(opener=opener)
    session.open("tcp://nowhere")
    assert hanging.wait(LIMIT_S)
    assert session.status().play_state is PlayState.OPENING
    assert stopped(session)
    assert no_workers()


class HangingOpener:
    """Opens "film" at once; of anything else it waits until it is told to give up.

    Args:
        late: It gives a source then all the same.
    """

    def __init__(self, *, late: bool = False) -> None:
        self.hanging: list[str] = []
        self.given_up: list[str] = []
        self.made: list[MadeSource] = []
        self._late = late

    def __call__(self, spec: str, stop: threading.Event) -> MadeSource:
        if spec != "film":
            self.hanging.append(spec)
            assert stop.wait(LIMIT_S)
            self.given_up.append(spec)
            if not self._late:
                raise SourceError(f"opening {spec} was stopped")
        self.made.append(MadeSource(100_000, fps=25, spec=spec))
        return self.made[-1]


@pytest.fixture(params=[False, True], ids=["gives up", "comes too late"])
def hanging(request: pytest.FixtureRequest) -> Iterator[tuple[LiveSession, HangingOpener]]:
    opener = HangingOpener(late=request.param)
    session = LiveSession(opener=opener)
    yield session, opener
    session.stop()
    assert no_workers()
    assert all(one.closed for one in opener.made)


def test_an_opening_that_hangs_is_closed_at_once(
    hanging: tuple[LiveSession, HangingOpener],
) -> None:
    session, opener = hanging
    session.open("tcp://nowhere")
    wait_until(lambda: opener.hanging)
    assert session.status().play_state is PlayState.OPENING
    session.close_source()
    wait_until(lambda: session.status().play_state is PlayState.EMPTY)
    assert opener.given_up == ["tcp://nowhere"]
    assert session.notices.take() == []  # the user wanted it
    session.open("film")
    wait_until(lambda: session.status().play_state is PlayState.PLAYING)


def test_an_opening_that_hangs_gives_way_to_another(
    hanging: tuple[LiveSession, HangingOpener],
) -> None:
    session, opener = hanging
    for spec in ("tcp://nowhere", "device:hangs", "tcp://elsewhere"):
        session.open(spec)
        wait_until(lambda spec=spec: spec in opener.hanging)  # type: ignore[misc]
    session.open("film")

    def plays_film() -> bool:
        status = session.status()
        playing = status.play_state is PlayState.PLAYING
        return playing and status.source is not None and status.source.spec == "film"

    wait_until(plays_film)
    assert opener.given_up == ["tcp://nowhere", "device:hangs", "tcp://elsewhere"]
    assert session.notices.take() == []


def test_of_many_sources_asked_for_at_once_the_last_one_is_opened(
    hanging: tuple[LiveSession, HangingOpener],
) -> None:
    session, opener = hanging
    for number in range(50):
        session.open(f"tcp://{number}")
    session.open("film")
    wait_until(lambda: session.status().play_state is PlayState.PLAYING)
    assert opener.given_up == opener.hanging
    assert len(opener.hanging) < 50


def test_a_lost_source_that_hangs_when_it_is_opened_again_can_be_closed(start: Start) -> None:
    hangs = threading.Event()
    lost = MadeSource(5, kind="stream", script=lost_at(5))

    def opener(spec: str, stop: threading.Event) -> MadeSource:
        if lost.closed:
            hangs.set()
            assert stop.wait(LIMIT_S)
            raise SourceError("given up")
        return lost

    session = start()
    session._capture._opener = opener
    session.open("grabber")
    assert hangs.wait(LIMIT_S)
    assert session.status().play_state is PlayState.LOST
    session.close_source()
    wait_until(lambda: session.status().play_state is PlayState.EMPTY)


@pytest.mark.real
@pytest.mark.usefixtures("networks_once")
def test_the_real_montage_frame_by_frame(test_data: Path) -> None:
    session = LiveSession(history_s=3600, history_mb=1024, opener=open_source)
    try:
        session.set_every_frame(True)
        session.set_speed(8.0)
        session.load_model(lambda: published_analyser(test_data))
        wait_until(lambda: session.status().model_state is ModelState.READY)
        session.open(str(test_data / "exam" / "montage.mp4"))
        wait_until(lambda: session.status().stats.analysed >= 80)
        session.pause()
        wait_until(lambda: session.status().play_state is PlayState.PAUSED)
        wait_until(lambda: session.history()[-1].analysis is not None)
        views = session.history()
        stats = session.status().stats
    finally:
        session.stop()
    assert [view.frame.index for view in views] == list(range(len(views)))
    assert stats.dropped == 0
    kidneys = true_plane(test_data, "KIDNEYS.tiff")
    alone = published_analyser(test_data)
    for view in views:
        assert view.analysis is not None
        assert view.analysis.frame is view.frame
        if view.frame.index <= 74:
            assert view.analysis.prediction.plane is kidneys
            assert view.steady is not None
            assert view.steady.plane is kidneys
    for view in views[::20]:
        again = alone.analyse(view.frame)
        assert view.analysis is not None
        np.testing.assert_allclose(
            view.analysis.prediction.probabilities, again.prediction.probabilities, atol=1e-5
        )
        assert view.analysis.localisation.box == again.localisation.box
