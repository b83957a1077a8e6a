"""What a folder or an archive holds: pictures in their order, videos, and the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from sonoassist.core.errors import SourceError
from sonoassist.core.natural_order import natural_key
from sonoassist.sources.blobs import Blob, BlobErrors
from sonoassist.sources.dicom_dataset import (
    NoPictureError,
    element,
    number,
    quiet,
    read_header,
)
from sonoassist.sources.dicom_pixels import DicomPictures
from sonoassist.sources.dicom_video import is_video
from sonoassist.sources.sniff import FileKind, is_hidden, kind_of
from sonoassist.sources.stills import decode_animation, is_animation
from sonoassist.sources.tiff_pages import is_tiff, pages_of_tiff

_NAMED = 3
"""So many of the files that are left out are named."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture: a file, or one of several in it.

    Attributes:
        blob: The file.
        kind: What it is.
        frame: Frame of a DICOM file, page of a TIFF, picture of an animation.
        animated: It is a picture of an animation.
    """

    blob: Blob
    kind: FileKind
    frame: int = 0
    animated: bool = False


@dataclass(slots=True)
class Contents:
    """What is in a folder or an archive.

    Attributes:
        entries: The pictures, in order.
        videos: DICOM files that hold a video, which is a recording of its own.
        left_out: Names of files that are neither.
    """

    entries: list[Entry] = field(default_factory=list)
    videos: list[Blob] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @staticmethod
    def of(blobs: list[Blob]) -> Contents:
        """Look into files in their order."""
        found = Contents()
        kinds = [_kind(blob) for blob in blobs]
        known = {at: _known(blobs[at]) for at, kind in enumerate(kinds) if kind is FileKind.DICOM}
        in_place_of = _by_number(known)
        for at, kind in enumerate(kinds):
            if kind is FileKind.IMAGE:
                found.entries += _pages(blobs[at])
            elif kind is FileKind.DICOM and known[at].video:
                found.videos.append(blobs[at])
            elif kind is FileKind.DICOM and known[at].frames:
                there = in_place_of.get(at, at)
                frames = range(known[there].frames)
                found.entries += (Entry(blobs[there], kind, frame) for frame in frames)
            else:
                found.left_out.append(blobs[at].name)
        return found

    def warnings(self) -> tuple[str, ...]:
        """What is said of what is left out, where the pictures are shown."""
        videos = _listed([blob.name for blob in self.videos])
        if len(self.videos) == 1:
            said = f"{videos} holds a video and is left out: open that file by itself"
        else:
            said = f"{videos} hold videos and are left out: open each of these files by itself"
        return (*left_out(self.left_out), *([said] if self.videos else []))

    def no_picture(self, path: Path) -> SourceError:
        """What is said where there is no picture."""
        if not self.videos:
            return SourceError(
                f"there is no picture in {path}",
                "Choose a folder with PNG, JPEG, TIFF, BMP, WebP or DICOM files",
            )
        videos = _listed([blob.name for blob in self.videos])
        return SourceError(
            f"there is no picture in {path}, but a video in each of {videos}",
            "Open one of these files by itself",
        )


def _kind(blob: Blob) -> FileKind:
    try:
        return kind_of(blob.name, blob.head())
    except BlobErrors:
        # Its name may tell; reading it will say what is wrong.
        return kind_of(blob.name, b"")


def _pages(blob: Blob) -> list[Entry]:
    pages, animated = [0], False
    try:
        head = blob.head()
        animated = is_animation(head)
        if animated:
            pages = list(range(len(decode_animation(blob.name, blob.read())[0])))
        elif is_tiff(head):
            pages = pages_of(blob.read())
    except (*BlobErrors, SourceError):
        pass  # what is wrong is said when its turn comes
    return [Entry(blob, FileKind.IMAGE, page, animated) for page in pages]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the header of a DICOM file says.

    Attributes:
        frames: Number of pictures; a damaged file counts as one, to be reported, and one that is
            a report or a directory as none.
        series: The series it belongs to.
        number: Its number in that, as the scanner gave it; not a number without one.
        video: It is a video, which is no picture.
    """

    frames: int = 1
    series: str = ""
    number: float = math.nan
    video: bool = False


def _known(blob: Blob) -> _Known:
    try:
        return _header(blob)
    except NoPictureError:
        return _Known(frames=0)
    except (*BlobErrors, SourceError):
        return _Known()


def _header(blob: Blob) -> _Known:
    """As `_known`.

    Raises:
        SourceError: It is not a DICOM file with pictures, or one of `BlobErrors`.
    """
    with quiet(), blob.open() as file:
        dataset, rest = read_header(blob.name, file)
        if is_video(dataset):
            return _Known(video=True)
        frames = len(DicomPictures(blob.name, dataset, rest))
        series = str(element(dataset, "SeriesInstanceUID") or "")
        return _Known(frames, series, number(dataset, "InstanceNumber", math.nan))


def _by_number(known: dict[int, _Known]) -> dict[int, int]:
    """Which DICOM file stands in the place of which: single pictures of a series by their numbers.

    A scanner numbers the pictures that it saves; their file names are often random.

    Args:
        known: What is known of each, by its place.
    """
    series: dict[str, list[int]] = {}
    for at, one in known.items():
        if one.frames == 1 and math.isfinite(one.number):
            series.setdefault(one.series, []).append(at)
    swapped: dict[int, int] = {}
    for places in series.values():
        ordered = sorted(places, key=lambda at: known[at].number)
        swapped |= dict(zip(places, ordered, strict=True))
    return swapped


def folders_in(path: Path) -> list[str]:
    """Names of the folders in a folder, which are not looked into."""
    shown = (one for one in path.iterdir() if one.is_dir() and not is_hidden(one.name))
    return sorted((f"folder {one.name}" for one in shown), key=natural_key)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def left_out(names: list[str]) -> tuple[str, ...]:
    """What is said of files that are no pictures."""
    if not names:
        return ()
    are = "is no picture and is" if len(names) == 1 else "are no pictures and are"
    return (f"{_listed(names)} {are} left out",)


def pages_of(data: bytes) -> list[int]:
    """Numbers of the pictures in a file of still pictures."""
    return pages_of_tiff(data) if is_tiff(data) else [0]
