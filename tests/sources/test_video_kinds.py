"""Kinds of video files: what is read is what the decoder gives, in order and when sought."""

from __future__ import annotations

import random
import wave
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from video_maker import HEIGHT_PX, WIDTH_PX, make_video, number_in, numbered

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.sources.base import Source
from sonoassist.sources.libav import square_width, turned
from sonoassist.sources.opening import open_source
from sonoassist.sources.video import VideoFile
from sonoassist.sources.video_index import make_index, split_parts
from sonoassist.sources.video_packets import PacketTable, VideoPackets

COUNT = 60
EVEN_MS = [40 * number for number in range(COUNT)]
FRAME = Fraction(1, 25)


def numbers_and_seeks(source: Source, seeks: int = 25) -> list[int]:
    """The numbers in order; fails where a frame that is sought is another one."""
    frames = list(source)
    assert [frame.index for frame in frames] == list(range(len(frames)))
    times = [frame.time_s for frame in frames]
    assert all(one < other for one, other in pairwise(times))
    chance = random.Random(7)
    for _ in range(seeks):
        index = chance.randrange(len(frames))
        source.seek(index)
        frame = source.read()
        assert frame is not None
        assert frame.index == index
        assert np.array_equal(frame.pixels, frames[index].pixels)
    return [number_in(frame.pixels) for frame in frames]


