"""Between what the network said in the last minutes and the panel that draws it."""

from __future__ import annotations

import time
from collections.abc import Iterable

from sonoassist.core.planes import INDEX
from sonoassist.exam.capture_words import own_confidence
from sonoassist.exam.checklist import Line
from sonoassist.exam.exam_view import ExamView
from sonoassist.exam.records import Judgement
from sonoassist.gui.confidence_curves import CurveMark
from sonoassist.gui.confidence_panel import ConfidencePanel
from sonoassist.gui.controller import Controller


class LiveConfidences:
    """Has the panel drawn anew while it is seen; costs nothing while it is not.

    Args:
        controller: Knows the session, the running exam and the threshold.
        panel: Draws them.
    """

    def __init__(self, controller: Controller, panel: ConfidencePanel) -> None:
        self._controller = controller
        self._panel = panel

    def tick(self) -> None:
        """Look whether there is something to draw; called several times a second."""
        history, controller = self._controller.session.confidences, self._controller
        now_s = time.monotonic()
        if not self._panel.due(now_s):
            return
        newest_s = history.newest_s()
        moment_s = now_s if newest_s is None else max(now_s, newest_s)
        exam = controller.desk.view
        marks = marks_of(exam, moment_s) if exam is not None else ()
        threshold = controller.threshold
        self._panel.show_trend(history.trend(moment_s), threshold, marks, now_s)


def marks_of(exam: ExamView, now_s: float) -> tuple[CurveMark, ...]:
    """The captures that stand for the items of an exam.

    Args:
        exam: It runs.
        now_s: `time.monotonic()`; the marks stand at seconds before it.
    """
    return tuple(_marks(exam.lines, exam.began_s - now_s))


def _marks(lines: Iterable[Line], began_s: float) -> Iterable[CurveMark]:
    for line in lines:
        if line.shown is not None and line.item.plane in INDEX:
            shot = line.shown.shot
            yield CurveMark(
                place=began_s + shot.at_s,
                plane=INDEX[line.item.plane],
                share=own_confidence(shot, line.item),
                kept=line.shown.judgement is Judgement.KEPT,
            )
