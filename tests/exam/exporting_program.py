"""A program of its own that begins an export, says so and never ends it.

python exporting_program.py STORE EXAM FOLDER
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from sonoassist.core.progress import Meter
from sonoassist.exam.export import Export, write_export
from sonoassist.exam.store import ExamStore


class Waits(Meter):
    """Stops at the first picture, for ever."""

    def step(self, steps: float = 1.0) -> None:
        """Say so and wait to be killed."""
        sys.stdout.write("begun\n")
        sys.stdout.flush()
        threading.Event().wait()


store, exam, folder = sys.argv[1:]
write_export(ExamStore(Path(store)), exam, Path(folder), Export(frozenset({"html"})), meter=Waits())
