"""Still pictures: one file, a folder of them, or a zip archive of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from sonoassist.errors import DamagedFrameError, SourceError
from sonoassist.packets import Frame, Pixels
from sonoassist.sources.base import Source, SourceInfo, new_source_id
from sonoassist.sources.blobs import Archive, Blob, BlobErrors, FileBlob, folder_blobs
from sonoassist.sources.dicom_pixels import DicomPictures, read_dataset
from sonoassist.sources.sniff import Kind, kind_of
from sonoassist.sources.stills import decode_still


class ImageFile(Source):
    """One picture; of a file with several pages, the first.

    Args:
        path: The file.

    Raises:
        SourceError: It is not a picture that can be read, or is too small.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        try:
            self._pixels = decode_still(path.name, path.read_bytes())
        except DamagedFrameError as error:
            raise SourceError(error.message, "Choose another picture") from error
        height, width = self._pixels.shape[:2]
        self._done = False
        self._info = SourceInfo(
            source_id=new_source_id(),
            spec=str(path),
            label=path.name,
            detail=f"{_format_name(path.name)} · {width}×{height}",
            kind="image",
            width_px=width,
            height_px=height,
            fps=None,
            frame_count=1,
            duration_s=1.0,
        )

    @property
    @override
    def info(self) -> SourceInfo:
        return self._info

    @override
    def read(self) -> Frame | None:
        if self._done:
            return None
        self._done = True
        return self.make_frame(self._pixels, index=0, time_s=0.0, name=self._info.label, still=True)

    @override
    def seek(self, index: int) -> None:
        self._done = False

    @override
    def close(self) -> None:
        self._done = True


def _format_name(name: str) -> str:
    return Path(name).suffix.lstrip(".").upper() or "picture"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One picture: a file, or one frame of a DICOM file."""

    blob: Blob
    kind: Kind
    frame: int = 0


class ImageFolder(Source):
    """The pictures of a folder or of a zip archive, by sorted file names.

    Pictures and DICOM files count (each frame of a cine is a picture of its own); other and
    hidden files and folders inside are left out. A picture that cannot be read raises
    `DamagedFrameError` with its name and the next `read` gives the one behind it. Pictures are
    shown one a second.

    Args:
        path: The folder or archive.

    Raises:
        SourceError: There is no picture in it that can be read.
    """

    def __init__(self, path: Path, archive: Archive | None = None) -> None:
        super().__init__()
        self._path = path
        self._archive = archive
        self._entries = _entries(folder_blobs(path) if archive is None else archive.blobs())
        self._next = 0
        self._open_dicom: tuple[Blob, DicomPictures] | None = None
        if not self._entries:
            self.close()
            raise SourceError(
                f"there is no picture in {path}",
                "Choose a folder with PNG, JPEG, TIFF, BMP, WebP or DICOM files",
            )
        self._info = self._describe(self._first_pixels())

    def _first_pixels(self) -> Pixels:
        for entry in self._entries:
            try:
                return self._decode(entry)
            except SourceError:
                continue
        self.close()
        raise SourceError(
            f"none of the {len(self._entries)} pictures in {self._path} can be read",
            "They are damaged or too small",
        )

    def _describe(self, first: Pixels) -> SourceInfo:
        height, width = first.shape[:2]
        count = len(self._entries)
        return SourceInfo(
            source_id=new_source_id(),
            spec=str(self._path),
            label=self._path.name or str(self._path),
            detail=f"{count} pictures · {width}×{height}",
            kind="folder",
            width_px=width,
            height_px=height,
            fps=None,
            frame_count=count,
            duration_s=float(count),
        )

    @property
    @override
    def info(self) -> SourceInfo:
        return self._info

    @override
    def read(self) -> Frame | None:
        if self._next >= len(self._entries):
            return None
        index, self._next = self._next, self._next + 1
        entry = self._entries[index]
        return self.make_frame(
            self._decode(entry), index=index, time_s=float(index), name=entry.blob.name, still=True
        )

    def _decode(self, entry: _Entry) -> Pixels:
        name = entry.blob.name
        try:
            if entry.kind is Kind.DICOM:
                return self._dicom(entry.blob).picture(entry.frame)
            return decode_still(name, entry.blob.read())
        except BlobErrors as error:
            raise DamagedFrameError(f"{name} cannot be read: {error}", "It is left out") from error
        except DamagedFrameError:
            raise
        except SourceError as error:
            raise DamagedFrameError(error.message, "It is left out") from error

    def _dicom(self, blob: Blob) -> DicomPictures:
        """The parsed file, kept while its frames are read."""
        if self._open_dicom is None or self._open_dicom[0] is not blob:
            self._open_dicom = blob, DicomPictures(blob.name, read_dataset(blob.name, blob.read()))
        return self._open_dicom[1]

    @override
    def seek(self, index: int) -> None:
        self._next = min(max(index, 0), len(self._entries) - 1)

    @override
    def close(self) -> None:
        self._open_dicom = None
        if self._archive is not None:
            self._archive.close()


def _entries(blobs: list[Blob]) -> list[_Entry]:
    found: list[_Entry] = []
    for blob in blobs:
        try:
            kind = kind_of(blob.name, blob.head())
        except BlobErrors:
            # Its name may tell; reading it will say what is wrong.
            kind = kind_of(blob.name, b"")
        if kind is Kind.IMAGE:
            found.append(_Entry(blob, kind))
        elif kind is Kind.DICOM:
            found += [_Entry(blob, kind, frame) for frame in range(_dicom_frames(blob))]
    return found


def _dicom_frames(blob: Blob) -> int:
    """Number of pictures in a DICOM file; a damaged one counts as one, to be reported."""
    try:
        return len(DicomPictures(blob.name, read_dataset(blob.name, blob.read())))
    except BlobErrors:
        return 1
    except SourceError:
        return 1


def open_archive(path: Path) -> Source:
    """Open a zip archive: a single DICOM file in it as such, else all its pictures.

    Raises:
        SourceError: It cannot be read, is too large, or has no picture in it.
    """
    from sonoassist.sources.dicom import DicomFile

    archive = Archive(path)
    try:
        blobs = archive.blobs()
        if len(blobs) == 1 and kind_of(blobs[0].name, blobs[0].head()) is Kind.DICOM:
            return DicomFile(path, _Closing(archive, blobs[0]))
        return ImageFolder(path, archive)
    except BlobErrors as error:
        archive.close()
        raise SourceError(f"{path.name} cannot be unpacked: {error}") from error


class _Closing:
    """The only member of an archive; closes the archive once it is read."""

    def __init__(self, archive: Archive, blob: Blob) -> None:
        self._archive = archive
        self._blob = blob

    @property
    def name(self) -> str:
        return self._blob.name

    def head(self) -> bytes:
        return self._blob.head()

    def read(self) -> bytes:
        try:
            return self._blob.read()
        finally:
            self._archive.close()


__all__ = ["FileBlob", "ImageFile", "ImageFolder", "open_archive"]
