"""The analysis worker: owns the model, turns frames into views."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from sonoassist.analysis.box_wish import BoxWish
from sonoassist.core.errors import ModelError, SonoAssistError, window_text
from sonoassist.core.packets import Analysis, Frame, State
from sonoassist.live.cadence import Cadence
from sonoassist.live.looking_back import LookingBack, Wanted
from sonoassist.live.slots import NewestSlot
from sonoassist.live.status import Level, ModelState, Notice, Notices, View
from sonoassist.model.card import Card
from sonoassist.temporal.steady import SteadyLabel
from sonoassist.temporal.steady_hints import SteadyHints

if TYPE_CHECKING:
    from sonoassist.analysis.analyser import Analyser, AnalyserOptions
    from sonoassist.temporal.hint_meter import HintMeter

IDLE_S = 0.2
STANDS_S = 0.15
"""A picture without a newer one for so long stands: there is time for its own box."""
MOST_UNBOXED = 13
"""Pictures that wait for their box; the oldest are given up."""

Found = TypeVar("Found")
Loader = Callable[[], "Analyser"]
LateResult = Callable[[Analysis, float], None]
"""Takes a result that was found out of turn, and the threshold in force."""


@dataclass(frozen=True, slots=True)
class AnalysisState:
    """The analysis worker at one moment; replaced as a whole, never changed."""

    model_state: ModelState = ModelState.MISSING
    message: str = ""
    card: Card | None = None
    engine: str = ""
    device: str = ""


class AnalysisWorker:
    """Analyses the newest frame, again and again, on a thread of its own.

    Without a model, or when the analysis fails, the raw frames are passed on: a picture
    without a result is shown as such, and the state says why.

    The picture of a freeze that is looked at goes before the newest frame; its neighbours take
    turns with the newest ones, so that what is behind a freeze goes on.

    Args:
        slot: Where the frames come from.
        deliver: Takes each view.
        complete: Takes a view again whose box has come behind its label.
        box_given_up: Takes a view whose box was asked for, and is not looked for any more.
        begun: Called with each frame that the analyser is about to look at.
        changed: Called whenever the state is another one.
        notices: For the user.
        looking_back: Gives the pictures of a freeze.
        deliver_late: Takes the results of those.
        waited_for: Whether the source waits for the analysis: each frame then has its own box.
    """

    def __init__(
        self,
        slot: NewestSlot[Frame],
        deliver: Callable[[View], None],
        complete: Callable[[View], None],
        box_given_up: Callable[[View], None],
        begun: Callable[[Frame], None],
        changed: Callable[[], None],
        notices: Notices,
        looking_back: LookingBack,
        deliver_late: LateResult,
        waited_for: Callable[[], bool],
    ) -> None:
        self._slot = slot
        self._deliver = deliver
        self._complete = complete
        self._box_given_up = box_given_up
        self._cadence = Cadence()
        self._begun = begun
        self._changed = changed
        self._notices = notices
        self._looking_back = looking_back
        self._deliver_late = deliver_late
        self._waited_for = waited_for
        self._newest_first = False
        self._analyser: Analyser | None = None
        self._steady: SteadyLabel | None = None
        self._lock = threading.Lock()
        self._loader: Loader | None = None
        self._changes: Mapping[str, Any] = {}
        self._last: Frame | None = None
        self._again = self._looked_at_again = False
        self._before: Analysis | None = None
        self._unboxed: deque[View] = deque()
        self._standing: View | None = None
        self._stands_since_s = 0.0
        self._broken_sequence = False
        self._meter: HintMeter | None = None
        self._steady_hints = SteadyHints()
        self._stopping = threading.Event()
        self._state = AnalysisState()
        self._thread = threading.Thread(target=self._run, name="analysis", daemon=True)
        self._thread.start()

    @property
    def state(self) -> AnalysisState:
        """As it is now."""
        return self._state

    # --- asked for by other threads -------------------------------------------------------

    def load(self, loader: Loader) -> None:
        """Load a model on the thread; only the newest wish counts."""
        with self._lock:
            self._loader = loader
            # At once: "no model" must not be on screen until the thread has taken the wish.
            self._state = AnalysisState(ModelState.LOADING)
        self._changed()

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change options from the next frame on, and look at the last frame again.

        Args:
            changes: Fields of `AnalyserOptions` and their new values.
        """
        with self._lock:
            self._changes = {**self._changes, **changes}

    def tell_loading(self, step: str) -> None:
        """A loader says what it does now; without meaning unless a model is being loaded."""
        if self.state.model_state is ModelState.LOADING:
            self._become(AnalysisState(ModelState.LOADING, step))

    def want_box(self, view: View) -> None:
        """Find the box of a picture that has a label; `complete` takes it, or `box_given_up`."""
        with self._lock:
            self._unboxed.append(view)
            full = len(self._unboxed) > MOST_UNBOXED or self._stopping.is_set()
            oldest = self._unboxed.popleft() if full else None
        if oldest is not None:
            self._box_given_up(oldest)
        self._slot.wake()

    def break_sequence(self) -> None:
        """The next frame does not follow the last one."""
        with self._lock:
            self._broken_sequence = True
            self._last = None

    def stop(self) -> None:
        """End the thread; it has ended when this returns."""
        self._stopping.set()
        self._slot.close()
        self._thread.join()

    # --- on the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001  (the top of the thread: report, go on)
                self._give_up(window_text(error), traceback.format_exc())
        with self._lock:
            left = [self._unboxed.popleft() for _ in range(len(self._unboxed))]
        for view in left:
            self._box_given_up(view)
        if self._analyser is not None:
            self._analyser.close()

    def _turn(self) -> None:
        self._take_wishes()
        wanted = self._wanted()
        if wanted is not None:
            self._look_back(wanted)
            return
        self._find_wanted_box()
        frame = self._slot.take(0.0 if self._again else IDLE_S)
        self._take_break()  # after waiting: the frame may be the first behind the break
        self._looked_at_again = frame is None and self._again
        if self._looked_at_again:
            frame = self._last
        self._again = False
        if self._stopping.is_set():
            return
        if frame is None:
            self._box_of_standing()
        else:
            self._last = frame
            view = View(frame)
            try:
                view = self._view(frame)
            finally:
                # Whatever went wrong, the picture itself is shown.
                self._deliver(view)
            self._standing, self._stands_since_s = self._finish_box(view), time.monotonic()

    def _box_of_standing(self) -> None:
        """Nothing newer has come, as in a pause: its own box, where it lacks one."""
        if time.monotonic() - self._stands_since_s < STANDS_S:
            return  # another thread has woken this one
        view, self._standing = self._standing, None
        if view is not None and view.analysis is not None and view.analysis.lacks_box:
            self.want_box(view)

    def _find_wanted_box(self) -> None:
        """The box of one picture that is kept; there is one now and then."""
        with self._lock:
            view = self._unboxed.popleft() if self._unboxed else None
        if view is None:
            return
        analysis = None
        try:
            analysis = self._looked_back_at(view)
        finally:
            # Whatever went wrong: somebody may wait for it.
            if analysis is None:
                self._box_given_up(view)
        if analysis is not None:
            # It is kept or looked at: with the box of this very picture.
            steady = None if view.steady is None else replace(view.steady, box=None)
            self._complete(view.looked_at(analysis, steady))

    def _looked_back_at(self, view: View) -> Analysis | None:
        """The picture's result with its own box; None where its label was found by other rules."""
        analyser, last = self._analyser, self._last
        if analyser is None or _by_other_rules(view, analyser):
            return None
        if last is not None and last.source_id != view.frame.source_id:
            return None  # the field of view that is held by now is that of another source
        return self._judged(lambda: analyser.look_back(view.frame))

    def _wanted(self) -> Wanted | None:
        """The picture of a freeze whose turn it is."""
        wanted = self._looking_back.next() if self._analyser is not None else None
        if wanted is None or wanted.looked_at:
            return wanted
        self._newest_first = not self._newest_first
        return None if self._newest_first and (self._slot.full or self._again) else wanted

    def _look_back(self, wanted: Wanted) -> None:
        analyser = self._analyser
        assert analyser is not None
        wanted.picture.failed = True  # unless it comes to an end
        analysis = self._judged(lambda: analyser.look_back(wanted.frame))
        if analysis is not None:
            self._deliver_late(analysis, analyser.threshold)
            wanted.picture.failed = False

    def _take_wishes(self) -> None:
        with self._lock:
            loader, self._loader = self._loader, None
            changes, self._changes = self._changes, {}
        if loader is not None:
            self._load(loader)
        if changes and self._analyser is not None:
            self._use(replace(self._analyser.options, **changes))

    def _hint_meter(self) -> HintMeter:
        """Measures the sequence under way."""
        if self._meter is None:
            # Not at the top: the window is up before OpenCV is loaded.
            from sonoassist.temporal.hint_meter import HintMeter

            self._meter = HintMeter()
        return self._meter

    def _forget_hints(self) -> None:
        """What comes follows another sequence, or has its boxes by other rules."""
        self._meter, self._steady_hints = None, SteadyHints()

    def _take_break(self) -> None:
        with self._lock:
            broken, self._broken_sequence = self._broken_sequence, False
        if broken:
            self._standing = None
            self._cadence.restart()
            self._forget_hints()
            if self._steady is not None:
                self._steady.reset()

    def _load(self, loader: Loader) -> None:
        self._become(AnalysisState(ModelState.LOADING))
        old, self._analyser = self._analyser, None
        if old is not None:
            old.close()
        try:
            analyser = loader()
        except SonoAssistError as error:
            missing = isinstance(error, ModelError) and "no model is installed" in error.message
            state = ModelState.MISSING if missing else ModelState.FAILED
            if not missing:
                self._notices.put(Notice.of(error))
            self._become(AnalysisState(state, error.in_window()), result=True)
            return
        self._analyser = analyser
        self._steady = SteadyLabel(analyser.threshold)
        self._forget_hints()
        self._use(analyser.options)
        self._become(_ready(analyser), result=True)

    def _use(self, options: AnalyserOptions) -> None:
        assert self._analyser is not None
        assert self._steady is not None
        old, before = self._analyser.options, self._analyser.threshold
        self._analyser.configure(options)
        if options.crop != old.crop or self._analyser.threshold != before:
            # What was smoothed or held so far was judged by other rules.
            self._steady.reset()
        if not options.finds_as(old):
            self._steady.drop_box()
            self._forget_hints()
        self._steady.threshold = self._analyser.threshold
        # What is on screen was made with the old options: look at it again.
        self._again = self._last is not None

    def _view(self, frame: Frame) -> View:
        if self._analyser is None or self._steady is None:
            return View(frame)
        self._begun(frame)
        analyser, steady = self._analyser, self._steady
        wish = self._wish(frame, analyser)
        began_s = time.monotonic()
        analysis = self._judged(lambda: analyser.analyse(frame, wish))
        if analysis is None:
            return View(frame)
        self._before = analysis
        background = analysis.prediction.is_background
        self._cadence.took(wish, time.monotonic() - began_s, background=background)
        state = steady.update(analysis)
        hints = self._hint_meter().measure(analysis)
        return View(frame, analysis, state, hints, self._steady_hints.update(state, hints, frame))

    def _wish(self, frame: Frame, analyser: Analyser) -> BoxWish:
        """How the frame's box is come by: its own where somebody looks at it for longer."""
        stays = self._looked_at_again or frame.still or analyser.options.heat
        if stays or self._waited_for():
            return BoxWish.OWN
        before = self._before
        return self._cadence.wish(
            frame.frame_id,
            frame.captured_at_s,
            named=before is not None and before.state is State.PLANE,
            background=before is not None and before.prediction.is_background,
            now_s=time.monotonic(),
        )

    def _finish_box(self, view: View) -> View:
        """Find the box that its label has not waited for; returns the view with it."""
        analyser = self._analyser
        if analyser is None or view.analysis is None or not analyser.unfinished:
            return view  # without a result, what is unfinished is of an earlier picture
        if not self._cadence.finishes:
            return view
        began_s = time.monotonic()
        analysis = self._judged(analyser.finish_box)
        self._cadence.box_took(time.monotonic() - began_s)
        if analysis is not None:
            steady = view.steady
            if self._steady is not None and steady is not None:
                steady = self._steady.complete(analysis)
            hints = self._hint_meter().complete(view.hints, analysis)
            view = replace(view, analysis=analysis, steady=steady, hints=hints)
            self._complete(view)
        return view

    def _judged(self, judge: Callable[[], Found | None]) -> Found | None:
        """A result, or None where the analysis fails; the state says which."""
        assert self._analyser is not None
        try:
            analysis = judge()
        except SonoAssistError as error:
            self._give_up(error.in_window(), "", Notice.of(error))
            return None
        for sentence in self._analyser.engine.take_notices():
            self._notices.put(Notice(Level.WARNING, sentence))
        state, ready = self.state, _ready(self._analyser)
        # It works again, or another engine has taken over; unless another model is asked for.
        if state.model_state is not ModelState.LOADING and state != ready:
            self._become(ready)
        return analysis

    def _become(self, state: AnalysisState, *, result: bool = False) -> None:
        """Be in a state.

        Args:
            state: It.
            result: It is what came of loading: without meaning where another model is asked for.
        """
        with self._lock:
            if result and self._loader is not None:
                return
            before, self._state = self._state, state
        if state != before:
            self._changed()

    def _give_up(self, message: str, details: str, notice: Notice | None = None) -> None:
        """Say once that the analysis fails; it is tried again with each frame."""
        if self.state.model_state is not ModelState.FAILED or self.state.message != message:
            self._notices.put(
                notice or Notice(Level.ERROR, f"the analysis failed: {message}", "", details)
            )
        card = self._analyser.card if self._analyser is not None else None
        self._become(AnalysisState(ModelState.FAILED, message, card))


def _by_other_rules(view: View, analyser: Analyser) -> bool:
    """Whether another model, or another crop, has named what the picture shows."""
    made = None if view.analysis is None else view.analysis.provenance
    if made is None:
        return False
    now = analyser.provenance
    # The precision may have changed meanwhile: it names the same planes.
    return (made.weights_sha256, made.network_input, made.crop) != (
        now.weights_sha256,
        now.network_input,
        now.crop,
    )


def _ready(analyser: Analyser) -> AnalysisState:
    """A model that runs, and what ran its last frame."""
    engine = analyser.engine
    words = f"{engine.name} {engine.precision}"
    return AnalysisState(ModelState.READY, card=analyser.card, engine=words, device=engine.device)
