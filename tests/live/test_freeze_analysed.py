"""On a slow machine a freeze holds every picture, and the one looked at is analysed at once."""

from __future__ import annotations

import threading

from live_fakes import BandEngine, MadeSource, Start, band_analyser, band_in

from sonoassist.core.packets import Analysis, Frame
from sonoassist.live.loop_pictures import LoopPictures
from sonoassist.live.session import LiveSession
from sonoassist.live.status import ModelState, PlayState
from waiting import wait_until

FRAMES = 250
FEWER = 130
"""Where all of them are analysed in the end."""


class SlowEngine(BandEngine):
    """Analyses one picture each time it is let; before `stop`, none else."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = threading.Semaphore(0)
        self.free = False
        self.before = self._wait

    def _wait(self) -> None:
        if not self.free:
            self.turns.acquire()

    def let_go(self) -> None:
        self.free = True
        self.turns.release()


def frozen_session(
    start: Start, engine: SlowEngine, frames: int
) -> tuple[LiveSession, LoopPictures]:
    """The analysis stands at the first picture while all the others come."""
    session = start(scan=[MadeSource(frames, kind="stream")])
    session.load_model(lambda: band_analyser(engine))
    wait_until(lambda: session.status().model_state is ModelState.READY)
    session.open("scan")
    wait_until(lambda: len(session.history()) == frames)
    return session, session.history()


def analysed(pictures: LoopPictures) -> list[int]:
    return [view.frame.index for view in pictures if view.analysis is not None]


def test_the_loop_holds_every_captured_picture_while_the_analysis_stands(start: Start) -> None:
    engine = SlowEngine()
    _, pictures = frozen_session(start, engine, FRAMES)
    try:
        assert [view.frame.index for view in pictures] == list(range(FRAMES))
        assert analysed(pictures) == []
    finally:
        engine.let_go()


def test_the_picture_looked_at_is_analysed_first_then_its_neighbours(start: Start) -> None:
    engine = SlowEngine()
    session, pictures = frozen_session(start, engine, FEWER)
    order: list[int] = []
    put = session._loop.put_late_result
    session._analysis._deliver_late = lambda analysis, threshold: (
        order.append(analysis.frame.index),
        put(analysis, threshold),
        session.look_back(pictures, 40) if analysis.frame.index == 119 else None,
    )
    session.look_back(pictures, 120)
    engine.let_go()
    wait_until(lambda: len(analysed(pictures)) == FEWER)
    assert order[:7] == [120, 121, 119, 40, 41, 39, 42]  # stepped to 40 meanwhile


def test_the_live_picture_waits_for_the_one_looked_at_and_shares_with_the_others(
    start: Start,
) -> None:
    engine, order = SlowEngine(), []
    more = threading.Event()

    def script(index: int) -> None:
        if index >= FEWER:
            wait_until(more.is_set)

    session = start(scan=[MadeSource(2 * FEWER, kind="stream", script=script)])
    analyser = band_analyser(engine)
    session.load_model(lambda: analyser)
    wait_until(lambda: session.status().model_state is ModelState.READY)
    session.open("scan")
    wait_until(lambda: len(session.history()) == FEWER)
    pictures = session.history()
    session.look_back(pictures, 120)
    look_back, analyse = analyser.look_back, analyser.analyse

    def watched_back(frame: Frame) -> Analysis:
        order.append("back")
        return look_back(frame)

    def watched(frame: Frame) -> Analysis:
        order.append("live")
        if frame.index < 2 * FEWER - 1:  # there is always a newer one
            wait_until(lambda: session._frames.full or session._capture.state.index > FEWER)
        return analyse(frame)

    analyser.look_back, analyser.analyse = watched_back, watched  # type: ignore[method-assign]
    more.set()
    engine.let_go()
    wait_until(lambda: len(analysed(pictures)) == FEWER)
    assert order[0] == "back"  # it goes before the newest one, which waits already
    assert "live" in order[1:4]  # behind it they take turns


def test_in_the_end_all_have_their_own_result(start: Start) -> None:
    engine = SlowEngine()
    session, pictures = frozen_session(start, engine, FEWER)
    session.look_back(pictures, 100)
    engine.let_go()
    wait_until(lambda: len(analysed(pictures)) == FEWER)
    for view in pictures:
        assert view.analysis is not None
        assert view.analysis.frame is view.frame
        assert view.analysis.prediction.frame_id == view.frame.frame_id
        assert view.analysis.prediction.plane_index == band_in(view.frame.pixels)
        assert view.steady is not None
    newest = session.newest()
    assert newest is not None
    assert newest.frame.index == FEWER - 1  # a late result is never shown as the newest one
    assert session.status().play_state is PlayState.PLAYING
