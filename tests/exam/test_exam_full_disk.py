"""A disk that fills up while an exam runs: nothing finished is lost, and it goes on afterwards."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from exam_made import picture, row, shot, start

from sonoassist.core.errors import OutputError
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Tick
from sonoassist.exam.store import ExamStore

SIZE_KB = 3000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE_KB}k", "tmpfs", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        pytest.skip(f"no disk can be made here: {error}")
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be made here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Take all the space that is left; returns what takes it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        for size in (65536, 4096, 1):
            with suppress(OSError):
                while file.write(b"x" * size) == size:
                    pass
    return ballast


def until_it_fails(do: Callable[[int], object]) -> int:
    """Do it again and again; returns how often it was done."""
    for number in range(100_000):
        try:
            do(number)
        except OutputError:
            return number
    pytest.fail("the disk never filled up")


def check(exam: Exam, frames: int, captures: int, events: int) -> None:
    """All of it is there and can be read."""
    assert exam.frame_count() == frames
    assert [one.index for one in exam.frames()] == list(range(frames))
    assert len(exam.captures()) == captures
    for number, one in enumerate(exam.captures()):
        read = cv2.imread(str(exam.media / one.still), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), picture(number))
    assert [one.text for one in exam.events()] == [str(number) for number in range(events)]
    assert {path.name for path in exam.media.iterdir()} == {one.still for one in exam.captures()}


def test_a_disk_that_fills_up(disk: Path) -> None:
    store = ExamStore(disk / "exams")
    with store.create(start()) as exam:

        def add_frames(number: int) -> None:
            exam.add_frames([row(number)])

        def add_capture(number: int) -> None:
            exam.add_capture(shot(at_s=number), picture(number))

        def add_event(number: int) -> None:
            exam.add_event(number, "note", str(number))

        for number in range(3):
            add_frames(number), add_capture(number), add_event(number)
        ballast = fill(disk)
        frames = 3 + until_it_fails(lambda number: add_frames(3 + number))
        captures = 3 + until_it_fails(lambda number: add_capture(3 + number))
        events = 3 + until_it_fails(lambda number: add_event(3 + number))
        with pytest.raises(OutputError):
            exam.tick(Tick("bladder", True, "x" * 100_000))
        check(exam, frames, captures, events)
        with store.open(exam.exam_id) as reader:
            check(reader, frames, captures, events)
        ballast.unlink()
        for number in range(5):
            add_frames(frames + number), add_capture(captures + number), add_event(events + number)
        check(exam, frames + 5, captures + 5, events + 5)
    with store.open(exam.exam_id, write=True) as again:
        check(again, frames + 5, captures + 5, events + 5)


@pytest.mark.parametrize("work", ["frames", "captures"])
def test_an_exam_that_fills_the_disk_itself(disk: Path, work: str) -> None:
    store = ExamStore(disk / "exams")
    with store.create(start()) as exam:
        done = until_it_fails(
            (lambda number: exam.add_frames([row(50 * number + step) for step in range(50)]))
            if work == "frames"
            else (lambda number: exam.add_capture(shot(at_s=number), picture(number)))
        )
        assert done > 10
        wanted = (50 * done, 0) if work == "frames" else (0, done)
        check(exam, *wanted, 0)
    with store.open(exam.exam_id) as reader:
        check(reader, *wanted, 0)
    assert store.infos() == [reader_info(store, exam.exam_id)]


def reader_info(store: ExamStore, exam_id: str) -> object:
    with store.open(exam_id) as reader:
        return reader.info()


def test_closed_on_a_full_disk(disk: Path) -> None:
    store = ExamStore(disk / "exams")
    with store.create(start()) as exam:
        for number in range(20):
            exam.add_frames([row(number)])
            exam.add_event(number, "note", str(number))
        ballast = fill(disk)
    with store.open(exam.exam_id) as reader:
        check(reader, 20, 0, 20)
    ballast.unlink()
    with store.open(exam.exam_id, write=True) as again:
        check(again, 20, 0, 20)


def test_read_on_a_full_disk(disk: Path) -> None:
    store = ExamStore(disk / "exams")
    with store.create(start()) as exam:
        exam.add_frames([row(number) for number in range(20)])
        exam.add_capture(shot(), picture(0))
    fill(disk)
    with store.open(exam.exam_id) as reader:
        check(reader, 20, 1, 0)
    assert len(store.infos()) == 1


def test_read_on_a_write_protected_disk(disk: Path) -> None:
    store = ExamStore(disk / "exams")
    with store.create(start()) as exam:
        exam.add_capture(shot(), picture(0))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with store.open(exam.exam_id) as reader:
        check(reader, 0, 1, 0)
    assert not store.running(exam.exam_id)
    with pytest.raises(OutputError, match="cannot write"):
        store.open(exam.exam_id, write=True)
    with pytest.raises(OutputError, match="cannot write"):
        store.delete(exam.exam_id)
    assert store.ids() == [exam.exam_id]


def test_begun_on_a_full_disk(disk: Path) -> None:
    store = ExamStore(disk / "exams")
    with store.create(start()) as first:
        first.add_event(0.0, "note", "0")
    ballast = fill(disk)
    for _ in range(3):
        with pytest.raises(OutputError, match="cannot"):
            store.create(start())
    assert store.ids() == [first.exam_id]
    ballast.unlink()
    with store.create(start()) as second:
        second.add_event(0.0, "note", "0")
    assert store.ids() == sorted([first.exam_id, second.exam_id])


def test_deleting_makes_space(disk: Path) -> None:
    store = ExamStore(disk / "exams")
    with store.create(start()) as exam:
        exam.add_capture(shot(), picture(0, 400, 300))
    fill(disk)
    store.delete(exam.exam_id)
    with store.create(start()) as second:
        second.add_capture(shot(), picture(0))
