from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.shared_memory import SharedMemory

import fake_grabbers
import numpy as np
import pytest
from wishes import AskedTwice

from sonoassist.core.errors import SourceError, SourceLostError, StalledError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Frame
from sonoassist.sources import device as device_module
from sonoassist.sources.device import CaptureDevice
from sonoassist.sources.discovery import DeviceInfo
from sonoassist.sources.grabber import NEWEST, Ring
from sonoassist.sources.opencv_grabber import OpenCVGrabber
from waiting import LIMIT_S, NEVER_S, wait_until

INFO = DeviceInfo(3, "Fake Capture HDMI", "V4L2", "")
LAST = 4
"""Number of the last frame of the devices that then do something else."""


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake devices deliver when this computer comes to it."""
    for name in ("OPEN_LIMIT_S", "STALL_S", "LOST_S"):
        monkeypatch.setattr(device_module, name, NEVER_S)


@contextmanager
def opened(factory: object) -> Iterator[CaptureDevice]:
    source = CaptureDevice(INFO, factory)  # type: ignore[arg-type]
    try:
        yield source
    finally:
        source.close()
        source._process.join(LIMIT_S)  # it may be killed and still on its way out
        assert not source._process.is_alive()


class Clock:
    """Stands for the clock of the device: goes on by `step_s` whenever somebody looks at it."""

    def __init__(self, now_s: float, step_s: float = 0.0) -> None:
        self.now_s, self._step_s = now_s, step_s

    def monotonic(self) -> float:
        self.now_s += self._step_s
        return self.now_s


def newest(source: CaptureDevice) -> int:
    """How many frames the device has delivered."""
    assert source._ring is not None
    return int(source._ring.header[NEWEST])


def read_to(source: CaptureDevice, index: int) -> None:
    while (frame := source.read()) is not None:
        if frame.index >= index:
            return
    raise AssertionError("it was closed")


def some(source: CaptureDevice, count: int) -> list[Frame]:
    frames = [source.read() for _ in range(count)]
    return [frame for frame in frames if frame is not None]


def test_frames_arrive_newest_only() -> None:
    with opened(fake_grabbers.steady) as source:
        info = source.info
        assert (info.kind, info.live, info.label) == ("device", True, "Fake Capture HDMI")
        assert (info.spec, info.detail) == ("device:Fake Capture HDMI", "FAKE · 64×48 @ 100")
        assert (info.frame_count, info.duration_s, info.fps) == (None, None, 100.0)
        frames = some(source, 10)
        now_s, count = time.monotonic(), newest(source)
        wait_until(lambda: newest(source) > count + 6, "more frames than are read")
        there = newest(source)
        frames += some(source, 1)
        assert frames[-1].index + 1 >= there  # none of those that came meanwhile
        assert now_s < frames[-1].captured_at_s <= time.monotonic()
        frames += some(source, 1)
        with pytest.raises(SourceError, match="cannot go to frame"):
            source.seek(0)
    assert len(frames) == 12
    for frame in frames:
        # Brightness tells the number of the frame, so nothing is torn, old or mixed up.
        assert frame.pixels.shape == (48, 64, 3)
        assert np.unique(frame.pixels[..., 1]).tolist() == [frame.index % 256]
        assert np.unique(frame.pixels[..., 0]).tolist() == [200]
        assert not frame.pixels.flags.writeable
    indices = [frame.index for frame in frames]
    assert indices == sorted(set(indices))
    assert indices[10] - indices[9] > 5
    times = [frame.time_s for frame in frames]
    assert times == sorted(times)


def test_fast_device_is_never_torn() -> None:
    with opened(fake_grabbers.as_fast_as_it_goes) as source:
        for frame in some(source, 400):
            assert np.unique(frame.pixels[..., 1]).tolist() == [frame.index % 256]


def test_it_is_known_by_its_name_and_its_number() -> None:
    with opened(fake_grabbers.steady) as source:
        info = source.info
    for spec in ("device:Fake Capture HDMI", " Device: fake capture hdmi", "device:3", "DEVICE:03"):
        assert info.is_called(spec), spec
    for spec in ("device:Fake Capture", "device:4", "3", "Fake Capture HDMI", "screen:3", ""):
        assert not info.is_called(spec), spec


def test_unplugged() -> None:
    with opened(fake_grabbers.unplugged) as source:
        with pytest.raises(SourceLostError, match="Fake Capture HDMI is gone: it was unplugged"):
            some(source, 10)
        assert source.read() is None


def test_dead_process() -> None:
    with opened(fake_grabbers.dying) as source, pytest.raises(SourceLostError, match="crashed"):
        some(source, 10)


def test_changed_size_is_opened_again() -> None:
    with opened(fake_grabbers.resizing) as source, pytest.raises(SourceLostError, match="64×96"):
        some(source, 10)


def test_hanging_driver_stalls_then_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    stalls: list[str] = []
    with opened(fake_grabbers.hanging) as source:
        read_to(source, LAST)
        last_s = source._last_at_s
        clock = Clock(last_s, step_s=0.25)
        monkeypatch.setattr(device_module, "time", clock)
        monkeypatch.setattr(device_module, "_POLL_S", 0.0)
        monkeypatch.setattr(device_module, "STALL_S", 1.0)
        monkeypatch.setattr(device_module, "LOST_S", 5.0)
        why = ""
        while not why:
            try:
                source.read()
            except StalledError as error:
                stalls.append(error.message)
            except SourceLostError as error:
                why = error.message
        assert clock.now_s - last_s == pytest.approx(5.0, abs=0.3)
    assert why == "Fake Capture HDMI is gone: nothing came from it"
    assert len(stalls) >= 3
    assert all("no picture from Fake Capture HDMI since" in one for one in stalls)


def test_close_is_quick_though_the_driver_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(fake_grabbers.hanging) as source:
        read_to(source, LAST)
        process, waits_s = source._process, []
        real = process.join

        def join(timeout: float | None = None) -> None:
            waits_s.append(timeout)
            real(timeout)

        with monkeypatch.context() as patch:
            patch.setattr(process, "join", join)
            source.close()
        assert None not in waits_s
        assert sum(waits_s) <= 0.5  # so long it waits at most, whether the process ends or not
        process.join(LIMIT_S)
        assert process.pid is not None
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)


def test_repeated_pictures_are_not_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(fake_grabbers.frozen) as source:
        read_to(source, LAST + 1)
        clock = Clock(source._last_at_s)
        monkeypatch.setattr(device_module, "time", clock)
        monkeypatch.setattr(device_module, "LOST_S", 5.0)
        for _ in range(10):
            clock.now_s += 2.0
            frame = source.read()
        assert frame is not None
        assert frame.pixels.max() == 7


def test_close_from_another_thread_ends_a_read(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = threading.Event()

    def close() -> None:
        assert waiting.wait(LIMIT_S)
        source.close()

    with opened(fake_grabbers.hanging) as source:
        read_to(source, LAST)
        heard = source._heard

        def hear() -> object:
            waiting.set()
            return heard()

        monkeypatch.setattr(source, "_heard", hear)
        closer = threading.Thread(target=close)
        closer.start()
        assert source.read() is None  # it would wait for ever
        closer.join(LIMIT_S)
        assert not closer.is_alive()


def test_shared_memory_is_given_back() -> None:
    with opened(fake_grabbers.steady) as source:
        some(source, 1)
        assert source._memory is not None
        name = source._memory.name
    with pytest.raises(FileNotFoundError):
        SharedMemory(name=name)


def test_opening_fails() -> None:
    with pytest.raises(SourceError, match="cannot be opened: it is in use by another program"):
        CaptureDevice(INFO, fake_grabbers.busy)
    with pytest.raises(SourceError, match="its driver crashed"):
        CaptureDevice(INFO, fake_grabbers.dying_while_opening)


def test_opening_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_module, "OPEN_LIMIT_S", 0.3)
    with pytest.raises(SourceError, match="did not answer"):
        CaptureDevice(INFO, fake_grabbers.never_opening)


def test_opening_can_be_stopped() -> None:
    with pytest.raises(SourceError, match="was stopped"):
        CaptureDevice(INFO, fake_grabbers.never_opening, AskedTwice())


def test_real_factory_without_a_device() -> None:
    missing = DeviceInfo(63, "Nothing", "V4L2", "/dev/video63")
    with pytest.raises(SourceError, match="Nothing cannot be opened"):
        CaptureDevice(missing)


def test_ring_never_gives_a_slot_being_written() -> None:
    memory = SharedMemory(create=True, size=Ring.size_bytes(16, 16))
    try:
        ring = Ring(memory, 16, 16)
        for number in range(1, 20):
            ring.write(np.full((16, 16, 3), number, np.uint8), number * 1000)
            assert int(ring.header[NEWEST]) == number
            taken, time_ns, picture = ring.take()
            assert (taken, time_ns) == (number, number * 1000)
            assert np.unique(picture).tolist() == [number]
        ring.close()
    finally:
        memory.close()
        memory.unlink()


def test_a_picture_made_in_its_place_is_not_copied_and_not_read_too_early() -> None:
    memory = SharedMemory(create=True, size=Ring.size_bytes(16, 16))
    try:
        ring = Ring(memory, 16, 16)
        for number in range(1, 20):
            picture = ring.free()
            picture[...] = number
            if number > 1:
                assert np.unique(ring.take()[2]).tolist() == [number - 1]
            ring.write(picture, number * 1000)
            taken, time_ns, found = ring.take()
            assert (taken, time_ns) == (number, number * 1000)
            assert np.unique(found).tolist() == [number]
        del picture
        ring.close()
    finally:
        memory.close()
        memory.unlink()


class FakeCapture:
    """Stands for `cv2.VideoCapture`: 1080p only at 5 frames a second unless compressed."""

    def __init__(self, failures: int = 0, grey: bool = False) -> None:
        self.failures = failures
        self.size = (640, 480)
        self.code = int.from_bytes(b"YUYV", "little")
        self.grey = grey
        self.released = False

    def set(self, prop: int, value: float) -> bool:
        if prop == cv2.CAP_PROP_FRAME_WIDTH:
            self.size = (int(value), self.size[1])
        if prop == cv2.CAP_PROP_FRAME_HEIGHT:
            self.size = (self.size[0], int(value))
        if prop == cv2.CAP_PROP_FOURCC:
            self.code = int(value)
        return True

    def get(self, prop: int) -> float:
        if prop == cv2.CAP_PROP_FOURCC:
            return float(self.code)
        compressed = self.code == int.from_bytes(b"MJPG", "little")
        return 60.0 if compressed or self.size[0] < 800 else 5.0

    def read(self) -> tuple[bool, np.ndarray | None]:
        if self.failures > 0:
            self.failures -= 1
            return False, None
        shape = (self.size[1], self.size[0]) if self.grey else (self.size[1], self.size[0], 3)
        picture = np.zeros(shape, np.uint8)
        picture[..., 0] = 9
        return True, picture

    def release(self) -> None:
        self.released = True


def test_opencv_grabber_chooses_a_usable_mode() -> None:
    capture = FakeCapture()
    grabber = OpenCVGrabber(capture, "")  # type: ignore[arg-type]
    mode = grabber.mode()
    assert (mode.width_px, mode.height_px, mode.fps, mode.text) == (1920, 1080, 60.0, "MJPG")
    picture = grabber.grab()
    assert picture is not None
    assert picture[0, 0].tolist() == [0, 0, 9]
    grabber.close()
    assert capture.released


@pytest.mark.parametrize("grey", [False, True])
def test_opencv_grabber_puts_pictures_where_they_are_wanted(grey: bool) -> None:
    grabber = OpenCVGrabber(FakeCapture(grey=grey), "")  # type: ignore[arg-type]
    into = np.zeros((1080, 1920, 3), np.uint8)
    picture = grabber.grab(into)
    assert picture is not None
    assert np.may_share_memory(picture, into)
    assert into[0, 0].tolist() == [0, 0, 9] if not grey else into[0, 0].tolist() == [9, 9, 9]
    other = np.zeros((480, 640, 3), np.uint8)  # as when the device has changed its size
    picture = grabber.grab(other)
    assert picture is not None
    assert picture.shape == (1080, 1920, 3)
    assert not other.any()


def test_opencv_grabber_bears_a_few_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = FakeCapture(grey=True)
    grabber = OpenCVGrabber(capture, "")  # type: ignore[arg-type]
    capture.failures = 3
    picture = grabber.grab()
    assert picture is not None
    assert picture.shape == (1080, 1920, 3)


def test_opencv_grabber_knows_an_unplugged_device() -> None:
    capture = FakeCapture()
    grabber = OpenCVGrabber(capture, "/dev/video_that_is_gone")  # type: ignore[arg-type]
    capture.failures = 1000
    assert grabber.grab() is None
    assert capture.failures == 999  # it is not asked again and again


def test_opencv_grabber_without_a_picture() -> None:
    capture = FakeCapture(failures=1000)
    with pytest.raises(OSError, match="no picture"):
        OpenCVGrabber(capture, "")  # type: ignore[arg-type]
    assert capture.released
