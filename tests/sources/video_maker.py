"""Videos whose frames carry their own number, as black and white blocks."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
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
