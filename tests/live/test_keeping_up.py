"""A model that is too slow: the picture goes on without it, and never with another's result."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_fakes import BandEngine, MadeSource, Start, band_analyser, band_in

from sonoassist.live import session as session_module
from sonoassist.live.keeping_up import HOLD_S, LATE_S, TIMELY_S, KeepingUp
from sonoassist.live.session import LiveSession
from sonoassist.live.status import ModelState, PlayState, Showing, View
from waiting import LIMIT_S, wait_until

FRAME_S = 0.01


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def run(keeping: KeepingUp, clock: Clock, fps: float, analysis_s: float, seconds: float) -> bool:
    """Capture at `fps`, analyse the newest frame again and again; whether it was ever behind."""
    end_s, next_s, busy_until_s = clock.now_s + seconds, clock.now_s, None
    frame = taken = round(clock.now_s * 1000)
    was_behind = False
    while clock.now_s < end_s:
        clock.now_s += 0.001
        if clock.now_s >= next_s:
            next_s += 1 / fps
            frame += 1
            keeping.captured(frame)
        if busy_until_s is not None and clock.now_s >= busy_until_s:
            keeping.analysed(taken)
            busy_until_s = None
        if busy_until_s is None and frame > taken:
            taken, busy_until_s = frame, clock.now_s + analysis_s
        was_behind |= keeping.behind()
    return was_behind


@pytest.mark.parametrize(
    ("fps", "analysis_s", "expected"),
    [
        (25, 0.030, False),
        (60, 0.030, False),
        (60, 0.045, False),
        (30, 0.045, False),
        (25, 0.090, True),
        (60, 0.100, True),
        (25, 1.500, True),
        (5, 0.150, False),
        (5, 0.450, True),
        (2, 0.300, False),
    ],
)
def test_about_twenty_results_a_second_are_enough_or_one_a_frame(
    fps: float, analysis_s: float, expected: bool
) -> None:
    clock = Clock()
    keeping = KeepingUp(clock)
    for frame in range(-5, 0):  # so that the interval between frames is known
        keeping.captured(frame)
        keeping.analysed(frame)
        clock.now_s += 1 / fps
    assert run(keeping, clock, fps, analysis_s, 5.0) is expected


def test_one_late_result_holds_for_a_while_and_no_longer() -> None:
    clock = Clock()
    keeping = KeepingUp(clock)
    keeping.captured(1)
    clock.now_s += LATE_S + 0.001
    assert keeping.behind()
    assert keeping.waiting_s() == pytest.approx(LATE_S + 0.001)
    keeping.analysed(1)
    assert keeping.waiting_s() == 0.0
    clock.now_s += HOLD_S - 0.01
    assert keeping.behind()
    clock.now_s += 0.02
    assert not keeping.behind()


def test_coming_back_takes_quicker_results_than_staying() -> None:
    between_s = (LATE_S + TIMELY_S) / 4  # a frame waits about twice as long
    clock = Clock()
    keeping = KeepingUp(clock)
    assert not run(keeping, clock, 100, between_s, 3.0)
    assert run(keeping, clock, 100, LATE_S, 1.0)
    run(keeping, clock, 100, between_s, 3.0)
    assert keeping.behind()
    run(keeping, clock, 100, 0.02, 1.5 * HOLD_S)
    assert not keeping.behind()


def test_a_break_forgets_what_waits() -> None:
    clock = Clock()
    keeping = KeepingUp(clock)
    keeping.captured(1)
    keeping.forget()
    clock.now_s += 10
    assert not keeping.behind()
    assert keeping.waiting_s() == 0.0


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 0.05)), max_size=60))
def test_with_every_result_in_time_it_is_never_behind(steps: list[tuple[bool, float]]) -> None:
    clock = Clock()
    keeping = KeepingUp(clock)
    for frame, (skip, took_s) in enumerate(steps):
        keeping.captured(frame)
        clock.now_s += took_s
        if not skip:
            keeping.analysed(frame)
        else:
            clock.now_s += 0.001
            keeping.captured(frame + 1000)
            keeping.analysed(frame + 1000)
            keeping.forget()
        assert not keeping.behind()


# -- the whole session with a deliberately slow engine -----------------------------------------


SLOW_FRAMES = 45


class SlowEngine(BandEngine):
    """Takes as long as 45 frames of the source for each picture, until it is told to hurry."""

    def __init__(self) -> None:
        super().__init__()
        self.source: MadeSource | None = None
        self.hurry = threading.Event()
        self.before = self._wait

    def _wait(self) -> None:
        source = self.source
        assert source is not None
        until = source._next + SLOW_FRAMES
        wait_until(lambda: self.hurry.is_set() or source.closed or source._next >= until)


def paced(index: int) -> None:
    threading.Event().wait(FRAME_S)


def begin(start: Start, engine: BandEngine, source: MadeSource) -> LiveSession:
    session = start(film=[source])
    if isinstance(engine, SlowEngine):
        engine.source = source
        # The time is that of the source: how quick this computer is plays no part.
        session._keeping_up = KeepingUp(lambda: source._next * FRAME_S)
    session.load_model(lambda: band_analyser(engine))
    wait_until(lambda: session.status().model_state is ModelState.READY)
    session.open("film")
    return session


def assert_own(view: View) -> None:
    if view.analysis is not None:
        assert view.analysis.frame is view.frame
        assert view.analysis.prediction.plane_index == band_in(view.frame.pixels)


def gather(session: LiveSession, count: int) -> list[tuple[int, Showing]]:
    """(index of the newest frame captured just before, what was shown), so many different ones."""
    seen: list[tuple[int, Showing]] = []
    captured = [-1]

    def watch(view: View) -> None:
        if view.analysis is None:
            captured.append(view.frame.index)

    def enough() -> bool:
        index, showing = captured[-1], session.showing()
        if showing.view is not None and (not seen or seen[-1][1].view is not showing.view):
            seen.append((index, showing))
        return len(seen) >= count

    session.watch(watch)
    wait_until(enough)
    session.unwatch(watch)
    return seen


@pytest.mark.parametrize("kind", ["stream", "video"])
def test_a_slow_model_never_holds_up_the_picture(start: Start, kind: str) -> None:
    engine = SlowEngine()
    source = MadeSource(100_000, fps=1 / FRAME_S, kind=kind, script=paced)
    session = begin(start, engine, source)
    wait_until(lambda: session.showing().result is not None)
    wait_until(lambda: session.status().index > session.showing().result.frame.index + 40)
    seen = gather(session, 100)
    shown = [showing.view for _, showing in seen]
    assert all(view is not None and view.analysis is None for view in shown)
    indices = [view.frame.index for view in shown]
    assert indices == sorted(set(indices))  # never back, never the same twice
    # The picture shown is never older than the newest frame was when we looked.
    assert all(index >= captured for (captured, _), index in zip(seen, indices, strict=True))
    results = {id(showing.result): showing.result for _, showing in seen}
    for result in results.values():
        assert result is not None
        assert result.analysis is not None
        assert_own(result)
    assert session.status().stats.dropped > 0


def test_a_model_that_becomes_quick_is_drawn_with_again(start: Start) -> None:
    engine, results = SlowEngine(), [-1]

    def script(index: int) -> None:
        paced(index)
        if engine.hurry.is_set():  # quick: each frame comes behind the result of the one before
            wait_until(lambda: results[-1] >= index - 1 or source.closed)

    def watch(view: View) -> None:
        if view.analysis is not None:
            results.append(view.frame.index)

    source = MadeSource(100_000, kind="stream", script=script)
    session = begin(start, engine, source)
    session.watch(watch)
    wait_until(lambda: session._keeping_up.behind())
    engine.hurry.set()
    wait_until(lambda: not session._keeping_up.behind())
    seen = gather(session, 30)
    for _, showing in seen:
        assert showing.view is not None
        assert_own(showing.view)
    with_result = [showing for _, showing in seen if showing.view.analysis is not None]
    assert all(showing.result is showing.view for showing in with_result)
    assert with_result


def test_a_held_picture_gets_its_result_however_slow(start: Start) -> None:
    engine, go = BandEngine(), threading.Event()
    go.set()
    engine.before = lambda: go.wait(LIMIT_S)  # type: ignore[assignment, return-value]
    session = begin(start, engine, MadeSource(100_000, fps=25))
    wait_until(lambda: session.showing().result is not None)
    session.pause()
    wait_until(lambda: session.status().play_state is PlayState.PAUSED)
    go.clear()
    session.seek(500)
    seen: list[View | None] = [None]

    def there() -> bool:
        seen.append(session.newest())
        return seen[-1] is not None and seen[-1].frame.index == 500

    wait_until(there)
    assert seen[-1] is not None
    assert seen[-1].analysis is None  # the picture is there before its result
    go.set()
    wait_until(lambda: there() and seen[-1].analysis is not None)  # type: ignore[union-attr]
    assert_own(seen[-1])
    assert session.showing() == Showing(seen[-1], seen[-1])


def test_every_frame_waits_for_its_result(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "RAW_AFTER_S", LIMIT_S)
    session = start(film=[MadeSource(1_000_000, fps=100)])
    monkeypatch.setattr(session._keeping_up, "behind", lambda: True)
    session.set_every_frame(True)
    session.load_model(band_analyser)
    wait_until(lambda: session.status().model_state is ModelState.READY)
    session.open("film")
    wait_until(lambda: session.showing().result is not None)
    for _, showing in gather(session, 5):
        assert showing.view is showing.result


def test_watchers_see_every_picture_and_every_result(start: Start) -> None:
    source = MadeSource(200, fps=2000)
    session = start(film=[source])
    raw: list[int] = []
    analysed: list[int] = []

    def watch(view: View) -> None:
        (raw if view.analysis is None else analysed).append(view.frame.index)

    session.set_every_frame(True)
    session.watch(watch)
    session.load_model(band_analyser)
    wait_until(lambda: session.status().model_state is ModelState.READY)
    session.open("film")
    wait_until(lambda: len(analysed) == 200)
    assert raw == analysed == list(range(200))
    session.unwatch(watch)
    again: list[int] = []
    session.watch(lambda view: again.append(view.frame.index))
    wait_until(lambda: session.status().play_state is PlayState.ENDED)
    session.play()
    wait_until(lambda: again)
    assert source.seeks == [0]
    assert len(raw) == 200
