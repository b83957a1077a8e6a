"""From what the user names to an open source."""

from __future__ import annotations

import threading
from pathlib import Path

from sonoassist.core.errors import SourceError
from sonoassist.sources.base import Source
from sonoassist.sources.sniff import (
    ARCHIVE_SUFFIXES,
    DICOM_SUFFIXES,
    HEAD_BYTES,
    IMAGE_SUFFIXES,
    VIDEO_SUFFIXES,
    Kind,
    kind_of,
)

__all__ = [
    "ARCHIVE_SUFFIXES",
    "DICOM_SUFFIXES",
    "IMAGE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "open_source",
]

# The same as in the module of the streams, which is slow to import.
_URL_SCHEMES = ("rtsp", "rtsps", "http", "https", "udp", "tcp", "rtmp", "rtmps", "srt", "rtp")


def open_source(spec: str, stop: threading.Event | None = None) -> Source:
    """Open a video, a picture, a DICOM file, a zip archive or a folder of these, a device, a URL.

    Args:
        spec: A path, `device:NAME`, `device:INDEX`, or a URL.
        stop: When set by another thread, opening a device or a stream is given up.

    Raises:
        SourceError: It cannot be opened; the message says why.
    """
    spec = spec.strip()
    scheme, colon, rest = spec.partition(":")
    scheme = scheme.lower()
    if not spec:
        raise SourceError("no source is named", "Name a file, a folder, a device or a URL")
    if colon and scheme == "device":
        return _open_device(rest, stop)
    if colon and scheme == "screen":
        raise SourceError("screen capture is not part of this version", "Choose a capture device")
    if colon and rest.startswith("//"):
        return _open_url(scheme, spec, stop)
    return _open_path(_expanded(spec))


def _expanded(spec: str) -> Path:
    try:
        return Path(spec).expanduser()
    except RuntimeError:
        # There is no such user; the file may be called so.
        return Path(spec)


def _open_device(name: str, stop: threading.Event | None) -> Source:
    from sonoassist.sources.device import CaptureDevice
    from sonoassist.sources.discovery import find_device

    return CaptureDevice(find_device(name), stop=stop)


def _open_url(scheme: str, url: str, stop: threading.Event | None) -> Source:
    if scheme not in _URL_SCHEMES:
        known = ", ".join(_URL_SCHEMES)
        raise SourceError(f"{scheme}:// addresses cannot be opened", f"Known: {known}")
    from sonoassist.sources.stream import NetworkStream

    return NetworkStream(url, stop)


def _open_path(path: Path) -> Source:
    try:
        if path.is_dir():
            return _open_folder(path)
        if not path.exists():
            raise SourceError(f"there is no file {path}", "Check the name")
        if not path.is_file():
            raise SourceError(f"{path} is neither a file nor a folder", "Choose another source")
        return _open_file(path)
    except PermissionError as error:
        raise SourceError(f"{path} may not be read", "Permission denied") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}") from error


def _open_folder(path: Path) -> Source:
    from sonoassist.sources.images import open_folder

    return open_folder(path)


def _open_file(path: Path) -> Source:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise SourceError(f"{path.name} is empty (0 bytes)", "Copy or record it again")
    kind = kind_of(path.name, head)
    if kind is Kind.DICOM:
        from sonoassist.sources.dicom import open_dicom

        return open_dicom(path)
    if kind is Kind.PHOTO:
        raise SourceError(
            f"{path.name} is a HEIC or AVIF picture, which cannot be read",
            "Save it as JPEG or PNG",
        )
    if kind is Kind.ARCHIVE:
        from sonoassist.sources.images import open_archive

        return open_archive(path)
    if kind is Kind.IMAGE:
        from sonoassist.sources.images import open_picture

        return open_picture(path)
    from sonoassist.sources.video import VideoFile

    return VideoFile(path)
