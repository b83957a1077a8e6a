from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from sonoassist.live.slots import NewestSlot
from waiting import LIMIT_S


def test_only_the_newest_is_kept() -> None:
    slot: NewestSlot[int] = NewestSlot()
    for item in (1, 2, 3):
        slot.put(item)
    assert slot.take(0) == 3
    assert slot.dropped == 2
    assert slot.take(0) is None


@given(st.lists(st.sampled_from(["put", "take", "clear"])))
def test_every_item_is_taken_dropped_or_waiting(steps: list[str]) -> None:
    slot: NewestSlot[int] = NewestSlot()
    put = taken = 0
    for number, step in enumerate(steps):
        if step == "put":
            slot.put(number)
            put += 1
        elif step == "take":
            item = slot.take(0)
            taken += item is not None
        else:
            slot.clear()
            put = taken = 0
    waiting = slot.take(0) is not None
    assert put == taken + slot.dropped + waiting


def test_two_threads_lose_nothing_uncounted() -> None:
    slot: NewestSlot[int] = NewestSlot()
    taken: list[int] = []

    def consume() -> None:
        while (item := slot.take(LIMIT_S)) is not None:
            taken.append(item)

    consumer = threading.Thread(target=consume)
    consumer.start()
    for item in range(20_000):
        slot.put(item)
    assert slot.wait_empty(LIMIT_S)
    slot.close()
    consumer.join(LIMIT_S)
    assert taken == sorted(set(taken))
    assert taken[-1] == 19_999
    assert len(taken) + slot.dropped == 20_000


def test_waiting_until_taken() -> None:
    slot: NewestSlot[int] = NewestSlot()
    assert slot.wait_empty(0)
    slot.put(1)
    assert not slot.wait_empty(0)
    consumer = threading.Thread(target=slot.take, args=(LIMIT_S,))
    consumer.start()
    assert slot.wait_empty(LIMIT_S)
    consumer.join(LIMIT_S)


def test_closing_wakes_both_sides() -> None:
    slot: NewestSlot[int] = NewestSlot()
    results: list[object] = []
    taker = threading.Thread(target=lambda: results.append(slot.take(LIMIT_S)))
    taker.start()
    slot.close()
    taker.join(LIMIT_S)
    assert results == [None]
    slot.put(1)
    assert slot.wait_empty(LIMIT_S)
