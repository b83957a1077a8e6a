"""Decoding the pictures of a DICOM data set one by one; the one place that imports pydicom."""

from __future__ import annotations

import logging
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import pydicom
import pydicom.config
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from sonoassist.errors import DamagedFrameError, SourceError
from sonoassist.packets import Pixels
from sonoassist.sources.pixels import check_size, full_scale, to_uint8

# pydicom quotes values in its messages, which could be a patient's name.
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

_PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_DECODE_ERRORS = (
    RuntimeError, ValueError, AttributeError, KeyError, IndexError, TypeError, EOFError,
    NotImplementedError, OSError, ImportError, struct.error, MemoryError,
)  # fmt: skip
"""What pydicom and its decoders raise for data that is not as it should be."""

_ASSUMED_FPS = 25.0


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_dataset(name: str, data: bytes) -> Dataset:
    """Parse the bytes of a DICOM file, with or without its preamble.

    Raises:
        SourceError: They are not a DICOM file, or there is no picture in it.
    """
    try:
        with _quiet():
            dataset = pydicom.dcmread(BytesIO(data), force=True)
            has_picture = any(key in dataset for key in _PIXEL_KEYWORDS)
    except (InvalidDicomError, *_DECODE_ERRORS) as error:
        raise SourceError(
            f"{name} is not a DICOM file that can be read", "The file is damaged"
        ) from error
    if has_picture:
        _check_decodable(name, dataset)
        return dataset
    if not dataset or "SOPClassUID" not in dataset:
        raise SourceError(f"{name} is not a DICOM file that can be read", "Choose another file")
    raise SourceError(
        f"{name} holds no picture", "It is a DICOM file without pixel data, such as a report"
    )


def _check_decodable(name: str, dataset: Dataset) -> None:
    syntax = UID(_syntax(dataset))
    try:
        known = get_decoder(syntax).is_available
    except NotImplementedError:
        known = False
    if not known:
        raise SourceError(
            f"{name} is compressed in a way that cannot be read ({syntax.name})",
            "Export it from the scanner as JPEG or uncompressed, or as a video file",
        )


def _syntax(dataset: Dataset) -> str:
    """The transfer syntax; guessed from the encoding where the file does not state it."""
    meta = getattr(dataset, "file_meta", None)
    syntax = meta.get("TransferSyntaxUID") if meta is not None else None
    if syntax is None:
        implicit = dataset.original_encoding[0]
        syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        dataset.ensure_file_meta()
        dataset.file_meta.TransferSyntaxUID = syntax
    return str(syntax)


def count_frames(dataset: Dataset) -> int:
    """Number of frames that the data set states, at least 1."""
    try:
        return max(int(dataset.get("NumberOfFrames") or 1), 1)
    except (ValueError, TypeError):
        return 1


def frame_times(dataset: Dataset) -> tuple[tuple[float, ...], bool]:
    """When each frame is shown, in seconds from the first.

    FrameTimeVector comes first, then FrameTime, then the display rates.

    Returns:
        The times, and whether the file states them (else 25 frames a second are assumed).
    """
    count = count_frames(dataset)
    steps = _numbers(dataset.get("FrameTimeVector"))
    if len(steps) >= count > 1 and bool((steps >= 0).all()):
        # Each entry is the time since the frame before; the first one means nothing.
        gaps = np.concatenate([[0.0], steps[1:count]])
        return tuple(float(one) for one in np.cumsum(gaps) / 1000.0), True
    step_s = _step_s(dataset)
    stated = step_s is not None
    step = step_s if step_s is not None else 1.0 / _ASSUMED_FPS
    return tuple(number * step for number in range(count)), stated


def _step_s(dataset: Dataset) -> float | None:
    for keyword in ("FrameTime", "ActualFrameDuration"):
        value = _numbers(dataset.get(keyword))
        if len(value) == 1 and value[0] > 0:
            return float(value[0]) / 1000.0
    for keyword in ("RecommendedDisplayFrameRate", "CineRate"):
        value = _numbers(dataset.get(keyword))
        if len(value) == 1 and value[0] > 0:
            return 1.0 / float(value[0])
    return None


def _numbers(value: Any) -> NDArray[np.float64]:
    """The numbers of an element that may be missing, single or a list; none if one is odd."""
    if value is None or value == "":
        return np.zeros(0)
    try:
        numbers = np.atleast_1d(np.asarray(value, dtype=np.float64))
    except (TypeError, ValueError):
        return np.zeros(0)
    return numbers if numbers.ndim == 1 and bool(np.isfinite(numbers).all()) else np.zeros(0)


