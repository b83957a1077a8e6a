"""Writing an H.264 video with exact timestamps."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.error import FFmpegError
from typing_extensions import Self

from sonoassist.errors import OutputError
from sonoassist.opencv import cv2
from sonoassist.packets import Pixels

TIME_BASE = Fraction(1, 90_000)
"""The usual clock of video files: fine enough for any frame rate."""
QUALITY = 20
"""x264's constant rate factor; 18 to 23 looks like the original."""


def _reason(error: FFmpegError | OSError) -> str:
    """What is wrong, without error numbers and names of temporary files."""
    return error.strerror or str(error)


class VideoEncoder:
    """Encodes RGB pictures of one size; others are fitted into it.

    Args:
        path: Of the file, with the suffix .mp4.
        width_px: Of the pictures.
        height_px: Of the pictures.
        fps: Nominal rate; each picture has its own time all the same.
        quality: x264's constant rate factor; smaller is better and larger on disk.
        comment: What the file says of itself.

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
    ) -> None:
        # H.264 with 4:2:0 colour wants even sizes.
        self._width, self._height = width_px + width_px % 2, height_px + height_px % 2
        self._path = path
        self._last_pts = -1
        try:
            self._container = av.open(str(path), "w", options={"movflags": "+faststart"})
            rate = Fraction(fps).limit_denominator(1001)
            if comment:
                self._container.metadata["comment"] = comment
            stream = self._container.add_stream("libx264", rate=rate)
        except (FFmpegError, OSError) as error:
            raise OutputError(f"cannot write {path.name}: {_reason(error)}") from error
        stream.width, stream.height = self._width, self._height
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(quality), "preset": "veryfast"}
        stream.codec_context.time_base = TIME_BASE
        self._stream = stream

    def add(self, picture: Pixels, time_s: float) -> None:
        """Add a picture, uint8 (H, W, 3) RGB, shown from `time_s` on.

        Raises:
            OutputError: It cannot be written.
        """
        frame = av.VideoFrame.from_ndarray(self._fit(picture), format="rgb24")
        # Times must rise strictly; equal ones are moved on by one tick.
        self._last_pts = max(round(time_s / TIME_BASE), self._last_pts + 1)
        frame.pts, frame.time_base = self._last_pts, TIME_BASE
        self._write(frame)

    def _write(self, frame: av.VideoFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (FFmpegError, OSError) as error:
            raise OutputError(
                f"the video cannot be written: {_reason(error)}",
                "Free some space or choose another folder",
            ) from error

    def _fit(self, picture: Pixels) -> Pixels:
        height, width = picture.shape[:2]
        if (width, height) == (self._width, self._height):
            return picture
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
            try:
                self._container.close()
            except (FFmpegError, OSError) as error:
                raise OutputError(f"the video cannot be finished: {_reason(error)}") from error

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
            return
        try:  # the first error is the one to tell of
            self._container.close()
        except (FFmpegError, OSError):
            return
