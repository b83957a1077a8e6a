"""A format whose cases break in known ways, to see that the net notices each of them."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

from fuzz.format import Format, Seed
from fuzz.worker import work
from sonoassist.core.errors import SourceError


def crash() -> None:
    os.abort()


def hang() -> None:
    threading.Event().wait()


def trip() -> None:
    raise LookupError("planted")


def unpickle() -> None:
    pickle.loads(pickle.dumps(Path()))


def fill_memory() -> None:
    bytearray(6 << 30)


def warn() -> None:
    warnings.warn("planted", RuntimeWarning, stacklevel=1)


def refuse() -> None:
    raise SourceError("this is\nrefused")


DEEDS: dict[int, Callable[[], None]] = {
    1: crash,
    2: hang,
    3: trip,
    4: unpickle,
    5: fill_memory,
    6: warn,
    7: refuse,
}
"""Number of a case -> what it does; the others do nothing."""


def main(arguments: list[str]) -> None:
    name, start, first, count, *_ = arguments
    number = int(first) - 2  # the seed as it is comes before the cases

    def use(folder: Path, seed: Seed) -> str:
        nonlocal number
        number += 1
        if number >= int(first):
            DEEDS.get(number, lambda: None)()
        assert (folder / seed.name).exists()
        return "result"

    def seeds(folder: Path) -> list[Seed]:
        del folder
        return [Seed("one.json", {"one.json": b'{"one": 1}'}, ("one.json",))]

    work(Format(name, seeds, use), int(start), int(first), int(count), None)


if __name__ == "__main__":
    main(sys.argv[1:])
