"""The boxes of captures that are found behind their labels, while the exam goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sonoassist.core.packets import Analysis, FrameKey
from sonoassist.exam.exam import Exam
from sonoassist.exam.records import Capture
from sonoassist.live.status import View
from sonoassist.temporal.hints import placed_again


class BoxRequests:
    """Asks for the boxes of captures and puts them into the record; on the exam's thread alone.

    Args:
        exam: The record.
        want_box: Asked to have the box of a picture found.
        on_put: Called when a capture has got its box.
    """

    def __init__(
        self, exam: Exam, want_box: Callable[[View], None], on_put: Callable[[], None]
    ) -> None:
        self._exam = exam
        self._want_box = want_box
        self._on_put = on_put
        self._captures: dict[FrameKey, list[Capture]] = {}
        self._unanswered: Counter[FrameKey] = Counter()

    @property
    def pending(self) -> bool:
        """Whether a capture still waits for its box."""
        return bool(self._captures)

    def ask(self, capture: Capture, view: View) -> None:
        """Have the box of a capture found, where nobody has looked for it yet."""
        if capture.shot.box is None and view.analysis is not None and view.analysis.lacks_box:
            self._captures.setdefault(view.frame.key, []).append(capture)
            self._unanswered[view.frame.key] += 1
            self._want_box(view)  # each time: an earlier request may have been given up

    def put(self, analysis: Analysis) -> None:
        """Give captures the box that was found."""
        captures, box = self._captures.pop(analysis.frame.key, []), analysis.own_box
        self._unanswered.pop(analysis.frame.key, None)
        named = analysis.prediction.plane.key
        for capture in captures:
            if box is not None and capture.shot.plane == named:
                before = capture.shot.hints
                hints = None if before is None else placed_again(before, analysis)
                self._exam.put_box(capture.capture_id, box, hints)
                self._on_put()

    def give_up(self, view: View) -> None:
        """One request for this box has been given up; another one may still be under way."""
        key = view.frame.key
        self._unanswered[key] -= 1
        if self._unanswered[key] <= 0:
            self._captures.pop(key, None)
            del self._unanswered[key]
