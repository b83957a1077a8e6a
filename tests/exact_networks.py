"""Networks whose numbers are all small integers, so that float32 computes them exactly.

Then true ties (two equal maxima in one pooling window) are ties for every engine, whatever
order it adds in, and results can be compared for equality.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray

from sonoassist.model.architecture import Architecture, Conv, Pool, architecture
from sonoassist.model.networks import ConvUnit, Network

TINY = Architecture(
    "tiny",
    "Tiny",
    (
        Conv(3, 1, 4, padding=1),
        Conv(3, 4, 4, padding=1),
        Pool(),
        Conv(5, 4, 6, stride=2),
        Pool(),
        Conv(3, 6, 6, padding=1),
        Conv(1, 6, 14, relu=False),
    ),
    batch_norm=False,
)
SPECS = {"tiny": TINY, "smallnet": architecture("smallnet"), "sononet16": architecture("sononet16")}
TAPS = {"tiny": 4, "smallnet": 2, "sononet16": 1}


def integer_tensors(name: str, seed: int) -> dict[str, NDArray[np.float32]]:
    """A few weights of one (seldom minus one) in each filter, and biases of 0 to 2."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for number, conv in enumerate(SPECS[name].convs):
        size = conv.inputs * conv.kernel**2
        weight = np.zeros((conv.outputs, size), np.float32)
        for output, row in enumerate(weight):
            places = rng.choice(size, min(TAPS[name], size), replace=False)
            row[places] = rng.choice([1, 1, 1, -1], len(places))
            if TAPS[name] == 1:  # channel to channel, or hardly any way through would be left
                row[:] = 0
                channel = output % conv.inputs
                row[channel * conv.kernel**2 + rng.integers(conv.kernel**2)] = 1
        shape = (conv.outputs, conv.inputs, conv.kernel, conv.kernel)
        tensors[f"conv{number:02d}.weight"] = weight.reshape(shape)
        bias = rng.integers(0, 3, conv.outputs)
        tensors[f"conv{number:02d}.bias"] = bias.astype(np.float32)
    return tensors


def flat_input(seed: int, height: int, width: int) -> NDArray[np.float32]:
    """An integer picture that is flat nearly everywhere: a black rim and a few plateaus."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width), -1, np.float32)
    for _ in range(6):
        top, left = rng.integers(0, height - 20), rng.integers(0, width - 20)
        picture[top : top + rng.integers(8, 40), left : left + rng.integers(8, 40)] = rng.integers(
            4
        )
    return picture[None, None]


def shared_ties_saliency(network: Network, x: torch.Tensor) -> torch.Tensor:
    """Eq. 4 with the tempting mistake: each place that equals the maximum gets the gradient."""
    kept = []
    for stage in network.stages:
        before, x = x, stage(x)
        kept.append((stage, before, x))
    winner = int(x.mean(dim=(2, 3)).argmax())
    error = torch.zeros_like(x)
    error[:, winner] = x[:, winner].clamp(min=0)
    for stage, before, after in reversed(kept):
        if not isinstance(stage, ConvUnit):
            rows, columns = before.shape[2] - before.shape[2] % 2, before.shape[3] // 2 * 2
            wide = nnf.interpolate(error, scale_factor=2)
            top = nnf.interpolate(after, scale_factor=2)
            hit = wide * (before[..., :rows, :columns] == top)
            error = nnf.pad(hit, (0, before.shape[3] - columns, 0, before.shape[2] - rows))
            continue
        if isinstance(stage.relu, torch.nn.ReLU):
            error = error * (after > 0)
        conv = stage.conv
        error = torch.nn.grad.conv2d_input(
            before.shape, conv.weight, error, stride=conv.stride, padding=conv.padding
        )
    return error[:, 0]
