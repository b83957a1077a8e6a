"""What every engine can do: numpy in, numpy out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum

from sonoassist.packets import Floats


class Saliency(Enum):
    """Which backward pass is run."""

    NONE = "none"
    PLAIN = "plain"
    """Eq. 4 with plain gradients: gives the box."""
    GUIDED = "guided"
    """Eq. 4 with guided gradients (Eq. 2): for display."""


@dataclass(frozen=True, slots=True)
class EngineOutput:
    """The graph's results for one input.

    Attributes:
        logits: float32, (14,), class scores a before the softmax.
        score_maps: float32, (14, fh, fw), F.
        saliency: float32, (h, w), of the winning plane; None when not asked for.
    """

    logits: Floats
    score_maps: Floats
    saliency: Floats | None


class Engine(ABC):
    """Runs the saliency graph of one set of weights; used by one thread at a time.

    Attributes:
        name: For the screen, e.g. "OpenVINO".
        precision: "f32", "bf16" or "f16".
        device: For the screen, e.g. "CPU".
    """

    name: str
    precision: str
    device: str

    @abstractmethod
    def run(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> EngineOutput:
        """Run one input, float32 (1, 1, h, w).

        Raises:
            EngineError: The engine failed; the message says how.
        """

    def run_batch(self, inputs: Floats, saliency: Saliency = Saliency.PLAIN) -> list[EngineOutput]:
        """Run several inputs, float32 (n, 1, h, w); the results are in their order.

        Raises:
            EngineError: The engine failed; the message says how.
        """
        return [self.run(inputs[at : at + 1], saliency) for at in range(len(inputs))]

    def close(self) -> None:  # noqa: B027  (most engines have nothing to let go of)
        """Let go of memory. May be called twice."""
