"""What became of each file that was to be sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sonoassist.core.wording import counted
from sonoassist.exam.pacs.node import PacsNode


class Fate(Enum):
    """What became of a file."""

    STORED = "stored"
    WARNED = "warned"
    """Stored, and the node has something to say about it."""
    REFUSED = "refused"
    """To send it again is of no use."""
    WAITING = "waiting"
    """Kept in the outbox."""


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """What became of one file.

    Attributes:
        path: The file as the user named it.
        fate: What became of it.
        text: Why, one line; "" where there is nothing to say.
    """

    path: Path
    fate: Fate
    text: str = ""

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.path.name}: {self.fate.value}{f' ({self.text})' if self.text else ''}"


Progress = Callable[[int, int, SendOutcome], None]
"""(files done, files in all, what became of the last one)."""


@dataclass(frozen=True, slots=True)
class SendReport:
    """What became of all files sent to one node.

    Attributes:
        node: Where they were sent.
        outcomes: Of each file, in order.
        trouble: What is wrong with the node itself, one line; "" where it answered.
    """

    node: PacsNode
    outcomes: tuple[SendOutcome, ...]
    trouble: str = ""

    def count(self, *fates: Fate) -> int:
        """Number of files that met one of these fates."""
        return sum(one.fate in fates for one in self.outcomes)

    @property
    def complete(self) -> bool:
        """Whether the node has all files."""
        return self.count(Fate.STORED, Fate.WARNED) == len(self.outcomes)

    @property
    def message(self) -> str:
        """One line on all files."""
        waiting, refused = self.count(Fate.WAITING), self.count(Fate.REFUSED)
        stored = self.count(Fate.STORED, Fate.WARNED)
        parts = [self.trouble] if self.trouble else []
        if stored or not parts:
            parts.append(f"{_files(stored)} stored by {self.node.called_ae} at {self.node.address}")
        if refused:
            parts.append(f"{_files(refused)} refused")
        if waiting:
            parts.append(f"{_files(waiting)} kept in the outbox, to be sent again")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class RetryReport:
    """What became of what waited in the outbox.

    Attributes:
        reports: One for each node; none when nothing waited.
        damaged: Entries that cannot be read, one line each.
    """

    reports: tuple[SendReport, ...]
    damaged: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing waits any more."""
        return not self.damaged and all(one.complete for one in self.reports)

    @property
    def message(self) -> str:
        """One line for each node and each damaged entry."""
        lines = [one.message for one in self.reports] + list(self.damaged)
        return "\n".join(lines) or "nothing waits in the outbox"


def _files(count: int) -> str:
    return counted(count, "file")
