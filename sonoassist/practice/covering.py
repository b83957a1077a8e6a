"""A recording whose pictures are shown without the text on them, which may tell the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sonoassist.core.packets import Frame, Pixels, frozen
from sonoassist.sources.base import Source, SourceInfo

if TYPE_CHECKING:
    from sonoassist.preprocess.text_cover import TextCover

MakeCover = Callable[[], "TextCover"]


def text_cover() -> TextCover:
    """What covers text, ready to look; only now is OpenCV loaded, the window is up before it."""
    from sonoassist.preprocess.text_cover import TextCover

    return TextCover()


class Covering:
    """Whether text is covered; asked by any thread, changed by one.

    Args:
        make: Makes what covers; each thread has one of its own.
    """

    def __init__(self, make: MakeCover = text_cover) -> None:
        self.make = make
        self.on = True


class Coverer:
    """Covers frames one after the other; used by one thread.

    Args:
        covering: Whether they are.
    """

    def __init__(self, covering: Covering) -> None:
        self._covering = covering
        self._cover: TextCover | None = None

    def frame(self, frame: Frame) -> Frame:
        """The frame, without its text where text is covered now.

        Raises:
            ModelError: The network that finds the live picture is missing or damaged: then
                nothing is shown rather than the answer.
        """
        return replace(frame, pixels=self._pixels(frame)) if self._covering.on else frame

    def forget(self) -> None:
        """The next frame is none that follows the last one."""
        if self._cover is not None:
            self._cover.forget()

    def _pixels(self, frame: Frame) -> Pixels:
        if self._cover is None:
            self._cover = self._covering.make()
        covered = self._cover.covered(frame.pixels)
        return covered if covered is frame.pixels else frozen(covered)


class CoveredSource(Source):
    """Reads another source, and covers the text on its frames.

    Args:
        source: Belongs to this from now on.
        covering: Whether text is covered.
    """

    def __init__(self, source: Source, covering: Covering) -> None:
        super().__init__()
        self._source = source
        self._coverer = Coverer(covering)
        self.file_at_opening = source.file_at_opening

    @property
    def info(self) -> SourceInfo:
        """Of the other source."""
        return self._source.info

    @property
    def times_s(self) -> Sequence[float]:
        """Of the other source."""
        return self._source.times_s

    def read(self) -> Frame | None:
        """The next frame, covered; see `Source.read`."""
        frame = self._source.read()
        return None if frame is None else self._coverer.frame(frame)

    def seek(self, index: int) -> None:
        """See `Source.seek`."""
        self._coverer.forget()
        self._source.seek(index)

    def close(self) -> None:
        """Close the other source."""
        self._source.close()
