"""Reading the header of a DICOM file; the one place that imports pydicom for reading."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO

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
        SourceError: It is not a DICOM file, or there is no picture in it.
    """
    try:
        with quiet():
            dataset: Dataset = pydicom.dcmread(file, force=True, stop_before_pixels=True)
            if syntax_of(dataset) == DeflatedExplicitVRLittleEndian:
                dataset, file = _inflated(file)
            here = file.tell()
            has_picture = file.read(2) == _group(dataset) and bool(file.read(2))
            file.seek(here)
            known = bool(dataset) and "SOPClassUID" in dataset
    except Exception as error:
        # Whatever a damaged file makes pydicom raise: it is no error of the program.
        raise SourceError(
            f"{name} is not a DICOM file that can be read", "The file is damaged"
        ) from error
    if has_picture:
        return dataset, file
    if not known:
        raise SourceError(f"{name} is not a DICOM file that can be read", "Choose another file")
    raise SourceError(
        f"{name} holds no picture", "It is a DICOM file without pixel data, such as a report"
    )


def _group(dataset: Dataset) -> bytes:
    """The group of the pixel elements, 7FE0, as it is written in the file."""
    return b"\xe0\x7f" if is_little_endian(dataset) else b"\x7f\xe0"


def _inflated(file: BinaryIO) -> tuple[Dataset, BinaryIO]:
    """A compressed data set is unpacked as a whole, and written again as it was before."""
    file.seek(0)
    with file:
        dataset = pydicom.dcmread(file, force=True)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    plain = BytesIO()
    dataset.save_as(plain, enforce_file_format=False)
    plain.seek(0)
    return pydicom.dcmread(plain, force=True, stop_before_pixels=True), plain


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
