"""Which item of the checklist the keys are for, and which capture of it was seen. No Qt."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sonoassist.exam.checklist import Line

JUST_NOW_S = 0.8
"""A key pressed so soon after a picture was replaced was meant for the one before."""


class Selection:
    """Follows the plane in view until the user picks an item.

    Attributes:
        item: Key of the selected item, or "".
        picked: The user picked it: it does not follow the picture.
        held: Its capture is being looked at: it does not follow the picture either.
    """

    def __init__(self) -> None:
        self.item = ""
        self.picked = False
        self.held = False
        self._shown: dict[str, int] = {}
        self._replaced: dict[str, tuple[float, int]] = {}

    def begin(self, lines: Sequence[Line]) -> None:
        """An exam begins, or ends (no lines)."""
        self.picked = False
        self.item = lines[0].item.key if lines else ""
        self._shown, self._replaced = {}, {}

    def pick(self, item: str, lines: Sequence[Line]) -> bool:
        """Pick an item; returns whether another one is selected now."""
        known = any(line.item.key == item for line in lines)
        if not known or item == self.item:
            return False
        self.item, self.picked = item, True
        return True

    def step(self, by: int, lines: Sequence[Line]) -> bool:
        """Pick the item so many lines further down (or up)."""
        if not lines:
            return False
        keys = [line.item.key for line in lines]
        at = keys.index(self.item) if self.item in keys else -by
        return self.pick(keys[min(max(at + by, 0), len(keys) - 1)], lines)

    def follow(self, plane: str, lines: Sequence[Line]) -> bool:
        """A plane is named in view; returns whether another item is selected now."""
        if self.picked or self.held or not plane:
            return False
        line = next((one for one in lines if one.item.plane == plane), None)
        if line is None or line.item.key == self.item:
            return False
        self.item = line.item.key
        return True

    def release(self) -> bool:
        """Follow the plane in view again; returns whether it did not."""
        picked, self.picked = self.picked, False
        return picked

    def note_shown(self, lines: Sequence[Line]) -> None:
        """These captures are shown from now on."""
        now_s = time.monotonic()
        shown = {line.item.key: line.shown.capture_id for line in lines if line.shown is not None}
        for item, capture_id in shown.items():
            before = self._shown.get(item)
            if before is not None and before != capture_id:
                self._replaced[item] = (now_s, before)
        self._shown = shown

    def seen(self, item: str) -> int | None:
        """Number of the capture of an item that the user has seen; None without one."""
        replaced_s, before = self._replaced.get(item, (-JUST_NOW_S, 0))
        if time.monotonic() - replaced_s < JUST_NOW_S:
            return before
        return self._shown.get(item)
