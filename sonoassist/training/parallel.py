"""Several processes that train one network, started by torchrun (one process without it)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn import functional as reducing
from torch.nn.parallel import DistributedDataParallel

from sonoassist.core.errors import UsageError
from sonoassist.model.torch_threads import limit_torch_threads

LONGEST_WAIT = timedelta(hours=12)
"""The others wait for the first process while it prepares the data; a process that dies is
noticed at once all the same."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among those that train together.

    Attributes:
        rank: Its number; 0 writes the files and speaks.
        world: How many there are.
        device: What it computes on.
    """

    rank: int
    world: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this one writes and speaks."""
        return self.rank == 0

    def total(self, values: Tensor) -> Tensor:
        """Sum over all processes, in place."""
        if self.world > 1:
            dist.all_reduce(values)
        return values

    def wait(self, failed: bool = False) -> bool:
        """Wait for all processes; says whether any of them failed."""
        return bool(self.total(torch.tensor(float(failed), device=self.device)).item())


def choose_device(name: str) -> torch.device:
    """The device asked for.

    Raises:
        UsageError: It is not there.
    """
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        alone = os.environ.get("WORLD_SIZE", "1") == "1"
        # Processes on Apple GPUs have no way to add up their gradients.
        order = ("cuda", "mps", "cpu") if alone else ("cuda", "cpu")
        name = next(key for key in order if there[key])
    if not there.get(name, False):
        raise UsageError(f"there is no {name} device here", "Use --device auto")
    if name == "cuda":
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device(name)


@contextmanager
def join_ranks(device_name: str) -> Iterator[Ranks]:
    """Join the processes of torchrun; alone without it.

    Raises:
        UsageError: The device is not there.
    """
    device = choose_device(device_name)
    limit_torch_threads()
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Ranks(0, 1, device)
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    backend = "nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=LONGEST_WAIT)
    rank = dist.get_rank()
    try:
        yield Ranks(rank, dist.get_world_size(), device)
    except RuntimeError as error:
        if rank == 0:
            raise
        # Most often the first process says what is wrong, and this one lost its connection to it.
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise UsageError(
            f"process {rank} ends: {reason}", "See also what the first process says"
        ) from error
    finally:
        dist.destroy_process_group()


class SharedBatchNorm(nn.BatchNorm2d):
    """Batch norm whose statistics are those of the batch of all processes together.

    torch's own SyncBatchNorm exists for CUDA only. Mean and variance are two sums over all
    processes; the sums are differentiable, so the gradients are exactly those of one process
    that sees the whole batch.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c, h, w) to the same shape."""
        if not self.training:
            return super().forward(x)
        values = x.float()
        count = _sum(values.new_tensor(float(values.numel() // values.shape[1])))
        mean = _sum(values.sum(dim=(0, 2, 3))) / count
        centred = values - mean[:, None, None]
        variance = _sum((centred * centred).sum(dim=(0, 2, 3))) / count
        self._remember(mean.detach(), variance.detach(), count)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        out: Tensor = centred * scale[:, None, None] + self.bias[:, None, None]
        return out.type(x.dtype)

    def _remember(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        unbiased = variance * (count / (count - 1))
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(unbiased, self.momentum)
            self.num_batches_tracked += 1


def _sum(values: Tensor) -> Tensor:
    """Sum over all processes, through which gradients flow."""
    total: Tensor = reducing.all_reduce(values)  # type: ignore[no-untyped-call]
    return total


def share_norms(network: nn.Module, device: torch.device) -> nn.Module:
    """Make every batch norm of a network one over all processes; the parameters stay the same."""
    if device.type == "cuda":
        converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(  # type: ignore[no-untyped-call]
            network
        )
        return converted
    for module in list(network.modules()):
        for name, child in module.named_children():
            if type(child) is nn.BatchNorm2d:
                setattr(module, name, _shared(child))
    return network


def _shared(norm: nn.BatchNorm2d) -> SharedBatchNorm:
    made = SharedBatchNorm(norm.num_features, norm.eps, norm.momentum or 0.1)
    made.load_state_dict(norm.state_dict())
    return made


def wrap(network: nn.Module, ranks: Ranks) -> nn.Module:
    """The network to call in training: with gradients averaged over the processes, if several."""
    if ranks.world == 1:
        return network
    devices: list[Any] | None = [ranks.device] if ranks.device.type == "cuda" else None
    # Statistics are the same in every process already, so no buffers are sent round in a step.
    return DistributedDataParallel(network, device_ids=devices, forward_sync_buffers=False)
