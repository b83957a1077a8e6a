"""The project's own weights files: safetensors with folded convolutions, or with batch norms."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from sonoassist.core.errors import ModelError
from sonoassist.model.architecture import ARCHITECTURES, Architecture
from sonoassist.model.folding import (
    AnyArray,
    BatchNorm,
    ConvWeights,
    Tensors,
    as_doubles,
    bias_key,
    check_tensors,
    fold_all,
    inverse_deviation,
    weight_key,
)

FOLDED_FORMAT = "sonoassist-folded-1"
CHECKPOINT_FORMAT = "sonoassist-checkpoint-1"

_NORM_FIELDS = ("weight", "bias", "running_mean", "running_var")
_ADVICE = "Choose weights made by this program, or a published .npz file"


def is_safetensors(data: bytes) -> bool:
    """Whether the bytes begin like a safetensors file."""
    return len(data) > 8 and data[8:9] == b"{" and _header_length(data) <= len(data) - 8


def encode_folded(architecture_name: str, tensors: Mapping[str, AnyArray]) -> bytes:
    """Bytes of a folded weights file (see `FOLDED_FORMAT`).

    Args:
        architecture_name: Key of the network.
        tensors: conv00.weight (out, in, k, k), conv00.bias (out,) and so on.
    """
    metadata = {"format": FOLDED_FORMAT, "architecture": architecture_name}
    data: bytes = save(dict(tensors), metadata=metadata)
    return data


def decode(data: bytes, what: str) -> tuple[dict[str, AnyArray], dict[str, str]]:
    """Tensors and metadata of a safetensors file.

    Raises:
        ModelError: Not a whole safetensors file.
    """
    try:
        tensors: dict[str, AnyArray] = load(data)
    except (SafetensorError, KeyError, TypeError, ValueError, MemoryError) as error:
        raise ModelError(f"{what} is damaged or cut off", "Get the file again") from error
    return tensors, _metadata(data)


def read_folded(data: bytes, what: str) -> tuple[Architecture, Tensors]:
    """Read a folded weights file; float16 is widened to float32.

    Raises:
        ModelError: It is another format, damaged, or does not fit its network.
    """
    tensors, metadata = decode(data, what)
    if metadata.get("format") != FOLDED_FORMAT:
        raise ModelError(f"{what} is not in the format {FOLDED_FORMAT}", _ADVICE)
    network = _network(metadata, what)
    check_tensors(network, tensors, what)
    return network, {name: values.astype(np.float32) for name, values in tensors.items()}


def read_checkpoint(data: bytes, what: str) -> tuple[Architecture, Tensors, dict[str, str]]:
    """Read either own format; a batch norm is folded in. Also gives the metadata.

    Raises:
        ModelError: It is neither, damaged, or does not fit its network.
    """
    tensors, metadata = decode(data, what)
    kind = metadata.get("format")
    if kind == FOLDED_FORMAT:
        return *read_folded(data, what), metadata
    if kind != CHECKPOINT_FORMAT:
        raise ModelError(f"{what} was not written by this program", _ADVICE)
    network = _network(metadata, what)
    convs = _unfolded(tensors, network, _eps(metadata, what), what)
    recognised, folded = fold_all(convs, what)
    if recognised != network:
        raise ModelError(
            f"{what} calls itself {network.title} but holds {recognised.title}", _ADVICE
        )
    return network, folded, metadata


def _header_length(data: bytes) -> int:
    return int.from_bytes(data[:8], "little")


def _metadata(data: bytes) -> dict[str, str]:
    # The safetensors reader has accepted these bytes: the header is JSON and strings only.
    header: dict[str, Any] = json.loads(data[8 : 8 + _header_length(data)])
    return dict(header.get("__metadata__") or {})


def _network(metadata: Mapping[str, str], what: str) -> Architecture:
    name = metadata.get("architecture", "")
    if name not in ARCHITECTURES:
        raise ModelError(f"{what} names no known network ({name[:40]!r})", _ADVICE)
    return ARCHITECTURES[name]


def _eps(metadata: Mapping[str, str], what: str) -> float:
    text = metadata.get("bn_eps", "1e-05")
    try:
        eps = float(text)
    except ValueError:
        eps = math.nan
    if not 0 < eps < 1:
        raise ModelError(f"{what}: bn_eps is {text[:40]!r}, not a small number above 0", _ADVICE)
    return eps


def _unfolded(
    tensors: dict[str, AnyArray], network: Architecture, eps: float, what: str
) -> list[ConvWeights]:
    left = dict(tensors)
    convs = [
        _take_conv(left, index, conv.outputs, eps, what) for index, conv in enumerate(network.convs)
    ]
    for name in sorted(left):
        raise ModelError(f"{what}: {network.title} has no tensor {name!r}", _ADVICE)
    return convs


def _take_conv(
    left: dict[str, AnyArray], index: int, outputs: int, eps: float, what: str
) -> ConvWeights:
    stem = f"conv{index:02d}.bn."
    weight = left.pop(weight_key(index), None)
    if weight is None:
        raise ModelError(f"{what}: {weight_key(index)} is missing", "Get the file again")
    bias = left.pop(bias_key(index), None)
    fields = {name: left.pop(stem + name) for name in _NORM_FIELDS if stem + name in left}
    if fields and len(fields) < len(_NORM_FIELDS):
        raise ModelError(f"{what}: {stem}* is not complete", "Get the file again")
    vectors = {bias_key(index): bias} | {stem + name: value for name, value in fields.items()}
    for name, value in vectors.items():
        if value is not None and value.shape != (outputs,):
            raise ModelError(f"{what}: {name} is {list(value.shape)}, not [{outputs}]", _ADVICE)
    return ConvWeights(
        as_doubles(weight, f"{what}: {weight_key(index)}"),
        None if bias is None else as_doubles(bias, f"{what}: {bias_key(index)}"),
        _norm(fields, eps, f"{what}: {stem}") if fields else None,
    )


def _norm(fields: Mapping[str, AnyArray], eps: float, stem: str) -> BatchNorm:
    gamma, beta, mean, variance = (as_doubles(fields[name], stem + name) for name in _NORM_FIELDS)
    inv_std = inverse_deviation(variance, eps, f"{stem}running_var")
    return BatchNorm(gamma, beta, mean, inv_std)
