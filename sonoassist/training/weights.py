"""A network in training <-> the project's own weights files, and fine-tuning from folded ones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor, nn

from sonoassist.model.checkpoint import CHECKPOINT_FORMAT
from sonoassist.model.networks import ConvUnit, Network

Arrays = dict[str, NDArray[np.float32]]

BN_EPS = 1e-5
_FILTER_NORM = 1 / math.sqrt(3)
"""Euclidean norm of one filter as torch starts it, whatever its size."""


def conv_units(network: nn.Module) -> list[ConvUnit]:
    """The convolutions in order."""
    return [module for module in network.modules() if isinstance(module, ConvUnit)]


def network_arrays(network: nn.Module) -> Arrays:
    """Copies of the weights under the names of the own checkpoint format (convNN.weight, ...)."""
    return {name: _array(value) for name, value in _targets(network).items()}


def _targets(network: nn.Module) -> dict[str, Tensor]:
    targets: dict[str, Tensor] = {}
    for number, unit in enumerate(conv_units(network)):
        found: dict[str, Tensor | None] = {"weight": unit.conv.weight, "bias": unit.conv.bias}
        if isinstance(unit.norm, nn.BatchNorm2d | nn.SyncBatchNorm):
            norm = unit.norm
            found |= {
                "bn.weight": norm.weight,
                "bn.bias": norm.bias,
                "bn.running_mean": norm.running_mean,
                "bn.running_var": norm.running_var,
            }
        for key, value in found.items():
            if value is not None:
                targets[f"conv{number:02d}.{key}"] = value
    return targets


def _array(value: Tensor) -> NDArray[np.float32]:
    return np.array(value.detach().float().cpu().numpy(), order="C")


def encode_arrays(arrays: Arrays, architecture_name: str, about: Mapping[str, str]) -> bytes:
    """Bytes of an own weights file that `ModelStore.add` takes.

    Args:
        arrays: As `network_arrays` gives them.
        architecture_name: Key of the network.
        about: Metadata: title, domain, notes, crop and so on.
    """
    fixed = {
        "format": CHECKPOINT_FORMAT,
        "architecture": architecture_name,
        "bn_eps": repr(BN_EPS),
    }
    data: bytes = save(arrays, {**about, **fixed})
    return data


@dataclass
class _Moments:
    """Sums over what leaves one convolution."""

    count: float = 0.0
    total: Tensor | float = 0.0
    squares: Tensor | float = 0.0

    def add(self, out: Tensor) -> None:
        wide = out.detach().cpu().double()  # Apple GPUs have no double precision
        self.count += wide.numel() / wide.shape[1]
        self.total = self.total + wide.sum(dim=(0, 2, 3))
        self.squares = self.squares + (wide * wide).sum(dim=(0, 2, 3))


def start_from(
    network: Network, folded: Mapping[str, NDArray[np.float32]], examples: Iterable[Tensor]
) -> None:
    """Begin with folded weights: in evaluation the network is the function they make.

    A folded convolution has lost its batch norm. In training a norm uses the statistics of its
    batch, so one that pretends to mean 0 and variance 1 would change the function with the first
    step. Therefore the real mean and variance of what leaves each convolution are measured on
    `examples` and undone again by the norm's own scale and shift. Filters are brought to the
    length that torch starts them with, which the norm undoes as well: a step of a given learning
    rate then turns them as far as in a training from the start.

    Args:
        network: As made for training; changed in place, left in evaluation mode.
        folded: conv00.weight, conv00.bias and so on.
        examples: Inputs (n, 1, h, w) on the network's device; some batches are enough.
    """
    units = conv_units(network)
    with torch.no_grad():
        for number, unit in enumerate(units):
            _put(unit, folded[f"conv{number:02d}.weight"], folded[f"conv{number:02d}.bias"])
        network.eval()
        if network.spec.batch_norm:
            _calibrate(network, units, examples)


def _put(unit: ConvUnit, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
    """Set a convolution so that unit(x) = relu(conv(x) + bias) in evaluation."""
    kernel, shift = torch.from_numpy(weight), torch.from_numpy(bias)
    if unit.conv.bias is not None:
        unit.conv.weight.copy_(kernel)
        unit.conv.bias.copy_(shift)
        return
    assert isinstance(unit.norm, nn.BatchNorm2d)
    lengths = kernel.flatten(1).norm(dim=1).clamp_min(1e-12)
    scale = _FILTER_NORM / lengths
    unit.conv.weight.copy_(kernel * scale[:, None, None, None])
    unit.norm.running_mean.zero_()  # type: ignore[union-attr]
    unit.norm.running_var.fill_(1 - unit.norm.eps)  # type: ignore[union-attr]
    unit.norm.weight.copy_(1 / scale)
    unit.norm.bias.copy_(shift)


def _calibrate(network: Network, units: list[ConvUnit], examples: Iterable[Tensor]) -> None:
    moments = [_Moments() for _ in units]
    hooks = [
        unit.conv.register_forward_hook(lambda _m, _i, out, kept=kept: kept.add(out))
        for unit, kept in zip(units, moments, strict=True)
    ]
    for inputs in examples:
        network(inputs)
    for hook in hooks:
        hook.remove()
    for unit, kept in zip(units, moments, strict=True):
        if kept.count:
            _use(unit.norm, kept)


def _use(norm: nn.Module, kept: _Moments) -> None:
    """Move the measured statistics into a norm, and out of its scale and shift."""
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    mean = torch.as_tensor(kept.total) / kept.count
    variance = (torch.as_tensor(kept.squares) / kept.count - mean * mean).clamp_min(0)
    gain = norm.weight.cpu().double()
    norm.bias.copy_(norm.bias.cpu().double() + gain * mean)
    norm.weight.copy_(gain * torch.sqrt(variance + norm.eps))
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)


def load_arrays(network: Network, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    """Put weights of an own checkpoint file into a network made for training."""
    with torch.no_grad():
        for name, target in _targets(network).items():
            target.copy_(torch.from_numpy(np.array(arrays[name], np.float32)))
