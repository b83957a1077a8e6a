"""The step of stochastic gradient descent with Nesterov's momentum (paper, Section II-D)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

MOMENTUM = 0.9
BUFFER = "momentum_buffer"


class NesterovSGD:
    """The same steps as `torch.optim.SGD` on the processor, to the last bit.

    The first optimiser of torch's own that is made loads a compiler, for seconds, which nothing
    here uses.

    Args:
        parameters: Of the network, on the processor.
        lr: Learning rate; each group's may be changed between two steps.

    Attributes:
        param_groups: One, as torch's optimisers have: `params` and `lr`.
        state: Of each parameter that was learnt: its momentum under `BUFFER`.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float) -> None:
        self.param_groups: list[dict[str, Any]] = [{"params": list(parameters), "lr": lr}]
        self.state: dict[Tensor, dict[str, Tensor]] = {}

    @torch.no_grad()
    def step(self) -> None:
        """Take one step down the gradients; parameters without one stay."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.add_(self._direction(parameter), alpha=-group["lr"])

    def _direction(self, parameter: Tensor) -> Tensor:
        gradient = parameter.grad
        assert gradient is not None
        own = self.state.setdefault(parameter, {})
        if BUFFER in own:
            own[BUFFER].mul_(MOMENTUM).add_(gradient)
        else:
            own[BUFFER] = gradient.detach().clone()
        return gradient.add(own[BUFFER], alpha=MOMENTUM)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = None


def make_optimiser(
    parameters: Iterable[Tensor], lr: float, device: torch.device
) -> NesterovSGD | torch.optim.SGD:
    """What learns on a device: graphics cards take all parameters in one go, as torch's own does.

    Args:
        parameters: Of the network.
        lr: Learning rate to begin with.
        device: Where they are.
    """
    if device.type == "cpu":
        return NesterovSGD(parameters, lr)
    return torch.optim.SGD(parameters, lr, momentum=MOMENTUM, nesterov=True)
