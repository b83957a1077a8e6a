"""Folds batch norms into convolutions and checks that the result fits a network of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.core.errors import ModelError
from sonoassist.core.wording import counted
from sonoassist.model.architecture import ARCHITECTURES, Architecture, Conv

AnyArray = NDArray[Any]
Doubles = NDArray[np.float64]
Tensors = dict[str, NDArray[np.float32]]
Shape = tuple[int, ...]

_OTHER_FILE = "Choose the weights of one of the four networks: " + ", ".join(
    known.title for known in ARCHITECTURES.values()
)


@dataclass(frozen=True, slots=True)
class BatchNorm:
    """A trained batch norm: y = (x - mean) * inv_std * gamma + beta; every field is (out,)."""

    gamma: Doubles
    beta: Doubles
    mean: Doubles
    inv_std: Doubles


@dataclass(frozen=True, slots=True)
class ConvWeights:
    """One convolution as stored in a file.

    Attributes:
        weight: (out, in, k, k), a cross-correlation as in torch.
        bias: (out,), or None.
        norm: The batch norm behind it, or None.
    """

    weight: Doubles
    bias: Doubles | None
    norm: BatchNorm | None


def weight_key(index: int) -> str:
    """Name of the kernel of convolution `index` (from 0) in a folded file."""
    return f"conv{index:02d}.weight"


def bias_key(index: int) -> str:
    """Name of the bias of convolution `index` (from 0) in a folded file."""
    return f"conv{index:02d}.bias"


def kernel_shape(conv: Conv) -> Shape:
    """(out, in, k, k) of a convolution."""
    return conv.outputs, conv.inputs, conv.kernel, conv.kernel


def as_doubles(values: AnyArray, label: str) -> Doubles:
    """Check that an array holds finite decimal numbers.

    Args:
        values: Any array of a file.
        label: How to name it to the user, e.g. "SonoNet16.npz: arr_3".

    Raises:
        ModelError: Integers, text, NaN or infinite values.
    """
    if values.dtype.kind != "f":
        raise ModelError(f"{label} holds {values.dtype} values, not decimal numbers", _OTHER_FILE)
    with np.errstate(all="ignore"):  # what is no number is refused just below
        doubles = values.astype(np.float64)
    if not np.isfinite(doubles).all():
        raise ModelError(f"{label} holds NaN or infinite values", "Get the file again")
    return doubles


def inverse_deviation(variance: Doubles, eps: float, label: str) -> Doubles:
    """1 / sqrt(variance + eps); an all-zero variance (a channel that never fired) is fine.

    Raises:
        ModelError: A variance below -eps, which no training gives.
    """
    shifted = variance + eps
    if not (shifted > 0).all():
        raise ModelError(f"{label} holds a negative variance", "Get the file again")
    return np.asarray(1.0 / np.sqrt(shifted))


def fold(conv: ConvWeights) -> tuple[Doubles, Doubles]:
    """Kernel (out, in, k, k) and bias (out,) of the convolution with its batch norm folded in."""
    bias = np.zeros(len(conv.weight)) if conv.bias is None else conv.bias
    if conv.norm is None:
        return conv.weight, bias
    scale = conv.norm.gamma * conv.norm.inv_std
    return conv.weight * scale[:, None, None, None], conv.norm.beta + (
        bias - conv.norm.mean
    ) * scale


def fold_all(convs: Sequence[ConvWeights], what: str) -> tuple[Architecture, Tensors]:
    """Fold every convolution and find the network they make.

    Args:
        convs: From the input to the score maps.
        what: Name of the file, for messages.

    Raises:
        ModelError: They make none of the four networks, or the numbers overflow.
    """
    network = recognise([conv.weight.shape for conv in convs], what)
    tensors: Tensors = {}
    # What float32 cannot hold becomes infinite here and is refused by name just below.
    with np.errstate(over="ignore", invalid="ignore"):
        for index, conv in enumerate(convs):
            weight, bias = fold(conv)
            tensors[weight_key(index)] = np.ascontiguousarray(weight, dtype=np.float32)
            tensors[bias_key(index)] = np.ascontiguousarray(bias, dtype=np.float32)
    check_tensors(network, tensors, what)
    return network, tensors


def check_tensors(network: Architecture, tensors: Mapping[str, AnyArray], what: str) -> None:
    """Check that folded tensors are exactly those of `network` and finite.

    Raises:
        ModelError: Names the first tensor that is missing, too much, misshapen or not finite.
    """
    expected: dict[str, Shape] = {}
    for index, conv in enumerate(network.convs):
        expected[weight_key(index)] = kernel_shape(conv)
        expected[bias_key(index)] = (conv.outputs,)
    _check_names(network, set(expected), set(tensors), what)
    for name, shape in expected.items():
        if tensors[name].shape != shape:
            raise ModelError(
                f"{what}: {name} is {_by(tensors[name].shape)} where {network.title} has "
                f"{_by(shape)}",
                _OTHER_FILE,
            )
        as_doubles(tensors[name], f"{what}: {name}")


def _check_names(network: Architecture, expected: set[str], found: set[str], what: str) -> None:
    for name in sorted(expected - found):
        raise ModelError(f"{what}: {name} of {network.title} is missing", "Get the file again")
    for name in sorted(found - expected):
        raise ModelError(f"{what}: {network.title} has no tensor {name!r}", _OTHER_FILE)


def recognise(shapes: Sequence[Shape], what: str) -> Architecture:
    """Find the network whose kernels have these shapes.

    Args:
        shapes: (out, in, k, k) of each convolution in order.
        what: Name of the file, for messages.

    Raises:
        ModelError: None has; says which one is nearest and where it differs.
    """
    found = [tuple(shape) for shape in shapes]
    if not found:
        raise ModelError(f"{what} holds no convolutions", _OTHER_FILE)
    for network in ARCHITECTURES.values():
        if found == _kernels(network):
            return network
    nearest = max(ARCHITECTURES.values(), key=lambda network: _likeness(found, network))
    raise ModelError(
        f"{what} is none of the four networks: it resembles {nearest.title}, but "
        f"{_first_difference(found, nearest)}",
        _OTHER_FILE,
    )


def _kernels(network: Architecture) -> list[Shape]:
    return [kernel_shape(conv) for conv in network.convs]


def _likeness(found: list[Shape], network: Architecture) -> int:
    expected = _kernels(network)
    same = sum(mine == theirs for mine, theirs in zip(found, expected, strict=False))
    return 2 * same - abs(len(found) - len(expected))


def _first_difference(found: list[Shape], network: Architecture) -> str:
    expected = _kernels(network)
    pairs = zip(found, expected, strict=False)
    for number, (mine, theirs) in enumerate(pairs, start=1):
        if mine == theirs:
            continue
        if number == len(expected) == len(found) and mine[1:] == theirs[1:]:
            return (
                f"its last layer has {counted(mine[0], 'output')} instead of the "
                f"{counted(theirs[0], 'plane')}"
            )
        return f"convolution {number} is {_by(mine)} instead of {_by(theirs)}"
    return f"it has {counted(len(found), 'convolution')} instead of {len(expected)}"


def _by(shape: Shape) -> str:
    return "x".join(str(side) for side in shape) or "a single number"
