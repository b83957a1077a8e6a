"""How fast this machine can be at all: large products and copies, run as the engines run theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sonoassist.engines.choose import EngineChoice


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to run that does little else than multiply and add, or than move bytes.

    Attributes:
        name: What it is, e.g. "matrix product".
        amount: Floating point operations or bytes of one run.
        run: Runs it and waits for its end.
    """

    name: str
    amount: float
    run: Callable[[], object]


@dataclass(frozen=True, slots=True)
class ProbeSizes:
    """How large the products are: large enough that starting them costs nothing.

    Attributes:
        matrix: Side of the square matrices.
        channels: Of the convolution, in and out.
        height_px: Of its pictures.
        width_px: Of its pictures.
        pictures: How many at once.
        copied_bytes: Size of what is copied.
    """

    matrix: int = 2048
    channels: int = 256
    height_px: int = 56
    width_px: int = 72
    pictures: int = 1
    copied_bytes: int = 2**28

    @property
    def matrix_flop(self) -> float:
        """Operations of one matrix product: a multiplication and an addition a term."""
        return 2.0 * self.matrix**3

    @property
    def convolution_flop(self) -> float:
        """Operations of one 3x3 convolution."""
        places = self.height_px * self.width_px * self.pictures
        return 2.0 * 9 * self.channels**2 * places


CPU_SIZES = ProbeSizes()
ACCELERATOR_SIZES = ProbeSizes(8192, 256, 112, 144, 32, 2**30)


def compute_probes(choice: EngineChoice, sizes: ProbeSizes | None = None) -> list[Probe]:
    """Large products through the engine of `choice` at its precision and device.

    Args:
        choice: Without "auto".
        sizes: By default those that fit the device.
    """
    sizes = sizes or (CPU_SIZES if choice.device == "cpu" else ACCELERATOR_SIZES)
    if choice.engine == "openvino":
        from sonoassist.engines import openvino_probes

        return openvino_probes.products(choice.precision, sizes)
    from sonoassist.engines import torch_probes

    return torch_probes.products(choice.device, choice.precision, sizes)


def thread_count(engine: str) -> int:
    """How many threads "torch" or "openvino" multiplies with on the processor."""
    if engine == "openvino":
        from sonoassist.engines import openvino_probes

        return openvino_probes.thread_count()
    from sonoassist.engines import torch_probes

    return torch_probes.thread_count()


def thread_counts(engines: Iterable[str]) -> dict[str, int]:
    """Threads of the engines, and of torch in any case: the baseline runs on it."""
    return {name: thread_count(name) for name in dict.fromkeys([*engines, "torch"])}
