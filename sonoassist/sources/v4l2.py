"""Asking a Linux capture device for its formats, without starting it."""

from __future__ import annotations

import os
import struct
import sys

_ENUM_FORMAT = 0xC0405602  # VIDIOC_ENUM_FMT, struct v4l2_fmtdesc, 64 bytes
_ENUM_SIZE = 0xC02C564A  # VIDIOC_ENUM_FRAMESIZES, struct v4l2_frmsizeenum, 44 bytes
_CAPTURE = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE
_DISCRETE = 1  # V4L2_FRMSIZE_TYPE_DISCRETE
_MAX_ENTRIES = 64


def formats(path: str) -> tuple[str, ...]:
    """What the device at `path` offers, e.g. "1920×1080 MJPG", largest first.

    Empty where the device is busy, gone or does not tell.
    """
    if sys.platform != "linux":
        return ()
    try:
        handle = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return ()
    try:
        found = {(size, code) for code in _codes(handle) for size in _sizes(handle, code)}
    finally:
        os.close(handle)
    ordered = sorted(found, key=lambda one: (-one[0][0] * one[0][1], one[1]))
    return tuple(f"{width}×{height} {_text(code)}" for (width, height), code in ordered)


def _ask(handle: int, request: int, data: bytes) -> bytes:
    """One query; empty at the end of a list or where the driver refuses."""
    import fcntl

    try:
        return fcntl.ioctl(handle, request, data)
    except OSError:
        return b""


def _codes(handle: int) -> list[int]:
    """Pixel formats of the device."""
    codes: list[int] = []
    for index in range(_MAX_ENTRIES):
        answer = _ask(handle, _ENUM_FORMAT, struct.pack("=II56x", index, _CAPTURE))
        if not answer:
            break
        codes.append(parse_format(answer))
    return codes


def _sizes(handle: int, code: int) -> list[tuple[int, int]]:
    """Sizes in px that the device delivers a pixel format in."""
    sizes: list[tuple[int, int]] = []
    for index in range(_MAX_ENTRIES):
        answer = _ask(handle, _ENUM_SIZE, struct.pack("=II36x", index, code))
        if not answer:
            break
        size, discrete = parse_size(answer)
        sizes.append(size)
        if not discrete:
            break
    return sizes


def parse_format(answer: bytes) -> int:
    """The pixel format code in a `v4l2_fmtdesc`."""
    return int(struct.unpack_from("=I", answer, 44)[0])


def parse_size(answer: bytes) -> tuple[tuple[int, int], bool]:
    """Size in px in a `v4l2_frmsizeenum`, and whether it is one of a list.

    Of a range, the largest size.
    """
    kind = int(struct.unpack_from("=I", answer, 8)[0])
    if kind == _DISCRETE:
        width, height = struct.unpack_from("=II", answer, 12)
        return (int(width), int(height)), True
    _, width, _, _, height, _ = struct.unpack_from("=6I", answer, 12)
    return (int(width), int(height)), False


def _text(code: int) -> str:
    """A pixel format code as its four letters."""
    return code.to_bytes(4, "little").decode("ascii", "replace").strip()
