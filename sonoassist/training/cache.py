"""Prepared cases on disk, so that no video is decoded twice: one npz file a case.

The arrays in it are stored as they are, not packed: a picture is read straight from its place in
the file, so a training set may be larger than the memory, and processes share the system's cache.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.errors import SourceError
from sonoassist.core.files import ARCHIVE_ERRORS, ensure_folder, replacing
from sonoassist.core.packets import Pixels
from sonoassist.preprocess import PREPROCESSING
from sonoassist.sources import READER
from sonoassist.training.preparation import (
    HEIGHT_PX,
    WIDTH_PX,
    PreparedCase,
    PrepareOptions,
    label_bits,
    prepare_case,
)
from sonoassist.training.split import Case

FORMAT = 2
"""Counts up whenever the preparation gives other pictures; so does `PREPROCESSING`."""
_ENDS = 1 << 16
_TOLD = {"origins", "dropped", "problems", "matched", "digest"}
_PICTURE_BYTES = HEIGHT_PX * WIDTH_PX


@dataclass(frozen=True, slots=True)
class CachedCase:
    """A prepared case on disk.

    Attributes:
        name: Of the case.
        path: The npz file.
        labels: uint16 (n,), the accepted planes of each picture as bits.
        about: origins, dropped, problems, matched and the digest of the pictures.
        offset: Where the first picture begins in the file, bytes.
    """

    name: str
    path: Path
    labels: NDArray[np.uint16]
    about: dict[str, Any]
    offset: int

    def __len__(self) -> int:
        return len(self.labels)

    def image(self, number: int) -> Pixels:
        """Picture `number`, uint8 (224, 288).

        Raises:
            SourceError: The file has gone or was cut off.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset + number * _PICTURE_BYTES)
                data = file.read(_PICTURE_BYTES)
        except OSError as error:
            raise SourceError(f"cannot read {self.path}: {error.strerror or error}") from error
        if len(data) < _PICTURE_BYTES:
            raise SourceError(f"{self.path} is cut off", "Delete it; it is made again")
        return np.frombuffer(data, np.uint8).reshape(HEIGHT_PX, WIDTH_PX)


def cached_case(case: Case, options: PrepareOptions, folder: Path) -> CachedCase:
    """The prepared case, from the cache where its files and the options are the same.

    Raises:
        UsageError: The crop does not fit the pictures.
        OutputError: The cache cannot be written.
    """
    path = folder / f"{_key(case, options)}.npz"
    found = _open(case.name, path)
    if found is None:
        ensure_folder(folder)
        _write(path, prepare_case(case, options))
        found = _open(case.name, path)
    if found is None:
        raise SourceError(f"{path} cannot be read back", "Choose another folder with --cache")
    return found


def digest_of(cases: Iterable[CachedCase], roles: Iterable[NDArray[np.int64]]) -> str:
    """One hash of all pictures and labels, in order, and of which of them are for what."""
    digest = hashlib.sha256()
    for case in cases:
        digest.update(
            case.name.encode("utf-8", "surrogatepass") + b"\0" + str(case.about["digest"]).encode()
        )
    for places in roles:
        digest.update(b"|" + places.tobytes())
    return digest.hexdigest()


def _key(case: Case, options: PrepareOptions) -> str:
    labels = [(frame.path.name, frame.index, label_bits(frame)) for frame in case.frames]
    files = dict.fromkeys((*(frame.path for frame in case.frames), *case.recordings))
    named = sorted((path.name, index) for path, index in case.named if path in files)
    prints = [_file_print(path) for path in files]
    parts = [FORMAT, PREPROCESSING, READER, case.name, asdict(options), labels, named, prints]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]


def _file_print(path: Path) -> list[Any]:
    """Size, date and both ends of a file: a changed recording is noticed without reading it all."""
    try:
        stat = path.stat()
        with path.open("rb") as file:
            ends = file.read(_ENDS)
            file.seek(max(stat.st_size - _ENDS, 0))
            ends += file.read(_ENDS)
    except OSError:
        return [path.name, "missing"]
    return [path.name, stat.st_size, stat.st_mtime_ns, hashlib.sha256(ends).hexdigest()]


def _write(path: Path, prepared: PreparedCase) -> None:
    shape = (len(prepared.images), HEIGHT_PX, WIDTH_PX)
    images = np.stack(prepared.images) if prepared.images else np.zeros(shape, np.uint8)
    labels = np.array(prepared.labels, np.uint16)
    about = {
        "origins": prepared.origins,
        "dropped": prepared.dropped,
        "problems": prepared.problems,
        "matched": prepared.matched,
        "digest": hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest(),
    }
    text = np.frombuffer(json.dumps(about).encode(), np.uint8)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, images=images, labels=labels, about=text)


def _open(name: str, path: Path) -> CachedCase | None:
    """The case in a file; None when there is none, or what is there is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            labels = arrays["labels"]
            about = json.loads(arrays["about"].tobytes())
        if labels.dtype != np.uint16 or labels.ndim != 1 or not about.keys() >= _TOLD:
            return None
        offset = _data_offset(path, "images.npy")
        whole = path.stat().st_size >= offset + len(labels) * _PICTURE_BYTES
    except ARCHIVE_ERRORS:
        return None
    return CachedCase(name, path, labels, about, offset) if whole else None


def _data_offset(path: Path, member: str) -> int:
    """Where the numbers of an array begin in an unpacked npz file.

    A zip entry has a header of 30 bytes, then its name and an extra field; a npy file a magic of
    8 bytes, the length of its own header and the header.
    """
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo(member).header_offset
    with path.open("rb") as file:
        file.seek(start + 26)
        name_bytes, extra_bytes = struct.unpack("<HH", file.read(4))
        array = start + 30 + name_bytes + extra_bytes
        file.seek(array + 8)
        (header_bytes,) = struct.unpack("<H", file.read(2))
    return int(array + 10 + header_bytes)
