"""The recording of a labelled exam, whichever of its files the user names."""

from __future__ import annotations

from pathlib import Path

from sonoassist.core.errors import SourceError
from sonoassist.datasets import phantom_exams
from sonoassist.datasets.spelling import spelled
from sonoassist.datasets.tables import RowError, read_json


def recording_of(spec: str) -> str:
    """The recording that the user means: of a folder or a table, the video that belongs to it.

    Args:
        spec: A path or anything else `open_source` knows.

    Returns:
        What is to be opened; `spec` itself where it names no exam's folder or table.

    Raises:
        SourceError: The table cannot be read, or names no video.
    """
    try:
        path = Path(spec).expanduser()
        folder = path if path.is_dir() else path.parent
        wanted = path.is_dir() or path.name == phantom_exams.TABLE
        if wanted and phantom_exams.is_exam(folder):
            return str(folder / phantom_exams.VIDEO)
        if path.suffix.lower() == ".json" and path.is_file():
            return str(path.parent / video_of(path))
    except (RuntimeError, OSError):
        return spec  # whoever opens it says what is wrong with it
    return spec


def video_of(table: Path) -> str:
    """Name of the video beside a JSON of segments.

    Raises:
        SourceError: It is no such table, or names no video beside it.
    """
    data = read_json(table)
    name = data.get("video")
    if "segments" not in data or not isinstance(name, str) or not name:
        raise SourceError(
            f"{table.name} is no table of a recording", "Choose the video of the exam instead"
        )
    if Path(name).name != name:
        raise SourceError(
            f"{table.name} names a video in another folder: {name}", "Put both side by side"
        )
    try:
        return spelled(table.parent, name).name
    except RowError as error:
        raise SourceError(f"{table.name} cannot be used: {error}") from error
