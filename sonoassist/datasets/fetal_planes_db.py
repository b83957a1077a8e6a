"""FETAL_PLANES_DB exactly as it is published: a CSV with ; and a folder `Images` of PNG files.

Burgos-Artizzu et al., Scientific Reports 10, 10200 (2020), Zenodo 3904280.
"""

from __future__ import annotations

from pathlib import Path

from sonoassist.datasets.collecting import Collector, beside, known
from sonoassist.datasets.label_map import load_label_map
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.datasets.tables import Row, RowError, read_rows

LAYOUT = "fetal_planes_db"
TABLE = "FETAL_PLANES_DB_data.csv"
IMAGES = "Images"
COLUMNS = ("Image_name", "Patient_num", "Plane")
"""Without these there is nothing to be read; `Brain_plane` and `Train` may be absent."""


def read(table: Path, mapping: Path | None) -> Dataset:
    """Read the table and check that its pictures are there.

    Raises:
        SourceError: It cannot be read, or has no row that can be used.
        UsageError: The mapping cannot be used.
    """
    classes = load_label_map(LAYOUT, mapping)
    collected = Collector(table.parent.name, LAYOUT)

    def take(row: Row, where: str) -> None:
        name = _class_of(row)
        accepted = known(classes.accepted(name, row.text("Plane")), name)
        if not accepted:
            collected.leave_out(name)
            return
        frame = LabelledFrame(
            case=row.text("Patient_num"),
            path=beside(table.parent / IMAGES, f"{row.text('Image_name')}.png"),
            index=0,
            accepted=accepted,
            test=_is_test(row),
        )
        collected.add(frame, where)

    collected.rows(table.name, read_rows(table, COLUMNS), take)
    return collected.finish()


def _class_of(row: Row) -> str:
    """The class as reports and mappings name it: "Fetal brain/Trans-thalamic", "Fetal femur"."""
    plane, brain = row.text("Plane"), row.cell("Brain_plane")
    is_brain = brain and brain.casefold() != "not a brain"
    return f"{plane}/{brain}" if is_brain else plane


def _is_test(row: Row) -> bool | None:
    told = row.cell("Train")
    if told not in ("", "0", "1"):
        raise RowError(f"Train is neither 0 nor 1: {told!r}")
    return told == "0" if told else None
