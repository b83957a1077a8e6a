"""Workers on this computer: a process each, so that none can take the others with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from sonoassist.core.allocator import keep_arenas_few
from sonoassist.core.memory import available_bytes
from sonoassist.core.processors import usable_cores
from sonoassist.retrieval.crew import Died, Event, WorkerProgress, event_of, search
from sonoassist.retrieval.order import SearchOrder, Task
from sonoassist.retrieval.worker import Searcher

POLL_S = 0.5
TELL_EVERY_S = 0.25
END_S = 5.0
_GONE = (EOFError, OSError)
"""What a pipe raises whose other end is gone."""
_EXAMS_A_WORKER = 2
"""Fewer exams for each worker would leave cores idle while the last ones are searched."""
_MEMORY_BYTES = 1.5e9
"""That a worker may need."""


def cores() -> list[int]:
    """The processor cores that this program may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def usual_jobs(exams: int) -> int:
    """Workers that are best for so many exams on this computer's processor.

    One process keeps all cores of a small computer busy, but threads that work on one frame wait
    for each other: a process on each core needs a tenth less time for a frame (measured on 2
    cores), and on many cores the difference grows. It pays where there are exams enough that the
    cores do not stand idle at the end.
    """
    pinned = hasattr(os, "sched_setaffinity")
    most = min(len(cores()), usable_cores()) if pinned else 1
    return max(min(most, exams // _EXAMS_A_WORKER, int(_memory_bytes() / _MEMORY_BYTES)), 1)


def _memory_bytes() -> float:
    known = available_bytes()
    return 4 * _MEMORY_BYTES if known is None else known


def shares(items: Sequence[int], count: int) -> list[list[int]]:
    """Cores for each of `count` workers, as even as can be; all for each where they are fewer."""
    if count > len(items):
        return [list(items) for _ in range(count)]
    edges = [round(number * len(items) / count) for number in range(count + 1)]
    return [list(items[edges[n] : edges[n + 1]]) for n in range(count)]


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    busy: bool = False


class ProcessCrew:
    """See `crew.Crew`.

    Args:
        order: What is asked for.
        jobs: Number of processes.
    """

    def __init__(self, order: SearchOrder, jobs: int) -> None:
        self._order = order
        self._cores = shares(cores(), jobs)
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        try:
            for number in range(jobs):
                self._start(number)
        except BaseException:
            self.close()
            raise

    @property
    def workers(self) -> Sequence[int]:
        """See `crew.Crew`."""
        return range(len(self._workers))

    def _start(self, number: int) -> None:
        """Start worker `number`, in the place of an earlier one."""
        ours, theirs = self._context.Pipe()
        arguments = (theirs, self._order, self._cores[number])
        process = self._context.Process(
            target=_work, args=arguments, name=f"retrieve {number}", daemon=True
        )
        with _interrupts_put_off():
            process.start()
            theirs.close()
            self._workers[number : number + 1] = [_Worker(process, ours)]

    def give(self, worker: int, task: Task) -> None:
        """See `crew.Crew`."""
        one = self._workers[worker]
        one.busy = True
        with suppress(*_GONE):  # it died; `wait` says so
            one.pipe.send(task)

    def wait(self) -> list[Event]:
        """See `crew.Crew`."""
        events: list[Event] = []
        ready = wait([one.pipe for one in self._workers], POLL_S)
        for number, one in enumerate(self._workers):
            if one.pipe in ready:
                events.append(self._hear(number))
        return events

    def _hear(self, number: int) -> Event:
        one = self._workers[number]
        try:
            said = one.pipe.recv()
        except _GONE:
            how = _ended(one)
            self._start(number)
            return Died(number, how)
        if isinstance(said, tuple):
            return WorkerProgress(number, *said)
        one.busy = False
        return event_of(number, said)

    def close(self) -> None:
        """See `crew.Crew`."""
        for one in self._workers:
            if one.busy:
                one.process.kill()  # it writes no file
            else:
                with suppress(*_GONE):
                    one.pipe.send(None)
        for one in self._workers:
            _ended(one)
        self._workers.clear()


def _ended(worker: _Worker) -> str:
    """Wait for the end of a process; says how it ended."""
    worker.pipe.close()
    worker.process.join(END_S)
    if worker.process.exitcode is None:
        worker.process.kill()
        worker.process.join()
    code = worker.process.exitcode or 0
    worker.process.close()
    if code >= 0:
        return f"its process ended with status {code}"
    try:
        return f"its process was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"its process was ended by signal {-code}"


@contextmanager
def _interrupts_put_off() -> Iterator[None]:
    """Ctrl-C in a terminal reaches all processes of a program; only the first one may act on it.

    A process that is started in here is deaf to it from its first instruction on. This one acts
    on it afterwards, when it knows what it has started.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        with _blocked_for_children():
            yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def _blocked_for_children() -> Iterator[None]:
    """A new process has the blocked signals of the thread that started it; not so on Windows."""
    if sys.platform == "win32":
        yield
        return
    # Its first start would unblock the signal.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Connection, order: SearchOrder, own_cores: Sequence[int]) -> None:
    """The life of a worker: it ends with the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_arenas_few()
    keep_to(own_cores)
    searcher = Searcher(order)
    with suppress(*_GONE):
        while (task := pipe.recv()) is not None:
            pipe.send(search(searcher, task, _Teller(pipe)))
    searcher.close()


def keep_to(own_cores: Sequence[int]) -> None:
    """Use only these cores from now on, where the system can do that."""
    if hasattr(os, "sched_setaffinity") and list(own_cores) != cores():
        os.sched_setaffinity(0, own_cores)


class _Teller:
    """Says now and then how far an exam has come."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._said_s = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now_s = time.monotonic()
        if now_s - self._said_s >= TELL_EVERY_S:
            self._said_s = now_s
            self._pipe.send((done, total))
