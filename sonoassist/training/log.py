"""log.csv: a row for each iteration; and the curves in memory that the pictures are drawn from."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path

from sonoassist.core.files import write_text

NAME = "log.csv"
COLUMNS = ("iteration", "loss", "lr", "patch_px", "seconds", "val_loss", "val_accuracy")


@dataclass(frozen=True, slots=True)
class LogRow:
    """One iteration.

    Attributes:
        iteration: Counts from 1; 0 is the model that a fine-tuning starts with.
        loss: Mean over the batch, before the step; None for iteration 0.
        lr: Learning rate.
        patch_px: Side of the patches.
        seconds: Time since the iteration before.
        val_loss: After the step; None where there was no validation.
        val_accuracy: The same.
    """

    iteration: int
    loss: float | None
    lr: float
    patch_px: int
    seconds: float
    val_loss: float | None = None
    val_accuracy: float | None = None


class Log:
    """The rows of a run, written as a whole at each checkpoint.

    Args:
        out: Folder of the run.
    """

    def __init__(self, out: Path) -> None:
        self._path = out / NAME
        self.rows: list[LogRow] = []

    def load(self, until: int) -> None:
        """Take up the rows of an earlier sitting up to an iteration; unreadable ones are lost."""
        try:
            with self._path.open(newline="", encoding="utf-8") as file:
                rows = [_row(cells) for cells in csv.DictReader(file)]
        except (OSError, ValueError, KeyError, TypeError):
            rows = []
        self.rows = [row for row in rows if row.iteration <= until]

    def add(self, row: LogRow) -> None:
        """One more iteration is done."""
        self.rows.append(row)

    def add_validation(self, loss: float, accuracy: float) -> None:
        """The last iteration was validated behind the others."""
        self.rows[-1] = replace(self.rows[-1], val_loss=loss, val_accuracy=accuracy)

    def write(self) -> None:
        """Write all rows.

        Raises:
            OutputError: The operating system refuses.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in self.rows:
            writer.writerow(
                [
                    row.iteration,
                    "" if row.loss is None else f"{row.loss:.6g}",
                    f"{row.lr:g}",
                    row.patch_px,
                    f"{row.seconds:.3f}",
                    "" if row.val_loss is None else f"{row.val_loss:.6g}",
                    "" if row.val_accuracy is None else f"{row.val_accuracy:.6g}",
                ]
            )
        write_text(self._path, text.getvalue())


def _row(cells: dict[str, str]) -> LogRow:
    return LogRow(
        int(cells["iteration"]),
        float(cells["loss"]) if cells["loss"] else None,
        float(cells["lr"]),
        int(cells["patch_px"]),
        float(cells["seconds"]),
        float(cells["val_loss"]) if cells["val_loss"] else None,
        float(cells["val_accuracy"]) if cells["val_accuracy"] else None,
    )
