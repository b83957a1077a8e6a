"""Recordings that go on in the middle of a group: half pictures are left out, whole ones never."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from video_maker import (
    bare_stream,
    cut_transport,
    encoded_video,
    number_in,
    packets_of,
    with_other_times,
    without_first,
)

from sonoassist.core.errors import DamagedFrameError
from sonoassist.sources.libav import Packet, VideoStream
from sonoassist.sources.older_reading import moved_since
from sonoassist.sources.video import VideoFile
from sonoassist.sources.video_decoder import Decoder
from sonoassist.sources.video_opening import build_index

FIRST, SECOND = 30, 50
"""Frames of the first recording, and of the second one before it is cut."""
OPEN = {"x264-params": "open-gop=1:bframes=3:b-pyramid=normal:scenecut=0"}
CODECS = ["libx264", "libx265", "mpeg2video", "mpeg4"]


def parts(folder: Path, codec: str, suffix: str, **more: object) -> tuple[Path, Path]:
    """Two recordings; the pictures of the second one are numbered from 100 on."""
    one, other = (
        encoded_video(folder / f"{name}.{suffix}", codec, numbers, **more)  # type: ignore[arg-type]
        for name, numbers in (("a", range(FIRST)), ("b", range(100, 100 + SECOND)))
    )
    return one, other


def joined(path: Path, *pieces: Path) -> Path:
    path.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
    return path


def numbers_of(path: Path) -> list[int]:
    with VideoFile(path) as video:
        return [number_in(frame.pixels) for frame in video]


def check(path: Path, expected: list[int], left_out: int, *, parts: int = 2) -> None:
    """All frames of `expected` in order and when sought, and the half pictures are counted."""
    with VideoFile(path) as video:
        frames = list(video)
        assert [number_in(frame.pixels) for frame in frames] == expected
        assert [frame.index for frame in frames] == list(range(len(expected)))
        assert video.info.frame_count == len(expected)
        assert video.index.torn == left_out
        assert video.index.parts == parts
        halves = "1 half picture is" if left_out == 1 else f"{left_out} half pictures are"
        said = f"a joined recording begins in the middle of a group, {halves} left out"
        assert video.info.warnings[-1] == said
        chance = random.Random(3)
        for index in chance.sample(range(len(frames)), 15):
            video.seek(index)
            frame = video.read()
            assert frame is not None
            assert (frame.index, frame.time_s) == (index, frames[index].time_s)
            assert np.array_equal(frame.pixels, frames[index].pixels)


@pytest.mark.parametrize("codec", CODECS)
def test_joined_transport_streams(tmp_path: Path, codec: str) -> None:
    first, second = parts(tmp_path, codec, "ts")
    cut = cut_transport(tmp_path / "cut.ts", second, 5)
    alone = numbers_of(cut)
    assert alone[0] > 105
    path = joined(tmp_path / "joined.ts", first, cut)
    expected = [*range(FIRST), *alone]
    check(path, expected, len(packets_of(path)) - len(expected))
    with VideoFile(path) as video:
        np.testing.assert_allclose(video.times_s, np.arange(len(expected)) / 25, atol=1e-4)


@pytest.mark.parametrize(
    ("codec", "options"), [("libx264", OPEN), ("libx265", {}), ("mpeg2video", {})]
)
@pytest.mark.parametrize("cut_at", [3, 7])
def test_pictures_that_refer_to_one_before_the_key_frame_are_half_too(
    tmp_path: Path, codec: str, options: dict[str, str], cut_at: int
) -> None:
    first, second = parts(tmp_path, codec, "ts", options=options)
    cut = cut_transport(tmp_path / "cut.ts", second, cut_at)
    path = joined(tmp_path / "joined.ts", first, cut, cut)
    alone = numbers_of(cut)
    with VideoFile(path) as video:
        assert [number_in(frame.pixels) for frame in video] == [*range(FIRST), *alone, *alone]
        assert len(video.index) + video.index.torn == len(packets_of(path))
        assert "2 joined recordings begin in the middle of a group" in video.info.warnings[-1]


def test_joined_program_streams(tmp_path: Path) -> None:
    first, second = parts(tmp_path, "mpeg2video", "mpg")
    cut = without_first(tmp_path / "cut.mpg", second, 5)
    path = joined(tmp_path / "joined.mpg", first, cut)
    expected = [*range(FIRST), *numbers_of(cut)]
    check(path, expected, len(packets_of(path)) - len(expected))


@pytest.mark.parametrize(
    ("codec", "suffix", "cut_at"),
    [("libx264", "h264", 7), ("libx265", "hevc", 7), ("mpeg2video", "m2v", 5)],
)
def test_joined_streams_without_a_container(
    tmp_path: Path, codec: str, suffix: str, cut_at: int
) -> None:
    """The numbers of the pictures tell, unless they fit by chance."""
    first, second = parts(tmp_path, codec, "ts")
    whole = bare_stream(tmp_path / f"a.{suffix}", first)
    cut = bare_stream(tmp_path / f"cut.{suffix}", second, cut_at)
    path = joined(tmp_path / f"joined.{suffix}", whole, cut)
    expected = [*range(FIRST), *numbers_of(cut)]
    check(path, expected, len(packets_of(path)) - len(expected))


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_a_piece_that_is_cut_out(tmp_path: Path, codec: str) -> None:
    whole = encoded_video(tmp_path / "a.ts", codec, range(90))
    before = cut_transport(tmp_path / "1.ts", whole, 0, 30)
    after = cut_transport(tmp_path / "2.ts", whole, 50)
    path = joined(tmp_path / "joined.ts", before, after)
    alone = numbers_of(after)
    with VideoFile(path) as video:
        frames = list(video)
        assert [number_in(frame.pixels) for frame in frames][-len(alone) :] == alone
        # The clock of the recording goes on, and so do its times.
        assert frames[-1].time_s == pytest.approx(89 / 25)
        assert video.index.parts == 1
        assert video.index.torn > 3


def test_a_part_without_a_key_frame_is_left_out(tmp_path: Path) -> None:
    first, second = parts(tmp_path, "libx264", "ts", gop=12)
    rest = cut_transport(tmp_path / "rest.ts", second, 3, 11)
    path = joined(tmp_path / "joined.ts", first, rest)
    check(path, list(range(FIRST)), 8, parts=1)


@pytest.mark.parametrize("whole", [True, False])
def test_a_clock_that_was_days_ahead(tmp_path: Path, whole: bool) -> None:
    """FFmpeg takes what begins much earlier for something behind a wrap-around of the clock."""
    first = encoded_video(tmp_path / "a.ts", "libx264", range(FIRST), begin_ms=9_000_000)
    second = encoded_video(tmp_path / "b.ts", "libx264", range(100, 150))
    cut = second if whole else cut_transport(tmp_path / "cut.ts", second, 5)
    path = joined(tmp_path / "joined.ts", first, cut)
    expected = [*range(FIRST), *numbers_of(cut)]
    with VideoFile(path) as video:
        assert [number_in(frame.pixels) for frame in video] == expected
        assert video.index.parts == 2
        assert video.info.duration_s == pytest.approx(len(expected) / 25)
        assert bool(video.index.torn) is not whole


CLOCKS: dict[str, Callable[[int, int], int | None]] = {
    "set back in the middle of a group": lambda number, at: at + (900_000 if number < 30 else 0),
    "set back at a key frame": lambda number, at: at + (900_000 if number < 24 else 0),
    "set back by hours": lambda number, at: at + (900_000_000 if number < 30 else 0),
    "paused": lambda number, at: at + (0 if number < 30 else 900_000),
    "wraps around": lambda number, at: (at - 126_000 - 30 * 3600) % (1 << 33),
    "wraps around later": lambda number, at: ((at - 126_000) * 100 - 14_000_000) % (1 << 33),
    "some are missing": lambda number, at: None if number in (7, 8, 20, 31, 32, 33) else at,
    "some are wild": lambda number, at: 5_000_000 if number in (9, 25, 40) else at,
    "some in a row are late": lambda number, at: at + (90_000 if number in (29, 30, 31) else 0),
    "some in a row are early": lambda number, at: at - (90_000 if number in (29, 30, 31) else 0),
}


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("codec", CODECS)
def test_whole_pictures_stay_whatever_the_clock(tmp_path: Path, codec: str, clock: str) -> None:
    options = OPEN if codec == "libx264" else {}
    whole = encoded_video(tmp_path / "a.ts", codec, range(60), options=options)
    path = with_other_times(tmp_path / "b.ts", whole, CLOCKS[clock])
    with VideoFile(path) as video:
        assert video.index.joins == ()
        assert len(video.index) == 60
        assert sorted(number_in(frame.pixels) for frame in video) == list(range(60))


@pytest.mark.parametrize("codec", CODECS)
def test_frames_of_the_second_reader_are_known_by_their_packets(tmp_path: Path, codec: str) -> None:
    first, second = parts(tmp_path, codec, "ts")
    cut = cut_transport(tmp_path / "cut.ts", second, 5)
    path = joined(tmp_path / "joined.ts", first, cut)
    with VideoFile(path) as video:
        index = video.index
    moved = moved_since(path, index, 2)
    assert moved is not None
    assert len(moved) <= len(build_index(path, 2))
    kept = [place for place in moved if place >= 0]
    assert len(set(kept)) == len(kept)
    # Around the join the second reader knew less, and some of that in another order.
    assert kept[:25] == list(range(25))
    assert kept[-20:] == list(range(len(index) - 20, len(index)))
    assert moved_since(first, build_index(first), 2) is None


@pytest.mark.parametrize("strict", [True, False])
def test_leaving_a_damaged_stream_never_waits(tmp_path: Path, strict: bool) -> None:
    """The threads of a decoder must not need what the one that ends them holds."""
    whole = encoded_video(tmp_path / "a.ts", "libx265", range(60))
    for first in range(1, 11):
        cut = cut_transport(tmp_path / "cut.ts", whole, first)
        decoder = Decoder(cut, strict=strict)
        decoder.next()
        decoder.close()
        del decoder


def test_a_stream_that_turns_up_late_is_the_end(tmp_path: Path) -> None:
    """PyAV knows the streams there were at the beginning."""

    def packets() -> Iterator[Packet[VideoStream]]:
        raise IndexError("list index out of range")
        yield

    decoder = Decoder(encoded_video(tmp_path / "a.ts", "libx264", range(20)))
    try:
        decoder._packets = packets()
        assert decoder.next() is None
        assert decoder.errors == 1
    finally:
        decoder.close()


def test_reading_past_a_join_that_is_damaged_goes_on(tmp_path: Path) -> None:
    first, second = parts(tmp_path, "libx264", "ts")
    cut = cut_transport(tmp_path / "cut.ts", second, 5)
    path = joined(tmp_path / "joined.ts", first, cut)
    data = bytearray(path.read_bytes())
    _, _, place = packets_of(path)[24]  # a key frame of the first recording
    assert place is not None
    data[place + 150 : place + 188] = bytes(38)
    path.write_bytes(data)
    numbers, damaged = [], 0
    with VideoFile(path) as video:
        while True:
            try:
                frame = video.read()
            except DamagedFrameError:
                damaged += 1
                continue
            if frame is None:
                break
            numbers.append(number_in(frame.pixels))
    assert damaged
    assert numbers[-38:] == list(range(112, 150))
