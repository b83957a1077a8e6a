"""The training of the network that reads screens, and the file that the program ships."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from sonoassist.core.files import replacing
from sonoassist.preprocess.screen_network import CHANNELS, HEIGHT_PX, WIDTH_PX
from sonoassist.training.screens.network import ScreenNet
from sonoassist.training.screens.pictures import UNKNOWN, ScreenBatches, ScreenPictures

RATE, RATE_ON = 3e-3, 1e-3
"""Highest rate of a new network, and of one that is trained on."""
WARM_UP = 50
DECAY = 1e-4
CONTENT_WEIGHT = 0.3
"""Of the kinds' cross-entropy beside the loss of the mask."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Means over the last steps."""

    iteration: int
    mask: float
    content: float


def train_network(
    pictures: ScreenPictures,
    *,
    iterations: int,
    batch: int,
    seed: int,
    start: ScreenNet | None = None,
    on_progress: Callable[[Losses], None] = lambda _losses: None,
) -> ScreenNet:
    """AdamW with a cosine rate; the same pictures, seed and start give the same network.

    Args:
        pictures: To learn from.
        iterations: Steps.
        batch: Pictures a step.
        seed: Of the choice of the pictures and of the first weights.
        start: To go on from, at a lower rate; it is changed. None for a new network.
        on_progress: Told the losses every 25 steps.
    """
    torch.manual_seed(seed)
    network = start or ScreenNet()
    highest = RATE if start is None else RATE_ON
    network.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    batches = ScreenBatches(pictures, batch, seed)
    mask_sum = content_sum = 0.0
    for iteration in range(1, iterations + 1):
        for group in optimiser.param_groups:
            group["lr"] = highest * _share_of_rate(iteration, iterations)
        inputs, masks, contents = batches.next()
        logits, kinds = network(inputs.to(memory_format=torch.channels_last))
        of_mask = mask_loss(logits, masks)
        of_content = content_loss(kinds, contents)
        optimiser.zero_grad()
        (of_mask + CONTENT_WEIGHT * of_content).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        mask_sum, content_sum = mask_sum + of_mask.item(), content_sum + of_content.item()
        if iteration % 25 == 0 or iteration == iterations:
            steps = 25 if iteration % 25 == 0 else iterations % 25
            on_progress(Losses(iteration, mask_sum / steps, content_sum / steps))
            mask_sum = content_sum = 0.0
    network.eval()
    return network


def _share_of_rate(iteration: int, iterations: int) -> float:
    if iteration <= WARM_UP:
        return iteration / WARM_UP
    done = (iteration - WARM_UP) / max(iterations - WARM_UP, 1)
    return 0.5 * (1 + math.cos(math.pi * done)) + 1e-3


def mask_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy of each cell, and one minus the overlap of each screen that has a picture."""
    by_cell = torch.nn.functional.binary_cross_entropy_with_logits(logits, masks)
    found = torch.sigmoid(logits)
    both = (found * masks).sum(dim=(1, 2, 3))
    either = (found + masks - found * masks).sum(dim=(1, 2, 3))
    overlap = both / either.clamp(min=1.0)
    there = (masks.sum(dim=(1, 2, 3)) > 0).float()
    missed = ((1 - overlap) * there).sum() / there.sum().clamp(min=1)
    loss: Tensor = by_cell + missed
    return loss


def content_loss(logits: Tensor, contents: Tensor) -> Tensor:
    """Cross-entropy of the kinds of those screens whose kind is known; 0 where none is."""
    known = contents != UNKNOWN
    if not known.any():
        return logits.sum() * 0
    return torch.nn.functional.cross_entropy(logits[known], contents[known], label_smoothing=0.02)


def write_onnx(network: ScreenNet, path: Path) -> None:
    """Write the network as OpenCV reads it."""
    with replacing(path) as temporary, warnings.catch_warnings():
        # The exporter that is to replace this one needs a further package for the same file.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network.eval().to(memory_format=torch.contiguous_format),  # type: ignore[call-overload]
            (torch.zeros(1, CHANNELS, HEIGHT_PX, WIDTH_PX),),
            str(temporary),
            input_names=["screen"],
            output_names=["mask", "contents"],
            opset_version=13,
            dynamo=False,
        )
