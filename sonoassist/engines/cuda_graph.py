"""The saliency graph laid out for a graphics card: few kernels, channels last, half precision.

It computes what `model.saliency.SaliencyGraph` computes, from the same layer list, in a form
meant for cards:

- weights and activations are channels-last and every count of channels is a multiple of 8, as
  the matrix units want them (the added channels are zero and change nothing);
- the transpose of a stride-1 convolution is a convolution with the kernel turned round, made
  once;
- a ReLU is undone by one kernel; in front of a pooling it is undone on the pooled picture, which
  is a quarter as large (the maximum of a window is positive or nothing passes);
- the error is scaled so that half precision holds it, see `_power_of_two`.

Nothing in `run` depends on values on the host, so that it can be captured and replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor

from sonoassist.engines.base import Saliency
from sonoassist.model.architecture import Architecture, Conv
from sonoassist.model.saliency import GraphOutput

ERROR_LOG2 = 5
"""The error starts between 2^5 and 2^6. Through the published SonoNet-16 it then grows to 1,700
at most; half precision ends at 65,504 and loses digits below 6e-5, far from both."""

_ALIGNED_CHANNELS = 8
_FLOAT_EXPONENT_BIAS = 127
_FLOAT_MANTISSA_BITS = 23

ConvRelu = Callable[[Tensor, Tensor, Tensor, int, int], Tensor]
"""(x, weight, bias, stride, padding) -> ReLU of the convolution."""


def plain_conv_relu(x: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int) -> Tensor:
    """A convolution and its ReLU, one after the other."""
    return nnf.conv2d(x, weight, bias, stride, padding).relu_()


@dataclass(frozen=True, slots=True)
class _ConvStep:
    """A convolution with its weights on the device.

    Attributes:
        layer: As in the paper.
        weight: (out, in, k, k), channels-last, channels padded.
        bias: (out,), padded.
        turned: (in, out, k, k): `weight` as it works on the error; only with stride 1.
        pooled: Whether a pooling follows, which undoes the ReLU.
    """

    layer: Conv
    weight: Tensor
    bias: Tensor
    turned: Tensor | None
    pooled: bool


@dataclass(frozen=True, slots=True)
class _PoolStep:
    """A pooling; `relu` tells whether a ReLU comes just before it."""

    relu: bool


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the way back needs of one step; `places` are those of a pooling's maxima."""

    before: Tensor
    after: Tensor
    places: Tensor | None = None


