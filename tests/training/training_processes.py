"""Trainings in processes of their own.

What such a process costs most is to import torch, so they are forked from one that has done so,
and has run nothing yet.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from training_help import train

from waiting import LIMIT_S

IMPORTED = ["sonoassist.commands.train", "sonoassist.training.trainer", "torch._dynamo"]
"""What each of them needs; the last one comes with the first step of an optimiser."""


class OwnProcess:
    """Runs a function in another process.

    Args:
        output: File that gets what it writes, on stdout and stderr.
        work: Told its arguments; a function of a module. It may end with `sys.exit`.
        arguments: Of the function.
        environment: Variables that it has beside ours.
    """

    def __init__(
        self,
        output: Path,
        work: Callable[..., object],
        *arguments: Any,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(IMPORTED)
        known = dict(os.environ) | dict(environment or {})
        self._output = output
        self._process = context.Process(target=_run, args=(output, known, work, *arguments))
        self._process.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.is_alive()

    def send_signal(self, number: signal.Signals) -> None:
        """As another program would."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        self._process.kill()
        self._process.join(LIMIT_S)

    def ended(self) -> tuple[int, str]:
        """Wait for its end; its status, that of a signal below 0, and what it said."""
        self._process.join(LIMIT_S)
        assert self._process.exitcode is not None, "the training does not end"
        return self._process.exitcode, self._output.read_text(encoding="utf-8")


def start_train(
    output: Path, *words: object, environment: Mapping[str, str] | None = None
) -> OwnProcess:
    """Run `sonoassist train` in another process."""
    return OwnProcess(output, train_and_exit, *map(str, words), environment=environment)


def train_and_exit(*words: str) -> None:
    """Run it in this one, which ends with its status."""
    sys.argv = ["sonoassist", "train", *words]
    sys.exit(train(*words))


def _run(
    output: Path, environment: Mapping[str, str], work: Callable[..., object], *arguments: Any
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    with output.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    work(*arguments)
