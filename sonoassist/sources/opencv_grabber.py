"""A capture device through OpenCV; used inside the capture process only."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.sources.grabber import DeviceMode

# Must be in the environment before OpenCV is imported: with hardware transforms the Windows
# backend takes up to 20 s to open a device.
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")

from sonoassist.core.opencv import cv2
from sonoassist.sources.discovery import backend_number

_SIZES_PX = ((1920, 1080), (1280, 720), (0, 0))
_USABLE_FPS = 24.0
_FAILURES = 20
_PAUSE_S = 0.05


def open_device(index: int, backend: str, path: str) -> OpenCVGrabber:
    """Open a device in its largest mode up to 1080p at a usable rate.

    Raises:
        OSError: It cannot be opened.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    capture = cv2.VideoCapture(index, backend_number(backend))
    if not capture.isOpened():
        raise OSError("it is in use by another program or gone")
    return OpenCVGrabber(capture, path)


class OpenCVGrabber:
    """A device opened by OpenCV.

    Args:
        capture: The open device.
        path: Its path in the system, by which an unplugged one is known; may be empty.

    Raises:
        OSError: It delivers no picture.
    """

    def __init__(self, capture: cv2.VideoCapture, path: str) -> None:
        self._capture = capture
        self._path = path if path.startswith("/") else ""
        self._pause = threading.Event()
        self._choose_mode()
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        first = self._picture()
        if first is None:
            capture.release()
            raise OSError("it delivers no picture")
        self._height, self._width = first.shape[:2]

    def _choose_mode(self) -> None:
        """Largest mode up to 1080p; compressed where uncompressed is too slow for it."""
        for width, height in _SIZES_PX:
            if width:
                self._set_size(width, height)
            if self._rate() < _USABLE_FPS:
                self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
                if width:
                    self._set_size(width, height)
            if self._rate() >= _USABLE_FPS:
                return

    def _set_size(self, width_px: int, height_px: int) -> None:
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width_px)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height_px)
        self._capture.set(cv2.CAP_PROP_FPS, 60)

    def _rate(self) -> float:
        """Stated frames a second; a device that does not say is taken as fast enough."""
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        return rate if rate > 0 else _USABLE_FPS

    def mode(self) -> DeviceMode:
        """How it was opened."""
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        code = int(self._capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
        text = code.to_bytes(4, "little").decode("ascii", "ignore").strip("\x00 ")
        return DeviceMode(self._width, self._height, rate if rate > 0 else None, text)

    def grab(self, into: NDArray[Any] | None = None) -> NDArray[Any] | None:
        """The next picture, put `into` an array of its size; None when the device is gone."""
        for _ in range(_FAILURES):
            picture = self._picture(into)
            if picture is not None:
                return picture
            if self._path and not os.path.exists(self._path):  # noqa: PTH110
                return None
            self._pause.wait(_PAUSE_S)
        return None

    def _picture(self, into: NDArray[Any] | None = None) -> NDArray[Any] | None:
        good, picture = self._capture.read()
        if not good or picture is None or picture.size == 0:
            return None
        if picture.ndim == 2:
            return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB, dst=into)
        if picture.dtype != np.uint8 or picture.shape[2] != 3:
            return None
        # OpenCV makes an array of its own where `into` has another size.
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB, dst=into)

    def close(self) -> None:
        """Let go of the device."""
        self._capture.release()
