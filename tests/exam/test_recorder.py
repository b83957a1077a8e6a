"""Recording: every frame at its time, and what happens when that is not possible."""

from __future__ import annotations

import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from recording_help import (
    TICK_S,
    make_exam,
    noise,
    number_in,
    numbered,
    played,
    psnr_db,
    record,
    small_disk,
)

from sonoassist.core import paths
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Frame, Pixels
from sonoassist.exam.exam import Exam
from sonoassist.exam.frame_queue import FrameQueue
from sonoassist.exam.recorder import Recorder
from sonoassist.render.encoder import VideoEncoder
from sonoassist.sources import open_source
from waiting import LIMIT_S, wait_until


@pytest.fixture
def exam(tmp_path: Path) -> Iterator[Exam]:
    with make_exam(tmp_path / "exams") as made:
        yield made


@pytest.fixture
def troubles() -> list[str]:
    return []


@pytest.fixture
def recorder(exam: Exam, troubles: list[str]) -> Iterator[Recorder]:
    made = Recorder(exam, troubles.append, spare_bytes=0)
    yield made
    made.stop()


def test_the_demo_exam_comes_back(tmp_path: Path, troubles: list[str]) -> None:
    demo = paths.demo_exam()
    assert demo is not None
    with open_source(str(demo)) as source:
        frames = [frame for frame, _ in zip(source, range(120), strict=False)]
        assert source.info.synthetic
    with make_exam(tmp_path, synthetic=True) as exam:
        recorder = Recorder(exam, troubles.append, spare_bytes=0)
        record(recorder, [(frame, 12.25 + frame.time_s) for frame in frames], synthetic=True)
        recorder.stop()
        (recording,) = exam.recordings()
        path = exam.media / recording.file
    assert (recording.frames, recording.ended, recording.trouble) == (120, True, "")
    assert recording.began_s == 12.25
    assert troubles == []
    with open_source(str(path)) as source:
        assert source.info.synthetic
        found = list(source)
    assert [frame.index for frame in found] == list(range(120))
    times = np.array([frame.time_s for frame in found])
    np.testing.assert_allclose(times, [one.time_s for one in frames], atol=TICK_S)
    for frame, again in zip(frames, found, strict=True):
        assert psnr_db(frame.pixels, again.pixels) > 38
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT) == 120


def test_times_are_kept_however_they_come(exam: Exam, recorder: Recorder) -> None:
    steps = np.random.default_rng(0).choice([0.004, 0.03, 0.04, 0.05, 1.7], 80)
    times = 3600.0 + np.cumsum(steps)
    record(recorder, [(numbered(number), time_s) for number, time_s in enumerate(times)])
    recorder.stop()
    found = played(exam.media / "recording-1.mp4")
    assert [number_in(frame.pixels) for frame in found] == list(range(80))
    began_s = exam.recordings()[0].began_s
    exact = [began_s + frame.time_s for frame in found]
    np.testing.assert_allclose(exact, times, atol=TICK_S)


def test_any_frame_can_be_gone_to(exam: Exam, recorder: Recorder) -> None:
    record(recorder, [(numbered(number), number / 25) for number in range(120)])
    recorder.stop()
    with open_source(str(exam.media / "recording-1.mp4")) as source:
        for index in (119, 3, 76, 75, 74, 0, 60):
            source.seek(index)
            frame = source.read()
            assert frame is not None
            assert (frame.index, number_in(frame.pixels)) == (index, index)
            assert source.index_at(index / 25) == index


