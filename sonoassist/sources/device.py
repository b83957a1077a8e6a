"""A capture device, read in a process of its own."""

from __future__ import annotations

import multiprocessing
import threading
import time
from multiprocessing.shared_memory import SharedMemory

from typing_extensions import override

from sonoassist.core.errors import SourceError, SourceLostError, StalledError
from sonoassist.core.packets import Frame
from sonoassist.sources.base import Source, SourceInfo, new_source_id
from sonoassist.sources.discovery import DeviceInfo
from sonoassist.sources.grabber import NEWEST, WAITING, DeviceMode, GrabberFactory, Ring, serve
from sonoassist.sources.pixels import check_size

OPEN_LIMIT_S = 25.0
"""Some drivers take 20 s to open."""
STALL_S = 1.0
LOST_S = 5.0
_POLL_S = 0.05
_LEAVE_S = 0.15


class CaptureDevice(Source):
    """A capture device.

    `read` waits for a picture newer than the last one; older ones are dropped. After `STALL_S`
    without one it raises `StalledError`, after `LOST_S` it gives the device up. A device that
    repeats a picture is not given up: a frozen scanner does the same.

    `close` may be called from another thread; a `read` that waits then returns None.

    Args:
        device: Which one.
        factory: Opens it inside the process; by default through OpenCV.
        stop: When set, opening is given up.

    Raises:
        SourceError: It cannot be opened.
    """

    def __init__(
        self,
        device: DeviceInfo,
        factory: GrabberFactory | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        super().__init__()
        self._device = device
        self._closing = stop or threading.Event()
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._pipe_lock = threading.RLock()
        self._ring: Ring | None = None
        self._memory: SharedMemory | None = None
        self._taken = 0
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(
            target=serve,
            args=(other, factory or _opencv_factory(), device.index, device.backend, device.path),
            name="sonoassist-capture",
            daemon=True,
        )
        self._process.start()
        other.close()
        try:
            mode = self._wait_until_open()
            check_size(device.name, mode.width_px, mode.height_px)
            self._share(mode)
        except SourceError:
            self.close()
            raise
        self._info = self._describe(mode)
        self._opened_at_s = self._last_at_s = time.monotonic()

    def _wait_until_open(self) -> DeviceMode:
        message = self._message(OPEN_LIMIT_S)
        if message is None:
            raise SourceError(
                f"{self._device.name} did not answer within {OPEN_LIMIT_S:.0f} s",
                "Unplug it, plug it in again and retry",
            )
        if message[0] != "opened" or not isinstance(message[1], DeviceMode):
            raise SourceError(
                f"{self._device.name} cannot be opened: {message[1]}",
                "Close other programs that use it",
            )
        return message[1]

    def _message(self, limit_s: float) -> tuple[str, object] | None:
        """The next message of the process while opening; None when there is none in time."""
        end_s = time.monotonic() + limit_s
        try:
            while not self._pipe.poll(_POLL_S):
                if self._closing.is_set():
                    raise SourceError(f"opening {self._device.name} was stopped")
                if time.monotonic() > end_s:
                    return None
            kind, *rest = self._pipe.recv()
        except (EOFError, OSError):
            return "failed", "its driver crashed"
        return str(kind), rest[0]

    def _share(self, mode: DeviceMode) -> None:
        size = Ring.size_bytes(mode.height_px, mode.width_px)
        try:
            self._memory = SharedMemory(create=True, size=size)
            self._ring = Ring(self._memory, mode.height_px, mode.width_px)
            self._pipe.send(("ring", self._memory.name))
        except OSError as error:
            raise SourceError(f"{self._device.name} cannot be opened: {error}") from error

    def _describe(self, mode: DeviceMode) -> SourceInfo:
        rate = "" if mode.fps is None else f" @ {mode.fps:.4g}"
        return SourceInfo(
            source_id=new_source_id(),
            spec=f"device:{self._device.name}",
            label=self._device.name,
            detail=f"{mode.text} · {mode.width_px}×{mode.height_px}{rate}".removeprefix(" · "),
            kind="device",
            width_px=mode.width_px,
            height_px=mode.height_px,
            fps=mode.fps,
            frame_count=None,
            duration_s=None,
            also=(f"device:{self._device.index}",),
        )

    @property
    @override
    def info(self) -> SourceInfo:
        return self._info

    @override
    def read(self) -> Frame | None:
        end_s = time.monotonic() + STALL_S
        while not self._closed.is_set():
            frame = self._take()
            if frame is not None:
                return frame
            now_s = time.monotonic()
            silent_s = now_s - self._last_at_s
            if silent_s >= LOST_S:
                self._give_up("nothing came from it")
            if now_s >= end_s:
                raise StalledError(f"no picture from {self._device.name} since {silent_s:.0f} s")
            self._wait()
        return None

    def _take(self) -> Frame | None:
        """The newest picture, if it is newer than the last one."""
        with self._lock:
            ring = self._ring
            if ring is None or int(ring.header[NEWEST]) <= self._taken:
                return None
            self._taken, time_ns, pixels = ring.take()
        self._last_at_s = time.monotonic()
        captured_at_s = time_ns / 1e9
        return self.make_frame(
            pixels,
            index=self._taken - 1,
            time_s=max(captured_at_s - self._opened_at_s, 0.0),
            captured_at_s=captured_at_s,
        )

    def _wait(self) -> None:
        """Wait a little for the process to speak up."""
        with self._lock:
            ring = self._ring
            if ring is None:
                return
            ring.header[WAITING] = 1
            if int(ring.header[NEWEST]) > self._taken:
                return
        message = self._heard()
        if message is not None and message[0] == "lost" and not self._closed.is_set():
            self._give_up(str(message[1]))

    def _heard(self) -> tuple[str, ...] | None:
        """A message of the process, waiting a little for one."""
        with self._pipe_lock:
            try:
                return self._pipe.recv() if self._pipe.poll(_POLL_S) else None
            except (EOFError, OSError):
                return "lost", "its driver crashed"

    def _give_up(self, why: str) -> None:
        self.close()
        raise SourceLostError(
            f"{self._device.name} is gone: {why}", "It is opened again when it is back"
        )

    @override
    def close(self) -> None:
        self._closed.set()
        # The pipe is not closed under a `read` in another thread, which lets go of it soon.
        with self._pipe_lock:
            self._pipe.close()
        _end(self._process)
        with self._lock:
            ring, self._ring = self._ring, None
            memory, self._memory = self._memory, None
            if ring is not None:
                ring.close()
            if memory is not None:
                memory.close()
                memory.unlink()


def _end(process: multiprocessing.context.SpawnProcess) -> None:
    """Let the process end by itself, as its pipe is closed; kill it when its driver hangs."""
    process.join(_LEAVE_S)
    if process.is_alive():
        process.kill()
        process.join(_LEAVE_S)


def _opencv_factory() -> GrabberFactory:
    from sonoassist.sources.opencv_grabber import open_device

    return open_device
