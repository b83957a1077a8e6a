"""From a path to a data set: which layout it is, and who reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sonoassist.core.errors import SourceError
from sonoassist.core.texts import read_text
from sonoassist.datasets import (
    exams,
    fetal_planes_db,
    heads,
    montage,
    phantom_exams,
    plane_tables,
    plane_truth,
    screens,
)
from sonoassist.datasets.folders import entries, subfolders
from sonoassist.datasets.headings import TableHeading, heading_of, lines_of
from sonoassist.datasets.labels import Dataset
from sonoassist.datasets.tables import read_json

LAYOUTS = (
    "a phantom exam (exam.mp4 and truth.csv) or a folder of them",
    "FETAL_PLANES_DB (its CSV and Images)",
    "a folder of exams (labels.csv in each)",
    "a video with a JSON of segments",
    "pictures with truth.json, or with truth.csv that names their planes or tells of heads",
)

Reader = Callable[[Path, Path | None], Dataset]


def read_dataset(path: Path, mapping: Path | None = None, tolerance_frames: int = 0) -> Dataset:
    """Read a data set of any layout the program knows.

    Args:
        path: Its folder, or its table.
        mapping: The user's own mapping from its classes to planes, over the shipped one.
        tolerance_frames: See `exams.read`; the other layouts know themselves what is shown.

    Returns:
        All rows that can be used; the others are listed in `problems`, with file and line.

    Raises:
        SourceError: It is no data set, cannot be read, or has no row that can be used.
        UsageError: The mapping cannot be used.
    """
    try:
        # The name of "." is empty, and cases are named after folders.
        path = path.expanduser().resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise SourceError(f"there is no data set {path}", "Check the name") from error
    found = _of_folder(path) if path.is_dir() else _of_file(path)
    if found is None:
        raise SourceError(
            f"{path} is no data set the program knows", f"Known: {'; '.join(LAYOUTS)}"
        )
    reader, where = found
    if reader is exams.read:
        return exams.read(where, mapping, tolerance_frames)
    return reader(where, mapping)


Found = tuple[Reader, Path] | None


def _of_folder(folder: Path) -> Found:
    if phantom_exams.is_exam(folder):
        return phantom_exams.read, folder
    if exams.is_exam(folder):
        return exams.read, folder
    if (folder / plane_truth.TABLE).is_file():
        return _of_file(folder / plane_truth.TABLE)
    for name in (fetal_planes_db.TABLE, heads.TABLE):
        if (folder / name).is_file():
            return _of_file(folder / name)
    # Exams come before loose files: what else lies beside them (settings, notes) is not theirs.
    inner = subfolders(folder)
    if any(phantom_exams.is_exam(one) for one in inner):
        return phantom_exams.read, folder
    if any(exams.is_exam(one) for one in inner):
        return exams.read, folder
    return _of_loose_files(folder)


def _of_loose_files(folder: Path) -> Found:
    """The first table of a known layout; a broken file counts only where there is none.

    Raises:
        SourceError: There is none, and one of the files cannot be read.
    """
    broken: SourceError | None = None
    for file in entries(folder):
        if file.suffix.lower() not in (".json", ".csv", ".tsv"):
            continue
        try:
            found = _of_file(file)
        except SourceError as error:
            broken = broken or error
            continue
        if found:
            return found
    if broken is not None:
        raise broken
    return None


def _of_file(file: Path) -> Found:
    if file.name == phantom_exams.VIDEO and phantom_exams.is_exam(file.parent):
        return phantom_exams.read, file.parent
    if file.suffix.lower() == ".json":
        return _of_json(file)
    if file.suffix.lower() in (".csv", ".tsv", ".txt"):
        return _of_table(file)
    return None


def _of_boxes(file: Path, heading: TableHeading) -> Found:
    """Boxes without a plane: what they are of is never guessed.

    Raises:
        SourceError: The table does not say that they are of heads.
    """
    if heading.has(screens.COLUMNS):
        raise SourceError(
            f"{file.name} tells where the picture lies on scanner screens, not which planes",
            "Measure that with: sonoassist evaluate screens FOLDER",
        )
    if heads.tells_of_heads(file):
        return heads.read, file
    raise SourceError(
        f"{file.name} does not say what its pictures show",
        f"Give it a column plane, or of heads a column {heads.CIRCUMFERENCE}",
    )


def _of_json(file: Path) -> Found:
    data = read_json(file)
    if "segments" in data:
        return montage.read, file
    if "images" in data:
        return plane_truth.read, file
    return None


def _of_table(file: Path) -> Found:
    heading = heading_of(lines_of(read_text(file)))
    if heading.has(fetal_planes_db.COLUMNS):
        return fetal_planes_db.read, file
    if heading.has(plane_tables.COLUMNS):
        return plane_tables.read, file
    if heading.has(heads.COLUMNS):
        return _of_boxes(file, heading)
    if file.name == exams.TABLE:
        return exams.read, file.parent
    if file.name == phantom_exams.TABLE and phantom_exams.is_exam(file.parent):
        return phantom_exams.read, file.parent
    return None
