"""What the program does with a source: open it, read it, jump about in it."""

from __future__ import annotations

from pathlib import Path

from fuzz.format import Seed, check_line
from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.packets import Frame
from sonoassist.sources import Source, open_source

_IN_ORDER = 6
_BEHIND = 2


def use(folder: Path, seed: Seed) -> str:
    """Open a source as a player does, read the beginning, and seek."""
    with open_source(str(folder / seed.name)) as source:
        info = source.info
        assert info.width_px > 0
        assert info.height_px > 0
        count = info.frame_count or 0
        damaged = _read(source, _IN_ORDER)
        for place in (count // 2, count - 1, count + 5, 1, 0):
            source.seek(place)
            damaged += _read(source, _BEHIND)
        for time_s in (0.0, (info.duration_s or 0.0) / 2, 1e9):
            assert 0 <= source.index_at(time_s) < max(count, 1)
    return "damaged frames" if damaged else "result"


def _read(source: Source, most: int) -> int:
    """Read some frames; gives the number of damaged ones, each of which has to be named."""
    damaged = 0
    for _ in range(most):
        try:
            frame = source.read()
        except DamagedFrameError as error:
            check_line(error)
            damaged += 1
            continue
        except SourceError as error:
            check_line(error)
            raise
        if frame is None:
            break
        _check(frame)
    return damaged


def _check(frame: Frame) -> None:
    pixels = frame.pixels
    assert pixels.dtype.name == "uint8"
    assert pixels.ndim == 2 or pixels.shape[2] == 3
    assert min(pixels.shape[:2]) > 0
    assert frame.time_s == frame.time_s
