"""What cannot be opened leaves the source that is open as it is, in every order of wishes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live_fakes import MadeSource, Start

from sonoassist.core.errors import SourceError, SourceLostError
from sonoassist.live import capture
from sonoassist.live.session import LiveSession
from sonoassist.live.status import PlayState
from sonoassist.sources.base import Source
from waiting import wait_until


def plays(session: LiveSession, spec: str) -> bool:
    status = session.status()
    source = status.source
    return source is not None and source.spec == spec and status.play_state is PlayState.PLAYING


def scan(spec: str = "scan") -> MadeSource:
    return MadeSource(10**9, kind="stream", spec=spec, script=lambda _index: waited(0.001))


def waited(seconds: float) -> None:
    threading.Event().wait(seconds)  # a grabber's pace


def test_what_cannot_be_opened_leaves_the_source_and_says_so_once(start: Start) -> None:
    source = scan()
    session = start(scan=[source], bad=[SourceError("bad.mp4 is no film", "Choose another one")])
    session.open("scan")
    wait_until(lambda: session.newest() is not None)
    before = session.status().source
    session.open("bad")
    notices: list[object] = []
    wait_until(lambda: notices.extend(session.notices.take()) or bool(notices))
    (notice,) = notices
    assert (notice.title, notice.hint) == (  # type: ignore[attr-defined]
        "bad.mp4 is no film",
        "Choose another one. What is open goes on",
    )
    assert session.status().source is before
    assert plays(session, "scan")
    assert not source.closed
    newest = session.newest()
    wait_until(lambda: session.newest() is not newest)  # pictures go on
    assert session.status().opens_beside == ""


def test_a_recording_without_a_picture_does_not_take_over(start: Start) -> None:
    empty = MadeSource(0, spec="empty")
    session = start(scan=[scan()], empty=[empty])
    session.open("scan")
    wait_until(lambda: plays(session, "scan"))
    session.open("empty")
    wait_until(lambda: empty.closed)
    assert [one.title for one in session.notices.take()] == ["empty holds no picture"]
    assert plays(session, "scan")


def test_the_other_goes_on_until_the_first_picture_is_there(start: Start) -> None:
    go, old = threading.Event(), scan()

    def slow(index: int) -> None:
        if index == 0:
            wait_until(go.is_set)

    session = start(scan=[old], film=[MadeSource(20, spec="film", script=slow)])
    session.open("scan")
    wait_until(lambda: plays(session, "scan"))
    session.open("film")
    wait_until(lambda: session.status().opens_beside == "film")
    newest = session.newest()
    wait_until(lambda: session.newest() is not newest)
    assert plays(session, "scan")
    seen: list[int] = []
    session.watch(
        lambda view: seen.append(view.frame.index) if view.frame.source_id != "" else None
    )
    go.set()
    wait_until(lambda: session.status().play_state is PlayState.ENDED)
    assert old.closed
    newest = session.newest()
    assert newest is not None
    assert [view.frame.index for view in session.history()] == list(range(20))  # the first as well


def test_closing_gives_up_what_is_being_opened(start: Start) -> None:
    go = threading.Event()
    film = MadeSource(20, spec="film", script=lambda _index: wait_until(go.is_set))
    session = start(scan=[scan()], film=[film])
    session.open("scan")
    wait_until(lambda: plays(session, "scan"))
    session.open("film")
    wait_until(lambda: session.status().opens_beside == "film")
    session.close_source()
    wait_until(lambda: session.status().play_state is PlayState.EMPTY)
    go.set()
    wait_until(lambda: film.closed)
    assert session.status().play_state is PlayState.EMPTY


def test_a_device_named_in_another_way_is_let_go_of_before_it_is_opened_again() -> None:
    held: list[MadeSource] = []

    def opener(_spec: str, _stop: threading.Event) -> Source:
        if any(not one.closed for one in held):
            raise SourceError("Grabber is busy")
        held.append(MadeSource(3, kind="device", spec="device:Grabber"))
        held[-1]._info = replace(held[-1].info, also=("device:0",))
        return held[-1]

    def opened(session: LiveSession, count: int) -> bool:
        source = session.status().source
        ids = [one.info.source_id for one in held]
        return len(ids) == count and source is not None and source.source_id == ids[-1]

    session, said = LiveSession(opener=opener), list[object]()
    try:
        # As the user named it, as it names itself ("Connect again"), once more; then in any way.
        names = ["device:0", "device:Grabber", "device:Grabber", "device:0", " DEVICE:grabber "]
        for count, spec in enumerate(names, start=1):
            session.open(spec)
            wait_until(
                lambda count=count: (  # type: ignore[misc]
                    said.extend(session.notices.take()) or said or opened(session, count)
                )
            )
        assert said == []
    finally:
        session.stop()


class Opener:
    """Good ones open, bad ones do not, and a live one can be lost and come back."""

    def __init__(self) -> None:
        self.lost = threading.Event()

    def __call__(self, spec: str, stop: threading.Event) -> Source:
        if spec.startswith("bad"):
            raise SourceError(f"{spec} is no film")
        if spec == "scan":
            if self.lost.is_set():
                raise SourceError("still away")
            return MadeSource(10**9, kind="stream", spec=spec, script=self._scan)
        return MadeSource(10**6, fps=500, spec=spec)

    def _scan(self, _index: int) -> None:
        waited(0.001)
        if self.lost.is_set():
            raise SourceLostError("the cable is out")


STEPS = ("scan", "film", "bad", "bad2", "close", "lose", "back", "reconnect")


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=9))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_order_of_wishes_ends_in_the_right_state(steps: list[str]) -> None:
    opener, retry_s = Opener(), capture.RETRY_S
    capture.RETRY_S = 0.005
    session = LiveSession(opener=opener)
    spec, state = "", PlayState.EMPTY  # what is to be seen

    def seen() -> bool:
        status = session.status()
        now = "" if status.source is None else status.source.spec
        return (now, status.play_state) == (spec, state) and not status.opens_beside

    acts: dict[str, Callable[[], None]] = {
        "close": session.close_source,
        "lose": opener.lost.set,
        "back": opener.lost.clear,
        "reconnect": lambda: session.open(spec) if spec else None,
    }
    try:
        for step in steps:
            acts.get(step, lambda step=step: session.open(step))()  # type: ignore[misc]
            away = opener.lost.is_set()
            if step == "close":
                spec, state = "", PlayState.EMPTY
            elif step in ("scan", "reconnect") and (step == "scan" or spec == "scan"):
                if not away:
                    spec, state = "scan", PlayState.PLAYING
                elif spec == "scan":
                    state = PlayState.LOST  # it was there: it may come back
                elif not spec:
                    state = PlayState.FAILED
            elif step == "film":
                spec, state = "film", PlayState.PLAYING
            elif step.startswith("bad") and not spec:
                state = PlayState.FAILED
            elif step == "lose" and spec == "scan":
                state = PlayState.LOST
            elif step == "back" and spec == "scan":
                state = PlayState.PLAYING
            wait_until(seen, f"{steps}: {step}")
        session.close_source()  # works whatever failed before
        spec, state = "", PlayState.EMPTY
        wait_until(seen)
    finally:
        session.stop()
        capture.RETRY_S = retry_s
