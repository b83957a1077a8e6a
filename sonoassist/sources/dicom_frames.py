"""Where the frames of a DICOM file lie in it, so that they can be read one by one."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

from pydicom.dataset import Dataset
from pydicom.uid import UID, RLELossless

from sonoassist.sources.dicom_dataset import (
    element,
    is_little_endian,
    syntax_of,
    whole_number,
)
from sonoassist.sources.dicom_times import stated_frames

Span = tuple[int, int]
"""Where bytes begin in the file, and how many they are."""

_KEYWORDS = {0x0008: "FloatPixelData", 0x0009: "DoubleFloatPixelData", 0x0010: "PixelData"}
_LONG_FORMS = (b"OB", b"OW", b"OF", b"OD", b"OV", b"UN")
_ITEM, _END = 0xFFFEE000, 0xFFFEE0DD
_STARTS = (
    b"\xff\xd8",
    b"\xff\x4f\xff\x51",
    b"\x00\x00\x00\x0cjP",
    b"\xff\x0a",
    b"\x00\x00\x00\x0cJXL",
)
"""How a picture begins: JPEG and JPEG-LS, JPEG 2000 bare and in its file form, JPEG XL."""


@dataclass(frozen=True, slots=True)
class StoredFrames:
    """The bytes of each frame.

    Attributes:
        spans: Of each frame, its pieces in order.
        keyword: Of the element they are in.
        compressed: They are code streams, not samples.
        stated: Number of frames that the header states.
    """

    spans: tuple[tuple[Span, ...], ...]
    keyword: str
    compressed: bool
    stated: int

    def __len__(self) -> int:
        return len(self.spans)

    @property
    def missing(self) -> int:
        """Frames that the header states and that are not there."""
        return max(self.stated - len(self.spans), 0)

    def read(self, file: BinaryIO, index: int) -> bytes:
        """The bytes of a frame.

        Raises:
            EOFError: The file ends before.
        """
        pieces = []
        for begin, length in self.spans[index]:
            file.seek(begin)
            pieces.append(file.read(length))
            if len(pieces[-1]) < length:
                raise EOFError("the file ends in this frame")
        return b"".join(pieces)


def find_frames(dataset: Dataset, file: BinaryIO) -> StoredFrames:
    """Find the frames behind the header.

    Args:
        dataset: The header.
        file: At the element with the pixels.

    Raises:
        ValueError: The element is not as it should be.
    """
    keyword, begin, length, size = _pixel_element(dataset, file)
    stated = stated_frames(dataset)
    if UID(syntax_of(dataset)).is_encapsulated:
        fragments, offsets = _fragments(file, begin, size)
        spans = _grouped(dataset, file, fragments, offsets, stated)
        return StoredFrames(spans, keyword, True, stated)
    each = frame_bytes(dataset)
    whole = min(length, size - begin) // each
    if not whole:
        raise ValueError("not one whole frame is there")
    spans = tuple(((begin + place * each, each),) for place in range(whole))
    return StoredFrames(spans, keyword, False, stated)


def video_spans(dataset: Dataset, file: BinaryIO) -> list[Span]:
    """The pieces of a video stream that is stored in place of frames, in order.

    Raises:
        ValueError: The element is not as it should be.
    """
    _, begin, _, size = _pixel_element(dataset, file)
    fragments, _ = _fragments(file, begin, size)
    if not fragments:
        raise ValueError("there is no stream")
    return fragments


def _pixel_element(dataset: Dataset, file: BinaryIO) -> tuple[str, int, int, int]:
    """Keyword of the pixel element, where its value begins, its length, and the file's size."""
    here = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(here)
    order = "<" if is_little_endian(dataset) else ">"
    head = file.read(12)
    if len(head) < 8:
        raise ValueError("there are no pixels")
    _, element = struct.unpack(order + "HH", head[:4])
    keyword = _KEYWORDS[element]
    if dataset.original_encoding[0] or head[4:6] not in _LONG_FORMS:
        (length,) = struct.unpack(order + "L", head[4:8])
        return keyword, here + 8, length, size
    (length,) = struct.unpack(order + "L", head[8:12])
    return keyword, here + 12, length, size


def frame_bytes(dataset: Dataset) -> int:
    """Bytes of one frame without compression.

    Raises:
        ValueError: The header does not state them.
    """
    rows, columns = whole_number(dataset, "Rows", 0), whole_number(dataset, "Columns", 0)
    samples = whole_number(dataset, "SamplesPerPixel", 1)
    bits = rows * columns * samples * whole_number(dataset, "BitsAllocated", 8)
    if str(element(dataset, "PhotometricInterpretation")) == "YBR_FULL_422":
        bits = bits * 2 // 3  # two pixels share their colours
    if bits <= 0 or bits % 8:
        raise ValueError("the size of a frame is not stated")
    return bits // 8


def _fragments(file: BinaryIO, begin: int, size: int) -> tuple[list[Span], list[int]]:
    """The pieces of the code streams, and the table of offsets before them."""
    fragments: list[Span] = []
    offsets: list[int] = []
    place, first = begin, True
    while place + 8 <= size:
        file.seek(place)
        group, element, length = struct.unpack("<HHL", file.read(8))
        if (group << 16 | element) != _ITEM:
            break  # the end mark, or damage: what was found so far is there
        if first:
            table = file.read(min(length, size - place - 8))
            offsets = [one for (one,) in struct.iter_unpack("<L", table[: len(table) // 4 * 4])]
            first = False
        else:
            fragments.append((place + 8, min(length, size - place - 8)))
        place += 8 + length
    return fragments, offsets


def _grouped(
    dataset: Dataset, file: BinaryIO, fragments: list[Span], offsets: list[int], stated: int
) -> tuple[tuple[Span, ...], ...]:
    """Which pieces make a frame: by how pictures begin, then by the tables of offsets."""
    if not fragments:
        raise ValueError("there is no code stream")
    begins = [_begins(file, one) for one in fragments]
    if syntax_of(dataset) == RLELossless or all(begins) or len(fragments) == stated:
        return tuple((one,) for one in fragments)
    long_table = element(dataset, "ExtendedOffsetTable")
    if isinstance(long_table, bytes) and long_table:
        offsets = [
            one for (one,) in struct.iter_unpack("<Q", long_table[: len(long_table) // 8 * 8])
        ]
    base = fragments[0][0] - 8
    starts = {base + one for one in offsets}
    if len(offsets) > 1 and starts <= {begin - 8 for begin, _ in fragments}:
        begins = [begin - 8 in starts for begin, _ in fragments]
    elif not any(begins):
        begins = [stated > 1] * len(fragments)
    begins[0] = True
    frames: list[list[Span]] = []
    for one, is_first in zip(fragments, begins, strict=True):
        if is_first:
            frames.append([])
        frames[-1].append(one)
    return tuple(tuple(frame) for frame in frames)


def _begins(file: BinaryIO, fragment: Span) -> bool:
    file.seek(fragment[0])
    return file.read(8).startswith(_STARTS)
