"""How old a box is said to be while pictures run: steadily, for the eye."""

from __future__ import annotations

from collections import deque

from sonoassist.core.box_age import BoxAge
from sonoassist.live.status import View

SPAN_S = 1.0


class CarriedAge:
    """The greatest age of the boxes of the last second.

    Between two boxes that are found the age runs from 0 up and back again, several times a
    second: drawn as it is, the box would pulse and its text would come and go. What is shown is
    never younger than the box is.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()
        self._source_id = ""

    def forget(self) -> None:
        """What comes next has nothing to do with what was."""
        self._seen.clear()

    def shown(self, view: View, age_s: float) -> BoxAge:
        """The age to show with a box.

        Args:
            view: The picture on screen.
            age_s: Of its box.
        """
        now_s, before = view.frame.time_s, self._seen
        if view.frame.source_id != self._source_id or (before and now_s < before[-1][0]):
            self.forget()
        self._source_id = view.frame.source_id
        while before and before[0][0] < now_s - SPAN_S:
            before.popleft()
        before.append((now_s, age_s))
        oldest_s = max(one for _, one in before)
        return BoxAge(oldest_s, at_most=oldest_s > 0)
