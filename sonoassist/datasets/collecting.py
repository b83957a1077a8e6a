"""Collecting the rows of a data set, and what was wrong with the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TypeVar

from sonoassist.core.errors import SourceError, shown
from sonoassist.datasets.label_map import Accepted
from sonoassist.datasets.labels import Dataset, LabelledFrame
from sonoassist.datasets.spelling import spelled
from sonoassist.datasets.tables import Row, RowError
from sonoassist.sources import open_source
from sonoassist.sources.base import SourceInfo

Entry = TypeVar("Entry")


class Collector:
    """Takes labelled frames one by one.

    Args:
        name: Of the data set, for reports.
        layout: See `Dataset.layout`.
    """

    def __init__(self, name: str, layout: str) -> None:
        self.name, self.layout = name, layout
        self.frames: list[LabelledFrame] = []
        self.shown: list[LabelledFrame] = []
        self.problems: list[str] = []
        self.left_out: Counter[str] = Counter()
        self.named: set[tuple[Path, int]] = set()
        self.recordings: list[tuple[str, Path]] = []
        self._lines: dict[tuple[Path, int], str] = {}

    def problem(self, where: str, what: object) -> None:
        """Note what is wrong at `where` ("labels.csv, line 3")."""
        self.problems.append(shown(f"{where}: {what}"))

    def rows(self, file: str, rows: Iterable[Row], take: Callable[[Row, str], None]) -> None:
        """Let `take` use each row, and note those it refuses with a `RowError`."""
        for row in rows:
            where = f"{file}, line {row.line}"
            try:
                row.check()
                take(row, where)
            except RowError as error:
                self.problem(where, error)

    def add(self, frame: LabelledFrame, where: str) -> None:
        """Take a frame.

        Raises:
            RowError: It was labelled before.
        """
        key = frame.path, frame.index
        if key in self._lines:
            raise RowError(
                f"a second label of the same picture; the first is in {self._lines[key]}"
            )
        self._lines[key] = where
        self.frames.append(frame)

    def show_around(
        self, first: LabelledFrame, last: int, tolerance_frames: int, count: int | None
    ) -> None:
        """Let the neighbours of a labelled stretch count as right when they are retrieved.

        Args:
            first: First frame of the stretch.
            last: Index of its last frame.
            tolerance_frames: How many frames before and behind it count.
            count: Frames of the recording; where it is not known, none behind it count.
        """
        end = last + 1 if count is None else count
        near = [*range(max(first.index - tolerance_frames, 0), first.index)]
        near += range(last + 1, min(last + 1 + tolerance_frames, end))
        self.shown += (replace(first, index=index, box=None) for index in near)

    def leave_out(self, name: str) -> None:
        """Count a row that is left out on purpose."""
        self.left_out[name] += 1

    def finish(self) -> Dataset:
        """The data set.

        Raises:
            SourceError: There is not one frame in it that can be used.
        """
        if not self.frames:
            reason = f"; {self.problems[0]}" if self.problems else ""
            if not reason and self.left_out:
                reason = f"; left out: {', '.join(self.left_out)}"
            raise SourceError(
                f"the data set {self.name} has no row that can be used{reason}",
                "Correct it, or map its classes to planes with --mapping FILE",
            )
        return Dataset(
            name=self.name,
            layout=self.layout,
            frames=tuple(self.frames),
            problems=tuple(self.problems),
            left_out=dict(self.left_out),
            shown=tuple(self.shown),
            named=frozenset(self.named - self._lines.keys()),
            recordings=tuple(self.recordings),
        )


def known(accepted: Accepted | None, name: str) -> Accepted:
    """The planes of a class.

    Raises:
        RowError: The class is not in the mapping.
    """
    if accepted is None:
        raise RowError(f"the label {name!r} is not known (a mapping file can add it)")
    return accepted


def existing(path: Path) -> Path:
    """A file that is there.

    Raises:
        RowError: It is not, or its name cannot be one.
    """
    try:
        there = path.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        raise RowError(f"there is no file {path.name}")
    return path


def beside(folder: Path, name: str) -> Path:
    """A file in `folder`; its name must not lead elsewhere.

    Args:
        folder: In which it lies.
        name: As a table gives it; see `spelling.spelled`.

    Raises:
        RowError: It does, or there is no such file.
    """
    if name != PurePath(name).name or "\\" in name:
        raise RowError(f"{name!r} is not the name of a file in {folder.name}")
    return existing(spelled(folder, name))


class Openings:
    """What is known of the files that rows speak of; each is opened once."""

    def __init__(self) -> None:
        self._known: dict[Path, SourceInfo | str] = {}

    def info(self, path: Path) -> SourceInfo:
        """Size and length of a picture or a recording.

        Raises:
            RowError: It cannot be read.
        """
        if path not in self._known:
            self._known[path] = _look(path)
        found = self._known[path]
        if isinstance(found, str):
            raise RowError(found)
        return found


def _look(path: Path) -> SourceInfo | str:
    try:
        with open_source(str(path)) as source:
            return source.info
    except SourceError as error:
        return str(error)
