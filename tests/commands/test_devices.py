from __future__ import annotations

import json

import pytest

from sonoassist.cli import run
from sonoassist.commands import devices
from sonoassist.sources import DeviceInfo

GRABBER = DeviceInfo(0, "USB Capture HDMI", "V4L2", "/dev/video0", formats=("1920×1080 MJPG",))
CAMERA = DeviceInfo(2, "Camera", "V4L2")


def test_devices_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(devices, "list_devices", lambda: [GRABBER, CAMERA])
    assert run(["devices"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        "0: USB Capture HDMI  (1920×1080 MJPG)",
        "2: Camera  (formats unknown)",
    ]
    assert '"device:USB Capture HDMI"' in captured.err


def test_no_device(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(devices, "list_devices", list)
    assert run(["devices"]) == 0
    assert capsys.readouterr() == ("", "no capture device was found\n")


def test_devices_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(devices, "list_devices", lambda: [GRABBER])
    assert run(["devices", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["index"], told["name"]) == (0, "USB Capture HDMI")
    assert told["formats"] == ["1920×1080 MJPG"]


def test_what_is_really_there_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["devices", "--json"]) == 0
    assert isinstance(json.loads(capsys.readouterr().out), list)
