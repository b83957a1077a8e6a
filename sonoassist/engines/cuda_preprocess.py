"""Crops -> network inputs on the device, with the numbers of `preprocess.prepare`.

OpenCV resizes 8-bit pictures in fixed-point steps. They are repeated here one for one, since the
published weights were made on pictures with exactly this rounding.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sonoassist.preprocess.prepare import FLAT_STD

_WEIGHT_STEPS = 2048  # a weight of 1 in OpenCV's fixed-point numbers


class CropResizer:
    """Resizes 8-bit crops as `cv2.resize` with INTER_LINEAR does.

    Args:
        rows: Height of the crops in pixels.
        columns: Their width.
        height_px: Height of the results.
        width_px: Their width.
        device: Where it runs.
    """

    def __init__(
        self, rows: int, columns: int, height_px: int, width_px: int, device: torch.device
    ) -> None:
        top, top_weight = _taps(rows, height_px)
        left, left_weight = _taps(columns, width_px)
        # At the border OpenCV drops the outer of two columns, but mixes a row with itself.
        outside = (left < 0) | (left >= columns - 1)
        left_weight = np.where(outside, np.float32(0), left_weight)
        self._rows = _indices(top, rows, device)
        self._columns = _indices(left, columns, device)
        self._row_weights = _fixed(top_weight, (1, -1, 1, 1), device)
        self._column_weights = _fixed(left_weight, (1, 1, -1, 1), device)

    def __call__(self, crops: Tensor) -> Tensor:
        """Resize uint8 (n, rows, columns, channels) to int32 (n, h, w, channels), 0 to 255."""
        upper, lower = (self._across(crops.index_select(1, rows)) for rows in self._rows)
        over, under = self._row_weights
        mixed = ((over * (upper >> 4)) >> 16) + ((under * (lower >> 4)) >> 16)
        return (mixed + 2) >> 2

    def _across(self, lines: Tensor) -> Tensor:
        left, right = (lines.index_select(2, columns).int() for columns in self._columns)
        before, behind = self._column_weights
        return left * before + right * behind


def _taps(size: int, wanted: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """First of the two pixels under each wanted one, and the weight of the second."""
    centres = (np.arange(wanted) + 0.5) * (size / wanted) - 0.5
    exact = centres.astype(np.float32)
    first = np.floor(exact).astype(np.int64)
    return first, (exact - first.astype(np.float32)).astype(np.float32)


def _indices(first: NDArray[np.int64], size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    both = (np.clip(first, 0, size - 1), np.clip(first + 1, 0, size - 1))
    return torch.from_numpy(both[0]).to(device), torch.from_numpy(both[1]).to(device)


def _fixed(
    weights: NDArray[np.float32], shape: tuple[int, ...], device: torch.device
) -> tuple[Tensor, Tensor]:
    """Weights of the first and the second pixel as whole numbers, shaped to multiply."""
    both = (np.float32(1) - weights, weights)
    whole = [np.rint(part * np.float32(_WEIGHT_STEPS)).astype(np.int32) for part in both]
    first, second = (torch.from_numpy(part).view(shape).to(device) for part in whole)
    return first, second


class CropPreparer:
    """Makes network inputs of crops; arguments as for `CropResizer`, and the card's scale."""

    def __init__(
        self,
        rows: int,
        columns: int,
        height_px: int,
        width_px: int,
        scale: float,
        device: torch.device,
    ) -> None:
        self._resizer = CropResizer(rows, columns, height_px, width_px, device)
        self._scale = scale

    def __call__(self, crops: Tensor) -> Tensor:
        """Prepare uint8 (n, rows, columns, channels): float32 (n, 1, h, w), mean 0."""
        resized = self._resizer(crops)
        grey = resized.sum(dim=3).float() / resized.shape[3]
        variance, mean = torch.var_mean(grey, dim=(1, 2), correction=0, keepdim=True)
        gain = self._scale / variance.sqrt().clamp(min=FLAT_STD)
        return ((grey - mean) * gain)[:, None]
