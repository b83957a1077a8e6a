"""A program that records until it is killed; it says how many frames are written by then.

Arguments: the folder of the exams, and how long to wait behind each frame, in seconds.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from recording_help import make_exam, numbered

from sonoassist.exam.recorder import Recorder

if __name__ == "__main__":
    exam = make_exam(Path(sys.argv[1]))
    recorder = Recorder(exam, print)
    pause = threading.Event()  # never set: the recorder has its time, as at a live source
    for number in range(1000):
        recorder.add(numbered(number), 7.5 + number / 25)
        sys.stdout.write(f"{recorder.figures().written}\n")
        sys.stdout.flush()
        pause.wait(float(sys.argv[2]))
