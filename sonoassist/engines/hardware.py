"""What can run networks on this computer: only that is offered, and only that is chosen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from sonoassist.core.errors import EngineError
from sonoassist.engines.capabilities import (
    capabilities,
    has_bf16,
    has_int8,
    has_intel_graphics,
)
from sonoassist.engines.choose import MIXED, EngineChoice, has_driver

AUTO = "auto"
FIELDS = tuple(field.name for field in fields(EngineChoice))
"""What can be chosen: "engine", "precision", "device"."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """All ways to run a network here.

    Attributes:
        ways: Without "auto".
    """

    ways: tuple[EngineChoice, ...]

    def has(self, choice: EngineChoice) -> bool:
        """Whether a choice, which may leave something to the program, can be had."""
        device = self._device_of(choice)
        return any(_matches(choice, way) and way.device == device for way in self.ways)

    def _device_of(self, choice: EngineChoice) -> str:
        """The device that a choice means, as `choose.make_engine` takes it."""
        there = [name for name in ("cuda", "mps") if any(way.device == name for way in self.ways)]
        if choice.device != AUTO:
            return choice.device
        if choice.engine == "openvino" or choice.precision in ("int8", *MIXED) or not there:
            return "cpu"
        if choice.engine == "torch" or choice.precision == "f16":
            return there[0]
        return "cuda" if "cuda" in there else "cpu"

    def check(self, choice: EngineChoice) -> None:
        """Refuse what cannot be had.

        Raises:
            EngineError: It says what there is instead.
        """
        _, lost = self.settled(choice)
        if lost:
            words = " and ".join(f"{field} {getattr(choice, field)}" for field in lost)
            there = "; ".join(f"{field} {', '.join(self.offered(field))}" for field in lost)
            raise EngineError(
                f"this computer does not run {words} as asked for", f"It has: {there}"
            )

    def offered(self, field: str) -> list[str]:
        """The values of a field that there are, "auto" first.

        Args:
            field: One of `FIELDS`.
        """
        return [AUTO, *dict.fromkeys(str(getattr(way, field)) for way in self.ways)]

    def settled(
        self, choice: EngineChoice, newest: str = ""
    ) -> tuple[EngineChoice, tuple[str, ...]]:
        """A choice that can be had, and the fields that had to be left to the program.

        What is not there at all is given up first, then what does not go together: the precision
        before the device before the engine.

        Args:
            choice: What is asked for.
            newest: The field that was chosen last; it is given up last.
        """
        asked, lost = choice, []
        if self.has(choice):
            return choice, ()
        for field in FIELDS:
            alone = EngineChoice(**{field: getattr(choice, field)})
            if not self.has(alone):
                lost.append(field)
                choice = replace(choice, **{field: AUTO})
        for field in sorted(("precision", "device", "engine"), key=lambda one: one == newest):
            if not self.has(choice) and getattr(choice, field) != AUTO:
                lost.append(field)
                choice = replace(choice, **{field: AUTO})
        for field in lost[:-1]:  # what was given up in vain
            again = replace(choice, **{field: getattr(asked, field)})
            if self.has(again):
                choice = again
        return choice, tuple(one for one in lost if getattr(choice, one) != getattr(asked, one))


def find_hardware() -> Hardware:
    """Look at this computer; takes up to seconds, since libraries are loaded for it."""
    return Hardware((*_on_openvino(), *_on_torch()))


def _matches(choice: EngineChoice, way: EngineChoice) -> bool:
    pairs = ((getattr(choice, field), getattr(way, field)) for field in FIELDS)
    return all(wanted in (AUTO, there) for wanted, there in pairs)


def _on_openvino() -> Iterator[EngineChoice]:
    if capabilities():
        known = {"f32"} | ({"bf16"} if has_bf16() else set()) | ({"int8"} if has_int8() else set())
        for precision in ("f32", "bf16", "int8", *MIXED):
            if known.issuperset(precision.split("/")):
                yield EngineChoice("openvino", precision, "cpu")
    if has_intel_graphics():
        for precision in ("f32", "f16"):
            yield EngineChoice("openvino", precision, "gpu")


def _on_torch() -> Iterator[EngineChoice]:
    for precision in ("f32", *(["bf16"] if has_bf16() else [])):
        yield EngineChoice("torch", precision, "cpu")
    if not has_driver() and sys.platform != "darwin":
        return  # importing torch takes seconds
    from sonoassist.engines.torch_engine import torch_devices, torch_precisions

    for device in torch_devices():
        if device != "cpu":
            for precision in torch_precisions(device):
                yield EngineChoice("torch", precision, device)