def test_another_size_begins_another_file(exam: Exam, recorder: Recorder) -> None:
    sizes = [(160, 96)] * 5 + [(320, 180)] * 4 + [(160, 96)] * 3
    record(recorder, [(numbered(n, *size), 1 + n / 25) for n, size in enumerate(sizes)])
    recorder.stop()
    found = exam.recordings()
    assert [one.file for one in found] == [f"recording-{n}.mp4" for n in (1, 2, 3)]
    assert [one.frames for one in found] == [5, 4, 3]
    assert [one.began_s for one in found] == [1.0, 1 + 5 / 25, 1 + 9 / 25]
    assert all(one.ended for one in found)
    shapes = [played(exam.media / one.file)[0].pixels.shape for one in found]
    assert shapes == [(96, 160, 3), (180, 320, 3), (96, 160, 3)]
    assert recorder.figures().written == 12


def test_a_film_that_is_rewound_begins_another_file(exam: Exam, recorder: Recorder) -> None:
    times = [0.0, 0.04, 0.08, 0.0, 0.04]
    record(recorder, [(numbered(number), time_s) for number, time_s in enumerate(times)])
    recorder.stop()
    assert [one.frames for one in exam.recordings()] == [3, 2]
    second = played(exam.media / "recording-2.mp4")
    assert [number_in(frame.pixels) for frame in second] == [3, 4]