class StaticGraph:
    """Input -> class scores, score maps and saliency, on one device in one precision.

    Args:
        spec: The network.
        tensors: Its folded weights.
        device: Where it runs.
        dtype: Of weights and activations; outputs are float32 in any case.
        conv_relu: How a convolution with a ReLU is run.

    Attributes:
        spec: As given.
        device: As given.
        dtype: As given.
    """

    def __init__(
        self,
        spec: Architecture,
        tensors: Mapping[str, NDArray[np.float32]],
        device: torch.device,
        dtype: torch.dtype,
        *,
        conv_relu: ConvRelu = plain_conv_relu,
    ) -> None:
        self.spec = spec
        self.device = device
        self.dtype = dtype
        self._conv_relu = conv_relu
        self._align = 1 if dtype is torch.float32 else _ALIGNED_CHANNELS
        self._steps = self._make_steps(spec, tensors)

    def _make_steps(
        self, spec: Architecture, tensors: Mapping[str, NDArray[np.float32]]
    ) -> list[_ConvStep | _PoolStep]:
        steps: list[_ConvStep | _PoolStep] = []
        number = 0
        for place, layer in enumerate(spec.layers):
            before = spec.layers[place - 1] if place else None
            after = spec.layers[place + 1] if place + 1 < len(spec.layers) else None
            if isinstance(layer, Conv):
                weight, bias = (
                    tensors[f"conv{number:02d}.weight"],
                    tensors[f"conv{number:02d}.bias"],
                )
                pooled = after is not None and not isinstance(after, Conv)
                steps.append(self._conv_step(layer, weight, bias, pooled))
                number += 1
            else:
                steps.append(_PoolStep(isinstance(before, Conv) and before.relu))
        return steps

    def _conv_step(
        self,
        layer: Conv,
        weight: NDArray[np.float32],
        bias: NDArray[np.float32],
        pooled: bool,
    ) -> _ConvStep:
        outputs, inputs = self._aligned(layer.outputs), self._aligned(layer.inputs)
        wide = torch.zeros(outputs, inputs, layer.kernel, layer.kernel)
        wide[: layer.outputs, : layer.inputs] = torch.from_numpy(weight)
        shift = torch.zeros(outputs)
        shift[: layer.outputs] = torch.from_numpy(bias)
        turned = wide.transpose(0, 1).flip(2, 3) if layer.stride == 1 else None
        return _ConvStep(
            layer,
            self._placed(wide),
            shift.to(self.device, self.dtype),
            None if turned is None else self._placed(turned),
            pooled,
        )

    def _aligned(self, channels: int) -> int:
        return -(-channels // self._align) * self._align

    def _placed(self, weight: Tensor) -> Tensor:
        placed = weight.to(self.device, self.dtype)
        return placed.contiguous(memory_format=torch.channels_last)

    def run(self, x: Tensor, saliency: Saliency) -> GraphOutput:
        """Run a batch, float32 (n, 1, h, w); every output is float32."""
        maps, memories = self._forward(self._widened(x))
        scores = maps.float()
        score_maps = scores[:, : self.spec.convs[-1].outputs]
        logits = score_maps.mean(dim=(2, 3))
        if saliency is Saliency.NONE:
            return GraphOutput(logits, score_maps, x.new_empty(0))
        guided = saliency is Saliency.GUIDED
        return GraphOutput(logits, score_maps, self._backward(scores, logits, memories, guided))

    def _widened(self, x: Tensor) -> Tensor:
        count, _, rows, columns = x.shape
        wide = torch.empty(
            (count, self._aligned(1), rows, columns),
            dtype=self.dtype,
            device=self.device,
            memory_format=torch.channels_last,
        )
        wide.zero_()[:, :1].copy_(x)
        return wide

    def _forward(self, x: Tensor) -> tuple[Tensor, list[_Memory]]:
        memories = []
        for step in self._steps:
            before, places = x, None
            if isinstance(step, _PoolStep):
                x, places = nnf.max_pool2d(x, 2, return_indices=True)
            else:
                x = self._through(step, x)
            memories.append(_Memory(before, x, places))
        return x, memories

    def _through(self, step: _ConvStep, x: Tensor) -> Tensor:
        layer = step.layer
        if layer.relu:
            return self._conv_relu(x, step.weight, step.bias, layer.stride, layer.padding)
        return nnf.conv2d(x, step.weight, step.bias, layer.stride, layer.padding)

    def _backward(
        self, scores: Tensor, logits: Tensor, memories: list[_Memory], guided: bool
    ) -> Tensor:
        """Eq. 4 for the winner of each picture; `scores` are the padded score maps."""
        classes = torch.arange(scores.shape[1], device=self.device)
        won = classes == logits.argmax(dim=1, keepdim=True)
        start = scores.clamp(min=0) * won[:, :, None, None]
        scale, unscale = _power_of_two(start.amax(dim=(1, 2, 3), keepdim=True), ERROR_LOG2)
        error = (start * scale).to(self.dtype)
        for step, memory in zip(reversed(self._steps), reversed(memories), strict=True):
            error = _back(step, error, memory, guided)
        return error[:, 0].float() * unscale[:, 0]


def _power_of_two(top: Tensor, log2: int) -> tuple[Tensor, Tensor]:
    """The power of two that brings `top` (float32, >= 0) into [2^log2, 2^(log2 + 1)), and 1 / it.

    Eq. 4 is linear in the error, and the product with a power of two only moves the exponent:
    the saliency is exactly the same as without, but for what half precision would have lost.
    Exponents are taken from the bits, since a card's `exp2` need not be exact.
    """
    exponent = (top.view(torch.int32) >> _FLOAT_MANTISSA_BITS) - _FLOAT_EXPONENT_BIAS
    shift = (log2 - exponent).clamp(-126, 126)
    return _two_to(shift), _two_to(-shift)


def _two_to(exponent: Tensor) -> Tensor:
    return ((exponent + _FLOAT_EXPONENT_BIAS) << _FLOAT_MANTISSA_BITS).view(torch.float32)


def _back(step: _ConvStep | _PoolStep, error: Tensor, memory: _Memory, guided: bool) -> Tensor:
    if isinstance(step, _PoolStep):
        if step.relu:
            error = _through_relu(error, memory.after, guided)
        return _unpool(error, memory)
    if step.layer.relu and not step.pooled:
        error = _through_relu(error, memory.after, guided)
    return _through_conv(step, error, memory.before)


def _through_relu(error: Tensor, activation: Tensor, guided: bool) -> Tensor:
    if guided:
        error = error.clamp(min=0)
    passed: Tensor = torch.ops.aten.threshold_backward(error, activation, 0)
    return passed


def _unpool(error: Tensor, memory: _Memory) -> Tensor:
    """Give each window's error to its first maximum; unlike max_unpool2d, channels-last."""
    spread: Tensor = torch.ops.aten.max_pool2d_with_indices_backward(
        error, memory.before, [2, 2], [2, 2], [0, 0], [1, 1], False, memory.places
    )
    return spread


def _through_conv(step: _ConvStep, error: Tensor, before: Tensor) -> Tensor:
    layer = step.layer
    if step.turned is not None:
        return nnf.conv2d(error, step.turned, padding=layer.kernel - 1 - layer.padding)
    # Rows and columns behind the last step of the stride were never looked at.
    extra = [
        size - ((steps - 1) * layer.stride - 2 * layer.padding + layer.kernel)
        for size, steps in zip(before.shape[2:], error.shape[2:], strict=True)
    ]
    return nnf.conv_transpose2d(
        error, step.weight, stride=layer.stride, padding=layer.padding, output_padding=extra
    )
