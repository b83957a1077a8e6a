"""The pages of the window, and what each of them can be asked."""

from __future__ import annotations

from enum import Enum
from typing import Protocol, runtime_checkable

from sonoassist.gui.acts import Place
from sonoassist.gui.status_line import StatusItem
from sonoassist.gui.theme import Look


class Page(Enum):
    """Which page."""

    LIVE = "live"
    REVIEW = "review"
    PRACTICE = "practice"


class PageWidget(Protocol):
    """A page besides the live one. Its keys work while it is shown, and only then."""

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        ...

    def open(self, spec: str) -> None:
        """The user chose a recording while the page is shown."""
        ...

    def enter(self) -> None:
        """It is shown from now on."""
        ...

    def leave(self) -> None:
        """Another page is shown from now on: nothing of it plays or listens to keys."""
        ...

    def stop(self) -> None:
        """The window closes: nothing of it runs when this returns."""
        ...


@runtime_checkable
class HasCover(Protocol):
    """A page on which something runs that must not run on behind a sheet."""

    def cover(self) -> None:
        """A sheet lies over it; may be called again and again."""
        ...


@runtime_checkable
class HasExam(Protocol):
    """A page that may have a kept exam open."""

    def let_go(self, exam_id: str) -> None:
        """Close an exam that is to be deleted."""
        ...


@runtime_checkable
class HasStatus(Protocol):
    """A page with results of its own: the status line tells where these come from."""

    def status_items(self) -> list[StatusItem]:
        """In the order of the line."""
        ...

    def model_warning(self) -> str:
        """What the window has to warn of the page's model; "" where the page does so itself."""
        ...


@runtime_checkable
class HasOver(Protocol):
    """A page over which something can lie, e.g. a menu of its own."""

    def close_over(self) -> bool:
        """Take it away; returns whether there was something."""
        ...


@runtime_checkable
class HasHelp(Protocol):
    """A page with keys of its own, which the help shows while the page is shown."""

    @property
    def help_name(self) -> str:
        """Name of its text in `resources/help`, without the suffix."""
        ...

    @property
    def place(self) -> Place:
        """Whose keys they are."""
        ...
