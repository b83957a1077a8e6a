"""A program that is killed while it records."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from recording_help import TICK_S, number_in, numbered, played

from sonoassist.core.opencv import cv2
from sonoassist.exam.exam import Exam
from sonoassist.exam.recorder import Recorder
from sonoassist.exam.replay import replay
from sonoassist.exam.store import ExamStore
from sonoassist.sources.video import VideoFile

PROGRAM = Path(__file__).with_name("recording_program.py")


def killed_after(folder: Path, frames: int) -> int:
    """Kill the program when it has written so many frames; returns how many it had by then."""
    places = [str(PROGRAM.parent), str(PROGRAM.parents[1]), str(PROGRAM.parents[2])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    words = [sys.executable, str(PROGRAM), str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment, text=True) as program:
        assert program.stdout is not None
        written = 0
        while written < frames:
            line = program.stdout.readline()
            assert line, "the program ended by itself"
            written = int(line)
        program.kill()
        for line in program.stdout.read().split():
            written = int(line)
    return written


def counted_by_opencv(path: Path) -> int:
    video = cv2.VideoCapture(str(path))
    count = 0
    while video.read()[0]:
        count += 1
    return count


@pytest.mark.parametrize("frames", [20, 150, 207])
def test_what_was_written_plays(tmp_path: Path, frames: int) -> None:
    written = killed_after(tmp_path, frames)
    store = ExamStore(tmp_path)
    with store.open(store.find("last"), write=True) as exam:
        (recording,) = exam.recordings()
        assert not recording.ended
        assert recording.trouble == ""
        assert recording.began_s == 7.5
        path = exam.media / recording.file
        found = played(path)
        # The pieces are half a second long: at most the last one is lost.
        assert written - 14 <= len(found) <= written + 14
        assert recording.frames <= len(found)
        if frames > 100:
            assert recording.frames > 0
        assert [number_in(frame.pixels) for frame in found] == list(range(len(found)))
        times = [frame.time_s for frame in found]
        np.testing.assert_allclose(times, np.arange(len(found)) / 25, atol=TICK_S)
        assert counted_by_opencv(path) == len(found)
        with VideoFile(path) as source:
            assert not source.index.ends_early
        assert len(replay(exam, recording).rows) == len(found)
        go_on(exam)


def go_on(exam: Exam) -> None:
    """The exam can be recorded further, beside what was cut off."""
    recorder = Recorder(exam, print, spare_bytes=0)
    recorder.add(numbered(3), 60.0, synthetic=False)
    recorder.stop()
    first, second = exam.recordings()
    assert (first.file, first.ended) == ("recording-1.mp4", False)
    assert (second.file, second.ended, second.frames) == ("recording-2.mp4", True, 1)
