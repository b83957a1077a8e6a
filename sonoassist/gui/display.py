"""The display timer: pulls the newest picture and tells the widgets, only when it changed."""

from __future__ import annotations

import time

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

from sonoassist.gui.controller import Controller
from sonoassist.gui.live_page import LivePage
from sonoassist.gui.screens import model_words, screen_for
from sonoassist.gui.timeline import STILL_S, Timeline
from sonoassist.gui.toasts import Toasts
from sonoassist.gui.verdict import decide, strip_code
from sonoassist.live.status import PlayState, SessionStatus, View

INTERVAL_MS = 16
STATUS_EVERY = 5
_NO_PICTURE = {PlayState.EMPTY, PlayState.OPENING}


class Display(QObject):
    """Draws the session on the live page.

    Signals:
        status_read: The session's status was read again; arg: the `SessionStatus`.
    """

    status_read = pyqtSignal(object)

    def __init__(self, controller: Controller, page: LivePage, toasts: Toasts) -> None:
        super().__init__(page)
        self._controller = controller
        self._page = page
        self._toasts = toasts
        self._timeline = Timeline()
        self._status: SessionStatus = controller.status()
        self._noted: View | None = None
        self._drawn: tuple[View | None, bool, bool] | None = None
        self._source_id = ""
        self._ticks = 0
        self._last_s = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.tick)
        page.strip.set_timeline(self._timeline)
        controller.freeze_changed.connect(self.refresh)

    @property
    def status(self) -> SessionStatus:
        """Read last."""
        return self._status

    def start(self) -> None:
        """Begin."""
        self._timer.start()
        self.refresh()

    def stop(self) -> None:
        """End."""
        self._timer.stop()

    def refresh(self) -> None:
        """Draw everything again, e.g. after the settings changed."""
        self._drawn = None
        self._ticks = 0
        self.tick()

    def tick(self) -> None:
        """Look for news; cheap when there are none."""
        controller = self._controller
        controller.jobs.collect()
        for notice in controller.session.notices.take():
            self._toasts.show(notice)
        newest = controller.session.newest()
        if self._ticks % STATUS_EVERY == 0 or _other_source(newest, self._noted):
            self._read_status(newest)
        self._ticks += 1
        self._note(newest)
        self._draw(self._picture(newest))  # after the status: a stale picture says nothing
        now_s = time.monotonic()
        self._page.planes.advance((now_s - self._last_s) * 1000)
        self._last_s = now_s

    def _read_status(self, newest: View | None) -> None:
        controller, page = self._controller, self._page
        self._status = controller.status()
        status, freeze = self._status, controller.freeze
        source = status.source
        if source is not None and source.source_id != self._source_id:
            self._source_id = source.source_id
            controller.opened(source.spec, synthetic=source.synthetic)
        picture = self._picture(newest)
        back_s = freeze.back_s if freeze.active else None
        page.viewport.show_screen(screen_for(status, picture is not None, back_s))
        page.headline.show_verdict(page.headline.verdict, model_words(status))
        page.show_source(status, freeze.active)
        page.transport.show_status(status, controller.settings, freeze)
        page.strip.refresh()
        if page.timing is not None:
            page.timing.add(time.monotonic(), status.stats)
        self.status_read.emit(status)

    def _picture(self, newest: View | None) -> View | None:
        """What is to be drawn; never a picture of a source that was left."""
        freeze, status = self._controller.freeze, self._status
        if freeze.active:
            return freeze.view
        if newest is None or status.play_state in _NO_PICTURE:
            return None
        source = status.source
        if source is not None and newest.frame.source_id != source.source_id:
            # A live source that came back is a new opening: its last picture stays until then.
            return newest if status.play_state is PlayState.LOST else None
        return newest

    def _note(self, newest: View | None) -> None:
        if newest is None or newest is self._noted:
            return
        self._noted = newest
        settings = self._controller.settings
        code = strip_code(decide(newest, settings.label, settings.threshold))
        source = self._status.source
        if source is not None and source.source_id == newest.frame.source_id:
            self._timeline.add(newest, code, source)

    def _draw(self, view: View | None) -> None:
        controller, page = self._controller, self._page
        frozen = controller.freeze.active
        # Under a card (no signal, source lost) the picture is stale: nothing is said of it.
        stale = page.viewport.screen_shown.card is not None
        if (
            self._drawn is not None
            and self._drawn[0] is view
            and self._drawn[1:]
            == (
                frozen,
                stale,
            )
        ):
            return
        self._drawn = (view, frozen, stale)
        settings = controller.settings
        verdict = decide(None if stale else view, settings.label, settings.threshold)
        page.viewport.show_view(view, verdict, frozen=frozen)
        page.headline.show_verdict(verdict, model_words(self._status))
        analysis = view.analysis if view is not None and not stale else None
        shares = analysis.prediction.probabilities if analysis is not None else None
        page.planes.show_shares(shares, verdict)
        page.strip.mark(_place(view) if frozen and view is not None else None)


def _place(view: View) -> float:
    frame = view.frame
    return frame.index * STILL_S if frame.still else frame.time_s


def _other_source(newest: View | None, noted: View | None) -> bool:
    if newest is None or noted is None:
        return newest is not noted
    return newest.frame.source_id != noted.frame.source_id
