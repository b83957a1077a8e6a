"""A program that records until it is killed; it says how many frames are written by then.

Argument: the folder of the exams.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import SimpleNamespace

from recording_help import make_exam, numbered

from sonoassist.exam import recorder as module
from sonoassist.exam.recorder import Recorder
from waiting import wait_until

if __name__ == "__main__":
    exam = make_exam(Path(sys.argv[1]))
    now_s = 0.0
    # The clock is that of the film: a note of how far it has come each second of it.
    module.time = SimpleNamespace(monotonic=lambda: now_s)  # type: ignore[assignment]
    recorder = Recorder(exam, print)
    for number in range(1000):
        now_s = number / 25
        recorder.add(numbered(number), 7.5 + now_s, synthetic=False)
        wait_until(lambda number=number: recorder.figures().written > number)  # type: ignore[misc]
        sys.stdout.write(f"{recorder.figures().written}\n")
        sys.stdout.flush()
    threading.Event().wait()  # what is killed late is killed here
