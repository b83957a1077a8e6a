"""Which computer this is; a figure without its machine says nothing."""

from __future__ import annotations

import datetime
import os
import platform
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from sonoassist import __version__
from sonoassist.core.memory import machine_bytes
from sonoassist.core.processors import LIMIT_VARIABLE, UNKNOWN, processor_name, usable_cores
from sonoassist.engines.capabilities import capabilities

PACKAGES = ("torch", "openvino", "numpy", "opencv-python", "PyQt6")
_FLAGS = re.compile(r"(flags|Features)\s*:")
_INSTRUCTIONS = {
    "AVX2": {"avx2"},
    "AVX-512": {"avx512f"},
    "VNNI": {"avx512_vnni", "avx_vnni"},
    "bf16": {"avx512_bf16", "amx_bf16", "bf16"},
    "AMX": {"amx_tile"},
    "NEON": {"asimd"},
    "dot product": {"asimddp"},
    "int8": {"i8mm"},
}
"""Name on screen, and what Linux calls it."""
_LIMITS = ("ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", LIMIT_VARIABLE)


@dataclass(frozen=True, slots=True)
class Machine:
    """The computer and what is installed on it.

    Attributes:
        version: Of SonoAssist.
        date: ISO date and time at which the measurement began.
        name: Of the computer.
        system: Operating system.
        processor: Model of the processor.
        instructions: What of the instructions that make networks quick it has, e.g. ("AVX2",).
        limits: Environment variables that keep libraries from using all it has, with values.
        cores: Cores this process may use.
        memory_gb: 1e9 bytes; None when the system does not tell.
        load: Mean number of busy processes in the minute before; None when not told.
        gpu: Names of the GPUs measured; empty when there is none.
        python: Version.
        packages: (package, version or "not installed").
    """

    version: str
    date: str
    name: str
    system: str
    processor: str
    instructions: tuple[str, ...]
    limits: tuple[str, ...]
    cores: int
    memory_gb: float | None
    load: float | None
    gpu: tuple[str, ...]
    python: str
    packages: tuple[tuple[str, str], ...]


def look_at_machine() -> Machine:
    """Find out about this computer; says "unknown" where the system does not tell."""
    return Machine(
        version=__version__,
        date=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        name=platform.node() or UNKNOWN,
        system=platform.platform(),
        processor=processor_name(),
        instructions=instructions(),
        limits=tuple(f"{name}={os.environ[name]}" for name in _LIMITS if name in os.environ),
        cores=usable_cores(),
        memory_gb=_memory_gb(),
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        gpu=(),
        python=platform.python_version(),
        packages=tuple((name, _version(name)) for name in PACKAGES),
    )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def instructions(cpuinfo: Path = Path("/proc/cpuinfo")) -> tuple[str, ...]:
    """The instructions by which processors differ; where Linux does not tell, OpenVINO does.

    Args:
        cpuinfo: Where Linux tells it.
    """
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    told = next((line.split(":", 1)[1].split() for line in lines if _FLAGS.match(line)), [])
    if told:
        return tuple(name for name, flags in _INSTRUCTIONS.items() if flags & set(told))
    return tuple(sorted(capabilities() & {"BF16", "FP16", "INT8"}))


def _memory_gb() -> float | None:
    known = machine_bytes()
    return None if known is None else known / 1e9
