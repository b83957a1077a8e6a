"""Compiled graphs kept on disk: reading one takes a fraction of the time of making it.

OpenVINO can write a compiled graph and read it back. Its own cache folder knows a graph by the
names of its nodes, which count up while a program runs, so that it seldom finds one again, and it
writes straight into the file, where a crash leaves half of it. So the bytes are kept here: under
what the graph is made of, beside their own hash, and through a temporary file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sonoassist.core.errors import OutputError
from sonoassist.core.files import ensure_folder, write_bytes

LIMIT_BYTES = 400_000_000
"""What the folder may hold; SonoNet-64 in two precisions takes half of it."""
_DIGEST_BYTES = 32
_SUFFIX = ".compiled"


def cache_key(parts: Iterable[bytes]) -> str:
    """The name under which a graph is kept; where one part differs the name does.

    Args:
        parts: All that the compiled graph depends on.
    """
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "little"))
        whole.update(part)
    return whole.hexdigest()[:32]


class CompiledCache:
    """A folder of compiled graphs; the ones used longest ago go first when it is full.

    Args:
        folder: Made when something is kept.
        limit_bytes: What it may hold.
    """

    def __init__(self, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes

    def read(self, key: str) -> bytes | None:
        """The graph kept under a key; None where there is none or its bytes have changed."""
        path = self._path(key)
        try:
            kept = path.read_bytes()
            path.touch()  # used just now
        except OSError:
            return None
        digest, graph = kept[:_DIGEST_BYTES], kept[_DIGEST_BYTES:]
        return graph if hashlib.sha256(graph).digest() == digest else None

    def keep(self, key: str, graph: bytes) -> None:
        """Keep a graph; where the disk refuses it is made again the next time."""
        with suppress(OutputError):
            path = ensure_folder(self._folder) / self._path(key).name
            write_bytes(path, hashlib.sha256(graph).digest() + graph)
            self._sweep()

    def drop(self, key: str) -> None:
        """Delete a graph that turned out to be of no use."""
        with suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{_SUFFIX}"

    def _sweep(self) -> None:
        """Delete the graphs used longest ago, down to the limit."""
        with suppress(OSError):  # another process may sweep at the same time
            aged = sorted(
                ((path.stat(), path) for path in self._folder.glob(f"*{_SUFFIX}")),
                key=lambda found: found[0].st_mtime,
                reverse=True,
            )
            held = 0
            for about, path in aged:
                held += about.st_size
                if held > self._limit_bytes:
                    path.unlink(missing_ok=True)
