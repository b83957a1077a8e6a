"""Networks that were trained before: going on from one, and the mean of several.

In the file each batch norm is part of its convolution. To be trained on, the norms are set to what
the convolutions give for some screens, and their scale and shift so that all gives the same.
"""

from __future__ import annotations

import hashlib
import itertools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sonoassist.core.errors import ModelError, SourceError
from sonoassist.preprocess.screen_network import CARD
from sonoassist.training.screens.network import ScreenNet

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class StartNetwork:
    """A network to go on from.

    Attributes:
        name: Of its file.
        sha256: Of what the file held when it was read.
        network: Its norms do nothing yet; see `fit_norms`.
        card: What the card beside it said; empty where there was none of this file.
    """

    name: str
    sha256: str
    network: ScreenNet
    card: Mapping[str, object]


def start_network(path: Path) -> StartNetwork:
    """Read a file that `write_onnx` made.

    Raises:
        SourceError: It cannot be read.
        ModelError: It holds no such network.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror or error}") from error
    try:
        network = _network_in(content)
    except (ValueError, LookupError, RuntimeError) as error:
        raise ModelError(
            f"{path.name} holds no network that reads screens", "Choose a file of train-screens"
        ) from error
    sha256 = hashlib.sha256(content).hexdigest()
    return StartNetwork(path.name, sha256, network, _card_of(path, sha256))


def _card_of(path: Path, sha256: str) -> dict[str, object]:
    try:
        card = tomllib.loads((path.parent / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return card if card.get("sha256", sha256) == sha256 else {}


def _network_in(content: bytes) -> ScreenNet:
    network = ScreenNet().eval()
    named, joined = _weights(content)
    with torch.no_grad():
        for (layer, norm), (weight, bias) in zip(_convolutions(network), joined, strict=True):
            layer.weight.copy_(torch.from_numpy(weight))
            _set_plain(norm, torch.from_numpy(bias))
        for name, tensor in network.state_dict().items():
            if name in named:
                tensor.copy_(torch.from_numpy(named[name]))
    return network


@torch.no_grad()
def mean_network(networks: Sequence[ScreenNet]) -> ScreenNet:
    """The network whose weights are the means of those of others.

    Networks that went on from one and the same, over different screens, lie near each other; their
    mean makes fewer mistakes than each of them (Wortsman et al., "Model soups", ICML 2022).

    Args:
        networks: As they were read from their files, one or more; they are left as they are.
    """
    states = [one.state_dict() for one in networks]
    mean = ScreenNet().eval()
    mean.load_state_dict(
        {
            name: torch.stack([state[name] for state in states]).mean(0)
            if tensor.is_floating_point()
            else tensor
            for name, tensor in states[0].items()
        }
    )
    return mean


_Array = NDArray[np.float32]


def _weights(content: bytes) -> tuple[dict[str, _Array], list[tuple[_Array, _Array]]]:
    """The weights that kept their names, and those of convolutions that a norm was joined with.

    Raises:
        ValueError: It is no such file.
    """
    import onnx

    try:
        graph = onnx.load_from_string(content).graph
    except Exception as error:  # of the package that reads it, which has no errors of its own
        raise ValueError(str(error)) from error
    arrays = {one.name: np.array(onnx.numpy_helper.to_array(one)) for one in graph.initializer}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in arrays:  # equal ones are kept once
            arrays[node.output[0]] = arrays[node.input[0]]
    inputs = [node.input for node in graph.node if node.op_type == "Conv"]
    joined = [(arrays[one[1]], arrays[one[2]]) for one in inputs if one[1].startswith("onnx::")]
    return arrays, joined


def _convolutions(network: nn.Module) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Convolutions with their norms in the order in which they are run."""
    layers = list(network.modules())
    return [
        (layer, norm)
        for layer, norm in itertools.pairwise(layers)
        if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
    ]


def _set_plain(norm: nn.BatchNorm2d, bias: Tensor) -> None:
    """Make a norm add a bias and do nothing else."""
    norm.weight.fill_(1.0)
    norm.bias.copy_(bias)
    _statistics(norm, torch.zeros_like(bias), torch.full_like(bias, 1 - norm.eps))


def _statistics(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> None:
    if norm.running_mean is not None and norm.running_var is not None:
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)


@torch.no_grad()
def fit_norms(network: ScreenNet, screens: Tensor) -> None:
    """Set the norms by what the convolutions give; the network gives the same as before.

    Args:
        network: As it was read.
        screens: Inputs that the norms are set by, float32 (n, CHANNELS, 192, 256).
    """
    given: dict[nn.BatchNorm2d, tuple[Tensor, Tensor]] = {}

    def note(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        given[norm] = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3), unbiased=False)

    norms = [norm for _layer, norm in _convolutions(network)]
    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    network(screens)
    for hook in hooks:
        hook.remove()
    for norm, (mean, variance) in given.items():
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.add_(mean)
        _statistics(norm, mean, variance)
