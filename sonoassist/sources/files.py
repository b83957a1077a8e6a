"""From a path to an open source, judged by what the file or folder holds."""

from __future__ import annotations

from pathlib import Path

from sonoassist.core.errors import SourceError
from sonoassist.sources.base import Source
from sonoassist.sources.sniff import HEAD_BYTES, FileKind, kind_of


def open_path(path: Path) -> Source:
    """Open a video, a picture, a DICOM file, a zip archive or a folder of these.

    Raises:
        SourceError: It cannot be opened; the message says why.
    """
    try:
        if path.is_dir():
            return _open_folder(path)
        if not path.exists():
            raise SourceError(f"there is no file {path}", "Check the name")
        if not path.is_file():
            raise SourceError(f"{path} is neither a file nor a folder", "Choose another source")
        before = path.stat()
        source = _open_file(path)
        source.file_at_opening = (before.st_size, before.st_mtime_ns, before.st_ino)
        return source
    except PermissionError as error:
        raise SourceError(f"{path} may not be read", "Permission denied") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}") from error


def _open_folder(path: Path) -> Source:
    from sonoassist.sources.images import open_folder

    return open_folder(path)


def _open_file(path: Path) -> Source:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise SourceError(f"{path.name} is empty (0 bytes)", "Copy or record it again")
    kind = kind_of(path.name, head)
    if kind is FileKind.DICOM:
        from sonoassist.sources.dicom import open_dicom

        return open_dicom(path)
    if kind is FileKind.PHOTO:
        raise SourceError(
            f"{path.name} is a HEIC or AVIF picture, which cannot be read",
            "Save it as JPEG or PNG",
        )
    if kind is FileKind.ARCHIVE:
        from sonoassist.sources.images import open_archive

        return open_archive(path)
    if kind is FileKind.IMAGE:
        from sonoassist.sources.images import open_picture

        return open_picture(path)
    from sonoassist.sources.video import VideoFile

    return VideoFile(path)
