"""Where frames come from: video files, pictures, DICOM, capture devices, streams."""

from __future__ import annotations

from sonoassist.sources.base import FIRST_READER, READER, Source, SourceInfo
from sonoassist.sources.discovery import DeviceInfo, find_device, list_devices
from sonoassist.sources.kinds import SourceKind, kind_of
from sonoassist.sources.opening import open_source
from sonoassist.sources.sniff import (
    ARCHIVE_SUFFIXES,
    DICOM_SUFFIXES,
    IMAGE_SUFFIXES,
    VIDEO_SUFFIXES,
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
    "SourceKind",
    "find_device",
    "kind_of",
    "list_devices",
    "open_source",
]
