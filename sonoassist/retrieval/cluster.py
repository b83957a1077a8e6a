"""Workers on several computers, spread by Ray; those of a machine that dies are done elsewhere.

The videos must be found under the same paths on each machine, and SonoAssist with its `cluster`
extra be installed there; the models are sent. Only this program writes results.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sonoassist.core.errors import EngineError, UsageError
from sonoassist.retrieval.crew import Died, Event, Outcome, WorkerProgress, event_of, search
from sonoassist.retrieval.order import SearchOrder, Task
from sonoassist.retrieval.processes import cores, keep_to, shares
from sonoassist.retrieval.worker import Searcher

if TYPE_CHECKING:
    from types import ModuleType

LOCAL = "local"
LOCAL_JOBS = 2
POLL_S = 0.5
ANSWER_S = 10.0
_STORE_BYTES = 512 * 2**20
"""For models and results on their way between local workers."""


def check_installed() -> None:
    """Say what is missing, before anything is begun.

    Raises:
        UsageError: Ray is not installed.
    """
    if importlib.util.find_spec("ray") is None:
        raise UsageError(
            "--cluster needs Ray, which is not installed", 'Run: pip install "sonoassist[cluster]"'
        )


class ClusterWorker:
    """Lives on a machine of the cluster; its two methods may run at the same time.

    Args:
        order: What is asked for.
        number: Among the workers of its machine.
        count: Workers of its machine; each has its share of the cores.
    """

    def __init__(self, order: SearchOrder, number: int, count: int) -> None:
        keep_to(shares(cores(), count)[number])
        self._searcher = Searcher(order)
        self._lock = threading.Lock()
        self._progress = (0, 0)

    def search(self, task: Task) -> Outcome:
        """Search an exam."""
        outcome = search(self._searcher, task, self._tell)
        self._tell(0, 0)  # what is asked late must not be taken for the next exam
        return outcome

    def how_far(self) -> tuple[int, int]:
        """Frames that are done, and of how many."""
        with self._lock:
            return self._progress

    def _tell(self, done: int, total: int) -> None:
        with self._lock:
            self._progress = (done, total)


@dataclass(frozen=True, slots=True)
class _Slot:
    """Room for one worker.

    Attributes:
        node: Identity of its machine.
        options: For Ray: its share of the machine.
        number: Among the workers of its machine.
        count: Workers of its machine.
    """

    node: str
    options: dict[str, Any]
    number: int
    count: int


class RayCrew:
    """See `crew.Crew`.

    Args:
        order: What is asked for.
        address: Of the cluster ("HOST:PORT", "ray://HOST:PORT", "auto"), or "local".
        jobs: Workers on each machine.

    Raises:
        UsageError: Ray is not installed, or the cluster cannot be reached.
        EngineError: It has no machine to work on.
    """

    def __init__(self, order: SearchOrder, address: str, jobs: int) -> None:
        check_installed()
        self._ray = _connected(address, jobs)
        self._slots: dict[int, _Slot] = dict(enumerate(_slots(self._ray, jobs)))
        if not self._slots:
            self._ray.shutdown()
            raise EngineError(f"the cluster {address} has no machine that can work")
        self._order = self._ray.put(order)
        self._actors: dict[int, Any] = {}
        self._found: dict[Any, int] = {}
        self._asked: dict[Any, int] = {}
        for number in self._slots:
            self._start(number)

    @property
    def workers(self) -> Sequence[int]:
        """See `crew.Crew`."""
        return list(self._actors)

    def _start(self, number: int) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        slot = self._slots[number]
        made = self._ray.remote(ClusterWorker).options(
            max_concurrency=2,
            scheduling_strategy=NodeAffinitySchedulingStrategy(slot.node, soft=False),
            **slot.options,
        )
        self._actors[number] = made.remote(self._order, slot.number, slot.count)

    def give(self, worker: int, task: Task) -> None:
        """See `crew.Crew`."""
        self._found[self._actors[worker].search.remote(task)] = worker

    def wait(self) -> list[Event]:
        """See `crew.Crew`."""
        for worker in set(self._found.values()) - set(self._asked.values()):
            self._asked[self._actors[worker].how_far.remote()] = worker
        # Another exam may be given to the first that is ready, so one is enough.
        ready, _ = self._ray.wait(list(self._found), timeout=POLL_S)
        said, _ = self._ray.wait(list(self._asked), num_returns=len(self._asked), timeout=0)
        events = [event for one in said if (event := self._progress(one)) is not None]
        return events + [self._result(one) for one in ready]

    def _progress(self, reference: Any) -> Event | None:
        worker = self._asked.pop(reference)
        try:
            done, total = self._ray.get(reference)
        except self._ray.exceptions.RayError:
            return None  # it died; its exam says so
        return WorkerProgress(worker, done, total) if total else None

    def _result(self, reference: Any) -> Event:
        worker = self._found.pop(reference)
        self._asked = {ref: who for ref, who in self._asked.items() if who != worker}
        try:
            outcome: Outcome = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            self._replace(worker)
            return Died(worker, f"its worker is gone ({_first_line(error)})")
        return event_of(worker, outcome)

    def _replace(self, worker: int) -> None:
        """Another worker on the same machine; none where the machine itself is gone."""
        del self._actors[worker]
        alive = {node["NodeID"] for node in self._ray.nodes() if node["Alive"]}
        if self._slots[worker].node in alive:
            self._start(worker)

    def close(self) -> None:
        """See `crew.Crew`."""
        for actor in self._actors.values():
            self._ray.kill(actor)
        self._actors.clear()
        self._found.clear()
        self._asked.clear()
        self._ray.shutdown()


def _check_answers(address: str) -> None:
    """Ray itself would wait for 20 minutes for a machine that does not answer."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> UsageError:
    return UsageError(
        f"the cluster {address} cannot be reached: {_first_line(error)}",
        "Start one with `ray start --head`, or use --cluster local",
    )


def _connected(address: str, jobs: int) -> ModuleType:
    _check_answers(address)
    # Ray reports its use to its maker; a program beside patients' pictures sends nothing.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Else it warns that a worker without a card sees all cards, or will see none.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    made: ModuleType = ray
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address == LOCAL:
        quiet |= {"num_cpus": jobs, "include_dashboard": False, "object_store_memory": _STORE_BYTES}
    try:
        ray.init(address=address, **quiet)
    except Exception as error:  # what Ray raises has no common kind
        made.shutdown()
        if address == LOCAL:
            reason = f"the local workers cannot be started: {_first_line(error)}"
            raise EngineError(reason, "The computer may be too busy: try again") from error
        raise _unreachable(address, error) from error
    return made


def _slots(ray: ModuleType, jobs: int) -> list[_Slot]:
    found = []
    for node in sorted(ray.nodes(), key=lambda node: str(node["NodeID"])):
        resources = node.get("Resources", {})
        if not node["Alive"] or not resources.get("CPU"):
            continue
        share = {"num_cpus": max(int(resources["CPU"]) // jobs, 1)}
        if resources.get("GPU"):
            share["num_gpus"] = min(resources["GPU"] / jobs, 1)
        count = min(jobs, int(resources["CPU"]))
        found += [_Slot(node["NodeID"], share, number, count) for number in range(count)]
    return found


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