@pytest.mark.parametrize("size", [(161, 97), (160, 97), (161, 96), (975, 735)])
def test_odd_sizes(exam: Exam, recorder: Recorder, size: tuple[int, int]) -> None:
    width, height = size
    record(recorder, [(numbered(number, *size), number / 25) for number in range(10)])
    recorder.stop()
    found = played(exam.media / "recording-1.mp4")
    assert [number_in(frame.pixels, width) for frame in found] == list(range(10))
    for number, frame in enumerate(found):
        assert frame.pixels.shape == (height + height % 2, width + width % 2, 3)
        # What is added looks like what is beside it.
        assert psnr_db(numbered(number, *size).pixels, frame.pixels[:height, :width]) > 30
        if width % 2:
            beside = frame.pixels[4 : height // 2 - 4, width - 1 :].astype(int)
            assert np.abs(beside[:, 0] - beside[:, 1]).max() < 25


def test_grey_frames(exam: Exam, recorder: Recorder) -> None:
    """Also among coloured ones: all in one file, and exactly grey."""
    frames = [numbered(number, grey=number != 4) for number in range(9)]
    record(recorder, [(frame, frame.index / 25) for frame in frames])
    recorder.stop()
    assert len(exam.recordings()) == 1
    found = played(exam.media / "recording-1.mp4")
    assert [number_in(frame.pixels) for frame in found] == list(range(9))
    for frame in found:
        assert (frame.pixels == frame.pixels[:, :, :1]).all()


def test_colours(exam: Exam, recorder: Recorder) -> None:
    picture = np.zeros((96, 160, 3), np.uint8)
    picture[:48, :80], picture[48:, 80:] = (200, 40, 30), (20, 60, 220)
    record(recorder, [(Frame(0, picture, 0.0, 0, 0.0, "made"), 0.0)])
    recorder.stop()
    (found,) = played(exam.media / "recording-1.mp4")
    assert np.abs(found.pixels[20, 40].astype(int) - (200, 40, 30)).max() <= 4
    assert np.abs(found.pixels[80, 120].astype(int) - (20, 60, 220)).max() <= 4


def test_what_the_encoder_has_no_time_for_is_counted(
    exam: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, offered = VideoEncoder.add, threading.Event()

    def held(encoder: VideoEncoder, pixels: Pixels, time_s: float) -> None:
        assert offered.wait(LIMIT_S)
        add(encoder, pixels, time_s)

    monkeypatch.setattr(VideoEncoder, "add", held)
    recorder = Recorder(exam, print, queue_bytes=1, spare_bytes=0)
    frame = noise(0, 1280, 720)
    taken: list[bool] = []
    for _ in range(4):  # the encoder has no time while 25 frames come
        offered.clear()
        numbers = range(len(taken), len(taken) + 25)
        taken.extend([recorder.add(frame, number / 25, synthetic=False) for number in numbers])
        offered.set()
        wait_until(lambda: recorder.figures().written == sum(taken))
    recorder.stop()
    figures = recorder.figures()
    assert 4 <= figures.written == sum(taken) < 100
    assert figures.dropped == 100 - sum(taken)
    times = [round(one.time_s * 25) for one in played(exam.media / "recording-1.mp4")]
    assert times == [number for number, one in enumerate(taken) if one]


def test_the_queue_is_bounded_in_bytes() -> None:
    frames = FrameQueue(3 * 160 * 96 * 3)
    assert [frames.put(numbered(number), number, False) for number in range(5)] == [True] * 3 + [
        False
    ] * 2
    assert frames.dropped == 2
    frame = frames.take()
    assert frame is not None
    assert frame[1] == 0
    assert frames.put(numbered(5), 5.0, False)
    frames.close()
    assert not frames.put(numbered(6), 6.0, False)
    assert frames.dropped == 2
    assert [one[1] for one in iter(frames.take, None)] == [1, 2, 5]


def test_a_frame_larger_than_the_queue_is_taken_alone() -> None:
    frames = FrameQueue(1)
    assert frames.put(numbered(0), 0.0, False)
    assert not frames.put(numbered(1), 1.0, False)


def test_nothing_is_written_where_nothing_came(exam: Exam, recorder: Recorder) -> None:
    recorder.stop()
    recorder.stop()
    assert exam.recordings() == ()
    assert list(exam.media.iterdir()) == []
    assert not recorder.add(numbered(0), 0.0, synthetic=False)
    assert not recorder.figures().running


def test_a_full_disk(exam: Exam, recorder: Recorder, troubles: list[str]) -> None:
    with small_disk(exam.media):
        for number in range(500):
            if not recorder.figures().running:
                break
            record_or_end(recorder, noise(number, 160, 96), number / 25)
        wait_until(lambda: troubles, "the word of the recorder")
        recorder.stop()
        assert len(troubles) == 1
        assert "No space left" in troubles[0]
        assert not recorder.add(noise(0), 100.0, synthetic=False)
        (recording,) = exam.recordings()
        found = played(exam.media / recording.file)
        assert [frame.index for frame in found] == list(range(recording.frames))
        assert (recording.ended, recorder.figures().written) == (False, len(found))
        assert 0 < len(found) < 500
        assert "No space left" in recording.trouble
        for frame in found[::5]:
            assert psnr_db(noise(frame.index, 160, 96).pixels, frame.pixels) > 30
        exam.add_event(9.0, "note", "the exam goes on")
    assert exam.events()[-1].text == "the exam goes on"


def record_or_end(recorder: Recorder, frame: Frame, time_s: float) -> None:
    wait_until(
        lambda: recorder.add(frame, time_s, synthetic=False) or not recorder.figures().running
    )


def test_the_last_of_the_disk_is_left_to_the_exam(exam: Exam, troubles: list[str]) -> None:
    recorder = Recorder(exam, troubles.append, spare_bytes=2**62)
    recorder.add(numbered(0), 0.0, synthetic=False)
    recorder.stop()
    assert len(troubles) == 1
    assert "the disk is almost full" in troubles[0]
    assert exam.recordings() == ()
    assert list(exam.media.iterdir()) == []


def test_a_folder_that_is_gone(exam: Exam, recorder: Recorder, troubles: list[str]) -> None:
    shutil.rmtree(exam.media)
    recorder.add(numbered(0), 0.0, synthetic=False)
    recorder.stop()
    assert len(troubles) == 1
    assert "No such file or directory" in troubles[0]
    assert exam.recordings() == ()


def test_an_exam_that_is_closed_too_early(
    exam: Exam, recorder: Recorder, troubles: list[str]
) -> None:
    record(recorder, [(numbered(number), number / 25) for number in range(30)])
    wait_until(lambda: recorder.figures().written == 30)
    exam.close()
    recorder.stop()
    assert len(troubles) == 1
    assert len(played(exam.media / "recording-1.mp4")) == 30
