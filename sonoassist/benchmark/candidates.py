"""The engines and precisions that can be had here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sonoassist.benchmark.weights import SEED, random_tensors
from sonoassist.engines.choose import EngineChoice, make_engine
from sonoassist.errors import EngineError
from sonoassist.model.architecture import architecture

ENGINES = ("openvino", "torch")
PRECISIONS = ("f32", "bf16", "f16")
NAIVE = "naive torch"


@dataclass(frozen=True, slots=True)
class Runner:
    """What runs a network, as it is named in the tables.

    Attributes:
        engine: E.g. "OpenVINO".
        precision: "f32", "bf16" or "f16".
        device: E.g. "CPU" or the name of a GPU.
    """

    engine: str
    precision: str
    device: str

    @property
    def label(self) -> str:
        """E.g. "OpenVINO bf16 on CPU"."""
        return f"{self.engine} {self.precision} on {self.device}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An engine that can be had here.

    Attributes:
        choice: Makes it; without "auto".
        runner: Its name.
    """

    choice: EngineChoice
    runner: Runner


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
class Candidates:
    """What can be had of what was asked for.

    Attributes:
        found: In the order of the tables.
        left_out: The others.
        chosen: What the program takes by itself.
    """

    found: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]
    chosen: Runner


def find_candidates(
    engines: Sequence[str] | None = None, precisions: Sequence[str] | None = None
) -> Candidates:
    """Try every engine, precision and device.

    Args:
        engines: Only these; None for all.
        precisions: Only these; None for all.

    Raises:
        EngineError: Something asked for by name is not to be had here.
    """
    found: list[Candidate] = []
    left_out: list[LeftOut] = []
    for choice in _choices(engines or ENGINES, precisions or PRECISIONS):
        try:
            found.append(Candidate(choice, _runner(choice)))
        except EngineError as error:
            what = f"{choice.engine} {choice.precision} on {choice.device}"
            left_out.append(LeftOut(what, error.message))
    _check([one.choice.engine for one in found], engines, left_out)
    _check([one.choice.precision for one in found], precisions, left_out)
    return Candidates(tuple(found), tuple(left_out), _runner(EngineChoice()))


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


def _runner(choice: EngineChoice) -> Runner:
    """Make the engine with the smallest network, and see what it calls itself."""
    smallest = architecture("smallnet")
    engine = make_engine(choice, smallest, random_tensors(smallest, SEED))
    try:
        return Runner(engine.name, engine.precision, engine.device)
    finally:
        engine.close()


def _check(found: Sequence[str], asked: Sequence[str] | None, left_out: Sequence[LeftOut]) -> None:
    for name in asked or ():
        if name not in found:
            reasons = [one.why for one in left_out if name in one.what.split()]
            raise EngineError(f"{name} cannot be measured here: {reasons[0]}")
