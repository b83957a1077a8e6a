"""Writing an H.264 video with exact timestamps."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from typing_extensions import Self

from sonoassist.core.errors import OutputError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Pixels
from sonoassist.core.processors import plan_threads
from sonoassist.render.pieces import PieceFile

TIME_BASE = Fraction(1, 90_000)
"""The usual clock of video files: fine enough for any frame rate."""
QUALITY = 20
"""x264's constant rate factor; 18 to 23 looks like the original."""
CHEAP_QUANTISER = 19
"""x264's constant quantiser where the processor has other things to do: looks like a rate factor
of 18 and saves its search for the rate."""
KEYFRAME_S = 1.0
"""Between two pictures at which decoding can begin, where the file is to survive a crash."""
PIECE_S = 0.5
"""Length of the pieces in which such a file grows: a crash loses at most so much."""
_CRASH_SAFE = "hybrid_fragmented+empty_moov+default_base_moof"
"""Pieces that stand for themselves; when it is finished, a usual MP4 file with one index."""


def _reason(error: FFmpegError | OSError) -> str:
    """What is wrong, without error numbers and names of temporary files."""
    return error.strerror or str(error)


def _x264(quality: int, *, cheap: bool) -> dict[str, str]:
    """Options of the encoder."""
    if not cheap:
        return {"crf": str(quality), "preset": "veryfast"}
    return {
        "qp": str(CHEAP_QUANTISER),
        "preset": "ultrafast",
        "tune": "zerolatency",
        "forced-idr": "1",
        "x264-params": "8x8dct=1",
    }


class VideoEncoder:
    """Encodes RGB or grey pictures of one size; others are fitted into it.

    A picture with an odd side gets its last row or column twice: H.264 wants even sides.

    Args:
        path: Of the file, with the suffix .mp4.
        width_px: Of the pictures.
        height_px: Of the pictures.
        fps: Nominal rate; each picture has its own time all the same.
        quality: x264's constant rate factor; smaller is better and larger on disk.
        comment: What the file says of itself.
        cheap: One thread and as little work as possible, for a larger file; `quality` does not
            count.
        crash_safe: The file plays up to the last `PIECE_S` seconds whenever the program is
            killed or the disk is full. It is then its owner's only.

    Attributes:
        safe: Number of pictures that are in the file, whatever happens now; counted only where
            the file is crash-safe.

    Raises:
        OutputError: The file cannot be made.
    """

    def __init__(
        self,
        path: Path,
        width_px: int,
        height_px: int,
        fps: float,
        quality: int = QUALITY,
        *,
        comment: str = "",
        cheap: bool = False,
        crash_safe: bool = False,
    ) -> None:
        self._width, self._height = width_px + width_px % 2, height_px + height_px % 2
        self._path = path
        self._cheap = cheap
        self._closed = False
        self._last_pts = -1
        self._key_pts: int | None = None
        self._muxed = self.safe = 0
        self._pieces = self._grow() if crash_safe else None
        try:
            self._container = self._open_container()
            if comment:
                self._container.metadata["comment"] = comment
            rate = Fraction(fps).limit_denominator(1001)
            stream = self._container.add_stream("libx264", rate=rate)
        except (FFmpegError, OSError) as error:
            if self._pieces is not None:
                self._pieces.close()
            raise OutputError(f"cannot write {path.name}: {_reason(error)}") from error
        stream.width, stream.height = self._width, self._height
        stream.pix_fmt = "yuv420p"
        stream.options = {**_x264(quality, cheap=cheap)}
        context = stream.codec_context
        context.time_base = TIME_BASE
        context.thread_count = 1 if cheap else plan_threads().media
        if cheap:
            context.colorspace, context.color_range = Colorspace.ITU601, ColorRange.MPEG
        self._stream = stream

    def _grow(self) -> PieceFile:
        try:
            return PieceFile(self._path)
        except OSError as error:
            raise OutputError(f"cannot write {self._path.name}: {_reason(error)}") from error

    def _open_container(self) -> OutputContainer:
        options: dict[str, Any] = {"movflags": "+faststart"}
        if self._pieces is None:
            return av.open(str(self._path), "w", options=options)
        options = {"movflags": _CRASH_SAFE, "frag_duration": str(int(PIECE_S * 1e6))}
        return av.open(self._pieces, "w", format="mp4", options=options)

    def add(self, picture: Pixels, time_s: float) -> None:
        """Add a picture, uint8, (H, W, 3) RGB or (H, W) grey, shown from `time_s` on.

        Raises:
            OutputError: It cannot be written.
        """
        frame = self._frame(self._fit(picture))
        # Times must rise strictly; equal ones are moved on by one tick.
        self._last_pts = max(round(time_s / TIME_BASE), self._last_pts + 1)
        frame.pts, frame.time_base = self._last_pts, TIME_BASE
        if self._pieces is not None and self._key_is_due():
            frame.pict_type = PictureType.I
            self._key_pts = self._last_pts
        self._write(frame)

    def _key_is_due(self) -> bool:
        if self._key_pts is None:
            return True
        return (self._last_pts - self._key_pts) * TIME_BASE >= KEYFRAME_S

    def _frame(self, picture: Pixels) -> av.VideoFrame:
        if not self._cheap:
            return av.VideoFrame.from_ndarray(picture, format="rgb24")
        # Four times quicker than FFmpeg's way, which is as much as half of the encoding.
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), np.uint8)
        return av.VideoFrame.from_ndarray(planes, format="yuv420p")

    def _write(self, frame: av.VideoFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._mux(packet)
        except (FFmpegError, OSError) as error:
            raise OutputError(
                f"the video cannot be written: {_reason(error)}",
                "Free some space or choose another folder",
            ) from error

    def _mux(self, packet: Packet[VideoStream]) -> None:
        self._container.mux(packet)
        if self._pieces is not None and self._pieces.commit():
            # A piece is finished by the packet behind it.
            self.safe = self._muxed
        self._muxed += 1

    def _fit(self, picture: Pixels) -> Pixels:
        if picture.ndim == 2:
            picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), np.uint8)
        height, width = picture.shape[:2]
        right, below = self._width - width, self._height - height
        if right == below == 0:
            return picture
        if right in (0, 1) and below in (0, 1):
            edged = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REPLICATE)
            return np.asarray(edged, np.uint8)
        scale = min(self._width / width, self._height / height, 1.0)
        small = picture
        if scale < 1.0:
            size = (max(int(width * scale), 1), max(int(height * scale), 1))
            small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        canvas = np.zeros((self._height, self._width, 3), np.uint8)
        canvas[: small.shape[0], : small.shape[1]] = small
        return canvas

    def close(self) -> None:
        """Write what is left and finish the file.

        Raises:
            OutputError: It cannot be written.
        """
        try:
            self._write(None)
        finally:
            self._close_container()

    def _close_container(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            self._container.close()
            if self._pieces is not None:
                if self._pieces.commit():
                    self.safe = self._muxed
                self._pieces.sync()
        except (FFmpegError, OSError) as error:
            raise OutputError(f"the video cannot be finished: {_reason(error)}") from error
        finally:
            if self._pieces is not None:
                self._pieces.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def abandon(self) -> None:
        """Let go of the file after an error, which is the one to tell of."""
        with suppress(OutputError):
            self._close_container()
