"""The one place that imports PyAV, with the noise of FFmpeg on the terminal turned off."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import av.logging
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from sonoassist.core.packets import Pixels

__all__ = [
    "DEMUX_ERRORS",
    "INTRA",
    "InputContainer",
    "Packet",
    "PixelReader",
    "VideoFrame",
    "VideoStream",
    "av",
    "codec_name",
    "frame_count",
    "is_cover",
    "open_container",
    "square_width",
    "video_stream",
]

av.logging.set_level(None)
av.logging.set_libav_level(av.logging.PANIC)

INTRA = (PictureType.I, PictureType.SI)
"""Kinds of pictures that need no other one."""
_CODECS = {
    "h264": "H.264",
    "hevc": "H.265",
    "mpeg4": "MPEG-4",
    "mpeg2video": "MPEG-2",
    "mpeg1video": "MPEG-1",
    "mjpeg": "Motion JPEG",
    "vp8": "VP8",
    "libvpx": "VP8",
    "vp9": "VP9",
    "libvpx-vp9": "VP9",
    "av1": "AV1",
    "libdav1d": "AV1",
    "ffv1": "FFV1",
    "rawvideo": "uncompressed",
    "wmv3": "WMV",
    "vc1": "VC-1",
    "gif": "GIF",
}


def codec_name(name: str) -> str:
    """Name of a codec as people write it."""
    return _CODECS.get(name, name.upper())


DEMUX_ERRORS = (av.error.FFmpegError, IndexError)
"""What taking a file apart may raise: PyAV does not know streams that turn up later on."""
_FORMATS = (
    "mov",
    "matroska",
    "avi",
    "mpegts",
    "mpeg",
    "mpegvideo",
    "asf",
    "asf_o",
    "flv",
    "live_flv",
    "ogg",
    "gif",
    "dv",
    "mxf",
    "gxf",
    "nut",
    "ivf",
    "obu",
    "av1",
    "h264",
    "hevc",
    "vvc",
    "evc",
    "m4v",
    "h263",
    "h261",
    "mjpeg",
    "jpeg_pipe",
    "mjpeg_2000",
    "mpjpeg",
    "smjpeg",
    "vc1",
    "vc1test",
    "dirac",
    "dnxhd",
    "cavsvideo",
    "avs2",
    "avs3",
    "rm",
    "wtv",
    "nsv",
    "nuv",
    "pva",
    "pmp",
    "yuv4mpegpipe",
    "flic",
    "swf",
    "ea",
    "bink",
    "smk",
    "roq",
    "mtv",
    "mv",
    "lxf",
    "apng",
    "amv",
    "dhav",
    "film_cpk",
    "ser",
)
"""Containers of video that are known by what is in them. FFmpeg knows others by the name of the
file only, and makes pictures of any text; and lists of other files, which are no recordings."""
_SQUARE_WITHIN = (Fraction(1, 4), Fraction(4))
"""Shapes of pixels that can be meant; others are mistakes of a writer."""


def open_container(path: Path) -> InputContainer:
    """Open a video file.

    Raises:
        av.error.FFmpegError: It holds no video that is known by its content.
    """
    options = {"format_whitelist": ",".join(_FORMATS)}
    return av.open(str(path), metadata_errors="replace", container_options=options)


def frame_count(path: Path, usual: int = 100) -> int:
    """Frames of a video as its container says, for an estimate; `usual` where it says nothing."""
    try:
        with open_container(path) as container:
            return int(container.streams.video[0].frames) or usual
    except (av.error.FFmpegError, OSError, IndexError, ValueError):
        return usual


def video_stream(container: InputContainer) -> VideoStream | None:
    """The main stream of pictures: the largest that is no cover and no preview; None without."""
    streams = [
        # An unknown codec has no context.
        one
        for one in container.streams.video
        if one.codec_context is not None and not is_cover(one)
    ]
    # The first of the largest, but rather the one that is marked to be shown.
    return max(streams, key=lambda one: (_area(one), _is_default(one)), default=None)


def is_cover(stream: VideoStream) -> bool:
    """Whether a stream is a picture that goes with something, not a recording."""
    marks = str(getattr(stream, "disposition", ""))
    return any(mark in marks for mark in ("attached_pic", "still_image", "timed_thumbnails"))


def _is_default(stream: VideoStream) -> bool:
    return "default" in str(getattr(stream, "disposition", ""))


def _area(stream: VideoStream) -> int:
    return int(stream.width or 0) * int(stream.height or 0)


def square_width(width_px: int, aspect: Fraction | None) -> int:
    """Width at which a picture of pixels that are not square is shown, its height being kept.

    Args:
        width_px: As it is stored.
        aspect: Width of a pixel in its heights; None where the file does not say.
    """
    low, high = _SQUARE_WITHIN
    if not aspect or not low <= aspect <= high:
        return width_px
    return max(round(width_px * aspect), 1)


class PixelReader:
    """Turns decoded pictures into arrays as they are meant to be shown.

    It keeps its scaler from one picture to the next.

    Args:
        aspect: Width of a pixel in its heights; None where the file does not say.
    """

    def __init__(self, aspect: Fraction | None = None) -> None:
        self._reformatter = VideoReformatter()
        self._aspect = aspect
        self._rotation: int | None = None
        self._matrix: bytes | None = None

    def pixels(self, frame: VideoFrame) -> Pixels:
        """The picture as uint8, (H, W, 3) RGB, or (H, W) where the stream is grey.

        Its pixels are square, and it is turned and mirrored as its display matrix says.
        """
        target = "gray" if frame.format.name.startswith("gray") else "rgb24"
        width = square_width(frame.width, self._aspect)
        shaped = self._reformatter.reformat(
            frame, width=width, height=frame.height, format=target, dst_color_range="JPEG"
        )
        pixels: Pixels = shaped.to_ndarray()  # type: ignore[assignment]
        matrix = self._matrix_of(frame)
        return pixels if matrix is None else turned(pixels, matrix)

    def _matrix_of(self, frame: VideoFrame) -> bytes | None:
        """The display matrix: that of the first frame, as long as the rotation stays the same.

        Asking a frame for it makes PyAV keep the frame until the garbage is collected.
        """
        if frame.rotation != self._rotation:
            self._rotation = frame.rotation
            found: Any = frame.side_data.get("DISPLAYMATRIX")
            self._matrix = None if found is None else bytes(found)
        return self._matrix


def turned(pixels: Pixels, matrix: bytes) -> Pixels:
    """Turn and mirror a picture as a display matrix says; the nearest of the eight ways.

    Args:
        pixels: (H, W) or (H, W, 3).
        matrix: Nine int32: a point (x, y) of the picture is shown at (a x + c y, b x + d y), with
            the rows a, b, u / c, d, v (FFmpeg, libavutil/display.h).
    """
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].tolist()
    if max(abs(b), abs(c)) > max(abs(a), abs(d)):  # what was across is now down
        pixels = np.swapaxes(pixels, 0, 1)
        right, down = c, b
    else:
        right, down = a, d
    if right < 0:
        pixels = pixels[:, ::-1]
    if down < 0:
        pixels = pixels[::-1]
    return pixels
