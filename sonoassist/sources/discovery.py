"""Which capture devices there are, found without opening any of them for capture."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sonoassist.core.errors import SourceError

if TYPE_CHECKING:
    from cv2_enumerate_cameras.camera_info import CameraInfo


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A capture device.

    Attributes:
        index: Number that the system gives it now; it changes when devices come and go.
        name: What people call it; unique in a list of devices.
        backend: OpenCV's name of the programming interface, e.g. "V4L2".
        path: The system's path; empty where unknown.
        vid: USB vendor, or None.
        pid: USB product, or None.
        formats: What it can deliver, e.g. "1920×1080 MJPG"; empty where the system does not tell
            without opening the device.
    """

    index: int
    name: str
    backend: str
    path: str = ""
    vid: int | None = None
    pid: int | None = None
    formats: tuple[str, ...] = ()


def list_devices() -> list[DeviceInfo]:
    """The capture devices by their numbers; a second one of the same name gets " (2)".

    The list is made anew by each call, so devices plugged in since are in it.
    """
    backend = _backend()
    found = [_device(camera, backend) for camera in _cameras(backend)]
    return unique_names(sorted(found, key=lambda one: one.index))


def find_device(name_or_index: str, devices: Sequence[DeviceInfo] | None = None) -> DeviceInfo:
    """The device with this name, else the only one whose name contains it, else this number.

    Args:
        name_or_index: As the user wrote it.
        devices: Where to look; by default those present.

    Raises:
        SourceError: There is none, or more than one.
    """
    devices = list_devices() if devices is None else devices
    wanted = name_or_index.strip()
    for device in devices:
        if device.name == wanted:
            return device
    folded = wanted.casefold()
    alike = [one for one in devices if folded and folded in one.name.casefold()]
    same = [one for one in alike if one.name.casefold() == folded]
    if len(same or alike) == 1:
        return (same or alike)[0]
    numbered = [one for one in devices if wanted.isdecimal() and one.index == int(wanted)]
    if numbered:
        return numbered[0]
    raise _not_found(wanted, alike, devices)


def _not_found(
    wanted: str, alike: Sequence[DeviceInfo], devices: Sequence[DeviceInfo]
) -> SourceError:
    if len(alike) > 1:
        names = ", ".join(one.name for one in alike)
        return SourceError(f"more than one capture device matches {wanted!r}: {names}")
    if not devices:
        return SourceError(
            f"there is no capture device {wanted!r}: none is connected",
            "Connect the capture device and try again",
        )
    known = ", ".join(f"{one.index}: {one.name}" for one in devices)
    return SourceError(f"there is no capture device {wanted!r}", f"Connected: {known}")


def unique_names(devices: Sequence[DeviceInfo]) -> list[DeviceInfo]:
    """Give a second device of the same name " (2)", a third " (3)"."""
    taken: set[str] = set()
    named: list[DeviceInfo] = []
    for device in devices:
        name, number = device.name, 1
        while name in taken:
            number += 1
            name = f"{device.name} ({number})"
        taken.add(name)
        named.append(replace(device, name=name))
    return named


def backend_number(name: str) -> int:
    """OpenCV's number of a backend named as in `DeviceInfo.backend`."""
    from sonoassist.core.opencv import cv2

    return int(getattr(cv2, f"CAP_{name}", cv2.CAP_ANY))


def _backend() -> str:
    """The backend used on this system; numbers and names of devices depend on it."""
    if sys.platform == "win32":
        return "MSMF"
    if sys.platform == "darwin":
        return "AVFOUNDATION"
    return "V4L2"


def _cameras(backend: str) -> list[CameraInfo]:
    """What the system lists; nothing where it cannot be asked."""
    number = backend_number(backend)
    try:
        from cv2_enumerate_cameras import enumerate_cameras
    except ImportError:
        return []
    try:
        return list(enumerate_cameras(number))
    except (OSError, NotImplementedError, RuntimeError):
        return []


def _device(camera: CameraInfo, backend: str) -> DeviceInfo:
    path = str(camera.path or "")
    return DeviceInfo(
        index=int(camera.index),
        name=str(camera.name or f"Camera {camera.index}").strip(),
        backend=backend,
        path=path,
        vid=camera.vid,
        pid=camera.pid,
        formats=_formats(path),
    )


def _formats(path: str) -> tuple[str, ...]:
    """Formats of a device where they can be asked for without starting it."""
    if not path.startswith("/dev/video"):
        return ()
    from sonoassist.sources import v4l2

    return v4l2.formats(path)
