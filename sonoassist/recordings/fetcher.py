"""Getting things that take long on a thread; what is wanted now counts, older wishes do not."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from sonoassist.core.errors import SonoAssistError, window_text

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

AGAIN_S = 2.0


class Fetcher(Generic[Key, Value]):
    """Fetches what is wanted, in order, and keeps what was fetched last.

    Args:
        name: Of the thread.
        fetch: Called on the thread.
        keep: So many values are kept.
        ready: Called on the thread when something has come.
        again_s: What failed is tried again when it is wanted so much later.
    """

    def __init__(
        self,
        name: str,
        fetch: Callable[[Key], Value],
        keep: int,
        ready: Callable[[], None],
        again_s: float = AGAIN_S,
    ) -> None:
        self._again_s = again_s
        self._fetch = fetch
        self._keep = keep
        self._ready = ready
        self._changed = threading.Condition()
        self._wanted: list[Key] = []
        self._got: OrderedDict[Key, Value] = OrderedDict()
        self._failed: OrderedDict[Key, tuple[str, float]] = OrderedDict()
        self._stopping = False
        self._generation = 0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def want(self, keys: Sequence[Key]) -> None:
        """Wish for these from now on, the first one first, and for nothing else."""
        with self._changed:
            for key in keys:
                self._forgive(key)
            self._wanted = [key for key in keys if key not in self._got and key not in self._failed]
            self._changed.notify_all()

    def _forgive(self, key: Key) -> None:
        """Forget a failure of some time ago: a disk in the network may be back."""
        failed = self._failed.get(key)
        if failed is not None and time.monotonic() - failed[1] >= self._again_s:
            del self._failed[key]

    def got(self, key: Key) -> Value | None:
        """What was fetched, or None while it was not."""
        with self._changed:
            if key in self._got:
                self._got.move_to_end(key)
            return self._got.get(key)

    def trouble(self, key: Key) -> str:
        """Why something could not be fetched, or ""."""
        with self._changed:
            return self._failed.get(key, ("", 0.0))[0]

    def forget(self) -> None:
        """Fetch everything anew when it is wanted again, also what is being fetched just now."""
        with self._changed:
            self._generation += 1
            self._got.clear()
            self._failed.clear()

    def stop(self) -> None:
        """End; the thread has ended when this returns."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._stopping)
                if self._stopping:
                    return
                key, generation = self._wanted.pop(0), self._generation
            self._get(key, generation)
            self._ready()

    def _get(self, key: Key, generation: int) -> None:
        try:
            value = self._fetch(key)
        except SonoAssistError as error:
            self._keep_one(self._failed, generation, key, (window_text(error), time.monotonic()))
        except Exception as error:  # noqa: BLE001  (a thread's top: said on screen)
            why = (f"it failed: {window_text(error)}", time.monotonic())
            self._keep_one(self._failed, generation, key, why)
        else:
            self._keep_one(self._got, generation, key, value)

    def _keep_one(
        self, kept: OrderedDict[Key, Any], generation: int, key: Key, value: object
    ) -> None:
        with self._changed:
            if generation != self._generation:
                return
            kept[key] = value
            while len(kept) > self._keep:
                kept.popitem(last=False)
