"""What those who search exams have in common, wherever they work."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sonoassist.core.errors import SonoAssistError
from sonoassist.retrieval.analysing import OnFrame
from sonoassist.retrieval.order import Task
from sonoassist.retrieval.result import Bundle
from sonoassist.retrieval.worker import NoEngineError, Searcher


@dataclass(frozen=True, slots=True)
class WorkerProgress:
    """A worker has come so far with its exam.

    Attributes:
        worker: Its number.
        done: Frames analysed.
        total: Frames of the exam.
    """

    worker: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Done:
    """A worker has finished its exam.

    Attributes:
        worker: Its number.
        bundle: The files.
    """

    worker: int
    bundle: Bundle


@dataclass(frozen=True, slots=True)
class Failed:
    """An exam cannot be searched; its worker goes on.

    Attributes:
        worker: Its number.
        reason: Why not, one line.
    """

    worker: int
    reason: str


@dataclass(frozen=True, slots=True)
class Died:
    """A worker is gone with its exam.

    Attributes:
        worker: Its number.
        how: One line.
    """

    worker: int
    how: str


@dataclass(frozen=True, slots=True)
class Useless:
    """A worker cannot search any exam, and neither could the others.

    Attributes:
        worker: Its number.
        reason: Why not, one line.
    """

    worker: int
    reason: str


Event = WorkerProgress | Done | Failed | Died | Useless


@dataclass(frozen=True, slots=True)
class WorkerTrouble:
    """Why an exam could not be searched, as it travels from a worker.

    Attributes:
        reason: One line.
        general: It is not for this exam alone.
    """

    reason: str
    general: bool = False


Outcome = Bundle | WorkerTrouble


def event_of(worker: int, outcome: Outcome) -> Event:
    """What a worker's outcome means."""
    if isinstance(outcome, Bundle):
        return Done(worker, outcome)
    return (Useless if outcome.general else Failed)(worker, outcome.reason)


class Crew(Protocol):
    """Workers that search one exam at a time each."""

    @property
    def workers(self) -> Sequence[int]:
        """Numbers of those who can work; one that died is there again if it can be."""

    def give(self, worker: int, task: Task) -> None:
        """Let an idle worker search an exam."""

    def wait(self) -> list[Event]:
        """What happened since the last time; waits for a moment where nothing has."""

    def close(self) -> None:
        """End all workers, also those that are busy; they have ended when this returns."""


def search(searcher: Searcher, task: Task, told: OnFrame) -> Outcome:
    """Search an exam; whatever is wrong with it is said in one line.

    The top of a worker: one exam must not take the others with it.
    """
    try:
        return searcher.search(task, told)
    except NoEngineError as error:
        return WorkerTrouble(str(error), general=True)
    except SonoAssistError as error:
        return WorkerTrouble(str(error))
    except Exception as error:  # noqa: BLE001 (a worker's top: reported, the others go on)
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}, line {last.lineno}"
        text = " ".join(str(error).split())
        return WorkerTrouble(f"the program failed on it ({type(error).__name__}: {text}; {where})")
