"""Labels that do not wait for their boxes, in a live session."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from live_fakes import BandEngine, MadeSource, Start, band_analyser

from sonoassist.analysis.analyser import Analyser
from sonoassist.analysis.box_wish import BoxWish
from sonoassist.core.errors import EngineError, ModelError
from sonoassist.core.packets import Analysis, Frame, State
from sonoassist.live.analysis import MOST_UNBOXED
from sonoassist.live.cadence import Cadence
from sonoassist.live.session import LiveSession
from sonoassist.live.status import ModelState, PlayState, View
from waiting import LIMIT_S, wait_until

COUNT = 18
"""The last picture is of the background: while it stands no box is looked for."""


class Fixed(Cadence):
    """Always asks for the same."""

    def __init__(self, wish: BoxWish) -> None:
        super().__init__()
        self.always = wish

    def wish(self, *_: object, **__: object) -> BoxWish:
        self.finishes = self.always is BoxWish.LATER
        return self.always


class Watched(BandEngine):
    """Notes which passes were run."""

    def __init__(self) -> None:
        super().__init__()
        self.backward_runs = 0

    def backward(self, *args: object, **more: object) -> np.ndarray:  # type: ignore[type-arg]
        self.backward_runs += 1
        return super().backward(*args, **more)  # type: ignore[arg-type]


def begun(start: Start, wish: BoxWish, engine: BandEngine, count: int) -> LiveSession:
    session = start(scan=[MadeSource(count, fps=25.0)])
    session._analysis._cadence = Fixed(wish)
    session.load_model(lambda: band_analyser(engine))
    wait_until(lambda: session.status().model_state is ModelState.READY)
    return session


def test_a_box_behind_its_label_reaches_loop_screen_and_watchers(start: Start) -> None:
    engine = Watched()
    session = begun(start, BoxWish.LATER, engine, count=12)
    early: list[View] = []
    completed: list[View] = []
    session.watch(early.append)
    session.watch_completed(completed.append)
    session.open("scan")
    wait_until(lambda: any(view.frame.index == 11 for view in completed))
    for view in completed:
        assert view.analysis is not None
        assert view.analysis.localisation.sought
        assert view.steady is not None
        labels = [one for one in early if one.frame is view.frame and one.analysis is not None]
        assert len(labels) == 1  # its label was told once, before
        assert labels[0].analysis is not None
        assert labels[0].analysis.lacks_box
    newest = session.newest()
    assert newest is not None
    assert newest is completed[-1]
    assert {view.frame.index for view in completed} <= {
        view.frame.index
        for view in session.history()
        if view.analysis is not None and view.analysis.localisation.sought
    }
    assert engine.backward_runs == len(completed)


def test_the_box_of_a_kept_picture_is_found_when_it_is_asked_for(start: Start) -> None:
    session = begun(start, BoxWish.CARRIED, BandEngine(), count=COUNT)
    completed: list[View] = []
    session.watch_completed(completed.append)
    session.open("scan")
    wait_until(lambda: _named(session) is not None)
    view = _named(session)
    assert view is not None
    assert view.analysis is not None
    assert view.analysis.lacks_box
    session.want_box(view)
    wait_until(lambda: len(completed) == 1)
    (found,) = completed
    assert found.frame.index == view.frame.index
    assert found.analysis is not None
    assert found.analysis.localisation.sought


def test_the_box_of_a_kept_picture_is_found_when_its_source_is_closed_already(
    start: Start,
) -> None:
    session = begun(start, BoxWish.CARRIED, BandEngine(), count=COUNT)
    completed: list[View] = []
    session.open("scan")
    wait_until(lambda: _named(session) is not None)
    view = _named(session)
    assert view is not None
    session.close_source()
    wait_until(lambda: session.status().play_state is PlayState.EMPTY)
    session.watch_completed(completed.append)
    session.want_box(view)
    wait_until(lambda: completed)
    assert completed[0].frame is view.frame
    assert _sought(completed[0])
    assert session.newest() is None


def _asked_for(start: Start, completed: list[View]) -> tuple[LiveSession, View]:
    """A session, and a picture of it that has a label and lacks its box."""
    session = begun(start, BoxWish.CARRIED, BandEngine(), count=COUNT)
    session.watch_completed(completed.append)
    session.open("scan")
    wait_until(lambda: _named(session) is not None)
    view = _named(session)
    assert view is not None
    return session, view


def _lacks(view: View) -> bool:
    return view.analysis is not None and view.analysis.lacks_box


@pytest.mark.parametrize("change", ["crop", "model", "no model"])
def test_a_label_of_another_crop_or_model_gets_no_box_of_the_new_one(
    start: Start, change: str
) -> None:
    completed: list[View] = []
    session, view = _asked_for(start, completed)
    if change == "crop":
        session.configure(crop="0,0,40,40")
    else:
        session.load_model(_other_model if change == "model" else _no_model)
        failed = ModelState.READY if change == "model" else ModelState.MISSING
        wait_until(lambda: session.status().model_state is failed)
    session.want_box(view)
    wait_until(lambda: any(one.frame is view.frame for one in completed))
    (told,) = [one for one in completed if one.frame is view.frame]
    assert _lacks(told)
    assert told.analysis is view.analysis


def _other_model() -> Analyser:
    analyser = band_analyser()
    analyser.card = analyser.card.model_copy(update={"weights_sha256": "f" * 64})
    return analyser


def _no_model() -> Analyser:
    raise ModelError("no model is installed")


def test_a_box_that_finds_no_time_is_given_up_and_that_is_told(start: Start) -> None:
    completed: list[View] = []
    session, view = _asked_for(start, completed)
    judging, go = threading.Event(), threading.Event()
    analyser = session._analysis._analyser
    assert analyser is not None
    look_back = analyser.look_back

    def held(frame: Frame) -> Analysis:
        judging.set()
        go.wait(LIMIT_S)
        return look_back(frame)

    analyser.look_back = held  # type: ignore[method-assign]
    session.want_box(view)
    assert judging.wait(LIMIT_S)
    for _ in range(MOST_UNBOXED + 2):
        session.want_box(view)
    assert [_lacks(one) for one in completed] == [True, True]
    go.set()
    wait_until(lambda: len(completed) == MOST_UNBOXED + 3)
    assert not any(_lacks(one) for one in completed[2:])


@pytest.mark.parametrize("error", [RuntimeError("no memory"), EngineError("it failed")])
def test_a_box_whose_looking_for_fails_is_given_up_and_that_is_told(
    start: Start, error: Exception
) -> None:
    completed: list[View] = []
    session, view = _asked_for(start, completed)
    analyser = session._analysis._analyser
    assert analyser is not None
    look_back = analyser.look_back

    def failing(frame: Frame) -> Analysis:
        raise error

    analyser.look_back = failing  # type: ignore[method-assign]
    session.want_box(view)
    wait_until(lambda: [_lacks(one) for one in completed] == [True])
    wait_until(lambda: session.status().model_state is ModelState.FAILED)
    analyser.look_back = look_back  # type: ignore[method-assign]
    session.want_box(view)
    wait_until(lambda: [_lacks(one) for one in completed] == [True, False])


def test_a_box_is_given_up_when_the_session_ends(start: Start) -> None:
    completed: list[View] = []
    session, view = _asked_for(start, completed)
    session.stop()
    session.want_box(view)
    assert [_lacks(one) for one in completed[-1:]] == [True]


def test_a_frozen_picture_that_is_looked_at_gets_its_own_box(start: Start) -> None:
    session = begun(start, BoxWish.CARRIED, BandEngine(), count=COUNT)
    session.open("scan")
    wait_until(lambda: _named(session) is not None)
    pictures = session.history()
    place = next(
        number
        for number, view in enumerate(pictures)
        if view.analysis is not None and view.analysis.lacks_box
    )
    before = [_sought(view) for view in pictures]  # of those that stood for a while
    session.look_back(pictures, place)
    wait_until(lambda: _sought(pictures[place]))
    after = [_sought(view) for view in pictures]
    assert [number for number, sought in enumerate(after) if sought != before[number]] == [place]


def _sought(view: View) -> bool:
    return view.analysis is not None and view.analysis.localisation.sought


def _named(session: LiveSession) -> View | None:
    """The newest picture with a plane, once all have come."""
    pictures = session.history()
    if len(pictures) < COUNT or pictures[-1].analysis is None:
        return None
    named = (one for one in reversed(pictures) if one.analysis is not None)
    return next((one for one in named if one.analysis.state is State.PLANE), None)


@pytest.mark.parametrize("whole", ["every frame", "heat"])
def test_where_each_frame_is_looked_at_each_has_its_own_box(start: Start, whole: str) -> None:
    session = begun(start, BoxWish.CARRIED, BandEngine(), count=6)
    if whole == "heat":
        session.configure(heat=True)
    else:
        session.set_every_frame(True)
    views: list[View] = []
    session.watch(lambda view: views.append(view) if view.analysis is not None else None)
    session.open("scan")
    wait_until(lambda: any(view.frame.index == 5 for view in views))
    # The first one may have been under way when that was asked for.
    assert all(_sought(view) for view in views if view.frame.index > 0)
    assert session.status().play_state is not PlayState.FAILED


def test_a_live_source_waits_for_nothing_so_its_labels_do_not_either(start: Start) -> None:
    source = MadeSource(COUNT + 1, kind="stream")  # its last picture shows a plane
    session = start(scan=[source])
    session._analysis._cadence = Fixed(BoxWish.LATER)
    session.load_model(band_analyser)
    wait_until(lambda: session.status().model_state is ModelState.READY)
    session.set_every_frame(True)
    early: list[View] = []
    session.watch(lambda view: early.append(view) if view.analysis is not None else None)
    session.open("scan")
    wait_until(lambda: any(_is_plane(view) for view in early))
    assert all(not _sought(view) for view in early if _is_plane(view))


def _is_plane(view: View) -> bool:
    return view.analysis is not None and view.analysis.state is State.PLANE


def test_a_box_that_was_left_over_is_not_put_on_another_picture(start: Start) -> None:
    session = start(scan=[MadeSource(50, fps=25.0)])
    session._analysis._cadence = Fixed(BoxWish.LATER)
    analyser = band_analyser()
    analyse = analyser.analyse

    def failing(frame: Frame, wish: BoxWish) -> Analysis:
        if frame.index == 5:
            raise EngineError("it failed")
        return analyse(frame, wish)

    def tripping(view: View) -> None:
        if view.analysis is not None and view.frame.index == 4:
            raise ValueError("a watcher failed: the box is not looked for")

    analyser.analyse = failing  # type: ignore[method-assign]
    completed: list[View] = []
    session.watch(tripping)
    session.watch_completed(completed.append)
    session.load_model(lambda: analyser)
    wait_until(lambda: session.status().model_state is ModelState.READY)
    session.open("scan")
    session.pause()
    for index in (4, 5, 6):
        session.seek(index)
        wait_until(lambda wanted=index: _shows(session, wanted))  # type: ignore[misc]
    wait_until(lambda: any(view.frame.index == 6 for view in completed))
    assert all(view.analysis is not None for view in completed)
    assert all(view.analysis.frame is view.frame for view in completed if view.analysis)


def test_a_picture_frozen_again_gets_its_own_box_and_the_analysis_rests(start: Start) -> None:
    session = begun(start, BoxWish.CARRIED, BandEngine(), count=COUNT)
    session.open("scan")
    wait_until(lambda: _named(session) is not None)
    place = next(
        number
        for number, view in enumerate(session.history())
        if view.analysis is not None and view.analysis.lacks_box
    )
    shown = session.history()[place]
    for _ in range(2):  # the second one freezes what was on screen, without the box found by now
        pictures = session.history().until(shown)
        session.look_back(pictures, place)
        wait_until(lambda held=pictures: _sought(held[place]))  # type: ignore[misc]
        session.look_back(None)
    assert session._looking_back.next() is None


def test_a_picture_that_stands_gets_its_own_box(start: Start) -> None:
    session = begun(start, BoxWish.CARRIED, BandEngine(), count=50)
    completed: list[View] = []
    session.watch_completed(completed.append)
    session.open("scan")
    session.pause()
    session.seek(5)
    wait_until(lambda: _shows(session, 5) and _sought(session.newest()))  # type: ignore[arg-type]
    newest = session.newest()
    assert newest is not None
    assert newest.steady is not None
    assert newest is completed[-1]
    session.step(1)
    wait_until(lambda: _shows(session, 6) and _sought(session.newest()))  # type: ignore[arg-type]


def _shows(session: LiveSession, index: int) -> bool:
    newest = session.newest()
    return newest is not None and newest.frame.index == index
