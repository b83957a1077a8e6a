"""Pulls the newest picture and tells the widgets, only when something changed. It only draws.

A worker says when there is a newer picture to draw; where the analysis keeps up that is when its
result is there, and it was scaled on the fitter's thread meanwhile. A timer does what is not
urgent: bars that follow, status, notices.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from PyQt6.QtCore import QObject, QSize, Qt, QTimer, pyqtSignal

from sonoassist.core.packets import Frame, Pixels
from sonoassist.gui.controller import Controller
from sonoassist.gui.exam_panel import ExamPanel
from sonoassist.gui.fitter import Fitter
from sonoassist.gui.frame_times import frame_time
from sonoassist.gui.inset import Past
from sonoassist.gui.live_confidences import LiveConfidences
from sonoassist.gui.live_page import LivePage
from sonoassist.gui.screens import Chip, model_words, screen_for
from sonoassist.gui.timeline import STILL_S, Timeline
from sonoassist.gui.toasts import Toasts
from sonoassist.gui.verdict import (
    FORGET_AFTER_S,
    NOT_YET,
    NOTHING,
    STALLED,
    Verdict,
    VerdictKind,
    Verdicts,
    decide_past,
    strip_code,
)
from sonoassist.live.status import ModelState, PlayState, SessionStatus, Showing, View

INTERVAL_MS = 33
"""Of what is not urgent; pictures do not wait for it."""
STATUS_EVERY = 3
_STRIP_EVERY = 2 * STATUS_EVERY
"""A second of the strip is some twenty pixels wide."""
_NO_PICTURE = {PlayState.EMPTY, PlayState.OPENING}


@dataclass(frozen=True, slots=True, eq=False)
class DisplayScene:
    """What is drawn; the widgets change together, when all of it is ready.

    Attributes:
        view: The picture.
        result: The newest result where the picture goes on without one; else None.
        frozen: It is a picture of the past.
        stale: Nothing may be said of it.
        stalled: It is a live one, and the last that came is too old to be taken for the present.
        analysing: It has no result yet, and a model runs.
        moving: The next picture takes its place at once.
    """

    view: View | None = None
    result: View | None = None
    frozen: bool = False
    stale: bool = False
    stalled: bool = False
    analysing: bool = False
    moving: bool = False

    def same(self, other: DisplayScene | None) -> bool:
        """Whether it is the very same; the pictures are told by identity."""
        return (
            other is not None
            and self.view is other.view
            and self.result is other.result
            and self._how() == other._how()
        )

    def follows(self, other: DisplayScene) -> bool:
        """Whether it is a later one of the same pictures, so that the other may go before it."""
        one, before = self.view, other.view
        if one is None or before is None or self._how() != other._how() or not self.moving:
            return False
        return one.frame.source_id == before.frame.source_id

    def _how(self) -> tuple[bool, ...]:
        return self.frozen, self.stale, self.stalled, self.analysing, self.moving

    def verdict(self, verdicts: Verdicts) -> Verdict:
        """What is said of the picture itself."""
        if self.stale:
            return NOTHING
        if self.stalled:
            return STALLED
        own = verdicts.of(self.view, moving=self.moving)
        waits = self.frozen and self.analysing and own.kind is VerdictKind.NOT_ANALYSED
        return NOT_YET if waits else own


@dataclass(frozen=True, slots=True)
class Target:
    """In which size pictures are drawn.

    Attributes:
        frame_px: Width and height of the frames.
        size: On the screen, in its pixels.
    """

    frame_px: tuple[int, int]
    size: QSize


class Display(QObject):
    """Draws the session on the live page; it changes neither session nor exam.

    Signals:
        said: What is said of the picture that the keys are for (the frozen one, else the newest
            with a result) is something else; arg: its `Verdict`.
        status_read: The session's status was read again; arg: the `SessionStatus`.
        frame_painted: A frame of a moving picture is on the screen for the first time; args: its
            `View` and its `FrameTime`.
    """

    said = pyqtSignal(object)
    status_read = pyqtSignal(object)
    frame_painted = pyqtSignal(object, object)
    _woken = pyqtSignal()
    _fitted = pyqtSignal()

    def __init__(self, controller: Controller, page: LivePage, toasts: Toasts) -> None:
        super().__init__(page)
        self._controller = controller
        self._page = page
        self._toasts = toasts
        self._exam = ExamPanel(controller.desk, page)
        self._confidences = LiveConfidences(controller, page.confidences)
        self._timeline = Timeline()
        self._verdicts = Verdicts(controller.settings, lambda: controller.threshold)
        self._said: Verdict = NOTHING
        self._status: SessionStatus = controller.status()
        self._noted: View | None = None
        self._reached: View | None = None
        self._drawn: DisplayScene | None = None
        self._asked: DisplayScene | None = None
        self._awaited: dict[str, tuple[Pixels, QSize]] = {}
        self._source_id = ""
        self.picture_name = ""
        """Name of the file on screen where the source is a folder of pictures, else ""."""
        self._ticks = 0
        self._last_s = time.monotonic()
        self._wake_waits = False
        self._painting: View | None = None
        self._target: Target | None = None
        self._fitter = Fitter(self._fitted.emit)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.tick)
        # Both signals are emitted on other threads; Qt hands them over to this one.
        self._woken.connect(self._on_wake)
        self._fitted.connect(self._on_fitted)
        page.viewport.painted.connect(self._note_painting)
        page.strip.set_timeline(self._timeline)
        controller.freeze_changed.connect(self.refresh)

    @property
    def exam(self) -> ExamPanel:
        """The running exam on the page."""
        return self._exam

    @property
    def status(self) -> SessionStatus:
        """Read last."""
        return self._status

    def start(self) -> None:
        """Begin."""
        self._fitter.start()
        self._controller.session.watch(self._wake)
        self._controller.session.watch_completed(self._wake)
        self._controller.session.watch_analysis(self._prepare)
        self._timer.start()
        self.refresh()

    def stop(self) -> None:
        """End; what is drawn after that is drawn at once, on this thread."""
        self._timer.stop()
        self._controller.session.unwatch(self._wake)
        self._controller.session.unwatch_completed(self._wake)
        self._controller.session.unwatch_analysis(self._prepare)
        self._fitter.stop()
        self._asked = None

    def refresh(self) -> None:
        """Draw everything again, e.g. after the settings changed."""
        self._drawn = self._asked = None
        self._ticks = 0
        self.tick()

    # -- news ------------------------------------------------------------------------------

    def _wake(self, view: View) -> None:
        """On a worker's thread: a picture was captured, or its result is there."""
        if view.analysis is None and not self._goes_on_without(view):
            return  # its result will come
        if not self._wake_waits:
            self._wake_waits = True
            self._woken.emit()

    def _goes_on_without(self, captured: View) -> bool:
        """Whether a picture that was just captured is drawn before it has a result."""
        shown = self._controller.session.showing().view
        return shown is None or shown is captured or shown.analysis is None

    def _prepare(self, frame: Frame) -> None:
        """On the analysis thread: its picture is scaled while its result is computed."""
        target = self._target
        if target is not None and target.frame_px == (frame.width_px, frame.height_px):
            self._fitter.prepare(frame.pixels, target.size)

    def _on_wake(self) -> None:
        self._wake_waits = False
        if self._timer.isActive():
            self._look()

    def tick(self) -> None:
        """Look for news of every kind; cheap when there are none."""
        session = self._controller.session
        for notice in session.notices.take():
            self._toasts.show(notice)
        if self._ticks % STATUS_EVERY == 0:
            self._read_status(session.showing())
        self._ticks += 1
        self._look()
        now_s = time.monotonic()
        self._page.planes.advance((now_s - self._last_s) * 1000)
        self._last_s = now_s

    def _look(self) -> None:
        showing = self._controller.session.showing()
        if _other_source(showing.view, self._reached):
            self._read_status(showing)
        self._note(showing)
        self._draw(self._scene(showing))  # after the status: a stale picture says nothing

    def _read_status(self, showing: Showing) -> None:
        controller, page = self._controller, self._page
        self._status = controller.status()
        status, freeze = self._status, controller.freeze
        self._take_old_toasts_away(status)
        source = status.source
        if source is not None and source.source_id != self._source_id:
            self._source_id = source.source_id
            page.times.clear()
            page.strip.refresh()
        self._exam.tick()
        picture = self._picture(showing)
        back_s = freeze.back_s if freeze.active else None
        chips = (*_freeze_chips(showing), *controller.screens.chips())
        page.viewport.show_screen(screen_for(status, picture is not None, back_s, chips))
        page.headline.show_verdict(page.headline.verdict, model_words(status))
        page.show_source(status, freeze.active)
        self.picture_name = picture.frame.name if picture is not None else ""
        page.transport.show_status(status, controller.settings, freeze)
        page.transport.recording.name.setText(self.picture_name)
        if self._ticks % _STRIP_EVERY == 0:
            page.strip.refresh()
        page.timing.show_stats(status.stats)
        self._confidences.tick()
        self.status_read.emit(status)

    def _take_old_toasts_away(self, status: SessionStatus) -> None:
        """What was said of a source goes with it."""
        if status.play_state is PlayState.EMPTY:
            self._toasts.keep_about("")
        elif status.source is not None:
            self._toasts.keep_about(status.source.spec)

    def _note(self, showing: Showing) -> None:
        """Tell the timeline of the newest result, or of a picture where there are no results."""
        if showing.view is not None and showing.view is not self._reached:
            self._reached = showing.view
            self._timeline.reach(showing.view)
        newest = showing.result or showing.view
        freeze = self._controller.freeze
        in_view = freeze.view if freeze.active else _present(showing)
        self._say(self._verdicts.of(in_view, moving=self._moving()))
        if newest is None or newest is self._noted:
            return
        self._noted = newest
        code = strip_code(self._verdicts.of(newest, moving=self._moving()))
        source = self._status.source
        if source is not None and source.source_id == newest.frame.source_id:
            self._timeline.add(newest, code, source)
            if showing.view is not None:
                self._timeline.reach(showing.view)

    def _say(self, verdict: Verdict) -> None:
        if verdict is not self._said:
            self._said = verdict
            self.said.emit(verdict)

    # -- drawing ---------------------------------------------------------------------------

    def _picture(self, showing: Showing) -> View | None:
        """What is to be drawn; never a picture of a source that was left."""
        freeze, status, newest = self._controller.freeze, self._status, showing.view
        if freeze.active:
            return freeze.view
        if newest is None or status.play_state in _NO_PICTURE:
            return None
        source = status.source
        if source is not None and newest.frame.source_id != source.source_id:
            # A live source that came back is a new opening: its last picture stays until then.
            return newest if status.play_state is PlayState.LOST else None
        return newest

    def _scene(self, showing: Showing) -> DisplayScene:
        view, frozen = self._picture(showing), self._controller.freeze.active
        # Under a card (no signal, source lost) the picture is stale: nothing is said of it.
        stale = self._page.viewport.screen_shown.card is not None
        late = view is not None and view.analysis is None and not frozen and not stale
        running = self._status.model_state is ModelState.READY
        stalled = view is not None and not frozen and not stale and self._stalled()
        result = showing.result if late and running and not stalled else None
        return DisplayScene(view, result, frozen, stale, stalled, running, self._moving())

    def _moving(self) -> bool:
        """Whether the next picture takes the place of the one on screen at once."""
        playing = self._status.play_state is PlayState.PLAYING
        return playing and not self._controller.freeze.active

    def _stalled(self) -> bool:
        """Whether a live source has given no picture for too long."""
        status = self._status
        live = status.source is not None and status.source.live
        playing = status.play_state is PlayState.PLAYING
        return live and playing and status.signal_age_s > FORGET_AFTER_S

    def _draw(self, scene: DisplayScene) -> None:
        if scene.same(self._drawn) or scene.same(self._asked):
            return
        if not self._fitter.alive or scene.view is None:
            self._show(scene)
            return
        missing = self._missing(scene.view, self._past(scene))
        if not missing:
            self._show(scene)
            return
        if self._asked is not None and scene.follows(self._asked):
            # That one first: where scaling takes longer than a picture lasts, none would be shown.
            return
        self._asked = scene
        self._awaited = {role: (one.frame.pixels, size) for role, (one, size) in missing.items()}
        for role, (pixels, size) in self._awaited.items():
            self._fitter.ask(role, pixels, size)

    def _missing(self, view: View, past: Past | None) -> dict[str, tuple[View, QSize]]:
        """What has to be scaled still: role -> (picture, size)."""
        viewport = self._page.viewport
        missing = viewport.fit_sizes(view, past)
        for role, (one, size) in tuple(missing.items()):
            prepared = self._fitter.prepared(one.frame.pixels, size)
            if prepared is not None:
                viewport.offer(role, prepared)
                del missing[role]
        return missing

    def _on_fitted(self) -> None:
        viewport = self._page.viewport
        scene = self._asked
        for role, fitted in self._fitter.take().items():
            viewport.offer(role, fitted)
            # A picture may come that was asked for before; the right one is still to come then.
            if role in self._awaited and fitted.is_of(*self._awaited[role]):
                del self._awaited[role]
        if scene is None or scene.view is None:
            return
        missing = self._missing(scene.view, self._past(scene))
        if not missing:
            self._show(scene)
        elif any(self._awaits(role, *wanted) for role, wanted in missing.items()):
            return
        else:
            self._asked = None  # something is wanted in another size by now
        self._look()  # a newer one may have come meanwhile

    def _awaits(self, role: str, view: View, size: QSize) -> bool:
        """Whether a picture in this size is still to come."""
        pixels, asked = self._awaited.get(role, (None, size))
        return pixels is view.frame.pixels and asked == size

    def _note_painting(self, view: View) -> None:
        # A picture held or looked at again would seem to have taken ages.
        moving = self._status.play_state is PlayState.PLAYING
        newest = self._drawn is not None and self._drawn.view is view and not self._drawn.frozen
        self._painting = view if moving and newest else None

    def window_painted(self, began_s: float, took_ms: float) -> None:
        """The window was painted; told by whoever has the window, see `Shell.updated`."""
        view, self._painting = self._painting, None
        if view is not None:
            took = frame_time(view, began_s, took_ms)
            self._page.times.add(took)
            self.frame_painted.emit(view, took)

    def _past(self, scene: DisplayScene) -> Past | None:
        """The last result for the small picture, where it has a box to show."""
        view, result = scene.view, scene.result
        if view is None or result is None or not self._controller.settings.show_box:
            return None
        verdict = self._verdicts.of(result, moving=scene.moving)
        age_s = view.frame.captured_at_s - result.frame.captured_at_s
        shown = verdict.box is not None and age_s <= FORGET_AFTER_S
        return Past(result, verdict, age_s) if shown else None

    def _show(self, scene: DisplayScene) -> None:
        self._drawn, self._asked = scene, None
        page, view = self._page, scene.view
        verdict = scene.verdict(self._verdicts)
        page.viewport.show_view(view, verdict, frozen=scene.frozen, past=self._past(scene))
        said, said_of = verdict, view
        if view is not None and scene.result is not None:
            age_s = view.frame.captured_at_s - scene.result.frame.captured_at_s
            said = decide_past(self._verdicts.of(scene.result, moving=scene.moving), age_s)
            said_of = scene.result
        page.headline.show_verdict(said, model_words(self._status))
        silent = scene.stale or said.kind is VerdictKind.NOT_ANALYSED
        analysis = said_of.analysis if said_of is not None and not silent else None
        # Of a menu or a spectrum the network says something too, and it means nothing.
        judged = analysis is not None and analysis.state.judged
        shares = analysis.prediction.probabilities if analysis is not None and judged else None
        if said.held and said_of is not None and said_of.steady is not None:
            shares = said_of.steady.probabilities  # the bars say what the name is by
        page.planes.show_shares(shares, said)
        page.strip.mark(_place(view) if scene.frozen and view is not None else None)
        self._target = self._target_of(scene)

    def _target_of(self, scene: DisplayScene) -> Target | None:
        """How the next pictures are drawn; None where they are not drawn with their result."""
        view = scene.view
        if view is None or view.analysis is None or scene.frozen:
            return None
        frame_px = (view.frame.width_px, view.frame.height_px)
        return Target(frame_px, self._page.viewport.picture_size(view))


def _freeze_chips(showing: Showing) -> tuple[Chip, ...]:
    """Tells that the scanner's screen stands still, which is not the freeze of this program."""
    newest = showing.result or showing.view
    analysis = newest.analysis if newest is not None else None
    if analysis is None or not analysis.frozen:
        return ()
    return (Chip("freeze", "Scanner frozen", "text"),)


def _present(showing: Showing) -> View | None:
    """The newest result, unless it is too old to be taken for what is in view now."""
    view, result = showing.view, showing.result
    if view is None or result is None:
        return view
    age_s = view.frame.captured_at_s - result.frame.captured_at_s
    return result if age_s <= FORGET_AFTER_S else view


def _place(view: View) -> float:
    frame = view.frame
    return frame.index * STILL_S if frame.still else frame.time_s


def _other_source(newest: View | None, noted: View | None) -> bool:
    if newest is None or noted is None:
        return newest is not noted
    return newest.frame.source_id != noted.frame.source_id
