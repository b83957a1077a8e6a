from __future__ import annotations

import pytest
import torch
from torch import nn

from exact_networks import SPECS, flat_input, integer_tensors, shared_ties_saliency
from real_models import random_tensors
from sonoassist.model.architecture import ARCHITECTURES, architecture
from sonoassist.model.networks import Network, load_network
from sonoassist.model.saliency import SaliencyGraph, autograd_saliency

NAMES = sorted(ARCHITECTURES)


def network_of(name: str, seed: int = 0) -> Network:
    return load_network(architecture(name), random_tensors(name, seed))


def picture(height: int, width: int, count: int = 1, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, 1, height, width, generator=torch.Generator().manual_seed(seed))


def assert_equal_to_autograd(network: Network, x: torch.Tensor) -> None:
    expected = autograd_saliency(network, x)
    with torch.inference_mode():
        out = SaliencyGraph(network)(x)
    assert expected.saliency.abs().max() > 0
    for ours, theirs in zip(out, expected, strict=True):
        assert ours.shape == theirs.shape
        assert (ours - theirs).abs().max() <= 1e-4 * theirs.abs().max()


@pytest.mark.parametrize("name", NAMES)
def test_equal_to_autograd(name: str) -> None:
    wide = name in ("sononet16", "smallnet")
    height, width = (224, 288) if wide else (112, 144)
    assert_equal_to_autograd(network_of(name), picture(height, width))


@pytest.mark.parametrize("name", ["sononet16", "smallnet"])
@pytest.mark.parametrize("size", [(200, 250), (231, 301), (97, 64), (64, 65)])
def test_equal_to_autograd_at_other_sizes(name: str, size: tuple[int, int]) -> None:
    assert_equal_to_autograd(network_of(name), picture(*size))


def test_each_picture_of_a_batch_has_its_own_winner() -> None:
    network = network_of("smallnet", seed=1)
    x = picture(100, 130, count=6) * torch.tensor([1, 2, 5, 1, 3, 9]).view(-1, 1, 1, 1)
    last = network.stages[-1].conv.bias
    with torch.no_grad():
        last -= network(x).mean(dim=0)  # no class wins every time
    with torch.inference_mode():
        out = SaliencyGraph(network)(x)
        alone = [SaliencyGraph(network)(one[None]) for one in x]
    assert len(set(out.logits.argmax(dim=1).tolist())) > 1
    for ours, theirs in zip(out.saliency, alone, strict=True):
        torch.testing.assert_close(ours, theirs.saliency[0], rtol=1e-3, atol=1e-4)
    assert_equal_to_autograd(network, x)


def test_without_the_backward_pass() -> None:
    network = network_of("smallnet")
    x = picture(100, 130)
    with torch.inference_mode():
        out = SaliencyGraph(network, backward=False)(x)
        torch.testing.assert_close(out.logits, network(x))
    assert out.saliency.numel() == 0


def guided_by_hooks(network: Network, x: torch.Tensor) -> torch.Tensor:
    """Eq. 2 by autograd: hooks stop what is negative at every ReLU."""

    def clamp(module: nn.Module, inner: tuple[torch.Tensor], outer: object) -> tuple[torch.Tensor]:
        return (inner[0].clamp(min=0),)

    relus = [module for module in network.modules() if isinstance(module, nn.ReLU)]
    handles = [relu.register_full_backward_hook(clamp) for relu in relus]
    saliency = autograd_saliency(network, x).saliency
    for handle in handles:
        handle.remove()
    return saliency


@pytest.mark.parametrize("name", ["sononet16", "smallnet"])
@pytest.mark.parametrize("size", [(224, 288), (231, 301)])
def test_guided_gradients(name: str, size: tuple[int, int]) -> None:
    network, x = network_of(name), picture(*size)
    expected = guided_by_hooks(network, x)
    with torch.inference_mode():
        guided = SaliencyGraph(network, guided=True)(x).saliency
        plain = SaliencyGraph(network)(x).saliency
    assert (guided - expected).abs().max() <= 1e-4 * expected.abs().max()
    assert (guided - plain).norm() > 0.1 * plain.norm()


@pytest.mark.parametrize("name", sorted(SPECS))
@pytest.mark.parametrize("seed", range(3))
def test_ties_go_to_the_first_maximum(name: str, seed: int) -> None:
    network = load_network(SPECS[name], integer_tensors(name, seed))
    x = torch.from_numpy(flat_input(seed, 101, 134))
    expected = autograd_saliency(network, x)
    # All numbers are integers that float32 holds: nothing was rounded.
    exact = autograd_saliency(network.double(), x.double())
    network.float()
    assert torch.equal(exact.saliency, expected.saliency.double())
    assert expected.saliency.abs().max() > 0
    with torch.inference_mode():
        out = SaliencyGraph(network)(x)
        shared = shared_ties_saliency(network, x)
    assert torch.equal(out.saliency, expected.saliency)
    assert torch.equal(out.score_maps, expected.score_maps)
    # The picture does tie: sharing out the gradient gives another answer.
    assert not torch.equal(shared, expected.saliency)


def test_the_mistaken_reference_is_right_without_ties() -> None:
    network, x = network_of("smallnet"), picture(101, 134)
    with torch.inference_mode():
        shared = shared_ties_saliency(network, x)
    expected = autograd_saliency(network, x).saliency
    assert (shared - expected).abs().max() <= 1e-4 * expected.abs().max()
