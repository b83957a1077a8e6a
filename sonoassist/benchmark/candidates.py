"""The engines and precisions that can be had here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sonoassist.analysis.precision.choosing import engine_for, has_verdict
from sonoassist.benchmark.weights import SEED, random_tensors
from sonoassist.core.errors import EngineError
from sonoassist.engines.base import Engine
from sonoassist.engines.choose import (
    MIXED,
    EngineChoice,
    Tensors,
    make_engine,
    runs_openvino,
)
from sonoassist.evaluation.speed import noise_input
from sonoassist.model.architecture import Architecture, architecture
from sonoassist.model.store import ModelStore

ENGINES = ("openvino", "torch")
PRECISIONS = ("f32", "bf16", "f16", "int8", *MIXED)
NAIVE = "naive torch"
HEIGHT_PX, WIDTH_PX, SCALE = 224, 288, 255.0
"""The paper's input."""


@dataclass(frozen=True, slots=True)
class NetworkRunner:
    """What runs a network, as it is named in the tables.

    Attributes:
        engine: E.g. "OpenVINO".
        precision: "f32", "bf16", "f16" or "int8"; of forward pass and errors e.g. "f32/int8".
        device: E.g. "CPU" or the name of a GPU.
    """

    engine: str
    precision: str
    device: str

    @property
    def label(self) -> str:
        """E.g. "OpenVINO bf16 on CPU"."""
        return f"{self.engine} {self.precision} on {self.device}"

    @property
    def forward_only(self) -> bool:
        """Whether it has no backward pass."""
        return self.precision == "int8"

    @property
    def mixed(self) -> bool:
        """Whether its forward pass is that of another one, and only the errors differ."""
        return "/" in self.precision

    def part_of(self, chosen: NetworkRunner) -> bool:
        """Whether it is one of those that the program takes together."""
        return self.beside(chosen) and self.precision in chosen.precision.split("+")

    def beside(self, chosen: NetworkRunner) -> bool:
        """Whether it is the same engine on the same device, at whatever precision."""
        return (self.engine, self.device) == (chosen.engine, chosen.device)


@dataclass(frozen=True, slots=True)
class AvailableEngine:
    """An engine that can be had here.

    Attributes:
        choice: Makes it; without "auto".
        runner: Its name.
    """

    choice: EngineChoice
    runner: NetworkRunner


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is not measured.

    Attributes:
        what: Its name.
        why: One sentence.
    """

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class AvailableEngines:
    """What can be had of what was asked for.

    Attributes:
        found: In the order of the tables.
        left_out: The others.
        chosen: What the program takes by itself; a precision for each pass where it takes
            several, e.g. "int8+bf16".
    """

    found: tuple[AvailableEngine, ...]
    left_out: tuple[LeftOut, ...]
    chosen: NetworkRunner

    def likely(self) -> AvailableEngines:
        """Only what the program takes by itself, and f32, which stands behind it."""
        found = [
            one
            for one in self.found
            if one.runner.part_of(self.chosen)
            or (one.runner.beside(self.chosen) and one.runner.precision == "f32")
        ]
        return replace(self, found=tuple(found), left_out=())


def find_candidates(
    engines: Sequence[str] | None = None,
    precisions: Sequence[str] | None = None,
    chosen: NetworkRunner | None = None,
) -> AvailableEngines:
    """Try every engine, precision and device.

    Args:
        engines: Only these; None for all.
        precisions: Only these; None for all.
        chosen: What the program takes by itself, where that is known.

    Raises:
        EngineError: Something asked for by name is not to be had here.
    """
    found: list[AvailableEngine] = []
    left_out: list[LeftOut] = []
    for choice in _choices(engines or ENGINES, precisions or PRECISIONS):
        try:
            found.append(AvailableEngine(choice, _runner(choice)))
        except EngineError as error:
            what = f"{choice.engine} {choice.precision} on {choice.device}"
            left_out.append(LeftOut(what, error.message))
    _check([one.choice.engine for one in found], engines, left_out)
    _check([one.choice.precision for one in found], precisions, left_out)
    return AvailableEngines(tuple(found), tuple(left_out), chosen or _runner(EngineChoice()))


def _choices(engines: Sequence[str], precisions: Sequence[str]) -> list[EngineChoice]:
    return [
        EngineChoice(engine, precision, device)
        for engine in engines
        for device in (_torch_devices() if engine == "torch" else ["cpu"])
        for precision in precisions
    ]


def _torch_devices() -> list[str]:
    from sonoassist.engines.torch_engine import torch_devices

    return torch_devices()


def make_candidate(choice: EngineChoice, spec: Architecture, tensors: Tensors) -> Engine:
    """Make an engine to be timed; int8 is calibrated on noise, which is as quick as any other.

    Raises:
        EngineError: What was asked for is not to be had here.
    """
    if not runs_openvino(choice) or choice.precision != "int8":
        return make_engine(choice, spec, tensors)
    from sonoassist.engines.openvino_engine import OpenVINOEngine, measure_statistics

    statistics = measure_statistics(spec, tensors, [noise_input(HEIGHT_PX, WIDTH_PX, SCALE)])
    return OpenVINOEngine(spec, tensors, precision="int8", statistics=statistics)


def _runner(choice: EngineChoice) -> NetworkRunner:
    """Make the engine with the smallest network, and see what it calls itself."""
    smallest = architecture("smallnet")
    engine = make_candidate(choice, smallest, random_tensors(smallest, SEED))
    try:
        return NetworkRunner(engine.name, engine.precision, engine.device)
    finally:
        engine.close()


def _check(found: Sequence[str], asked: Sequence[str] | None, left_out: Sequence[LeftOut]) -> None:
    for name in asked or ():
        if name not in found:
            reasons = [one.why for one in left_out if name in one.what.split()]
            raise EngineError(f"{name} cannot be measured here: {reasons[0]}")


def is_checked(store: ModelStore) -> bool:
    """Whether it is known in which precision the program's own model may run.

    Raises:
        ModelError: No model is installed, or it is damaged.
    """
    return has_verdict(store.get().card)


def chosen_runner(store: ModelStore, *, check: bool = True) -> NetworkRunner:
    """What the program takes by itself for the model that it takes by itself.

    Args:
        store: The models.
        check: Where the precisions have not been checked yet, do it now; else it is f32 so far.

    Raises:
        ModelError: No model is installed, or it is damaged.
        EngineError: No engine can be had here.
    """
    installed = store.get()
    tensors = store.load_tensors(installed)
    engine = engine_for(installed.card, tensors, EngineChoice(), at_once=not check)
    try:
        return NetworkRunner(engine.name, engine.precision, engine.device)
    finally:
        engine.close()
