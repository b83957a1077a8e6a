"""The same bits again: seeds, deterministic arithmetic, and the state of random generators."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Ask torch for the same bits each time where it can give them: on the CPU.

    On a GPU that would cost much of its speed; there the fastest convolutions are searched for.
    """
    before = torch.are_deterministic_algorithms_enabled()
    search = torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(device.type == "cpu")
    torch.backends.cudnn.benchmark = device.type == "cuda"
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
        torch.backends.cudnn.benchmark = search


def slow_bf16(device: torch.device) -> bool:
    """Whether bf16 is only imitated: measured ten times slower than float32 with AVX2."""
    return device.type == "cpu" and torch.backends.cpu.get_cpu_capability() == "AVX2"


def seed_everything(seed: int) -> None:
    """Begin all generators of random numbers anew."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def as_tuples(value: Any) -> Any:
    """JSON has lists only; Python's generator wants the tuples back."""
    return tuple(as_tuples(part) for part in value) if isinstance(value, list) else value


def numpy_state(parts: list[Any]) -> tuple[Any, ...]:
    """The state of numpy's generator as it wants it back from JSON."""
    return (parts[0], np.array(parts[1], np.uint32), *parts[2:])
