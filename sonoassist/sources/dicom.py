"""One DICOM file: a still or a cine, decoded frame by frame."""

from __future__ import annotations

from pathlib import Path

from typing_extensions import override

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.packets import Frame, Pixels
from sonoassist.core.wording import counted
from sonoassist.sources.base import Source, SourceInfo, new_source_id
from sonoassist.sources.blobs import Blob, BlobErrors, FileBlob
from sonoassist.sources.dicom_dataset import quiet, read_header
from sonoassist.sources.dicom_pixels import DicomPictures
from sonoassist.sources.dicom_times import frame_times
from sonoassist.sources.dicom_video import DicomVideo, is_video


def open_dicom(path: Path, blob: Blob | None = None, warnings: tuple[str, ...] = ()) -> Source:
    """Open a DICOM file: pictures, or a video stream in its place.

    Args:
        path: The file, or the archive that `blob` is in.
        blob: Where the bytes come from; by default the file itself.
        warnings: What must be said of what is left out beside it, where it is a video.

    Raises:
        SourceError: It cannot be read or holds no picture.
    """
    blob = blob or FileBlob(path)
    try:
        file = blob.open()
    except BlobErrors as error:
        raise SourceError(f"{blob.name} cannot be read: {error}") from error
    try:
        with quiet():  # an element is read when it is asked for
            dataset, file = read_header(blob.name, file)
            if is_video(dataset):
                return DicomVideo(path, blob.name, dataset, file, warnings)
            return DicomFile(path, DicomPictures(blob.name, dataset, file))
    except BaseException:
        file.close()
        raise


class DicomFile(Source):
    """A DICOM file of pictures.

    Nothing of the patient is kept: the label is the file name.

    Args:
        path: What opens it again.
        pictures: What is in it.

    Raises:
        SourceError: Not one of them can be decoded.
    """

    def __init__(self, path: Path, pictures: DicomPictures) -> None:
        super().__init__()
        self._pictures: DicomPictures | None = pictures
        self._count = len(pictures)
        self._times, timed = frame_times(pictures.dataset, self._count)
        self._next = 0
        self._said_end = False
        try:
            self._info = self._describe(path, pictures.name, timed)
        except SourceError:
            self.close()
            raise

    def _describe(self, path: Path, name: str, timed: bool) -> SourceInfo:
        first = self._first_pixels(name)
        height, width = first.shape[:2]
        step_s = self._times[-1] / (self._count - 1) if self._count > 1 else 0.0
        fps = 1.0 / step_s if step_s > 0 else None
        rate = "" if fps is None else f" @ {fps:.4g}" + ("" if timed else " (assumed)")
        return SourceInfo(
            source_id=new_source_id(),
            spec=str(path),
            label=name,
            detail=f"DICOM · {width}×{height}{rate}",
            kind="dicom",
            width_px=width,
            height_px=height,
            fps=fps,
            frame_count=self._count,
            duration_s=self._times[-1] + step_s,
        )

    def _first_pixels(self, name: str) -> Pixels:
        for index in range(self._count):
            try:
                return self._decode(index)
            except DamagedFrameError:
                continue
        raise SourceError(f"no picture of {name} can be decoded", "The file is damaged")

    def _decode(self, index: int) -> Pixels:
        if self._pictures is None:
            raise SourceError("the DICOM file is closed")
        return self._pictures.picture(index)

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
        if self._next >= self._count:
            self._end()
            return None
        index, self._next = self._next, self._next + 1
        return self.make_frame(
            self._decode(index), index=index, time_s=self._times[index], still=self._count == 1
        )

    def _end(self) -> None:
        """Say once that there is less than the header states."""
        pictures = self._pictures
        if pictures is None or not pictures.missing or self._said_end:
            return
        self._said_end = True
        raise DamagedFrameError(
            f"the recording ends early: {len(pictures):,} of {counted(pictures.stated, 'frame')}"
            f" are there",
            f"{self._info.label} is cut off",
        )

    @override
    def seek(self, index: int) -> None:
        self._next = min(max(index, 0), self._count - 1)
        self._said_end = False

    @override
    def close(self) -> None:
        if self._pictures is not None:
            self._pictures.close()
        self._pictures = None
