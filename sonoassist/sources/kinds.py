"""The table of the kinds of sources: how each is named, opened and spoken of.

A new kind of source is a module of its own and a row here. Nothing is imported that reads pictures
before a source is opened.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonoassist.core.errors import SourceError
from sonoassist.sources.sniff import DICOM_SUFFIXES, IMAGE_SUFFIXES, VIDEO_SUFFIXES

if TYPE_CHECKING:
    from sonoassist.sources.base import Source

Stop = threading.Event | None
Opener = Callable[[str, Stop], "Source"]
"""Takes what follows the kind's prefix, and what gives the opening up when it is set."""

URL_SCHEMES: tuple[str, ...] = (
    "rtsp",
    "rtsps",
    "http",
    "https",
    "udp",
    "tcp",
    "rtmp",
    "rtmps",
    "srt",
    "rtp",
)
A_RECORDING = "a recording"
A_FOLDER = "a folder of pictures"


@dataclass(frozen=True, slots=True)
class FileType:
    """A type of files as a person knows it.

    Attributes:
        words: What it is called.
        suffixes: Of the names of such files, with their dots; others may hold the same.
    """

    words: str
    suffixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceKind:
    """What is known of a kind of source before one of it is opened.

    Attributes:
        name: `SourceInfo.kind` of what is live; files tell theirs after a look into them.
        words: How one is named, for help texts; "" where none can be opened.
        opener: Opens one.
        prefix: What a spec of this kind begins with; "" where it is told otherwise.
        live: The frames come as they happen (no seeking, no end).
        on_disk: What follows the prefix is a path.
        where: Where it is, for lists; "" for a path, whose folder says so.
        masked_name: What stands for its name where names are hidden; "" where the name is that of
            a machine, and may be told.
        compressed: Its pictures have lost something before they come here, as far as is known.
        compressed_suffixes: Of the names for which that is so as well.
        types: Types of files that are of this kind.
    """

    name: str
    words: str
    opener: Opener
    prefix: str = ""
    live: bool = True
    on_disk: bool = False
    where: str = ""
    masked_name: str = ""
    compressed: bool = False
    compressed_suffixes: tuple[str, ...] = ()
    types: tuple[FileType, ...] = ()

    def rest(self, spec: str) -> str:
        """The spec without the prefix, in which capitals do not matter."""
        return spec.strip()[len(self.prefix) :].strip()

    def path(self, spec: str) -> Path | None:
        """The file or folder that is named; None where it is none."""
        return expanded(self.rest(spec)) if self.on_disk else None

    def short_name(self, spec: str) -> str:
        """Of a file or folder its name; of anything else all but the prefix."""
        path = self.path(spec)
        return self.rest(spec) if path is None else path.name or spec

    def place(self, spec: str) -> str:
        """Where it is: the folder, or what kind of thing it is."""
        path = self.path(spec)
        return self.where if path is None else str(path.parent)

    def was_compressed(self, spec: str) -> bool:
        """Whether the pictures are known to have lost something before they came here."""
        return self.compressed or spec.lower().endswith(self.compressed_suffixes)


def expanded(text: str) -> Path:
    """A path that a user wrote, its "~" replaced."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        # There is no such user; the file may be called so.
        return Path(text)


def _open_device(name: str, stop: Stop) -> Source:
    from sonoassist.sources.device import CaptureDevice
    from sonoassist.sources.discovery import find_device

    return CaptureDevice(find_device(name), stop=stop)


def _open_screen(name: str, stop: Stop) -> Source:
    raise SourceError("screen capture is not part of this version", "Choose a capture device")


def _open_growing(folder: str, stop: Stop) -> Source:
    from sonoassist.sources.growing import GrowingFolder

    return GrowingFolder(expanded(folder), stop)


def _open_stream(url: str, stop: Stop) -> Source:
    scheme = url.partition(":")[0].lower()
    if scheme not in URL_SCHEMES:
        known = ", ".join(URL_SCHEMES)
        raise SourceError(f"{scheme}:// addresses cannot be opened", f"Known: {known}")
    from sonoassist.sources.stream import NetworkStream

    return NetworkStream(url, stop)


def _open_file(path: str, stop: Stop) -> Source:
    from sonoassist.sources.files import open_path

    return open_path(expanded(path))


STREAM = SourceKind("stream", "URL", _open_stream, where="stream", compressed=True)
"""Whatever is written as an address."""
FILE = SourceKind(
    "file",
    "video, picture, folder, DICOM file",
    _open_file,
    live=False,
    on_disk=True,
    masked_name=A_RECORDING,
    compressed_suffixes=VIDEO_SUFFIXES,
    types=(
        FileType("Videos", VIDEO_SUFFIXES),
        FileType("Pictures", IMAGE_SUFFIXES),
        FileType("DICOM", DICOM_SUFFIXES),
    ),
)
"""Whatever is nothing else."""
PREFIXED = (
    SourceKind("device", "device:NAME", _open_device, "device:", where="device"),
    SourceKind("screen", "", _open_screen, "screen:", where="screen"),
    SourceKind(
        "grows", "grows:FOLDER", _open_growing, "grows:", on_disk=True, masked_name=A_FOLDER
    ),
)
KINDS = (*PREFIXED, STREAM, FILE)


def kind_of(spec: str) -> SourceKind:
    """The kind of source that a spec names, whether there is such a source or not."""
    spec = spec.strip()
    for kind in PREFIXED:
        if spec.lower().startswith(kind.prefix):
            return kind
    return STREAM if spec.partition(":")[2].startswith("//") else FILE


def known_words() -> str:
    """How sources are named, for help texts."""
    return ", ".join(kind.words for kind in (FILE, *PREFIXED, STREAM) if kind.words)


def is_live(name: str) -> bool:
    """Whether a source with this `SourceInfo.kind` is live."""
    return any(kind.live for kind in KINDS if kind.name == name)
