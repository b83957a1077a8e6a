"""Weights in fewer bits, with the mean error of the rounding put right.

Rounding a weight shifts every output by (error of the weight) x (mean of what it is multiplied
with); behind a ReLU that mean is far from zero, and the shifts of many weights add up to most of
the error that low precision makes. They are known beforehand, so each convolution's bias takes
them back (bias correction: M. Nagel et al., "Data-Free Quantization Through Weight Equalization
and Bias Correction", ICCV 2019, Section 4.2). It costs nothing when frames are analysed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.packets import Floats, frozen

Tensors = Mapping[str, NDArray[np.float32]]

KEPT_WIDE = 1
"""So many first convolutions are not run in int8: their input is the picture itself, whose
values have both signs, and with one channel they cost next to nothing."""
INT8_STEPS = 127
HEADROOM = 1.3
"""Inputs of a convolution in int8 are cut off above so many times the greatest value of the
calibration pictures: others have stronger ones, and cutting them off costs more than coarser steps
(SonoNet-32 on other exams: greatest error of a probability 0.13 without, 0.09 with it)."""


@dataclass(frozen=True, slots=True)
class ActivationStatistics:
    """What flows into each convolution of a network, over some pictures.

    Attributes:
        means: For each convolution float32 (inputs,): mean of each channel.
        peaks: For each convolution the greatest value.
    """

    means: tuple[Floats, ...]
    peaks: tuple[float, ...]

    @classmethod
    def over(cls, pictures: Sequence[ActivationStatistics]) -> ActivationStatistics:
        """Of several pictures together; at least one."""
        means = zip(*(each.means for each in pictures), strict=True)
        peaks = zip(*(each.peaks for each in pictures), strict=True)
        return cls(tuple(_mean(rows) for rows in means), tuple(max(row) for row in peaks))


def _mean(arrays: Sequence[Floats]) -> Floats:
    return frozen(np.asarray(np.mean(np.stack(arrays), axis=0, dtype=np.float64), np.float32))


def to_bf16(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The nearest bf16 numbers (ties to even), as float32."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    half = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return np.asarray(((bits + half) & np.uint32(0xFFFF0000)).view(np.float32), np.float32)


def to_int8(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """The nearest of 255 even steps, of a size of its own for each output, as float32.

    Args:
        weight: float32, (outputs, inputs, kernel, kernel).
    """
    step = np.maximum(np.abs(weight).max(axis=(1, 2, 3), keepdims=True), 1e-30) / INT8_STEPS
    return np.asarray(np.round(weight / step) * step, np.float32)


def bf16_tensors(tensors: Tensors, statistics: ActivationStatistics) -> Tensors:
    """Weights rounded to bf16, biases corrected."""
    return _rounded(tensors, statistics, lambda weight, _number: to_bf16(weight))


def int8_tensors(tensors: Tensors, statistics: ActivationStatistics) -> Tensors:
    """Weights rounded to int8 (the first `KEPT_WIDE` convolutions are left), biases corrected."""
    return _rounded(
        tensors,
        statistics,
        lambda weight, number: weight if number < KEPT_WIDE else to_int8(weight),
    )


def _rounded(
    tensors: Tensors,
    statistics: ActivationStatistics,
    rounder: Callable[[NDArray[np.float32], int], NDArray[np.float32]],
) -> Tensors:
    out = dict(tensors)
    for number, means in enumerate(statistics.means):
        weight, bias = f"conv{number:02d}.weight", f"conv{number:02d}.bias"
        out[weight] = rounder(tensors[weight], number)
        lost = (tensors[weight] - out[weight]).sum(axis=(2, 3)) @ means
        out[bias] = tensors[bias] + lost.astype(np.float32)
    return out
