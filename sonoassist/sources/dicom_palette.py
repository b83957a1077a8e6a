"""Colours of DICOM frames whose samples are numbers of palette entries (PS3.3, C.7.6.3.1.5)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from sonoassist.core.packets import Pixels
from sonoassist.sources.dicom_dataset import element, is_little_endian, numbers
from sonoassist.sources.pixels import to_uint8

_COLOURS = ("Red", "Green", "Blue")
_UPPER_BYTE = 65280.0
"""Entries of 16 bit hold the 8 bit value in their upper byte."""


def coloured(array: NDArray[Any], dataset: Dataset) -> Pixels:
    """Look the samples up in the palette.

    Args:
        array: Stored samples, (H, W).
        dataset: The header.

    Returns:
        uint8, (H, W, 3) RGB.

    Raises:
        ValueError: There is no palette, or it is not as it should be.
    """
    if element(dataset, "SegmentedRedPaletteColorLookupTableData"):
        return to_uint8(apply_color_lut(array, dataset)[..., :3], white=_UPPER_BYTE)
    tables = [_table(dataset, colour) for colour in _COLOURS]
    top = max(int(table.max(initial=0)) for _, table in tables)
    # Some writers fill the entries of 16 bit with values of 8 bit.
    white = 255.0 if top <= 255 else _UPPER_BYTE
    planes = [
        table[np.clip(array.astype(np.int64) - first, 0, len(table) - 1)] for first, table in tables
    ]
    return to_uint8(np.stack(planes, axis=-1), white=white)


def _table(dataset: Dataset, colour: str) -> tuple[int, NDArray[np.uint16]]:
    """The first value that is mapped, and the entries of one colour."""
    described = numbers(element(dataset, f"{colour}PaletteColorLookupTableDescriptor"))
    data = element(dataset, f"{colour}PaletteColorLookupTableData")
    if len(described) != 3 or not isinstance(data, bytes) or not data:
        raise ValueError("there is no palette")
    count, first, bits = int(described[0]) or 65536, int(described[1]), int(described[2])
    if bits == 8 and len(data) < 2 * count:
        entries = np.frombuffer(data, np.uint8)[:count].astype(np.uint16)
    else:
        order = "<" if is_little_endian(dataset) else ">"
        entries = np.frombuffer(data[: len(data) // 2 * 2], f"{order}u2")[:count].astype(np.uint16)
    if not len(entries):
        raise ValueError("the palette is empty")
    return first, entries
