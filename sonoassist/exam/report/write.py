"""Writing a report: all of its files or none."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from sonoassist.core.errors import UsageError
from sonoassist.core.files import ensure_folder, replacing
from sonoassist.core.names import readable
from sonoassist.core.progress import Meter
from sonoassist.exam.exam import Exam
from sonoassist.exam.report.data import FORMATS, ReportData, ReportOptions, gather
from sonoassist.exam.report.html import as_html
from sonoassist.exam.report.stills import as_png
from sonoassist.exam.report.tables import as_csv, as_json

NAMES = {"html": "report.html", "pdf": "report.pdf", "csv": "checklist.csv", "json": "report.json"}
STILLS = "stills"
_BY_SUFFIX = {f".{name}": name for name in NAMES}


def write_report(
    exam: Exam, target: Path, options: ReportOptions | None = None, meter: Meter | None = None
) -> list[Path]:
    """Write the report of an exam; returns the files.

    Args:
        exam: Open.
        target: A folder for all formats of the options, or one file, whose suffix is its format.
        options: What the user wants; None for the usual.
        meter: Counts the pictures, see `data.still_count`.

    Raises:
        UsageError: A format is not known.
        RecordError: The record is damaged.
        OutputError: The operating system refuses; nothing new is there then.
    """
    options = options or ReportOptions()
    unknown = sorted(set(options.formats) - set(FORMATS))
    if unknown:
        raise UsageError(f"'{unknown[0]}' is no format of a report", f"Known: {', '.join(FORMATS)}")
    data = gather(exam, options, meter)
    return _write_all(_contents(data, target))


def _contents(data: ReportData, target: Path) -> dict[Path, bytes]:
    one = _BY_SUFFIX.get(target.suffix.lower())
    if one is not None and not target.is_dir():
        return {target: _content(data, one)}
    files = {
        target / NAMES[name]: _content(data, name) for name in NAMES if name in data.options.formats
    }
    if STILLS in data.options.formats:
        files |= {
            target / STILLS / still.file: as_png(still.picture)
            for still in data.stills
            if still.picture is not None
        }
    return files


def _content(data: ReportData, name: str) -> bytes:
    if name == "pdf":
        from sonoassist.exam.report.pdf import as_pdf  # slow to import

        return as_pdf(data)
    text = {"html": as_html, "csv": as_csv, "json": as_json}[name](data)
    return readable(text).encode("utf-8")


def _write_all(files: dict[Path, bytes]) -> list[Path]:
    """Only when all are on the disk does the first take the place of an older one."""
    for folder in sorted({path.parent for path in files}):
        ensure_folder(folder)
    with ExitStack() as pending:
        for path, content in files.items():
            temporary = pending.enter_context(replacing(path, private=True))
            temporary.write_bytes(content)
    return list(files)
