"""How a training run tells of its progress."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from sonoassist.commands.common import PLAIN_EVERY_S, say

if TYPE_CHECKING:
    from sonoassist.training.log import LogRow
    from sonoassist.training.validation import ValidationScore


class Telling:
    """A bar on a terminal, plain lines elsewhere; nothing in all processes but the first."""

    def __init__(self, speaks: bool) -> None:
        self._speaks = speaks
        self._bar: Any = None
        self._first = self._total = 0
        self._loss: float | None = None
        self._began_s = self._said_s = time.monotonic()

    def __enter__(self) -> Telling:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def began(self, done: int, total: int) -> None:
        """The loop begins behind iteration `done`."""
        self._first, self._total = done, total
        self._began_s = time.monotonic()
        if self._speaks and sys.stderr.isatty():
            self._bar = tqdm(total=total, initial=done, unit=" iteration", dynamic_ncols=True)

    def learnt(self, row: LogRow) -> None:
        """One more iteration is done."""
        if row.loss is not None:
            self._loss = row.loss if self._loss is None else 0.95 * self._loss + 0.05 * row.loss
        if self._bar is not None:
            self._bar.set_postfix_str(f"loss {self._loss:.3f}, lr {row.lr:g}", refresh=False)
            self._bar.update()
        elif self._speaks and time.monotonic() - self._said_s > PLAIN_EVERY_S:
            self._said_s = time.monotonic()
            say(self._line(row))

    def _line(self, row: LogRow) -> str:
        took_s = time.monotonic() - self._began_s
        each_s = took_s / max(row.iteration - self._first, 1)
        left_s = each_s * (self._total - row.iteration)
        return (
            f"iteration {row.iteration} of {self._total}, loss {self._loss:.3f}, lr {row.lr:g}, "
            f"{each_s:.2f} s each, {_time(left_s)} left"
        )

    def validated(self, iteration: int, score: ValidationScore, best: bool) -> None:
        """The network was validated."""
        mark = ", the best so far" if best else ""
        when = f"iteration {iteration}" if iteration else "the start"
        self.note(
            f"{when}: validation loss {score.loss:.3f}, accuracy "
            f"{100 * score.accuracy:.1f} %, F1 {score.f1:.3f}{mark}"
        )

    def note(self, line: str) -> None:
        """Something the user should know."""
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)
        elif self._speaks:
            say(line)


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"
