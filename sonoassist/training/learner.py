"""The network while it learns: one step, its whole state, and its word on validation pictures."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sonoassist.core.errors import ModelError, UsageError
from sonoassist.model.folding import AnyArray
from sonoassist.model.networks import Network
from sonoassist.training.batches import Batch
from sonoassist.training.options import TrainOptions
from sonoassist.training.parallel import Ranks, share_norms, wrap

MOMENTUM = 0.9
_AMP_TYPES = {"bf16": torch.bfloat16, "f16": torch.float16}
_NET, _MOMENTUM, _RANDOM = "net.", "momentum.", "random.torch"


class NotANumberError(ModelError):
    """The loss is not finite any more."""


def label_loss(logits: Tensor, accepted: Tensor) -> Tensor:
    """Cross-entropy of each picture: minus the log of the probability of the accepted planes.

    With one accepted plane this is the paper's categorical cross-entropy.

    Args:
        logits: (n, 14).
        accepted: bool (n, 14).

    Returns:
        (n,)
    """
    wide = logits.float()
    right = wide.masked_fill(~accepted, -torch.inf)
    return torch.logsumexp(wide, dim=1) - torch.logsumexp(right, dim=1)


class Learner:
    """Network, optimiser and arithmetic.

    Args:
        options: Of the run.
        ranks: The processes that train together.
        network: With the weights to begin with, on the device.
    """

    def __init__(self, options: TrainOptions, ranks: Ranks, network: Network) -> None:
        self.options, self.ranks = options, ranks
        if options.amp == "f16" and ranks.device.type != "cuda":
            raise UsageError("f16 needs a CUDA device", "Use --amp bf16 or off")
        if ranks.world > 1:
            share_norms(network, ranks.device)
        if options.channels_last:
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network = network
        self._called = wrap(network, ranks)
        self._optimiser = torch.optim.SGD(
            network.parameters(), options.first_lr, momentum=MOMENTUM, nesterov=True
        )
        self._scaler = torch.amp.GradScaler(ranks.device.type, enabled=options.amp == "f16")

    def step(self, batch: Batch, lr: float) -> float:
        """Learn from one batch; gives the mean loss over the batch of all processes.

        Raises:
            NotANumberError: The loss is not finite; the weights are left as they were.
        """
        self._called.train()
        inputs = self.to_device(batch.inputs)
        accepted = torch.from_numpy(batch.accepted).to(self.ranks.device)
        with self.arithmetic():
            logits = self._called(inputs)
        summed = label_loss(logits, accepted).sum()
        loss = float(self.ranks.total(summed.detach() / batch.total).item())
        if not np.isfinite(loss):
            raise NotANumberError(f"the loss is not a number at iteration {batch.iteration}")
        self._learn(summed * (self.ranks.world / batch.total), lr)
        return loss

    def _learn(self, loss: Tensor, lr: float) -> None:
        for group in self._optimiser.param_groups:
            group["lr"] = lr
        self._optimiser.zero_grad(set_to_none=True)
        # Gradients are averaged over the processes, hence the factor `world` in the loss.
        torch.autograd.backward(self._scaler.scale(loss))
        self._scaler.step(self._optimiser)
        self._scaler.update()

    def logits(self, inputs: AnyArray) -> Tensor:
        """Class scores in evaluation mode: float32 (n, 1, h, w) -> float32 (n, 14)."""
        self.network.eval()
        with torch.no_grad(), self.arithmetic():
            out: Tensor = self.network(self.to_device(inputs))
        return out.float()

    def arithmetic(self) -> AbstractContextManager[Any]:
        """The precision of the forward pass."""
        kind = _AMP_TYPES.get(self.options.amp)
        return torch.autocast(self.ranks.device.type, dtype=kind, enabled=kind is not None)

    def to_device(self, inputs: AnyArray) -> Tensor:
        """A batch where the network is."""
        tensor = torch.from_numpy(inputs).to(self.ranks.device, non_blocking=True)
        if self.options.channels_last:
            return tensor.contiguous(memory_format=torch.channels_last)
        return tensor

    def tensors(self) -> dict[str, AnyArray]:
        """Everything in here that is numbers.

        Raises:
            NotANumberError: A weight is not finite.
        """
        found = {_NET + name: _array(value) for name, value in self.network.state_dict().items()}
        for name, parameter in self.network.named_parameters():
            momentum = self._optimiser.state[parameter].get("momentum_buffer")
            if momentum is not None:
                found[_MOMENTUM + name] = _array(momentum)
        for name, values in found.items():
            if not np.isfinite(values).all():
                raise NotANumberError(f"{name.removeprefix(_NET)} holds values that are no numbers")
        return found | {_RANDOM: _array(torch.get_rng_state())}

    def state(self) -> dict[str, Any]:
        """The rest, for JSON."""
        return {"scaler": self._scaler.state_dict()}

    def load(self, tensors: dict[str, AnyArray], state: dict[str, Any]) -> None:
        """Go on from what `tensors` and `state` gave.

        Raises:
            ModelError: They belong to another network.
        """
        weights = {
            name.removeprefix(_NET): torch.from_numpy(values.copy())
            for name, values in tensors.items()
            if name.startswith(_NET)
        }
        try:
            self.network.load_state_dict(weights)
        except RuntimeError as error:
            raise ModelError("the checkpoint belongs to another network") from error
        for name, parameter in self.network.named_parameters():
            if _MOMENTUM + name in tensors:
                momentum = torch.empty_like(parameter)
                momentum.copy_(torch.from_numpy(tensors[_MOMENTUM + name].copy()))
                self._optimiser.state[parameter]["momentum_buffer"] = momentum
        torch.set_rng_state(torch.from_numpy(tensors[_RANDOM].copy()))
        self._scaler.load_state_dict(state["scaler"])


def _array(value: Tensor) -> AnyArray:
    return np.ascontiguousarray(value.detach().cpu().numpy())
