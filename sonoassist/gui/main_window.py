"""The window: arranges pages, bars, sheets and toasts, and wires actions to the controller."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent
from PyQt6.QtWidgets import QLabel, QMenu, QStackedWidget, QVBoxLayout, QWidget

from sonoassist.core.packets import LiveStats
from sonoassist.gui.action_set import ActionSet, Handlers
from sonoassist.gui.actions import BY_ACT, PLANE_ACTS
from sonoassist.gui.acts import Act, Needs
from sonoassist.gui.bottom_line import BottomLine
from sonoassist.gui.controller import MORE_FRAMES, Controller, needs_met
from sonoassist.gui.display import Display
from sonoassist.gui.fonts import family
from sonoassist.gui.jobs_sheet import JobsBar
from sonoassist.gui.keymap import Keymap
from sonoassist.gui.live_page import LivePage
from sonoassist.gui.menus import Menus
from sonoassist.gui.page import HasCover, HasExam, HasOver, HasStatus, Page, PageWidget
from sonoassist.gui.questions import Questions
from sonoassist.gui.shell import MIN_HEIGHT_PX, MIN_WIDTH_PX, geometry_text
from sonoassist.gui.start_page import StartPage
from sonoassist.gui.theme import PALETTES, REFERENCE_HEIGHT_PX, Look, scale_for, stylesheet
from sonoassist.gui.top_bar import TopBar
from sonoassist.live.status import PlayState, SessionStatus
from sonoassist.model.card import domain_warning

RATES_EVERY_S = 0.3
_NO_STATS = LiveStats(0, 0, 0, 0.0, 0.0, 0.0, 0.0, ())


class MainWindow(QWidget):
    """The program, filling the one window it is put into (or a window of its own).

    Args:
        controller: What wishes are handed to.
        height_px: How high it will be shown; a window that then is of another height takes the
            size of everything from that.
    """

    def __init__(self, controller: Controller, height_px: int = REFERENCE_HEIGHT_PX) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAcceptDrops(True)
        self.setMinimumSize(MIN_WIDTH_PX, MIN_HEIGHT_PX)
        self.controller = controller
        keys = Keymap.made(controller.settings.keys)
        palette = PALETTES[controller.settings.theme]
        self.look = Look(palette, scale_for(height_px), family(), keys)
        self.setStyleSheet(stylesheet(self.look))
        self.actions_set = ActionSet(self, self._handlers(), keys)
        self.actions_set.set_look(self.look)
        self._told_keys = controller.settings.keys
        self.live = LivePage(self.look, self.actions_set)
        self.top = TopBar(self.look, self.actions_set)
        self.start_page = StartPage(controller, self.actions_set, self.look)
        self.banner = QLabel()
        self.jobs_bar = JobsBar(controller.long_jobs, self.look)
        self.pages = QStackedWidget()
        self.page = Page.LIVE
        self._said: tuple[SessionStatus, str] | None = None
        self._said_at_s = 0.0
        self._others: dict[Page, QWidget] = {}
        self._leaving = False
        self.bottom = BottomLine(self.look)
        self.status_line, self.toasts = self.bottom.status, self.bottom.toasts
        self.menus = Menus(self, controller, self.actions_set, lambda: self.page is Page.REVIEW)
        self.display = Display(controller, self.live, self.toasts)
        self._stage = QWidget()
        self.questions = Questions(
            self, self._stage, controller, self.open_here, self._allow, self._let_go
        )
        self.questions.set_look(self.look)
        self._arrange()
        self._connect()
        self._apply_settings()

    # -- building --------------------------------------------------------------------------

    def _arrange(self) -> None:
        self.banner.setObjectName("banner")
        self.banner.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.banner.hide()
        self.pages.addWidget(self.start_page)
        self.pages.addWidget(self.live)
        self.top.show_page(self.page)
        stage, column = QVBoxLayout(self._stage), QVBoxLayout(self)
        for one in (stage, column):
            one.setContentsMargins(0, 0, 0, 0)
            one.setSpacing(0)
        for part in (self.top, self.banner):
            stage.addWidget(part)
        stage.addWidget(self.pages, 1)
        stage.addWidget(self.jobs_bar)
        column.addWidget(self._stage, 1)
        column.addWidget(self.bottom)

    def _connect(self) -> None:
        controller, live = self.controller, self.live
        controller.settings_changed.connect(self._apply_settings)
        controller.freeze_changed.connect(self._allow)
        controller.desk.changed.connect(self._allow)
        controller.exam_in_question.connect(self.questions.ask_of_exam)
        live.viewport.asked.connect(lambda act: self.actions_set[act].trigger())
        live.viewport.crop_drawn.connect(self.questions.name_crop)
        self.jobs_bar.list_asked.connect(self.actions_set[Act.JOBS].trigger)
        live.transport.sought.connect(controller.seek)
        live.transport.scrubbed.connect(controller.look_at)
        live.strip.picked.connect(self._seek_time)
        live.transport.fill_speeds(self.menus.speed_actions())
        self.display.status_read.connect(self._show_status)
        self.display.said.connect(controller.desk.follow_plane)
        self.display.exam.look_asked.connect(self._look_at_capture)

    def _handlers(self) -> Handlers:
        controller, desk = self.controller, self.controller.desk
        return {
            Act.OPEN_FILE: self._ask(Questions.ask_file),
            Act.OPEN_FOLDER: self._ask(Questions.ask_folder),
            Act.DEVICES: lambda: self._drop(Act.DEVICES, self.menus.devices),
            Act.STREAM: self._ask(Questions.ask_stream),
            Act.DEMO: controller.open_demo,
            Act.RECONNECT: controller.reconnect,
            Act.CLOSE: controller.close_source,
            Act.FREEZE: controller.toggle_freeze,
            Act.PLAY: controller.toggle_play,
            Act.BACK: lambda: controller.step(-1),
            Act.FORWARD: lambda: controller.step(1),
            Act.BACK_MORE: lambda: controller.step(-MORE_FRAMES),
            Act.FORWARD_MORE: lambda: controller.step(MORE_FRAMES),
            Act.START: lambda: controller.go_to_end(False),
            Act.END: lambda: controller.go_to_end(True),
            Act.LOOP: lambda: controller.flip("loop"),
            Act.SLOWER: lambda: controller.shift_speed(-1),
            Act.FASTER: lambda: controller.shift_speed(1),
            Act.EVERY_FRAME: lambda: controller.flip("every_frame"),
            Act.MARK: controller.toggle_mark,
            Act.MARK_BACK: lambda: controller.to_mark(False),
            Act.MARK_ON: lambda: controller.to_mark(True),
            Act.CAPTURE: lambda: desk.capture(controller.picture(), controller.past()),
            Act.KEEP: desk.keep,
            Act.REJECT: desk.reject,
            Act.SWAP: lambda: desk.replace(controller.picture(), controller.past()),
            Act.LOOK: self._look_at_capture,
            Act.ITEM_UP: lambda: desk.step(-1),
            Act.ITEM_DOWN: lambda: desk.step(1),
            Act.RECORD: desk.toggle_recording,
            Act.NOTE: self._ask(Questions.ask_note),
            Act.STUDY: self._ask(Questions.ask_study),
            Act.EXAM: desk.toggle,
            Act.UNDO: desk.undo,
            Act.REDO: desk.redo,
            Act.REPORT: self._ask(Questions.show_report),
            Act.EXAM_END: self._ask(Questions.show_end),
            Act.EXAMS: self._ask(Questions.show_exams),
            Act.JOBS: self._ask(Questions.show_jobs),
            Act.EXAM_MENU: lambda: self._drop(Act.EXAM_MENU, self.menus.exam),
            Act.BOX: lambda: controller.flip("show_box"),
            Act.HEAT: lambda: controller.flip("show_heat"),
            Act.GUIDED: lambda: controller.flip("guided_heat"),
            Act.CROP_OUTLINE: lambda: controller.flip("show_crop"),
            Act.TIMING: lambda: self.live.toggle(self.live.timing),
            Act.CONFIDENCES: lambda: self.live.toggle(self.live.confidences),
            Act.LABEL: self._switch_label,
            Act.THRESHOLD_DOWN: lambda: controller.shift_threshold(-1),
            Act.THRESHOLD_UP: lambda: controller.shift_threshold(1),
            Act.THEME: self._switch_theme,
            Act.FULL_SCREEN: self.toggle_full_screen,
            Act.MODELS: lambda: self._drop(Act.MODELS, self.menus.models),
            Act.INSTALL: controller.install_default,
            Act.ADD_WEIGHTS: self._ask(Questions.ask_weights),
            Act.ENGINES: lambda: self._drop(Act.ENGINES, self.menus.engines),
            Act.CROPS: lambda: self._drop(Act.CROPS, self.menus.crops),
            Act.OWN_CROP: lambda: self.live.viewport.draw_crop(True),
            Act.CHECK_CROP: self._ask(Questions.check_crop),
            Act.DISPLAY: lambda: self._drop(Act.DISPLAY, self.menus.display),
            Act.SETTINGS: self._ask(Questions.show_settings),
            Act.PAGE_LIVE: lambda: self.show_page(Page.LIVE),
            Act.PAGE_REVIEW: lambda: self.show_page(Page.REVIEW),
            Act.PAGE_PRACTICE: lambda: self.show_page(Page.PRACTICE),
            Act.HELP: lambda: self.questions.show_help(self._others.get(self.page)),
            Act.KEYS: self._ask(Questions.show_keys),
            **{
                act: partial(desk.pick_plane, plane)
                for plane, act in PLANE_ACTS.items()
                if BY_ACT[act].of_window
            },
            Act.LEAVE: self.leave,
            Act.QUIT: self._quit,
        }

    def begin(self, source: str | None = None) -> None:
        """Start the display, load the model, and open a source."""
        window = self.window()
        if window is not None:
            window.installEventFilter(self)
        self.controller.start()
        if source is not None:
            self.controller.open(source)
        self.display.start()

    def _ask(self, question: Callable[[Questions], None]) -> Callable[[], None]:
        return lambda: question(self.questions)

    # -- pages -----------------------------------------------------------------------------

    def add_page(self, page: Page, widget: QWidget) -> None:
        """Have a page besides the live one; `widget` is a `PageWidget` made with the same look."""
        self._others[page] = widget
        self.pages.addWidget(widget)

    def other(self, page: Page) -> QWidget | None:
        """A page besides the live one, or None where it was not added."""
        return self._others.get(page)

    def _of(self, page: Page) -> PageWidget:
        widget: PageWidget = self._others[page]  # type: ignore[assignment]
        return widget

    def show_page(self, page: Page) -> None:
        """Show a page; what is watched live goes on, a recording that plays there is paused."""
        if page is self.page or (page is not Page.LIVE and page not in self._others):
            return
        self.questions.close()
        if self.page is not Page.LIVE:
            self._of(self.page).leave()
        else:
            self.controller.leave_live()
        self.page = page
        self.setFocusProxy(self._others.get(page))  # a page has keys of its own
        self.top.show_page(page)
        if page is not Page.LIVE:
            self.pages.setCurrentWidget(self._others[page])
            self._of(page).enter()
        self.display.refresh()
        self._allow()

    def open_here(self, spec: str, page: Page | None = None) -> None:
        """Open a recording or another source on the page that is shown, or on another one."""
        self.show_page(page or self.page)
        shown = self.controller if self.page is Page.LIVE else self._of(self.page)
        shown.open(spec)

    def _let_go(self, exam_id: str) -> None:
        """Have the pages close an exam that is to be deleted."""
        for page in self._others.values():
            if isinstance(page, HasExam):
                page.let_go(exam_id)

    def _look_at_capture(self) -> None:
        self.questions.show_capture(self.actions_set)

    def _drop(self, act: Act, menu: QMenu) -> None:
        self.top.button(act).drop(menu)

    # -- look and settings -----------------------------------------------------------------

    def _apply_look(self) -> None:
        self.setStyleSheet(stylesheet(self.look))
        self.actions_set.set_look(self.look)
        for part in (self.top, self.start_page, self.live, self.jobs_bar, self.bottom):
            part.set_look(self.look)
        for page in self._others:
            self._of(page).set_look(self.look)
        self.questions.set_look(self.look)

    def _apply_settings(self) -> None:
        settings = self.controller.settings
        if settings.theme != self.look.palette.name or settings.keys != self._told_keys:
            self._told_keys = settings.keys
            keys = Keymap.made(settings.keys)
            self.look = Look(PALETTES[settings.theme], self.look.scale, self.look.family, keys)
            self.actions_set.set_keys(keys)
            self._apply_look()
        flags = {key: value for key, value in settings.model_dump().items() if value in (0, 1)}
        self.actions_set.show_settings({key: bool(value) for key, value in flags.items()})
        self.live.apply(settings, self.controller.card)
        self.display.refresh()

    def _switch_theme(self) -> None:
        dark = self.controller.settings.theme == "dark"
        self.controller.change(theme="light" if dark else "dark")

    def _switch_label(self) -> None:
        steady = self.controller.settings.label == "steady"
        self.controller.change(label="raw" if steady else "steady")

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Take the size of everything from the window's height."""
        scale = scale_for(self.height())
        if scale != self.look.scale:
            self.look = Look(self.look.palette, scale, self.look.family, self.look.keys)
            self._apply_look()

    # -- status ----------------------------------------------------------------------------

    def _show_status(self, status: SessionStatus) -> None:
        empty = status.play_state is PlayState.EMPTY
        page: QWidget = self.start_page if empty else self.live
        if self.page is Page.LIVE and self.pages.currentWidget() is not page:
            if empty:
                self.start_page.refresh()
            self.pages.setCurrentWidget(page)
        shown: object = self._others.get(self.page)
        if isinstance(shown, HasStatus):
            self.status_line.show_items(shown.status_items())
            self._said = None
            warning = shown.model_warning()
        else:
            self._say_status(status)
            warning = _warning(status)
        self.start_page.show_status(status)
        self.banner.setText(warning)
        self.banner.setVisible(bool(warning))
        self._allow()
        name = status.source.label if status.source is not None and not empty else ""
        self._top_level().setWindowTitle(f"{name} – SonoAssist" if name else "SonoAssist")

    def _say_status(self, status: SessionStatus) -> None:
        """At once where there is news; nobody reads rates as often as they change."""
        name, now_s = self.display.picture_name, time.monotonic()
        news = (replace(status, index=0, time_s=0.0, signal_age_s=0.0, stats=_NO_STATS), name)
        if news != self._said or now_s >= self._said_at_s + RATES_EVERY_S:
            self._said, self._said_at_s = news, now_s
            self.status_line.show_status(status, name)

    def _allow(self) -> None:
        """Enable what can be used now."""
        chosen = self.display.status.play_state is not PlayState.EMPTY
        source, recording, live = needs_met(self.display.status)
        frozen, exam = self.controller.freeze.active, self.controller.desk.view is not None
        met = (chosen, source, recording, live, frozen, exam, exam, True)
        have = {need for need, is_met in zip(_NEEDS, met, strict=True) if is_met}
        if self.page is not Page.LIVE:
            have.clear()  # the keys belong to the page that is shown
            shown = self._others[self.page]
            if self.questions.sheet is not None and isinstance(shown, HasCover):
                shown.cover()
        self.actions_set.allow(have & self.questions.allowed)

    def _seek_time(self, at_s: float) -> None:
        source = self.display.status.source
        if source is not None and not source.live:
            self.controller.seek_time(at_s)

    # -- full screen and leaving -----------------------------------------------------------

    def toggle_full_screen(self) -> None:
        """Fill the screen with headline, picture and planes, or go back."""
        window = self._top_level()
        on = not window.isFullScreen()
        self._show_bars(not on)
        self.live.set_full_screen(on)
        if on:
            window.showFullScreen()
        else:
            window.showNormal()
        self.display.refresh()

    def _show_bars(self, on: bool) -> None:
        self.top.setVisible(on)
        self.bottom.show_status(on)

    def leave(self) -> None:
        """Take away what lies on top: rectangle, sheet, toast, full screen, freeze."""
        if self.live.viewport.drawing_crop:
            self.live.viewport.draw_crop(False)
        elif self._close_over() or self.questions.close() or self.toasts.dismiss_newest():
            return
        elif self._top_level().isFullScreen():
            self.toggle_full_screen()
        elif self.controller.freeze.active:
            self.controller.thaw()
        else:
            self.controller.desk.release()

    def _close_over(self) -> bool:
        """Take away what lies over the page that is shown, while no sheet lies over that."""
        if self.questions.sheet is not None or self.page is Page.LIVE:
            return False
        shown = self._others[self.page]
        return isinstance(shown, HasOver) and shown.close_over()

    # -- dropping files and closing --------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Accept files and addresses."""
        data = event.mimeData() if event is not None else None
        if event is not None and data is not None and data.hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open the first thing dropped; weights are added instead."""
        data = event.mimeData() if event is not None else None
        if data is None or not data.urls():
            return
        url = data.urls()[0]
        path = url.toLocalFile()
        if Path(path).suffix.lower() in (".npz", ".pth", ".safetensors"):
            self.controller.add_weights(Path(path))
        else:
            self.open_here(path or url.toString())

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """A window manager may leave full screen by itself: show the bars again."""
        if event is not None and event.type() is QEvent.Type.WindowStateChange:
            self._follow_state()
        return False

    def _follow_state(self) -> None:
        if not self._top_level().isFullScreen() and self.top.isHidden():
            self._show_bars(True)
            self.live.set_full_screen(False)

    def _leave_all(self) -> None:
        self._leaving = True
        self._quit()

    def _quit(self) -> None:
        self._top_level().close()

    def _top_level(self) -> QWidget:
        """The window of the system, which may be around this widget."""
        window = self.window()
        return self if window is None else window

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Keep the settings and end the session; where jobs go on, ask first."""
        if event is not None and self.controller.long_jobs.going_on and not self._leaving:
            self.questions.ask_leave(self._leave_all)
            event.ignore()
            return
        self.display.stop()
        for page in self._others:
            self._of(page).stop()
        window = self._top_level()
        if not window.isFullScreen():
            self.controller.settings.window_geometry = geometry_text(window)
        self.controller.stop()
        if event is not None:
            event.accept()


_NEEDS = (
    Needs.SOURCE,
    Needs.PICTURE,
    Needs.RECORDING,
    Needs.LIVE,
    Needs.FREEZE,
    Needs.EXAM,
    Needs.SEEN,
    Needs.VIEW,
)


def _warning(status: SessionStatus) -> str:
    card, source = status.card, status.source
    if card is None or source is None:
        return ""
    return domain_warning(card, synthetic=source.synthetic)
