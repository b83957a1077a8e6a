"""One DICOM file: a still or a cine, decoded frame by frame."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path

from typing_extensions import override

from sonoassist.errors import DamagedFrameError, SourceError
from sonoassist.packets import Frame, Pixels
from sonoassist.sources.base import Source, SourceInfo, new_source_id
from sonoassist.sources.blobs import Blob, BlobErrors, FileBlob
from sonoassist.sources.dicom_pixels import DicomPictures, frame_times, read_dataset


class DicomFile(Source):
    """A DICOM file.

    Nothing of the patient is kept: the label is the file name.

    Args:
        path: The file, or the archive that `blob` is in.
        blob: Where the bytes come from; by default the file itself.

    Raises:
        SourceError: It cannot be read or holds no picture.
    """

    def __init__(self, path: Path, blob: Blob | None = None) -> None:
        super().__init__()
        name = path.name if blob is None else blob.name
        try:
            data = (blob or FileBlob(path)).read()
        except BlobErrors as error:
            raise SourceError(f"{name} cannot be read: {error}") from error
        self._pictures: DicomPictures | None = DicomPictures(name, read_dataset(name, data))
        self._times, stated = frame_times(self._pictures.dataset)
        self._count = len(self._times)
        self._next = 0
        self._info = self._describe(path, name, stated)

    def _describe(self, path: Path, name: str, stated: bool) -> SourceInfo:
        first = self._first_pixels(name)
        height, width = first.shape[:2]
        step_s = self._times[-1] / (self._count - 1) if self._count > 1 else 0.0
        fps = 1.0 / step_s if step_s > 0 else None
        rate = "" if fps is None else f" @ {fps:.4g}" + ("" if stated else " (assumed)")
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

    @override
    def read(self) -> Frame | None:
        if self._next >= self._count:
            return None
        index, self._next = self._next, self._next + 1
        return self.make_frame(
            self._decode(index), index=index, time_s=self._times[index], still=self._count == 1
        )

    @override
    def seek(self, index: int) -> None:
        self._next = min(max(index, 0), self._count - 1)

    @override
    def index_at(self, time_s: float) -> int:
        found = bisect_right(self._times, time_s + 1e-6) - 1
        return min(max(found, 0), self._count - 1)

    @override
    def close(self) -> None:
        self._pictures = None
