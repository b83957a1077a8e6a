"""The player: frame by frame on a clock that the tests turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from sonoassist.core import paths
from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.packets import Frame
from sonoassist.practice.opening import open_exam
from sonoassist.recordings.player import Player
from sonoassist.sources.base import Source, SourceInfo
from waiting import wait_until


class Clock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def player(clock: Clock) -> Iterator[Player]:
    path = paths.demo_exam()
    assert path is not None
    one = Player(lambda: open_exam(str(path)), lambda: None, clock)
    yield one
    one.stop()
    assert not any(thread.name == "practice player" for thread in threading.enumerate())


def shown(player: Player) -> int | None:
    frame = player.shown.frame
    return frame.index if frame is not None else None


def turn(player: Player, clock: Clock, index: int, frames: int = 1) -> None:
    clock.now_s += frames / 12 + 1e-4
    wait_until(lambda: shown(player) == index, f"frame {index}")


def test_it_plays_at_the_pace_of_the_recording_and_stops_at_the_end(
    player: Player, clock: Clock
) -> None:
    player.play(100, 103)
    wait_until(lambda: shown(player) == 100)
    for index in (101, 102, 103):
        assert not player.shown.ended
        turn(player, clock, index)
    wait_until(lambda: player.shown.ended)
    assert shown(player) == 103


def test_it_freezes_steps_both_ways_and_plays_on(player: Player, clock: Clock) -> None:
    player.play(200, 230)
    wait_until(lambda: shown(player) == 200)
    turn(player, clock, 201)
    player.freeze()
    clock.now_s += 5
    for index in (202, 203, 202, 195):
        player.go_to(index)
        wait_until(lambda index=index: shown(player) == index)
    player.go_to(202)
    wait_until(lambda: shown(player) == 202)
    player.go_on()
    wait_until(lambda: shown(player) == 203)
    turn(player, clock, 204)


def test_another_order_shows_nothing_of_the_one_before(player: Player, clock: Clock) -> None:
    first = player.play(300, 320)
    wait_until(lambda: shown(player) == 300)
    second = player.play(500, 520)
    assert second != first
    assert player.shown.order == second
    wait_until(lambda: shown(player) is not None)
    assert shown(player) == 500


class Holed(Source):
    """Ten frames at 12 a second, of which number 3 is damaged."""

    def __init__(self) -> None:
        super().__init__()
        self._at = 0

    @property
    def info(self) -> SourceInfo:
        return SourceInfo("h", "h", "holed", "", "video", 8, 6, 12.0, 10, 10 / 12)

    def read(self) -> Frame | None:
        index, self._at = self._at, self._at + 1
        if index == 3:
            raise DamagedFrameError("frame 3 is damaged")
        if index >= 10:
            return None
        return self.make_frame(np.zeros((6, 8), np.uint8), index=index, time_s=index / 12)

    def seek(self, index: int) -> None:
        self._at = index

    def close(self) -> None:
        pass


def test_a_damaged_frame_is_left_out(clock: Clock) -> None:
    player = Player(Holed, lambda: None, clock)
    player.play(2, 5)
    wait_until(lambda: shown(player) == 2)
    turn(player, clock, 4, frames=2)
    turn(player, clock, 5)
    wait_until(lambda: player.shown.ended)
    player.play(8, 12)  # the recording ends before the stretch does
    wait_until(lambda: shown(player) == 8)
    turn(player, clock, 9)
    wait_until(lambda: player.shown.ended)
    player.stop()


class Failing(Holed):
    """The system fails at number 6, once."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = True

    def read(self) -> Frame | None:
        if self.fails and self._at == 6:
            self.fails = False
            raise OSError(5, "Input/output error")
        return super().read()


def test_where_the_system_fails_it_stops_with_the_last_picture_and_can_be_asked_again(
    clock: Clock,
) -> None:
    player = Player(Failing, lambda: None, clock)
    player.play(5, 9)
    wait_until(lambda: shown(player) == 5)
    clock.now_s += 1.0
    wait_until(lambda: player.shown.trouble is not None)
    assert isinstance(player.shown.trouble, SourceError)
    assert "holed cannot be read: Input/output error" in str(player.shown.trouble)
    assert shown(player) == 5
    assert player.running
    player.go_to(6)
    wait_until(lambda: shown(player) == 6)
    assert player.shown.trouble is None
    player.stop()


def test_a_recording_that_cannot_be_opened_is_told(clock: Clock) -> None:
    player = Player(lambda: open_exam("nowhere.mp4"), lambda: None, clock)
    player.play(0, 5)
    wait_until(lambda: player.shown.trouble is not None)
    assert "nowhere.mp4" in str(player.shown.trouble)
    player.stop()