def bare(path: Path, codec: str, rate: int = 25, gop: int = 12, count: int = COUNT) -> Path:
    """A stream without a container."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.codec_context.gop_size = gop
        for number in range(count):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(numbered(number), "rgb24")))
        output.mux(stream.encode())
    return path


MAKERS: dict[str, Callable[[Path], Path]] = {
    "mp4": lambda folder: make_video(folder / "a.mp4", EVEN_MS),
    "fragmented": lambda folder: make_video(
        folder / "a.mp4", EVEN_MS, container={"movflags": "frag_keyframe+empty_moov"}
    ),
    "mkv": lambda folder: make_video(folder / "a.mkv", EVEN_MS),
    "ts": lambda folder: make_video(folder / "a.ts", EVEN_MS),
    "avi with reordered frames": lambda folder: make_video(
        folder / "a.avi", EVEN_MS, time_base=FRAME
    ),
    "mpeg-4 part 2": lambda folder: make_video(
        folder / "a.avi", EVEN_MS, codec="mpeg4", time_base=FRAME
    ),
    "motion jpeg": lambda folder: make_video(
        folder / "a.avi", EVEN_MS, codec="mjpeg", pix_fmt="yuvj420p", time_base=FRAME
    ),
    "mpeg-2 program": lambda folder: make_video(
        folder / "a.mpg", EVEN_MS, codec="mpeg2video", time_base=FRAME
    ),
    "vp8": lambda folder: make_video(folder / "a.webm", EVEN_MS, codec="libvpx"),
    "hevc": lambda folder: make_video(folder / "a.mp4", EVEN_MS, codec="libx265"),
    "10 bit": lambda folder: make_video(
        folder / "a.mkv", EVEN_MS, codec="libx265", pix_fmt="yuv420p10le"
    ),
    "bare h264": lambda folder: bare(folder / "a.h264", "libx264"),
    "bare hevc": lambda folder: bare(folder / "a.hevc", "libx265"),
    "bare mpeg-2": lambda folder: bare(folder / "a.m2v", "mpeg2video"),
    "another name": lambda folder: make_video(folder / "a.mp4", EVEN_MS).rename(folder / "a.txt"),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_each_frame_once_and_the_same_when_sought(tmp_path: Path, kind: str) -> None:
    with open_source(str(MAKERS[kind](tmp_path))) as source:
        assert source.info.frame_count == COUNT
        assert source.info.fps == pytest.approx(25)
        assert numbers_and_seeks(source) == list(range(COUNT))


@pytest.mark.parametrize(
    ("suffix", "codec", "rate"),
    [(".h264", "libx264", 50), (".hevc", "libx265", 30), (".m2v", "mpeg2video", 50)],
)
def test_the_rate_of_a_bare_stream_is_its_own(
    tmp_path: Path, suffix: str, codec: str, rate: int
) -> None:
    with VideoFile(bare(tmp_path / f"a{suffix}", codec, rate)) as video:
        assert video.info.fps == pytest.approx(rate)
        assert video.info.duration_s == pytest.approx(COUNT / rate)


@pytest.mark.parametrize("suffix", ["ts", "mpg"])
@pytest.mark.parametrize("codec", ["mpeg2video", "mpeg4"])
def test_recordings_that_were_joined_follow_each_other(
    tmp_path: Path, suffix: str, codec: str
) -> None:
    if (suffix, codec) == ("mpg", "mpeg4"):
        pytest.skip("a program stream does not say that it holds MPEG-4")
    parts = [
        make_video(
            tmp_path / f"{name}.{suffix}",
            [40 * n for n in range(count)],
            codec=codec,
            time_base=FRAME,
            pictures=[numbered(first + n) for n in range(count)],
        )
        for name, first, count in (("a", 0, 40), ("b", 40, 25), ("c", 65, 30))
    ]
    joined = tmp_path / f"joined.{suffix}"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    with VideoFile(joined) as video:
        assert video.index.parts == 3
        assert video.info.duration_s == pytest.approx(95 / 25)
        assert "3 joined recordings" in video.info.warnings[0]
        assert numbers_and_seeks(video) == list(range(95))


@pytest.mark.parametrize("codec", ["mpeg4", "mpeg2video", "libx264"])
def test_half_pictures_at_the_beginning_are_left_out_and_counted(
    tmp_path: Path, codec: str
) -> None:
    whole = make_video(tmp_path / "a.ts", EVEN_MS, codec=codec, gop=20, time_base=FRAME)
    data = whole.read_bytes()
    with av.open(str(whole)) as container:
        places = [one.pos for one in container.demux(video=0) if one.size]
    cut = tmp_path / "cut.ts"
    cut.write_bytes(data[places[6] // 188 * 188 :])  # in the middle of the first group
    with VideoFile(cut) as video:
        (said,) = video.info.warnings
        numbers = numbers_and_seeks(video)
    assert "begins in the middle of a group" in said
    assert numbers[0] in range(18, 23)  # of the second group
    assert numbers == list(range(numbers[0], COUNT))


def test_the_main_stream_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as output:
        small = output.add_stream("mjpeg", rate=25)
        small.width, small.height, small.pix_fmt = 32, 32, "yuvj420p"
        large = output.add_stream("libx264", rate=25)
        large.width, large.height, large.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        for number in range(20):
            grey = np.full((32, 32, 3), 99, np.uint8)
            output.mux(small.encode(av.VideoFrame.from_ndarray(grey, "rgb24")))
            output.mux(large.encode(av.VideoFrame.from_ndarray(numbered(number), "rgb24")))
        for stream in (small, large):
            output.mux(stream.encode())
    with VideoFile(path) as video:
        assert (video.info.width_px, video.info.height_px) == (WIDTH_PX, HEIGHT_PX)
        assert numbers_and_seeks(video) == list(range(20))


def test_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    with pytest.raises(SourceError):
        open_source(str(path))
    with av.open(str(tmp_path / "voice.mkv"), "w") as output:
        voice = output.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.rate = 8000
        output.mux(voice.encode(frame))
        output.mux(voice.encode())
    with pytest.raises(SourceError, match="has no picture in it"):
        open_source(str(tmp_path / "voice.mkv"))


@pytest.mark.parametrize(
    "name", ["notes.txt", "notes.ans", "list.m3u8", "a.bin", "a.yuv", "a.ffconcat"]
)
def test_what_a_name_suggests_is_no_video(tmp_path: Path, name: str) -> None:
    texts = {
        "list.m3u8": "#EXTM3U\n#EXTINF:10,\nother.ts\n",
        "a.ffconcat": "ffconcat version 1.0\nfile other.ts\n",
    }
    make_video(tmp_path / "other.ts", EVEN_MS)
    (tmp_path / name).write_text(texts.get(name, "Heart seen, four chambers.\n" * 400))
    with pytest.raises(SourceError, match="is not a video that can be read"):
        open_source(str(tmp_path / name))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_the_display_matrix(tmp_path: Path, degrees: int, mirrored: bool) -> None:
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:16, :24] = 250  # the corner tells how it was turned
    plain = make_video(tmp_path / "a.mp4", EVEN_MS[:4], pictures=[picture] * 4)
    path = tmp_path / "turned.mp4"
    with av.open(str(plain)) as given, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        if degrees or mirrored:
            stream.set_display_rotation(degrees, hflip=mirrored)
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    with VideoFile(path) as video:
        frame = video.read()
        size = (video.info.width_px, video.info.height_px)
    assert frame is not None
    bright = frame.pixels[..., 0] > 128
    ways = _shown_by_ffmpeg(path, picture[..., 0] > 128)
    assert np.mean(bright == ways) > 0.99
    assert size == ((64, 96) if degrees % 180 == 90 else (96, 64))


def _shown_by_ffmpeg(path: Path, stored: np.ndarray) -> np.ndarray:
    """As libavutil says it: its rotation is counter-clockwise, after a mirror."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        matrix = frame.side_data.get("DISPLAYMATRIX")
        if matrix is None:
            return stored
        a, b, _, c, d, _, _, _, _ = np.frombuffer(bytes(matrix), np.int32) / 65536
    high, wide = stored.shape
    shown_wide, shown_high = (
        round(abs(a) * wide + abs(c) * high),
        round(abs(b) * wide + abs(d) * high),
    )
    shown = np.zeros((shown_high, shown_wide), bool)
    for y in range(high):
        for x in range(wide):
            across, down = a * (x + 0.5) + c * (y + 0.5), b * (x + 0.5) + d * (y + 0.5)
            shown[int(down % shown_high), int(across % shown_wide)] = stored[y, x]
    return shown


