"""One engine for several users."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats
from sonoassist.engines.base import Engine, EngineOutput, Saliency
from sonoassist.engines.shared import EngineShelf
from waiting import LIMIT_S

INPUT = np.zeros((1, 1, 4, 4), np.float32)
OUT = EngineOutput(np.zeros(14, np.float32), np.zeros((14, 1, 1), np.float32), None)


class Counting(Engine):
    """Notices when two of its users run at the same time."""

    name, precision, device = "counting", "f32", "CPU"

    def __init__(self) -> None:
        self.inside = self.most = self.runs = self.closed = 0
        self.news: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        self.inside += 1
        self.most = max(self.most, self.inside)
        assert self.gate.wait(LIMIT_S)
        self.runs += 1
        self.inside -= 1
        return OUT

    def take_notices(self) -> list[str]:
        news, self.news = self.news, []
        return news

    def close(self) -> None:
        self.closed += 1


def test_the_same_key_is_the_same_engine_and_the_last_user_closes_it() -> None:
    shelf, made = EngineShelf(), Counting()
    first, second = shelf.lease("a", lambda: made), shelf.lease("a", Counting)
    assert len(shelf) == 1
    for one in (first, second):
        assert one.run(INPUT) is OUT
        assert (one.name, one.precision, one.device) == ("counting", "f32", "CPU")
    assert made.runs == 2
    first.close()
    first.close()
    assert (made.closed, len(shelf)) == (0, 1)
    assert second.glance(INPUT) is OUT
    second.close()
    assert (made.closed, len(shelf)) == (1, 0)


def test_another_key_is_another_engine() -> None:
    shelf, engines = EngineShelf(), [Counting(), Counting()]
    waiting = iter(engines)
    shelf.lease("a", lambda: next(waiting)).run(INPUT)
    shelf.lease("b", lambda: next(waiting)).run(INPUT)
    assert [one.runs for one in engines] == [1, 1]


def test_users_take_turns() -> None:
    shelf, made = EngineShelf(), Counting()
    users = [shelf.lease("a", lambda: made) for _ in range(4)]
    threads = [
        threading.Thread(target=lambda one=one: [one.run(INPUT) for _ in range(50)])
        for one in users
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (made.runs, made.most) == (200, 1)


def test_it_is_made_once_while_others_wait() -> None:
    shelf, gate, made = EngineShelf(), threading.Event(), []

    def make() -> Engine:
        assert gate.wait(LIMIT_S)
        made.append(Counting())
        return made[-1]

    threads = [threading.Thread(target=lambda: shelf.lease("a", make)) for _ in range(3)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_what_cannot_be_made_leaves_nothing_behind() -> None:
    shelf = EngineShelf()

    def make() -> Engine:
        raise EngineError("no such engine")

    with pytest.raises(EngineError, match="no such engine"):
        shelf.lease("a", make)
    assert len(shelf) == 0
    assert shelf.lease("a", Counting).run(INPUT) is OUT


def test_a_closed_engine_is_taken_again_by_the_next_run() -> None:
    shelf, made = EngineShelf(), []

    def make() -> Engine:
        made.append(Counting())
        return made[-1]

    one = shelf.lease("a", make)
    one.close()
    assert one.run(INPUT) is OUT
    assert (len(made), made[0].closed, made[1].runs) == (2, 1, 1)


def test_each_user_is_told_everything() -> None:
    shelf, made = EngineShelf(), Counting()
    first, second = shelf.lease("a", lambda: made), shelf.lease("a", lambda: made)
    made.news = ["the card failed"]
    assert first.take_notices() == ["the card failed"]
    assert first.take_notices() == []
    assert second.take_notices() == ["the card failed"]
    second.close()
    assert second.take_notices() == []


def test_a_batch_and_warming_up_go_to_the_engine() -> None:
    shelf, made = EngineShelf(), Counting()
    one = shelf.lease("a", lambda: made)
    assert one.run_batch(np.zeros((3, 1, 4, 4), np.float32), Saliency.NONE) == [OUT] * 3
    one.warm_up(INPUT)
    assert made.runs == 5
