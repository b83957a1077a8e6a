"""What a live session tells the outside: the newest view, its status, and notices."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field, replace
from enum import Enum

from sonoassist.core.errors import SonoAssistError
from sonoassist.core.flaws import Hints
from sonoassist.core.packets import Analysis, Frame, LiveStats, SteadyState
from sonoassist.model.card import Card
from sonoassist.sources.base import SourceInfo
from sonoassist.temporal.hints import placed_again


class PlayState(Enum):
    """What the source is doing."""

    EMPTY = "empty"
    """No source chosen."""
    OPENING = "opening"
    PLAYING = "playing"
    PAUSED = "paused"
    ENDED = "ended"
    LOST = "lost"
    """A live source is gone; it is being opened again."""
    FAILED = "failed"
    """The source could not be opened or cannot go on."""


class ModelState(Enum):
    """What the analysis is doing."""

    MISSING = "missing"
    """No model is installed."""
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class Level(Enum):
    """How grave a notice is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know.

    Attributes:
        level: How grave.
        title: One line: what happened.
        hint: One line: what to do; may be empty.
        details: More lines for the curious; may be empty.
        about: Spec of the source it speaks of; "" where it speaks of something else.
        matter: What it brings news of, e.g. the last step in an exam: of two the later one is
            true. "" where it stands for itself.
    """

    level: Level
    title: str
    hint: str = ""
    details: str = ""
    about: str = field(default="", compare=False)
    matter: str = field(default="", compare=False)

    @classmethod
    def of(cls, error: SonoAssistError, level: Level = Level.ERROR, details: str = "") -> Notice:
        """Make a notice of an error."""
        return cls(level, error.message, error.window_hint, details)


class Notices:
    """A thread-safe channel that keeps notices until someone takes them.

    A notice equal to one still waiting takes its place, behind the others.
    """

    def __init__(self, limit: int = 50) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Notice] = deque(maxlen=limit)

    def put(self, notice: Notice) -> None:
        """Add a notice."""
        with self._lock:
            if notice in self._waiting:
                self._waiting.remove(notice)
            self._waiting.append(notice)

    def take(self) -> list[Notice]:
        """Take all waiting notices, oldest first."""
        with self._lock:
            taken = list(self._waiting)
            self._waiting.clear()
        return taken


@dataclass(frozen=True, slots=True)
class View:
    """One picture to draw, with its own result or without one.

    Attributes:
        frame: The picture.
        analysis: Of exactly this frame; None without a model or when the analysis failed.
        steady: The label steadied up to this frame; None where `analysis` is None.
        hints: What could be better in this picture; None where no plane is named, or nobody has
            looked.
        steady_hints: Those that have stood for a while, for the screen.
    """

    frame: Frame
    analysis: Analysis | None = None
    steady: SteadyState | None = None
    hints: Hints | None = None
    steady_hints: Hints = ()

    def looked_at(self, analysis: Analysis, steady: SteadyState | None) -> View:
        """The same picture with a result of its own, and the hints as its box has them.

        Args:
            analysis: Of exactly this frame.
            steady: Its label.
        """
        view = replace(self, analysis=analysis, steady=steady)
        if self.hints is None or analysis.lacks_box:
            return view
        again, shown = (placed_again(one, analysis) for one in (self.hints, self.steady_hints))
        return replace(view, hints=again, steady_hints=shown)


@dataclass(frozen=True, slots=True)
class Showing:
    """What belongs on the screen now.

    Attributes:
        view: The picture to draw, with its own result or without one; None without a picture.
        result: The newest picture that has a result: `view` itself while the analysis keeps up
            with the picture, an older one while the picture goes on without it; None when this
            source has no result yet.
    """

    view: View | None = None
    result: View | None = None


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """A session at one moment.

    Attributes:
        play_state: Of the source.
        source: The opened source, or None.
        index: Of the newest frame read.
        time_s: Of the newest frame read.
        signal_age_s: Since the last new frame of a live source; 0 for recordings.
        play_message: Why the source is in this state, for the screen; may be empty.
        model_state: Of the analysis.
        model_message: Why, for the screen; may be empty.
        card: Of the model in use, or None.
        engine: Engine and precision in use, e.g. "OpenVINO bf16"; "" without one.
        device: Where it runs, e.g. "CPU"; "" without one.
        stats: Rates and latency.
        opens_beside: What is being opened while `source` goes on, as the user named it; or "".
        waits_for: What a source that is being opened waits for, in words; may be empty.
    """

    play_state: PlayState
    source: SourceInfo | None
    index: int
    time_s: float
    signal_age_s: float
    play_message: str
    model_state: ModelState
    model_message: str
    card: Card | None
    engine: str
    device: str
    stats: LiveStats
    waits_for: str = ""
    opens_beside: str = ""
