"""Freeze: the view stands on the last seconds while the source goes on behind it. No Qt."""

from __future__ import annotations

from sonoassist.live.loop_pictures import LoopPictures
from sonoassist.live.status import View


class Freeze:
    """Pictures kept at the moment of freezing, and the one looked at."""

    def __init__(self) -> None:
        self._views = LoopPictures()
        self._at = 0
        self._marks: frozenset[int] = frozenset()

    @property
    def active(self) -> bool:
        """Whether the view is frozen."""
        return len(self._views) > 0

    @property
    def count(self) -> int:
        """Number of pictures kept."""
        return len(self._views)

    @property
    def position(self) -> int:
        """Which picture is looked at, 0 for the oldest."""
        return self._at

    @property
    def view(self) -> View | None:
        """The picture looked at, with its result as soon as there is one."""
        return self._views[self._at] if self.active else None

    @property
    def views(self) -> LoopPictures:
        """The pictures kept, oldest first."""
        return self._views

    def around(self, seconds: float) -> LoopPictures:
        """The pictures taken at most so long before or after the one looked at."""
        return self._views.around(self._at, seconds) if self.active else self._views

    @property
    def back_s(self) -> float:
        """How long before the freeze the picture was taken, in seconds."""
        return self.age_s(self._at)

    @property
    def span_s(self) -> float:
        """Time between the oldest picture kept and the newest, in seconds."""
        return self.age_s(0)

    def age_s(self, position: int) -> float:
        """Age of a kept picture at the moment of freezing, in seconds."""
        if not self.active:
            return 0.0
        taken_s = self._views.captured_at_s(position)
        return max(self._views.captured_at_s(-1) - taken_s, 0.0)

    @property
    def marks(self) -> frozenset[int]:
        """The pictures that the user has marked."""
        return self._marks

    def toggle_mark(self) -> None:
        """Mark the picture looked at, or take its mark away."""
        if self.active:
            self._marks ^= {self._at}

    def to_mark(self, on: bool) -> None:
        """Go to the next mark, or to the one before; stay where there is none."""
        later = [mark for mark in self._marks if (mark > self._at if on else mark < self._at)]
        if later:
            self._at = min(later) if on else max(later)

    def start(self, history: LoopPictures, newest: View | None) -> bool:
        """Freeze on the picture on screen.

        Args:
            history: The last seconds, oldest first.
            newest: What is on screen now; what was captured since then is left out.

        Returns:
            Whether there was anything to freeze.
        """
        self._views = views = history if newest is None else history.until(newest)
        self._at = max(len(views) - 1, 0)
        self._marks = frozenset()
        return self.active

    def stop(self) -> None:
        """Let go of the pictures; the view is live again."""
        self._views = LoopPictures()
        self._at = 0
        self._marks = frozenset()

    def seek(self, position: int) -> None:
        """Look at another kept picture."""
        self._at = min(max(position, 0), max(len(self._views) - 1, 0))

    def step(self, frames: int) -> None:
        """Look at the picture `frames` later (negative: earlier)."""
        self.seek(self._at + frames)