@given(st.integers(1, 9), st.integers(1, 9), st.booleans(), st.booleans(), st.booleans())
def test_eight_ways(high: int, wide: int, swap: bool, right: bool, down: bool) -> None:
    pixels = np.arange(high * wide, dtype=np.uint8).reshape(high, wide)
    one, other = (-1 if right else 1), (-1 if down else 1)
    rows = [[0, other], [one, 0]] if swap else [[one, 0], [0, other]]
    (a, b), (c, d) = rows
    matrix = np.array([a, b, 0, c, d, 0, 0, 0, 1], np.int32) * 65536
    shown = turned(pixels, matrix.tobytes())
    for y in range(high):
        for x in range(wide):
            across, down_px = a * (x + 0.5) + c * (y + 0.5), b * (x + 0.5) + d * (y + 0.5)
            at = (int(down_px % shown.shape[0]), int(across % shown.shape[1]))
            assert shown[at] == pixels[y, x]


@pytest.mark.parametrize(
    ("width", "aspect", "shown"),
    [
        (720, Fraction(16, 11), 1047),
        (720, Fraction(8, 9), 640),
        (720, None, 720),
        (720, Fraction(0), 720),
        (720, Fraction(1), 720),
        (720, Fraction(500), 720),
    ],
)
def test_the_width_of_square_pixels(width: int, aspect: Fraction | None, shown: int) -> None:
    assert square_width(width, aspect) == shown


@settings(max_examples=60)
@given(
    lengths=st.lists(st.integers(3, 12), min_size=1, max_size=4),
    begins=st.lists(st.integers(-50, 50), min_size=4, max_size=4),
)
def test_parts_are_cut_where_the_times_begin_anew(lengths: list[int], begins: list[int]) -> None:
    stamps: list[int] = []
    latest: int | None = None
    expected: list[int] = []
    for length, begin in zip(lengths, begins, strict=False):
        anew = latest is not None and begin < latest
        if anew:
            expected.append(len(stamps))
        last = begin + length - 1
        latest = last if latest is None or anew else max(latest, last)
        stamps += range(begin, begin + length)
    rows = np.arange(len(stamps))
    parts = split_parts(rows, np.array(stamps, np.int64))
    assert np.array_equal(np.concatenate(parts), rows)
    assert [int(part[0]) for part in parts[1:]] == expected


