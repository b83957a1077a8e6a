"""The pictures of a loop: each with its own result, as soon as it has one."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from typing_extensions import Self

from sonoassist.core.packets import Analysis, Frame, FrameKey, SteadyState
from sonoassist.live.picture_codec import decoded, encoded
from sonoassist.live.status import View

_DECODED = 3
"""Decoded pictures that are kept: the one looked at, and what is drawn beside it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What is kept of a picture; replaced as a whole.

    Attributes:
        view: With its pixels, or (`data` is there) with an empty picture of the same size.
        data: The pixels, encoded.
    """

    view: View
    data: bytes | None = None


class LoopPicture:
    """One captured picture of a loop. Its owner changes it; any thread may read it.

    Attributes:
        out_of_turn: Its result was found later than those of the pictures behind it.
        failed: The analysis of it has failed; it is not tried again.
    """

    def __init__(self, view: View) -> None:
        self._kept = _Kept(view)
        self.out_of_turn = False
        self.failed = False

    @property
    def frame(self) -> Frame:
        """All of the frame but its pixels, which may be empty."""
        return self._kept.view.frame

    @property
    def analysis(self) -> Analysis | None:
        """All of the result but the pixels of its frame; None while there is none."""
        return self._kept.view.analysis

    @property
    def key(self) -> FrameKey:
        """Tells it from all others."""
        return self.frame.key

    @property
    def is_encoded(self) -> bool:
        """Whether its pixels are encoded."""
        return self._kept.data is not None

    @property
    def size_bytes(self) -> int:
        """Memory that it holds on to."""
        kept = self._kept
        pixels = kept.view.frame.pixels.nbytes if kept.data is None else len(kept.data)
        return pixels + result_bytes(kept.view.analysis)

    def kept(self) -> _Kept:
        """What is kept now, all of one moment."""
        return self._kept

    def encoded_data(self, *, quick: bool = False) -> bytes | None:
        """Its pixels made small, or None where that is not possible; nothing is changed."""
        return encoded(self.frame.pixels, quick=quick)

    def put_encoded(self, data: bytes) -> None:
        """Keep its pixels as these bytes only."""
        view = self._kept.view
        self._kept = _Kept(_with_frame(view, _hollow(view.frame)), data)

    def put_result(self, analysis: Analysis, steady: SteadyState | None) -> None:
        """Keep the result of this very picture."""
        kept = self._kept
        if kept.data is None and analysis.frame is not kept.view.frame:
            analysis = replace(analysis, frame=kept.view.frame)
        view = replace(kept.view.looked_at(analysis, steady), frame=analysis.frame)
        if kept.data is not None:
            view = _with_frame(view, kept.view.frame)
        self._kept = _Kept(view, kept.data)

    def put_view(self, view: View) -> None:
        """Keep the view that was shown, with its result."""
        kept = self._kept
        self._kept = _Kept(
            view if kept.data is None else _with_frame(view, kept.view.frame), kept.data
        )


class LoopPictures(Sequence[View]):
    """Some pictures of a loop, oldest first; each is read, and decoded, when it is asked for.

    Two questions for one picture give the same `View` unless its result has come between them
    or many others were asked for.
    """

    def __init__(self, pictures: Iterable[LoopPicture] = ()) -> None:
        self.pictures = tuple(pictures)
        self._decoded: tuple[tuple[_Kept, View], ...] = ()

    @classmethod
    def of(cls, views: Iterable[View]) -> Self:
        """Pictures with all their pixels, e.g. of a test."""
        return cls(LoopPicture(view) for view in views)

    def __len__(self) -> int:
        return len(self.pictures)

    @overload
    def __getitem__(self, place: int) -> View: ...
    @overload
    def __getitem__(self, place: slice) -> LoopPictures: ...
    def __getitem__(self, place: int | slice) -> View | LoopPictures:
        if isinstance(place, slice):
            return LoopPictures(self.pictures[place])
        return self._view(self.pictures[place].kept())

    def captured_at_s(self, place: int) -> float:
        """When a picture was captured; nothing is decoded for it."""
        return self.pictures[place].frame.captured_at_s

    def around(self, place: int, seconds: float) -> LoopPictures:
        """The pictures that were captured at most so long before or after one of them."""
        at_s = self.captured_at_s(place)
        near = (one for one in self.pictures if abs(one.frame.captured_at_s - at_s) <= seconds)
        return LoopPictures(near)

    def until(self, view: View) -> LoopPictures:
        """The pictures up to this one of the same source, it included.

        Args:
            view: What is on the screen; put behind the others where it, or its result, is not
                among them.
        """
        frame = view.frame
        ours = [one for one in self.pictures if one.frame.source_id == frame.source_id]
        times_s = [one.frame.captured_at_s for one in ours]
        before = ours[: bisect.bisect_left(times_s, frame.captured_at_s)]
        itself = next((one for one in reversed(ours) if one.key == frame.key), None)
        newer = itself is not None and view.analysis is not None
        if itself is None or (newer and itself.analysis is not view.analysis):
            itself = LoopPicture(view)
        return LoopPictures([*before, itself])

    def _view(self, kept: _Kept) -> View:
        if kept.data is None:
            return kept.view
        for known, view in self._decoded:
            if known is kept:
                return view
        frame = replace(kept.view.frame, pixels=decoded(kept.data))
        view = _with_frame(kept.view, frame)
        self._decoded = (*self._decoded, (kept, view))[-_DECODED:]
        return view


def result_bytes(analysis: Analysis | None) -> int:
    """Memory that a result holds on to, its frame aside."""
    if analysis is None:
        return 0
    prediction, evidence = analysis.prediction, analysis.localisation.evidence
    arrays = (prediction.score_maps, prediction.saliency, prediction.guided, evidence)
    return sum(array.nbytes for array in arrays if array is not None)


def _with_frame(view: View, frame: Frame) -> View:
    """The same view on another copy of its frame."""
    analysis = None if view.analysis is None else replace(view.analysis, frame=frame)
    return View(frame, analysis, view.steady)


def _hollow(frame: Frame) -> Frame:
    """The frame with an empty picture of the same size, which takes no memory."""
    return replace(frame, pixels=np.broadcast_to(np.zeros((), np.uint8), frame.pixels.shape))