@dataclass(slots=True)
class DicomPictures:
    """The frames of one data set as uint8 pictures.

    Args:
        name: File name, for messages.
        dataset: The parsed file.
    """

    name: str
    dataset: Dataset
    _white: float | None = None

    def __len__(self) -> int:
        return count_frames(self.dataset)

    def picture(self, index: int) -> Pixels:
        """Decode frame `index`.

        Raises:
            DamagedFrameError: It cannot be decoded.
            SourceError: It is too small.
        """
        try:
            with _quiet():
                pixels = self._shown(*self._decoded(index))
        except _DECODE_ERRORS as error:
            where = f"frame {index} of {self.name}" if len(self) > 1 else self.name
            raise DamagedFrameError(f"{where} is damaged", "It is left out") from error
        check_size(self.name, pixels.shape[1], pixels.shape[0])
        return pixels

    def _decoded(self, index: int) -> tuple[NDArray[Any], str]:
        """Raw samples of one frame and their photometric interpretation; colours are RGB."""
        # Validation would refuse all frames of a file that is cut off in the middle.
        decoder = get_decoder(_syntax(self.dataset))
        array, properties = decoder.as_array(self.dataset, index=index, validate=False)
        return array, str(properties["photometric_interpretation"])

    def _shown(self, array: NDArray[Any], photometric: str) -> Pixels:
        if photometric == "PALETTE COLOR":
            coloured = apply_color_lut(array, self.dataset)
            return to_uint8(coloured[..., :3], white=self._palette_white())
        if array.ndim == 3:
            return to_uint8(array[..., :3])
        grey = self._grey(array)
        return 255 - grey if photometric == "MONOCHROME1" else grey

    def _palette_white(self) -> float:
        """The palette entry that stands for full brightness."""
        entry_bits = int(self.dataset.RedPaletteColorLookupTableDescriptor[2])
        # Entries of 16 bit hold the 8 bit value in their upper byte.
        return 255.0 if entry_bits == 8 else 65280.0

    def _grey(self, array: NDArray[Any]) -> Pixels:
        """Modality rescale, then the window, else the whole range of the stored bits."""
        stored = int(self.dataset.get("BitsStored") or 8)
        array = apply_modality_lut(array, self.dataset)
        if "VOILUTSequence" in self.dataset:
            depth = int(self.dataset.VOILUTSequence[0].LUTDescriptor[2])
            return to_uint8(apply_voi(array, self.dataset), white=2.0**depth - 1)
        window = self._window()
        if window is not None:
            return _apply_window(array, *window)
        if array.dtype == np.uint8 and stored == 8:
            return array
        return self._whole_range(array, stored)

    def _window(self) -> tuple[float, float, str] | None:
        """Centre, width and function of the first window; None where there is none to apply."""
        centres = _numbers(self.dataset.get("WindowCenter"))
        widths = _numbers(self.dataset.get("WindowWidth"))
        if not len(centres) or not len(widths) or widths[0] < 1.0:
            return None
        centre, width = float(centres[0]), float(widths[0])
        if int(self.dataset.get("BitsStored") or 8) == 8 and width >= 253.0:
            # As wide as the values themselves: they are shown as stored.
            return None
        return centre, width, str(self.dataset.get("VOILUTFunction") or "LINEAR")

    def _whole_range(self, array: NDArray[Any], stored: int) -> Pixels:
        low = array.min(initial=0)
        if low < 0:
            wide = np.float64 if np.issubdtype(array.dtype, np.floating) else np.int64
            array = array.astype(wide) - low.astype(wide)
        if self._white is None:
            # One scale for all frames, so that the brightness does not jump.
            known = low == 0 and 8 <= stored < 16 and np.issubdtype(array.dtype, np.integer)
            self._white = 2.0**stored - 1 if known else full_scale(array)
        return to_uint8(array, white=self._white)


def _apply_window(array: NDArray[Any], centre: float, width: float, function: str) -> Pixels:
    """Map the window to 0..255 (DICOM PS3.3, C.11.2.1.2)."""
    values = array.astype(np.float32)
    if function == "SIGMOID":
        shares = 1.0 / (1.0 + np.exp(-4.0 * (values - centre) / width))
    elif function == "LINEAR_EXACT":
        shares = (values - centre) / width + 0.5
    else:
        shares = (values - (centre - 0.5)) / max(width - 1.0, 1.0) + 0.5
    pixels: Pixels = np.clip(np.rint(shares * 255.0), 0, 255).astype(np.uint8)
    return pixels
