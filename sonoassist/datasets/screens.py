"""Scanner screens with the truth of their field of view and content, one picture a row.

`truth.csv` has the columns `image,width,height,content,fov_shape,left_px,top_px,right_px,bottom_px`
and may have more. The box is empty where a screen shows no ultrasound picture; of a split screen it
is that of the live one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath

from sonoassist.core.errors import SourceError, shown
from sonoassist.core.packets import Box, Content
from sonoassist.datasets.collecting import existing
from sonoassist.datasets.spelling import spelled
from sonoassist.datasets.tables import Row, RowError, check_inside, read_rows

TABLE = "truth.csv"
COLUMNS = (
    "image",
    "width",
    "height",
    "content",
    "fov_shape",
    "left_px",
    "top_px",
    "right_px",
    "bottom_px",
)
WORDS = {
    "b_mode": Content.B_MODE,
    "colour_doppler": Content.DOPPLER,
    "split": Content.SPLIT,
    "spectral": Content.SPECTRAL,
    "three_d": Content.THREE_D,
    "menu": Content.MENU,
    "no_signal": Content.NO_SIGNAL,
}
"""Word of the column `content` -> what it means."""


@dataclass(frozen=True, slots=True)
class ScreenTruth:
    """What is true of one screen.

    Attributes:
        path: Of the picture.
        content: What it shows.
        field: Box of the live ultrasound picture, px; None where there is none.
        shape: convex, sector, linear or cropped; empty where it is not told.
    """

    path: Path
    content: Content
    field: Box | None
    shape: str

    @property
    def origin(self) -> str:
        """Where it comes from: its name up to the first underscore."""
        return self.path.name.partition("_")[0]


@dataclass(frozen=True, slots=True)
class Screens:
    """The screens of a folder, and the rows that cannot be used, in words."""

    truths: tuple[ScreenTruth, ...]
    problems: tuple[str, ...]


def read_screens(folder: Path) -> Screens:
    """The screens of a folder with a `truth.csv`, or of that table.

    Raises:
        SourceError: There is no such table, or none of its rows can be used.
    """
    table = folder / TABLE if folder.is_dir() else folder
    if not table.is_file():
        raise SourceError(f"there is no {TABLE} in {folder}", "Name a folder of screens")
    rows = read_rows(table, COLUMNS)
    truths, problems = [], []
    for row in rows:
        try:
            truths.append(_truth(row, table.parent))
        except RowError as error:
            problems.append(shown(f"{table.name}, line {row.line}: {error}"))
    if not truths:
        reason = problems[0] if problems else "It has no rows"
        raise SourceError(f"no row of {table} can be used", reason)
    return Screens(tuple(truths), tuple(problems))


def _truth(row: Row, folder: Path) -> ScreenTruth:
    row.check()
    word = row.text("content").casefold()
    if word not in WORDS:
        raise RowError(f"content is none of {', '.join(WORDS)}: {word!r}")
    name = row.text("image")
    path = spelled(folder, *PurePath(name).parts)
    try:
        existing(path)
    except RowError as error:
        raise RowError(f"there is no picture {name}") from error
    field = row.box()
    check_inside(field, row.count("width"), row.count("height"))
    return ScreenTruth(path, WORDS[word], field, row.cell("fov_shape").casefold())
