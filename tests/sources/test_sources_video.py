from __future__ import annotations

import random
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from video_maker import (
    HEIGHT_PX,
    WIDTH_PX,
    disk_error_while_indexing,
    make_video,
    number_in,
)

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.sources.base import Source
from sonoassist.sources.libav import av
from sonoassist.sources.opening import open_source
from sonoassist.sources.video import VideoFile
from waiting import LIMIT_S

FRAME = Fraction(1, 25)
EVEN_MS = [40 * number for number in range(100)]


@pytest.fixture(scope="module")
def even(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("video") / "even.mp4", EVEN_MS)


def read_all(source: Source) -> tuple[list[int], list[str]]:
    """Numbers of the frames that could be read, and the errors on the way."""
    numbers, errors = [], []
    while True:
        try:
            frame = source.read()
        except DamagedFrameError as error:
            errors.append(str(error))
            assert len(errors) < 500
            continue
        if frame is None:
            return numbers, errors
        numbers.append(number_in(frame.pixels))


def packet_places(path: Path) -> list[tuple[int, int, int]]:
    """Position and size in the file, and timestamp, of each packet."""
    with av.open(str(path)) as container:
        return [
            (packet.pos, packet.size, packet.pts)
            for packet in container.demux(video=0)
            if packet.size
        ]


def test_info_and_frames(even: Path) -> None:
    with VideoFile(even) as video:
        info = video.info
        assert (info.kind, info.label, info.live, info.stills) == (
            "video",
            "even.mp4",
            False,
            False,
        )
        assert (info.width_px, info.height_px, info.frame_count) == (WIDTH_PX, HEIGHT_PX, 100)
        assert info.fps == pytest.approx(25)
        assert info.duration_s == pytest.approx(4.0, abs=0.05)
        assert info.detail == "H.264 · 96×64 @ 25"
        frames = list(video)
    assert [frame.index for frame in frames] == list(range(100))
    assert [number_in(frame.pixels) for frame in frames] == list(range(100))
    assert [frame.time_s for frame in frames] == pytest.approx([ms / 1000 for ms in EVEN_MS])
    assert [frame.frame_id for frame in frames] == list(range(100))
    assert not frames[0].pixels.flags.writeable
    assert frames[0].pixels.shape == (HEIGHT_PX, WIDTH_PX, 3)


def test_random_seeks_are_exact(even: Path) -> None:
    chance = random.Random(1)
    with VideoFile(even) as video:
        for _ in range(120):
            wanted = chance.randrange(100)
            video.seek(wanted)
            for step in range(chance.randrange(1, 4)):
                frame = video.read()
                if wanted + step >= 100:
                    assert frame is None
                    break
                assert frame is not None
                assert (frame.index, number_in(frame.pixels)) == (wanted + step, wanted + step)


def test_seek_is_clamped(even: Path) -> None:
    with VideoFile(even) as video:
        video.seek(-5)
        first = video.read()
        video.seek(10_000)
        last = video.read()
        assert first is not None
        assert last is not None
        assert (number_in(first.pixels), number_in(last.pixels)) == (0, 99)
        assert video.read() is None
        assert video.read() is None


