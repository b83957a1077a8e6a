"""A long video of which a test needs some frames only, all along it."""

from __future__ import annotations

from typing_extensions import override

from sonoassist.core.packets import Frame
from sonoassist.sources import Source, SourceInfo, open_source


class SparseSource(Source):
    """Every so manyth frame of a video, as a slower scanner would have given it.

    The frames keep their numbers and their times. Those between are decoded and never looked at.

    Args:
        spec: Opens the video.
        every: Frames from one to the next.
    """

    def __init__(self, spec: str, every: int) -> None:
        super().__init__()
        self._source = open_source(spec)
        count = self._source.info.frame_count
        assert count is not None
        self._indexes = iter(range(0, count, every))

    @property
    @override
    def info(self) -> SourceInfo:
        return self._source.info

    @override
    def read(self) -> Frame | None:
        index = next(self._indexes, None)
        if index is None:
            return None
        self._source.seek(index)
        frame = self._source.read()
        assert frame is not None
        assert frame.index == index
        return frame

    @override
    def close(self) -> None:
        self._source.close()
