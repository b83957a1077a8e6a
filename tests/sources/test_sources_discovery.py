from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoassist.core.errors import SourceError
from sonoassist.sources import discovery, v4l2
from sonoassist.sources.discovery import DeviceInfo, find_device, list_devices, unique_names
from waiting import LIMIT_S

DEVICES = [
    DeviceInfo(0, "Integrated Camera", "V4L2"),
    DeviceInfo(2, "USB Capture HDMI", "V4L2", vid=0x2935, pid=0x0006),
    DeviceInfo(4, "USB Capture HDMI (2)", "V4L2"),
    DeviceInfo(7, "0", "V4L2"),
]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ("Integrated Camera", 0),
        ("USB Capture HDMI", 2),
        ("usb capture hdmi", 2),
        ("USB Capture HDMI (2)", 4),
        ("integrated", 0),
        ("4", 4),
        ("2", 4),
        ("0", 7),
        (" Integrated Camera ", 0),
    ],
)
def test_find(wanted: str, index: int) -> None:
    assert find_device(wanted, DEVICES).index == index


def test_not_found() -> None:
    with pytest.raises(SourceError, match="there is no capture device 'Elgato'") as caught:
        find_device("Elgato", DEVICES)
    assert "0: Integrated Camera, 2: USB Capture HDMI" in caught.value.hint
    with pytest.raises(SourceError, match="more than one capture device matches 'capture'"):
        find_device("capture", DEVICES)
    with pytest.raises(SourceError, match="none is connected"):
        find_device("0", [])
    with pytest.raises(SourceError, match="there is no capture device ''"):
        find_device("", DEVICES)


@given(st.lists(st.sampled_from(["A", "B", "A (2)", ""]), max_size=8))
def test_names_become_unique(names: list[str]) -> None:
    devices = unique_names([DeviceInfo(i, name, "V4L2") for i, name in enumerate(names)])
    assert len({one.name for one in devices}) == len(names)
    assert all(one.name.startswith(name) for one, name in zip(devices, names, strict=True))


def test_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    cameras = [
        SimpleNamespace(index=2, name="Grabber ", path="/dev/video2", vid=1, pid=2),
        SimpleNamespace(index=0, name="Grabber", path=None, vid=None, pid=None),
        SimpleNamespace(index=5, name=None, path="", vid=None, pid=None),
    ]
    monkeypatch.setattr(discovery, "_cameras", lambda backend: cameras)
    monkeypatch.setattr(v4l2, "formats", lambda path: ("1920×1080 MJPG",))
    devices = list_devices()
    assert [(one.index, one.name) for one in devices] == [
        (0, "Grabber"),
        (2, "Grabber (2)"),
        (5, "Camera 5"),
    ]
    assert [one.formats for one in devices] == [(), ("1920×1080 MJPG",), ()]
    assert (devices[1].vid, devices[1].pid) == (1, 2)


def test_listing_for_real() -> None:
    assert all(isinstance(one, DeviceInfo) for one in list_devices())


def test_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    mjpg, yuyv = (int.from_bytes(code, "little") for code in (b"MJPG", b"YUYV"))
    sizes = {mjpg: [(1920, 1080), (640, 480)]}

    def ask(handle: int, request: int, data: bytes) -> bytes:
        index, what = struct.unpack_from("=II", data)
        if request == 0xC0405602:
            codes = [mjpg, yuyv]
            return struct.pack("=44xI16x", codes[index]) if index < 2 else b""
        if what == yuyv:
            return struct.pack("=III6I8x", index, what, 3, 16, 720, 16, 16, 576, 16)
        listed = sizes[what]
        if index >= len(listed):
            return b""
        return struct.pack("=III2I24x", index, what, 1, *listed[index])

    monkeypatch.setattr(v4l2, "_ask", ask)
    if sys.platform == "linux":
        assert v4l2.formats("/dev/null") == ("1920×1080 MJPG", "720×576 YUYV", "640×480 MJPG")
    else:
        assert v4l2.formats("/dev/null") == ()


def test_formats_of_what_is_no_device(tmp_path: Path) -> None:
    plain = tmp_path / "file"
    plain.write_bytes(b"x")
    assert v4l2.formats(str(plain)) == ()
    assert v4l2.formats(str(tmp_path / "missing")) == ()


def test_import_is_light() -> None:
    code = (
        "import sys, sonoassist.sources, sonoassist.sources.grabber\n"
        "heavy = {'av', 'pydicom', 'cv2', 'torch', 'PyQt6', 'skimage'} & set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or 0)"
    )
    root = Path(discovery.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=LIMIT_S
    )
    assert (done.returncode, done.stderr) == (0, "")