def packets(stamps: list[int], *, reordered: bool = False) -> VideoPackets:
    """Packets of pictures that are whole by themselves, 40 units apart, of a thousand a second."""
    rows = [(stamp, stamp, 40, 100, -1, True, True, False, False) for stamp in stamps]
    return VideoPackets(
        Fraction(1, 1000),
        Fraction(25),
        "mjpeg",
        reordered,
        not reordered,
        False,
        0,
        0.0,
        "",
        PacketTable.of(rows),
    )


@pytest.mark.parametrize("wild", [0, 30, 10**9, -(2**62), 2**62])
def test_one_time_that_is_wrong_is_no_seam(wild: int) -> None:
    stamps = [40 * number for number in range(50)]
    stamps[20] = wild
    index = make_index(packets(stamps))
    assert (index.parts, len(index)) == (1, 50)
    assert index.numbers.tolist() == list(range(50))
    np.testing.assert_allclose(index.times_s, 0.04 * np.arange(50), atol=1e-9)
    assert index.duration_s == pytest.approx(2.0)


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=40), st.booleans())
def test_whatever_the_times_no_frame_is_lost_and_time_rises(
    stamps: list[int], reordered: bool
) -> None:
    index = make_index(packets(stamps, reordered=reordered))
    assert sorted(index.numbers.tolist()) == list(range(len(stamps)))
    assert all(one <= other for one, other in pairwise(index.times_s))
    assert np.isfinite(index.times_s).all()


@pytest.mark.parametrize(
    "stamps",
    [
        [0, 40, 80, 80, 80, 200, 240],
        [0, 40, 40, 80],
        [100, 60, 140, 180, 220],
        [0, 40, 80, 0, 40, 80, 120],
        [0, 0, 0, 0],
    ],
)
def test_times_that_repeat_or_run_backwards_lose_no_frame(
    tmp_path: Path, stamps: list[int]
) -> None:
    path = tmp_path / "a.mkv"
    plain = make_video(
        tmp_path / "plain.mkv",
        [40 * n for n in range(len(stamps))],
        codec="mjpeg",
        pix_fmt="yuvj420p",
    )
    with av.open(str(plain)) as given_file, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(given_file.streams.video[0])
        packets = [one for one in given_file.demux(video=0) if one.size]
        for packet, stamp in zip(packets, stamps, strict=True):
            packet.stream = stream
            packet.pts = packet.dts = stamp
            try:
                output.mux(packet)
            except av.error.FFmpegError:
                pytest.skip("this writer refuses such times")
    with VideoFile(path) as video:
        assert numbers_and_seeks(video) == list(range(len(stamps)))


def test_a_cut_off_recording_says_so_once(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "a.mkv", EVEN_MS)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    said = []
    with VideoFile(cut) as video:
        while True:
            try:
                frame = video.read()
            except DamagedFrameError as error:
                said.append(error.message)
                continue
            if frame is None:
                break
    assert len(said) <= 2


def test_what_an_edit_list_hides_is_decoded_and_not_shown(tmp_path: Path) -> None:
    """As when the beginning of a recording is cut off without encoding it anew."""
    whole = make_video(tmp_path / "a.mp4", EVEN_MS, gop=20)
    path = tmp_path / "cut.mp4"
    with av.open(str(whole)) as given_file, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(given_file.streams.video[0])
        for packet in given_file.demux(video=0):
            if packet.dts is None:
                continue
            packet.stream = stream
            ticks = round(Fraction(7, 25) / packet.time_base)  # the first seven are hidden
            packet.pts, packet.dts = packet.pts - ticks, packet.dts - ticks
            output.mux(packet)
    with VideoFile(path) as video:
        shown = numbers_and_seeks(video)
        assert video.info.warnings == ()
    assert shown == list(range(COUNT - len(shown), COUNT))
    assert len(shown) in (COUNT, COUNT - 7)
