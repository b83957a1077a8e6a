"""From the stored samples of a grey DICOM frame to 8 bit, by what the header declares.

What is white is declared, never taken from a frame: one that is dark stays dark (PS3.3, C.11.1
and C.11.2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi

from sonoassist.core.packets import Pixels
from sonoassist.sources.dicom_dataset import element, number, numbers, whole_number

_NEARLY = 4.0
"""Grey levels by which a window may differ from the whole range and still mean just that."""


def grey_of(array: NDArray[Any], dataset: Dataset) -> Pixels:
    """Modality rescale, then the window, else the whole declared range.

    Args:
        array: Stored samples, (H, W).
        dataset: The header.
    """
    low, high = declared_range(dataset, array.dtype)
    if _filled(dataset, "ModalityLUTSequence"):
        values = np.asarray(apply_modality_lut(array, dataset), np.float32)
        low, high = _lut_range(dataset.ModalityLUTSequence[0])
    else:
        slope, intercept = (
            number(dataset, "RescaleSlope", 1.0),
            number(dataset, "RescaleIntercept", 0.0),
        )
        if (slope, intercept) == (1.0, 0.0) or slope == 0:
            values = array
        else:
            values = array.astype(np.float32) * np.float32(slope) + np.float32(intercept)
            low, high = sorted((low * slope + intercept, high * slope + intercept))
    if _filled(dataset, "VOILUTSequence"):
        low, high = _lut_range(dataset.VOILUTSequence[0])
        return _scaled(np.asarray(apply_voi(values, dataset), np.float32), low, high)
    window = _window(dataset, low, high)
    if window is not None:
        return _windowed(values, *window)
    return _scaled(values, low, high)


def declared_range(dataset: Dataset, dtype: np.dtype[Any]) -> tuple[float, float]:
    """Lowest and highest value that the stored bits can hold; 0 to 1 for floats."""
    if np.issubdtype(dtype, np.floating):
        return 0.0, 1.0
    bits = whole_number(dataset, "BitsStored", 8 * dtype.itemsize)
    bits = min(max(bits, 1), 8 * dtype.itemsize)
    if np.issubdtype(dtype, np.signedinteger):
        return float(-(2 ** (bits - 1))), float(2 ** (bits - 1) - 1)
    return 0.0, float(2**bits - 1)


def _filled(dataset: Dataset, keyword: str) -> bool:
    """Whether a table of values is there; an empty element is no table."""
    items = element(dataset, keyword)
    return bool(items) and all(items[0].get(key) for key in ("LUTDescriptor", "LUTData"))


def _lut_range(item: Dataset) -> tuple[float, float]:
    return 0.0, float(2 ** min(max(int(item.LUTDescriptor[2]), 1), 16) - 1)


def _window(dataset: Dataset, low: float, high: float) -> tuple[float, float, str] | None:
    """Centre, width and function of the first window; None where all values are shown."""
    centres, widths = (
        numbers(element(dataset, "WindowCenter")),
        numbers(element(dataset, "WindowWidth")),
    )
    if not len(centres) or not len(widths) or widths[0] <= 0:
        return None
    centre, width = float(centres[0]), float(widths[0])
    ends = (centre - width / 2, centre + width / 2)
    margin = _NEARLY * (high - low) / 255
    if abs(ends[0] - low) <= margin and abs(ends[1] - high) <= margin:
        return None  # the values are shown as they are stored
    return centre, width, str(element(dataset, "VOILUTFunction") or "LINEAR")


def _windowed(array: NDArray[Any], centre: float, width: float, function: str) -> Pixels:
    """Map the window to 0..255 (PS3.3, C.11.2.1.2 and C.11.2.1.3)."""
    values = array.astype(np.float32)
    if function == "SIGMOID":
        shares = 1.0 / (1.0 + np.exp(-4.0 * (values - centre) / width))
    elif function == "LINEAR_EXACT":
        shares = (values - centre) / width + 0.5
    else:
        shares = (values - (centre - 0.5)) / max(width - 1.0, 1.0) + 0.5
    pixels: Pixels = np.clip(np.rint(shares * 255.0), 0, 255).astype(np.uint8)
    return pixels


def _scaled(array: NDArray[Any], low: float, high: float) -> Pixels:
    if array.dtype == np.uint8 and (low, high) == (0.0, 255.0):
        return array
    shares = (array.astype(np.float32) - np.float32(low)) / np.float32(max(high - low, 1e-6))
    clean = np.nan_to_num(shares, nan=0.0, posinf=1.0, neginf=0.0)
    pixels: Pixels = np.clip(np.rint(clean * 255.0), 0, 255).astype(np.uint8)
    return pixels