def test_stepping_back_does_not_decode_again(even: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with VideoFile(even) as video:
        video.seek(60)
        video.read()
        video.seek(50)
        video.read()
        starts: list[int] = []
        start = type(video._decoder).start
        monkeypatch.setattr(
            type(video._decoder),
            "start",
            lambda self, index: (starts.append(index), start(self, index))[1],
        )
        for wanted in (50, 49, 48):
            video.seek(wanted)
            frame = video.read()
            assert frame is not None
            assert number_in(frame.pixels) == wanted
        assert starts == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    gaps_ms=st.lists(st.integers(5, 400), min_size=12, max_size=40),
    start_ms=st.integers(0, 3000),
    gop=st.integers(1, 15),
    b_frames=st.integers(0, 3),
    suffix=st.sampled_from(["mp4", "mkv", "ts"]),
    data=st.data(),
)
def test_variable_rate_is_exact(
    tmp_path_factory: pytest.TempPathFactory,
    gaps_ms: list[int],
    start_ms: int,
    gop: int,
    b_frames: int,
    suffix: str,
    data: st.DataObject,
) -> None:
    stamps = [start_ms]
    for gap in gaps_ms:
        stamps.append(stamps[-1] + gap)
    path = tmp_path_factory.mktemp("vfr") / f"vfr.{suffix}"
    make_video(path, stamps, gop=gop, b_frames=b_frames)
    times = [(stamp - start_ms) / 1000 for stamp in stamps]
    with VideoFile(path) as video:
        assert video.info.frame_count == len(stamps)
        assert video.index.times_s == pytest.approx(times, abs=1e-4)
        for number, time_s in enumerate(video.index.times_s):
            assert video.index_at(time_s) == number
            assert video.index_at(time_s - 0.001) == max(number - 1, 0)
        wanted = st.lists(st.integers(0, len(stamps) - 1), min_size=1, max_size=8)
        for index in data.draw(wanted):
            video.seek(index)
            frame = video.read()
            assert frame is not None
            assert (frame.index, number_in(frame.pixels)) == (index, index)
            assert frame.time_s == pytest.approx(times[index], abs=1e-4)
        assert video.index_at(-1.0) == 0
        assert video.index_at(1e9) == len(stamps) - 1


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("a.avi", "mpeg4", "yuv420p"),
        ("a.avi", "mjpeg", "yuvj420p"),
        ("a.avi", "libx264", "yuv420p"),
        ("a.mkv", "ffv1", "yuv420p"),
        ("a.mpg", "mpeg2video", "yuv420p"),
        ("a.h264", "libx264", "yuv420p"),
        ("a.webm", "libvpx", "yuv420p"),
        ("a.mov", "libx264", "yuv420p"),
    ],
)
def test_other_formats(tmp_path: Path, name: str, codec: str, pix_fmt: str) -> None:
    path = make_video(tmp_path / name, EVEN_MS[:50], codec=codec, pix_fmt=pix_fmt, time_base=FRAME)
    with VideoFile(path) as video:
        count = video.info.frame_count
        numbers, errors = read_all(video)
        assert numbers == list(range(50))
        assert errors == []
        assert count == 50
        for wanted in (31, 30, 5, 49, 0, 12):
            video.seek(wanted)
            frame = video.read()
            assert frame is not None
            assert (frame.index, number_in(frame.pixels)) == (wanted, wanted)


def test_grey_stream_stays_grey(tmp_path: Path) -> None:
    path = make_video(tmp_path / "grey.mkv", EVEN_MS[:5], codec="ffv1", pix_fmt="gray")
    with VideoFile(path) as video:
        frame = video.read()
    assert frame is not None
    assert frame.pixels.shape == (HEIGHT_PX, WIDTH_PX)
    assert frame.pixels[0, 0] == 20


def test_colours(tmp_path: Path) -> None:
    red = np.zeros((64, 64, 3), np.uint8)
    red[:, :32] = (200, 30, 20)
    red[:, 32:] = (15, 60, 190)
    path = make_video(tmp_path / "red.mp4", [0, 40], pictures=[red, red], pix_fmt="yuv444p")
    with VideoFile(path) as video:
        frame = video.read()
    assert frame is not None
    assert frame.pixels[32, 8].astype(int) == pytest.approx([200, 30, 20], abs=8)
    assert frame.pixels[32, 56].astype(int) == pytest.approx([15, 60, 190], abs=8)


def test_rotation_is_applied(even: Path, tmp_path: Path) -> None:
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:16, :24] = 255
    plain = make_video(tmp_path / "plain.mp4", EVEN_MS[:3], pictures=[picture] * 3)
    turned = tmp_path / "turned.mp4"
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(plain), "-c", "copy"]
    try:
        subprocess.run(
            [*command, "-metadata:s:v", "rotate=90", str(turned)], check=True, timeout=LIMIT_S
        )
    except FileNotFoundError:
        pytest.skip("the ffmpeg program is not installed")
    with VideoFile(turned) as video:
        frame = video.read()
        assert frame is not None
        if frame.pixels.shape[:2] == (64, 96):
            pytest.skip("this ffmpeg does not write the rotation")
        assert (video.info.width_px, video.info.height_px) == (64, 96)
        # ffmpeg writes, and shows, this as a quarter turn against the clock.
        assert frame.pixels[90, 5].mean() > 200
        assert frame.pixels[5, 5].mean() < 50


def test_damage_is_reported_once_and_survived(tmp_path: Path) -> None:
    even = make_video(tmp_path / "whole.mp4", EVEN_MS, b_frames=0)
    data = bytearray(even.read_bytes())
    places = sorted(packet_places(even), key=lambda one: one[2])
    for place, size, _ in places[40:44]:
        # Lengths of the units stay, so that the container is whole.
        data[place + 5 : place + size] = bytes(
            byte ^ 0x5A for byte in data[place + 5 : place + size]
        )
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    with VideoFile(broken) as video:
        numbers, errors = read_all(video)
        assert 1 <= len(errors) <= 4
        assert "damaged" in errors[0]
        assert "broken.mp4" in errors[0]
        assert numbers[:40] == list(range(40))
        assert set(range(48, 100)) <= set(numbers)
        video.seek(90)
        frame = video.read()
        assert frame is not None
        assert number_in(frame.pixels) == 90


