"""Clips: the seconds around a capture."""

from __future__ import annotations

import stat
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from recording_help import (
    TICK_S,
    capture_in,
    make_exam,
    noise,
    number_in,
    numbered,
    played,
    psnr_db,
    small_disk,
)

from sonoassist.core import paths
from sonoassist.core.packets import Frame
from sonoassist.exam.clips import LATE_S, SECONDS, Clipper
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Capture
from sonoassist.sources import open_source
from waiting import wait_until

RATE_HZ = 25
SOURCE_ID = numbered(0).source_id


@pytest.fixture
def exam(tmp_path: Path) -> Iterator[Exam]:
    with make_exam(tmp_path / "exams") as made:
        yield made


@pytest.fixture
def troubles() -> list[str]:
    return []


@pytest.fixture
def clipper(exam: Exam, troubles: list[str]) -> Iterator[Clipper]:
    made = Clipper(exam, troubles.append)
    yield made
    made.stop()


def feed(clipper: Clipper, numbers: range) -> None:
    for number in numbers:
        clipper.add(numbered(number), number / RATE_HZ, synthetic=False)


def captured(exam: Exam, number: int) -> Capture:
    return capture_in(exam, number / RATE_HZ, numbered(number))


def numbers_in(exam: Exam, capture_id: int) -> list[int]:
    return [number_in(one.pixels) for one in played(exam.media / exam.capture(capture_id).clip)]


def test_two_seconds_before_and_behind(exam: Exam, clipper: Clipper, troubles: list[str]) -> None:
    feed(clipper, range(104))
    shot = captured(exam, 100)
    assert clipper.begin(shot.capture_id, 100 / RATE_HZ, SOURCE_ID)
    feed(clipper, range(104, 200))
    clipper.stop()
    assert troubles == []
    assert numbers_in(exam, shot.capture_id) == list(range(50, 151))
    path = exam.media / exam.capture(shot.capture_id).clip
    times = [frame.time_s for frame in played(path)]
    np.testing.assert_allclose(times, np.arange(101) / RATE_HZ, atol=TICK_S)
    assert path.stem == Path(shot.still).stem
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {one.name for one in exam.media.iterdir()} == {path.name, shot.still}


def test_clips_may_overlap(exam: Exam, clipper: Clipper) -> None:
    shots = {}
    for number in range(260):
        clipper.add(numbered(number), number / RATE_HZ, synthetic=False)
        if number in (60, 75, 76, 140):
            shot = captured(exam, number)
            assert clipper.begin(shot.capture_id, number / RATE_HZ, SOURCE_ID)
            shots[number] = shot.capture_id
    clipper.stop()
    for number, capture_id in shots.items():
        assert numbers_in(exam, capture_id) == list(range(number - 50, number + 51))


def test_the_frames_of_the_demo_exam(tmp_path: Path, troubles: list[str]) -> None:
    demo = paths.demo_exam()
    assert demo is not None
    with open_source(str(demo)) as source:
        frames = [frame for frame, _ in zip(source, range(90), strict=False)]
    with make_exam(tmp_path, synthetic=True) as exam:
        clipper = Clipper(exam, troubles.append)
        for frame in frames:
            clipper.add(frame, 5 + frame.time_s, synthetic=True)
            if frame.index == 40:
                shot = capture_in(exam, 5 + frame.time_s, frame)
                assert clipper.begin(shot.capture_id, 5 + frame.time_s, frame.source_id)
        clipper.stop()
        path = exam.media / exam.capture(shot.capture_id).clip
        found = played(path)
    meant = [one for one in frames if abs(one.time_s - frames[40].time_s) <= 2.0]
    assert troubles == []
    assert len(found) == len(meant) > 40
    for frame, again in zip(meant, found, strict=True):
        assert psnr_db(frame.pixels, again.pixels) > 38
        assert abs(frame.time_s - meant[0].time_s - again.time_s) <= TICK_S
    with open_source(str(path)) as source:
        assert source.info.synthetic


def test_pictures_are_not_copied(exam: Exam, clipper: Clipper) -> None:
    """What is kept is what was captured, and it goes when it is written."""
    frame = numbered(0)
    pixels = weakref.ref(frame.pixels)
    clipper.add(frame, 0.0, synthetic=False)
    del frame
    assert pixels() is not None, "the clipper has made a copy"
    shot = captured(exam, 0)
    assert clipper.begin(shot.capture_id, 0.0, SOURCE_ID)
    clipper.flush()
    wait_until(lambda: pixels() is None, "the pixels to go")
    wait_until(lambda: exam.capture(shot.capture_id).clip)


@pytest.mark.parametrize("end", ["flush", "stop", "other source", "back in time"])
def test_what_is_unfinished_is_written_with_what_there_is(
    exam: Exam, clipper: Clipper, end: str
) -> None:
    feed(clipper, range(60))
    shot = captured(exam, 55)
    assert clipper.begin(shot.capture_id, 55 / RATE_HZ, SOURCE_ID)
    if end == "flush":
        clipper.flush()
        feed(clipper, range(60, 120))
    elif end == "other source":
        for number in range(60, 120):
            clipper.add(
                replace(numbered(number), source_id="other"), number / RATE_HZ, synthetic=False
            )
    elif end == "back in time":
        feed(clipper, range(30, 90))
    clipper.stop()
    assert numbers_in(exam, shot.capture_id) == list(range(5, 60))


def test_no_clip_is_made_of_another_source_than_its_capture(exam: Exam, clipper: Clipper) -> None:
    """The capture becomes known when the next source, maybe of another patient, is there."""
    feed(clipper, range(60))
    for number in range(60, 70):
        frame = replace(numbered(number), source_id="other")
        clipper.add(frame, number / RATE_HZ, synthetic=False)
    shot = captured(exam, 59)
    assert not clipper.begin(shot.capture_id, 59 / RATE_HZ, SOURCE_ID)
    assert clipper.begin(shot.capture_id, 65 / RATE_HZ, "other")
    clipper.stop()
    assert numbers_in(exam, shot.capture_id) == list(range(60, 70))


