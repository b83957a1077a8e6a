"""The networks as torch modules: logits come from `scores.mean`, no softmax in here."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sonoassist.model.architecture import Architecture, Conv


class ConvUnit(nn.Module):
    """A convolution, its batch norm where trained with one, and its ReLU where it has one."""

    def __init__(self, spec: Conv, batch_norm: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            spec.inputs,
            spec.outputs,
            spec.kernel,
            stride=spec.stride,
            padding=spec.padding,
            bias=not batch_norm,
        )
        self.norm = nn.BatchNorm2d(spec.outputs) if batch_norm else nn.Identity()
        self.relu = nn.ReLU() if spec.relu else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h', w')."""
        out: Tensor = self.relu(self.norm(self.conv(x)))
        return out


class Network(nn.Module):
    """A network of Fig. 2; fully convolutional, so any input size that is large enough works.

    Args:
        spec: Which of the four.
        batch_norm: With batch norms (for training), or with the folded ones (for use).
    """

    def __init__(self, spec: Architecture, *, batch_norm: bool = False) -> None:
        super().__init__()
        self.spec = spec
        self.stages = nn.ModuleList(
            ConvUnit(layer, batch_norm) if isinstance(layer, Conv) else nn.MaxPool2d(2)
            for layer in spec.layers
        )

    def scores(self, x: Tensor) -> Tensor:
        """Class score maps F: (n, 1, h, w) -> (n, 14, fh, fw)."""
        for stage in self.stages:
            x = stage(x)
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Class scores a, the mean of F over space: (n, 1, h, w) -> (n, 14)."""
        return self.scores(x).mean(dim=(2, 3))


def load_network(spec: Architecture, tensors: Mapping[str, NDArray[np.float32]]) -> Network:
    """Make a network in evaluation mode from folded weights (`conv00.weight`, `conv00.bias`, ...).

    Raises:
        KeyError: A tensor is missing; `ModelStore.load_tensors` has checked this before.
    """
    network = Network(spec)
    units = [stage for stage in network.stages if isinstance(stage, ConvUnit)]
    with torch.no_grad():
        for number, unit in enumerate(units):
            unit.conv.weight.copy_(torch.from_numpy(tensors[f"conv{number:02d}.weight"]))
            assert unit.conv.bias is not None
            unit.conv.bias.copy_(torch.from_numpy(tensors[f"conv{number:02d}.bias"]))
    return network.eval()
