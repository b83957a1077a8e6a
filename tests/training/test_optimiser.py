"""The optimiser of the processor beside torch's own."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sonoassist.training.optimiser import (
    BUFFER,
    MOMENTUM,
    DecayingAdam,
    NesterovSGD,
    make_optimiser,
)

RATES = (0.01, 0.1, 0.1, 0.003)


def layers() -> nn.Sequential:
    """One of them learns nothing."""
    torch.manual_seed(1)
    made = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 5, 3))
    made.append(nn.Linear(2, 2))
    return made.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def learn(
    network: nn.Sequential, optimiser: NesterovSGD | DecayingAdam | torch.optim.Optimizer
) -> list[Tensor]:
    torch.manual_seed(2)
    for lr in RATES:
        optimiser.param_groups[0]["lr"] = lr
        optimiser.zero_grad()
        torch.autograd.backward(network[:4](torch.randn(4, 1, 9, 9)).square().mean())
        optimiser.step()
    return [parameter.detach() for parameter in network.parameters()]


def test_the_steps_are_those_of_torch_to_the_last_bit() -> None:
    ours, theirs = layers(), layers()
    own = make_optimiser(ours.parameters(), RATES[0], torch.device("cpu"))
    real = torch.optim.SGD(theirs.parameters(), RATES[0], momentum=MOMENTUM, nesterov=True)
    assert isinstance(own, NesterovSGD)
    found, expected = learn(ours, own), learn(theirs, real)
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(found[0], next(layers().parameters()))
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        known, wanted = own.state.get(one, {}), real.state.get(other, {})
        assert (BUFFER in known) == (wanted.get(BUFFER) is not None)
        if BUFFER in known:
            assert torch.equal(known[BUFFER], wanted[BUFFER])


def test_the_steps_of_adam_are_those_of_torch_to_the_last_bit() -> None:
    ours, theirs = layers(), layers()
    found = learn(ours, DecayingAdam(ours.parameters(), RATES[0], 0.01))
    real = torch.optim.AdamW(theirs.parameters(), RATES[0], weight_decay=0.01)
    for one, other in zip(found, learn(theirs, real), strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(found[0], next(layers().parameters()))


def test_graphics_cards_have_that_of_torch() -> None:
    made = make_optimiser(layers().parameters(), 0.1, torch.device("mps"))
    assert type(made) is torch.optim.SGD
    (group,) = made.param_groups
    assert (group["lr"], group["momentum"], group["nesterov"]) == (0.1, MOMENTUM, True)
