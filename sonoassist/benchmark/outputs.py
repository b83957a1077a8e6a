"""The report as files: benchmark.txt, benchmark.json and benchmark.png."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sonoassist.benchmark.picture import draw_report
from sonoassist.benchmark.report import Report
from sonoassist.benchmark.text import as_text
from sonoassist.core.errors import OutputError
from sonoassist.core.files import ensure_folder, output_error, write_bytes, write_text
from sonoassist.core.opencv import cv2
from sonoassist.evaluation import paper
from sonoassist.evaluation.outputs import plain

TEXT, DATA, PICTURE = "benchmark.txt", "benchmark.json", "benchmark.png"


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain data; figures that are not defined are null."""
    data: dict[str, Any] = plain(report)
    if report.networks is not None:
        data["networks"]["noise"]["verdict"] = report.networks.noise.verdict
    data["paper"] = {"citation": paper.CITATION, "gtx_1080_fps": plain(paper.TABLE_4)}
    return data


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write all files; each is whole or not there.

    There is no picture of a run without networks; one of an earlier run goes, since it would be
    taken for one of this run.

    Returns:
        The files.

    Raises:
        OutputError: The folder cannot be written to.
    """
    ensure_folder(folder)
    write_text(folder / TEXT, as_text(report))
    write_text(folder / DATA, json.dumps(as_json(report), indent=1, ensure_ascii=False) + "\n")
    if report.networks is None or not report.networks.rows:
        _remove(folder / PICTURE)
        return [folder / TEXT, folder / DATA]
    done, data = cv2.imencode(".png", draw_report(report))
    if not done:
        raise OutputError(f"cannot draw {PICTURE}")
    write_bytes(folder / PICTURE, data.tobytes())
    return [folder / TEXT, folder / DATA, folder / PICTURE]


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(path, error) from error
