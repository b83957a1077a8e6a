"""What the review page does: holds the review under way and carries out what the user asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from sonoassist.core.planes import BY_KEY, DISPLAY_ORDER
from sonoassist.gui.acts import Act
from sonoassist.gui.controller import Controller
from sonoassist.gui.review.corrector import Corrector
from sonoassist.gui.review.finder import Finder
from sonoassist.gui.review.opener import ReviewOpener
from sonoassist.gui.review.player import PlaybackClock
from sonoassist.gui.review.span import Span
from sonoassist.live.status import Level, Notice, View
from sonoassist.recordings.correction_store import CorrectionStore
from sonoassist.recordings.corrections import Corrections
from sonoassist.recordings.records import Progress, RunState
from sonoassist.review.candidates import Peak
from sonoassist.review.contradictions import (
    Contradiction,
    NetworkWord,
    contradiction,
    contradictions,
)
from sonoassist.review.shown import Shown
from sonoassist.review.views import RecordingViews

if TYPE_CHECKING:
    from sonoassist.review.session import FrameLook as Wish
    from sonoassist.review.session import ReviewSession

TICK_MS = 25
WISHED = 32
"""So many pictures that were wished for while somebody scrubs are waited for."""
RESTING_MS = 1500
"""So long after the last step the place is kept: a crash forgets no more than that."""
SETTLED_MS = 600
"""Settings that change so quickly one after another are taken together."""
_KEYS = tuple(plane.key for plane in DISPLAY_ORDER)


class ReviewDesk(QObject):
    """Opens, steps, chooses, corrects; tells the page what to draw.

    Args:
        controller: Of the window: settings, jobs, notices, and how a model is made.
        reviews: Where reviews are kept.

    Attributes:
        span: What the timeline shows.
        resting: Runs while the person goes from frame to frame.

    Signals:
        opened: Another review is under way, or none.
        moved: Another frame or another plane is looked at.
        view_changed: The picture to draw has come.
        words_changed: Candidates or corrections have changed.
        progressed: The analysis has come further, or the state of opening has changed.
        played: Playing has begun or ended.
        pictures_came: Small pictures have come.
    """

    opened = pyqtSignal()
    moved = pyqtSignal()
    view_changed = pyqtSignal()
    words_changed = pyqtSignal()
    progressed = pyqtSignal()
    played = pyqtSignal()
    pictures_came = pyqtSignal()
    _ready = pyqtSignal()

    def __init__(self, controller: Controller, reviews: CorrectionStore) -> None:
        super().__init__()
        self._controller = controller
        self.index = 0
        self.plane = _KEYS[0]
        self.span = Span.whole(1)
        self.view: View | None = None
        self._asked_again: View | None = None
        self._trouble = ""
        self._wished: list[Wish] = []
        self.paused = False
        self._shown = False
        self._progress: Progress | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)
        self._ready.connect(self._on_ready)
        self.words = Corrector(controller)
        self.opener = ReviewOpener(controller, reviews, self._ready.emit, lambda: self._held)
        self.opener.opened.connect(self._on_opened)
        self.opener.model_came.connect(self._on_model)
        self.words.changed.connect(self._on_words)
        self.player = PlaybackClock()
        self.finder = Finder(controller)
        self.finder.found.connect(self.words_changed)
        self.finder.found.connect(self.view_changed)  # it says which view a frame lies in
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(SETTLED_MS)
        self._settling.timeout.connect(self._begin_anew)
        self.resting = QTimer(self)
        self.resting.setSingleShot(True)
        self.resting.setInterval(RESTING_MS)
        self.resting.timeout.connect(self._keep_place)
        self.moved.connect(self.resting.start)
        controller.settings_changed.connect(self._on_settings)

    # -- opening and closing ---------------------------------------------------------------

    @property
    def session(self) -> ReviewSession | None:
        """The review under way, or None."""
        return self.opener.session

    def open(self, spec: str) -> None:
        """Review another recording; what was reviewed before is kept."""
        self.close()
        self.opener.open(spec)

    def _on_settings(self) -> None:
        if self.opener.outdated:
            self._settling.start()
        self.look_again()

    def _begin_anew(self) -> None:
        """The analysis as the settings ask for it now; all that was said stays."""
        if self.opener.outdated:
            self.note("Opened again with the changed settings")
            self.open(self.opener.spec)

    def _on_opened(self) -> None:
        session = self.session
        self._warn(session.warnings if session is not None else ())
        self.view, self._progress, self._trouble = None, None, ""
        self._wished.clear()
        self.finder.show_session(session)
        self._go_back(session)
        self.words.show_session(session)
        self.opened.emit()
        self.moved.emit()
        self.look_again()

    def _go_back(self, session: ReviewSession | None) -> None:
        """To where the person was in this recording the last time."""
        self.index, self.span = 0, Span.whole(self.count)
        if session is None:
            return
        shown = session.shown
        self.index, self.plane = session.place, shown.plane or _KEYS[0]
        if shown.last:
            self.span = Span(shown.first, shown.last, self.count)

    def _keep_place(self) -> None:
        """Where the person is, unless it plays: then it is kept when that ends."""
        if self.playing:
            self.resting.start()
        elif self.session is not None:
            self.session.keep_place(self.index, self._shown_now)

    @property
    def _shown_now(self) -> Shown:
        return Shown(self.plane, self.span.first, self.span.last)

    def _warn(self, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            self._controller.session.notices.put(Notice(Level.WARNING, sentence))

    def _on_model(self) -> None:
        if self.session is not None:
            self.session.pause(self._held)
            self.session.look_at(self.index)
            self.session.views.forget()  # what was fetched without a model has no result
            self.look_again()
        self.progressed.emit()

    @property
    def _held(self) -> bool:
        """Whether the analysis waits: for the user, or while another page is shown."""
        return self.paused or not self._shown

    def close(self) -> None:
        """Leave the review; what was said and found is on the disk."""
        self.resting.stop()
        self.stop_playing()
        self.opener.close(self.index, self._shown_now)

    def let_go(self, exam_id: str) -> None:
        """Leave the review of an exam that is to be deleted."""
        if self.session is not None and self.session.recording.exam_id == exam_id:
            self.close()

    def stop(self) -> None:
        """End everything; nothing runs when this returns."""
        self._timer.stop()
        self._settling.stop()
        self.resting.stop()
        self.stop_playing()
        self.opener.stop(self.index, self._shown_now)

    def enter(self) -> None:
        """The page is shown: the analysis goes on."""
        self._shown = True
        self._timer.start()
        if self.session is not None:
            self.session.pause(self.paused)

    def leave(self) -> None:
        """Another page is shown: what is watched live comes before the analysis."""
        self._shown = False
        self._timer.stop()
        self.stop_playing()
        if self.session is not None:
            self.session.pause(True)

    # -- going to frames -------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Frames of the recording."""
        return len(self.session.table) if self.session is not None else 0

    def go(self, index: int) -> None:
        """Look at a frame."""
        if self.session is None:
            return
        index = min(max(index, 0), self.count - 1)
        if index != self.index:
            self.index, self._trouble = index, ""
            self.session.look_at(index)
            self.moved.emit()
            self.look_again()

    def step(self, frames: int) -> None:
        """So many frames on; playing ends."""
        self.step_to(self.index + frames)

    def step_to(self, index: int) -> None:
        """Look at a frame; playing ends."""
        self.stop_playing()
        self.go(index)

    def seek(self, index: int) -> None:
        """Go to a frame; playing goes on from there."""
        self.go(index)
        if self.playing and self.session is not None:
            self.player.start(self.session.table.times_s, self.index)

    @property
    def playing(self) -> bool:
        """Whether it plays."""
        return self.player.playing

    def toggle_play(self) -> None:
        """Play or pause."""
        if self.playing:
            self.stop_playing()
        elif self.session is not None:
            if self.index >= self.count - 1:
                self.go(0)
            self.player.start(self.session.table.times_s, self.index)
            self.played.emit()

    def stop_playing(self) -> None:
        """Pause."""
        if self.player.stop():
            self.played.emit()

    def _play_on(self) -> None:
        came = self.view is not None and self.view.frame.index == self.index
        if not came and not self.frame_trouble:
            return  # the picture asked for last is still on its way
        self.go(self.player.due())
        if self.index >= self.count - 1:
            self.stop_playing()

    # -- planes and candidates -------------------------------------------------------------

    @property
    def candidates(self) -> Mapping[str, tuple[Peak, ...]]:
        """Key of a plane -> its candidates, best first; empty before anything is known."""
        return self.finder.candidates

    @property
    def views(self) -> RecordingViews | None:
        """The views of the recording; None before anything is known."""
        return self.finder.views

    @property
    def surveyed(self) -> bool:
        """Whether the views are those of all of the recording; else nothing is missing yet."""
        return self.views is not None and self.views.surveyed

    @property
    def missing(self) -> list[str]:
        """Keys of the planes without a sure frame."""
        return self.finder.missing

    def pick(self, plane: str, *, jump: bool = True) -> None:
        """Choose a row; look at the frame that stands for it."""
        if self.session is None:
            return
        self.plane = plane
        frame = self.best_of(plane)
        if jump and frame is not None:
            self.stop_playing()
            self.go(frame)
        self.moved.emit()

    def step_plane(self, rows: int) -> None:
        """Choose another row."""
        row = min(max(_KEYS.index(self.plane) + rows, 0), len(_KEYS) - 1)
        self.pick(_KEYS[row])

    def best_of(self, plane: str) -> int | None:
        """The frame that stands for a plane: the chosen one, else the best candidate."""
        peaks = self.candidates.get(plane, ())
        return self.corrections.best.get(plane, peaks[0].frame if peaks else None)

    def step_candidate(self, steps: int) -> None:
        """The next candidate of the plane, best first; from anywhere else to the best one."""
        frames = [peak.frame for peak in self.candidates.get(self.plane, ())]
        if not frames:
            name = BY_KEY[self.plane].label
            self.note(f"There is no candidate for {name} yet")
            return
        self.stop_playing()
        at = frames.index(self.index) + steps if self.index in frames else 0
        self.go(frames[at % len(frames)])

    def next_missing(self) -> None:
        """The next plane without a sure frame."""
        left = [key for key in _KEYS if key in self.missing]
        if self.session is None:
            return
        if not left:
            self.note("Nothing was looked for yet" if self.views is None else "No plane is missing")
            return
        here = _KEYS.index(self.plane)
        self.pick(next((key for key in left if _KEYS.index(key) > here), left[0]))

    def to_mark(self, way: int) -> None:
        """The next marked frame (1), or the one before (-1)."""
        frame = self.words.mark_beside(self.index, way)
        if frame is not None:
            self.step_to(frame)
        elif self.session is not None:
            self.note("No frame is marked yet", f"{self._controller.key(Act.MARK)} marks one")

    @property
    def corrections(self) -> Corrections:
        """All that the person said."""
        return self.words.corrections

    @property
    def threshold(self) -> float:
        """Probability below which no plane is named in this recording."""
        judge = None if self.session is None else self.session.judge
        return self._controller.threshold if judge is None else judge.analyser.threshold

    def contradiction(self, plane: str, frame: int) -> Contradiction | None:
        """What speaks against a frame that is, or would be, the best one of a plane."""
        if self.session is None:
            return None
        word = NetworkWord.of_result(self.session.table.result(frame))
        if word is None and self.view is not None and self.view.frame.index == frame:
            word = NetworkWord.of_analysis(
                self.view.analysis
            )  # seen on screen before its turn came
        return contradiction(plane, frame, word, self.corrections, self.threshold)

    def contradictions(self) -> tuple[Contradiction, ...]:
        """The chosen frames that are called something else."""
        if self.session is None:
            return ()
        return contradictions(self.session.table, self.corrections, self.threshold)

    def _on_words(self) -> None:
        self.words_changed.emit()
        self.view_changed.emit()
        self.finder.look()

    # -- the analysis ----------------------------------------------------------------------

    def toggle_analysis(self) -> None:
        """Pause the analysis, or let it go on; where it failed, try again."""
        progress = self.progress
        if progress is not None and progress.state is RunState.FAILED:
            self._try_again()
            return
        self.paused = not self.paused
        if self.session is not None:
            self.session.pause(self._held)
        self.progressed.emit()

    def _try_again(self) -> None:
        self.paused = False
        if self.opener.model_trouble:
            self.opener.load_again()
        elif self.session is not None:
            self.session.try_again()
            self.session.pause(self._held)
            self.session.look_at(self.index)
        if self.session is not None:
            self.session.views.forget()
            self.session.smalls.forget()
            self.look_again()
        self.progressed.emit()

    @property
    def progress(self) -> Progress | None:
        """How far the analysis is; None without a review."""
        if self.session is None:
            return None
        if self.opener.model_trouble:
            done, why = self.session.table.done, self.opener.model_trouble
            return Progress(RunState.FAILED, done, self.count, message=why)
        return self.session.progress()

    def key(self, act: Act) -> str:
        """The key of an action as it is shown."""
        return self._controller.key(act)

    def note(self, title: str, hint: str = "") -> None:
        """Tell the user something."""
        self._controller.note(title, hint)

    # -- news ------------------------------------------------------------------------------

    def tick(self) -> None:
        """Look for news; cheap when there are none."""
        if self.session is None:
            return
        if self.playing:
            self._play_on()
        progress = self.progress
        if progress != self._progress:
            self._progress = progress
            self._warn(self.session.take_notices())
            self.progressed.emit()
            if progress is not None and progress.state is RunState.DONE:
                self.finder.hurry()
        if self._wants_result() and self.view is not self._asked_again:
            self._asked_again = self.view  # once: what is on its way must not be given up
            self.session.views.forget()
            self.look_again()
        self.finder.look_again()

    def _wants_result(self) -> bool:
        view, session = self.view, self.session
        if view is None or session is None or view.analysis is not None or self.playing:
            return False
        if view.frame.index != self.index:
            return False  # the picture asked for last is still on its way
        known = session.table.result(view.frame.index)
        return known is not None and known.state is not None

    def _wish(self, session: ReviewSession) -> Wish:
        """The picture of the frame, with the heat map where that is on."""
        settings = self._controller.settings
        return session.look(self.index, evidence=settings.show_heat, guided=settings.guided_heat)

    def look_again(self) -> None:
        """Wish for the frame looked at, in place of what was wished for before."""
        if self.session is not None and not self._take(self.session):
            wish = self._wish(self.session)
            self._wished = [*self._wished[-WISHED:], wish]
            self.session.views.want([wish])

    def _on_ready(self) -> None:
        if self.session is not None:
            if not self._take(self.session):
                self._take_earlier(self.session)
            self.pictures_came.emit()

    def _take_earlier(self, session: ReviewSession) -> None:
        """While somebody scrubs faster than pictures are read, the newest one is shown."""
        for at in reversed(range(len(self._wished))):
            view = session.views.got(self._wished[at])
            if view is not None:
                del self._wished[: at + 1]
                self.view = view
                self.view_changed.emit()
                return

    def _take(self, session: ReviewSession) -> bool:
        look = self._wish(session)
        view = session.views.got(look)
        if view is not None:
            self._wished.clear()
        if view is not None and view is not self.view:
            self.view = view
            self.view_changed.emit()
        trouble = session.views.trouble(look)
        if trouble or trouble != self._trouble:
            self._trouble = trouble
            self.view_changed.emit()
        return view is not None

    @property
    def frame_trouble(self) -> str:
        """Why the frame looked at cannot be shown, or ""."""
        return self._trouble

    @property
    def shown(self) -> int | None:
        """The frame on screen, of which everything is said; None before the first one.

        While the picture of the frame looked at is still being read it is the one before.
        """
        if self._trouble:
            return self.index
        return self.view.frame.index if self.view is not None else None
