"""What has to be let go of once, whoever asks for it and however often."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from types import TracebackType

from typing_extensions import Self


class Closing(ABC):
    """Is let go of by `close`, or at the end of a `with` block; any thread may call.

    Attributes:
        closed: Whether it was.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.closed = False

    @abstractmethod
    def _let_go(self) -> None:
        """Called once, under the lock."""

    def close(self) -> None:
        """Let go of what it holds; it cannot be used any more. May be called twice."""
        with self._lock:
            if not self.closed:
                self.closed = True
                self._let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
