"""Everything that can be taken out of an exam, into one folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sonoassist import __version__
from sonoassist.core.errors import OutputError, UsageError
from sonoassist.core.files import ensure_folder, write_text
from sonoassist.exam.exam import Exam
from sonoassist.exam.store import ExamStore

PARTS = ("pdf", "html", "csv", "json", "stills", "clips", "dicom")
TABLES = "tables"
"""Short for "csv" and "json"."""
LABEL = "exam.txt"
"""Says which exam a folder holds."""

_BY_REPORT = ("pdf", "html", "csv", "json", "stills")
_NOTICE = "Research and training only. Not for diagnosis."


@dataclass(frozen=True, slots=True)
class Export:
    """What is wanted.

    Attributes:
        parts: Some of `PARTS`, and `TABLES`.
        boxes: Draw the boxes on the stills.
        masked: Black out everything beside the ultrasound picture.
        unreviewed: Pictures that nobody has reviewed go into DICOM too.
    """

    parts: frozenset[str]
    boxes: bool = True
    masked: bool = True
    unreviewed: bool = False


def write_export(
    store: ExamStore,
    exam_id: str,
    folder: Path,
    export: Export,
    told: Callable[[Path], None] = lambda path: None,
    warned: Callable[[str], None] = lambda sentence: None,
) -> list[Path]:
    """Write what is wanted of an exam into a folder; returns the files.

    The tables and the report lie in the folder itself, the rest in stills/, clips/ and dicom/.

    Args:
        store: Where the exam is.
        exam_id: Its name.
        folder: Made where it is missing; older files of the same exam are replaced.
        export: What is wanted.
        told: Called with each file that is written.
        warned: Called with a sentence on each picture and clip that is left out.

    Raises:
        UsageError: There is no such exam, a part is not known, the folder holds another exam, or
            there is nothing for DICOM.
        RecordError: The record is damaged.
        OutputError: The operating system refuses, or a picture cannot be written.
    """
    parts = _parts(export)
    with store.open(exam_id) as exam:
        exam.info()  # a damaged record leaves no folder behind
        written = [_labelled(exam, folder, export)]
        for path in _write(exam, folder, parts, export, warned):
            written.append(path)
            told(path)
    return written


def _parts(export: Export) -> frozenset[str]:
    parts = export.parts - {TABLES} | ({"csv", "json"} if TABLES in export.parts else set())
    unknown = sorted(parts - set(PARTS))
    if unknown or not parts:
        what = f"'{unknown[0]}' cannot be exported" if unknown else "nothing is to be exported"
        raise UsageError(what, f"Known: {', '.join(PARTS)}")
    return parts


def _labelled(exam: Exam, folder: Path, export: Export) -> Path:
    """Write down whose the files are; pictures of two exams must not get mixed up."""
    path = folder / LABEL
    try:
        first = path.read_text(encoding="utf-8").partition("\n")[0] if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{path} cannot be read: {error}", "Choose another folder") from error
    wanted = f"Exam {exam.exam_id}"
    if first and first != wanted:
        raise UsageError(f"{folder} holds another exam: {first}", "Choose another folder")
    pictures = "masked" if export.masked else "NOT masked: texts on them may name a person"
    ensure_folder(folder)
    lines = (wanted, f"Written by SonoAssist {__version__}", f"Pictures: {pictures}", _NOTICE)
    write_text(path, "\n".join(lines) + "\n")
    return path


def _write(
    exam: Exam,
    folder: Path,
    parts: frozenset[str],
    export: Export,
    warned: Callable[[str], None],
) -> Iterator[Path]:
    """In the order of what is most likely to succeed: whatever is done stays."""
    from sonoassist.exam.report.data import ReportOptions
    from sonoassist.exam.report.write import write_report

    formats = tuple(name for name in _BY_REPORT if name in parts)
    if formats:
        options = ReportOptions(boxes=export.boxes, mask=export.masked, formats=formats)
        yield from write_report(exam, folder, options)
    if "csv" in parts:
        from sonoassist.exam.raw_tables import write_tables

        yield from write_tables(exam, folder)
    if "dicom" in parts:
        yield from export_as_dicom(exam, folder / "dicom", export, warned)
    if "clips" in parts:
        from sonoassist.exam.clip_export import write_clips

        yield from write_clips(exam, folder / "clips", mask=export.masked, warned=warned)


def export_as_dicom(
    exam: Exam, folder: Path, export: Export, warned: Callable[[str], None]
) -> list[Path]:
    """Write an exam as DICOM files; returns them.

    Raises:
        UsageError: There is nothing to export.
        RecordError: A picture of the record cannot be read.
        OutputError: The operating system refuses.
    """
    from sonoassist.exam.dicom_out.export import DicomOptions, export_dicom

    options = DicomOptions(unjudged=export.unreviewed, masked=export.masked)
    return export_dicom(exam, folder, options, warned)
