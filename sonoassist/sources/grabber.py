"""The process that a capture device lives in.

A driver may hang for ever inside a call; then only ending the process helps. So the device is
opened and read here, and the frames go to the program through shared memory: a header and
`SLOTS` pictures used in turn. This module imports little, as the process has to start fast.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

SLOTS = 4
HEADER_BYTES = 128
NEWEST, WAITING, TIMES = 0, 1, 2
"""Places in the header, in 8 byte words: number of the newest frame, whether the reader waits
to be woken, and the capture time of each slot in nanoseconds."""


@dataclass(frozen=True, slots=True)
class DeviceMode:
    """How a device was opened.

    Attributes:
        width_px: Width of its pictures.
        height_px: Height of its pictures.
        fps: Frames a second that it promises; None when it does not say.
        text: Pixel format, e.g. "MJPG".
    """

    width_px: int
    height_px: int
    fps: float | None
    text: str


class Grabber(Protocol):
    """A device that is open."""

    def mode(self) -> DeviceMode:
        """How it was opened."""

    def grab(self, into: NDArray[Any] | None = None) -> NDArray[Any] | None:
        """The next picture, uint8 (H, W, 3) RGB; None when the device is gone.

        Args:
            into: Where the picture is wanted; it may be there then, and is returned as this very
                array. Another array is returned where that does not fit or does not pay.
        """

    def close(self) -> None:
        """Let go of the device."""


GrabberFactory = Callable[[int, str, str], Grabber]
"""Opens a device by index, backend name and path; raises OSError when it cannot."""


class Ring:
    """Newest-only pictures in shared memory: one writer, one reader, no lock.

    No lock, because a process that is killed while it holds one would never give it back.
    """

    def __init__(self, memory: SharedMemory, height_px: int, width_px: int) -> None:
        self._memory = memory
        self.header: NDArray[np.int64] = np.ndarray(
            (HEADER_BYTES // 8,), dtype=np.int64, buffer=memory.buf
        )
        self.slots: NDArray[np.uint8] = np.ndarray(
            (SLOTS, height_px, width_px, 3), dtype=np.uint8, buffer=memory.buf, offset=HEADER_BYTES
        )

    @staticmethod
    def size_bytes(height_px: int, width_px: int) -> int:
        """Bytes of shared memory needed."""
        return HEADER_BYTES + SLOTS * height_px * width_px * 3

    def free(self) -> NDArray[np.uint8]:
        """Where the next picture belongs; nobody reads it before it was handed to `write`."""
        slot: NDArray[np.uint8] = self.slots[(int(self.header[NEWEST]) + 1) % SLOTS]
        return slot

    def write(self, picture: NDArray[Any], time_ns: int) -> None:
        """Put the next picture into the ring; one that is in its place already is not copied."""
        number = int(self.header[NEWEST]) + 1
        slot = number % SLOTS
        if not np.may_share_memory(picture, self.slots[slot]):
            self.slots[slot] = picture
        self.header[TIMES + slot] = time_ns
        self.header[NEWEST] = number

    def take(self) -> tuple[int, int, NDArray[np.uint8]]:
        """Number, capture time in nanoseconds and a copy of the newest picture."""
        while True:
            number = int(self.header[NEWEST])
            slot = number % SLOTS
            picture = self.slots[slot].copy()
            time_ns = int(self.header[TIMES + slot])
            # The writer comes back to this slot while it makes picture `number + SLOTS`.
            if int(self.header[NEWEST]) < number + SLOTS - 1:
                return number, time_ns, picture

    def close(self) -> None:
        """Let go of the shared memory."""
        del self.header
        del self.slots
        self._memory.close()


def serve(pipe: Connection, factory: GrabberFactory, index: int, backend: str, path: str) -> None:
    """Body of the process: open the device, announce it, and fill the ring until told to stop.

    Messages to the program are tuples: ("opened", mode), ("lost", sentence), or ("frame",) when
    the program waits for one. Messages from it: ("ring", name) with the shared memory.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        grabber = factory(index, backend, path)
    except OSError as error:
        _tell(pipe, ("failed", str(error)))
        return
    mode = grabber.mode()
    _tell(pipe, ("opened", mode))
    try:
        message = pipe.recv()
    except (EOFError, OSError):
        grabber.close()
        return
    threading.Thread(target=_leave_with, args=(pipe,), name="leave", daemon=True).start()
    memory = SharedMemory(name=message[1])
    ring = Ring(memory, mode.height_px, mode.width_px)
    _tell(pipe, ("lost", _fill(pipe, grabber, ring, mode)))
    grabber.close()
    ring.close()


def _leave_with(pipe: Connection) -> None:
    """End the process when the program closes the pipe or is gone, even if the driver hangs."""
    with suppress(EOFError, OSError):
        pipe.recv()
    os._exit(0)


def _fill(pipe: Connection, grabber: Grabber, ring: Ring, mode: DeviceMode) -> str:
    """Grab until the device is gone; tell why."""
    shape = (mode.height_px, mode.width_px, 3)
    while True:
        picture = grabber.grab(ring.free())
        if picture is None:
            return "it was unplugged or stopped delivering"
        if picture.shape != shape:
            return f"its picture size changed to {picture.shape[1]}×{picture.shape[0]}"
        ring.write(picture, time.monotonic_ns())
        if ring.header[WAITING]:
            ring.header[WAITING] = 0
            _tell(pipe, ("frame",))


def _tell(pipe: Connection, message: tuple[Any, ...]) -> None:
    try:
        pipe.send(message)
    except (BrokenPipeError, OSError):
        os._exit(0)
