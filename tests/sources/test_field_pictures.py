"""Pictures that MPEG-2 codes as two fields, in a packet each or in one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from video_maker import HEIGHT_PX, WIDTH_PX, number_in, numbered

from sonoassist.sources.older_reading import moved_since
from sonoassist.sources.video import VideoFile

COUNT = 20


def with_bits(data: bytes, place: int, count: int, value: int) -> bytes:
    """`data` with `count` bits from bit `place` on replaced."""
    low = 8 * len(data) - place - count
    mask = (1 << count) - 1 << low
    whole = int.from_bytes(data, "big") & ~mask | value << low
    return whole.to_bytes(len(data), "big")


def units_of(data: bytes) -> Iterator[bytes]:
    """The parts of a packet that begin with a start code, without it."""
    return iter(data.split(b"\x00\x00\x01")[1:])


def as_field(data: bytes, parity: int) -> bytes:
    """A picture of half the height that is whole by itself, as a field of one of the full height.

    No encoder at hand writes fields. Those of such pictures differ in their heads only (H.262,
    6.2.2 and 6.2.3).
    """
    made = []
    for unit in units_of(data):
        kind, rest = unit[0], unit[1:]
        if parity and (kind in (0xB3, 0xB8) or (kind == 0xB5 and rest[0] >> 4 == 1)):
            continue  # the second field follows the first one
        if kind == 0xB3:
            rest = with_bits(rest, 12, 12, HEIGHT_PX)
        elif kind == 0xB5 and rest[0] >> 4 == 1:
            rest = with_bits(rest, 12, 1, 0)  # not a progressive sequence
        elif kind == 0:
            rest = with_bits(rest, 0, 10, 0)
        elif kind == 0xB5 and rest[0] >> 4 == 8:
            rest = with_bits(rest, 22, 4, (1 + parity) << 2)  # which field; its blocks are fields
            rest = with_bits(rest, 31, 2, 0)  # not a progressive picture
        made.append(bytes([kind]) + rest)
    return b"".join(b"\x00\x00\x01" + unit for unit in made)


def fields() -> list[bytes]:
    """Two packets for each numbered picture."""
    context = av.VideoCodecContext.create("mpeg2video", "w")
    context.width, context.height, context.pix_fmt = WIDTH_PX, HEIGHT_PX // 2, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
    context.gop_size, context.bit_rate = 0, 4_000_000
    packets = []
    for number in range(2 * COUNT):
        lines = np.ascontiguousarray(numbered(number // 2)[number % 2 :: 2])
        frame = av.VideoFrame.from_ndarray(lines, "rgb24").reformat(format="yuv420p")
        frame.pts = number
        packets += context.encode(frame)
    packets += context.encode(None)
    return [as_field(bytes(packet), number % 2) for number, packet in enumerate(packets)]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fields") / "fields.m2v"
    path.write_bytes(b"".join(fields()))
    return path


def check(path: Path, off_s: float = 1e-4) -> None:
    with VideoFile(path) as video:
        frames = list(video)
        assert [number_in(frame.pixels) for frame in frames] == list(range(COUNT))
        assert video.info.fps == pytest.approx(25)
        assert video.info.warnings == ()
        np.testing.assert_allclose(video.times_s, 0.04 * np.arange(COUNT), atol=off_s)
        chance = random.Random(1)
        for index in chance.sample(range(COUNT), 12):
            video.seek(index)
            frame = video.read()
            assert frame is not None
            assert frame.index == index
            assert np.array_equal(frame.pixels, frames[index].pixels)


def test_both_fields_in_one_packet(bare: Path) -> None:
    check(bare)


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts", "mpg"])
def test_fields_that_have_a_time_each(bare: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"fields.{suffix}"
    with av.open(str(bare)) as given, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        for number, data in enumerate(fields()):
            packet = av.Packet(data)
            packet.pts = packet.dts = 90_000 + 1800 * number
            packet.duration, packet.time_base = 1800, Fraction(1, 90_000)
            packet.is_keyframe, packet.stream = True, stream
            output.mux(packet)
    # This writer gives a pack the time of whichever field begins in it.
    check(path, off_s=0.021 if suffix == "mpg" else 1e-4)
    if suffix in ("mkv", "mp4"):  # the others are taken apart into whole pictures
        with VideoFile(path) as video:
            moved = moved_since(path, video.index, 2)
        assert moved == [number // 2 if number % 2 == 0 else -1 for number in range(2 * COUNT)]
