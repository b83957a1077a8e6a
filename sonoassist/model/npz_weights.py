"""Reads the published `.npz` files (Lasagne)."""

from __future__ import annotations

import re
from io import BytesIO

import numpy as np

from sonoassist.core.errors import ModelError
from sonoassist.core.files import ARCHIVE_ERRORS
from sonoassist.core.wording import counted
from sonoassist.model.architecture import Architecture
from sonoassist.model.archive import damaged, members
from sonoassist.model.folding import (
    AnyArray,
    BatchNorm,
    ConvWeights,
    Doubles,
    Tensors,
    as_doubles,
    fold_all,
    recognise,
)

_NAME = re.compile(r"arr_(\d+)\.npy", re.ASCII)
_NORM_FIELDS = ("beta", "gamma", "mean", "inverse deviation")


def read_npz(data: bytes, what: str) -> tuple[Architecture, Tensors]:
    """Read and fold a published file.

    A SonoNet has five arrays a convolution: kernel, beta, gamma, mean, inverse standard
    deviation. SmallNet has two: kernel, bias.

    Args:
        data: The whole file.
        what: Its name, for messages.

    Raises:
        ModelError: It is not one of the published networks, or damaged.
    """
    arrays = [
        as_doubles(array, f"{what}: arr_{index}")
        for index, array in enumerate(_load_arrays(data, what))
    ]
    network = recognise([array.shape for array in arrays if array.ndim == 4], what)
    groups = _groups(arrays, network, what)
    make = _with_norm if network.batch_norm else _flipped
    return fold_all([make(group) for group in groups], what)


def _with_norm(group: list[Doubles]) -> ConvWeights:
    weight, beta, gamma, mean, inv_std = group
    return ConvWeights(weight, None, BatchNorm(gamma, beta, mean, inv_std))


def _flipped(group: list[Doubles]) -> ConvWeights:
    # The published model definitions pass flip_filters=False for the SonoNets only. SmallNet
    # keeps Lasagne's default, a true convolution, so its kernels turn by 180 degrees here. On
    # the 13 published example images this makes 12 right instead of 7.
    weight, bias = group
    return ConvWeights(weight[:, :, ::-1, ::-1], bias, None)


def _load_arrays(data: bytes, what: str) -> list[AnyArray]:
    count = _count(members(data, what), what)
    try:
        with np.load(BytesIO(data), allow_pickle=False) as loaded:
            arrays = [loaded[f"arr_{index}"] for index in range(count)]
    except ARCHIVE_ERRORS as error:
        if "allow_pickle" in str(error):
            raise ModelError(
                f"{what} holds Python objects instead of numbers; not read",
                "Get the file from its publisher",
            ) from error
        raise damaged(what) from error
    # A member that does not begin as an array does is given as bytes.
    if not all(isinstance(array, np.ndarray) for array in arrays):
        raise damaged(what)
    return arrays


def _count(names: list[str], what: str) -> int:
    numbers = set()
    for name in names:
        match = _NAME.fullmatch(name)
        if match is None:
            raise ModelError(
                f"{what} is not a published weights file: it holds {name.removesuffix('.npy')!r} "
                "where arr_0, arr_1 and so on are expected",
                "Choose one of the published .npz files",
            )
        numbers.add(int(match[1]))
    missing = sorted(set(range(len(names))) - numbers)
    if missing:
        raise ModelError(f"{what}: arr_{missing[0]} is missing", "Get the file again")
    return len(names)


def _groups(arrays: list[Doubles], network: Architecture, what: str) -> list[list[Doubles]]:
    step = 5 if network.batch_norm else 2
    expected = step * len(network.convs)
    if len(arrays) != expected:
        raise ModelError(
            f"{what} has {counted(len(arrays), 'array')} where {network.title} has {expected}",
            "Get the file again",
        )
    groups = [arrays[start : start + step] for start in range(0, expected, step)]
    for number, group in enumerate(groups):
        _check_group(group, number * step, what)
    return groups


def _check_group(group: list[Doubles], first: int, what: str) -> None:
    outputs = group[0].shape[0] if group[0].ndim == 4 else -1
    for offset, array in enumerate(group):
        if (offset == 0) != (array.ndim == 4) or (offset and array.shape != (outputs,)):
            raise ModelError(
                f"{what}: arr_{first + offset} is {list(array.shape)}, which does not fit its "
                "place",
                "Get the file again",
            )
    if len(group) == 1 + len(_NORM_FIELDS) and (group[4] < 0).any():
        raise ModelError(
            f"{what}: arr_{first + 4} should hold inverse standard deviations, but has negative "
            "values",
            "Get the file from its publisher",
        )
