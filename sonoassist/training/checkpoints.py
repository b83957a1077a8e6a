"""Checkpoints: one safetensors file each, whole or not there, the last two kept.

Tensors hold the weights and the momenta, the JSON state lies in the file's own metadata, so
that both are replaced in one step. Nothing in a checkpoint is code.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.numpy import save

from sonoassist.core.errors import ModelError, OutputError, UsageError
from sonoassist.core.files import ensure_folder, write_bytes
from sonoassist.model.checkpoint import decode
from sonoassist.model.folding import AnyArray

FORMAT = "sonoassist-training-1"
FOLDER = "checkpoints"
KEPT = 2
_STEM, _SUFFIX = "iteration-", ".safetensors"

STATE_ERRORS = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
)
"""What going on from a damaged state may raise: torch, numpy and Python check their own parts."""

Warn = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint as read.

    Attributes:
        path: Of the file.
        tensors: Everything that is numbers.
        state: Everything else.
    """

    path: Path
    tensors: dict[str, AnyArray]
    state: dict[str, Any]


class Checkpoints:
    """The checkpoints of one run.

    Args:
        out: Folder of the run.
    """

    def __init__(self, out: Path) -> None:
        self.folder = out / FOLDER

    def paths(self) -> list[Path]:
        """The checkpoints there are, the newest first."""
        return sorted(self.folder.glob(f"{_STEM}*{_SUFFIX}"), reverse=True)

    def save(self, iteration: int, tensors: dict[str, AnyArray], state: dict[str, Any]) -> Path:
        """Write a checkpoint; older ones go only once it is whole.

        When the disk is full all but the newest older one make room, and it is tried again.

        Raises:
            OutputError: It cannot be written; the newest older one is still there.
        """
        ensure_folder(self.folder)
        self._sweep()
        data = save(tensors, {"format": FORMAT, "state": json.dumps(state)})
        path = self.folder / f"{_STEM}{iteration:08d}{_SUFFIX}"
        try:
            write_bytes(path, data)
        except OutputError:
            if not self._keep(1):
                raise
            write_bytes(path, data)
        self._keep(KEPT)
        return path

    def newest(self, warn: Warn) -> Checkpoint:
        """The newest checkpoint that is whole; damaged ones are warned of and put aside.

        Raises:
            UsageError: There is none.
            ModelError: All of them are damaged.
        """
        there = self.paths()
        for path in there:
            try:
                return _read(path)
            except ModelError as error:
                warn(f"{error}; it is put aside")
                # Under its old name it would count as the newest when room has to be made.
                with suppress(OSError):
                    path.replace(path.with_name(f"damaged-{path.name}"))
        if there:
            raise ModelError(
                f"all checkpoints in {self.folder.parent} are damaged",
                "Choose another --out, and --from the model.safetensors there if there is one",
            )
        raise UsageError(
            f"there is no checkpoint in {self.folder.parent}", "Leave out --resume to start anew"
        )

    def _keep(self, count: int) -> bool:
        """Remove all but the newest `count`; says whether any were removed."""
        extra = self.paths()[count:]
        for path in extra:
            with suppress(OSError):
                path.unlink()
        return bool(extra)

    def _sweep(self) -> None:
        """Remove what a killed run has left half-written."""
        for path in self.folder.glob(f".{_STEM}*"):
            with suppress(OSError):
                path.unlink()


def _read(path: Path) -> Checkpoint:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    tensors, metadata = decode(data, path.name)
    if metadata.get("format") != FORMAT:
        raise ModelError(f"{path.name} is not a checkpoint of this version")
    try:
        state = json.loads(metadata["state"])
    except (KeyError, ValueError, RecursionError) as error:
        raise ModelError(f"{path.name} has lost its state") from error
    if not isinstance(state, dict) or not isinstance(state.get("settings"), dict):
        raise ModelError(f"{path.name} has lost its state")
    return Checkpoint(path, tensors, state)


def refuse_others(saved: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuse to go on with other settings or other data.

    Raises:
        UsageError: Names the first difference.
    """
    for name in sorted(saved.keys() | now.keys()):
        before, after = saved.get(name), now.get(name)
        if before != after:
            what = name.replace("_", " ")
            raise UsageError(
                f"the checkpoint was made with {what} {_short(before)}, not {_short(after)}",
                "Resume with the same settings and data, or choose another --out",
            )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:12]}..."
