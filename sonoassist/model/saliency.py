"""Eq. 4 of the paper: by autograd (the reference), and written out as one static graph.

The backward pass of these networks is ordinary forward work: transposed convolutions, ReLU
masks, and un-pooling to the place of each maximum. Two equal maxima in one window share
nothing: the first in row order takes the whole gradient, as in autograd.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from sonoassist.model.networks import ConvUnit, Network


class GraphOutput(NamedTuple):
    """What the graph gives for a batch of n.

    Attributes:
        logits: (n, 14), the class scores a.
        score_maps: (n, 14, fh, fw), F.
        saliency: (n, h, w), S of each picture's winning plane; empty when not asked for.
    """

    logits: Tensor
    score_maps: Tensor
    saliency: Tensor


def autograd_saliency(network: Network, x: Tensor) -> GraphOutput:
    """Eq. 4 by automatic differentiation: d/dX of 1/2 sum max(F_k, 0)^2, k the winner."""
    x = x.detach().clone().requires_grad_(True)
    maps = network.scores(x)
    logits = maps.mean(dim=(2, 3))
    winners = logits.argmax(dim=1)
    chosen = maps[torch.arange(len(x)), winners]
    energy = 0.5 * chosen.clamp(min=0).square().sum()
    (gradient,) = torch.autograd.grad(energy, x)
    return GraphOutput(logits.detach(), maps.detach(), gradient[:, 0])


class SaliencyGraph(nn.Module):
    """Input -> class scores, score maps and saliency, without autograd.

    Args:
        network: With folded batch norms, in evaluation mode.
        guided: Pass the error through a ReLU only where the error is positive too (Eq. 2).
        backward: Whether the saliency is wanted at all.
    """

    def __init__(self, network: Network, *, guided: bool = False, backward: bool = True) -> None:
        super().__init__()
        self.network = network
        self.guided = guided
        self.backward = backward

    def forward(self, x: Tensor) -> GraphOutput:
        """Run a batch (n, 1, h, w)."""
        kept: list[tuple[Tensor, torch.Size]] = []
        for stage in self.network.stages:
            size = x.shape
            if isinstance(stage, ConvUnit):
                x = stage(x)
                kept.append((x, size))
            else:
                x, where = nnf.max_pool2d(x, 2, return_indices=True)
                kept.append((where, size))
        logits = x.mean(dim=(2, 3), dtype=torch.float32)
        if not self.backward:
            return GraphOutput(logits, x, x.new_empty(0))
        return GraphOutput(logits, x, self._backward(x, logits, kept))

    def _backward(
        self, maps: Tensor, logits: Tensor, kept: list[tuple[Tensor, torch.Size]]
    ) -> Tensor:
        winner = nnf.one_hot(logits.argmax(dim=1), maps.shape[1]).to(maps.dtype)
        error = maps.clamp(min=0) * winner[:, :, None, None]
        for stage, (memory, size) in zip(
            reversed(list(self.network.stages)), reversed(kept), strict=True
        ):
            if not isinstance(stage, ConvUnit):
                error = nnf.max_unpool2d(error, memory, [2, 2], output_size=size)
                continue
            if isinstance(stage.relu, nn.ReLU):
                error = self._through_relu(error, memory)
            error = _through_conv(error, stage.conv, size)
        return error[:, 0]

    def _through_relu(self, error: Tensor, activation: Tensor) -> Tensor:
        if self.guided:
            error = error.clamp(min=0)
        return error * (activation > 0)


def _through_conv(error: Tensor, conv: nn.Conv2d, size: torch.Size) -> Tensor:
    """The error at a convolution's input; rows its stride never reached get none."""
    kernel, stride, padding = conv.kernel_size[0], conv.stride[0], int(conv.padding[0])
    reached = (error.shape[-2] - 1) * stride - 2 * padding + kernel
    reached_w = (error.shape[-1] - 1) * stride - 2 * padding + kernel
    extra = (size[-2] - reached, size[-1] - reached_w)
    return nnf.conv_transpose2d(
        error, conv.weight, stride=stride, padding=padding, output_padding=extra
    )
