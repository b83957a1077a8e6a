"""One exam with all that can be wrong with a recording, made up or as a real file."""

from __future__ import annotations

import errno
import functools
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typing_extensions import override

from datasets.dataset_files import dicom
from review.review_made import HEIGHT_PX, WIDTH_PX, picture
from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Frame, Pixels
from sonoassist.sources import Source, SourceInfo, dicom_frames, video_decoder
from sonoassist.sources.base import new_source_id
from sonoassist.sources.libav import av

COUNT = 96
"""Frames; as many as there are in one and a half of the stretches of a review."""
UNSURE = range(10, 13)
"""Two planes are as likely."""
FROZEN = range(16, 40)
"""One picture for nearly a second."""
DAMAGED = 40
SMALL = range(68, 76)
"""Pictures of another size."""
BROKEN = 92
"""From here on nothing can be read, where the end is bad."""
SMALL_PX = (160, 137)
CINE_COUNT = 20
CINE_BROKEN = 7
FPS = 25

Item = Pixels | Callable[[], Exception]


class Ending(Enum):
    """What becomes of the last frames."""

    WHOLE = "whole"
    CUT_OFF = "cut off"
    """The file itself is bad from there on: it will be so another time."""
    DISK = "disk"
    """The system cannot read on, and the source says so."""
    BARE_DISK = "bare disk"
    """The same, with the system's own error."""


class TroubledSource(Source):
    """Gives pictures, and raises in their place what stands there.

    Args:
        path: Of the file it stands for.
        items: Pictures, or what makes the error that is raised in place of one. Behind a damaged
            frame it goes on; any other error comes again each time.
    """

    def __init__(self, path: Path, items: Sequence[Item]) -> None:
        super().__init__()
        self._items = items
        self._next = 0
        self._info = SourceInfo(
            source_id=new_source_id(),
            spec=str(path),
            label=path.name,
            detail="made",
            kind="video",
            width_px=WIDTH_PX,
            height_px=HEIGHT_PX,
            fps=float(FPS),
            frame_count=len(items),
            duration_s=len(items) / FPS,
            warnings=("it is made up",),
        )

    @property
    @override
    def info(self) -> SourceInfo:
        return self._info

    @override
    def read(self) -> Frame | None:
        if self._next >= len(self._items):
            return None
        index, item = self._next, self._items[self._next]
        if isinstance(item, np.ndarray):
            self._next += 1
            return self.make_frame(item, index=index, time_s=index / FPS)
        error = item()
        self._next += isinstance(error, DamagedFrameError)
        raise error

    @override
    def seek(self, index: int) -> None:
        self._next = min(max(index, 0), len(self._items) - 1)

    @override
    def close(self) -> None:
        pass


@functools.cache
def pictures() -> tuple[Pixels, ...]:
    """The exam as it would be without any damage."""
    return tuple(_picture(index) for index in range(COUNT))


def _picture(index: int) -> Pixels:
    if index in UNSURE:
        return np.maximum(picture("femur", index), picture("lips", index))
    if index in FROZEN:
        return picture("lips", FROZEN[0])
    if index in SMALL:
        return np.asarray(cv2.resize(picture("4ch", index), SMALL_PX), np.uint8)
    return picture("femur" if index < FROZEN[0] or index >= SMALL[-1] else "background", index)


def items(ending: Ending, broken: int = BROKEN) -> tuple[Item, ...]:
    """What a source gives of the exam; from frame `broken` on its end begins."""
    found: list[Item] = list(pictures())
    found[DAMAGED] = lambda: DamagedFrameError(
        f"frame {DAMAGED} of it is damaged", "It is left out"
    )
    if ending is not Ending.WHOLE:
        found[broken:] = [_ERRORS[ending]] * (COUNT - broken)
    return tuple(found)


def _disk() -> Exception:
    error = SourceError("it could not be read to its end: Input/output error", "Check the disk")
    error.__cause__ = _bare_disk()
    return error


def _bare_disk() -> Exception:
    return OSError(errno.EIO, "Input/output error")


_ERRORS: dict[Ending, Callable[[], Exception]] = {
    Ending.CUT_OFF: lambda: SourceError("the rest of it cannot be read", "The file is damaged"),
    Ending.DISK: _disk,
    Ending.BARE_DISK: _bare_disk,
}


def write_film(path: Path) -> Path:
    """The exam as a file: its pictures are JPEGs, of which one is damaged."""
    path.write_bytes(_film())
    return path


@functools.cache
def _film() -> bytes:
    """Made once for all tests of this process."""
    parts = [_jpeg(one) for one in pictures()]
    bad = bytearray(parts[DAMAGED])
    bad[len(bad) // 2 :] = bytes(len(bad) - len(bad) // 2)
    parts[DAMAGED] = bytes(bad)
    written = io.BytesIO()
    with av.open(written, "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuvj420p"
        for number, data in enumerate(parts):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, FPS)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            container.mux(packet)
    return written.getvalue()


def _jpeg(pixels: Pixels) -> bytes:
    codec = av.CodecContext.create("mjpeg", "w")
    height, width = pixels.shape[:2]
    codec.width, codec.height, codec.pix_fmt = width, height, "yuvj420p"
    codec.time_base = Fraction(1, FPS)
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuvj420p")
    frame.pts, frame.time_base = 0, Fraction(1, FPS)
    return b"".join(bytes(packet) for packet in (*codec.encode(frame), *codec.encode()))


def cut(path: Path, share: float = 0.9) -> Path:
    """The file without its end."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def write_cine(path: Path) -> Path:
    """A DICOM file of `CINE_COUNT` frames."""
    return dicom(path, CINE_COUNT, WIDTH_PX, HEIGHT_PX)


@contextmanager
def disk_error_in_cine(index: int = CINE_BROKEN) -> Iterator[None]:
    """The system cannot read one frame of a DICOM file."""
    real = dicom_frames.StoredFrames.read

    def failing(self: Any, file: Any, number: int) -> bytes:
        if number == index:
            raise _bare_disk()
        return real(self, file, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dicom_frames.StoredFrames, "read", failing)
        yield


@contextmanager
def disk_error_in_film(after: int = BROKEN) -> Iterator[None]:
    """The system cannot read a video behind so many packets, though its table is known."""
    real = video_decoder.open_container

    def opened(path: Path) -> Any:
        return _Failing(real(path), after)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(video_decoder, "open_container", opened)
        yield


class _Failing:
    """A container of which the system cannot read the end."""

    def __init__(self, container: Any, after: int) -> None:
        self._container, self._after_s = container, Fraction(after, FPS)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def demux(self, stream: Any) -> Iterator[Any]:
        for packet in self._container.demux(stream):
            if packet.pts is not None and packet.pts * packet.time_base >= self._after_s:
                raise av.error.OSError(errno.EIO, "Input/output error")
            yield packet
