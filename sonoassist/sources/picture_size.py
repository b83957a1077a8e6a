"""How large a picture is by its head, before memory is taken for it.

What is compressed well may be a thousand times larger than its file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sonoassist.core.errors import SourceError
from sonoassist.sources.pixels import check_not_huge
from sonoassist.sources.tiff_pages import is_tiff, size_of_page

MAX_ANIMATION_BYTES = 1 << 30
"""All pictures of an animation are kept in memory: so much at most."""

_PNG = b"\x89PNG\r\n\x1a\n"
_J2K_SIZE = b"\xff\x4f\xff\x51"
_BYTES_PER_PIXEL = 4

Size = tuple[int, int]
"""Width and height."""


@dataclass(frozen=True, slots=True)
class AnimationSize:
    """What an animation unpacks to.

    Attributes:
        width_px: Of all of it.
        height_px: Of all of it.
        count: Number of pictures.
    """

    width_px: int
    height_px: int
    count: int

    @property
    def size_bytes(self) -> int:
        """Of all pictures, with transparency."""
        return self.width_px * self.height_px * self.count * _BYTES_PER_PIXEL


def check_picture(name: str, data: bytes, page: int = 0) -> None:
    """Refuse a picture that is too large by its head.

    Args:
        name: Of the file, for messages.
        data: The file.
        page: Of a TIFF file.

    Raises:
        SourceError: It is.
    """
    size = size_of_page(data, page) if is_tiff(data) else picture_size(data)
    if size is not None:
        check_not_huge(name, *size)


def check_animation(name: str, data: bytes) -> None:
    """Refuse an animation that does not fit into `MAX_ANIMATION_BYTES`.

    Raises:
        SourceError: It does not.
    """
    found = animation_size(data)
    if found is None:
        return
    check_not_huge(name, found.width_px, found.height_px)
    if found.size_bytes > MAX_ANIMATION_BYTES:
        raise SourceError(
            f"{name} would unpack to {found.size_bytes / 1024**3:.1f} GiB",
            "Save it as a video file",
        )


def picture_size(data: bytes) -> Size | None:
    """Width and height of a PNG, JPEG, JPEG-LS, JPEG 2000, WebP or BMP; None for others."""
    if data.startswith(_PNG):
        return _number(data, 16, 4), _number(data, 20, 4)
    if data.startswith(b"\xff\xd8"):
        return _jpeg_size(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_size(data)
    if data.startswith(b"BM"):
        return _little(data, 18, 4), abs(int.from_bytes(data[22:26], "little", signed=True))
    if data.startswith((_J2K_SIZE, b"\x00\x00\x00\x0cjP  ")):
        return _j2k_size(data)
    return None


def animation_size(data: bytes) -> AnimationSize | None:
    """What a PNG or WebP animation unpacks to; None where it is none."""
    if data.startswith(_PNG):
        count = sum(kind == b"fcTL" for kind in _png_chunks(data))
        return AnimationSize(_number(data, 16, 4), _number(data, 20, 4), count)
    if data[:4] == b"RIFF" and data[12:16] == b"VP8X":
        count = sum(kind == b"ANMF" for kind in _riff_chunks(data))
        return AnimationSize(_little(data, 24, 3) + 1, _little(data, 27, 3) + 1, count)
    return None


def _number(data: bytes, place: int, count: int) -> int:
    return int.from_bytes(data[place : place + count], "big")


def _little(data: bytes, place: int, count: int) -> int:
    return int.from_bytes(data[place : place + count], "little")


def _png_chunks(data: bytes) -> Iterator[bytes]:
    place = len(_PNG)
    while place + 8 <= len(data):
        yield data[place + 4 : place + 8]
        place += 12 + _number(data, place, 4)


def _riff_chunks(data: bytes) -> Iterator[bytes]:
    place = 12
    while place + 8 <= len(data):
        yield data[place : place + 4]
        length = _little(data, place + 4, 4)
        place += 8 + length + length % 2


def _jpeg_size(data: bytes) -> Size | None:
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            return _number(data, place + 7, 2), _number(data, place + 5, 2)
        else:
            place += 2 + max(_number(data, place + 2, 2), 2)
    return None


def _webp_size(data: bytes) -> Size | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return _little(data, 24, 3) + 1, _little(data, 27, 3) + 1
    if kind == b"VP8L":
        bits = _little(data, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF
    return None


def _j2k_size(data: bytes) -> Size | None:
    place = data.find(_J2K_SIZE)
    if place < 0:
        return None
    right, bottom, left, top = (_number(data, place + 8 + 4 * one, 4) for one in range(4))
    return right - left, bottom - top
