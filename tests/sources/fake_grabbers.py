"""Capture devices that do not exist; opened inside the capture process."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from sonoassist.sources.grabber import DeviceMode

_NEVER = threading.Event()
WIDTH_PX, HEIGHT_PX = 64, 48


class FakeGrabber:
    """Frame n is all of brightness n % 256, in its upper left pixel twice that."""

    def __init__(self, limit: int, after: str, period_s: float = 0.01) -> None:
        self._limit = limit
        self._after = after
        self._period_s = period_s
        self._count = 0

    def mode(self) -> DeviceMode:
        return DeviceMode(WIDTH_PX, HEIGHT_PX, 100.0, "FAKE")

    def grab(self, into: np.ndarray[Any, Any] | None = None) -> np.ndarray[Any, Any] | None:
        if self._count >= self._limit:
            return self._end()
        _NEVER.wait(self._period_s)
        # As a real one does: straight to where it is wanted.
        picture = np.empty((HEIGHT_PX, WIDTH_PX, 3), np.uint8) if into is None else into
        picture[...] = self._count % 256
        picture[..., 0] = 200
        self._count += 1
        return picture

    def _end(self) -> np.ndarray[Any, Any] | None:
        if self._after == "hang":
            _NEVER.wait()
        if self._after == "die":
            os._exit(3)
        if self._after == "resize":
            return np.zeros((HEIGHT_PX * 2, WIDTH_PX, 3), np.uint8)
        if self._after == "repeat":
            _NEVER.wait(self._period_s)
            return np.full((HEIGHT_PX, WIDTH_PX, 3), 7, np.uint8)
        return None

    def close(self) -> None:
        pass


def steady(index: int, backend: str, path: str) -> FakeGrabber:
    return FakeGrabber(1_000_000, "gone")


def as_fast_as_it_goes(index: int, backend: str, path: str) -> FakeGrabber:
    return FakeGrabber(1_000_000, "gone", 0.0)


def unplugged(index: int, backend: str, path: str) -> FakeGrabber:
    return FakeGrabber(5, "gone")


def hanging(index: int, backend: str, path: str) -> FakeGrabber:
    return FakeGrabber(5, "hang")


def dying(index: int, backend: str, path: str) -> FakeGrabber:
    return FakeGrabber(5, "die")


def resizing(index: int, backend: str, path: str) -> FakeGrabber:
    return FakeGrabber(5, "resize")


def frozen(index: int, backend: str, path: str) -> FakeGrabber:
    return FakeGrabber(5, "repeat")


def busy(index: int, backend: str, path: str) -> FakeGrabber:
    raise OSError("it is in use by another program or gone")


def never_opening(index: int, backend: str, path: str) -> FakeGrabber:
    _NEVER.wait()
    raise OSError


def dying_while_opening(index: int, backend: str, path: str) -> FakeGrabber:
    os._exit(4)
