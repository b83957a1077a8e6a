"""The same bytes each time, of what is made with numbers that are drawn by chance."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

_WAL_HEAD, _FRAME_HEAD = 32, 24
_SALT = bytes(range(1, 9))


@contextmanager
def fixed_uids() -> Iterator[None]:
    """Numbers that DICOM files get by chance."""
    numbers = itertools.count(1)

    def drawn() -> str:
        return f"1.2.3.{next(numbers)}"

    with mock.patch("sources.test_sources_dicom.generate_uid", drawn):
        yield


def whole(path: Path) -> dict[str, bytes]:
    """The files of a folder, without locks and without what SQLite makes anew."""
    files = {
        file.relative_to(path).as_posix(): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file() and file.suffix != ".lock" and not file.name.endswith("-shm")
    }
    return {
        name: _log(data) if name.endswith("-wal") and data else data for name, data in files.items()
    }


def _log(data: bytes) -> bytes:
    """A log of SQLite with a fixed salt; its checksums go on from one page to the next.

    As "The WAL File Format" in SQLite's documentation tells.
    """
    order = "big" if data[3] & 1 else "little"
    page = int.from_bytes(data[8:12], "big") or 65536
    head = data[:16] + _SALT
    sums = _added((0, 0), head, order)
    made = [head, _said(sums)]
    for place in range(_WAL_HEAD, len(data), _FRAME_HEAD + page):
        number, content = data[place : place + 8], data[place + _FRAME_HEAD :][:page]
        sums = _added(_added(sums, number, order), content, order)
        made += [number, _SALT, _said(sums), content]
    return b"".join(made)


def _added(sums: tuple[int, int], data: bytes, order: str) -> tuple[int, int]:
    one, other = sums
    for place in range(0, len(data), 8):
        first = int.from_bytes(data[place : place + 4], order)  # type: ignore[arg-type]
        second = int.from_bytes(data[place + 4 : place + 8], order)  # type: ignore[arg-type]
        one = (one + first + other) & 0xFFFFFFFF
        other = (other + second + one) & 0xFFFFFFFF
    return one, other


def _said(sums: tuple[int, int]) -> bytes:
    return b"".join(one.to_bytes(4, "big") for one in sums)


def sorted_head(data: bytes) -> bytes:
    """A safetensors file whose head is in order: the library writes the metadata as it comes."""
    length = int.from_bytes(data[:8], "little")
    told = json.loads(data[8 : 8 + length])
    told = {"__metadata__": dict(sorted(told.pop("__metadata__").items())), **told}
    head = json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
    head = head.ljust(-(-len(head) // 8) * 8)
    return len(head).to_bytes(8, "little") + head + data[8 + length :]


def numbered_storages(data: bytes) -> bytes:
    """An old torch file whose storages are called 0, 1, ... instead of where they lay in memory."""
    names: dict[bytes, int] = {}

    def renamed(found: re.Match[bytes]) -> bytes:
        number = names.setdefault(found[1], len(names))
        return b"X\x0f\x00\x00\x00%015d" % number

    return re.sub(rb"X[\x0c-\x14]\x00\x00\x00(\d{12,20})", renamed, data)
