"""Freeze: the view stands on the last seconds while the source goes on behind it. No Qt."""

from __future__ import annotations

from collections.abc import Sequence

from sonoassist.live.status import View


class Freeze:
    """Pictures kept at the moment of freezing, and the one looked at."""

    def __init__(self) -> None:
        self._views: tuple[View, ...] = ()
        self._at = 0
        self._marks: frozenset[int] = frozenset()

    @property
    def active(self) -> bool:
        """Whether the view is frozen."""
        return bool(self._views)

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
        """The picture looked at."""
        return self._views[self._at] if self._views else None

    @property
    def views(self) -> tuple[View, ...]:
        """The pictures kept, oldest first."""
        return self._views

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
        if not self._views:
            return 0.0
        taken = self._views[position].frame.captured_at_s
        return max(self._views[-1].frame.captured_at_s - taken, 0.0)

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

    def start(self, history: Sequence[View], newest: View | None) -> bool:
        """Freeze on the newest picture.

        Args:
            history: The last seconds, oldest first.
            newest: What is on screen now; kept as well if it is newer than the history.

        Returns:
            Whether there was anything to freeze.
        """
        views = list(history)
        if newest is not None:
            # The same frame may be there with an older result: the newest one is kept.
            views = [view for view in views if _before(view, newest)]
            views.append(newest)
        self._views = tuple(views)
        self._at = max(len(views) - 1, 0)
        self._marks = frozenset()
        return self.active

    def stop(self) -> None:
        """Let go of the pictures; the view is live again."""
        self._views = ()
        self._at = 0
        self._marks = frozenset()

    def seek(self, position: int) -> None:
        """Look at another kept picture."""
        self._at = min(max(position, 0), max(len(self._views) - 1, 0))

    def step(self, frames: int) -> None:
        """Look at the picture `frames` later (negative: earlier)."""
        self.seek(self._at + frames)


def _before(view: View, newest: View) -> bool:
    same_source = view.frame.source_id == newest.frame.source_id
    return same_source and view.frame.captured_at_s < newest.frame.captured_at_s
