"""Weights files with random numbers, in the layouts the program reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoassist.model.architecture import architecture

Array = NDArray[Any]


def published_arrays(name: str, seed: int = 0) -> list[Array]:
    """Arrays of a published file: five a convolution of a SonoNet, two of SmallNet."""
    rng = np.random.default_rng(seed)
    network = architecture(name)
    arrays: list[Array] = []
    for conv in network.convs:
        shape = (conv.outputs, conv.inputs, conv.kernel, conv.kernel)
        spread = np.sqrt(2 / (conv.inputs * conv.kernel**2))
        arrays.append(rng.standard_normal(shape, np.float32) * np.float32(spread))
        vectors = [rng.standard_normal(conv.outputs) for _ in range(3)]
        if network.batch_norm:
            vectors.append(rng.uniform(0.2, 30.0, conv.outputs))
        else:
            vectors = vectors[:1]
        arrays += [vector.astype(np.float32) for vector in vectors]
    return arrays


def write_npz(path: Path, arrays: list[Array]) -> Path:
    with path.open("wb") as file:
        np.savez(file, *arrays)
    return path


def published_file(folder: Path, name: str = "smallnet", seed: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return write_npz(folder / f"{name}.npz", published_arrays(name, seed))


def port_state(arrays: list[Array]) -> dict[str, Any]:
    """The state dict the PyTorch port makes of a published SonoNet's arrays."""
    import torch

    state: dict[str, Any] = {}
    prefixes = [
        (f"features.{block}.{conv}.0", f"features.{block}.{conv}.1")
        for block, convs in enumerate((2, 2, 3, 3, 3))
        for conv in range(convs)
    ]
    prefixes += [("adaption.0", "adaption.1"), ("adaption.3", "adaption.4")]
    for index, (conv, norm) in enumerate(prefixes):
        weight, beta, gamma, mean, inv_std = arrays[5 * index : 5 * index + 5]
        state[f"{conv}.weight"] = torch.tensor(weight)
        state[f"{norm}.weight"] = torch.tensor(gamma)
        state[f"{norm}.bias"] = torch.tensor(beta)
        state[f"{norm}.running_mean"] = torch.tensor(mean)
        variance = np.power(inv_std.astype(np.float64), -2) - 1e-4
        state[f"{norm}.running_var"] = torch.tensor(variance.astype(np.float32))
        state[f"{norm}.num_batches_tracked"] = torch.tensor(0)
    return state
