"""A PNG or WebP file that holds a sequence of pictures."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

from typing_extensions import override

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.packets import Frame
from sonoassist.sources.base import Source, SourceInfo, new_source_id
from sonoassist.sources.stills import decode_animation

_LEAST_S = 0.01
"""A picture that is shown for no time is shown so long."""


class AnimationFile(Source):
    """An animation; all of its pictures are kept in memory.

    Args:
        path: The file.
        data: Its bytes.

    Raises:
        SourceError: It cannot be read, or is too small.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        super().__init__()
        try:
            self._pictures, shown_s = decode_animation(path.name, data)
        except DamagedFrameError as error:
            raise SourceError(error.message, "Choose another picture") from error
        ends_s = list(accumulate(max(one, _LEAST_S) for one in shown_s))
        self._times = (0.0, *ends_s[:-1])
        self._next = 0
        count = len(self._pictures)
        height, width = self._pictures[0].shape[:2]
        fps = count / ends_s[-1]
        kind = path.suffix.lstrip(".").upper() or "animation"
        self._info = SourceInfo(
            source_id=new_source_id(),
            spec=str(path),
            label=path.name,
            detail=f"{kind} · {width}×{height} @ {fps:.4g}",
            kind="video",
            width_px=width,
            height_px=height,
            fps=fps,
            frame_count=count,
            duration_s=ends_s[-1],
        )

    @property
    @override
    def info(self) -> SourceInfo:
        return self._info

    @property
    @override
    def times_s(self) -> tuple[float, ...]:
        return self._times

    @override
    def read(self) -> Frame | None:
        if self._next >= len(self._pictures):
            return None
        index, self._next = self._next, self._next + 1
        return self.make_frame(self._pictures[index], index=index, time_s=self._times[index])

    @override
    def seek(self, index: int) -> None:
        self._next = min(max(index, 0), len(self._pictures) - 1)

    @override
    def close(self) -> None:
        self._next = len(self._pictures)
