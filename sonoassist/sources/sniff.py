"""What a file holds, judged by its first bytes; and the suffixes for file dialogs."""

from __future__ import annotations

from enum import Enum
from pathlib import PurePath

VIDEO_SUFFIXES: tuple[str, ...] = (
    ".mp4",
    ".m4v",
    ".mov",
    ".avi",
    ".mkv",
    ".webm",
    ".mpg",
    ".mpeg",
    ".ts",
    ".m2ts",
    ".mts",
    ".wmv",
    ".asf",
    ".flv",
    ".3gp",
    ".ogv",
    ".vob",
    ".mjpeg",
    ".mjpg",
    ".h264",
    ".hevc",
    ".gif",
)
IMAGE_SUFFIXES: tuple[str, ...] = (
    ".png",
    ".jpg",
    ".jpeg",
    ".jpe",
    ".tif",
    ".tiff",
    ".bmp",
    ".dib",
    ".webp",
    ".jp2",
    ".pgm",
    ".ppm",
    ".pbm",
    ".pnm",
)
DICOM_SUFFIXES: tuple[str, ...] = (".dcm", ".dicom", ".dic", ".ima")
ARCHIVE_SUFFIXES: tuple[str, ...] = (".zip",)

HEAD_BYTES = 512

_IMAGE_MAGICS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"II*\x00",
    b"MM\x00*",
    b"II+\x00",
    b"MM\x00+",
    b"\x00\x00\x00\x0cjP  ",
    b"\xff\x4f\xff\x51",
)
_HEIF_BRANDS = (
    b"heic",
    b"heix",
    b"heim",
    b"heis",
    b"hevc",
    b"hevx",
    b"mif1",
    b"mif2",
    b"msf1",
    b"avif",
    b"avis",
)
_PLAIN_PNM = tuple(b"P" + bytes([digit]) for digit in b"123456")
_RAW_VIDEO_SUFFIXES = (".mjpeg", ".mjpg")


class FileKind(Enum):
    """What a file holds."""

    DICOM = "dicom"
    ARCHIVE = "archive"
    IMAGE = "image"
    PHOTO = "photo"
    """A HEIF or AVIF file, as phones write them: nothing here reads all of its tiles."""
    VIDEO = "video"


def is_hidden(path: str) -> bool:
    """Whether a file, or a folder on the way to it, is hidden or an archiver's leftover."""
    parts = PurePath(path).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def kind_of(name: str, head: bytes) -> FileKind:
    """Judge a file by its first `HEAD_BYTES` bytes, then by its name.

    Whatever is nothing else counts as a video; FFmpeg has the last word on it.
    """
    suffix = PurePath(name).suffix.lower()
    if is_dicom(head) or suffix in DICOM_SUFFIXES:
        return FileKind.DICOM
    if is_heif(head):
        return FileKind.PHOTO
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")) or suffix in ARCHIVE_SUFFIXES:
        return FileKind.ARCHIVE
    if suffix in _RAW_VIDEO_SUFFIXES:
        return FileKind.VIDEO
    if is_image(head) or suffix in IMAGE_SUFFIXES:
        return FileKind.IMAGE
    if suffix not in VIDEO_SUFFIXES and is_bare_dicom(head):
        return FileKind.DICOM
    return FileKind.VIDEO


def is_heif(head: bytes) -> bool:
    """Whether the bytes begin a HEIF or AVIF file."""
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS


def is_dicom(head: bytes) -> bool:
    """Whether the bytes carry the mark of a DICOM file."""
    return head[128:132] == b"DICM"


def is_bare_dicom(head: bytes) -> bool:
    """Whether the bytes look like a DICOM data set without the preamble (group 0002 or 0008)."""
    if len(head) < 16 or head[:2] not in (b"\x02\x00", b"\x08\x00") or head[3] != 0:
        return False
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    implicit = 0 < int.from_bytes(head[4:8], "little") < 1024
    return explicit or implicit


def is_image(head: bytes) -> bool:
    """Whether the bytes begin a still picture."""
    if head.startswith(_IMAGE_MAGICS):
        return True
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return True
    if head[:2] == b"BM":
        return head[6:10] == b"\x00\x00\x00\x00"
    return head[:2] in _PLAIN_PNM and head[2:3].isspace()
