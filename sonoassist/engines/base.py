"""What every engine can do: numpy in, numpy out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum

import numpy as np

from sonoassist.core.errors import EngineError
from sonoassist.core.packets import Floats


class Saliency(Enum):
    """Which backward pass is run."""

    NONE = "none"
    PLAIN = "plain"
    """Eq. 4 with plain gradients: gives the box."""
    GUIDED = "guided"
    """Eq. 4 with guided gradients (Eq. 2): for display."""


WARMED = (Saliency.NONE, Saliency.PLAIN)
"""The passes that every exam needs, in order."""


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
        precision: E.g. "f32"; with "/" that of the errors in the backward pass behind it, with "+"
            those of engines that are asked one after another, e.g. "int8+f32/int8".
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

    def glance(self, network_input: Floats) -> EngineOutput:
        """The forward pass, where a plane found is looked at again with the backward pass.

        Its word counts only where it is the background: an engine may leave a plane in doubt.

        Raises:
            EngineError: The engine failed; the message says how.
        """
        return self.run(network_input, Saliency.NONE)

    def run_traced(self, network_input: Floats) -> EngineOutput:
        """The forward pass of an input whose saliency is asked for next, by `backward`.

        So a label need not wait for its box. Engines that cannot stop in between run the forward
        pass here, and all of it again there.

        Raises:
            EngineError: The engine failed; the message says how.
        """
        return self.run(network_input, Saliency.NONE)

    def backward(self, network_input: Floats, saliency: Saliency = Saliency.PLAIN) -> Floats:
        """The saliency, float32 (h, w), of an input that `run_traced` has seen.

        Other runs may lie between; where `run_traced` has seen another input since, the forward
        pass is run again.

        Args:
            network_input: The very same array, unchanged since.
            saliency: Which backward pass is run; not NONE.

        Raises:
            EngineError: The engine failed; the message says how.
        """
        found = self.run(network_input, saliency).saliency
        if found is None:
            raise EngineError("the engine failed: it gave no saliency")
        return found

    def compile(self, shape: tuple[int, ...], saliency: Saliency) -> None:  # noqa: B027
        """Make one pass ready without running it; most engines need no such thing.

        Args:
            shape: Of the input, (1, 1, h, w).
            saliency: The pass.

        Raises:
            EngineError: The engine failed; the message says how.
        """

    def is_compiled(self, shape: tuple[int, ...], saliency: Saliency) -> bool:
        """Whether a pass runs at once, without being made ready first."""
        return True

    def warm_up(self, network_input: Floats) -> None:
        """Compile and run once, so that the first real frame is not the slow one."""
        for saliency in WARMED:
            self.run(network_input, saliency)

    def run_batch(self, inputs: Floats, saliency: Saliency = Saliency.PLAIN) -> list[EngineOutput]:
        """Run many inputs; each gets the saliency of its own winning plane.

        The same as `run` on each of them, but for rounding; engines that gain by it run several
        at once. Any number is allowed: an engine cuts it into pieces that its memory holds.

        Args:
            inputs: float32, (n, 1, h, w); need not be contiguous.
            saliency: Which backward pass is run.

        Returns:
            n outputs, in order; an empty list for n = 0.

        Raises:
            EngineError: The shape is another one, or the engine failed.
        """
        check_batch(inputs)
        ones = (np.ascontiguousarray(inputs[i : i + 1]) for i in range(len(inputs)))
        return [self.run(one, saliency) for one in ones]

    def take_notices(self) -> list[str]:
        """What the user should know of the engine since the last call; most have nothing to say."""
        return []

    def close(self) -> None:  # noqa: B027  (most engines have nothing to let go of)
        """Let go of memory; the next `run` takes it again. May be called twice."""


def check_batch(inputs: Floats) -> None:
    """Check that an array is a batch of network inputs.

    Raises:
        EngineError: It is not (n, 1, h, w).
    """
    if inputs.ndim != 4 or inputs.shape[1] != 1:
        shape = " x ".join(str(side) for side in inputs.shape) or "a single number"
        raise EngineError(f"the engine failed: its input is {shape}, not n x 1 x height x width")
