from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from sonoassist.model.architecture import architecture
from sonoassist.model.networks import Network, load_network
from sonoassist.model.store import ModelStore
from sonoassist.model.weights_import import import_weights
from sonoassist.training.weights import (
    conv_units,
    encode_arrays,
    load_arrays,
    network_arrays,
    start_from,
)


def inputs(count: int = 2, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 255 * torch.randn((count, 1, 96, 96), generator=generator)


def fresh(name: str, seed: int = 0) -> Network:
    torch.manual_seed(seed)
    spec = architecture(name)
    return Network(spec, batch_norm=spec.batch_norm)


@pytest.mark.parametrize("name", ["smallnet", "sononet16"])
def test_a_trained_network_is_read_as_the_same_function(name: str, tmp_path: Path) -> None:
    network = fresh(name)
    network.train()
    network(inputs(4))  # gives the norms statistics
    network.eval()
    file = tmp_path / "model.safetensors"
    about = {"title": "Mine", "domain": "own", "notes": "n", "crop": "auto"}
    file.write_bytes(encode_arrays(network_arrays(network), name, about))
    model = ModelStore(tmp_path / "models", tmp_path / "none").add(file)
    assert (model.card.title, model.card.domain, model.card.crop) == ("Mine", "own", "auto")
    folded = load_network(architecture(name), import_weights(file).tensors)
    with torch.no_grad():
        torch.testing.assert_close(folded(inputs()), network(inputs()), rtol=1e-3, atol=1e-3)


def test_own_weights_come_back_bit_for_bit() -> None:
    one, other = fresh("sononet16", 1), fresh("sononet16", 2)
    load_arrays(other, network_arrays(one))
    for name, values in network_arrays(one).items():
        np.testing.assert_array_equal(network_arrays(other)[name], values)


def trained(name: str, folder: Path) -> Path:
    """A weights file of a network whose norms know their inputs, as after a training."""
    network = fresh(name, 3)
    with torch.no_grad():
        for _ in range(30):
            network.train()(inputs(4, 5))
        for unit in conv_units(network):
            if isinstance(unit.norm, nn.BatchNorm2d):
                unit.norm.weight.uniform_(0.5, 1.5)
                unit.norm.bias.uniform_(-0.3, 0.3)
    file = folder / "trained.safetensors"
    file.write_bytes(encode_arrays(network_arrays(network), name, {}))
    return file


@pytest.mark.parametrize("name", ["smallnet", "sononet16"])
def test_fine_tuning_starts_as_the_very_same_function(name: str, tmp_path: Path) -> None:
    weights = import_weights(trained(name, tmp_path))
    folded = load_network(weights.architecture, weights.tensors)
    network = fresh(name)
    start_from(network, weights.tensors, [inputs(4, 1)])
    with torch.no_grad():
        expected, got = folded(inputs()), network(inputs())
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


def test_fine_tuning_stays_close_when_norms_use_their_batch(tmp_path: Path) -> None:
    weights = import_weights(trained("sononet16", tmp_path))
    network = fresh("sononet16")
    start_from(network, weights.tensors, [inputs(8, 1)])
    with torch.no_grad():
        still = network(inputs(8, 1))
        network.train()
        moving = network(inputs(8, 1))
    assert float((moving - still).abs().max()) < 0.01 * float(still.abs().max())
    lengths = torch.cat([unit.conv.weight.flatten(1).norm(dim=1) for unit in conv_units(network)])
    torch.testing.assert_close(lengths, torch.full_like(lengths, 3**-0.5))
