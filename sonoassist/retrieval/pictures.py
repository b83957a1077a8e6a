"""Frames decoded once more, by their exact places: only those that were chosen."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.packets import Frame, Pixels
from sonoassist.retrieval.opening import Opening, opened
from sonoassist.sources import Source

READ_PAST = 50
"""Frames that are rather read past than jumped over: a jump decodes from the last key frame."""


def frames_at(path: Path, wanted: Iterable[int], opening: Opening = opened) -> dict[int, Pixels]:
    """The pictures of some frames of a recording, by their index.

    Raises:
        SourceError: One of them cannot be read.
    """
    missing = sorted(set(wanted))
    found: dict[int, Pixels] = {}
    with opening(path) as source:
        _by_jumps(source, missing, found)
        if len(found) < len(missing):
            # A damaged place can be read only from the beginning on.
            source.seek(0)
            _in_order(source, missing, found)
    for index in missing:
        if index not in found:
            raise SourceError(f"frame {index} of {path.name} cannot be read again")
    return found


def _by_jumps(source: Source, wanted: list[int], found: dict[int, Pixels]) -> None:
    place = 0
    for index in wanted:
        if index - place > READ_PAST:
            source.seek(index)
        frame = _read(source)
        while frame is not None and frame.index < index:
            frame = _read(source)
        if frame is None:
            return
        if frame.index == index:
            found[index] = frame.pixels
        place = frame.index + 1


def _in_order(source: Source, wanted: list[int], found: dict[int, Pixels]) -> None:
    frame = _read(source)
    while frame is not None and len(found) < len(wanted):
        if frame.index in wanted:
            found[frame.index] = frame.pixels
        frame = _read(source)


def _read(source: Source) -> Frame | None:
    """The next frame that can be read."""
    while True:
        try:
            return source.read()
        except DamagedFrameError:
            continue
