"""A recording with the results of its own frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_help import make_exam, number_in, numbered, played, record

from made_analyses import shares_of
from sonoassist.core.errors import SourceError
from sonoassist.core.packets import Box, State
from sonoassist.exam.exam import Exam
from sonoassist.exam.recorder import Recorder
from sonoassist.exam.records import FrameRow
from sonoassist.exam.replay import Clock, match, replay


def row_of(index: int, at_s: float, time_s: float = -1.0) -> FrameRow:
    """A result that carries the number of its frame, also as its box."""
    box = Box(index, 1, index + 5, 9)
    shares = shares_of("femur", 0.9)
    return FrameRow(
        at_s, index, time_s, State.PLANE, "femur", 0.9, "femur", box, np.asarray(shares, np.float32)
    )


@pytest.fixture
def exam(tmp_path: Path) -> Iterator[Exam]:
    with make_exam(tmp_path / "exams") as made:
        yield made


def recorded(exam: Exam, times: list[tuple[int, float]]) -> None:
    recorder = Recorder(exam, print, spare_bytes=0)
    record(recorder, [(numbered(number), time_s) for number, time_s in times])
    recorder.stop()


def test_each_frame_gets_its_own_result(exam: Exam) -> None:
    """Every third frame was analysed, every fifth is not in the video; the times tremble."""
    trembling = np.random.default_rng(0).normal(0, 0.012, 150)
    times = [100 + max(0.04 * n + trembling[n], 0) for n in range(150)]
    times.sort()
    recorded(exam, [(n, times[n]) for n in range(20, 120) if n % 5])
    exam.add_frames([row_of(n, times[n]) for n in range(0, 150, 3)])
    (recording,) = exam.recordings()
    found = replay(exam, recording)
    video = played(found.path)
    assert len(video) == len(found.rows) == len(found.times_s) == 80
    for frame, row, at_s in zip(video, found.rows, found.times_s, strict=True):
        number = number_in(frame.pixels)
        assert abs(times[number] - at_s) < 1e-4
        assert (row.index if row is not None else None) == (None if number % 3 else number)


def test_a_recording_that_was_reviewed(exam: Exam) -> None:
    """By the source's own time, which begins again when the film is played again."""
    recorded(exam, [(number, number / 12) for number in range(30)])
    exam.add_frames([row_of(n, 50 + n / 11, n / 12) for n in range(10)])
    exam.add_frames([row_of(n, 90 + n / 13, n / 12) for n in range(5)])
    found = replay(exam, exam.recordings()[0], Clock.SOURCE)
    assert [row.index for row in found.rows[:10] if row is not None] == list(range(10))
    assert found.rows[10:] == (None,) * 20
    assert found.rows[3] is not None
    assert found.rows[3].at_s > 90
    assert replay(exam, exam.recordings()[0]).rows == (None,) * 30


def test_several_recordings_of_one_exam(exam: Exam) -> None:
    recorded(exam, [(number, number / 25) for number in range(10)])
    recorded(exam, [(number, number / 25) for number in range(50, 60)])
    exam.add_frames([row_of(n, n / 25) for n in range(60)])
    first, second = (replay(exam, one) for one in exam.recordings())
    assert [row.index for row in first.rows if row is not None] == list(range(10))
    assert [row.index for row in second.rows if row is not None] == list(range(50, 60))


def test_an_exam_without_results(exam: Exam) -> None:
    recorded(exam, [(0, 0.0), (1, 0.04)])
    assert replay(exam, exam.recordings()[0]).rows == (None, None)


def test_a_video_that_is_gone_or_broken(exam: Exam) -> None:
    recorded(exam, [(0, 0.0)])
    (recording,) = exam.recordings()
    path = exam.media / recording.file
    path.write_bytes(b"no video at all")
    with pytest.raises(SourceError, match="is not a video that can be read"):
        replay(exam, recording)
    path.unlink()
    with pytest.raises(SourceError, match=r"recording-1\.mp4 is gone"):
        replay(exam, recording)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_frame_ever_gets_the_result_of_another(data: st.DataObject) -> None:
    gaps = data.draw(st.lists(st.floats(0.003, 0.2), min_size=1, max_size=30))
    times = list(np.cumsum(gaps) + 1000)
    numbers = range(len(times))
    kept = [n for n in numbers if data.draw(st.booleans())]
    analysed = {n for n in numbers if data.draw(st.booleans())}
    rounded = [round(times[n] * 90_000) / 90_000 for n in kept]
    found = match(rounded, [row_of(n, times[n]) for n in sorted(analysed)])
    meant = [n if n in analysed else None for n in kept]
    assert [row.index if row is not None else None for row in found] == meant
