"""Large products and copies through torch."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as nnf

from sonoassist.engines.probes import Probe, ProbeSizes
from sonoassist.engines.torch_engine import DTYPES
from sonoassist.model.torch_threads import limit_torch_threads


def products(device: str, precision: str, sizes: ProbeSizes) -> list[Probe]:
    """A matrix product and a convolution on a device ("cpu", "cuda" or "mps")."""
    limit_torch_threads()
    place, kind = torch.device(device), DTYPES[precision]
    left = torch.randn(sizes.matrix, sizes.matrix, device=place, dtype=kind)
    right = torch.randn(sizes.matrix, sizes.matrix, device=place, dtype=kind)
    shape = (sizes.pictures, sizes.channels, sizes.height_px, sizes.width_px)
    picture = torch.randn(shape, device=place, dtype=kind)
    picture = picture.to(memory_format=torch.channels_last)
    kernel = torch.randn(sizes.channels, sizes.channels, 3, 3, device=place, dtype=kind)
    kernel = kernel.to(memory_format=torch.channels_last)
    return [
        Probe("matrix product", sizes.matrix_flop, _waited(device, lambda: left @ right)),
        Probe(
            "convolution",
            sizes.convolution_flop,
            _waited(device, lambda: nnf.conv2d(picture, kernel, padding=1)),
        ),
    ]


def copy(device: str, sizes: ProbeSizes) -> Probe:
    """A copy within the memory of a device: each byte is read once and written once."""
    source = torch.zeros(sizes.copied_bytes, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return Probe("copy", 2.0 * sizes.copied_bytes, _waited(device, lambda: target.copy_(source)))


def thread_count() -> int:
    """How many threads torch multiplies with on the processor."""
    return limit_torch_threads()


def _waited(device: str, work: Callable[[], torch.Tensor]) -> Callable[[], None]:
    """The same work, ended only when the device has done it."""

    def run() -> None:
        with torch.inference_mode():
            work()
        if device == "cuda":
            torch.cuda.synchronize()
        elif device == "mps":
            torch.mps.synchronize()

    return run
