"""Reads weights of any known kind into folded tensors.

The kind is found from the content, never from the name of the file.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sonoassist.core.errors import ModelError
from sonoassist.model.architecture import Architecture
from sonoassist.model.archive import MAX_BYTES, is_zip
from sonoassist.model.checkpoint import is_safetensors, read_checkpoint
from sonoassist.model.folding import Tensors
from sonoassist.model.npz_weights import read_npz
from sonoassist.model.pth_weights import is_torch_file, read_pth

Kind = Literal["npz", "pth", "safetensors"]


@dataclass(frozen=True, slots=True)
class ImportedWeights:
    """Weights read from a file, batch norm folded in.

    Attributes:
        architecture: The network, found from the shapes.
        tensors: conv00.weight (out, in, k, k) and conv00.bias (out,), conv01..., float32.
        kind: What the file was: "npz" published, "pth" the PyTorch port, "safetensors" our own.
        sha256: Of the file.
        git_blob: Its git blob id.
        metadata: Of our own files; empty for the others.
    """

    architecture: Architecture
    tensors: Tensors
    kind: Kind
    sha256: str
    git_blob: str
    metadata: dict[str, str] = field(default_factory=dict)


def git_blob_id(data: bytes) -> str:
    """The id git gives to a file with this content."""
    digest = hashlib.sha1(b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def import_weights(path: Path) -> ImportedWeights:
    """Read published `.npz`, the port's `.pth` or our own `.safetensors`.

    No code from the file is ever run.

    Args:
        path: The file; its suffix does not matter.

    Raises:
        ModelError: The file cannot be read, is damaged, or is none of the four networks.
    """
    data = _read(path)
    architecture, tensors, kind, metadata = _parse(data, path.name)
    sha256 = hashlib.sha256(data).hexdigest()
    return ImportedWeights(architecture, tensors, kind, sha256, git_blob_id(data), metadata)


def _parse(data: bytes, what: str) -> tuple[Architecture, Tensors, Kind, dict[str, str]]:
    if is_torch_file(data):
        return *read_pth(data, what), "pth", {}
    if is_zip(data):
        return *read_npz(data, what), "npz", {}
    if is_safetensors(data):
        architecture, tensors, metadata = read_checkpoint(data, what)
        return architecture, tensors, "safetensors", metadata
    raise ModelError(
        f"{what} is not a weights file",
        "Known are the published .npz, the PyTorch port's .pth and own .safetensors files",
    )


def _read(path: Path) -> bytes:
    hint = "Give the path of a weights file (.npz, .pth or .safetensors)"
    try:
        if path.is_dir():
            raise ModelError(f"{path} is a folder", hint)
        size = path.stat().st_size
        if not path.is_file() or size > MAX_BYTES:
            raise ModelError(f"{path.name} is too large or no ordinary file; not read", hint)
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(f"there is no file {path}", hint) from error
    except (OSError, ValueError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ModelError(f"cannot read {path}: {reason}", hint) from error
    if not data:
        raise ModelError(f"{path.name} is empty", "Get the file again")
    return data
