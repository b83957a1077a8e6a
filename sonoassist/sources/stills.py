"""Decoding still pictures (PNG, JPEG, TIFF, BMP, WebP, JPEG 2000, PNM) from bytes."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.errors import DamagedFrameError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Pixels
from sonoassist.sources.jpeg_stream import jpeg_ends
from sonoassist.sources.picture_size import check_animation, check_picture
from sonoassist.sources.pixels import check_size, full_scale, over_black, to_uint8

# What is wrong with a picture is said in our own words.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

_AS_STORED = cv2.IMREAD_UNCHANGED
_UPRIGHT = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"

Turn = Callable[[NDArray[Any]], NDArray[Any]]
_TURNS: tuple[Turn, ...] = (
    lambda a: a,
    lambda a: np.rot90(a, 2),
    lambda a: np.rot90(a, -1),
    lambda a: np.rot90(a, 1),
    lambda a: a[:, ::-1],
    lambda a: a[::-1],
    lambda a: a.swapaxes(0, 1),
    lambda a: np.rot90(a, 2).swapaxes(0, 1),
)
"""The eight ways a picture can be turned or mirrored."""


def decode_still(name: str, data: bytes, page: int = 0) -> Pixels:
    """Decode a picture, or one page of it.

    Args:
        name: File name, for messages.
        data: The file.
        page: Of a TIFF file with several; 0 is the first.

    Returns:
        uint8, (H, W, 3) RGB or (H, W) grey, turned upright, alpha composited over black, deeper
        pictures scaled to 8 bit.

    Raises:
        DamagedFrameError: It cannot be decoded.
        SourceError: It is too small or too large.
    """
    problem = _flaw(data)
    if problem:
        raise DamagedFrameError(f"{name} is damaged: {problem}", "It is left out")
    check_picture(name, data, page)
    try:
        stored = _decode(data) if page == 0 else _page(data, page)
    except cv2.error:
        stored = None
    if stored is None:
        raise DamagedFrameError(f"{name} is not a picture that can be read", "It is left out")
    check_size(name, stored.shape[1], stored.shape[0])
    return _as_rgb(stored)


def _page(data: bytes, page: int) -> NDArray[Any] | None:
    buffer = np.frombuffer(data, np.uint8)
    _, pages = cv2.imdecodemulti(buffer, _UPRIGHT, range=(page, page + 1))
    return pages[0] if pages else None


def _decode(data: bytes) -> NDArray[Any] | None:
    """The picture in OpenCV's channel order, upright, as deep as stored."""
    buffer = np.frombuffer(data, np.uint8)
    upright: NDArray[Any] | None = cv2.imdecode(buffer, _UPRIGHT)
    if upright is None or not _may_have_alpha(data):
        return upright
    stored: NDArray[Any] | None = cv2.imdecode(buffer, _AS_STORED)
    if stored is None or stored.ndim < 3 or stored.shape[2] != 4:
        return upright
    # Only the decoding without alpha is turned upright: find out how, and turn the alpha too.
    for turn in _TURNS:
        turned = turn(stored)
        if turned.shape[:2] == upright.shape[:2] and np.array_equal(turned[..., :3], upright):
            return turned
    return upright


def _may_have_alpha(data: bytes) -> bool:
    """Whether the header allows for transparency (OpenCV composites that of TIFF by itself)."""
    if data.startswith(_PNG):
        return data[25] in (4, 6) or b"tRNS" in data[: max(data.find(b"IDAT"), 0)]
    return data[:4] == b"RIFF" and data[12:16] in (b"VP8X", b"VP8L")


def is_animation(data: bytes) -> bool:
    """Whether a PNG or WebP file holds a sequence of pictures; its first bytes mostly tell."""
    if data.startswith(_PNG):
        pixels = data.find(b"IDAT")
        return b"acTL" in (data if pixels < 0 else data[:pixels])
    return data[:4] == b"RIFF" and data[12:16] == b"VP8X" and bool(data[20:21] and data[20] & 2)


def decode_animation(name: str, data: bytes) -> tuple[list[Pixels], list[float]]:
    """Decode all pictures of an animation.

    Returns:
        The pictures as by `decode_still`, and for how many seconds each is shown.

    Raises:
        DamagedFrameError: It cannot be decoded.
        SourceError: It is too small, or too large for memory.
    """
    problem = _flaw(data)
    if problem:
        raise DamagedFrameError(f"{name} is damaged: {problem}", "It is left out")
    check_animation(name, data)
    try:
        read, found = cv2.imdecodeanimation(np.frombuffer(data, np.uint8))
    except (cv2.error, MemoryError):
        read, found = False, None
    if not read or found is None or not found.frames:
        raise DamagedFrameError(f"{name} is not a picture that can be read", "It is left out")
    check_size(name, found.frames[0].shape[1], found.frames[0].shape[0])
    shown_s = [float(ms) / 1000.0 for ms in found.durations]
    frames = list(found.frames)
    del found
    frames.reverse()
    pictures = []
    while frames:  # let go of each as soon as it is converted
        pictures.append(_as_rgb(frames.pop()))
    return pictures, shown_s


def _as_rgb(stored: NDArray[Any]) -> Pixels:
    if stored.ndim == 3 and stored.shape[2] == 1:
        stored = stored[..., 0]
    if stored.ndim == 3 and stored.shape[2] == 2:
        stored = stored[..., 0]
    # Alpha does not count towards the depth of the colours.
    deep = stored.ndim == 3 and stored.shape[2] == 4 and stored.dtype != np.uint8
    if deep:
        alpha = to_uint8(stored[..., 3], white=float(np.iinfo(stored.dtype).max))
        colours = to_uint8(stored[..., :3], white=full_scale(stored[..., :3]))
        pixels = np.dstack([colours, alpha])
    else:
        pixels = to_uint8(stored)
    if pixels.ndim == 2:
        return np.ascontiguousarray(pixels)
    if pixels.shape[2] == 4:
        rgba = np.ascontiguousarray(pixels[..., [2, 1, 0, 3]])
        return over_black(rgba)
    return cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_BGR2RGB).astype(
        np.uint8, copy=False
    )


def _flaw(data: bytes) -> str:
    """What is visibly wrong with a PNG or JPEG; decoders patch such pictures up silently."""
    if not data:
        return "it is empty"
    if data.startswith(_PNG):
        return _png_flaw(data)
    if data.startswith(_JPEG) and not jpeg_ends(data):
        return "it is cut off"
    return ""


def _png_flaw(data: bytes) -> str:
    place = len(_PNG)
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        end = place + 12 + length
        if end > len(data):
            return "it is cut off"
        check = int.from_bytes(data[end - 4 : end], "big")
        if zlib.crc32(memoryview(data)[place + 4 : end - 4]) != check:
            return "its checksum is wrong"
        if data[place + 4 : place + 8] == b"IEND":
            return ""
        place = end
    return "it is cut off"
