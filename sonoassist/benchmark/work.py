"""What a network has to do: operations and moved bytes, counted from its layers.

Operations: a multiplication and an addition for each term of a convolution; biases, ReLUs,
pooling and masks are left out. The backward pass of Eq. 4 runs each convolution turned round,
with as many terms.

Bytes, each thing once: forward the weights, the picture and the output of every layer; backward
the weights again, every output again (for the masks), and as many errors as there were outputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from sonoassist.model.architecture import Architecture, Conv

BYTES = {"f32": 4, "bf16": 2, "f16": 2, "int8": 1}
"""Size of a number at each precision."""


class Pass(Enum):
    """Which part of the network's work."""

    DETECTION = "detection"
    """The forward pass: which plane."""
    LOCALISATION = "localisation"
    """The backward pass: where. Measured as what it adds to the forward pass."""
    BOTH = "both"
    """The two together."""


@dataclass(frozen=True, slots=True)
class BatchWork:
    """Work of one batch.

    Attributes:
        flop: Floating point operations.
        moved_bytes: Bytes that have to be moved at least.
    """

    flop: float
    moved_bytes: float

    @property
    def intensity(self) -> float:
        """Operations a byte."""
        return self.flop / self.moved_bytes


def work_of(
    spec: Architecture,
    height_px: int,
    width_px: int,
    what: Pass = Pass.DETECTION,
    batch: int = 1,
    precision: str = "f32",
) -> BatchWork:
    """Count the work of one batch.

    Args:
        spec: The network.
        height_px: Of the input.
        width_px: Of the input.
        what: Which pass.
        batch: Pictures at once.
        precision: "f32", "bf16" or "f16", or of both passes e.g. "f32/int8".

    Raises:
        ModelError: The input is too small for this network.
    """
    terms = sum(_terms(spec, height_px, width_px))
    weights = sum(conv.outputs * (conv.inputs * conv.kernel**2 + 1) for conv in spec.convs)
    first = height_px * width_px
    values = sum(_values(spec, height_px, width_px))
    forward = weights + batch * (first + values)
    backward = weights + batch * (first + 2 * values)
    numbers = {
        Pass.DETECTION: forward,
        Pass.LOCALISATION: backward,
        Pass.BOTH: forward + backward,
    }[what]
    passes = 2 if what is Pass.BOTH else 1
    return BatchWork(2.0 * terms * batch * passes, float(numbers * _bytes(precision)))


def _bytes(precision: str) -> float:
    """Size of a number, the mean of both passes where they differ."""
    parts = [BYTES[one] for one in precision.split("/")]
    return sum(parts) / len(parts)


def _terms(spec: Architecture, height_px: int, width_px: int) -> Iterator[int]:
    """Products that each convolution adds up for one picture."""
    for layer, (height, width) in zip(spec.layers, spec.sizes(height_px, width_px), strict=True):
        if isinstance(layer, Conv):
            yield layer.kernel**2 * layer.inputs * layer.outputs * height * width


def _values(spec: Architecture, height_px: int, width_px: int) -> Iterator[int]:
    """Numbers in the output of each layer for one picture."""
    channels = 1
    for layer, (height, width) in zip(spec.layers, spec.sizes(height_px, width_px), strict=True):
        channels = layer.outputs if isinstance(layer, Conv) else channels
        yield channels * height * width
