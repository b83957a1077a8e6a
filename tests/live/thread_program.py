"""Plays the demo exam through a live session and prints how many threads wanted to run.

Arguments: number of cores to keep to, number of results to wait for.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path


def runnable(own: int) -> int:
    """Threads of this process that run or want to, but for the one that counts."""
    found = 0
    for task in Path("/proc/self/task").iterdir():
        try:
            stat = (task / "stat").read_text()
        except OSError:
            continue  # it has ended
        state = stat.rpartition(")")[2].split()[0]
        found += state == "R" and int(task.name) != own
    return found


def main(cores: int, wanted: int) -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    from sonoassist.analysis.analyser import Analyser, AnalyserOptions
    from sonoassist.benchmark.weights import random_tensors
    from sonoassist.core.paths import demo_exam
    from sonoassist.core.processors import plan_threads
    from sonoassist.engines.choose import EngineChoice, make_engine
    from sonoassist.live.session import LiveSession
    from sonoassist.live.status import View
    from sonoassist.model.architecture import architecture
    from sonoassist.model.card import Card

    spec = architecture("sononet16")
    card = Card(
        name="made", title="Made", architecture="sononet16", domain="own", weights_sha256="0" * 64
    )

    def load() -> Analyser:
        choice = EngineChoice("openvino", "f32", "cpu")
        engine = make_engine(choice, spec, random_tensors(spec, 0))
        return Analyser(engine, card, AnalyserOptions())

    results: list[int] = []
    tick = threading.Event()
    session = LiveSession()
    session.set_loop(True)

    def watch(view: View) -> None:
        if view.analysis is not None:
            results.append(view.frame.frame_id)

    session.watch(watch)
    session.load_model(load)
    session.open(str(demo_exam()))
    counts: list[int] = []
    own = threading.get_native_id()
    while len(results) < wanted:
        tick.wait(0.005)
        if results:
            counts.append(runnable(own))
    session.stop()
    plan = plan_threads()
    told = {"cores": plan.cores, "inference": plan.inference, "counts": counts}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
