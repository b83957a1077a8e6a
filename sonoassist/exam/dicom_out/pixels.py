"""Between pictures and the pixel data of DICOM objects."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from sonoassist.core.errors import OutputError
from sonoassist.core.opencv import cv2
from sonoassist.core.packets import Pixels

JPEG_QUALITY = 92
"""0 to 100; at 92 the loss is hidden behind that of the video the clip comes from."""
MOST_PX = 65535
"""Most rows and columns of a DICOM picture."""


def is_grey(picture: Pixels) -> bool:
    """Whether a picture, uint8 (H, W, 3) or (H, W), has no colour at all."""
    if picture.ndim == 2:
        return True
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    return bool(np.array_equal(red, green) and np.array_equal(green, blue))


def as_stored(picture: Pixels, *, grey: bool) -> Pixels:
    """The picture as (H, W) or (H, W, 3), contiguous."""
    if grey:
        return np.ascontiguousarray(picture if picture.ndim == 2 else picture[..., 0])
    return np.ascontiguousarray(
        picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    )


def describe(dataset: Dataset, picture: Pixels, photometric: str) -> None:
    """Say how the pixels are stored: 8 bit, one or three samples a pixel.

    Raises:
        OutputError: The picture is larger than a DICOM object can say.
    """
    height, width = picture.shape[:2]
    if max(height, width) > MOST_PX:
        raise OutputError(f"a picture of {width}×{height} is too large for DICOM")
    dataset.SamplesPerPixel = 1 if picture.ndim == 2 else 3
    dataset.PhotometricInterpretation = photometric
    if picture.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = height, width
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0


def jpeg(picture: Pixels) -> bytes:
    """A baseline JPEG; colours are stored with half the resolution across (4:2:2).

    Args:
        picture: uint8, (H, W, 3) RGB or (H, W) grey.
    """
    ordered = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture
    done, data = cv2.imencode(
        ".jpg",
        ordered,
        [
            cv2.IMWRITE_JPEG_QUALITY,
            JPEG_QUALITY,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
        ],
    )
    if not done:
        raise OutputError("a frame cannot be compressed")
    encoded: bytes = data.tobytes()
    return encoded
