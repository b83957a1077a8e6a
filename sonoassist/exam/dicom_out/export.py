"""An exam into a folder of DICOM files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sonoassist.exam.dicom_out.exported import Exported
from sonoassist.exam.dicom_out.options import DicomOptions, chosen
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Capture
from sonoassist.files import ensure_folder, replacing
from sonoassist.planes import BY_KEY

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["DicomOptions", "export_dicom"]


def export_dicom(exam: Exam, folder: Path, options: DicomOptions | None = None) -> list[Path]:
    """Write an exam as DICOM files: a still and a clip of each capture, and one report.

    The same export twice gives the same files. Nothing in them names a person, as long as the
    pictures themselves do not: see `DicomOptions.mask`.

    Args:
        exam: Open.
        folder: Made where it is missing; older files of the same names are replaced.
        options: What is exported; None for what the user kept, with clips, unmasked.

    Returns:
        The files, the report last.

    Raises:
        UsageError: There is nothing to export.
        RecordError: A picture or a clip of the record cannot be read.
        OutputError: The operating system refuses, or something is too large for DICOM.
    """
    # pydicom and highdicom take seconds to import, and only this needs them.
    from sonoassist.exam.dicom_out.report import report_object

    options = options or DicomOptions()
    captures = chosen(exam.captures(), options)
    ensure_folder(folder)
    paths: list[Path] = []
    exported = [_write_capture(exam, one, folder, options, paths) for one in captures]
    report = folder / "report.dcm"
    _write(report, report_object(exam.info(), exported))
    return [*paths, report]


def _write_capture(
    exam: Exam, capture: Capture, folder: Path, options: DicomOptions, paths: list[Path]
) -> Exported:
    made = [_write_object(folder, *one, paths) for one in _objects(exam, capture, options)]
    return Exported(capture, made[0], made[1] if len(made) > 1 else None)


def _objects(exam: Exam, capture: Capture, options: DicomOptions) -> Iterator[tuple[str, Dataset]]:
    """File names and objects of a capture, one at a time: clips are large."""
    from sonoassist.exam.dicom_out.clips import clip_object
    from sonoassist.exam.dicom_out.stills import still_object

    info = exam.info()
    plane = capture.shot.plane if capture.shot.plane in BY_KEY else "capture"
    end = f"{capture.capture_id:03}-{plane}.dcm"
    yield f"still-{end}", still_object(exam, info, capture, options.mask)
    if options.clips and capture.clip:
        yield f"clip-{end}", clip_object(exam, info, capture, options.mask)


def _write_object(folder: Path, name: str, dataset: Dataset, paths: list[Path]) -> Dataset:
    """Write an object; what is returned is the same without its pixels."""
    path = folder / name
    _write(path, dataset)
    paths.append(path)
    del dataset.PixelData
    return dataset


def _write(path: Path, dataset: Dataset) -> None:
    with replacing(path, private=True) as temporary:
        dataset.save_as(temporary, enforce_file_format=True)
