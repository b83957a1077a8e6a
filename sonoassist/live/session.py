"""A live session: capture -> newest-only slot -> analysis -> what to show. No Qt."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sonoassist.core.packets import Frame
from sonoassist.live.analysis import AnalysisWorker
from sonoassist.live.capture import CaptureWorker, Opener
from sonoassist.live.confidences import ConfidenceHistory
from sonoassist.live.keeping_up import KeepingUp
from sonoassist.live.looking_back import LookingBack
from sonoassist.live.loop import Loop
from sonoassist.live.loop_pictures import LoopPictures
from sonoassist.live.publisher import StatusListener, StatusPublisher
from sonoassist.live.rates import Rates
from sonoassist.live.slots import NewestSlot
from sonoassist.live.status import (
    ModelState,
    Notices,
    PlayState,
    SessionStatus,
    Showing,
    View,
)
from sonoassist.localise.choice import Localiser
from sonoassist.preprocess.crop import parse_crop
from sonoassist.sources import open_source

if TYPE_CHECKING:
    from sonoassist.analysis.analyser import Analyser

RAW_AFTER_S = 2.0
"""Where a recording waits for the analysis, the raw picture is shown after so long only."""

Watcher = Callable[[View], None]
AnalysisWatcher = Callable[[Frame], None]


class LiveSession:
    """Runs a source through an analyser; every method returns at once and is thread-safe.

    Args:
        history_s: How far back a freeze can go.
        history_mb: Memory for that, in MiB.
        opener: Makes a source of what the user named.
    """

    def __init__(
        self,
        *,
        history_s: float = 10.0,
        history_mb: int = 768,
        opener: Opener = open_source,
    ) -> None:
        self.notices = Notices()
        self.confidences = ConfidenceHistory()
        self._shown = threading.Lock()
        self._rates = Rates()
        self._loop = Loop(history_s, history_mb)
        self._newest: View | None = None
        self._raw: View | None = None
        self._keeping_up = KeepingUp()
        self._every_frame = False
        self._frozen = False
        self._watching = threading.Lock()
        self._watchers: tuple[Watcher, ...] = ()
        self._analysis_watchers: tuple[AnalysisWatcher, ...] = ()
        self._completed_watchers: tuple[Watcher, ...] = ()
        self._frames: NewestSlot[Frame] = NewestSlot()
        self._looking_back = LookingBack(self._frames.wake)
        self._publisher = StatusPublisher(self.status, self.notices)
        self._analysis = AnalysisWorker(
            self._frames,
            self._show,
            self._completed,
            self._tell_completed,
            self._begun,
            self._publisher.changed,
            self.notices,
            self._looking_back,
            self._loop.put_late_result,
            self._waits,
        )
        self._capture = CaptureWorker(
            opener,
            self._captured,
            self._frames.wait_empty,
            self._restarted,
            self._capture_changed,
            self.notices,
        )

    # --- the source -------------------------------------------------------------------------

    def open(self, spec: str) -> None:
        """Open a path, `device:NAME` or URL, and play it."""
        self._capture.open(spec)

    def close_source(self) -> None:
        """Let go of the source."""
        self._capture.close_source()

    def play(self) -> None:
        """Go on, from the start when the recording had ended."""
        self._capture.play()

    def pause(self) -> None:
        """Hold a recording."""
        self._capture.pause()

    def toggle(self) -> None:
        """Play or pause."""
        self._capture.toggle()

    def step(self, frames: int) -> None:
        """Hold, and show the frame so many further on (or back)."""
        self._capture.step(frames)

    def seek(self, index: int) -> None:
        """Go to a frame of the recording."""
        self._capture.seek(index)

    def seek_time(self, time_s: float) -> None:
        """Go to the frame shown at a time of the recording."""
        self._capture.seek_time(time_s)

    def set_speed(self, factor: float) -> None:
        """Play a recording faster or slower."""
        self._capture.set_speed(factor)

    def set_loop(self, on: bool) -> None:
        """Start a recording again at its end."""
        self._capture.set_loop(on)

    def set_every_frame(self, on: bool) -> None:
        """Let a recording wait for the analysis instead of dropping frames."""
        self._every_frame = on
        self._capture.set_every_frame(on)

    # --- the analysis -----------------------------------------------------------------------

    def load_model(self, loader: Callable[[], Analyser]) -> None:
        """Load a model; `loader` runs on the analysis thread."""
        self._analysis.load(loader)

    def tell_loading(self, step: str) -> None:
        """Called by a loader: what it does now, for the screen."""
        self._analysis.tell_loading(step)

    def configure(
        self,
        *,
        crop: str | None = None,
        threshold: float | None = None,
        model_threshold: bool = False,
        guided: bool | None = None,
        heat: bool | None = None,
        localiser: str | None = None,
        presets: Mapping[str, str] | None = None,
    ) -> None:
        """Change how frames are analysed from now on, the one on screen included.

        Args:
            crop: Which rectangle; None as before, so too in what follows.
            threshold: Probability below which no plane is named.
            model_threshold: Take the model's own threshold.
            guided: Also run the guided backward pass.
            heat: Each frame has its own heat map.
            presets: Named rectangles that `crop` may name.

        Raises:
            UsageError: The crop is not understood.
        """
        changes: dict[str, Any] = {
            "threshold": threshold,
            "guided": guided,
            "heat": heat,
        }
        changes["localiser"] = None if localiser is None else Localiser(localiser)
        changes["crop"] = None if crop is None else parse_crop(crop, presets)
        changed = {name: to for name, to in changes.items() if to is not None}
        self._analysis.configure(changed | ({"threshold": None} if model_threshold else {}))

    def set_history(self, seconds: float, megabytes: int) -> None:
        """Change how far back a freeze can go."""
        self._loop.seconds, self._loop.megabytes = seconds, megabytes

    # --- what came of it --------------------------------------------------------------------

    def newest(self) -> View | None:
        """The picture to draw; the same object until there is a newer one."""
        return self.showing().view

    def showing(self) -> Showing:
        """The picture to draw, and the newest result.

        While the analysis keeps up, the newest picture that has a result. While it does not, or
        a model is being loaded, the newest picture captured, which is drawn without one.
        """
        capture, raw, view = self._capture.state, self._raw, self._newest
        if capture.source is None or raw is None:
            return Showing()
        if view is None or view.frame.source_id != capture.source.source_id:
            return Showing(raw)
        result = view if view.analysis is not None else None
        moving = capture.play_state is PlayState.PLAYING
        if raw.frame is view.frame and not moving:
            return Showing(view, result)
        return Showing(raw if self._is_behind() else view, result)

    def _is_behind(self) -> bool:
        if self._analysis.state.model_state is ModelState.LOADING:
            return True
        if self._waits():
            return self._keeping_up.waiting_s() > RAW_AFTER_S
        return self._keeping_up.behind()

    def _waits(self) -> bool:
        """Whether the source waits for the analysis; a live one never does."""
        source = self._capture.state.source
        return self._every_frame and source is not None and not source.live

    def watch(self, watcher: Watcher) -> None:
        """Have `watcher` called with every picture captured, and again with its result.

        It is called on a worker's thread and must return at once.
        """
        with self._watching:
            self._watchers = (*self._watchers, watcher)

    def unwatch(self, watcher: Watcher) -> None:
        """Call `watcher` no more; one call may still be under way."""
        with self._watching:
            self._watchers = tuple(one for one in self._watchers if one != watcher)

    def want_box(self, view: View) -> None:
        """Have the box of a picture found behind the newest ones; who watches them is told."""
        self._analysis.want_box(view)

    def watch_completed(self, watcher: Watcher) -> None:
        """Have `watcher` called with a picture again whose box has come behind its label.

        A picture that still lacks its box then does not get one any more: it was asked for, and
        has been given up. It is called on a worker's thread and must return at once.
        """
        with self._watching:
            self._completed_watchers = (*self._completed_watchers, watcher)

    def unwatch_completed(self, watcher: Watcher) -> None:
        """Call `watcher` no more; one call may still be under way."""
        with self._watching:
            left = (one for one in self._completed_watchers if one != watcher)
            self._completed_watchers = tuple(left)

    def watch_analysis(self, watcher: AnalysisWatcher) -> None:
        """Have `watcher` called with every frame whose analysis begins.

        It is called on a worker's thread and must return at once.
        """
        with self._watching:
            self._analysis_watchers = (*self._analysis_watchers, watcher)

    def unwatch_analysis(self, watcher: AnalysisWatcher) -> None:
        """Call `watcher` no more; one call may still be under way."""
        with self._watching:
            kept = (one for one in self._analysis_watchers if one != watcher)
            self._analysis_watchers = tuple(kept)

    def subscribe(self, listener: StatusListener) -> None:
        """Have `listener` told the status now and whenever source, what it does, or model change.

        It is called on a thread of the session's own, never twice at a time, and must not take
        long. The place in the recording and the rates are not news; they are in what is told.
        """
        self._publisher.subscribe(listener)

    def unsubscribe(self, listener: StatusListener) -> None:
        """Call `listener` no more; one call may still be under way."""
        self._publisher.unsubscribe(listener)

    def history(self) -> LoopPictures:
        """Every picture captured in the last seconds, oldest first."""
        return self._loop.pictures()

    def look_back(self, pictures: LoopPictures | None, position: int = 0) -> None:
        """A freeze looks at a picture; it is analysed at once, then those beside it, outwards.

        Args:
            pictures: All that the freeze holds on to; None when it has ended.
            position: Of the one looked at.
        """
        self._frozen = pictures is not None
        self._count_or_not()
        self._loop.hold(pictures)
        self._looking_back.look_at(pictures, position)

    def status(self) -> SessionStatus:
        """The session at this moment."""
        capture, analysis = self._capture.state, self._analysis.state
        live = capture.source is not None and capture.source.live
        return SessionStatus(
            play_state=capture.play_state,
            source=capture.source,
            index=capture.index,
            time_s=capture.time_s,
            signal_age_s=time.monotonic() - capture.newest_at_s if live else 0.0,
            play_message=capture.message,
            model_state=analysis.model_state,
            model_message=analysis.message,
            card=analysis.card,
            engine=analysis.engine,
            device=analysis.device,
            stats=self._rates.stats(self._frames.dropped),
            waits_for=self._capture.waits_for,
            opens_beside=self._capture.opens_beside,
        )

    def stop(self) -> None:
        """End all workers; they have ended when this returns."""
        self._capture.stop()
        self._analysis.stop()
        self._loop.stop()
        self._publisher.stop()

    # --- called by the workers --------------------------------------------------------------

    def _captured(self, frame: Frame) -> None:
        self._rates.captured()
        if self._analysis.state.model_state is ModelState.READY:
            self._keeping_up.captured(frame.frame_id)
        self._raw = raw = View(frame)
        self._loop.add(frame)
        self._frames.put(frame)
        for watcher in self._watchers:
            watcher(raw)

    def _capture_changed(self) -> None:
        self._count_or_not()
        self._publisher.changed()

    def _count_or_not(self) -> None:
        """Rates are those of a picture that moves and is looked at."""
        moving = self._capture.state.play_state is PlayState.PLAYING
        self._rates.set_counting(moving and not self._frozen)

    def _was_analysed(self, frame: Frame) -> bool:
        newest = self._newest
        return newest is not None and newest.frame is frame and newest.analysis is not None

    def _begun(self, frame: Frame) -> None:
        for watcher in self._analysis_watchers:
            watcher(frame)

    def _restarted(self) -> None:
        with self._shown:
            self._frames.clear()
            self._rates.reset()
            self._loop.clear()
            self._keeping_up.forget()
        self._analysis.break_sequence()

    def _show(self, view: View) -> None:
        with self._shown:
            source = self._capture.state.source
            if source is None or view.frame.source_id != source.source_id:
                return  # a result of a source that was closed meanwhile
            self._loop.put_result(view)
            self._newest = view
            self._keeping_up.analysed(view.frame.frame_id)
            self.confidences.add(view)
            if view.analysis is not None:
                if view.analysis.own_box is not None:
                    self._rates.box_found()
                self._rates.analysed(view.analysis)  # last: what is counted can be seen
        if view.analysis is not None:
            for watcher in self._watchers:
                watcher(view)

    def _completed(self, view: View) -> None:
        """The box of a picture came behind its label."""
        with self._shown:
            source = self._capture.state.source
            if source is not None and view.frame.source_id == source.source_id:
                self._show_completed(view)
        self._tell_completed(view)

    def _tell_completed(self, view: View) -> None:
        # An exam may wait for it that ended with its source.
        for watcher in self._completed_watchers:
            watcher(view)

    def _show_completed(self, view: View) -> None:
        if view.analysis is not None and view.analysis.own_box is not None:
            self._rates.box_found()
        if view.steady is not None:  # else what is shown would lose its steady label
            self._loop.put_result(view)
            if self._newest is not None and self._newest.frame is view.frame:
                self._newest = view
