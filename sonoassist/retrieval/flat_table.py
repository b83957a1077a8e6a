"""retrieval.csv: the chosen frames of all exams in one table, a row for each exam and plane.

It names the recordings by their paths, which the folders of the exams do not: it is for the one
who searched them, and stays behind when results are passed on.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sonoassist.core.errors import SourceError
from sonoassist.core.files import write_text
from sonoassist.core.natural_order import natural_key
from sonoassist.core.texts import read_text
from sonoassist.retrieval.counts import PLANES
from sonoassist.retrieval.result import RETRIEVAL, one_line
from sonoassist.retrieval.running import Result

NAME = "retrieval.csv"
COLUMNS = ("exam", "source", "plane", "frame", "time_s", "confidence", "doubtful", "image")
"""`source` is the path of the recording; `image` is a path from the table's own folder. A plane
that was not found has its row too, with nothing behind its name."""
_YES, _NO = "yes", "no"

Row = dict[str, str]


def write_flat_table(folder: Path, results: Sequence[Result]) -> tuple[Path | None, list[str]]:
    """Write the table of all exams in a folder of results.

    Exams of earlier runs that were not named this time keep their rows while their folders are
    there.

    Args:
        folder: Of the results.
        results: Of this run.

    Returns:
        The table, None where there is nothing to write into it; and a line for each exam whose
        results cannot be read.

    Raises:
        OutputError: The operating system refuses.
    """
    rows, problems = [], []
    for one in results:
        try:
            rows += _rows(folder, one)
        except (SourceError, ValueError, LookupError, TypeError, AttributeError) as error:
            problems.append(f"{one_line(one.name)}: {RETRIEVAL} cannot be read: {error}")
    fresh = {one_line(one.name) for one in results}
    kept = [row for row in _earlier(folder) if row["exam"] not in fresh]
    if not (kept or rows):
        return None, problems
    path = folder / NAME
    write_text(path, _text(sorted([*kept, *rows], key=lambda row: natural_key(row["exam"]))))
    return path, problems


def _rows(folder: Path, result: Result) -> list[Row]:
    told = json.loads(read_text(folder / result.name / RETRIEVAL))
    return [_row(result, plane.key, told[plane.key]) for plane in PLANES]


def _row(result: Result, key: str, told: Mapping[str, Any] | None) -> Row:
    exam = one_line(result.name)
    if told is None:
        source = str(result.sources[0]) if len(result.sources) == 1 else ""
        return {"exam": exam, "source": one_line(source), "plane": key}
    recording = result.about["recordings"].index(told["recording"])
    image = told["image"]
    return {
        "exam": exam,
        "source": one_line(str(result.sources[recording])),
        "plane": key,
        "frame": str(told["frame"]),
        "time_s": f"{told['time_s']:g}",
        "confidence": f"{told['confidence']:.6f}",
        "doubtful": _NO if told["sure"] else _YES,
        "image": f"{exam}/{image}" if image else "",
    }


def _earlier(folder: Path) -> list[Row]:
    """The rows of an older table whose exams are still there."""
    try:
        rows = list(csv.DictReader(io.StringIO(read_text(folder / NAME))))
    except (SourceError, csv.Error):
        return []  # there is none, or it is no table any more: this run writes one
    known = ({name: row.get(name) or "" for name in COLUMNS} for row in rows)
    return [row for row in known if row["exam"] and (folder / row["exam"] / RETRIEVAL).is_file()]


def _text(rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
