"""The real window until its first frame has a result; tells when each moment came.

Run by `benchmark start`: `python -m sonoassist.gui.first_frame BEGAN SOURCE`, where BEGAN is the
time (of `time.time`) at which the process was begun.
"""

from __future__ import annotations

import json
import sys
import time

from PyQt6.QtCore import QTimer

from sonoassist.benchmark.window_start import LABEL, WINDOW
from sonoassist.gui import start
from sonoassist.gui.shell import Shell
from sonoassist.live.status import ModelState, PlayState, SessionStatus

_LOOK_MS = 10


class FirstFrame:
    """Looks at the window again and again, and closes it when a frame has its result.

    Args:
        shell: The window.
        starting: What loads the program behind its splash.
        began_s: When the process was begun.

    Attributes:
        moments: Name of a moment -> seconds since then.
        trouble: Why there is no result.
    """

    def __init__(self, shell: Shell, starting: start.Start, began_s: float) -> None:
        self.moments: dict[str, float] = {}
        self.trouble = "it was closed before a frame had a result"
        self._shell, self._starting, self._began_s = shell, starting, began_s
        if shell.splash is not None:
            shell.splash.painted.connect(lambda: self._note(WINDOW))
        timer = QTimer(shell)
        timer.timeout.connect(self._look)
        timer.start(_LOOK_MS)

    def _note(self, moment: str) -> None:
        self.moments.setdefault(moment, time.time() - self._began_s)

    def _look(self) -> None:
        program = self._starting.program
        if program is not None and (trouble := _trouble(program.session.status())):
            self.trouble = trouble
            self._shell.close()
            return
        # Where the analysis is slower than the picture, the name stands beside a newer picture.
        if program is not None and program.session.showing().result is not None:
            self._note(LABEL)
            self._shell.close()


def _trouble(status: SessionStatus) -> str:
    """Why no result will come; "" while one may."""
    if status.play_state is PlayState.FAILED:
        return status.play_message
    if status.model_state in (ModelState.FAILED, ModelState.MISSING):
        return status.model_message or "no model is installed"
    return ""


def main(began_s: float, source: str) -> int:
    """Open the window on a source; returns the exit status."""
    watched: list[FirstFrame] = []
    code = start.run(
        source,
        {},
        bundled_model=True,
        observe=lambda shell, starting: watched.append(FirstFrame(shell, starting, began_s)),
    )
    moments = watched[0].moments
    if not {WINDOW, LABEL} <= moments.keys():
        sys.stderr.write(f"{watched[0].trouble}\n")
        return 2
    sys.stdout.write(json.dumps(moments) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2]))
