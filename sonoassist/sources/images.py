"""Still pictures: one file, a folder of them, or a zip archive of them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from typing_extensions import override

from sonoassist.core.errors import DamagedFrameError, SourceError
from sonoassist.core.packets import Frame, Pixels
from sonoassist.core.wording import counted
from sonoassist.sources.animation import AnimationFile
from sonoassist.sources.base import Source, SourceInfo, new_source_id
from sonoassist.sources.blobs import Archive, Blob, BlobErrors, FileBlob, folder_blobs
from sonoassist.sources.contents import Contents, Entry, folders_in, left_out, pages_of
from sonoassist.sources.dicom import open_dicom
from sonoassist.sources.dicom_dataset import quiet, read_header
from sonoassist.sources.dicom_pixels import DicomPictures
from sonoassist.sources.sniff import FileKind, kind_of
from sonoassist.sources.stills import decode_animation, decode_still, is_animation


def open_picture(path: Path) -> Source:
    """Open a picture file: one picture, the pages of a TIFF, or an animation.

    Raises:
        SourceError: It is not a picture that can be read, or is too small.
    """
    data = path.read_bytes()
    return AnimationFile(path, data) if is_animation(data) else ImageFile(path, data)


class ImageFile(Source):
    """One picture, or the pages of a TIFF file, each a picture of its own.

    Args:
        path: The file.
        data: Its bytes; None to read them.

    Raises:
        SourceError: It is not a picture that can be read, or is too small.
    """

    def __init__(self, path: Path, data: bytes | None = None) -> None:
        super().__init__()
        self._data = data = path.read_bytes() if data is None else data
        self._pages = pages_of(data)
        self._count = len(self._pages)
        self._next = 0
        try:
            height, width = decode_still(path.name, data, self._pages[0]).shape[:2]
        except DamagedFrameError as error:
            raise SourceError(error.message, "Choose another picture") from error
        pages = f"{counted(self._count, 'page')} · " if self._count > 1 else ""
        self._info = SourceInfo(
            source_id=new_source_id(),
            spec=str(path),
            label=path.name,
            detail=f"{_format_name(path.name)} · {pages}{width}×{height}",
            kind="image",
            width_px=width,
            height_px=height,
            fps=None,
            frame_count=self._count,
            duration_s=float(self._count),
        )

    @property
    @override
    def info(self) -> SourceInfo:
        return self._info

    @override
    def read(self) -> Frame | None:
        if self._next >= self._count:
            return None
        page, self._next = self._next, self._next + 1
        name = self._info.label
        try:
            pixels = decode_still(name, self._data, self._pages[page])
        except DamagedFrameError as error:
            if self._count == 1:
                raise
            raise DamagedFrameError(f"page {page} of {name} is damaged", error.hint) from error
        return self.make_frame(pixels, index=page, time_s=float(page), name=name, still=True)

    @override
    def seek(self, index: int) -> None:
        self._next = min(max(index, 0), self._count - 1)

    @override
    def close(self) -> None:
        self._next = self._count


def _format_name(name: str) -> str:
    return Path(name).suffix.lstrip(".").upper() or "picture"


class ImageFolder(Source):
    """The pictures of a folder or of a zip archive, in natural order of their names.

    Pictures and DICOM files count (each frame of a cine and each page is a picture of its own);
    DICOM files with one picture each are taken by their numbers. Other files and folders inside
    are left out, which the warnings say; hidden ones without a word. A picture that cannot be read
    raises `DamagedFrameError` with its name and the next `read` gives the one behind it. Pictures
    are shown one a second.

    Args:
        path: The folder or archive.
        contents: What is in it.
        archive: Where the pictures come from, to be closed with this; None for a folder.

    Raises:
        SourceError: There is no picture in it that can be read.
    """

    def __init__(self, path: Path, contents: Contents, archive: Archive | None = None) -> None:
        super().__init__()
        self._path = path
        self._archive = archive
        self._entries = contents.entries
        self._warnings = contents.warnings()
        self._next = 0
        self._open_dicom: tuple[Blob, DicomPictures] | None = None
        self._open_animation: tuple[Blob, list[Pixels]] | None = None
        if not self._entries:
            self.close()
            raise contents.no_picture(path)
        self._info = self._describe(self._first_pixels())

    def _first_pixels(self) -> Pixels:
        for entry in self._entries:
            try:
                return self._decode(entry)
            except SourceError:
                continue
        self.close()
        raise SourceError(
            f"none of the {counted(len(self._entries), 'picture')} in {self._path} can be read",
            "They are damaged or too small",
        )

    def _describe(self, first: Pixels) -> SourceInfo:
        height, width = first.shape[:2]
        count = len(self._entries)
        return SourceInfo(
            source_id=new_source_id(),
            spec=str(self._path),
            label=self._path.name or str(self._path),
            detail=f"{counted(count, 'picture')} · {width}×{height}",
            kind="folder",
            width_px=width,
            height_px=height,
            fps=None,
            frame_count=count,
            duration_s=float(count),
            warnings=self._warnings,
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

    def _decode(self, entry: Entry) -> Pixels:
        name = entry.blob.name
        try:
            if entry.kind is FileKind.DICOM:
                return self._dicom(entry.blob).picture(entry.frame)
            if entry.animated:
                return self._animation(entry.blob)[entry.frame]
            return decode_still(name, entry.blob.read(), entry.frame)
        except BlobErrors as error:
            raise DamagedFrameError(f"{name} cannot be read: {error}", "It is left out") from error
        except DamagedFrameError:
            raise
        except SourceError as error:
            raise DamagedFrameError(error.message, "It is left out") from error

    def _dicom(self, blob: Blob) -> DicomPictures:
        """The parsed file, kept while its frames are read."""
        if self._open_dicom is None or self._open_dicom[0] is not blob:
            self._close_dicom()
            self._open_dicom = blob, _open_dicom_pictures(blob)
        return self._open_dicom[1]

    def _close_dicom(self) -> None:
        if self._open_dicom is not None:
            self._open_dicom[1].close()
        self._open_dicom = None

    def _animation(self, blob: Blob) -> list[Pixels]:
        """The pictures of an animation, kept while they are read."""
        if self._open_animation is None or self._open_animation[0] is not blob:
            self._open_animation = blob, decode_animation(blob.name, blob.read())[0]
        return self._open_animation[1]

    @override
    def seek(self, index: int) -> None:
        self._next = min(max(index, 0), len(self._entries) - 1)

    @override
    def close(self) -> None:
        self._close_dicom()
        self._open_animation = None
        if self._archive is not None:
            self._archive.close()


def _open_dicom_pictures(blob: Blob) -> DicomPictures:
    """Open a DICOM file of a folder or an archive.

    Raises:
        SourceError: It is not one that can be read.
    """
    file = blob.open()
    try:
        with quiet():
            return DicomPictures(blob.name, *read_header(blob.name, file))
    except BaseException:
        file.close()
        raise


def open_folder(path: Path) -> Source:
    """Open a folder: all its pictures, or the only DICOM video where there is none.

    Raises:
        SourceError: There is no picture in it that can be read.
        OSError: It cannot be listed.
    """
    contents = Contents.of(folder_blobs(path))
    contents.left_out += folders_in(path)
    if len(contents.videos) == 1 and not contents.entries:
        said = left_out(contents.left_out)
        return open_dicom(path / contents.videos[0].name, warnings=said)
    return ImageFolder(path, contents)


def open_archive(path: Path) -> Source:
    """Open a zip archive: a single DICOM file in it as such, else as a folder.

    Raises:
        SourceError: It cannot be read, is too large, or has no picture in it.
    """
    archive = Archive(path)
    try:
        blobs = archive.blobs()
        if len(blobs) == 1 and kind_of(blobs[0].name, blobs[0].head()) is FileKind.DICOM:
            return open_dicom(path, _Closing(archive, blobs[0]))
        contents = Contents.of(blobs)
        if len(contents.videos) == 1 and not contents.entries:
            video = _Closing(archive, contents.videos[0])
            return open_dicom(path, video, left_out(contents.left_out))
        return ImageFolder(path, contents, archive)
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

    def open(self) -> BinaryIO:
        return BytesIO(self.read())

    def read(self) -> bytes:
        try:
            return self._blob.read()
        finally:
            self._archive.close()


__all__ = ["FileBlob", "ImageFile", "ImageFolder", "open_archive", "open_picture"]
