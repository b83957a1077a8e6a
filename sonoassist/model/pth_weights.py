"""Reads state dicts of the PyTorch port (`.pth`) without ever running code from the file."""

from __future__ import annotations

import pickle
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from sonoassist.core.errors import ModelError
from sonoassist.model.architecture import Architecture
from sonoassist.model.archive import is_zip, members
from sonoassist.model.folding import (
    BatchNorm,
    ConvWeights,
    Doubles,
    Tensors,
    as_doubles,
    fold_all,
    inverse_deviation,
)

if TYPE_CHECKING:
    import torch

_LEGACY_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
_WRAPPERS = ("state_dict", "model_state_dict", "model")
_NORM_FIELDS = ("weight", "bias", "running_mean", "running_var")
_MAX_VALUES = 1 << 27

CONVERSION_EPS = 1e-4
"""Added to the variance when folding the port's files.

The port was made from the published files by running_var = 1 / inv_std**2 - 1e-4, in every layer.
Adding the same 1e-4 gives the published inverse deviation back. The port itself runs its two head
layers with 1e-5 instead, so its own outputs are slightly off the published network's.
"""

TRAINED_HEAD_EPS = 1e-5
"""For the two head layers of a network that was trained on in the port: there the variances are
its own, and its forward pass adds this."""

_UNREADABLE = (
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    struct.error,
    OSError,
    MemoryError,
    NotImplementedError,
)
"""The restricted unpickler interprets hostile bytes: any of these is the file's fault."""

_ADVICE = "Get the file from its publisher, or use the .npz file"


def is_torch_file(data: bytes) -> bool:
    """Whether the bytes are a torch file of either format, or a bare pickle."""
    if is_zip(data):
        return b"data.pkl" in data
    return data[:1] == b"\x80" or _is_legacy(data)


def read_pth(data: bytes, what: str) -> tuple[Architecture, Tensors]:
    """Read and fold a state dict of convolutions, each with or without a batch norm.

    Args:
        data: The whole file.
        what: Its name, for messages.

    Raises:
        ModelError: The file asks for more than tensors, is damaged, or is another network.
    """
    state = _state_dict(_load(data, what), what)
    return fold_all([_finish(conv, what) for conv in _collect(state, what)], what)


def _is_legacy(data: bytes) -> bool:
    return _LEGACY_MAGIC in data[:32]


def _load(data: bytes, what: str) -> Any:
    # The only formats handed to torch are these two: it would also unpack tar archives to disk.
    if is_zip(data):
        members(data, what)
    elif not _is_legacy(data):
        raise _refused(what)
    import torch  # not at the top: half a second nobody else has to wait for

    try:
        with warnings.catch_warnings():
            # torch warns about old or damaged files; what matters is checked here afterwards.
            warnings.simplefilter("ignore")
            return torch.load(BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refused(what) from error
    except _UNREADABLE as error:
        raise ModelError(f"{what} is damaged or not a torch state dict", _ADVICE) from error


def _refused(what: str) -> ModelError:
    return ModelError(
        f"{what} is not a plain torch state dict: it could run code, so it is not read", _ADVICE
    )


def _state_dict(loaded: Any, what: str) -> dict[str, torch.Tensor]:
    import torch

    for wrapper in _WRAPPERS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(wrapper), Mapping):
            loaded = loaded[wrapper]
    if not isinstance(loaded, Mapping) or not loaded:
        raise ModelError(f"{what} holds no state dict", _ADVICE)
    for key, value in loaded.items():
        if not isinstance(key, str) or not isinstance(value, torch.Tensor):
            raise ModelError(f"{what}: {str(key)[:60]!r} is not a named tensor", _ADVICE)
    return {key.removeprefix("module."): value for key, value in loaded.items()}


@dataclass(slots=True)
class _Conv:
    prefix: str
    weight: Doubles
    bias: Doubles | None = None
    norm: dict[str, Doubles] = field(default_factory=dict)
    norm_prefix: str = ""
    batches: int = 0

    @property
    def eps(self) -> float:
        trained_in_port = self.batches > 0 and self.prefix.startswith("adaption.")
        return TRAINED_HEAD_EPS if trained_in_port else CONVERSION_EPS


def _collect(state: Mapping[str, torch.Tensor], what: str) -> list[_Conv]:
    """Group the entries: a four-dimensional weight begins a convolution, the rest belongs to it."""
    convs: list[_Conv] = []
    for key, tensor in state.items():
        prefix, _, name = key.rpartition(".")
        label = f"{what}: {key}"
        if name == "num_batches_tracked":
            if convs and tensor.numel() == 1:
                convs[-1].batches = int(tensor.item())
            continue
        values = _doubles(tensor, label)
        if values.ndim == 4 and name == "weight":
            convs.append(_Conv(prefix, values))
        elif convs:
            _attach(convs[-1], prefix, name, values, label)
        else:
            raise ModelError(f"{label} comes before any convolution", _ADVICE)
    return convs


def _attach(conv: _Conv, prefix: str, name: str, values: Doubles, label: str) -> None:
    if prefix == conv.prefix and name == "bias":
        conv.bias = values
    elif prefix != conv.prefix and name in _NORM_FIELDS and conv.norm_prefix in ("", prefix):
        conv.norm_prefix = prefix
        conv.norm[name] = values
    else:
        raise ModelError(f"{label} is not part of a convolution or its batch norm", _ADVICE)
    if values.shape != conv.weight.shape[:1]:
        raise ModelError(f"{label} is {list(values.shape)}, which does not fit its place", _ADVICE)


def _finish(conv: _Conv, what: str) -> ConvWeights:
    if not conv.norm:
        return ConvWeights(conv.weight, conv.bias, None)
    for name in _NORM_FIELDS:
        if name not in conv.norm:
            raise ModelError(f"{what}: {name} of the batch norm behind {conv.prefix} is missing")
    label = f"{what}: running_var behind {conv.prefix}"
    inv_std = inverse_deviation(conv.norm["running_var"], conv.eps, label)
    norm = BatchNorm(conv.norm["weight"], conv.norm["bias"], conv.norm["running_mean"], inv_std)
    return ConvWeights(conv.weight, conv.bias, norm)


def _doubles(tensor: torch.Tensor, label: str) -> Doubles:
    import torch

    if not tensor.is_floating_point():
        return as_doubles(np.zeros(0, np.int64), label)
    # A view can claim far more values than the file holds; it is refused before it is spread out.
    if tensor.numel() > _MAX_VALUES or tensor.layout != torch.strided or tensor.is_quantized:
        raise ModelError(f"{label} is no ordinary tensor of weights", _ADVICE)
    return as_doubles(tensor.detach().to(torch.float64).numpy(), label)
