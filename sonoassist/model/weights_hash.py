"""What makes weights the same: their tensors, and not the file that they are written in.

A safetensors file has its header in any order, so equal weights may have two hashes of files. Where
a file is downloaded its own hash is checked, see `registry`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from sonoassist.model.folding import AnyArray


def tensors_sha256(tensors: Mapping[str, AnyArray]) -> str:
    """SHA-256 of tensors, 64 hex digits: of names in their order, kinds, shapes and numbers.

    Args:
        tensors: By name, as they are in the file.
    """
    digest = hashlib.sha256()
    for name in sorted(tensors):
        values = np.ascontiguousarray(tensors[name])
        kind = values.dtype.newbyteorder("<")
        shape = ",".join(str(size) for size in tensors[name].shape)
        digest.update(f"{len(name)} {name} {kind.str} {shape}\n".encode())
        digest.update(values.astype(kind, copy=False).tobytes())
    return digest.hexdigest()
