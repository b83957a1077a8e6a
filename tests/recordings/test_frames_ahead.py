"""Frames that are read ahead of whoever takes them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.packets import Frame
from sonoassist.recordings.reader import AHEAD, frames_ahead
from sonoassist.sources import Source, SourceInfo, open_source
from waiting import wait_until

PIXELS = np.zeros((8, 8), np.uint8)


class Told(Source):
    """Gives numbered frames, and raises what it was told to."""

    def __init__(self, script: Sequence[int | Exception]) -> None:
        super().__init__()
        self._script = list(script)
        self.reads = 0

    @property
    def info(self) -> SourceInfo:
        raise NotImplementedError

    def read(self) -> Frame | None:
        self.reads += 1
        if not self._script:
            return None
        item = self._script.pop(0)
        if isinstance(item, Exception):
            raise item
        return Frame(item, PIXELS, 0.0, item, item / 25, "told")

    def close(self) -> None:
        raise AssertionError("the source belongs to somebody else")


def test_all_frames_come_in_order() -> None:
    with frames_ahead(Told(range(100))) as frames:
        assert [frame.index for frame in frames] == list(range(100))
        assert next(frames, None) is None


def test_a_damaged_frame_is_left_out_and_an_error_comes_in_its_place() -> None:
    told = Told([0, DamagedFrameError("frame 1 is damaged"), 2, SourceError("gone"), 4])
    with frames_ahead(told) as frames:
        assert [next(frames).index for _ in range(2)] == [0, 2]
        with pytest.raises(SourceError, match="gone"):
            next(frames)
        assert next(frames, None) is None


def test_a_bug_in_the_source_reaches_the_reader() -> None:
    with (
        frames_ahead(Told([ZeroDivisionError("oh")])) as frames,
        pytest.raises(ZeroDivisionError),
    ):
        next(frames)


def test_it_reads_ahead_but_not_without_end() -> None:
    told = Told(range(1000))
    with frames_ahead(told):
        wait_until(lambda: told.reads >= AHEAD + 1)
        assert told.reads <= AHEAD + 1
    assert told.reads <= AHEAD + 1
    assert not [one for one in threading.enumerate() if one.name == "recording reader"]


@pytest.mark.real
def test_a_real_exam_gives_the_same_frames(test_data: Path) -> None:
    path = str(test_data / "exam" / "montage.mp4")
    with open_source(path) as plain, open_source(path) as source, frames_ahead(source) as ahead:
        for _ in range(60):
            one, other = plain.read(), next(ahead)
            assert one is not None
            assert (one.index, one.time_s) == (other.index, other.time_s)
            assert np.array_equal(one.pixels, other.pixels)
