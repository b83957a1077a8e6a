"""Videos whose frames carry their own number, as black and white blocks."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from sonoassist.sources import video_packets

BITS = 12
BLOCK_PX = 16
WIDTH_PX, HEIGHT_PX = BITS // 2 * BLOCK_PX, 4 * BLOCK_PX
MILLISECOND = Fraction(1, 1000)


def numbered(number: int) -> np.ndarray:
    """A (64, 96, 3) picture: upper half bits of `number`, lower half the same inverted."""
    bits = [(number >> bit) & 1 for bit in range(BITS)]
    cells = np.array(bits, np.uint8).reshape(2, BITS // 2) * 200 + 20
    both = np.vstack([cells, 240 - cells])
    grey = np.kron(both, np.ones((BLOCK_PX, BLOCK_PX), np.uint8))
    return np.dstack([grey, grey, grey])


def number_in(pixels: np.ndarray) -> int:
    """The number in a picture; -1 where the two halves do not agree."""
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    cells = grey.reshape(4, BLOCK_PX, BITS // 2, BLOCK_PX).mean(axis=(1, 3)) > 120
    bits, inverted = cells[:2].reshape(-1), cells[2:].reshape(-1)
    if not np.array_equal(bits, ~inverted):
        return -1
    return int(sum(1 << bit for bit, on in enumerate(bits) if on))


def make_video(
    path: Path,
    stamps_ms: Sequence[int],
    *,
    codec: str = "libx264",
    gop: int = 12,
    b_frames: int = 2,
    pix_fmt: str = "yuv420p",
    container: dict[str, str] | None = None,
    time_base: Fraction = MILLISECOND,
    pictures: Sequence[np.ndarray] | None = None,
) -> Path:
    """Write one frame for each timestamp in `stamps_ms`."""
    with av.open(str(path), "w", options=container or {}) as output:
        stream = output.add_stream(codec, rate=25)
        first = numbered(0) if pictures is None else pictures[0]
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = pix_fmt
        stream.time_base = time_base
        stream.codec_context.time_base = time_base
        stream.codec_context.gop_size = gop
        if codec == "libx264":
            stream.codec_context.options = {"preset": "ultrafast", "bf": str(b_frames), "crf": "18"}
        for number, stamp in enumerate(stamps_ms):
            picture = numbered(number) if pictures is None else pictures[number]
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(format=pix_fmt)
            frame.pts, frame.time_base = round(stamp * MILLISECOND / time_base), time_base
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


@contextmanager
def disk_error_while_indexing(path: Path, after: int) -> Iterator[None]:
    """The system cannot read `path` behind so many packets, as when a network disk is gone."""

    def opened(name: Path) -> Any:
        container = av.open(str(name))
        return _Failing(container, after) if name == path else container

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(video_packets, "open_container", opened)
        yield


class _Failing:
    """A container whose file cannot be read to its end."""

    def __init__(self, container: Any, after: int) -> None:
        self._container, self._after = container, after

    def __enter__(self) -> _Failing:
        return self

    def __exit__(self, *error: object) -> None:
        self._container.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def demux(self, stream: Any) -> Iterator[Any]:
        for number, packet in enumerate(self._container.demux(stream)):
            if number == self._after:
                raise av.error.OSError(errno.EIO, "Input/output error")
            yield packet


def encoded_video(
    path: Path,
    codec: str,
    numbers: Sequence[int],
    *,
    gop: int = 12,
    b_frames: int = 2,
    options: dict[str, str] | None = None,
    begin_ms: int = 0,
) -> Path:
    """Write numbered pictures at 25 frames a second, coded in another order than shown."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        context = stream.codec_context
        context.gop_size, context.max_b_frames = gop, b_frames
        context.bit_rate = 2_000_000
        context.options = {**QUIET.get(codec, {}), **(options or {})}
        for at, number in enumerate(numbers):
            frame = av.VideoFrame.from_ndarray(numbered(number), "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = begin_ms // 40 + at, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


QUIET = {"libx265": {"x265-params": "log-level=none"}}


def packets_of(path: Path) -> list[tuple[bytes, bool, int | None]]:
    """Of each packet its bytes, whether it is a key frame, and where it begins."""
    with av.open(str(path)) as container:
        return [
            (bytes(one), one.is_keyframe, one.pos) for one in container.demux(video=0) if one.size
        ]


def bare_stream(path: Path, whole: Path, first: int = 0) -> Path:
    """The pictures of a file without its container, from a packet on."""
    path.write_bytes(b"".join(data for data, _, _ in packets_of(whole)[first:]))
    return path


def without_first(path: Path, whole: Path, first: int) -> Path:
    """The pictures of a file from a packet on, with their times."""
    with av.open(str(whole)) as given, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        for packet in [one for one in given.demux(video=0) if one.size][first:]:
            packet.stream = stream
            output.mux(packet)
    return path


TS_BYTES = 188
_VIDEO_PID = 256


def cut_transport(path: Path, whole: Path, first: int, last: int | None = None) -> Path:
    """A transport stream without the packets of its first pictures, and from `last` on."""
    places = [pos for _, _, pos in packets_of(whole)]
    begin, end = places[first], None if last is None else places[last]
    assert begin is not None
    end = None if end is None else end // TS_BYTES * TS_BYTES
    path.write_bytes(whole.read_bytes()[begin // TS_BYTES * TS_BYTES : end])
    return path


def with_other_times(path: Path, whole: Path, other: Callable[[int, int], int | None]) -> Path:
    """A transport stream with other times.

    Args:
        path: To be written.
        whole: The transport stream.
        other: Given the number of a picture and one of its times in ticks of 90 kHz, what to write;
            None to leave it out.
    """
    data = bytearray(whole.read_bytes())
    number = 0
    for begin in range(0, len(data), TS_BYTES):
        if not data[begin + 1] & 0x40 or _pid(data, begin) != _VIDEO_PID:
            continue
        head = begin + 4 + (1 + data[begin + 4] if data[begin + 3] & 0x20 else 0)
        both = data[head + 7] >> 6 == 3
        for at in (head + 9, head + 14)[: 1 + both]:
            time = other(number, _ticks(data[at : at + 5]))
            if time is None:
                data[head + 7] &= 0x3F
                data[at : at + 5] = b"\xff" * 5
            else:
                data[at : at + 5] = _written(time, data[at] >> 4)
        number += 1
    path.write_bytes(data)
    return path


def _pid(data: bytearray, begin: int) -> int:
    return (data[begin + 1] & 31) << 8 | data[begin + 2]


def _ticks(field: bytes) -> int:
    high = (field[0] >> 1 & 7) << 30
    return high | field[1] << 22 | field[2] >> 1 << 15 | field[3] << 7 | field[4] >> 1


def _written(time: int, mark: int) -> bytes:
    middle, low = time >> 15 & 0x7FFF, time & 0x7FFF
    head = mark << 4 | (time >> 30 & 7) << 1 | 1
    return bytes([head, middle >> 7, (middle & 127) << 1 | 1, low >> 7, (low & 127) << 1 | 1])
