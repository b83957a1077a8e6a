"""The newest-only slot: a hand-over between two threads that never makes the producer wait."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class NewestSlot(Generic[Item]):
    """Holds one item; a newer one replaces it, and what was replaced is counted."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: Item | None = None
        self._dropped = 0
        self._woken = False
        self._closed = False

    @property
    def full(self) -> bool:
        """Whether an item is there."""
        with self._changed:
            return self._item is not None

    @property
    def dropped(self) -> int:
        """Items that were replaced before anyone took them."""
        with self._changed:
            return self._dropped

    def put(self, item: Item) -> None:
        """Put an item, replacing one still there."""
        with self._changed:
            if self._item is not None:
                self._dropped += 1
            self._item = item
            self._changed.notify_all()

    def take(self, timeout_s: float) -> Item | None:
        """Take the item; None when none came in time, `wake` was called, or the slot is closed."""
        with self._changed:
            self._changed.wait_for(self._worth_a_look, timeout_s)
            item, self._item = self._item, None
            self._woken = False
            self._changed.notify_all()
            return item

    def wake(self) -> None:
        """Let who waits for an item, or does so next, do something else first."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def _worth_a_look(self) -> bool:
        return self._item is not None or self._woken or self._closed

    def wait_empty(self, timeout_s: float) -> bool:
        """Wait until the item was taken; False when it was not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._item is None or self._closed, timeout_s)

    def clear(self) -> None:
        """Throw away the item (uncounted) and start counting anew."""
        with self._changed:
            self._item = None
            self._dropped = 0
            self._changed.notify_all()

    def close(self) -> None:
        """Wake everyone who waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
