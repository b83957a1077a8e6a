from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.packets import Frame
from sonoassist.sources import Source, SourceInfo, open_source
from sonoassist.sources.read_ahead import ReadAhead
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


def indexes(ahead: ReadAhead) -> list[int]:
    found = []
    while (frame := ahead.read()) is not None:
        found.append(frame.index)
    return found


def test_all_frames_come_in_order() -> None:
    with ReadAhead(Told(range(100)), frames=3) as ahead:
        assert indexes(ahead) == list(range(100))
        assert ahead.read() is None


def test_errors_come_in_their_place() -> None:
    told = Told([0, DamagedFrameError("frame 1 is damaged"), 2, SourceError("gone"), 4])
    with ReadAhead(told) as ahead:
        assert ahead.read() is not None
        with pytest.raises(DamagedFrameError, match="frame 1"):
            ahead.read()
        frame = ahead.read()
        assert frame is not None
        assert frame.index == 2
        with pytest.raises(SourceError, match="gone"):
            ahead.read()
        assert ahead.read() is None


def test_a_bug_in_the_source_reaches_the_reader() -> None:
    with ReadAhead(Told([ZeroDivisionError("oh")])) as ahead, pytest.raises(ZeroDivisionError):
        ahead.read()


def test_it_reads_ahead_but_not_without_end() -> None:
    told = Told(range(1000))
    with ReadAhead(told, frames=4):
        wait_until(lambda: told.reads >= 5)
        assert told.reads <= 5
    assert told.reads <= 5
    assert not [one for one in threading.enumerate() if one.name == "read ahead"]


@pytest.mark.real
def test_a_real_exam_gives_the_same_frames(test_data: Path) -> None:
    path = str(test_data / "exam" / "montage.mp4")
    with open_source(path) as plain, open_source(path) as source, ReadAhead(source) as ahead:
        for _ in range(60):
            one, other = plain.read(), ahead.read()
            assert one is not None
            assert other is not None
            assert (one.index, one.time_s) == (other.index, other.time_s)
            assert np.array_equal(one.pixels, other.pixels)
