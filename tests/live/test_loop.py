"""The loop of the last seconds: every captured picture, in order, within its memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_analyses import analysis_of, shares_of
from real_models import frame_of
from sonoassist.core.packets import Frame, Pixels, frozen
from sonoassist.core.planes import PLANES
from sonoassist.live.looking_back import LookingBack, outwards
from sonoassist.live.loop import Loop
from sonoassist.live.loop_pictures import LoopPicture, LoopPictures
from sonoassist.live.picture_codec import decoded, encoded
from sonoassist.live.status import View
from waiting import wait_until


def smooth(number: int, side: int = 128) -> Pixels:
    """A picture that can be made smaller, and told from its neighbours."""
    across = np.linspace(0, 180, side, dtype=np.float32)
    picture = np.add.outer(across / 2, across / 2) + number % 70
    return frozen(np.repeat(picture.astype(np.uint8)[:, :, None], 3, axis=2))


def picture_at(number: int, second: float, pixels: Pixels | None = None) -> Frame:
    frame = frame_of(smooth(number) if pixels is None else pixels, captured_at_s=second)
    return replace(frame, frame_id=number, index=number, time_s=second)


def times_of(pictures: LoopPictures) -> list[float]:
    return [pictures.captured_at_s(place) for place in range(len(pictures))]


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop(10.0, 100)
    yield loop
    loop.stop()


def fill(loop: Loop, count: int, hz: float = 25.0) -> list[Frame]:
    frames = [picture_at(number, number / hz) for number in range(count)]
    for frame in frames:
        loop.add(frame)
    return frames


def test_every_captured_picture_is_kept_as_it_is_while_there_is_room(loop: Loop) -> None:
    frames = fill(loop, 300)
    kept = loop.pictures()
    assert len(kept) in (250, 251)  # 10 s at 25 a second, with or without the first one
    assert all(view.frame is frame for view, frame in zip(kept, frames[-len(kept) :], strict=True))
    assert all(view.analysis is None for view in kept)
    loop.clear()
    assert (len(loop.pictures()), loop.size_bytes) == (0, 0)


def test_a_picture_that_comes_twice_is_kept_once(loop: Loop) -> None:
    (frame,) = fill(loop, 1)
    loop.add(frame)
    assert len(loop.pictures()) == 1


def test_what_does_not_fit_is_encoded_and_looks_the_same(loop: Loop) -> None:
    loop.megabytes = 2
    raw_bytes = smooth(0).nbytes
    frames = []
    for number in range(100):  # 4.7 MiB as they are
        frames.append(picture_at(number, number / 25))
        loop.add(frames[-1])
        assert loop.size_bytes <= 2 * 2**20
        wait_until(lambda: loop.size_bytes <= 1.6 * 2**20)  # the encoder keeps pace here
    kept = loop.pictures()
    assert [view.frame.frame_id for view in kept] == list(range(100))
    assert 100 * raw_bytes > 2 * 2 * 2**20
    assert kept.pictures[0].is_encoded
    assert not kept.pictures[-1].is_encoded
    for view, frame in zip(kept, frames, strict=True):
        assert np.abs(view.frame.pixels.astype(int) - frame.pixels).max() <= 4
        assert replace(view.frame, pixels=frame.pixels) == frame
        assert not view.frame.pixels.flags.writeable


def test_only_as_many_are_encoded_as_must_be_and_none_is_missing(loop: Loop) -> None:
    loop.megabytes, loop.seconds = 5, 4.0
    for number in range(300):
        loop.add(picture_at(number, number / 25))
        wait_until(lambda: loop.size_bytes <= 0.8 * 5 * 2**20)
    kept = loop.pictures()
    assert len(kept) in (100, 101)  # 4.7 MiB as they are, room for 3.75
    assert 10 < sum(one.is_encoded for one in kept.pictures) < 60
    # Not one stretch of time, but here and there.
    assert any(one.is_encoded for one in kept.pictures[:20])
    assert not all(one.is_encoded for one in kept.pictures[:20])
    loop.hold(kept)
    for number in range(300, 600):
        loop.add(picture_at(number, number / 25))
        wait_until(lambda: loop.size_bytes <= 0.85 * 5 * 2**20)
    assert len(loop.pictures()) in (100, 101)  # those that are held give way
    numbers = [view.frame.frame_id for view in kept]
    assert numbers == list(range(300 - len(kept), 300))


def test_noise_that_gets_no_smaller_goes_when_the_memory_is_full(loop: Loop) -> None:
    loop.megabytes = 1
    random = np.random.default_rng(1)
    for number in range(60):
        loop.add(picture_at(number, number / 25, random.integers(0, 255, (200, 200), np.uint8)))
        assert loop.size_bytes <= 2**20
    numbers = [view.frame.frame_id for view in loop.pictures()]
    # One that is being encoded stays meanwhile, so single older ones may be there.
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 59
    assert 0 not in numbers
    loop.add(picture_at(60, 3.0, np.zeros((2000, 2000), np.uint8)))
    # More than all the memory: the newest stays all the same.
    assert [view.frame.frame_id for view in loop.pictures()] == [60]


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 400)), max_size=40))
def test_pictures_stay_in_order_and_the_newest_always(steps: list[tuple[float, int]]) -> None:
    loop, seconds = Loop(5.0, 1), []
    for number, (gap_s, side) in enumerate(steps):
        seconds.append((seconds[-1] if seconds else 0.0) + gap_s)
        loop.add(picture_at(number, seconds[-1], np.zeros((side, 1024), np.uint8)))
        kept = times_of(loop.pictures())
        assert kept == sorted(kept)
        assert kept[-1] == seconds[-1]
        assert kept[0] >= seconds[-1] - 5.0
        assert loop.size_bytes <= 2**20 or len(kept) == 1
    loop.stop()


def test_where_encoding_is_too_slow_the_loop_has_gaps_but_reaches_as_far_back(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop.megabytes = 1
    turns, used = threading.Semaphore(0), threading.Semaphore(0)

    def slow(self: LoopPicture, *, quick: bool = False) -> bytes | None:
        turns.acquire()
        data = encoded(self.frame.pixels, quick=quick)
        used.release()
        return data

    monkeypatch.setattr(LoopPicture, "encoded_data", slow)
    for number in range(150):  # two of three could be encoded
        loop.add(picture_at(number, number / 25))
        assert loop.size_bytes <= 2**20
        if number > 20 and number % 3:
            turns.release()
            used.acquire()
    numbers = [view.frame.frame_id for view in loop.pictures()]
    turns.release(1000)
    assert len(numbers) > 60  # 21 as they are
    assert numbers[-1] == 149
    assert numbers[0] < 60


@pytest.mark.parametrize("shape", [(90, 120), (91, 121, 3)])
def test_encoded_pictures_are_nearly_the_same(shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(2)
    pixels = np.asarray(
        random.integers(0, 30, shape)
        + np.arange(shape[1] * 1).reshape((1, -1) if len(shape) == 2 else (1, -1, 1)),
        np.uint8,
    )
    data = encoded(pixels)
    assert data is not None
    back = decoded(data)
    assert back.shape == shape
    assert np.abs(back.astype(int) - pixels).max() <= 5


# -- results ------------------------------------------------------------------------------------


def test_a_result_goes_to_its_own_picture_only(loop: Loop) -> None:
    frames = fill(loop, 10)
    shown = View(frames[4], analysis_of(frames[4], shares_of("femur")))
    loop.put_result(shown)
    kept = loop.pictures()
    assert kept[4] is shown
    assert [place for place, view in enumerate(kept) if view.analysis is not None] == [4]
    foreign = picture_at(99, 1.0)
    loop.put_result(View(foreign, analysis_of(foreign, shares_of("lips"))))
    assert [view.analysis is not None for view in loop.pictures()].count(True) == 1


def test_the_result_of_an_encoded_picture_comes_back_with_it(loop: Loop) -> None:
    loop.megabytes = 1
    frames = [picture_at(number, number / 25) for number in range(40)]
    for frame in frames:
        loop.add(frame)
        loop.put_result(View(frame, analysis_of(frame, shares_of("femur"))))
        wait_until(lambda: loop.size_bytes <= 0.8 * 2**20)
    kept = loop.pictures()
    assert kept.pictures[0].is_encoded
    assert len(kept) == 40
    for view in kept:
        assert view.analysis is not None
        assert view.analysis.frame is view.frame
        assert view.analysis.prediction.plane.key == "femur"
    assert kept[0] is kept[0]  # the same while it is looked at
    first = kept.pictures[0].kept().view.frame
    assert first.pixels.shape == frames[0].pixels.shape


def test_a_late_result_is_steadied_by_those_before_it(loop: Loop) -> None:
    frames = fill(loop, 40)
    held = loop.pictures()
    loop.hold(held)

    def late(number: int, plane: str) -> View:
        loop.put_late_result(analysis_of(frames[number], shares_of(plane)), 0.7)
        return held[number]

    alone = late(20, "femur")
    assert alone.steady is not None
    assert alone.steady.plane is not None
    assert alone.steady.plane.key == "femur"  # there is nothing before it: its own word
    assert alone.steady.since_s == pytest.approx(20 / 25)
    late(10, "femur")
    again = held[20]
    assert again.steady is not None
    assert again.steady.since_s == pytest.approx(10 / 25)  # it has been so for longer now
    late(19, "lips")
    between = held[19]
    assert between.steady is not None
    assert between.analysis is not None
    np.testing.assert_array_less(  # smoothed: less sure than by itself
        between.steady.probabilities[[p.key for p in PLANES].index("lips")],
        between.analysis.prediction.confidence,
    )


# -- what a freeze holds ------------------------------------------------------------------------


def test_held_pictures_stay_while_the_loop_goes_on_and_count(loop: Loop) -> None:
    loop.megabytes = 3
    frames = fill(loop, 50)
    held = loop.pictures()
    loop.hold(held)
    loop.clear()  # another source, or a jump
    for number in range(50, 400):
        loop.add(picture_at(number, 100 + number / 25))
        assert len(held) == 50
    wait_until(lambda: any(one.is_encoded for one in held.pictures))  # they are the oldest
    assert [view.frame.frame_id for view in held] == [frame.frame_id for frame in frames]
    before = loop.size_bytes
    loop.hold(None)
    assert loop.size_bytes < before


def test_a_late_result_reaches_a_held_picture_that_left_the_ring(loop: Loop) -> None:
    frames = fill(loop, 3)
    held = loop.pictures()
    loop.hold(held)
    loop.clear()
    loop.put_late_result(analysis_of(frames[1], shares_of("femur")), 0.7)
    assert [view.analysis is not None for view in held] == [False, True, False]
    loop.hold(None)
    loop.put_late_result(analysis_of(frames[2], shares_of("femur")), 0.7)
    assert held[2].analysis is None  # nobody looks at it any more


@given(st.integers(0, 30), st.integers(0, 30))
def test_neighbours_come_outwards(count: int, position: int) -> None:
    order = list(outwards(position, count))
    assert sorted(order) == list(range(count)) or position >= count
    distances = [abs(place - position) for place in order]
    assert distances == sorted(distances)


def test_what_is_wanted_next() -> None:
    woken = threading.Event()
    looking = LookingBack(woken.set)
    assert looking.next() is None
    views = [View(picture_at(number, number / 25)) for number in range(5)]
    pictures = LoopPictures.of(views)
    looking.look_at(pictures, 3)
    assert woken.is_set()
    order = []
    while (wanted := looking.next()) is not None:
        order.append((wanted.frame.frame_id, wanted.looked_at))
        if wanted.frame.frame_id == 2:
            wanted.picture.failed = True
        else:
            wanted.picture.put_result(analysis_of(wanted.frame, shares_of("femur")), None)
    assert order == [(3, True), (4, False), (2, False), (1, False), (0, False)]
    looking.look_at(None, 0)
    assert looking.next() is None


def test_a_freeze_ends_with_the_picture_on_the_screen(loop: Loop) -> None:
    frames = fill(loop, 20)
    shown = View(frames[15])
    cut = loop.pictures().until(shown)
    assert [view.frame.frame_id for view in cut] == list(range(16))
    other = picture_at(50, 0.5)
    assert cut.until(View(other))[-1].frame is other
    near = cut.around(10, 0.1)
    assert [view.frame.frame_id for view in near] == [8, 9, 10, 11, 12]
