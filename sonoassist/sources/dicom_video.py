"""DICOM files whose pixels are a video stream: MPEG-2, H.264 and HEVC."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from pydicom.dataset import Dataset
from pydicom.uid import UID
from typing_extensions import override

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.packets import Frame
from sonoassist.core.wording import counted
from sonoassist.sources.base import Source, SourceInfo
from sonoassist.sources.dicom_dataset import syntax_of
from sonoassist.sources.dicom_frames import video_spans
from sonoassist.sources.dicom_times import frame_times, stated_frames
from sonoassist.sources.video import VideoFile

_VIDEO = tuple(f"1.2.840.10008.1.2.4.{number}" for number in range(100, 109))
_PIECE_BYTES = 1 << 20
_STREAM = "stream.bin"


def is_video(dataset: Dataset) -> bool:
    """Whether the pixels are a video stream (PS3.5, A.4.5 to A.4.11)."""
    syntax = syntax_of(dataset)
    return any(syntax == one or syntax.startswith(f"{one}.") for one in _VIDEO)


class DicomVideo(Source):
    """A DICOM file with a video stream in it, played as a video file.

    The stream is copied to a temporary file, which only this user can read and which is deleted
    when this is closed.

    Args:
        path: What opens it again.
        name: File name, for messages.
        dataset: The header.
        file: At the element with the pixels; is closed by this.
        warnings: What must be said besides.

    Raises:
        SourceError: It cannot be read or played.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        dataset: Dataset,
        file: BinaryIO,
        warnings: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self._name = name
        self._folder = Path(tempfile.mkdtemp(prefix="sonoassist-"))
        stream = self._folder / _STREAM
        try:
            with file:
                _copy(dataset, file, stream)
            self._video = VideoFile(stream)
        except SourceError as error:
            self._remove()
            raise SourceError(
                f"the video in {name} cannot be read ({UID(syntax_of(dataset)).name})",
                "The file is damaged",
            ) from error
        except BaseException:
            self._remove()
            raise
        self._stated, self._said_end = stated_frames(dataset), False
        times, timed = frame_times(dataset, len(self._video.index))
        self._times = times if timed else tuple(self._video.times_s)
        info = self._describe(path, self._video.info)
        self._info = replace(info, warnings=(*info.warnings, *warnings))

    def _describe(self, path: Path, info: SourceInfo) -> SourceInfo:
        count = len(self._times)
        step_s = self._times[-1] / (count - 1) if count > 1 else 0.0
        shown, _, _ = info.detail.partition(" @ ")
        rate = f" @ {1.0 / step_s:.4g}" if step_s > 0 else ""
        return replace(
            info,
            spec=str(path),
            label=self._name,
            detail=f"DICOM · {shown}{rate}",
            kind="dicom",
            fps=1.0 / step_s if step_s > 0 else None,
            duration_s=self._times[-1] + step_s,
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
        try:
            frame = self._video.read()
        except DamagedFrameError as error:
            self._said_end = self._said_end or "ends early" in error.message
            raise DamagedFrameError(
                error.message.replace(_STREAM, self._name), error.hint.replace(_STREAM, self._name)
            ) from error
        if frame is None:
            self._end()
            return None
        index = frame.index
        return self.make_frame(frame.pixels, index=index, time_s=self._times[index])

    def _end(self) -> None:
        """Say once that there is less than the header states."""
        there = len(self._times)
        if self._stated > there and not self._said_end:
            self._said_end = True
            raise DamagedFrameError(
                f"the recording ends early: {there:,} of {counted(self._stated, 'frame')} "
                "are there",
                f"{self._name} is cut off",
            )

    @override
    def seek(self, index: int) -> None:
        self._said_end = False
        self._video.seek(index)

    @override
    def close(self) -> None:
        self._video.close()
        self._remove()

    def _remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def _copy(dataset: Dataset, file: BinaryIO, target: Path) -> None:
    """Write the pieces of the stream one after another.

    Raises:
        SourceError: There are none, or the disk is full.
    """
    try:
        with target.open("wb") as out:
            for begin, length in video_spans(dataset, file):
                file.seek(begin)
                left = length
                while left > 0 and (piece := file.read(min(left, _PIECE_BYTES))):
                    out.write(piece)
                    left -= len(piece)
    except (OSError, ValueError) as error:
        raise SourceError(f"the video cannot be unpacked: {error}") from error
