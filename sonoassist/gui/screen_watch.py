"""Watches whether the scanner's screen is one whose crop the user has checked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from sonoassist.core.errors import SonoAssistError
from sonoassist.core.packets import Box, Content, Pixels
from sonoassist.gui.acts import Act
from sonoassist.gui.jobs import Jobs
from sonoassist.gui.screens import Chip
from sonoassist.live.status import Level, Notice, Notices, SessionStatus, View
from sonoassist.preprocess.crop import is_published_screen

if TYPE_CHECKING:  # these load OpenCV, and the window is up before that
    from sonoassist.preprocess.kept_layouts import KeptLayouts
    from sonoassist.preprocess.screen_layout import Furniture, KeptLayout
    from sonoassist.preprocess.screen_reader import ScreenLook, ScreenReader

LOOK_EVERY_S = 1.0
AGREEING = 2
"""So many looks in a row must agree before anything is said: one may be of a menu that closes."""
AUTOMATIC = ("default", "auto")
"""Settings of the crop under which a layout that was kept is used."""
INPUT_ASPECT = 288 / 224
_PLAIN = (Content.B_MODE, Content.DOPPLER)


class ScreenState(Enum):
    """What is known of the screen."""

    UNKNOWN = "unknown"
    NEW = "new"
    """A screen with furniture whose crop nobody has checked."""
    KEPT = "kept"
    """Its crop was checked and is in use."""
    CHANGED = "changed"
    """It was kept, or looks like it, but the picture or the furniture are elsewhere now."""


@dataclass(frozen=True, slots=True)
class FoundScreen:
    """What one look found.

    Attributes:
        width_px: Of the frame.
        height_px: Of the frame.
        look: At the frame.
        crop: What the program would cut out by itself.
        furniture: Round the picture.
    """

    width_px: int
    height_px: int
    look: ScreenLook
    crop: Box
    furniture: Furniture


class ScreenWatch(QObject):
    """Looks at the screen now and then, in the background.

    Args:
        layouts: Opens the kept layouts; called when they are first needed.
        jobs: Runs the looks.
        notices: For the user.
        crop_setting: The crop that the settings name.
        use: Has the session use a crop, or (None) the one of the settings.

    Signals:
        changed: `state` is another one.
    """

    changed = pyqtSignal()

    def __init__(
        self,
        layouts: Callable[[], KeptLayouts],
        jobs: Jobs,
        notices: Notices,
        crop_setting: Callable[[], str],
        use: Callable[[Box | None], None],
    ) -> None:
        super().__init__()
        self._open_layouts = layouts
        self._layouts: KeptLayouts | None = None
        self._jobs, self._notices = jobs, notices
        self._crop_setting, self._use = crop_setting, use
        self._reader: ScreenReader | None = None
        self._lock = threading.Lock()
        self._source_id = ""
        self._looking = False
        self._looked_s = 0.0
        self._agreed: tuple[ScreenState, int] = (ScreenState.UNKNOWN, 0)
        self._quiet = False
        self.state = ScreenState.UNKNOWN
        self.kept: KeptLayout | None = None
        """The layout whose crop is in use."""

    @property
    def layouts(self) -> KeptLayouts:
        """The kept layouts."""
        if self._layouts is None:
            self._layouts = self._open_layouts()
            if self._layouts.trouble:
                self._notices.put(Notice(Level.WARNING, self._layouts.trouble))
        return self._layouts

    def follow(self, status: SessionStatus, view: View | None) -> None:
        """Look again, where it is time and the source is a scanner's screen."""
        source = status.source
        if source is None or source.source_id != self._source_id:
            self._source_id = "" if source is None else source.source_id
            self.reset()
        watched = source is not None and not source.stills and not source.synthetic
        if not watched or view is None or view.frame.source_id != self._source_id:
            return
        if self._crop_setting() not in AUTOMATIC:
            return
        if self._looking or time.monotonic() - self._looked_s < LOOK_EVERY_S:
            return
        self._looking, self._looked_s = True, time.monotonic()
        pixels, source_id = view.frame.pixels, self._source_id

        def done(found: FoundScreen | None) -> None:
            self._looking = False
            if found is not None and source_id == self._source_id:
                self.take(found)

        self._jobs.start("screen", lambda: self.look(pixels), done, self._failed)

    def look(self, pixels: Pixels) -> FoundScreen | None:
        """Look at a screen; None where it shows no plain picture for sure. On any thread.

        Raises:
            ModelError: The network that looks is missing or damaged.
        """
        from sonoassist.engines.screen_engine import make_screen_network
        from sonoassist.preprocess.framing import crop_of_look
        from sonoassist.preprocess.screen_layout import furniture_of
        from sonoassist.preprocess.screen_reader import ScreenReader

        with self._lock:
            self._reader = self._reader or ScreenReader(make_screen_network)
            look = self._reader.closer(self._reader.look(pixels), pixels)
        furniture = furniture_of(pixels, look) if look.content in _PLAIN else None
        if furniture is None:
            return None
        height, width = pixels.shape[:2]
        return FoundScreen(width, height, look, crop_of_look(look, pixels, INPUT_ASPECT), furniture)

    def take(self, found: FoundScreen) -> None:
        """Act on what a look found, when the one before said the same."""
        kept, said = self._judged(found)
        before, times = self._agreed
        self._agreed = (said, times + 1 if said is before else 1)
        if self._agreed[1] < AGREEING and said is not ScreenState.KEPT:
            return
        if kept is not self.kept:
            self.kept = kept
            self._use(kept.crop if kept is not None else None)
        self._set(said)

    def _judged(self, found: FoundScreen) -> tuple[KeptLayout | None, ScreenState]:
        size, field = (found.width_px, found.height_px), found.look.field
        assert field is not None
        known = self.layouts.find(*size, found.furniture)
        if known is not None:
            fits = known.fits(field.box)
            return (known, ScreenState.KEPT) if fits else (None, ScreenState.CHANGED)
        if self.state in (ScreenState.KEPT, ScreenState.CHANGED):
            return None, ScreenState.CHANGED
        published = self._crop_setting() == "default" and is_published_screen(*size)
        new = found.furniture.known and not self._quiet and not published
        return None, ScreenState.NEW if new else ScreenState.UNKNOWN

    def _set(self, state: ScreenState) -> None:
        if state is self.state:
            return
        if state is ScreenState.CHANGED:
            self._notices.put(
                Notice(
                    Level.WARNING,
                    "This screen no longer matches the one that was kept",
                    "The crop is found automatically now. Check it in the crop menu",
                )
            )
        self.state = state
        self.changed.emit()

    def keep(self, name: str, found: FoundScreen, crop: Box) -> None:
        """Keep the crop of this screen and use it from now on.

        Raises:
            OutputError: It cannot be written.
        """
        from sonoassist.preprocess.screen_layout import KeptLayout

        field = found.look.field
        assert field is not None
        layout = KeptLayout(name, found.width_px, found.height_px, crop, field.box, found.furniture)
        self.layouts.keep(layout)
        self.kept, self._agreed = layout, (ScreenState.KEPT, AGREEING)
        self._use(crop)
        self._set(ScreenState.KEPT)

    def leave_alone(self) -> None:
        """Do not offer to check the crop again for this source."""
        self._quiet = True
        if self.state is ScreenState.NEW:
            self._set(ScreenState.UNKNOWN)

    def reset(self) -> None:
        """Another source, or another setting of the crop."""
        self._agreed, self._quiet = (ScreenState.UNKNOWN, 0), False
        self._looked_s = 0.0
        if self.kept is not None:
            self.kept = None
            self._use(None)
        self._set(ScreenState.UNKNOWN)

    def chips(self) -> tuple[Chip, ...]:
        """What is to be said over the picture."""
        if self.state is ScreenState.NEW:
            said = "crop", "New screen: check the crop", "accent"
        elif self.state is ScreenState.CHANGED:
            said = "warning", "Screen has changed: check the crop", "warning"
        else:
            return ()
        return (Chip(*said, Act.CHECK_CROP, short="Check the crop"),)

    def _failed(self, error: Exception) -> None:
        self._looking = False
        if isinstance(error, SonoAssistError):
            self._notices.put(Notice.of(error, Level.WARNING))
        else:
            raise error