def test_after_a_break_no_frame_from_before_is_taken(exam: Exam, clipper: Clipper) -> None:
    feed(clipper, range(60))
    clipper.flush()
    feed(clipper, range(60, 70))
    shot = captured(exam, 65)
    assert clipper.begin(shot.capture_id, 65 / RATE_HZ, SOURCE_ID)
    clipper.stop()
    assert numbers_in(exam, shot.capture_id) == list(range(60, 70))


def test_a_source_that_pauses(exam: Exam, clipper: Clipper) -> None:
    """The frame behind the pause is too late for the clip, but ends it."""
    feed(clipper, range(60))
    shot = captured(exam, 59)
    assert clipper.begin(shot.capture_id, 59 / RATE_HZ, SOURCE_ID)
    feed(clipper, range(500, 502))
    clipper.stop()
    assert numbers_in(exam, shot.capture_id) == list(range(9, 60))


def test_a_capture_that_is_gone_gets_no_clip(
    exam: Exam, clipper: Clipper, troubles: list[str]
) -> None:
    feed(clipper, range(60))
    shot = captured(exam, 55)
    assert clipper.begin(shot.capture_id, 55 / RATE_HZ, SOURCE_ID)
    exam.remove_capture(shot.capture_id)
    clipper.stop()
    assert list(exam.media.iterdir()) == []
    assert troubles == []


def test_frames_that_are_gone(exam: Exam, clipper: Clipper) -> None:
    count = round((2 * SECONDS + LATE_S + 1) * RATE_HZ)
    assert not clipper.begin(1, 0.0, SOURCE_ID)
    feed(clipper, range(count))
    assert not clipper.begin(1, 0.5, SOURCE_ID)
    clipper.stop()
    assert not clipper.begin(1, (count - 1) / RATE_HZ, SOURCE_ID)


def test_a_capture_known_only_later(exam: Exam, clipper: Clipper) -> None:
    """It gets all its seconds, and is written at once where its time is over."""
    last = 300
    feed(clipper, range(last + 1))
    known_late = last - round((LATE_S - 0.5) * RATE_HZ)
    shot = captured(exam, known_late)
    assert clipper.begin(shot.capture_id, known_late / RATE_HZ, SOURCE_ID)
    clipper.stop()
    around = round(SECONDS * RATE_HZ)
    found = numbers_in(exam, shot.capture_id)
    assert found == list(range(known_late - around, known_late + around + 1))


def test_a_film_slower_than_it_plays_gets_its_clips(exam: Exam, clipper: Clipper) -> None:
    """Its analysis takes three seconds a frame: what is best is known by the film's own time."""
    for number in range(40):
        clipper.add(numbered(number), 3.0 * number, synthetic=False)
    shot = captured(exam, 10)
    assert clipper.begin(shot.capture_id, 30.0, SOURCE_ID)
    clipper.stop()
    assert numbers_in(exam, shot.capture_id) == [10]


def test_memory_is_bounded(exam: Exam, troubles: list[str]) -> None:
    """Clips begin later and end earlier."""
    size = numbered(0).pixels.nbytes
    clipper = Clipper(exam, troubles.append, limit_bytes=9 * size)
    feed(clipper, range(60))
    first = captured(exam, 59)
    assert clipper.begin(first.capture_id, 59 / RATE_HZ, SOURCE_ID)
    assert not clipper.begin(captured(exam, 59).capture_id, 59 / RATE_HZ, SOURCE_ID)  # it is full
    feed(clipper, range(60, 70))
    clipper.stop()
    assert numbers_in(exam, first.capture_id) == list(range(51, 61))
    assert troubles == []


def test_a_full_disk(exam: Exam, clipper: Clipper, troubles: list[str]) -> None:
    def clip_of(frames: list[Frame], began: int) -> int:
        clipper.flush()
        for step, frame in enumerate(frames):
            clipper.add(frame, (began + step) / RATE_HZ, synthetic=False)
        shot = capture_in(exam, began / RATE_HZ, numbered(7))
        assert clipper.begin(shot.capture_id, began / RATE_HZ, SOURCE_ID)
        clipper.flush()
        return shot.capture_id

    with small_disk(exam.media):
        large = clip_of([noise(number, 320, 240) for number in range(60)], 0)
        small = clip_of([numbered(number) for number in range(20)], 100)
        clipper.stop()
        assert len(troubles) == 1
        assert "No space left" in troubles[0]
        assert exam.capture(large).clip == ""
        assert numbers_in(exam, small) == list(range(20))
        kept = {name for one in exam.captures() for name in (one.still, one.clip) if name}
        assert {one.name for one in exam.media.iterdir()} == kept
        exam.add_event(9.0, "note", "the exam goes on")


def test_frames_of_several_sizes(exam: Exam, clipper: Clipper) -> None:
    """A source that changes its size within the clip: the capture's own size counts."""
    for number in range(60):
        size = (160, 96) if number < 50 else (80, 48)
        clipper.add(
            numbered(number, *size, grey=number % 2 == 0), number / RATE_HZ, synthetic=False
        )
    shot = captured(exam, 45)
    assert clipper.begin(shot.capture_id, 45 / RATE_HZ, SOURCE_ID)
    clipper.stop()
    found = played(exam.media / exam.capture(shot.capture_id).clip)
    assert {frame.pixels.shape for frame in found} == {(96, 160, 3)}
    assert [number_in(frame.pixels) for frame in found[:50]] == list(range(50))
