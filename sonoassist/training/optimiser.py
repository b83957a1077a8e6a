"""The steps down the gradients: Nesterov's momentum (paper, Section II-D), and Adam.

The first optimiser of torch's own that is made loads a compiler, for seconds, which nothing here
uses. Those for the processor are written out instead.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

MOMENTUM = 0.9
BUFFER = "momentum_buffer"
MEAN_KEPT, SQUARE_KEPT = 0.9, 0.999
"""Of the running means of Adam, in a step."""
LEAST_SPREAD = 1e-8


class _Optimiser(ABC):
    """What the optimisers of the processor share: one group of parameters, as torch's have it."""

    def __init__(self, parameters: Iterable[Tensor], lr: float) -> None:
        self.param_groups: list[dict[str, Any]] = [{"params": list(parameters), "lr": lr}]
        self.state: dict[Tensor, dict[str, Tensor]] = {}

    @torch.no_grad()
    def step(self) -> None:
        """Take one step down the gradients; parameters without one stay."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group["lr"])

    @abstractmethod
    def _move(self, parameter: Tensor, gradient: Tensor, lr: float) -> None:
        """Change one parameter in its place."""

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = None


class NesterovSGD(_Optimiser):
    """The same steps as `torch.optim.SGD` on the processor, to the last bit.

    Args:
        parameters: Of the network, on the processor.
        lr: Learning rate; each group's may be changed between two steps.

    Attributes:
        param_groups: One, as torch's optimisers have: `params` and `lr`.
        state: Of each parameter that was learnt: its momentum under `BUFFER`.
    """

    def _move(self, parameter: Tensor, gradient: Tensor, lr: float) -> None:
        own = self.state.setdefault(parameter, {})
        if BUFFER in own:
            own[BUFFER].mul_(MOMENTUM).add_(gradient)
        else:
            own[BUFFER] = gradient.detach().clone()
        parameter.add_(gradient.add(own[BUFFER], alpha=MOMENTUM), alpha=-lr)


class DecayingAdam(_Optimiser):
    """The same steps as `torch.optim.AdamW` on the processor, to the last bit.

    Args:
        parameters: Of the network, on the processor.
        lr: Learning rate; each group's may be changed between two steps.
        decay: Of the weights, in a step at a rate of 1.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, decay: float) -> None:
        super().__init__(parameters, lr)
        self._decay = decay
        self._steps: dict[Tensor, int] = {}

    def _move(self, parameter: Tensor, gradient: Tensor, lr: float) -> None:
        own = self.state.setdefault(parameter, {})
        if not own:
            own["mean"], own["square"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        steps = self._steps[parameter] = self._steps.get(parameter, 0) + 1
        parameter.mul_(1 - lr * self._decay)
        own["mean"].lerp_(gradient, 1 - MEAN_KEPT)
        own["square"].mul_(SQUARE_KEPT).addcmul_(gradient, gradient, value=1 - SQUARE_KEPT)
        spread = (own["square"].sqrt() / (1 - SQUARE_KEPT**steps) ** 0.5).add_(LEAST_SPREAD)
        parameter.addcdiv_(own["mean"], spread, value=-lr / (1 - MEAN_KEPT**steps))


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
