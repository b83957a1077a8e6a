"""Table IV: frames a second of the detection alone, and with the localisation."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sonoassist.analysis.analyser import Analyser
from sonoassist.core.busy import OtherWork
from sonoassist.core.packets import Floats, frozen
from sonoassist.core.wording import counted, word
from sonoassist.engines.base import Saliency
from sonoassist.evaluation.observed import Observation

RUNS = 30
WARM_RUNS = 3


@dataclass(frozen=True, slots=True)
class Speed:
    """Table IV, measured on this computer.

    Attributes:
        runs: Times each pass was run; the figures are medians.
        detection_ms: Forward pass alone.
        both_ms: Forward and backward pass, as the program runs them.
        analysis_ms: Median of a whole frame: preprocessing, network and box; NaN without frames.
        stages_ms: (stage, median milliseconds) of it.
        frames: Frames behind `analysis_ms`.
        known: Frames that were analysed before, of which nobody knows how long it took.
        other_cores: Cores that other programs kept busy meanwhile; None where it cannot be told.
    """

    runs: int
    detection_ms: float
    both_ms: float
    analysis_ms: float
    stages_ms: tuple[tuple[str, float], ...]
    frames: int
    known: int = 0
    other_cores: float | None = None

    @property
    def detection_fps(self) -> float:
        """Forward passes a second."""
        return 1e3 / self.detection_ms

    @property
    def localisation_fps(self) -> float:
        """Backward passes a second: what the second pass adds to the first, as in the paper."""
        added = self.both_ms - self.detection_ms
        return 1e3 / added if added > 0 else float("nan")

    @property
    def both_fps(self) -> float:
        """Both passes together."""
        return 1e3 / self.both_ms

    @property
    def analysis_fps(self) -> float:
        """Whole frames a second."""
        return 1e3 / self.analysis_ms


def measure_speed(
    analyser: Analyser,
    frames: Sequence[Observation],
    runs: int = RUNS,
    clock: Callable[[], float] = time.perf_counter,
    others: OtherWork | None = None,
) -> Speed:
    """Run the network alone on noise, and sum up how long the whole frames took.

    Args:
        analyser: Whose network is run.
        frames: Those that were analysed before count as `Speed.known` alone.
        runs: Times each pass is run.
        clock: In seconds.
        others: Watching since the frames were begun; left out, from now on.

    Raises:
        EngineError: The engine failed.
    """
    others = others or OtherWork()
    card = analyser.card
    noise = noise_input(card.input_height_px, card.input_width_px, card.scale)

    def median_ms(saliency: Saliency) -> float:
        taken = []
        for _ in range(WARM_RUNS + runs):
            begun = clock()
            analyser.engine.run(noise, saliency)
            taken.append(1e3 * (clock() - begun))
        return float(np.median(taken[WARM_RUNS:]))

    timed = [one for one in frames if one.timings_ms]
    detection_ms, both_ms = median_ms(Saliency.NONE), median_ms(Saliency.PLAIN)
    return Speed(
        runs=runs,
        detection_ms=detection_ms,
        both_ms=both_ms,
        analysis_ms=_whole_ms(timed),
        stages_ms=_stages(timed),
        frames=len(timed),
        known=len(frames) - len(timed),
        other_cores=others.cores(),
    )


def whole_frames(found: Speed) -> str:
    """How long whole frames took, in words; "" where there were none at all."""
    if found.frames:
        stages = ", ".join(f"{stage} {value:.1f} ms" for stage, value in found.stages_ms)
        others = counted(found.known, "other was", "others were")
        known = f"; {others} analysed before" if found.known else ""
        return f"whole frame: {found.analysis_fps:.1f} a second ({stages}{known})"
    if found.known:
        verb = word(found.known, "was", "were")
        every = counted(found.known, "frame")
        return f"whole frame: not measured, since all {every} {verb} analysed before"
    return ""


def noise_input(height_px: int, width_px: int, scale: float, count: int = 1) -> Floats:
    """Inputs of the right size and spread; the speed does not depend on what they show.

    Args:
        height_px: Of the network input.
        width_px: Of the network input.
        scale: Standard deviation.
        count: How many, n.

    Returns:
        float32, (n, 1, height, width); the same for each call.
    """
    shape = (count, 1, height_px, width_px)
    noise = np.random.default_rng(0).standard_normal(shape, np.float32)
    return frozen(noise * np.float32(scale))


def _stages(frames: Sequence[Observation]) -> tuple[tuple[str, float], ...]:
    taken: dict[str, list[float]] = {}
    for one in frames:
        for stage, value_ms in one.timings_ms:
            taken.setdefault(stage, []).append(value_ms)
    return tuple((stage, float(np.median(values))) for stage, values in taken.items())


def _whole_ms(frames: Sequence[Observation]) -> float:
    if not frames:
        return float("nan")
    return float(np.median([sum(value for _, value in one.timings_ms) for one in frames]))
