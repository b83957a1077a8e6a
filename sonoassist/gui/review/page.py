"""The review page: picture, side column and timeline; keys; what lies over them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sonoassist.core.planes import BY_KEY
from sonoassist.gui.action_set import ActionSet, PlaceKeys
from sonoassist.gui.actions import PLANE_ACTS
from sonoassist.gui.acts import Act, Place
from sonoassist.gui.controller import Controller
from sonoassist.gui.elided import wrappable
from sonoassist.gui.exam_marks import pixmap_of
from sonoassist.gui.file_dialogs import CORRECTIONS, ask_path
from sonoassist.gui.questions import Questions
from sonoassist.gui.review.box_view import BoxView
from sonoassist.gui.review.boxer import Boxer
from sonoassist.gui.review.chooser import Chooser, choose_text
from sonoassist.gui.review.curve import RecordingCurve
from sonoassist.gui.review.desk import ReviewDesk
from sonoassist.gui.review.exporter import Exporter
from sonoassist.gui.review.notes import Notes
from sonoassist.gui.review.over import Over
from sonoassist.gui.review.screens import screen_of
from sonoassist.gui.review.side import ReviewSide
from sonoassist.gui.review.span import Span
from sonoassist.gui.review.status import status_items, warning_of
from sonoassist.gui.review.texts import (
    best_tiles,
    candidate_tiles,
    found_text,
    none_text,
    verdict_of,
    waiting_text,
    where_text,
)
from sonoassist.gui.review.timeline import TimelineRows
from sonoassist.gui.scrolling import ColumnArea
from sonoassist.gui.status_line import StatusItem
from sonoassist.gui.theme import Look
from sonoassist.gui.verdict import Verdict, VerdictKind

ASPECT = 4 / 3
PICTURE_SHARE = 0.62
"""The picture takes at most so much of the width; the column beside it needs the rest."""
SIDE_PX = 330
LOW_FROM_PX = 930
"""A page lower than this (at scale 1) has smaller pictures and lower rows."""
LOW_SIDE_FROM_PX = 560
"""A column lower than this has its small pictures in less room."""
CURVE_ALONE_PX = 620
"""On a page lower than this the curves take the place of the rows."""


class ReviewPage(QWidget):
    """Arranges the widgets, and draws what the desk has.

    Args:
        desk: Of the review.
        controller: Of the window.
        actions: Of the window, for what can be clicked in the picture.
        questions: Opens sheets over the window.
        look: Theme and size.

    Signals:
        practice_asked: The person wants to practise on the recording; arg: what opens it.
    """

    practice_asked = pyqtSignal(str)

    def __init__(
        self,
        desk: ReviewDesk,
        controller: Controller,
        actions: ActionSet,
        questions: Questions,
        look: Look,
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.desk = desk
        self._controller = controller
        self._look = look
        self.notes = Notes(desk, questions.ask_words)
        self.chooser = Chooser(desk, questions.show)
        self.exporter = Exporter(self._ask_folder, desk, self.chooser, questions.show)
        self.viewport = BoxView(look)
        self.boxer = Boxer(desk, self.viewport)
        handlers = self._handlers()
        self.side = ReviewSide(look, handlers)
        self.timeline = TimelineRows(look)
        self.curve = RecordingCurve(desk, self.timeline, look)
        self.over = Over(self, self.viewport, desk, self.timeline, self.chooser.choose_frame, look)
        self._row = QHBoxLayout()
        self._column = QVBoxLayout(self)
        self._row.addWidget(self.viewport)
        self.side_area = ColumnArea(self.side)
        self._row.addWidget(self.side_area, 1)
        self._column.addLayout(self._row, 1)
        self._column.addWidget(self.curve)
        self._column.addWidget(self.timeline)
        self.keys = PlaceKeys(self, self.place, handlers, look.keys)
        self.over.keys_wanted.connect(self.keys.listen)
        self.viewport.asked.connect(lambda act: actions[act].trigger())
        self._connect()
        self.set_look(look)
        self._show_opened()

    # -- building --------------------------------------------------------------------------

    def _handlers(self) -> dict[Act, Callable[[], None]]:
        desk, words = self.desk, self.desk.words
        return {
            Act.BACK: lambda: desk.step(-1),
            Act.FORWARD: lambda: desk.step(1),
            Act.BACK_MORE: lambda: desk.step(-10),
            Act.FORWARD_MORE: lambda: desk.step(10),
            Act.START: lambda: desk.step(-desk.count),
            Act.END: lambda: desk.step(desk.count),
            Act.FREEZE: desk.toggle_play,
            Act.PLAY: desk.toggle_play,
            Act.ITEM_UP: lambda: desk.step_plane(-1),
            Act.ITEM_DOWN: lambda: desk.step_plane(1),
            Act.CANDIDATE_ON: lambda: desk.step_candidate(1),
            Act.CANDIDATE_BACK: lambda: desk.step_candidate(-1),
            Act.NEXT_OPEN: desk.next_missing,
            Act.CAPTURE: self.chooser.choose,
            Act.COMPARE: lambda: self.over.begin_compare(),
            Act.NAME_FRAMES: lambda: self.over.ask_label(),
            Act.RANGE_IN: lambda: words.select_end(desk.index, first=True),
            Act.RANGE_OUT: lambda: words.select_end(desk.index, first=False),
            Act.MARK_ON: lambda: desk.to_mark(1),
            Act.MARK_BACK: lambda: desk.to_mark(-1),
            Act.TO_PRACTICE: self._practise,
            Act.MARK: lambda: words.toggle_mark(desk.index),
            Act.NOTE_FRAME: self.notes.on_frame,
            Act.NOTE: self.notes.on_recording,
            Act.UNDO: words.undo,
            Act.REDO: words.redo,
            Act.DRAW_BOX: self.boxer.toggle,
            Act.NETWORK_BOX: self.boxer.take,
            Act.TAKE_BACK: self.boxer.delete,
            Act.BOX: lambda: self._controller.flip("show_box"),
            Act.HEAT: lambda: self._controller.flip("show_heat"),
            Act.GUIDED: lambda: self._controller.flip("guided_heat"),
            Act.CONFIDENCES: self._toggle_curve,
            Act.LARGER: lambda: self.timeline.zoom(1),
            Act.SMALLER: lambda: self.timeline.zoom(-1),
            Act.WHOLE: lambda: self.timeline.whole(),
            Act.EXPORT: self.exporter.ask,
            Act.PAUSE_ANALYSIS: desk.toggle_analysis,
            **{act: partial(desk.pick, plane) for plane, act in PLANE_ACTS.items()},
        }

    def _connect(self) -> None:
        desk, timeline, side = self.desk, self.timeline, self.side
        words = desk.words
        desk.opened.connect(self._show_opened)
        desk.opener.model_came.connect(self._forget_pictures)
        desk.moved.connect(self._show_place)
        desk.view_changed.connect(self._show_view)
        desk.view_changed.connect(self._show_tiles)
        desk.words_changed.connect(self._show_words)
        desk.pictures_came.connect(self._take_pictures)
        desk.progressed.connect(self._show_progress)
        words.range_changed.connect(lambda: timeline.show_range(words.chosen_range))
        desk.played.connect(self._show_view)
        for seeker in (timeline, self.curve):
            seeker.sought.connect(desk.seek)
        timeline.zoomed.connect(self._take_span)
        timeline.row_picked.connect(desk.pick)
        timeline.row_hinted.connect(lambda key: desk.pick(key, jump=False))
        timeline.range_drawn.connect(lambda first, last: words.select((first, last)))
        side.candidates.clicked.connect(lambda key: desk.step_to(int(key)))
        side.candidates.opened.connect(lambda _key: self.over.begin_compare())
        side.planes.clicked.connect(desk.pick)
        self._controller.settings_changed.connect(self._apply_settings)

    # -- the page's own protocol -----------------------------------------------------------

    def set_look(self, look: Look) -> None:
        """Change theme or size."""
        self._look = look
        self.keys.set_keys(look.keys)
        px = look.px
        self._column.setContentsMargins(px(18), px(12), px(18), px(8))
        self._column.setSpacing(px(10))
        self._row.setSpacing(px(18))
        for part in (self.viewport, self.side, self.timeline, self.curve, self.over):
            part.set_look(look)
        self._fit()
        self._apply_settings()

    def open(self, spec: str) -> None:
        """Review a recording."""
        self.over.close()
        self.desk.open(spec)

    def enter(self) -> None:
        """It is shown from now on."""
        self.setFocus()
        self.desk.enter()
        self._show_progress()

    def leave(self) -> None:
        """Another page is shown from now on."""
        self.over.close()
        self.desk.leave()

    @property
    def help_name(self) -> str:
        """Name of its text in `resources/help`."""
        return "review"

    @property
    def place(self) -> Place:
        """Whose keys it has."""
        return Place.REVIEW

    def status_items(self) -> list[StatusItem]:
        """What is reviewed, and the network that has analysed it."""
        return status_items(self.desk)

    def model_warning(self) -> str:
        """What must be said of the network's word on this recording."""
        return warning_of(self.desk)

    def close_over(self) -> bool:
        """Take away what lies over it; returns whether there was something."""
        return self.over.close()

    def let_go(self, exam_id: str) -> None:
        """An exam is to be deleted."""
        self.desk.let_go(exam_id)

    def stop(self) -> None:
        """The window closes."""
        self.desk.stop()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Give the picture as much as it can use."""
        self._fit()
        self.over.close()

    def _fit(self) -> None:
        """The picture takes the height there is, and no more width than it needs."""
        px = self._look.px
        margins = self._column.contentsMargins()
        low = self.height() < px(LOW_FROM_PX)
        self.timeline.set_low(low)
        high = self.height() - self._below(low) - margins.top() - margins.bottom()
        self.side.set_low(low or high < px(LOW_SIDE_FROM_PX))
        view = self.desk.view
        aspect = view.frame.width_px / view.frame.height_px if view is not None else ASPECT
        inner = self.width() - margins.left() - margins.right()
        most = min(inner * PICTURE_SHARE, inner - px(SIDE_PX))
        wide = round(min(max(high * aspect, 240), most))
        alone = self.desk.session is None  # a card in the middle of the page
        self.side_area.setVisible(not alone)
        if alone:
            wide = inner
        if self.viewport.minimumWidth() != wide:
            self.viewport.setFixedWidth(max(wide, 240))

    def _below(self, low: bool) -> int:
        """Give what lies below the picture its place; returns its height with the gaps."""
        asked = not self.curve.isHidden()
        alone = asked and self.height() < self._look.px(CURVE_ALONE_PX)
        self.timeline.setVisible(not alone)
        if asked:
            self.curve.set_room(low=low, alone=alone)
        shown = [part for part, on in ((self.curve, asked), (self.timeline, not alone)) if on]
        return sum(part.height() + self._look.px(10) for part in shown)

    def _toggle_curve(self) -> None:
        self.curve.setVisible(self.curve.isHidden())
        self._fit()

    def _take_span(self, span: Span) -> None:
        self.desk.span = span
        self.desk.resting.start()

    # -- drawing ---------------------------------------------------------------------------

    def _apply_settings(self) -> None:
        settings = self._controller.settings
        self.viewport.show_box = self.over.compare.show_box = settings.show_box
        self.viewport.show_heat = settings.show_heat
        self.viewport.guided_heat = settings.guided_heat
        self.viewport.show_crop = False
        self.curve.ask()
        buttons = self.side.buttons.buttons
        buttons[Act.BOX].change("Box", on=settings.show_box)
        buttons[Act.HEAT].change("Heat map", on=settings.show_heat)
        buttons[Act.GUIDED].change("Guided", on=settings.guided_heat)
        self._show_view()

    def _show_opened(self) -> None:
        session = self.desk.session
        self.over.close()
        self.side.candidates.forget()
        self.side.planes.forget()
        span = self.desk.span
        self.timeline.show_table(session.table if session is not None else None)
        self.timeline.show_index(self.desk.index)
        self.timeline.set_span(span)
        for button in (*self.side.buttons.buttons.values(), self.side.progress.button):
            button.setEnabled(session is not None)
        self._show_place()
        self._show_words()
        self._show_progress()

    def _show_place(self) -> None:
        self.timeline.show_index(self.desk.index)
        self.timeline.show_plane(self.desk.plane)
        self._show_view()
        self._show_tiles()

    def _show_where(self) -> None:
        desk, session, frame = self.desk, self.desk.session, self.desk.shown
        name = session.recording.label if session is not None else ""
        words = wrappable(name)
        if session is not None and frame is not None:
            times = session.table.times_s
            where = where_text(frame, desk.count, float(times[frame]), float(times[-1]))
            words = f"{words}  ·  {where}"
        self.side.where.setText(words)
        self.side.where.setToolTip(name)

    def _show_view(self) -> None:
        """All that is said of the frame on screen, at once; never of one on its way."""
        desk, view = self.desk, self.desk.view
        verdict = verdict_of(
            view, desk.corrections, desk.threshold, desk.views, moving=desk.playing
        )
        self.viewport.show_view(view, verdict)
        self.boxer.show(verdict)
        self.viewport.show_screen(screen_of(self.desk, self.boxer.chips()))
        self._show_headline(verdict)
        self._show_where()
        self._show_choose()
        buttons = self.side.buttons
        buttons.buttons[Act.DRAW_BOX].change(self.boxer.text, on=self.boxer.on)
        buttons.buttons[Act.FREEZE].change("Pause" if self.desk.playing else "Play")
        buttons.place()
        self._fit()

    def _show_choose(self) -> None:
        desk = self.desk
        button = self.side.buttons.buttons[Act.CAPTURE]
        button.change(choose_text(desk.plane, desk.shown, desk.corrections))
        button.setEnabled(desk.session is not None and not BY_KEY[desk.plane].is_background)

    def _show_headline(self, verdict: Verdict) -> None:
        desk, reason = self.desk, ""
        if verdict.kind is VerdictKind.NOT_ANALYSED and desk.session is not None and desk.view:
            result = desk.session.table.result(desk.view.frame.index)
            tried = result is not None and result.state is None
            reason = waiting_text(desk.progress, tried=tried)
        self.side.headline.show_verdict(verdict, reason)

    def _show_words(self) -> None:
        desk = self.desk
        self.timeline.show_words(desk.corrections, desk.views)
        words = found_text(desk.missing, surveyed=desk.surveyed) if desk.candidates else ""
        self.side.found.setText(words)
        self.side.note.show_words(f"Note: {desk.corrections.note}" if desk.corrections.note else "")
        self._show_tiles()

    def _show_tiles(self) -> None:
        desk, side = self.desk, self.side
        if desk.session is None:
            side.candidates.show_tiles(())
            side.planes.show_tiles(())
            side.candidates_title.setText("")
            return
        peaks, best = list(desk.candidates.get(desk.plane, ())), desk.corrections.best
        name = BY_KEY[desk.plane].label
        empty = none_text(desk.plane, surveyed=desk.surveyed)
        shown = desk.index if desk.shown is None else desk.shown
        tiles = candidate_tiles(peaks, shown, desk.plane, best.get(desk.plane))
        side.candidates.show_tiles(tiles, empty)
        frames = [peak.frame for peak in peaks]
        at = f"{frames.index(shown) + 1} of " if shown in frames else ""
        side.candidates_title.setText(f"Candidates for {name}  ·  {at}{len(peaks)}")
        side.planes.show_tiles(
            best_tiles(
                desk.candidates,
                desk.corrections,
                desk.plane,
                surveyed=desk.surveyed,
                doubted={one.plane for one in desk.contradictions()},
            )
        )
        self._take_pictures()

    def _show_progress(self) -> None:
        self.side.progress.show_progress(self.desk.progress, paused=self.desk.paused)
        if self.side.headline.verdict.kind is VerdictKind.NOT_ANALYSED:
            self._show_headline(self.side.headline.verdict)

    # -- small pictures --------------------------------------------------------------------

    def _take_pictures(self) -> None:
        """Hand out the small pictures that have come, and wish for those still missing."""
        session = self.desk.session
        if session is None:
            return
        wishes: list[int] = []
        for tiles in (self.side.candidates, self.side.planes):
            for frame in tiles.without_picture():
                pixels = session.smalls.got(frame)
                if pixels is not None:
                    tiles.offer(frame, pixmap_of(pixels))
                else:
                    wishes.append(frame)
        self.over.take_compared()
        session.smalls.want([*self.over.wishes(), *self.exporter.wishes(), *wishes])

    def _practise(self) -> None:
        if self.desk.session is not None:
            self.practice_asked.emit(self.desk.session.recording.spec)

    def _forget_pictures(self) -> None:
        """With the model the crop is known, and the small pictures show no more than that."""
        for tiles in (self.side.candidates, self.side.planes):
            tiles.forget()
        self._show_tiles()

    def _ask_folder(self, chosen: Callable[[str], None]) -> None:
        ask_path(self, self._look, self._controller, CORRECTIONS, chosen)