def test_damaged_intra_frames_one_by_one(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mkv", EVEN_MS[:30], codec="ffv1", gop=1)
    data = bytearray(path.read_bytes())
    places = packet_places(path)
    for number in (10, 20, 21):
        place, size, _ = places[number]
        # The packet begins a few bytes behind the position of its block.
        data[place + 20 : place + size - 5] = bytes(size - 25)
    path.write_bytes(data)
    with VideoFile(path) as video:
        numbers, errors = read_all(video)
    good = [number for number in range(30) if number not in (10, 20, 21)]
    assert numbers == good
    assert [error.split(". ")[0] for error in errors] == [
        "frame 10 of a.mkv is damaged",
        "frames 20 to 21 of a.mkv are damaged",
    ]


def test_cut_off_with_index_in_front(tmp_path: Path) -> None:
    whole = make_video(
        tmp_path / "whole.mp4", EVEN_MS, b_frames=0, container={"movflags": "faststart"}
    )
    data = whole.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: len(data) * 6 // 10])
    with VideoFile(cut) as video:
        numbers, errors = read_all(video)
        assert video.read() is None
        assert 30 < len(numbers) < 90
        assert numbers == list(range(len(numbers)))
        assert len(errors) == 1
        assert f"ends early: {len(numbers)} of 100 frames could be read" in errors[0]
        video.seek(3)
        frame = video.read()
        assert frame is not None
        assert number_in(frame.pixels) == 3


@pytest.mark.parametrize("suffix", ["ts", "mkv", "avi"])
def test_cut_off_streams_give_what_is_there(tmp_path: Path, suffix: str) -> None:
    whole = make_video(tmp_path / f"whole.{suffix}", EVEN_MS, b_frames=0, time_base=FRAME)
    data = whole.read_bytes()
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(data[: len(data) * 6 // 10 + 7])
    with VideoFile(cut) as video:
        numbers, errors = read_all(video)
    assert 10 < len(numbers) < 90
    assert numbers == list(range(len(numbers)))
    assert len(errors) <= 1
    if suffix != "ts":
        assert len(errors) == 1
        assert "ends early" in errors[0]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_what_the_system_cannot_read_is_no_file_that_ends_early(
    tmp_path: Path, suffix: str
) -> None:
    path = make_video(tmp_path / f"whole.{suffix}", EVEN_MS)
    with (
        disk_error_while_indexing(path, 57),
        pytest.raises(SourceError, match=r"whole.* could not be read to its end: Input/output"),
    ):
        VideoFile(path)
    with VideoFile(path) as video:
        numbers, errors = read_all(video)
    assert (len(numbers), errors) == (100, [])


def test_cut_off_without_index(even: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(even.read_bytes()[:4000])
    with pytest.raises(SourceError, match=r"cut.mp4 is cut off: its index \(moov\) is missing"):
        open_source(str(cut))


@pytest.mark.parametrize("text", [b"hello world\n" * 500, b"\x00" * 5000, b"\xff" * 3000, b"x"])
def test_not_a_video(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "text.mp4"
    path.write_bytes(text)
    with pytest.raises(SourceError, match=r"text.mp4 is not a video that can be read"):
        open_source(str(path))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10**6), flips=st.integers(1, 40))
def test_flipped_bytes_never_crash(even: Path, tmp_path: Path, seed: int, flips: int) -> None:
    chance = random.Random(seed)
    data = bytearray(even.read_bytes())
    for _ in range(flips):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path = tmp_path / "flipped.mp4"
    path.write_bytes(data)
    try:
        video = open_source(str(path))
    except SourceError:
        return
    with video:
        indices = []
        for _ in range(400):
            try:
                frame = video.read()
            except SourceError:
                continue
            if frame is None:
                break
            indices.append(frame.index)
        else:
            pytest.fail("it does not end")
    assert indices == sorted(set(indices))


def test_audio_only_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tone.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), layout="mono")
        frame.sample_rate = 8000
        output.mux(stream.encode(frame))
        output.mux(stream.encode())
    with pytest.raises(SourceError, match=r"has no picture in it"):
        open_source(str(path))


def test_tiny_video_is_refused(tmp_path: Path) -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    path = make_video(tmp_path / "tiny.mkv", [0], codec="ffv1", pictures=[picture])
    with pytest.raises(SourceError, match="only 8×8 px"):
        open_source(str(path))


@pytest.mark.real
def test_real_exam(test_data: Path) -> None:
    path = test_data / "exam" / "montage.mp4"
    with VideoFile(path) as video:
        assert (video.info.width_px, video.info.height_px) == (974, 734)
        assert video.info.frame_count == 1419
        video.seek(700)
        first = video.read()
        video.seek(20)
        video.read()
        video.seek(700)
        again = video.read()
        assert first is not None
        assert again is not None
        assert np.array_equal(first.pixels, again.pixels)
        assert first.time_s == pytest.approx(28.0)
