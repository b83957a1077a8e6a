"""Reading the header of a DICOM file; the one place that imports pydicom for reading."""

from __future__ import annotations

import logging
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO, cast

import numpy as np
import pydicom
import pydicom.config
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from sonoassist.core.errors import SourceError

# pydicom quotes values in its messages, which could be a patient's name.
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

MAX_INFLATED_BYTES = 1 << 30
"""Of a file whose data set is deflated: it is unpacked in memory."""
_PIECE_BYTES = 1 << 20
_DEFLATED = DeflatedExplicitVRLittleEndian.encode()
_PLAIN = ExplicitVRLittleEndian.encode().ljust(len(_DEFLATED), b"\0")
"""What the head says instead when it is unpacked, as long."""


class NoPictureError(SourceError):
    """A DICOM file without pixels: a report, or the directory of a disk."""


@contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings of pydicom."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_header(name: str, file: BinaryIO) -> tuple[Dataset, BinaryIO]:
    """Read everything before the pixels, with or without a preamble.

    Args:
        name: Of the file, for messages.
        file: At its beginning.

    Returns:
        The elements, and a file that stands at the element with the pixels.

    Raises:
        SourceError: It is not a DICOM file, or is too large.
        NoPictureError: There is no picture in it.
    """
    try:
        with quiet():
            dataset, file = _parsed(name, file)
            here = file.tell()
            has_picture = file.read(2) == _group(dataset) and bool(file.read(2))
            file.seek(here)
            known = bool(dataset) and "SOPClassUID" in dataset
    except SourceError:
        raise
    except Exception as error:
        # Whatever a damaged file makes pydicom raise: it is no error of the program.
        raise SourceError(
            f"{name} is not a DICOM file that can be read", "The file is damaged"
        ) from error
    if has_picture:
        return dataset, file
    if not known:
        raise SourceError(f"{name} is not a DICOM file that can be read", "Choose another file")
    raise NoPictureError(
        f"{name} holds no picture", "It is a DICOM file without pixel data, such as a report"
    )


def _group(dataset: Dataset) -> bytes:
    """The group of the pixel elements, 7FE0, as it is written in the file."""
    return b"\xe0\x7f" if is_little_endian(dataset) else b"\x7f\xe0"


def _parsed(name: str, file: BinaryIO) -> tuple[Dataset, BinaryIO]:
    """The elements before the pixels, and the file that stands there; unpacked where it must be.

    Raises:
        SourceError: It would unpack to too much.
    """
    try:
        return _elements(file), file
    except _AllAtOnceError:
        with file:
            plain = _inflated(name, file)
    return _elements(plain), plain


def _elements(file: BinaryIO) -> Dataset:
    """The elements before the pixels.

    Raises:
        _AllAtOnceError: The data set is deflated.
    """
    in_pieces = cast(BinaryIO, _InPieces(file))
    return pydicom.dcmread(in_pieces, force=True, stop_before_pixels=True)


class _AllAtOnceError(Exception):
    """pydicom wants all the rest of a file: its data set is deflated, and would be unpacked."""


class _InPieces:
    """A file that is not read to its end in one go."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int | None = -1) -> bytes:
        """So many bytes; refuses to read all that is left."""
        if size is None or size < 0:
            raise _AllAtOnceError
        return self._file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _inflated(name: str, file: BinaryIO) -> BinaryIO:
    """The same file with its data set as it was before it was deflated.

    Args:
        name: Of the file, for messages.
        file: At the deflated data set (PS3.5, A.5).

    Raises:
        SourceError: It would unpack to more than `MAX_INFLATED_BYTES`.
        zlib.error: It is damaged.
    """
    begin = file.tell()
    file.seek(0)
    plain = BytesIO()
    plain.write(file.read(begin).replace(_DEFLATED, _PLAIN))
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    while not unpacker.eof:
        packed = unpacker.unconsumed_tail or file.read(_PIECE_BYTES)
        if not packed:
            raise zlib.error("the data set is cut off")
        plain.write(unpacker.decompress(packed, _PIECE_BYTES))
        if plain.tell() > MAX_INFLATED_BYTES:
            raise SourceError(
                f"{name} would unpack to more than {MAX_INFLATED_BYTES / 1024**3:.1f} GiB",
                "Export it from the scanner uncompressed or as JPEG",
            )
    plain.seek(0)
    return plain


def is_little_endian(dataset: Dataset) -> bool:
    """Byte order of the data set; that of nearly all files where it is not known."""
    return dataset.original_encoding[1] is not False


def syntax_of(dataset: Dataset) -> str:
    """The transfer syntax; guessed from the encoding where the file does not state it."""
    meta = getattr(dataset, "file_meta", None)
    syntax = meta.get("TransferSyntaxUID") if meta is not None else None
    if not syntax:
        implicit = dataset.original_encoding[0]
        syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        dataset.ensure_file_meta()
        dataset.file_meta.TransferSyntaxUID = syntax
    return str(syntax)


def numbers(value: Any) -> NDArray[np.float64]:
    """The numbers of an element; none where it is missing or blank, or one is no number."""
    if value is None or value == "":
        return np.zeros(0)
    try:
        found = np.atleast_1d(np.asarray(value, dtype=np.float64))
    except (TypeError, ValueError):
        return np.zeros(0)
    return found if found.ndim == 1 and bool(np.isfinite(found).all()) else np.zeros(0)


def element(dataset: Dataset, keyword: str) -> Any:
    """The value of an element; None where it is missing or cannot be read.

    pydicom reads a value when it is asked for, and raises whatever comes of a damaged one.
    """
    try:
        return dataset.get(keyword)
    except Exception:  # noqa: BLE001  (see above)
        return None


def number(dataset: Dataset, keyword: str, otherwise: float) -> float:
    """The first number of an element; another one where it is missing, blank or no number."""
    found = numbers(element(dataset, keyword))
    return float(found[0]) if len(found) else otherwise


def whole_number(dataset: Dataset, keyword: str, otherwise: int) -> int:
    """As `number`, for counts and sizes."""
    return int(number(dataset, keyword, otherwise))
