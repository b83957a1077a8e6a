"""Where frames come from: video files, pictures, DICOM, capture devices, streams."""

from __future__ import annotations

from sonoassist.sources.base import FIRST_READER, READER, Source, SourceInfo
from sonoassist.sources.discovery import DeviceInfo, find_device, list_devices
from sonoassist.sources.opening import (
    ARCHIVE_SUFFIXES,
    DICOM_SUFFIXES,
    IMAGE_SUFFIXES,
    VIDEO_SUFFIXES,
    open_source,
)

__all__ = [
    "ARCHIVE_SUFFIXES",
    "DICOM_SUFFIXES",
    "FIRST_READER",
    "IMAGE_SUFFIXES",
    "READER",
    "VIDEO_SUFFIXES",
    "DeviceInfo",
    "Source",
    "SourceInfo",
    "find_device",
    "list_devices",
    "open_source",
]
