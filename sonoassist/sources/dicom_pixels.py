"""Decoding the pictures of a DICOM file one by one; its pixels stay on the disk."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import UID, RLELossless

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Pixels
from sonoassist.sources.base import system_failed, unreadable_now
from sonoassist.sources.dicom_dataset import element, quiet, syntax_of, whole_number
from sonoassist.sources.dicom_frames import StoredFrames, find_frames, frame_bytes
from sonoassist.sources.dicom_grey import declared_range, grey_of
from sonoassist.sources.dicom_palette import coloured
from sonoassist.sources.jpeg_stream import (
    ADOBE_RGB,
    j2k_transforms_colour,
    jpeg_ends,
    jpeg_head,
)
from sonoassist.sources.picture_size import picture_size
from sonoassist.sources.pixels import check_not_huge, check_size, to_uint8

_RLE_HEAD = 64
_J2K, _JP2 = b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  "
_HEADER_OF_PIXELS = (
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PhotometricInterpretation",
    "PlanarConfiguration",
)
_JPEG_AS_IS = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_IGNORE_ORIENTATION
_BGR_TO_RGB = cv2.COLOR_BGR2RGB


class DicomPictures:
    """The frames of one file as uint8 pictures.

    Args:
        name: File name, for messages.
        dataset: The header.
        file: At the element with the pixels; is closed with this.

    Raises:
        SourceError: It is not a DICOM file with pictures that can be read.
    """

    def __init__(self, name: str, dataset: Dataset, file: BinaryIO) -> None:
        self.name, self.dataset, self._file = name, dataset, file
        _check_decodable(name, self.dataset)
        _check_declared_size(name, dataset)
        self._frames = _found(name, self.dataset, self._file)
        self._photometric = str(element(self.dataset, "PhotometricInterpretation") or "MONOCHROME2")

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def missing(self) -> int:
        """Frames that the header states and that are not there."""
        return self._frames.missing

    @property
    def stated(self) -> int:
        """Number of frames that the header states."""
        return self._frames.stated

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def picture(self, index: int) -> Pixels:
        """Decode frame `index`.

        Raises:
            DamagedFrameError: It cannot be decoded.
            SourceError: It is too small, or the system could not read it.
        """
        try:
            with quiet():
                pixels = self._decoded(self._frames.read(self._file, index))
        except SourceError as error:
            raise DamagedFrameError(error.message, "It is left out") from error
        except Exception as error:
            if system_failed(error):
                raise unreadable_now(self.name, error) from error
            # Whatever a decoder makes of damaged bytes: it is no error of the program.
            where = f"frame {index} of {self.name}" if len(self) > 1 else self.name
            raise DamagedFrameError(f"{where} is damaged", "It is left out") from error
        check_size(self.name, pixels.shape[1], pixels.shape[0])
        return pixels

    def _decoded(self, data: bytes) -> Pixels:
        if self._frames.compressed:
            _check_unpacked(self.name, self.dataset, data)
            head = jpeg_head(data) if data.startswith(b"\xff\xd8") else None
            if head is not None and head.precision == 8 and len(head.components) in (1, 3):
                rgb = len(head.components) == 3 and head.is_rgb(tagged=self._photometric == "RGB")
                return self._of_jpeg(data, rgb=rgb, coloured=len(head.components) == 3)
        array = self._samples(data)
        if array.ndim == 3:
            low, high = declared_range(self.dataset, array.dtype)
            return to_uint8(array[..., :3], white=None if high == 255.0 else high - low)
        return self._toned(array)

    def _of_jpeg(self, data: bytes, *, rgb: bool, coloured: bool) -> Pixels:
        """A JPEG of 8 bit by OpenCV, which is several times as quick as pydicom's decoders."""
        if not jpeg_ends(data):
            raise EOFError("the code stream is cut off")
        if rgb and ADOBE_RGB[:9] not in data[:512]:
            data = data[:2] + ADOBE_RGB + data[2:]
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), _JPEG_AS_IS)
        if decoded is None or (decoded.ndim == 3) is not coloured:
            raise ValueError("it cannot be decoded")
        if coloured:
            return np.asarray(cv2.cvtColor(decoded, _BGR_TO_RGB), np.uint8)
        return self._toned(decoded)

    def _toned(self, array: NDArray[Any]) -> Pixels:
        if self._photometric == "PALETTE COLOR":
            return coloured(array, self.dataset)
        grey = grey_of(array, self.dataset)
        return 255 - grey if self._photometric == "MONOCHROME1" else grey

    def _samples(self, data: bytes) -> NDArray[Any]:
        """The samples of one frame; colours are red, green and blue."""
        if data.startswith(_JP2):  # only the code stream counts (PS3.5, A.4.4)
            data = data[data.index(_J2K) :]
        one = self._alone(data)
        decoder = get_decoder(UID(syntax_of(self.dataset)))
        # A JPEG 2000 stream says itself whether it holds luma and chroma.
        transforms = _J2K in data[:4096]
        # Validation would refuse what is merely unusual.
        array, properties = decoder.as_array(one, index=0, validate=False, raw=transforms)
        if not transforms or array.ndim != 3 or j2k_transforms_colour(data):
            return array
        tagged = str(properties["photometric_interpretation"])
        if tagged.startswith("YBR_FULL"):
            return convert_color_space(array, "YBR_FULL", "RGB", per_frame=True)
        return array

    def _alone(self, data: bytes) -> Dataset:
        """A data set of this frame only."""
        one = Dataset()
        one.file_meta = self.dataset.file_meta
        for keyword in _HEADER_OF_PIXELS:
            if keyword in self.dataset:
                setattr(one, keyword, element(self.dataset, keyword))
        one.NumberOfFrames = 1
        keyword = self._frames.keyword
        setattr(one, keyword, encapsulate([data]) if self._frames.compressed else data)
        if keyword == "PixelData":
            one[keyword].VR = "OB" if self._frames.compressed else "OW"
            one[keyword].is_undefined_length = self._frames.compressed
        implicit, little = self.dataset.original_encoding
        one.set_original_encoding(implicit, little)
        return one


def _check_declared_size(name: str, dataset: Dataset) -> None:
    """Before the frames are counted: of pictures of one pixel there would be millions."""
    rows, columns = (whole_number(dataset, keyword, 0) for keyword in ("Rows", "Columns"))
    if rows > 0 and columns > 0:
        check_size(name, columns, rows)


def _check_unpacked(name: str, dataset: Dataset, data: bytes) -> None:
    """Before a code stream is decoded: it may be of another size than the header states.

    Raises:
        SourceError: It is too large.
        ValueError: It is longer than packing could make it.
    """
    size = picture_size(data)
    if size is not None:
        check_not_huge(name, *size)
    elif syntax_of(dataset) == RLELossless and len(data) > 2 * frame_bytes(dataset) + _RLE_HEAD:
        raise ValueError("it is longer than its picture")


def _found(name: str, dataset: Dataset, file: BinaryIO) -> StoredFrames:
    try:
        return find_frames(dataset, file)
    except Exception as error:
        # A header or a table that is damaged: whatever comes of it.
        raise SourceError(f"no picture of {name} can be decoded", "The file is damaged") from error


def _check_decodable(name: str, dataset: Dataset) -> None:
    syntax = UID(syntax_of(dataset))
    try:
        known = get_decoder(syntax).is_available
    except NotImplementedError:
        known = False
    if not known:
        raise SourceError(
            f"{name} is compressed in a way that cannot be read ({syntax.name})",
            "Export it from the scanner as JPEG or uncompressed, or as a video file",
        )
